/* monitor_events.c -- from the host's events to messages for ports. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "bytes.h"
#include "host_open.h"
#include "kmessage.h"
#include "monitor.h"
#include "port.h"

#define NODE_MONITOR        0x4e444d4e /* 'NDMN' */
#define STAT_INTERIM_UPDATE 0x1000u

/* A file that has left its directory, and may appear in another. */
struct departure {
    struct hk_monitor *from; /* NULL: none */
    uint32_t cookie;
    int64_t inode;
    char name[HK_FILE_NAME_LENGTH];
};

/* ---- messages ---- */

static void begin(struct hk_kmessage_maker *maker, enum hk_node_opcode opcode,
                  int32_t device)
{
    hk_kmessage_begin(maker, 0);
    hk_kmessage_set_what(maker, NODE_MONITOR);
    hk_kmessage_add_int32(maker, "opcode", (int32_t)opcode);
    hk_kmessage_add_int32(maker, "device", device);
}

void hk_monitor_post(struct hk_shared *shared, int32_t port, uint32_t token,
                     struct hk_kmessage_maker *maker)
{
    hk_shared_lock(shared);
    hk_port_post_kernel(shared, port, token, maker);
    hk_shared_unlock(shared);
}

static void tell(struct hk_monitors *monitors, const struct hk_monitor *monitor,
                 uint32_t flags, struct hk_kmessage_maker *maker)
{
    if (monitor == NULL)
        return;
    for (struct hk_listener *listener = monitor->listeners; listener != NULL;
         listener = listener->next)
        if ((listener->flags & flags) == flags)
            hk_monitor_post(monitors->team->shared, listener->port,
                            listener->token, maker);
}

static void tell_volume(struct hk_monitors *monitors, int32_t device,
                        uint32_t flags, struct hk_kmessage_maker *maker)
{
    for (const struct hk_monitor *at = monitors->first; at != NULL;
         at = at->next)
        if (at->is_volume && at->device == device)
            tell(monitors, at, flags, maker);
}

/* ---- entries ---- */

static void tell_entry(struct hk_monitors *monitors, enum hk_node_opcode opcode,
                       const struct hk_monitor *directory, const char *name,
                       int64_t inode)
{
    struct hk_kmessage_maker maker;

    begin(&maker, opcode, directory->device);
    hk_kmessage_add_int64(&maker, "directory", directory->inode);
    hk_kmessage_add_int64(&maker, "node", inode);
    hk_kmessage_add_string(&maker, "name", name);
    tell_volume(monitors, directory->device, HK_WATCH_NAME, &maker);
    if (opcode == HK_ENTRY_REMOVED)
        tell(monitors, hk_monitor_find(monitors, directory->device, inode),
             HK_WATCH_NAME, &maker);
    tell(monitors, directory, HK_WATCH_DIRECTORY, &maker);
    hk_kmessage_maker_free(&maker);
}

static void tell_move(struct hk_monitors *monitors,
                      const struct departure *departure,
                      const struct hk_monitor *to, const char *name)
{
    const struct hk_monitor *from = departure->from;
    struct hk_kmessage_maker maker;

    begin(&maker, HK_ENTRY_MOVED, from->device);
    hk_kmessage_add_int64(&maker, "from directory", from->inode);
    hk_kmessage_add_int64(&maker, "to directory", to->inode);
    hk_kmessage_add_int32(&maker, "node device", from->device);
    hk_kmessage_add_int64(&maker, "node", departure->inode);
    hk_kmessage_add_string(&maker, "from name", departure->name);
    hk_kmessage_add_string(&maker, "name", name);
    tell_volume(monitors, from->device, HK_WATCH_NAME, &maker);
    tell(monitors, hk_monitor_find(monitors, from->device, departure->inode),
         HK_WATCH_NAME, &maker);
    tell(monitors, from, HK_WATCH_DIRECTORY, &maker);
    if (to != from)
        tell(monitors, to, HK_WATCH_DIRECTORY, &maker);
    hk_kmessage_maker_free(&maker);
}

/* What was there is gone; it may have been a directory. */
static void lose_directory(struct hk_monitors *monitors,
                           const struct hk_monitor *from, int64_t inode)
{
    if (from->is_of_volume &&
        hk_monitor_find(monitors, from->device, inode) != NULL)
        hk_monitor_volume_shrinks(monitors, from->device);
}

/* It has gone where nobody watches. */
static void end_departure(struct hk_monitors *monitors,
                          struct departure *departure)
{
    if (departure->from == NULL)
        return;
    tell_entry(monitors, HK_ENTRY_REMOVED, departure->from, departure->name,
               departure->inode);
    lose_directory(monitors, departure->from, departure->inode);
    departure->from = NULL;
}

