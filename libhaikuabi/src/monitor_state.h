/* monitor_state.h -- what watched nodes were like, and what can change. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_MONITOR_STATE_H
#define HK_MONITOR_STATE_H

#include "monitor_entries.h"
#include "stat.h"

/* What a message tells, a live query's as well. */
enum hk_node_opcode {
    HK_ENTRY_CREATED = 1,
    HK_ENTRY_REMOVED = 2,
    HK_ENTRY_MOVED = 3,
    HK_STAT_CHANGED = 4,
    HK_ATTR_CHANGED = 5,
    HK_ATTR_CREATED = 1, /* causes */
    HK_ATTR_REMOVED = 2
};

struct hk_attribute {
    char *name;
    uint64_t hash; /* of type and value */
};

struct hk_attributes {
    struct hk_attribute *list;
    size_t count;
};

/* What a node was like as last told. */
struct hk_seen {
    struct hk_stat stat;
    struct hk_attributes attributes;
};

/* Those of a file now; none where it has or can have none. */
void hk_attributes_read(struct hk_attributes *attributes,
                        const struct hk_node *node);
void hk_attributes_free(struct hk_attributes *attributes);
const struct hk_attribute *
hk_attributes_find(const struct hk_attributes *attributes, const char *name);

/* The enum hk_stat_mask of what differs, times of access aside. */
uint32_t hk_stat_changes(const struct hk_stat *old, const struct hk_stat *now);

#endif
