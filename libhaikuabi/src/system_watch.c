/* system_watch.c -- telling ports of teams and threads that come and go. */
/* SPDX-License-Identifier: MIT */
#include "kmessage.h"
#include "port.h"
#include "syscalls.h"

/* What is told of an event, and to whom (headers/private/system/system_info.h).
 */
static const struct {
    uint32_t flags; /* one of them is watched */
    const char *object;
} events[] = {
    [HK_TEAM_CREATED] = {0x01, "team"},
    [HK_TEAM_DELETED] = {0x02, "team"},
    [HK_TEAM_EXEC] = {0x03, "team"},
    [HK_THREAD_CREATED] = {0x04, "thread"},
    [HK_THREAD_DELETED] = {0x08, "thread"},
    [HK_THREAD_RENAMED] = {0x10, "thread"},
};

enum { ALL_FLAGS = 0x1f, ALL_TEAMS = -1 };

#define SYSTEM_OBJECT_UPDATE 0x534f5550 /* 'SOUP' */

static struct hk_system_watch *watch_at(const struct hk_shared *shared,
                                        uint32_t index)
{
    return hk_item(shared, HK_POOL_SYSTEM_WATCHES, index);
}

/* The next watch from an index on, which it becomes; NULL behind the last. */
static struct hk_system_watch *next_watch(const struct hk_shared *shared,
                                          uint32_t *index)
{
    uint32_t end = hk_item_end(shared, HK_POOL_SYSTEM_WATCHES);

    for (; *index < end; ++*index)
        if (watch_at(shared, *index)->team != 0)
            return watch_at(shared, *index);
    return NULL;
}

/* ---- events: with the lock ---- */

static void make_message(struct hk_kmessage_maker *maker,
                         enum hk_system_event event, int32_t object)
{
    hk_kmessage_begin(maker, 0);
    hk_kmessage_set_what(maker, SYSTEM_OBJECT_UPDATE);
    hk_kmessage_add_int32(maker, "opcode", (int32_t)event);
    hk_kmessage_add_int32(maker, events[event].object, object);
}

void hk_system_tell(struct hk_shared *shared, enum hk_system_event event,
                    int32_t team, int32_t object)
{
    struct hk_kmessage_maker maker = {.bytes = NULL};
    const struct hk_system_watch *watch;

    for (uint32_t i = 1; (watch = next_watch(shared, &i)) != NULL; i++) {
        if ((watch->object != team && watch->object != ALL_TEAMS) ||
            (watch->flags & events[event].flags) == 0)
            continue;
        if (maker.bytes == NULL)
            make_message(&maker, event, object);
        hk_port_post_kernel(shared, watch->port, watch->token, &maker);
    }
    hk_kmessage_maker_free(&maker);
}

static void free_watch(struct hk_shared *shared, uint32_t index)
{
    hk_put(shared, &watch_at(shared, index)->team, 0);
    hk_item_free(shared, HK_POOL_SYSTEM_WATCHES, index);
}

void hk_system_watches_end(struct hk_shared *shared, uint32_t team)
{
    const struct hk_system_watch *watch;

    for (uint32_t i = 1; (watch = next_watch(shared, &i)) != NULL; i++)
        if (watch->team == team)
            free_watch(shared, i);
}

int hk_system_is_watched(const struct hk_shared *shared)
{
    uint32_t index = 1;

    return next_watch(shared, &index) != NULL;
}

/* ---- the calls ---- */

/* 0 when there is none. */
static uint32_t find(const struct hk_shared *shared, int32_t object,
                     int32_t port, int32_t token)
{
    const struct hk_system_watch *watch;

    for (uint32_t i = 1; (watch = next_watch(shared, &i)) != NULL; i++)
        if (watch->object == object && watch->port == port &&
            watch->token == (uint32_t)token)
            return i;
    return 0;
}

static uint32_t add(struct hk_shared *shared, int32_t object, int32_t port,
                    int32_t token)
{
    uint32_t index =
        shared->team != 0 ? hk_item_new(shared, HK_POOL_SYSTEM_WATCHES) : 0;
    struct hk_system_watch *watch = watch_at(shared, index);

    if (watch == NULL)
        return 0;
    hk_put(shared, &watch->team, shared->team);
    hk_put(shared, &watch->object, (uint32_t)object);
    hk_put(shared, &watch->port, (uint32_t)port);
    hk_put(shared, &watch->token, (uint32_t)token);
    hk_put(shared, &watch->flags, 0);
    return index;
}

int64_t hk_sys_start_watching_system(struct hk_thread *self, int32_t object,
                                     uint32_t flags, int32_t port,
                                     int32_t token)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_system_watch *watch;
    uint32_t index;

    if (object < ALL_TEAMS || port < 0 || (flags & ALL_FLAGS) == 0 ||
        (flags & ~(uint32_t)ALL_FLAGS) != 0)
        return HK_B_BAD_VALUE;
    hk_shared_lock(shared);
    hk_port_alert_readers(shared, port); /* to look after all teams */
    index = find(shared, object, port, token);
    if (index == 0)
        index = add(shared, object, port, token);
    watch = watch_at(shared, index);
    if (watch != NULL)
        hk_put(shared, &watch->flags, watch->flags | flags);
    hk_shared_unlock(shared);
    return watch != NULL ? HK_B_OK : HK_B_NO_MEMORY;
}

int64_t hk_sys_stop_watching_system(struct hk_thread *self, int32_t object,
                                    uint32_t flags, int32_t port, int32_t token)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_system_watch *watch;
    uint32_t index;

    hk_shared_lock(shared);
    index = find(shared, object, port, token);
    watch = watch_at(shared, index);
    if (watch != NULL) {
        hk_put(shared, &watch->flags, watch->flags & ~flags);
        if (watch->flags == 0)
            free_watch(shared, index);
    }
    hk_shared_unlock(shared);
    return watch != NULL ? HK_B_OK : HK_B_ENTRY_NOT_FOUND;
}
