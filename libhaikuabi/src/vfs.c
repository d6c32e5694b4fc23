/* vfs.c -- mounts and places, made from the configuration. */
/* SPDX-License-Identifier: MIT */
#include "vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "attr_store.h"
#include "host_open.h"
#include "known_dirs.h"
#include "pty.h"
#include "range_locks.h"
#include "root.h"

/* What a program may expect below /dev, by the host's own devices. */
static const struct {
    const char *name;
    const char *host;
} devices[] = {
    {"null", "/dev/null"},     {"zero", "/dev/zero"},
    {"random", "/dev/random"}, {"urandom", "/dev/urandom"},
    {"tty", "/dev/tty"},
};

static const char pty_device[] = "/dev/ptmx";

#define NESTED_DEVICE (1u << 30)
#define PLACE_INODES  (INT64_C(1) << 48) /* no host has as many files */

static int error_from_errno(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return HK_ERR_NOTFOUND;
    case EACCES:
    case EPERM:
        return HK_ERR_ACCESS;
    case ENOMEM:
        return HK_ERR_NOMEM;
    default:
        return HK_ERR_IO;
    }
}

const struct hk_place *hk_place_child(const struct hk_place *place,
                                      const char *name, size_t length)
{
    const struct hk_place *child;

    for (child = place->children; child != NULL; child = child->next)
        if (strlen(child->name) == length &&
            memcmp(child->name, name, length) == 0)
            return child;
    return NULL;
}

const struct hk_place *hk_node_child(const struct hk_node *directory,
                                     const char *name)
{
    return directory->place == NULL
               ? NULL
               : hk_place_child(directory->place, name, strlen(name));
}

