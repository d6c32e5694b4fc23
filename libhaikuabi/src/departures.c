/* departures.c -- entries that the teams of a root move and remove. */
/* SPDX-License-Identifier: MIT */
#include "departures.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "shared_file.h"

void hk_departures_watch(struct hk_shared *shared, uint32_t team, int does)
{
    struct hk_team_slot *slot = hk_item(shared, HK_POOL_TEAMS, team);
    uint32_t *count = &shared->file->node_watcher_count;

    if (slot == NULL || slot->watches_nodes == (uint32_t)does)
        return;
    hk_put(shared, &slot->watches_nodes, (uint32_t)does);
    hk_put(shared, count, does ? *count + 1 : *count - 1);
}

static int is_watched(const struct hk_shared *shared)
{
    return __atomic_load_n(&shared->file->node_watcher_count,
                           __ATOMIC_RELAXED) != 0;
}

static struct hk_departure *place_of(const struct hk_shared *shared,
                                     uint32_t serial)
{
    return &shared->file->departures[serial % HK_DEPARTURES_MAX];
}

/* Only one with a number counts: who dies on the way has noted nothing. */
static uint32_t add(struct hk_shared *shared,
                    const struct hk_departure *departure)
{
    uint32_t serial = shared->file->departure_count + 1;
    struct hk_departure *place;

    serial += serial == 0;
    place = place_of(shared, serial);
    hk_put(shared, &place->serial, 0);
    hk_shared_commit(shared);
    *place = *departure;
    hk_put(shared, &place->serial, serial);
    hk_put(shared, &shared->file->departure_count, serial);
    return serial;
}

uint32_t hk_departure_note(struct hk_shared *shared, int from,
                           const char *from_name, int to, const char *to_name)
{
    struct hk_departure departure = {.serial = 0};
    struct stat node, directory, other = {.st_ino = 0}, replaced;
    uint32_t serial;

    if (!is_watched(shared) ||
        fstatat(from, from_name, &node, AT_SYMLINK_NOFOLLOW) != 0 ||
        fstat(from, &directory) != 0 || (to >= 0 && fstat(to, &other) != 0))
        return 0;
    if (to >= 0 && fstatat(to, to_name, &replaced, AT_SYMLINK_NOFOLLOW) == 0 &&
        replaced.st_ino == node.st_ino)
        return 0; /* links of one file stay both */
    departure.device = node.st_dev;
    departure.node = node.st_ino;
    departure.from = directory.st_ino;
    departure.to = other.st_ino;
    snprintf(departure.from_name, sizeof(departure.from_name), "%s", from_name);
    snprintf(departure.to_name, sizeof(departure.to_name), "%s",
             to >= 0 ? to_name : "");
    hk_shared_lock(shared);
    serial = add(shared, &departure);
    hk_shared_unlock(shared);
    return serial;
}

void hk_departure_cancel(struct hk_shared *shared, uint32_t serial)
{
    struct hk_departure *place = place_of(shared, serial);

    if (serial == 0)
        return;
    hk_shared_lock(shared);
    if (place->serial == serial)
        hk_put(shared, &place->serial, 0);
    hk_shared_unlock(shared);
}

uint32_t hk_departures_so_far(struct hk_shared *shared)
{
    return __atomic_load_n(&shared->file->departure_count, __ATOMIC_RELAXED);
}

int hk_departure_find(struct hk_shared *shared, uint32_t after,
                      hk_departure_test test, const void *wanted,
                      struct hk_departure *found)
{
    uint32_t last, count;
    int has_found = 0;

    hk_shared_lock(shared);
    last = shared->file->departure_count;
    count = last - after;
    if (count > HK_DEPARTURES_MAX)
        count = HK_DEPARTURES_MAX;
    for (; count > 0 && !has_found; count--) {
        uint32_t serial = last - count + 1; /* 0 is none's */
        const struct hk_departure *at = place_of(shared, serial);

        has_found = serial != 0 && at->serial == serial && test(wanted, at);
        if (has_found)
            *found = *at;
    }
    hk_shared_unlock(shared);
    return has_found;
}
