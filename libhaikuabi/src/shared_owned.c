/* shared_owned.c -- what each team shows to others: areas, threads, images. */
/* SPDX-License-Identifier: MIT */
#include "shared.h"

static enum hk_pool pool_of(enum hk_owned_kind kind)
{
    return (enum hk_pool)(HK_POOL_AREAS + kind);
}

static struct hk_owned *at(const struct hk_shared *shared,
                           enum hk_owned_kind kind, uint32_t index)
{
    return hk_item(shared, pool_of(kind), index);
}

static uint32_t index_of(const struct hk_shared *shared,
                         enum hk_owned_kind kind, const struct hk_owned *item)
{
    const uint8_t *first = hk_item(shared, pool_of(kind), 1);
    const uint8_t *second = hk_item(shared, pool_of(kind), 2);

    return (uint32_t)(((const uint8_t *)item - first) / (second - first)) + 1;
}

static struct hk_owned_list *list_of(const struct hk_shared *shared,
                                     enum hk_owned_kind kind, uint32_t team)
{
    struct hk_team_slot *slot = hk_item(shared, HK_POOL_TEAMS, team);

    return slot != NULL ? &slot->owned[kind] : NULL;
}

void *hk_owned_new(struct hk_shared *shared, enum hk_owned_kind kind,
                   enum hk_owned_place place, int32_t id)
{
    struct hk_owned_list *list = list_of(shared, kind, shared->team);
    uint32_t index = list != NULL ? hk_item_new(shared, pool_of(kind)) : 0;
    struct hk_owned *item = at(shared, kind, index);
    struct hk_owned *next, *before;

    if (item == NULL)
        return NULL;
    if (id == 0)
        id = hk_make_id(pool_of(kind), index, item->generation);
    hk_put(shared, &item->next, place == HK_OWNED_FIRST ? list->first : 0);
    hk_put(shared, &item->before, place == HK_OWNED_FIRST ? 0 : list->last);
    hk_put(shared, &item->team, shared->team);
    hk_put(shared, &item->id, (uint32_t)id);
    next = at(shared, kind, item->next);
    before = at(shared, kind, item->before);
    hk_put(shared, next != NULL ? &next->before : &list->last, index);
    hk_put(shared, before != NULL ? &before->next : &list->first, index);
    hk_put(shared, &list->count, list->count + 1);
    return item;
}

/* Those who watch threads in general, and those who watch this one. */
static void tell_thread_end(struct hk_shared *shared, struct hk_owned *item)
{
    struct hk_shared_thread *thread = (struct hk_shared_thread *)(void *)item;
    const struct hk_team_slot *slot =
        hk_item(shared, HK_POOL_TEAMS, item->team);

    hk_system_tell(shared, HK_THREAD_DELETED, slot->id, item->id);
    hk_watches_alert(shared, thread->watches);
    hk_put(shared, &thread->watches, 0);
}

void hk_owned_free(struct hk_shared *shared, enum hk_owned_kind kind,
                   struct hk_owned *item)
{
    struct hk_owned_list *list = list_of(shared, kind, item->team);
    struct hk_owned *next = at(shared, kind, item->next);
    struct hk_owned *before = at(shared, kind, item->before);

    if (list == NULL)
        return;
    hk_put(shared, next != NULL ? &next->before : &list->last, item->before);
    hk_put(shared, before != NULL ? &before->next : &list->first, item->next);
    hk_put(shared, &list->count, list->count - 1);
    if (kind == HK_OWNED_THREADS)
        tell_thread_end(shared, item);
    hk_put(shared, &item->generation, item->generation + 1);
    hk_put(shared, &item->id, 0);
    hk_item_free(shared, pool_of(kind), index_of(shared, kind, item));
}

void hk_owned_free_all(struct hk_shared *shared, enum hk_owned_kind kind,
                       uint32_t team)
{
    struct hk_owned *item;

    while ((item = hk_owned_next(shared, kind, team, NULL)) != NULL) {
        hk_owned_free(shared, kind, item);
        hk_shared_commit(shared);
    }
}

void *hk_owned_find(struct hk_shared *shared, enum hk_owned_kind kind,
                    int32_t id)
{
    struct hk_owned *item = at(shared, kind, hk_id_index(pool_of(kind), id));

    if (item == NULL || item->id != id ||
        !hk_shared_is_alive(shared, item->team))
        return NULL;
    return item;
}

void *hk_owned_next(const struct hk_shared *shared, enum hk_owned_kind kind,
                    uint32_t team, const struct hk_owned *item)
{
    const struct hk_owned_list *list = list_of(shared, kind, team);

    if (list == NULL)
        return NULL;
    return at(shared, kind, item != NULL ? item->next : list->first);
}

void *hk_owned_next_of_all(const struct hk_shared *shared,
                           enum hk_owned_kind kind, const struct hk_owned *item)
{
    uint32_t end = hk_item_end(shared, pool_of(kind));
    uint32_t index = item != NULL ? index_of(shared, kind, item) + 1 : 1;

    for (; index < end; index++)
        if (at(shared, kind, index)->id != 0)
            return at(shared, kind, index);
    return NULL;
}
