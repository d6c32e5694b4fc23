/* monitor_state.c -- what a watched node was like. */
/* SPDX-License-Identifier: MIT */
#include "monitor_state.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_open.h"
#include "node_attr.h"

/* ---- entries ---- */

static struct hk_entry *find_entry(const struct hk_entries *entries,
                                   const char *name)
{
    for (size_t i = 0; i < entries->count; i++)
        if (strcmp(entries->entries[i].name, name) == 0)
            return &entries->entries[i];
    return NULL;
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

static int32_t add_entry(struct hk_entries *entries, const char *name,
                         int64_t inode)
{
    if (entries->count == entries->capacity) {
        size_t capacity = entries->capacity * 2 + 16;
        struct hk_entry *more =
            realloc(entries->entries, capacity * sizeof(*more));

        if (more == NULL)
            return HK_B_NO_MEMORY;
        entries->entries = more;
        entries->capacity = capacity;
    }
    entries->entries[entries->count] =
        (struct hk_entry){strdup(name), inode, NULL};
    if (entries->entries[entries->count].name == NULL)
        return HK_B_NO_MEMORY;
    entries->count++;
    return HK_B_OK;
}

int32_t hk_entries_put(struct hk_entries *entries, const char *name,
                       int64_t inode)
{
    struct hk_entry *entry = find_entry(entries, name);

    if (entry == NULL)
        return add_entry(entries, name, inode);
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
    *entry = entries->entries[--entries->count];
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
            status = add_entry(entries, entry->d_name, (int64_t)entry->d_ino);
    closedir(stream);
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
           (differs(&old->change, &now->change) ? HK_STAT_MASK_CHANGE_TIME
                                                : 0u);
}