int hk_node_has_name(const struct hk_node *directory, const char *path)
{
    size_t length = (size_t)(strchrnul(path, '/') - path);

    if (directory->fd < 0 || directory->mount == NULL || length == 0 ||
        path[length] != '\0')
        return 0;
    if (path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.')))
        return 0;
    return directory->place == NULL ||
           hk_place_child(directory->place, path, length) == NULL;
}

static void free_place(struct hk_place *place)
{
    while (place->children != NULL) {
        struct hk_place *child = place->children;

        place->children = child->next;
        free_place(child);
    }
    free(place->name);
    free(place->path_under);
    free(place);
}

static struct hk_place *new_place(struct hk_vfs *vfs, struct hk_place *parent,
                                  const char *name, size_t length)
{
    struct hk_place *place = calloc(1, sizeof(*place));

    if (place == NULL)
        return NULL;
    place->name = strndup(name, length);
    if (place->name == NULL) {
        free(place);
        return NULL;
    }
    place->inode = ++vfs->last_inode;
    place->parent = parent;
    if (parent != NULL) {
        place->next = parent->children;
        parent->children = place;
    }
    return place;
}

/* The place of an absolute path without "." and "..", made if need be. */
static struct hk_place *make_place(struct hk_vfs *vfs, const char *path)
{
    struct hk_place *place = vfs->root;

    while (place != NULL) {
        struct hk_place *child;
        size_t length;

        path += strspn(path, "/");
        length = strcspn(path, "/");
        if (length == 0)
            break;
        child = (struct hk_place *)hk_place_child(place, path, length);
        if (child == NULL)
            child = new_place(vfs, place, path, length);
        place = child;
        path += length;
    }
    return place;
}

static char *join(const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = malloc(size);

    if (path == NULL)
        return NULL;
    path[0] = '\0';
    if (strcmp(directory, ".") != 0) {
        strcpy(path, directory);
        strcat(path, "/");
    }
    return strcat(path, name);
}

/* Says for a place and all below where the host keeps them. The depth is
 * that of the configuration's paths. */
static int place_on_host(struct hk_place *place)
{
    struct hk_place *child;

    free(place->path_under);
    place->path_under = NULL;
    place->under = NULL;
    if (place->mount != NULL) {
        place->under = place->mount;
        place->path_under = strdup(".");
    } else if (!place->is_closed && place->parent != NULL &&
               place->parent->under != NULL) {
        place->under = place->parent->under;
        place->path_under = join(place->parent->path_under, place->name);
    }
    if (place->under != NULL && place->path_under == NULL)
        return HK_ERR_NOMEM;
    for (child = place->children; child != NULL; child = child->next) {
        int error = place_on_host(child);

        if (error < 0)
            return error;
    }
    return 0;
}

int hk_is_one_volume(const struct hk_mount *one, const struct hk_mount *other)
{
    return one == other ||
           (one != NULL && other != NULL && one->device == other->device &&
            one->read_only == other->read_only);
}

/*
 * Mounts of one host file system are one volume, so that a file seen by two
 * paths is known to be one; but a layer is a volume of its own, as contents and
 * attributes of a file that leaves it would stay behind.
 */
static void find_volume(struct hk_vfs *vfs, struct hk_mount *mount)
{
    uint32_t i;

    for (i = 0; i < vfs->volume_count; i++)
        if (vfs->volumes[i]->host_device == mount->host_device &&
            vfs->volumes[i]->attributes == mount->attributes)
            break;
    mount->device = (int32_t)(HK_DEVICE_FIRST + i);
    if (i == vfs->volume_count)
        vfs->volumes[vfs->volume_count++] = mount;
}

/* The path of a bind, freed of symlinks as far as it exists, so that its
 * place is where a walk comes by. */
static int canonical_path(const struct hk_vfs *vfs, const char *guest_path,
                          char path[HK_PATH_LENGTH])
{
    char head[HK_PATH_LENGTH];
    struct hk_node root = hk_place_node(vfs->root);
    size_t length = strlen(guest_path);

    if (guest_path[0] != '/' || length >= HK_PATH_LENGTH)
        return HK_ERR_INVALID;
    memcpy(head, guest_path, length + 1);
    while (length > 1 &&
           hk_vfs_normalize(vfs, &root, head, 1, path) != HK_B_OK) {
        while (length > 1 && head[--length] != '/')
            ;
        head[length] = '\0';
    }
    if (length <= 1)
        strcpy(path, "/");
    if (strlen(path) + strlen(guest_path + length) + 2 > HK_PATH_LENGTH)
        return HK_ERR_INVALID;
    if (guest_path[length] != '\0') {
        strcat(path, "/");
        strcat(path, guest_path + length);
    }
    if (strstr(path, "/../") != NULL || strstr(path, "/./") != NULL)
        return HK_ERR_INVALID;
    return 0;
}

/* Puts what is open as fd, which is taken over, at a place of the guest's. */
static int attach(struct hk_vfs *vfs, int fd, const char *name,
                  struct hk_place *place, struct hk_mount **attached)
{
    struct hk_mount *mount = &vfs->mounts[vfs->mount_count];
    struct stat info;

    mount->fd = fd;
    vfs->mount_count++;
    if (fstat(fd, &info) < 0)
        return error_from_errno();
    mount->host_device = info.st_dev;
    mount->is_directory = S_ISDIR(info.st_mode);
    mount->attributes = vfs->attributes;
    mount->range_locks = vfs->range_locks;
    mount->name = strdup(name);
    mount->place = place;
    if (mount->name == NULL || place == NULL)
        return HK_ERR_NOMEM;
    if (place == vfs->root && !mount->is_directory)
        return HK_ERR_INVALID;
    place->mount = mount;
    *attached = mount;
    return place_on_host(vfs->root);
}

static int add_mount(struct hk_vfs *vfs, const char *host_path,
                     const char *guest_path, struct hk_mount **mount)
{
    const char *slash = strrchr(host_path, '/');
    char path[HK_PATH_LENGTH];
    int error = canonical_path(vfs, guest_path, path);
    int fd;

    if (error < 0)
        return error;
    fd = open(host_path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return error_from_errno();
    return attach(vfs, fd,
                  slash != NULL && slash[1] != '\0' ? slash + 1 : host_path,
                  make_place(vfs, path), mount);
}

static int add_pty(struct hk_vfs *vfs, struct hk_place *directory,
                   const char *name, enum hk_pty_end end, uint32_t index)
{
    struct hk_place *place = new_place(vfs, directory, name, strlen(name));

    if (place == NULL)
        return HK_ERR_NOMEM;
    place->device = pty_device;
    place->pty = end;
    place->pty_index = index;
    return 0;
}

/* The ends of all pseudo-terminals, as /dev/pt/p0 or /dev/tt/p0. */
static int add_ptys(struct hk_vfs *vfs, const char *path, enum hk_pty_end end)
{
    struct hk_place *directory = make_place(vfs, path);
    int error = directory == NULL ? HK_ERR_NOMEM : 0;

    if (error == 0)
        directory->is_closed = 1;
    for (uint32_t i = 0; i < HK_PTYS_MAX && error == 0; i++) {
        char name[HK_PTY_NAME_SIZE];

        hk_pty_name(i, name);
        error = add_pty(vfs, directory, name, end, i);
    }
    return error;
}

static int add_devices(struct hk_vfs *vfs)
{
    struct hk_place *directory = make_place(vfs, "/dev");

    if (directory == NULL)
        return HK_ERR_NOMEM;
    directory->is_closed = 1;
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        struct hk_place *place =
            new_place(vfs, directory, devices[i].name, strlen(devices[i].name));

        if (place == NULL)
            return HK_ERR_NOMEM;
        place->device = devices[i].host;
    }
    if (add_pty(vfs, directory, "ptmx", HK_PTY_MASTER, HK_PTY_ANY) < 0 ||
        add_ptys(vfs, "/dev/pt", HK_PTY_MASTER) < 0 ||
        add_ptys(vfs, "/dev/tt", HK_PTY_SLAVE) < 0)
        return HK_ERR_NOMEM;
    return place_on_host(vfs->root);
}

/* Packages are shown as they are, and stay so. */
static int add_packages(struct hk_vfs *vfs, const struct hk_root *layer)
{
    for (int i = 0; i < HK_LOCATION_COUNT; i++) {
        const char *location = hk_location_path((enum hk_location)i);
        char guest[HK_PATH_LENGTH], *host;
        struct hk_mount *mount;
        int error;

        snprintf(guest, sizeof(guest), "/%s/packages", location);
        if (asprintf(&host, "%s%s", hk_root_files(layer), guest) < 0)
            return HK_ERR_NOMEM;
        error = add_mount(vfs, host, guest, &mount);
        free(host);
        if (error < 0)
            return error;
        mount->read_only = 1;
        mount->attributes = layer->attributes;
        find_volume(vfs, mount);
    }
    return 0;
}

/* As on Haiku, "/" is no more than where "/boot", the disk, is mounted. */
static int add_boot(struct hk_vfs *vfs, const struct hk_mount *root, int fd)
{
    struct hk_mount *boot;
    int error = attach(vfs, fd, "Haiku", make_place(vfs, "/boot"), &boot);

    if (error < 0)
        return error;
    boot->layer = root->layer;
    boot->attributes = root->attributes;
    vfs->boot = boot;
    find_volume(vfs, boot);
    return 0;
}

static int add_root(struct hk_vfs *vfs, const struct hk_config *config)
{
    struct hk_mount *root;
    int error = add_mount(vfs, config->root, "/", &root);
    int boot;

    if (error < 0)
        return error;
    if (config->layer != NULL) {
        root->layer = config->layer;
        root->attributes = config->layer->attributes;
    }
    boot = hk_host_open_below(root->fd, "boot", O_PATH | O_DIRECTORY, 0);
    if (boot < 0) {
        find_volume(vfs, root);
    } else {
        root->device = HK_DEVICE_ROOTFS;
        error = add_boot(vfs, root, boot);
    }
    return error < 0 || config->layer == NULL
               ? error
               : add_packages(vfs, config->layer);
}

static int add_bind(struct hk_vfs *vfs, const struct hk_bind *bind)
{
    struct hk_mount *mount;
    int error = add_mount(vfs, bind->host_path, bind->guest_path, &mount);

    if (error < 0)
        return error;
    mount->read_only = bind->read_only;
    find_volume(vfs, mount);
    return 0;
}

static int is_there(const struct hk_vfs *vfs, const char *path)
{
    struct hk_node root = hk_place_node(vfs->root), node;

    if (hk_vfs_open(vfs, &root, path, HK_WALK_FOLLOW, O_PATH, 0, &node) !=
        HK_B_OK)
        return 0;
    hk_node_close(&node);
    return 1;
}

static int fill(struct hk_vfs *vfs, const struct hk_config *config)
{
    size_t room =
        config->bind_count + config->offer_count + 2 + HK_LOCATION_COUNT;
    int error = 0;

    vfs->root = new_place(vfs, NULL, "", 0);
    vfs->last_inode = PLACE_INODES; /* rootfs begins at node 1, as on Haiku */
    vfs->mounts = calloc(room, sizeof(*vfs->mounts));
    vfs->volumes = calloc(room, sizeof(*vfs->volumes));
    if (vfs->root == NULL || vfs->mounts == NULL || vfs->volumes == NULL)
        return HK_ERR_NOMEM;
    if (config->root != NULL)
        error = add_root(vfs, config);
    if (error == 0)
        error = add_devices(vfs);
    for (size_t i = 0; error == 0 && i < config->bind_count; i++)
        error = add_bind(vfs, &config->binds[i]);
    for (size_t i = 0; error == 0 && i < config->offer_count; i++)
        if (!is_there(vfs, config->offers[i].guest_path))
            error = add_bind(vfs, &config->offers[i]);
    return error;
}

int hk_vfs_new(const struct hk_config *config, struct hk_vfs **vfs)
{
    struct hk_vfs *made = calloc(1, sizeof(*made));
    int error;

    if (made == NULL)
        return HK_ERR_NOMEM;
    made->release = config->release;
    made->user = geteuid();
    made->group = getegid();
    made->known_dirs = hk_known_dirs_new();
    made->range_locks = hk_range_locks_new();
    error = made->known_dirs == NULL || made->range_locks == NULL ||
                    hk_attr_store_new(config->attributes_directory,
                                      &made->attributes) != 0
                ? HK_ERR_NOMEM
                : fill(made, config);
    if (error < 0) {
        hk_vfs_free(made);
        return error;
    }
    *vfs = made;
    return 0;
}

static void free_tops(struct hk_top *top)
{
    while (top != NULL) {
        struct hk_top *before = top->before;

        hk_node_close(&top->node);
        free(top);
        top = before;
    }
}

void hk_vfs_free(struct hk_vfs *vfs)
{
    if (vfs == NULL)
        return;
    hk_known_dirs_free(vfs->known_dirs);
    hk_range_locks_free(vfs->range_locks);
    free_tops(atomic_load(&vfs->top));
    for (uint32_t i = 0; i < vfs->mount_count; i++) {
        close(vfs->mounts[i].fd);
        free(vfs->mounts[i].name);
    }
    if (vfs->root != NULL)
        free_place(vfs->root);
    free(vfs->mounts);
    free(vfs->volumes);
    hk_attr_store_free(vfs->attributes);
    free(vfs);
}

/* A file system inside a mount that the configuration does not name gets an
 * id from the host's, the same in all teams. */
int32_t hk_vfs_device(const struct hk_vfs *vfs, const struct hk_mount *mount,
                      dev_t host_device)
{
    if (mount != NULL && mount->host_device == host_device)
        return mount->device;
    for (uint32_t i = 0; i < vfs->volume_count; i++)
        if (vfs->volumes[i]->host_device == host_device)
            return vfs->volumes[i]->device;
    return (int32_t)(NESTED_DEVICE | (major(host_device) & 0x3ff) << 20 |
                     (minor(host_device) & 0xfffff));
}

int hk_is_nested_device(int32_t device)
{
    return ((uint32_t)device & NESTED_DEVICE) != 0;
}

int hk_mount_has(const struct hk_vfs *vfs, const struct hk_mount *mount,
                 const struct stat *info)
{
    struct stat boot;

    if (info->st_dev != mount->host_device)
        return 0;
    return mount->device != HK_DEVICE_ROOTFS ||
           fstat(vfs->boot->fd, &boot) != 0 || boot.st_ino != info->st_ino ||
           boot.st_dev != info->st_dev;
}

struct hk_node hk_place_node(const struct hk_place *place)
{
    return (struct hk_node){place, place->under, -1, 0};
}

int hk_vfs_open_host(const struct hk_vfs *vfs, const struct hk_node *start,
                     const char *path, unsigned walk_flags)
{
    struct hk_node node;
    int32_t status = hk_vfs_open(vfs, start, path, walk_flags | HK_WALK_FOLLOW,
                                 O_RDONLY, 0, &node);

    if (status == HK_B_OK && node.fd < 0)
        status = HK_B_IS_A_DIRECTORY;
    return status == HK_B_OK ? node.fd : status;
}
