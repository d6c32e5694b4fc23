/* node_refs.c -- files found again by volume and node number. */
/* SPDX-License-Identifier: MIT */
#include "node_refs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_open.h"
#include "stat.h"
#include "volume_walk.h"

/* The later of two that fall together stays. */
enum { REF_COUNT = 1024 };

struct ref {
    int32_t device;
    int64_t inode;
    char *path;
};

struct hk_refs {
    pthread_mutex_t lock; /* guards refs */
    struct ref refs[REF_COUNT];
};

struct hk_refs *hk_refs_new(void)
{
    struct hk_refs *refs = calloc(1, sizeof(*refs));

    if (refs != NULL)
        pthread_mutex_init(&refs->lock, NULL);
    return refs;
}

void hk_refs_free(struct hk_refs *refs)
{
    if (refs == NULL)
        return;
    for (size_t i = 0; i < REF_COUNT; i++)
        free(refs->refs[i].path);
    pthread_mutex_destroy(&refs->lock);
    free(refs);
}

void hk_refs_lock(struct hk_refs *refs)
{
    pthread_mutex_lock(&refs->lock);
}

void hk_refs_unlock(struct hk_refs *refs)
{
    pthread_mutex_unlock(&refs->lock);
}

static struct ref *slot_of(struct hk_refs *refs, int32_t device, int64_t inode)
{
    return &refs->refs[hk_node_hash(device, inode) % REF_COUNT];
}

/* The guest path that an open file had when it was first asked for. */
static const char *path_of_file(struct hk_file *file)
{
    char path[HK_PATH_LENGTH];
    const char *known;

    pthread_mutex_lock(&file->lock);
    if (file->path == NULL && (file->node.place || file->node.mount) &&
        hk_node_path(&file->node, path, sizeof(path)) >= 0)
        file->path = strdup(path);
    known = file->path;
    pthread_mutex_unlock(&file->lock);
    return known;
}

static char *join(const char *directory, const char *path)
{
    size_t size = strlen(directory) + strlen(path) + 2;
    char *joined = size > HK_PATH_LENGTH ? NULL : malloc(size);

    if (joined == NULL)
        return NULL;
    strcpy(joined, directory);
    if (path[0] != '\0')
        strcat(strcat(joined, "/"), path);
    return joined;
}

/* Takes the path over. */
static void put(struct hk_refs *refs, int32_t device, int64_t inode, char *path)
{
    struct ref *ref = slot_of(refs, device, inode);

    pthread_mutex_lock(&refs->lock);
    free(ref->path);
    *ref = (struct ref){device, inode, path};
    pthread_mutex_unlock(&refs->lock);
}

void hk_refs_note(const struct hk_thread *self, int32_t device, int64_t inode,
                  struct hk_file *start, const char *path)
{
    struct hk_refs *refs = hk_refs_of(self);
    const struct hk_top *top = atomic_load(&hk_kernel_of(self)->vfs->top);
    const char *directory = "";
    char root[HK_PATH_LENGTH];
    char *joined;

    if (path[0] != '/')
        directory = path_of_file(start);
    else if (top != NULL)
        directory =
            hk_node_path(&top->node, root, sizeof(root)) < 0 ? NULL : root;
    if (directory == NULL)
        return;
    joined = directory[0] == '\0' ? strdup(path) : join(directory, path);
    if (joined != NULL)
        put(refs, device, inode, joined);
}

void hk_refs_note_open(struct hk_refs *refs, int32_t device, int64_t inode,
                       const struct hk_node *directory, const char *name)
{
    char path[HK_PATH_LENGTH];
    char *joined = NULL;

    if (hk_node_path(directory, path, sizeof(path)) >= 0)
        joined = join(path, name != NULL ? name : "");
    if (joined != NULL)
        put(refs, device, inode, joined);
}

static int32_t find_path(struct hk_refs *refs, int32_t device, int64_t inode,
                         char path[HK_PATH_LENGTH])
{
    struct ref *ref = slot_of(refs, device, inode);
    int32_t status = HK_B_BAD_VALUE;

    pthread_mutex_lock(&refs->lock);
    if (ref->path != NULL && ref->device == device && ref->inode == inode) {
        strcpy(path, ref->path);
        status = HK_B_OK;
    }
    pthread_mutex_unlock(&refs->lock);
    return status;
}

/* What a path leads to, or the symlink that it is of. */
static int32_t open_if(const struct hk_vfs *vfs, const char *path,
                       int32_t device, int64_t inode, struct hk_node *node)
{
    static const unsigned ways[] = {HK_WALK_FOLLOW | HK_WALK_WHOLE,
                                    HK_WALK_LINK | HK_WALK_WHOLE};
    struct hk_node root = hk_place_node(vfs->root);

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (hk_vfs_open(vfs, &root, path, ways[i], O_PATH, 0, node) != HK_B_OK)
            continue;
        if (hk_is_node(vfs, node, device, inode))
            return HK_B_OK;
        hk_node_close(node);
    }
    return HK_B_ENTRY_NOT_FOUND;
}

