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

/* What of the disk is seen in a volume of packages (haiku-abi/hpkg.md,
 * "packagefs"). */
static const char *const shown_through[] = {"cache", "non-packaged", "packages",
                                            "settings", "var"};

enum { SHOWN_THROUGH = sizeof(shown_through) / sizeof(shown_through[0]) };

static const char *path_in_boot(enum hk_location location)
{
    return hk_location_path(location) + strlen("boot/");
}

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

static struct hk_place *new_place(struct hk_vfs *vfs, struct hk_place *parent,
                                  const char *name, size_t length)
{
    struct hk_place *place = calloc(1, sizeof(*place));

    if (place == NULL)
        return NULL;
    place->name = strndup(name, length);
    place->inode = ++vfs->last_inode;
    place->parent = parent;
    if (place->name == NULL || place_on_host(place) < 0) {
        free_place(place);
        return NULL;
    }
    if (parent != NULL) {
        place->next = parent->children;
        parent->children = place;
    }
    return place;
}

/* The place of a path without "." and "..", made if need be. */
static struct hk_place *make_place(struct hk_vfs *vfs, struct hk_place *place,
                                   const char *path)
{
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
        if (vfs->volumes[i] != NULL &&
            vfs->volumes[i]->host_device == mount->host_device &&
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
    mount->host_inode = info.st_ino;
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
    return place_on_host(place);
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
                  make_place(vfs, vfs->root, path), mount);
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
    struct hk_place *directory = make_place(vfs, vfs->root, path);
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
    struct hk_place *directory = make_place(vfs, vfs->root, "/dev");

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

/* Opens a directory of a mount's, by a path without symlinks: -1 when there is
 * none. */
static int open_inside(const struct hk_mount *mount, const char *path)
{
    return hk_host_open_below(mount->fd, path, O_PATH | O_DIRECTORY, 0);
}

/* Puts a directory of a mount's, which is open as fd and taken over, at its own
 * place. */
static int attach_inside(struct hk_vfs *vfs, const struct hk_mount *around,
                         int fd, const char *path, const char *name,
                         struct hk_mount **mount)
{
    int error =
        attach(vfs, fd, name, make_place(vfs, around->place, path), mount);

    if (error < 0)
        return error;
    (*mount)->around = around;
    (*mount)->layer = around->layer;
    (*mount)->attributes = around->attributes;
    return 0;
}

/* Which volumes of packages a root has: their ids are kept for them, whatever
 * binds are going to cover. */
static int keep_packagefs(struct hk_vfs *vfs, enum hk_location location)
{
    int fd = open_inside(vfs->boot, path_in_boot(location));

    if (fd < 0)
        return vfs->boot->layer != NULL ? error_from_errno() : 0;
    close(fd);
    vfs->packagefs[location] = (int32_t)(HK_DEVICE_FIRST + vfs->volume_count++);
    return 0;
}

/* As on Haiku, "/" is no more than where "/boot", the disk, is mounted. */
static int add_boot(struct hk_vfs *vfs, const struct hk_mount *root, int fd)
{
    struct hk_mount *boot;
    int error = attach_inside(vfs, root, fd, "boot", "Haiku", &boot);

    if (error < 0)
        return error;
    vfs->boot = boot;
    find_volume(vfs, boot);
    for (int i = 0; error == 0 && i < HK_LOCATION_COUNT; i++)
        error = keep_packagefs(vfs, (enum hk_location)i);
    return error;
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
    boot = open_inside(root, "boot");
    if (boot < 0) {
        find_volume(vfs, root);
        return config->layer != NULL ? error_from_errno() : 0;
    }
    root->device = HK_DEVICE_ROOTFS;
    return add_boot(vfs, root, boot);
}

/* Whether something is mounted between a place and what a path leads to, or
 * there. */
static int is_covered(const struct hk_place *place, const char *path)
{
    while (*path != '\0') {
        size_t length = strcspn(path, "/");

        place = hk_place_child(place, path, length);
        if (place == NULL)
            return 0;
        if (place->mount != NULL)
            return 1;
        path += length;
        path += strspn(path, "/");
    }
    return 0;
}

/* The packages of a root, which may be another one's. */
static int open_packages(const struct hk_root *root, enum hk_location location)
{
    char path[HK_PATH_LENGTH];

    snprintf(path, sizeof(path), "%s/packages", hk_location_path(location));
    return hk_host_open_below(root->packages, path, O_PATH | O_DIRECTORY, 0);
}

/* A directory of the disk's in a volume of packages. The packages themselves
 * are shown as they are, and stay so. */
static int add_shown_through(struct hk_vfs *vfs, const struct hk_mount *volume,
                             enum hk_location location, const char *name)
{
    int is_fixed = volume->layer != NULL && strcmp(name, "packages") == 0;
    struct hk_mount *mount;
    int fd, error;

    if (is_covered(volume->place, name))
        return 0;
    fd = is_fixed ? open_packages(volume->layer, location)
                  : open_inside(volume, name);
    if (fd < 0)
        return is_fixed ? error_from_errno() : 0;
    error = attach_inside(vfs, volume, fd, name, name, &mount);
    if (error < 0)
        return error;
    mount->device = vfs->boot->device;
    if (is_fixed) {
        mount->layer = NULL;
        mount->read_only = 1;
    }
    return 0;
}

/* Where Haiku has a volume of packages, unless something covers it. */
static int add_packagefs(struct hk_vfs *vfs, enum hk_location location)
{
    const char *path = path_in_boot(location);
    struct hk_mount *mount;
    int fd, error;

    if (vfs->packagefs[location] == 0 || vfs->boot->place->mount != vfs->boot ||
        is_covered(vfs->boot->place, path))
        return 0;
    fd = open_inside(vfs->boot, path);
    if (fd < 0)
        return error_from_errno();
    error = attach_inside(vfs, vfs->boot, fd, path,
                          strrchr(hk_location_path(location), '/') + 1, &mount);
    if (error < 0)
        return error;
    mount->is_packagefs = 1;
    mount->device = vfs->packagefs[location];
    vfs->volumes[mount->device - HK_DEVICE_FIRST] = mount;
    for (size_t i = 0; error == 0 && i < SHOWN_THROUGH; i++)
        error = add_shown_through(vfs, mount, location, shown_through[i]);
    return error;
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
    size_t room = config->bind_count + config->offer_count + 2 +
                  HK_LOCATION_COUNT * (1 + SHOWN_THROUGH);
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
    for (int i = 0; error == 0 && i < HK_LOCATION_COUNT; i++)
        error = add_packagefs(vfs, (enum hk_location)i);
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
        if (vfs->volumes[i] != NULL &&
            vfs->volumes[i]->host_device == host_device)
            return vfs->volumes[i]->device;
    return (int32_t)(NESTED_DEVICE | (major(host_device) & 0x3ff) << 20 |
                     (minor(host_device) & 0xfffff));
}

int hk_is_nested_device(int32_t device)
{
    return ((uint32_t)device & NESTED_DEVICE) != 0;
}

const struct hk_mount *hk_vfs_volume(const struct hk_vfs *vfs, int32_t device)
{
    return device >= HK_DEVICE_FIRST &&
                   (uint32_t)(device - HK_DEVICE_FIRST) < vfs->volume_count
               ? vfs->volumes[device - HK_DEVICE_FIRST]
               : NULL;
}

int hk_mount_has(const struct hk_vfs *vfs, const struct hk_mount *mount,
                 const struct stat *info)
{
    if (info->st_dev != mount->host_device)
        return 0;
    if (info->st_ino == mount->host_inode)
        return 1;
    for (uint32_t i = 0; i < vfs->mount_count; i++) {
        const struct hk_mount *inner = &vfs->mounts[i];

        if (inner->around != NULL && inner->around->device == mount->device &&
            inner->host_inode == info->st_ino &&
            inner->host_device == info->st_dev)
            return 0;
    }
    return 1;
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
