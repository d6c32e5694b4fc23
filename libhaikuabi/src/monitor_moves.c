/* monitor_moves.c -- entries of watched directories that come and go. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "departures.h"
#include "host_open.h"
#include "monitor.h"

/* ---- what teams of the root have noted ---- */

struct wanted {
    const struct hk_monitors *monitors;
    uint64_t device, directory;
    const char *name;
    int64_t inode; /* 0: any */
};

static int is_of(const struct wanted *wanted,
                 const struct hk_departure *departure, uint64_t directory,
                 const char *name)
{
    return departure->device == wanted->device &&
           directory == wanted->directory && strcmp(name, wanted->name) == 0 &&
           (wanted->inode == 0 || departure->node == (uint64_t)wanted->inode);
}

/* What has left, and has not been told yet. */
static int leaves(const void *wanted, const struct hk_departure *departure)
{
    const struct hk_monitors *monitors =
        ((const struct wanted *)wanted)->monitors;
    uint32_t serial = departure->serial;

    return is_of(wanted, departure, departure->from, departure->from_name) &&
           monitors->told[serial % HK_DEPARTURES_MAX] != serial;
}

static int arrives(const void *wanted, const struct hk_departure *departure)
{
    return departure->to != 0 &&
           is_of(wanted, departure, departure->to, departure->to_name);
}

static int find_noted(const struct hk_monitors *monitors,
                      const struct hk_monitor *directory, const char *name,
                      int64_t inode, hk_departure_test test,
                      struct hk_departure *found)
{
    const struct hk_mount *mount = directory->node.mount;
    const struct wanted wanted = {monitors,
                                  mount != NULL ? mount->host_device : 0,
                                  (uint64_t)directory->inode, name, inode};

    return mount != NULL &&
           hk_departure_find(monitors->team->shared, directory->since, test,
                             &wanted, found);
}

/* An entry leaves a directory; inode 0: one that was not known. 1 when it was
 * noted. */
static int take_noted(struct hk_monitors *monitors,
                      const struct hk_monitor *directory, const char *name,
                      int64_t inode, struct hk_departure *found)
{
    if (!find_noted(monitors, directory, name, inode, leaves, found))
        return 0;
    monitors->told[found->serial % HK_DEPARTURES_MAX] = found->serial;
    return 1;
}

/* ---- leaving ---- */

/* What was there is gone; it may have been a directory. One that is removed
 * has had none in it. */
static void lose_directory(struct hk_monitors *monitors,
                           const struct hk_monitor *from, int64_t inode)
{
    struct hk_monitor *lost =
        from->is_of_volume ? hk_monitor_find(monitors, from->device, inode)
                           : NULL;

    if (lost == NULL)
        return;
    if (!hk_host_is_removed(lost->node.fd)) {
        monitors->shrunk = from->device;
        return;
    }
    lost->is_of_volume = lost->is_unvisited = 0;
    hk_monitor_remove_unused(monitors, lost);
}

void hk_monitors_settle(struct hk_monitors *monitors)
{
    int32_t device = monitors->shrunk;

    monitors->shrunk = 0;
    if (device != 0)
        hk_monitor_volume_shrinks(monitors, device);
}

/* The name that a watched node had in its directory when that was looked at
 * first, or NULL. */
static const char *first_name(const struct hk_monitor *node)
{
    const struct hk_entries *entries = &node->parent->entries;

    for (size_t i = 0; i < entries->count; i++)
        if (entries->entries[i].inode == node->inode)
            return entries->entries[i].name;
    return NULL;
}

/* It may have gone on before its new directory was watched. */
static void tell_rest(struct hk_monitors *monitors, const struct hk_move *move)
{
    const struct hk_monitor *own =
        hk_monitor_find(monitors, move->device, move->inode);
    struct hk_move rest = *move;

    if (own == NULL || own->parent == NULL)
        return;
    rest.from = move->to;
    rest.from_name = move->name;
    rest.to = own->parent->inode;
    rest.name = first_name(own);
    if (rest.name != NULL &&
        (rest.to != rest.from || strcmp(rest.name, rest.from_name) != 0))
        hk_monitor_tell_move(monitors, &rest);
}

/* It has gone where nobody watches. Whoever is told may move it on: it is
 * watched there before. */
void hk_monitor_end_leaving(struct hk_monitors *monitors,
                            struct hk_leaving *leaving)
{
    const struct hk_monitor *from = leaving->from, *own;
    struct hk_move move = {.name = leaving->to_name, .to = leaving->to};

    if (from == NULL)
        return;
    leaving->from = NULL;
    move.device = from->device;
    move.from = from->inode;
    move.inode = leaving->inode;
    move.from_name = leaving->name;
    lose_directory(monitors, from, move.inode);
    own = hk_monitor_find(monitors, move.device, move.inode);
    if (move.to == 0 && (own == NULL || !hk_monitor_find_place(
                                            own, &move.to, leaving->to_name))) {
        hk_monitor_tell_entry(monitors, HK_ENTRY_REMOVED, from, leaving->name,
                              move.inode);
        return;
    }
    hk_monitor_follow(monitors, move.device, move.inode);
    hk_monitor_tell_move(monitors, &move);
    tell_rest(monitors, &move);
}

