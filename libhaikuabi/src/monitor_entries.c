/* monitor_entries.c -- entries that watched directories had. */
/* SPDX-License-Identifier: MIT */
#include "monitor_entries.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_open.h"
#include "monitor_state.h"

/* Where a name is, or would have to be. */
static size_t place_of(const struct hk_entries *entries, const char *name)
{
    size_t first = 0, end = entries->count;

    while (first < end) {
        size_t middle = first + (end - first) / 2;

        if (strcmp(entries->entries[middle].name, name) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

static struct hk_entry *find_entry(const struct hk_entries *entries,
                                   const char *name)
{
    size_t at = place_of(entries, name);

    return at < entries->count && strcmp(entries->entries[at].name, name) == 0
               ? &entries->entries[at]
               : NULL;
}

int64_t hk_entries_find(const struct hk_entries *entries, const char *name)
{
    const struct hk_entry *entry = find_entry(entries, name);

    return entry != NULL ? entry->inode : 0;
}

static void forget_seen(struct hk_entry *entry)
{
    if (entry->seen != NULL)
        hk_attributes_free(&entry->seen->attributes);
    free(entry->seen);
    entry->seen = NULL;
}

static int32_t insert(struct hk_entries *entries, size_t at, const char *name,
                      int64_t inode)
{
    const struct hk_entry entry = {strdup(name), inode, NULL};

    if (entries->count == entries->capacity) {
        size_t capacity = entries->capacity * 2 + 16;
        struct hk_entry *more =
            realloc(entries->entries, capacity * sizeof(*more));

        if (more == NULL) {
            free(entry.name);
            return HK_B_NO_MEMORY;
        }
        entries->entries = more;
        entries->capacity = capacity;
    }
    if (entry.name == NULL)
        return HK_B_NO_MEMORY;
    memmove(&entries->entries[at + 1], &entries->entries[at],
            (entries->count - at) * sizeof(entry));
    entries->entries[at] = entry;
    entries->count++;
    return HK_B_OK;
}

int32_t hk_entries_append(struct hk_entries *entries, const char *name,
                          int64_t inode)
{
    return insert(entries, entries->count, name, inode);
}

static int by_name(const void *one, const void *other)
{
    return strcmp(((const struct hk_entry *)one)->name,
                  ((const struct hk_entry *)other)->name);
}

/* One that was removed and made anew while they were read may be there twice.
 */
void hk_entries_sort(struct hk_entries *entries)
{
    struct hk_entry *all = entries->entries;
    size_t count = 0;

    if (entries->count > 0)
        qsort(all, entries->count, sizeof(*all), by_name);
    for (size_t i = 0; i < entries->count; i++) {
        if (count > 0 && strcmp(all[count - 1].name, all[i].name) == 0)
            free(all[i].name);
        else
            all[count++] = all[i];
    }
    entries->count = count;
}

int32_t hk_entries_put(struct hk_entries *entries, const char *name,
                       int64_t inode)
{
    struct hk_entry *entry = find_entry(entries, name);

    if (entry == NULL)
        return insert(entries, place_of(entries, name), name, inode);
    if (entry->inode != inode)
        forget_seen(entry);
    entry->inode = inode;
    return HK_B_OK;
}

void hk_entries_take(struct hk_entries *entries, const char *name)
{
    struct hk_entry *entry = find_entry(entries, name);

    if (entry == NULL)
        return;
    forget_seen(entry);
    free(entry->name);
    entries->count--;
    memmove(entry, entry + 1,
            (size_t)(entries->entries + entries->count - entry) *
                sizeof(*entry));
}

int32_t hk_entries_read(struct hk_entries *entries, int directory)
{
    int fd = hk_host_reopen(directory, O_RDONLY | O_DIRECTORY);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    int32_t status = HK_B_OK;

    *entries = (struct hk_entries){0};
    if (stream == NULL) {
        if (fd >= 0)
            close(fd);
        return HK_B_PERMISSION_DENIED;
    }
    while (status == HK_B_OK && (entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = hk_entries_append(entries, entry->d_name,
                                       (int64_t)entry->d_ino);
    closedir(stream);
    hk_entries_sort(entries);
    if (status != HK_B_OK)
        hk_entries_free(entries);
    return status;
}

void hk_entries_free(struct hk_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        forget_seen(&entries->entries[i]);
        free(entries->entries[i].name);
    }
    free(entries->entries);
    *entries = (struct hk_entries){0};
}

struct hk_seen *hk_entries_seen(const struct hk_entries *entries,
                                const char *name)
{
    const struct hk_entry *entry = find_entry(entries, name);

    return entry != NULL ? entry->seen : NULL;
}

static void look_at(struct hk_entry *entry, const struct hk_vfs *vfs,
                    const struct hk_node *directory)
{
    struct hk_node node = *directory;

    node.place = NULL;
    node.fd = hk_host_open_leaf(directory->fd, entry->name, O_PATH, 0);
    if (node.fd < 0)
        return;
    entry->seen = calloc(1, sizeof(*entry->seen));
    if (entry->seen != NULL &&
        hk_stat_node(vfs, &node, &entry->seen->stat) == HK_B_OK)
        hk_attributes_read(&entry->seen->attributes, &node);
    hk_node_close(&node);
}

void hk_entries_look(struct hk_entries *entries, const struct hk_vfs *vfs,
                     const struct hk_node *directory)
{
    for (size_t i = 0; i < entries->count; i++)
        if (entries->entries[i].seen == NULL)
            look_at(&entries->entries[i], vfs, directory);
}
