/* monitor_tell.c -- what node monitors tell: messages for ports. */
/* SPDX-License-Identifier: MIT */
#include "kmessage.h"
#include "monitor.h"
#include "port.h"

#define NODE_MONITOR 0x4e444d4e /* 'NDMN' */

static void begin(struct hk_kmessage_maker *maker, enum hk_node_opcode opcode,
                  int32_t device)
{
    hk_kmessage_begin(maker, 0);
    hk_kmessage_set_what(maker, NODE_MONITOR);
    hk_kmessage_add_int32(maker, "opcode", (int32_t)opcode);
    hk_kmessage_add_int32(maker, "device", device);
}

static void tell(struct hk_monitors *monitors, const struct hk_monitor *monitor,
                 uint32_t flags, struct hk_kmessage_maker *maker)
{
    if (monitor == NULL)
        return;
    for (struct hk_listener *listener = monitor->listeners; listener != NULL;
         listener = listener->next)
        if ((listener->flags & flags) == flags)
            hk_port_tell(monitors->team->shared, listener->port,
                         listener->token, maker);
}

static void tell_volume(struct hk_monitors *monitors, int32_t device,
                        uint32_t flags, struct hk_kmessage_maker *maker)
{
    tell(monitors, hk_monitor_of_volume(monitors, device), flags, maker);
}

void hk_monitor_tell_entry(struct hk_monitors *monitors,
                           enum hk_node_opcode opcode,
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

void hk_monitor_tell_move(struct hk_monitors *monitors,
                          const struct hk_move *move)
{
    struct hk_kmessage_maker maker;

    begin(&maker, HK_ENTRY_MOVED, move->device);
    hk_kmessage_add_int64(&maker, "from directory", move->from);
    hk_kmessage_add_int64(&maker, "to directory", move->to);
    hk_kmessage_add_int32(&maker, "node device", move->device);
    hk_kmessage_add_int64(&maker, "node", move->inode);
    hk_kmessage_add_string(&maker, "from name", move->from_name);
    hk_kmessage_add_string(&maker, "name", move->name);
    tell_volume(monitors, move->device, HK_WATCH_NAME, &maker);
    tell(monitors, hk_monitor_find(monitors, move->device, move->inode),
         HK_WATCH_NAME, &maker);
    tell(monitors, hk_monitor_find(monitors, move->device, move->from),
         HK_WATCH_DIRECTORY, &maker);
    if (move->to != move->from)
        tell(monitors, hk_monitor_find(monitors, move->device, move->to),
             HK_WATCH_DIRECTORY, &maker);
    hk_kmessage_maker_free(&maker);
}

/* ---- stat and attributes ---- */

static void tell_of(struct hk_monitors *monitors,
                    const struct hk_subject *subject, uint32_t flags,
                    struct hk_kmessage_maker *maker)
{
    tell_volume(monitors, subject->device, flags, maker);
    if (subject->directory != subject->inode)
        tell(monitors,
             hk_monitor_find(monitors, subject->device, subject->directory),
             HK_WATCH_CHILDREN | flags, maker);
    tell(monitors, subject->own, flags, maker);
    hk_kmessage_maker_free(maker);
}

void hk_monitor_tell_stat(struct hk_monitors *monitors,
                          const struct hk_subject *subject, uint32_t fields,
                          uint32_t flags)
{
    struct hk_kmessage_maker maker;

    begin(&maker, HK_STAT_CHANGED, subject->device);
    hk_kmessage_add_int64(&maker, "node", subject->inode);
    hk_kmessage_add_int32(&maker, "fields", (int32_t)fields);
    tell_of(monitors, subject, flags, &maker);
}

void hk_monitor_tell_attribute(struct hk_monitors *monitors,
                               const struct hk_subject *subject,
                               const char *name, int32_t cause)
{
    struct hk_kmessage_maker maker;

    begin(&maker, HK_ATTR_CHANGED, subject->device);
    hk_kmessage_add_int64(&maker, "directory", subject->directory);
    hk_kmessage_add_int64(&maker, "node", subject->inode);
    hk_kmessage_add_string(&maker, "attr", name);
    hk_kmessage_add_int32(&maker, "cause", cause);
    tell_of(monitors, subject, HK_WATCH_ATTR, &maker);
}