void hk_monitor_on_removed(struct hk_monitors *monitors,
                           struct hk_monitor *directory, const char *name)
{
    int64_t inode = hk_entries_find(&directory->entries, name);
    struct hk_departure noted;

    take_noted(monitors, directory, name, inode, &noted);
    if (inode == 0)
        return;
    hk_entries_take(&directory->entries, name);
    hk_monitor_tell_entry(monitors, HK_ENTRY_REMOVED, directory, name, inode);
    lose_directory(monitors, directory, inode);
}

void hk_monitor_on_moved_from(struct hk_monitors *monitors,
                              struct hk_monitor *directory, const char *name,
                              uint32_t cookie, struct hk_leaving *leaving)
{
    int64_t inode = hk_entries_find(&directory->entries, name);
    struct hk_departure noted;
    int is_noted = take_noted(monitors, directory, name, inode, &noted);

    if (inode == 0 || strlen(name) >= sizeof(leaving->name))
        return;
    hk_entries_take(&directory->entries, name);
    *leaving = (struct hk_leaving){
        .from = directory, .cookie = cookie, .inode = inode};
    strcpy(leaving->name, name);
    if (is_noted) {
        leaving->to = (int64_t)noted.to;
        snprintf(leaving->to_name, sizeof(leaving->to_name), "%s",
                 noted.to_name);
    }
}

/* ---- arriving ---- */

static void tell_found(struct hk_monitors *monitors,
                       const struct hk_monitor *directory,
                       const struct hk_entry *entry)
{
    hk_monitor_tell_entry(monitors, HK_ENTRY_CREATED, directory, entry->name,
                          entry->inode);
}

/* The entry is there from now on; what had its name is gone. */
static void put_entry(struct hk_monitors *monitors,
                      struct hk_monitor *directory, const char *name,
                      int64_t inode)
{
    int64_t replaced = hk_entries_find(&directory->entries, name);

    if (replaced != 0 && replaced != inode) {
        hk_monitor_tell_entry(monitors, HK_ENTRY_REMOVED, directory, name,
                              replaced);
        lose_directory(monitors, directory, replaced);
    }
    hk_entries_put(&directory->entries, name, inode);
    if (directory->sees_entries)
        hk_monitor_see_entries(monitors, directory);
}

/* The number of what an event speaks of, which may be gone again. 0: nobody
 * knows. */
static int64_t inode_of(const struct hk_monitors *monitors,
                        const struct hk_monitor *directory, const char *name,
                        int *is_directory)
{
    struct hk_departure noted;
    struct stat info;
    int is_there =
        fstatat(directory->node.fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0;

    *is_directory = is_there && S_ISDIR(info.st_mode);
    if (find_noted(monitors, directory, name, 0, leaves, &noted))
        return (int64_t)noted.node;
    return is_there ? (int64_t)info.st_ino : 0;
}

void hk_monitor_on_created(struct hk_monitors *monitors,
                           struct hk_monitor *directory, const char *name)
{
    int is_directory;
    int64_t inode = inode_of(monitors, directory, name, &is_directory);

    if (inode == 0 || hk_entries_find(&directory->entries, name) == inode)
        return;
    put_entry(monitors, directory, name, inode);
    hk_monitor_tell_entry(monitors, HK_ENTRY_CREATED, directory, name, inode);
    if (directory->is_of_volume && is_directory)
        hk_monitor_volume_grows(monitors, directory, name, tell_found);
}

/* From where nobody watches: 1 when that was noted. */
static int on_noted_arrival(struct hk_monitors *monitors,
                            struct hk_monitor *directory, const char *name)
{
    int is_directory;
    int64_t inode = inode_of(monitors, directory, name, &is_directory);
    struct hk_departure noted;
    struct hk_move move;

    if (!find_noted(monitors, directory, name, inode, arrives, &noted))
        return 0;
    move = (struct hk_move){
        .device = directory->device,
        .inode = (int64_t)noted.node,
        .from = (int64_t)noted.from,
        .to = directory->inode,
        .from_name = noted.from_name,
        .name = name,
    };
    put_entry(monitors, directory, name, move.inode);
    hk_monitor_tell_move(monitors, &move);
    if (directory->is_of_volume && is_directory)
        hk_monitor_volume_grows(monitors, directory, name, tell_found);
    return 1;
}

void hk_monitor_on_moved_to(struct hk_monitors *monitors,
                            struct hk_monitor *directory, const char *name,
                            uint32_t cookie, struct hk_leaving *leaving)
{
    struct hk_move move;

    if (leaving->from == NULL || leaving->cookie != cookie ||
        leaving->from->device != directory->device) {
        if (!on_noted_arrival(monitors, directory, name))
            hk_monitor_on_created(monitors, directory, name);
        return;
    }
    move = (struct hk_move){
        .device = directory->device,
        .inode = leaving->inode,
        .from = leaving->from->inode,
        .to = directory->inode,
        .from_name = leaving->name,
        .name = name,
    };
    leaving->from = NULL;
    put_entry(monitors, directory, name, move.inode);
    if (move.from != move.to)
        hk_monitor_follow(monitors, move.device, move.inode);
    hk_monitor_tell_move(monitors, &move);
}
