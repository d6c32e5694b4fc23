/* vfs.h -- what a guest sees of the host's files. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_VFS_H
#define HK_VFS_H

#include <sys/stat.h>
#include <sys/types.h>

#include <haikuabi/root.h>

#include "kernel.h"

/*
 * The guest's files are those of a few mounts: host directories or files
 * (the root and the binds), each at a guest path. The paths of the mounts and
 * of the devices form a small tree of places that never changes; a place
 * without a host directory of its own is a synthetic directory.
 */
struct hk_mount {
    int fd; /* O_PATH, of its root */
    dev_t host_device;
    ino_t host_inode; /* of its root */
    int32_t device;   /* the volume's id */
    /* A directory of that mount's, which ends there, at its own place. */
    const struct hk_mount *around;
    int is_packagefs; /* a volume that tells of itself as Haiku's do */
    int is_directory;
    int read_only;
    const struct hk_root *layer; /* its files may be those of packages */
    const struct hk_attr_store *attributes; /* that its files cannot keep */
    struct hk_range_locks *range_locks;     /* the team's */
    struct hk_place *place;
    char *name; /* of the volume */
};

enum hk_pty_end { HK_PTY_NONE, HK_PTY_MASTER, HK_PTY_SLAVE };

#define HK_PTY_ANY UINT32_MAX /* the first that is free */

struct hk_place {
    char *name; /* "" for the root */
    struct hk_place *parent;
    struct hk_place *children;
    struct hk_place *next;
    struct hk_mount *mount; /* attached here, or NULL */
    const char *device;     /* path of the host's device, or NULL */
    enum hk_pty_end pty;    /* it stands for an end of one (pty.h): */
    uint32_t pty_index;
    int is_closed; /* the host's files below are not looked at */
    int64_t inode; /* when synthetic */
    /* Where the host keeps what is here: below the root of a mount. NULL
     * when it can keep nothing here. */
    const struct hk_mount *under;
    char *path_under; /* "." for the mount's root itself */
};

/*
 * A file, found. place: when it is one. mount: NULL when synthetic. fd: a
 * host descriptor, -1 when synthetic; the node's own unless it is borrowed.
 * number: that of a working directory (known_dirs.h), or 0.
 */
struct hk_node {
    const struct hk_place *place;
    const struct hk_mount *mount;
    int fd;
    uint64_t number;
};

enum hk_walk_flags {
    HK_WALK_FOLLOW = 1, /* a symlink at the path's end is followed */
    HK_WALK_LINK = 2,   /* or else opened by itself, as if by O_PATH */
    HK_WALK_PIECES = 4, /* content to be read may be pending: the caller has
                           hk_pieces_open look for it */
    HK_WALK_WHOLE = 8   /* from the root of all, whatever change_root said */
};

/* Where the paths of a team begin that has changed its root, and ".." ends. */
struct hk_top {
    struct hk_node node;
    struct hk_top *before; /* what it was; walks may still begin there */
};

/* Volume ids. Those of mounts follow: the root's own, which are the same for
 * all teams, and the binds' in the order of the configuration. The root is of
 * the first when it has no directory "boot". */
enum { HK_DEVICE_ROOTFS = 1, HK_DEVICE_DEVFS = 2, HK_DEVICE_FIRST = 3 };

struct hk_vfs {
    struct hk_place *root;
    struct hk_mount *mounts;
    uint32_t mount_count;
    const struct hk_mount *boot;          /* when it is a volume of its own */
    const struct hk_mount **volumes;      /* of each the first mount, or NULL */
    uint32_t volume_count;                /* ids from HK_DEVICE_FIRST on */
    int32_t packagefs[HK_LOCATION_COUNT]; /* the ids of theirs, or 0 */
    int64_t last_inode;                   /* of a place */
    struct hk_known_dirs *known_dirs;
    struct hk_attr_store *attributes; /* of what is no layer; or NULL */
    struct hk_range_locks *range_locks;
    struct hk_top *_Atomic top; /* NULL: the root of all */
    enum hk_release release;    /* whose rules paths follow */
    /* The host's numbers of who runs this, which are the guest's 0. */
    uint32_t user, group;
};

/* 0 or HK_ERR_*. */
int hk_vfs_new(const struct hk_config *config, struct hk_vfs **vfs);
void hk_vfs_free(struct hk_vfs *vfs);

