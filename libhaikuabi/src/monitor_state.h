/* monitor_state.h -- what watched nodes were like, and what can change. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_MONITOR_STATE_H
#define HK_MONITOR_STATE_H

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

struct hk_entry {
    char *name;
    int64_t inode;
    struct hk_seen *seen; /* NULL when nobody watches what is in there */
};

struct hk_entries {
    struct hk_entry *entries;
    size_t count, capacity;
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

/* All entries of a directory but "." and ".."; B_OK or an error. */
int32_t hk_entries_read(struct hk_entries *entries, int directory);
void hk_entries_free(struct hk_entries *entries);

/* The node of a name, 0 for none; put in, replacing that of the same name
 * (B_OK or B_NO_MEMORY); and taken out. */
int64_t hk_entries_find(const struct hk_entries *entries, const char *name);
int32_t hk_entries_put(struct hk_entries *entries, const char *name,
                       int64_t inode);
void hk_entries_take(struct hk_entries *entries, const char *name);

/* What the entry of a name is like, or NULL; looked at now, as are all that
 * have not been, out of memory not even then. */
struct hk_seen *hk_entries_seen(const struct hk_entries *entries,
                                const char *name);
void hk_entries_look(struct hk_entries *entries, const struct hk_vfs *vfs,
                     const struct hk_node *directory);

/* Those of a file now; none where it has or can have none. */
void hk_attributes_read(struct hk_attributes *attributes,
                        const struct hk_node *node);
void hk_attributes_free(struct hk_attributes *attributes);
const struct hk_attribute *
hk_attributes_find(const struct hk_attributes *attributes, const char *name);

/* The enum hk_stat_mask of what differs, times of access aside. */
uint32_t hk_stat_changes(const struct hk_stat *old, const struct hk_stat *now);

#endif
