/* bound_names.h -- the paths that local sockets were bound to, as given. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_BOUND_NAMES_H
#define HK_BOUND_NAMES_H

#include <stdint.h>

struct hk_thread;

enum { HK_LOCAL_NAME_LENGTH = 126 }; /* sun_path */

/*
 * The host tells of a socket the path it was bound to on the host; to teams of
 * the root it has another name. The last HK_BOUND_NAMES_MAX are kept. A lookup
 * gives 1, and 0 for one that is not known.
 */
uint32_t hk_bound_name_count(const struct hk_thread *self); /* that ever were */
void hk_bound_name_keep(const struct hk_thread *self, const char *host,
                        const char *guest);
int hk_bound_name_find(const struct hk_thread *self, const char *host,
                       char guest[HK_LOCAL_NAME_LENGTH]);

#endif