static void tell_found(struct hk_monitors *monitors,
                       const struct hk_monitor *directory,
                       const struct hk_entry *entry)
{
    tell_entry(monitors, HK_ENTRY_CREATED, directory, entry->name,
               entry->inode);
}

static void on_created(struct hk_monitors *monitors,
                       struct hk_monitor *directory, const char *name)
{
    struct stat info;

    /* It may be gone again: then there is nothing to tell of. */
    if (fstatat(directory->node.fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        hk_entries_find(&directory->entries, name) == (int64_t)info.st_ino)
        return;
    hk_entries_put(&directory->entries, name, (int64_t)info.st_ino);
    if (directory->sees_entries)
        hk_monitor_see_entries(monitors, directory);
    tell_entry(monitors, HK_ENTRY_CREATED, directory, name,
               (int64_t)info.st_ino);
    if (directory->is_of_volume && S_ISDIR(info.st_mode))
        hk_monitor_volume_grows(monitors, directory, name, tell_found);
}

static void on_removed(struct hk_monitors *monitors,
                       struct hk_monitor *directory, const char *name)
{
    int64_t inode = hk_entries_find(&directory->entries, name);

    if (inode == 0)
        return;
    hk_entries_take(&directory->entries, name);
    tell_entry(monitors, HK_ENTRY_REMOVED, directory, name, inode);
    lose_directory(monitors, directory, inode);
}

static void on_moved_from(struct hk_monitor *directory, const char *name,
                          uint32_t cookie, struct departure *departure)
{
    int64_t inode = hk_entries_find(&directory->entries, name);

    if (inode == 0 || strlen(name) >= sizeof(departure->name))
        return;
    hk_entries_take(&directory->entries, name);
    *departure = (struct departure){directory, cookie, inode, ""};
    strcpy(departure->name, name);
}

static void on_moved_to(struct hk_monitors *monitors,
                        struct hk_monitor *directory, const char *name,
                        uint32_t cookie, struct departure *departure)
{
    int64_t replaced = hk_entries_find(&directory->entries, name);

    if (departure->from == NULL || departure->cookie != cookie) {
        on_created(monitors, directory, name);
        return;
    }
    if (replaced != 0)
        tell_entry(monitors, HK_ENTRY_REMOVED, directory, name, replaced);
    hk_entries_put(&directory->entries, name, departure->inode);
    if (directory->sees_entries)
        hk_monitor_see_entries(monitors, directory);
    tell_move(monitors, departure, directory, name);
    departure->from = NULL;
}

/* ---- stat and attributes ---- */

/* A node that has changed, and who is to be told. */
struct subject {
    const struct hk_node *node;
    int32_t device;
    int64_t inode, directory;
    const struct hk_monitor *own; /* or NULL */
    struct hk_seen *seen;
};

static void tell_of(struct hk_monitors *monitors, const struct subject *subject,
                    uint32_t flags, struct hk_kmessage_maker *maker)
{
    tell_volume(monitors, subject->device, flags, maker);
    if (subject->directory != subject->inode)
        tell(monitors,
             hk_monitor_find(monitors, subject->device, subject->directory),
             HK_WATCH_CHILDREN | flags, maker);
    tell(monitors, subject->own, flags, maker);
    hk_kmessage_maker_free(maker);
}

static void tell_stat(struct hk_monitors *monitors,
                      const struct subject *subject, uint32_t fields,
                      uint32_t flags)
{
    struct hk_kmessage_maker maker;

    begin(&maker, HK_STAT_CHANGED, subject->device);
    hk_kmessage_add_int64(&maker, "node", subject->inode);
    hk_kmessage_add_int32(&maker, "fields", (int32_t)fields);
    tell_of(monitors, subject, flags, &maker);
}

/* While a file is written to, the changes since it was closed last are
 * interim ones. That the time of change alone is another says nothing. */
static void on_stat(struct hk_monitors *monitors, const struct subject *subject,
                    int is_interim)
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
        tell_stat(monitors, subject, fields | STAT_INTERIM_UPDATE,
                  HK_WATCH_INTERIM_STAT);
    else
        tell_stat(monitors, subject, fields, HK_WATCH_STAT);
}

static void tell_attribute(struct hk_monitors *monitors,
                           const struct subject *subject, const char *name,
                           int32_t cause)
{
    struct hk_kmessage_maker maker;

    begin(&maker, HK_ATTR_CHANGED, subject->device);
    hk_kmessage_add_int64(&maker, "directory", subject->directory);
    hk_kmessage_add_int64(&maker, "node", subject->inode);
    hk_kmessage_add_string(&maker, "attr", name);
    hk_kmessage_add_int32(&maker, "cause", cause);
    tell_of(monitors, subject, HK_WATCH_ATTR, &maker);
}

