/* monitor_state.c -- what a watched node was like. */
/* SPDX-License-Identifier: MIT */
#include "monitor_state.h"

#include <stdlib.h>
#include <string.h>

#include "node_attr.h"

/* ---- attributes ---- */

/* FNV-1a. */
static uint64_t hash_value(const struct hk_attr_value *value)
{
    const uint64_t prime = UINT64_C(0x100000001b3);
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ value->type;

    for (uint32_t i = 0; i < value->size; i++)
        hash = (hash ^ value->bytes[i]) * prime;
    return (hash ^ value->size) * prime;
}

static int add_attribute(struct hk_attributes *attributes,
                         const struct hk_node *node, const char *name)
{
    struct hk_attribute *more =
        realloc(attributes->list, (attributes->count + 1) * sizeof(*more));
    struct hk_attr_value value;
    char *copy = strdup(name);

    if (more != NULL)
        attributes->list = more;
    if (more == NULL || copy == NULL ||
        hk_node_attr_read(node, name, &value) != 0) {
        free(copy);
        return -1;
    }
    more[attributes->count++] = (struct hk_attribute){copy, hash_value(&value)};
    free(value.bytes);
    return 0;
}

void hk_attributes_read(struct hk_attributes *attributes,
                        const struct hk_node *node)
{
    char *names = NULL;
    size_t size = 0;

    *attributes = (struct hk_attributes){0};
    if (hk_node_attr_list(node, &names, &size) != 0)
        return;
    for (size_t at = 0; at < size; at += strlen(names + at) + 1)
        add_attribute(attributes, node, names + at);
    free(names);
}

void hk_attributes_free(struct hk_attributes *attributes)
{
    for (size_t i = 0; i < attributes->count; i++)
        free(attributes->list[i].name);
    free(attributes->list);
    *attributes = (struct hk_attributes){0};
}

const struct hk_attribute *
hk_attributes_find(const struct hk_attributes *attributes, const char *name)
{
    for (size_t i = 0; i < attributes->count; i++)
        if (strcmp(attributes->list[i].name, name) == 0)
            return &attributes->list[i];
    return NULL;
}

/* ---- stat ---- */

static int differs(const struct hk_time *a, const struct hk_time *b)
{
    return a->seconds != b->seconds || a->nanoseconds != b->nanoseconds;
}

uint32_t hk_stat_changes(const struct hk_stat *old, const struct hk_stat *now)
{
    return (old->mode != now->mode ? HK_STAT_MASK_MODE : 0u) |
           (old->uid != now->uid ? HK_STAT_MASK_UID : 0u) |
           (old->gid != now->gid ? HK_STAT_MASK_GID : 0u) |
           (old->size != now->size ? HK_STAT_MASK_SIZE : 0u) |
           (differs(&old->modification, &now->modification)
                ? HK_STAT_MASK_MODIFICATION_TIME
                : 0u) |
           (differs(&old->creation, &now->creation) &&
                    differs(&now->creation, &now->change)
                ? HK_STAT_MASK_CREATION_TIME
                : 0u) |
           (differs(&old->change, &now->change) ? HK_STAT_MASK_CHANGE_TIME
                                                : 0u);
}
