/* monitor_events.c -- the host's events of watched nodes. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "departures.h"
#include "host_open.h"
#include "monitor.h"

#define STAT_INTERIM_UPDATE 0x1000u

/* ---- stat and attributes ---- */

/* While a file is written to, the changes since it was closed last are
 * interim ones. That the time of change alone is another says nothing. */
static void on_stat(struct hk_monitors *monitors,
                    const struct hk_subject *subject, int is_interim)
{
    const struct hk_vfs *vfs = monitors->team->kernel->vfs;
    struct hk_stat now;
    uint32_t fields;

    if (hk_stat_node(vfs, subject->node, &now) != HK_B_OK)
        return;
    fields = hk_stat_changes(&subject->seen->stat, &now);
    if (!is_interim)
        subject->seen->stat = now;
    if ((fields & ~(uint32_t)HK_STAT_MASK_CHANGE_TIME) == 0)
        return;
    if (is_interim)
        hk_monitor_tell_stat(monitors, subject, fields | STAT_INTERIM_UPDATE,
                             HK_WATCH_INTERIM_STAT);
    else
        hk_monitor_tell_stat(monitors, subject, fields, HK_WATCH_STAT);
}

/* Who writes an attribute changes its file's time of change, which is told; who
 * removes one does as well, which is not (BFS, kernel_interface.cpp). */
static void on_attributes(struct hk_monitors *monitors,
                          const struct hk_subject *subject)
{
    struct hk_attributes old = subject->seen->attributes;
    struct hk_attributes *now = &subject->seen->attributes;

    hk_attributes_read(now, subject->node);
    for (size_t i = 0; i < now->count; i++) {
        const struct hk_attribute *before =
            hk_attributes_find(&old, now->list[i].name);

        if (before != NULL && before->hash == now->list[i].hash)
            continue;
        hk_monitor_tell_attribute(monitors, subject, now->list[i].name,
                                  before == NULL ? HK_ATTR_CREATED
                                                 : HK_ATTR_CHANGED);
        hk_monitor_tell_stat(monitors, subject, HK_STAT_MASK_CHANGE_TIME,
                             HK_WATCH_STAT);
    }
    for (size_t i = 0; i < old.count; i++)
        if (hk_attributes_find(now, old.list[i].name) == NULL)
            hk_monitor_tell_attribute(monitors, subject, old.list[i].name,
                                      HK_ATTR_REMOVED);
    hk_attributes_free(&old);
}

static void on_change(struct hk_monitors *monitors,
                      const struct hk_subject *subject, uint32_t mask)
{
    on_stat(monitors, subject, (mask & IN_MODIFY) != 0);
    if (mask & IN_ATTRIB)
        on_attributes(monitors, subject);
}

/* The number of the directory that a node is in; its own when it is in none
 * that the guest may see. */
static int64_t directory_of(const struct hk_monitor *monitor)
{
    int64_t inode = monitor->inode;
    char name[HK_FILE_NAME_LENGTH];

    hk_monitor_find_place(monitor, &inode, name);
    return inode;
}

static void on_own_change(struct hk_monitors *monitors,
                          struct hk_monitor *monitor, uint32_t mask)
{
    const struct hk_subject subject = {&monitor->node, monitor->device,
                                       monitor->inode, directory_of(monitor),
                                       monitor,        &monitor->seen};

    on_change(monitors, &subject, mask);
}

/* Its mode and the like may be others by now as well: that is still to be told.
 */
static void take_times(struct hk_monitors *monitors,
                       struct hk_monitor *directory)
{
    struct hk_stat *seen = &directory->seen.stat, now;

    if (hk_stat_node(monitors->team->kernel->vfs, &directory->node, &now) !=
        HK_B_OK)
        return;
    seen->size = now.size;
    seen->access = now.access;
    seen->modification = now.modification;
    seen->change = now.change;
}

/* The times of a directory are others when its entries are: of that BFS tells
 * nothing, rootfs does. */
static void on_own_entries(struct hk_monitors *monitors,
                           struct hk_monitor *directory)
{
    if (directory->device == HK_DEVICE_ROOTFS)
        on_own_change(monitors, directory, 0);
    else
        take_times(monitors, directory);
}

/* A file in a directory. One with a monitor of its own tells of itself. */
static void on_child(struct hk_monitors *monitors,
                     const struct hk_monitor *directory, const char *name,
                     uint32_t mask)
{
    struct hk_seen *seen = hk_entries_seen(&directory->entries, name);
    struct hk_node node = {NULL, directory->node.mount, -1, 0};
    int64_t inode = hk_entries_find(&directory->entries, name);
    struct hk_subject subject = {
        &node, directory->device, inode, directory->inode, NULL, seen};

    if (seen == NULL)
        return;
    node.fd = hk_host_open_leaf(directory->node.fd, name, O_PATH, 0);
    if (node.fd < 0)
        return;
    if (hk_monitor_find(monitors, directory->device, inode) == NULL) {
        on_change(monitors, &subject, mask);
    } else if (!(mask & IN_MODIFY)) {
        hk_stat_node(monitors->team->kernel->vfs, &node, &seen->stat);
        hk_attributes_free(&seen->attributes);
        hk_attributes_read(&seen->attributes, &node);
    }
    hk_node_close(&node);
}

/* ---- events that the host has lost ---- */