/*
 * Finds a path (at most HK_PATH_LENGTH - 1 bytes) and opens it with the
 * host's open(2) flags and mode; O_PATH for a look only. start: where a
 * relative path begins. Nothing outside of the mounts is ever reached. Returns
 * B_OK and a node that the caller closes, or an error.
 */
int32_t hk_vfs_open(const struct hk_vfs *vfs, const struct hk_node *start,
                    const char *path, unsigned walk_flags, int host_flags,
                    mode_t mode, struct hk_node *node);

/* Opens a directory by O_PATH, as hk_vfs_open does, that no symlink leads to;
 * B_LINK_LIMIT when one does. */
int32_t hk_vfs_walk_plain(const struct hk_vfs *vfs, const struct hk_node *start,
                          const char *path, struct hk_node *node);

/* Opens the directory of a path's last component by O_PATH, and copies that
 * component ("." for the root). Returns B_OK or an error; with a start of NULL
 * B_FILE_ERROR when nothing is wrong with the path itself. */
int32_t hk_vfs_open_parent(const struct hk_vfs *vfs,
                           const struct hk_node *start, const char *path,
                           struct hk_node *directory,
                           char leaf[HK_FILE_NAME_LENGTH]);

/* The node, which is taken over, becomes where the team's paths begin. B_OK or
 * B_NO_MEMORY. */
int32_t hk_vfs_change_root(struct hk_vfs *vfs, struct hk_node node);

void hk_node_close(struct hk_node *node);

/* Before content or attributes are changed without opening the node for
 * writing: a file of a package becomes the layer's own. */
int32_t hk_node_make_own(const struct hk_team *team,
                         const struct hk_node *node);

/* Whether a path is the name of an entry, and no place, in an open directory
 * of a mount: the host may look it up there, as long as it follows no symlink.
 */
int hk_node_has_name(const struct hk_node *directory, const char *path);

/* The place of that name in a directory, or NULL. */
const struct hk_place *hk_node_child(const struct hk_node *directory,
                                     const char *name);

/* The guest path of a directory, now, from the root of all; that which it had
 * when it is removed; and as the team has it, from its own root when it is
 * below that, also of one that is removed. Returns its length or an error. */
int32_t hk_node_path(const struct hk_node *directory, char *path, size_t size);
int32_t hk_node_path_was(const struct hk_node *directory, char *path,
                         size_t size);
int32_t hk_vfs_path(const struct hk_vfs *vfs, const struct hk_node *directory,
                    char *path, size_t size);

/* normalize_path: the path without symlinks (that at its end only when
 * traverse), "." and ".."; the last component need not exist. normal has
 * HK_PATH_LENGTH bytes. */
int32_t hk_vfs_normalize(const struct hk_vfs *vfs, const struct hk_node *start,
                         const char *path, int traverse, char *normal);

/* The guest's id of the volume of a file that was found in a mount, or in none
 * (NULL); whether it is one that no mount begins with, but has inside. */
int32_t hk_vfs_device(const struct hk_vfs *vfs, const struct hk_mount *mount,
                      dev_t host_device);
int hk_is_nested_device(int32_t device);

/* The first mount of a volume, or NULL: there is no such, or none that is of
 * mounts. */
const struct hk_mount *hk_vfs_volume(const struct hk_vfs *vfs, int32_t device);

/* Whether what was found below a mount's root is of its volume. */
int hk_mount_has(const struct hk_vfs *vfs, const struct hk_mount *mount,
                 const struct stat *info);

/* Whether files may be moved and linked between two mounts. */
int hk_is_one_volume(const struct hk_mount *one, const struct hk_mount *other);

/* A node of a place; it has no descriptor. */
struct hk_node hk_place_node(const struct hk_place *place);

/* Opens what is at a place, as hk_vfs_open does. */
int32_t hk_place_open(const struct hk_place *place, int host_flags,
                      struct hk_node *node);

/* The place of that name in another, or NULL. */
const struct hk_place *hk_place_child(const struct hk_place *place,
                                      const char *name, size_t length);

/* Opens a file for reading, for the kernel's own use: a host descriptor that
 * the caller closes, or an error (below 0). */
int hk_vfs_open_host(const struct hk_vfs *vfs, const struct hk_node *start,
                     const char *path, unsigned walk_flags);

#endif