static void on_attributes(struct hk_monitors *monitors,
                          const struct subject *subject)
{
    struct hk_attributes old = subject->seen->attributes;
    struct hk_attributes *now = &subject->seen->attributes;

    hk_attributes_read(now, subject->node);
    for (size_t i = 0; i < now->count; i++) {
        const struct hk_attribute *before =
            hk_attributes_find(&old, now->list[i].name);

        if (before == NULL || before->hash != now->list[i].hash)
            tell_attribute(monitors, subject, now->list[i].name,
                           before == NULL ? HK_ATTR_CREATED : HK_ATTR_CHANGED);
    }
    for (size_t i = 0; i < old.count; i++)
        if (hk_attributes_find(now, old.list[i].name) == NULL)
            tell_attribute(monitors, subject, old.list[i].name,
                           HK_ATTR_REMOVED);
    hk_attributes_free(&old);
}

static void on_change(struct hk_monitors *monitors,
                      const struct subject *subject, uint32_t mask)
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
    struct hk_node parent;
    struct stat info;

    if (hk_monitor_open_parent(monitor, &parent) != 0)
        return inode;
    if (fstat(parent.fd, &info) == 0)
        inode = (int64_t)info.st_ino;
    hk_node_close(&parent);
    return inode;
}

static void on_own_change(struct hk_monitors *monitors,
                          struct hk_monitor *monitor, uint32_t mask)
{
    const struct subject subject = {&monitor->node, monitor->device,
                                    monitor->inode, directory_of(monitor),
                                    monitor,        &monitor->seen};

    on_change(monitors, &subject, mask);
}

/* A file in a directory. One with a monitor of its own tells of itself. */
static void on_child(struct hk_monitors *monitors,
                     const struct hk_monitor *directory, const char *name,
                     uint32_t mask)
{
    struct hk_seen *seen = hk_entries_seen(&directory->entries, name);
    struct hk_node node = {NULL, directory->node.mount, -1, 0};
    int64_t inode = hk_entries_find(&directory->entries, name);
    struct subject subject = {
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

/* ---- events ---- */

static void on_entry_event(struct hk_monitors *monitors,
                           struct hk_monitor *directory,
                           const struct inotify_event *event,
                           struct departure *departure)
{
    if (event->mask & IN_CREATE)
        on_created(monitors, directory, event->name);
    else if (event->mask & IN_DELETE)
        on_removed(monitors, directory, event->name);
    else if (event->mask & IN_MOVED_FROM)
        on_moved_from(directory, event->name, event->cookie, departure);
    else if (event->mask & IN_MOVED_TO)
        on_moved_to(monitors, directory, event->name, event->cookie, departure);
    on_own_change(monitors, directory, 0);
}

static void on_event(struct hk_monitors *monitors,
                     const struct inotify_event *event,
                     struct departure *departure)
{
    struct hk_monitor *monitor = monitors->first;

    if (departure->from != NULL &&
        !(event->mask & IN_MOVED_TO && event->cookie == departure->cookie))
        end_departure(monitors, departure);
    while (monitor != NULL && monitor->wd != event->wd)
        monitor = monitor->next;
    if (monitor == NULL)
        return;
    if (event->mask & (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)) {
        on_entry_event(monitors, monitor, event, departure);
    } else if (event->len > 0) {
        on_child(monitors, monitor, event->name, event->mask);
    } else {
        on_own_change(monitors, monitor, event->mask);
    }
}

static void on_events(struct hk_monitors *monitors, const char *bytes,
                      size_t size, struct departure *departure)
{
    for (size_t at = 0; at < size;) {
        const struct inotify_event *event =
            (const struct inotify_event *)(const void *)(bytes + at);

        on_event(monitors, event, departure);
        at += sizeof(*event) + event->len;
    }
}

/* What there is to read, with the lock. A departure at its end has an arrival
 * at once, or none. */
static void read_events(struct hk_monitors *monitors)
{
    enum { ARRIVES_WITHIN = 10 }; /* milliseconds */
    struct pollfd polled = {monitors->inotify_fd, POLLIN, 0};
    _Alignas(struct inotify_event) char bytes[65536];
    struct departure departure = {.from = NULL};

    do {
        ssize_t size = read(polled.fd, bytes, sizeof(bytes));

        if (size > 0)
            on_events(monitors, bytes, (size_t)size, &departure);
    } while (departure.from != NULL && poll(&polled, 1, ARRIVES_WITHIN) > 0);
    end_departure(monitors, &departure);
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