static void look_at_entries(struct hk_monitors *monitors,
                            struct hk_monitor *directory)
{
    struct hk_entries now, old = {0};

    if (hk_entries_read(&now, directory->node.fd) != HK_B_OK)
        return;
    for (size_t i = 0; i < directory->entries.count; i++)
        hk_entries_put(&old, directory->entries.entries[i].name,
                       directory->entries.entries[i].inode);
    for (size_t i = 0; i < old.count; i++)
        if (hk_entries_find(&now, old.entries[i].name) != old.entries[i].inode)
            hk_monitor_on_removed(monitors, directory, old.entries[i].name);
    for (size_t i = 0; i < now.count; i++) {
        const struct hk_entry *entry = &now.entries[i];

        if (hk_entries_find(&old, entry->name) != entry->inode)
            hk_monitor_on_created(monitors, directory, entry->name);
        else
            on_child(monitors, directory, entry->name, IN_ATTRIB);
    }
    hk_entries_free(&old);
    hk_entries_free(&now);
}

/* Everything may have changed. What has moved is told as removed and made. */
static void look_at_all(struct hk_monitors *monitors)
{
    struct hk_monitor *at;

    for (at = monitors->first; at != NULL; at = at->next) {
        at->is_stale = at->node.fd >= 0;
        at->since = hk_departures_so_far(monitors->team->shared);
    }
    for (at = monitors->first; at != NULL;) {
        if (!at->is_stale) {
            at = at->next;
            continue;
        }
        at->is_stale = 0;
        on_own_change(monitors, at, IN_ATTRIB);
        if (at->is_directory)
            look_at_entries(monitors, at);
        hk_monitors_settle(monitors);
        at = monitors->first; /* some may be gone, some have come */
    }
}

/* ---- events ---- */

/* It stays as long as it is looked at, even if a file that it was watched for
 * has gone. */
static void on_entry_event(struct hk_monitors *monitors,
                           struct hk_monitor *directory,
                           const struct inotify_event *event,
                           struct hk_leaving *leaving)
{
    directory->children++;
    if (event->mask & IN_CREATE)
        hk_monitor_on_created(monitors, directory, event->name);
    else if (event->mask & IN_DELETE)
        hk_monitor_on_removed(monitors, directory, event->name);
    else if (event->mask & IN_MOVED_FROM)
        hk_monitor_on_moved_from(monitors, directory, event->name,
                                 event->cookie, leaving);
    else if (event->mask & IN_MOVED_TO)
        hk_monitor_on_moved_to(monitors, directory, event->name, event->cookie,
                               leaving);
    on_own_entries(monitors, directory);
    directory->children--;
    hk_monitor_remove_unused(monitors, directory);
}

/* To the one that is watched, if it still is. */
static void on_event(struct hk_monitors *monitors,
                     const struct inotify_event *event,
                     struct hk_leaving *leaving)
{
    enum { ENTRIES = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO };
    struct hk_monitor *monitor = hk_monitor_of_watch(monitors, event->wd);

    if (event->mask & IN_Q_OVERFLOW)
        look_at_all(monitors);
    else if (monitor == NULL)
        return;
    else if (event->mask & ENTRIES)
        on_entry_event(monitors, monitor, event, leaving);
    else if (event->len > 0)
        on_child(monitors, monitor, event->name, event->mask);
    else
        on_own_change(monitors, monitor, event->mask);
}

static void on_events(struct hk_monitors *monitors, const char *bytes,
                      size_t size, struct hk_leaving *leaving)
{
    for (size_t at = 0; at < size;) {
        const struct inotify_event *event =
            (const struct inotify_event *)(const void *)(bytes + at);

        if (!(event->mask & IN_MOVED_TO && event->cookie == leaving->cookie))
            hk_monitor_end_leaving(monitors, leaving);
        hk_monitors_settle(monitors);
        on_event(monitors, event, leaving);
        hk_monitors_settle(monitors);
        at += sizeof(*event) + event->len;
    }
}

/* A part of what there is to read, with the lock, for which others wait. Who
 * leaves at its end arrives at once, or not at all. */
static void read_events(struct hk_monitors *monitors)
{
    enum { ARRIVES_WITHIN = 10 }; /* milliseconds */
    struct pollfd polled = {monitors->inotify_fd, POLLIN, 0};
    _Alignas(struct inotify_event) char bytes[2048];
    struct hk_leaving leaving = {.from = NULL};

    do {
        ssize_t size = read(polled.fd, bytes, sizeof(bytes));

        if (size > 0)
            on_events(monitors, bytes, (size_t)size, &leaving);
    } while (leaving.from != NULL && poll(&polled, 1, ARRIVES_WITHIN) > 0);
    hk_monitor_end_leaving(monitors, &leaving);
    hk_monitors_settle(monitors);
}

void *hk_monitors_run(void *argument)
{
    struct hk_monitors *monitors = argument;
    struct pollfd polled[2] = {{monitors->inotify_fd, POLLIN, 0},
                               {monitors->stop_fd, POLLIN, 0}};

    for (;;) {
        if (poll(polled, 2, -1) < 0)
            continue;
        if (polled[1].revents != 0)
            return NULL;
        hk_monitors_lock(monitors);
        read_events(monitors);
        hk_monitors_unlock(monitors);
    }
}