/* The places are known without having been told. */
static int32_t open_place(const struct hk_vfs *vfs, int32_t device,
                          int64_t inode, struct hk_node *node)
{
    const struct hk_place *place = vfs->root;

    while (place != NULL) {
        if (hk_place_open(place, O_PATH, node) == HK_B_OK) {
            if (hk_is_node(vfs, node, device, inode))
                return HK_B_OK;
            hk_node_close(node);
        }
        if (place->children != NULL) {
            place = place->children;
            continue;
        }
        while (place != NULL && place->next == NULL)
            place = place->parent;
        if (place != NULL)
            place = place->next;
    }
    return HK_B_BAD_VALUE;
}

/* ---- a node that nobody was told of ---- */

struct hunt {
    int32_t device;
    int64_t inode;
    const struct hk_vfs *vfs;
    struct hk_refs *refs;
    struct hk_node *node;
    uint32_t left; /* entries to look at */
};

enum { FOUND = 1 };

static int32_t is_it(void *context, const struct hk_volume_entry *entry)
{
    struct hunt *hunt = context;
    const struct hk_node directory = {NULL, entry->mount, entry->directory, 0};
    struct hk_node node = {NULL, entry->mount, -1, 0};
    struct stat info;

    if (hunt->left-- == 0)
        return HK_B_ENTRY_NOT_FOUND;
    if (entry->inode != hunt->inode)
        return HK_B_OK;
    node.fd = hk_host_open_leaf(entry->directory, entry->name, O_PATH, 0);
    if (node.fd < 0 || fstat(node.fd, &info) != 0 ||
        (int64_t)info.st_ino != hunt->inode ||
        !hk_mount_has(hunt->vfs, entry->mount, &info)) {
        hk_node_close(&node);
        return HK_B_OK;
    }
    hk_refs_note_open(hunt->refs, hunt->device, hunt->inode, &directory,
                      entry->name);
    *hunt->node = node;
    return FOUND;
}

static int32_t hunt_for(const struct hk_thread *self, int32_t device,
                        int64_t inode, struct hk_node *node)
{
    enum { ENTRIES_MAX = 1 << 20 };
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    struct hunt hunt = {device,           inode, vfs,
                        hk_refs_of(self), node,  ENTRIES_MAX};

    return hk_volume_walk(vfs, device, is_it, &hunt) == FOUND
               ? HK_B_OK
               : HK_B_ENTRY_NOT_FOUND;
}

/* ---- opening ---- */

/*
 * What is mounted around the root shows the root's directories once more. A
 * directory of the boot volume is that alone, with the path it has there.
 */
static void prefer_boot(const struct hk_vfs *vfs, int32_t device, int64_t inode,
                        struct hk_node *node)
{
    struct hk_node at_boot = {NULL, vfs->boot, node->fd, 0};
    struct hk_node found;
    char path[HK_PATH_LENGTH];

    if (vfs->boot == NULL || node->mount == NULL || node->mount == vfs->boot ||
        node->mount->device != vfs->boot->device ||
        hk_node_path(&at_boot, path, sizeof(path)) < 0 ||
        open_if(vfs, path, device, inode, &found) != HK_B_OK)
        return;
    hk_node_close(node);
    *node = found;
}

int32_t hk_refs_open(const struct hk_thread *self, int32_t device,
                     int64_t inode, struct hk_node *node)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    char path[HK_PATH_LENGTH];
    int32_t status;

    if (device < HK_DEVICE_ROOTFS ||
        (device >= HK_DEVICE_FIRST && hk_vfs_volume(vfs, device) == NULL &&
         !hk_is_nested_device(device)))
        return HK_B_ENTRY_NOT_FOUND;
    status = find_path(hk_refs_of(self), device, inode, path);
    if (status == HK_B_OK)
        status = open_if(vfs, path, device, inode, node);
    if (status != HK_B_OK && (open_place(vfs, device, inode, node) == HK_B_OK ||
                              hunt_for(self, device, inode, node) == HK_B_OK))
        status = HK_B_OK;
    if (status == HK_B_OK)
        prefer_boot(vfs, device, inode, node);
    return status;
}

int32_t hk_refs_open_any(const struct hk_thread *self, int32_t device,
                         struct hk_node *node)
{
    struct hk_refs *refs = hk_refs_of(self);

    for (size_t i = 0; i < REF_COUNT; i++) {
        int64_t inode;
        int is_it;

        pthread_mutex_lock(&refs->lock);
        is_it = refs->refs[i].path != NULL && refs->refs[i].device == device;
        inode = refs->refs[i].inode;
        pthread_mutex_unlock(&refs->lock);
        if (is_it && hk_refs_open(self, device, inode, node) == HK_B_OK)
            return HK_B_OK;
    }
    return HK_B_BAD_VALUE;
}
