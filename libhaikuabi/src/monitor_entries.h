/* monitor_entries.h -- entries that watched directories had. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_MONITOR_ENTRIES_H
#define HK_MONITOR_ENTRIES_H

#include <stddef.h>
#include <stdint.h>

struct hk_node;
struct hk_seen;
struct hk_vfs;

struct hk_entry {
    char *name;
    int64_t inode;
    struct hk_seen *seen; /* NULL when nobody watches what is in there */
};

/* In the order of their names. */
struct hk_entries {
    struct hk_entry *entries;
    size_t count, capacity;
};

/* All entries of a directory but "." and ".."; B_OK or an error. */
int32_t hk_entries_read(struct hk_entries *entries, int directory);
void hk_entries_free(struct hk_entries *entries);

/* One of many that are read; when all are there they are put in order. */
int32_t hk_entries_append(struct hk_entries *entries, const char *name,
                          int64_t inode);
void hk_entries_sort(struct hk_entries *entries);

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

#endif
