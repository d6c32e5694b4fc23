/* departures.h -- entries that the teams of a root move and remove. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_DEPARTURES_H
#define HK_DEPARTURES_H

#include "shared.h"

/*
 * The host's inotify tells that a directory has lost an entry: neither where it
 * went nor, when all is over, what it was. Who moves or removes one for a guest
 * notes that before, as long as any team of the root watches nodes; there is
 * room for the last HK_DEPARTURES_MAX. What the host's own programs do is not
 * among it.
 */

/* A team, with the lock held, watches nodes from now on, or no more. */
void hk_departures_watch(struct hk_shared *shared, uint32_t team, int does);

/* Notes what is about to be done to an entry of a directory of the host's; to:
 * where it is moved, or -1. A serial number for what the call's result says of
 * it, or 0. */
uint32_t hk_departure_note(struct hk_shared *shared, int from,
                           const char *from_name, int to, const char *to_name);

/* It has stayed where it was. */
void hk_departure_cancel(struct hk_shared *shared, uint32_t serial);

/* The number of the last one so far. */
uint32_t hk_departures_so_far(struct hk_shared *shared);

/* Whether one is what somebody looks for. */
typedef int (*hk_departure_test)(const void *wanted,
                                 const struct hk_departure *departure);

/* The oldest one after a serial number that is what is wanted: 1. */
int hk_departure_find(struct hk_shared *shared, uint32_t after,
                      hk_departure_test test, const void *wanted,
                      struct hk_departure *found);

#endif
