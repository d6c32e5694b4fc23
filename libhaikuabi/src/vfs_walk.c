/* vfs_walk.c -- from a guest path to a host file, and back. */
/* SPDX-License-Identifier: MIT */
#include "vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_direct.h"
#include "host_open.h"
#include "known_dirs.h"
#include "range_locks.h"
#include "root.h"

/*
 * A path is taken in runs of components without ".." and without a place.
 * The host opens a run in one step, below a directory known to be inside a
 * mount and refusing symlinks, so that no run can leave the mount, whatever
 * happens to the directories meanwhile. When a run meets a symlink, its
 * components are opened one by one and the link is put in place of its name.
 * ".." is never given to the host: the directory's path inside its mount is
 * asked for, and its parent opened as a run from the mount's root.
 *
 * The root that a team has changed to is where its absolute paths begin and
 * ".." ends; a directory outside of it stays reachable for who has it.
 */

/*
 * B_MAX_SYMLINKS counts links inside of links, however many there are side by
 * side. That all of them come to an end a guest is not to wait for.
 */
enum { LINKS_MAX = 16, TAKEN_MAX = 10000 };

struct walk {
    const struct hk_vfs *vfs;
    const struct hk_node *top; /* hk_vfs.top, or NULL */
    struct hk_node at; /* where rest begins; a directory, if it is to work */
    int is_borrowed;   /* at.fd is the caller's */
    unsigned flags;    /* enum hk_walk_flags */
    int host_flags;
    mode_t mode;
    int links, links_max;  /* that what is next is inside of */
    int taken;             /* links in all */
    char *rest;            /* what is still to go, in buffer */
    char *ends[LINKS_MAX]; /* of the links: what comes behind each */
    char buffer[PATH_MAX]; /* filled at its end */
};

static size_t name_length(const char *path)
{
    return (size_t)(strchrnul(path, '/') - path);
}

static size_t slashes(const char *path)
{
    size_t count = 0;

    while (path[count] == '/')
        count++;
    return count;
}

static void move_to(struct walk *walk, struct hk_node node)
{
    if (!walk->is_borrowed && walk->at.fd >= 0)
        close(walk->at.fd);
    walk->at = node;
    walk->is_borrowed = 0;
}

/* Where absolute paths begin. */
static void move_to_top(struct walk *walk)
{
    if (walk->top == NULL) {
        move_to(walk, hk_place_node(walk->vfs->root));
        return;
    }
    move_to(walk, *walk->top);
    walk->is_borrowed = 1;
}

/* Puts a path before what is still to go. */
static int32_t put_before(struct walk *walk, const char *path)
{
    size_t length = strlen(path);
    size_t room = (size_t)(walk->rest - walk->buffer);

    if (length + 1 > room)
        return HK_B_NAME_TOO_LONG;
    if (walk->rest[0] != '\0')
        *--walk->rest = '/';
    walk->rest -= length;
    memcpy(walk->rest, path, length);
    return HK_B_OK;
}

static int is_write(int flags)
{
    return !(flags & O_PATH) &&
           ((flags & O_ACCMODE) != O_RDONLY || flags & (O_TRUNC | O_CREAT));
}

typedef int (*opener)(int directory, const char *path, int flags, mode_t mode);

static int is_read(int flags)
{
    return !(flags & (O_PATH | O_TRUNC)) && (flags & O_ACCMODE) == O_RDONLY;
}

/* A file is truncated when it is known to be the layer's own. */
static int truncate_open(int fd)
{
    char path[HK_FD_PATH_SIZE];
    struct stat info;

    if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
        return 0;
    hk_host_fd_path(fd, path);
    return truncate(path, 0) < 0 ? errno : 0;
}

/* Opens in a layer. A file of a package becomes the layer's own before it is
 * written to; one to be read gets its content when the walk has ended. */
static int open_in_layer(const struct hk_mount *mount, opener open_path,
                         int directory, const char *path, int flags,
                         mode_t mode)
{
    int fd = open_path(directory, path, flags & ~O_TRUNC, mode);
    int error;

    if (fd < 0 || flags & O_PATH || is_read(flags))
        return fd;
    error = hk_content_settle(mount->layer, fd,
                              flags & O_TRUNC ? HK_CONTENT_FOR_NOTHING
                                              : HK_CONTENT_FOR_WRITING,
                              mount->range_locks);
    if (error == 0 && flags & O_TRUNC)
        error = truncate_open(fd);
    if (error == 0)
        return fd;
    hk_range_locks_close(mount->range_locks, fd);
    errno = error;
    return -1;
}

/* Opens in a mount: one that is read-only gives what exists for reading. */
static int open_in(const struct hk_mount *mount, opener open_path,
                   int directory, const char *path, int flags, mode_t mode)
{
    struct stat info;
    int is_link;
    int fd;

    if (mount->layer != NULL)
        return open_in_layer(mount, open_path, directory, path, flags, mode);
    if (!mount->read_only || !is_write(flags))
        return open_path(directory, path, flags, mode);
    fd = open_path(directory, path, O_PATH, 0);
    if (fd < 0) {
        if (errno == ENOENT && flags & O_CREAT)
            errno = EROFS;
        return -1;
    }
    is_link = fstat(fd, &info) == 0 && S_ISLNK(info.st_mode);
    close(fd);
    if (flags & O_CREAT && flags & O_EXCL)
        errno = EEXIST;
    else if (is_link)
        errno = ELOOP;
    else if (is_write(flags & ~O_CREAT))
        errno = EROFS;
    else
        return open_path(directory, path, flags & ~O_CREAT, 0);
    return -1;
}

/* A descriptor of the directory that the walk is at, or an error. */
static int directory_fd(struct walk *walk)
{
    const struct hk_place *place = walk->at.place;
    int fd;

    if (walk->at.fd >= 0)
        return walk->at.fd;
    if (place->under == NULL)
        return HK_B_ENTRY_NOT_FOUND;
    fd = hk_host_open_below(place->under->fd, place->path_under,
                            O_PATH | O_DIRECTORY, 0);
    if (fd < 0)
        return hk_status_from_errno(errno);
    walk->at.fd = fd;
    return fd;
}

static int is_directory(const struct hk_place *place)
{
    return place->device == NULL &&
           (place->mount == NULL || place->mount->is_directory);
}

/* A bind of one file. */
static int open_file_mount(const struct hk_mount *mount, int host_flags)
{
    if (mount->read_only && is_write(host_flags)) {
        errno = EROFS;
        return -1;
    }
    return hk_host_reopen(mount->fd, host_flags);
}

/* Which pseudo-terminal it is, hk_pty_open says. */
static int open_device(const struct hk_place *place, int host_flags)
{
    if (place->pty != HK_PTY_NONE)
        return open(place->device,
                    O_PATH | O_CLOEXEC | (host_flags & O_DIRECTORY));
    return hk_host_open_leaf(AT_FDCWD, place->device, host_flags, 0);
}

int32_t hk_place_open(const struct hk_place *place, int host_flags,
                      struct hk_node *node)
{
    const struct hk_mount *under = place->under;

    *node = (struct hk_node){place, under, -1, 0};
    if (host_flags & O_CREAT && host_flags & O_EXCL)
        return HK_B_FILE_EXISTS;
    host_flags &= ~O_CREAT;
    if (is_directory(place)) {
        if (is_write(host_flags))
            return HK_B_IS_A_DIRECTORY;
        if (under == NULL)
            return HK_B_OK;
        node->fd = hk_host_open_below(under->fd, place->path_under,
                                      host_flags | O_DIRECTORY, 0);
    } else if (place->device != NULL) {
        node->fd = open_device(place, host_flags);
    } else {
        node->fd = open_file_mount(under, host_flags);
    }
    if (node->fd >= 0)
        return HK_B_OK;
    if (!is_directory(place) || place->mount != NULL)
        return hk_status_from_errno(errno);
    /* The host has no such directory below a mount: it is synthetic. */
    node->mount = NULL;
    return HK_B_OK;
}

/* 1 when the walk is at the team's own root. */
static int is_at_top(const struct walk *walk)
{
    struct stat at, top;

    if (walk->top == NULL)
        return 0;
    if (walk->at.place != NULL || walk->top->place != NULL)
        return walk->at.place == walk->top->place;
    return fstat(walk->at.fd, &at) == 0 && fstat(walk->top->fd, &top) == 0 &&
           at.st_dev == top.st_dev && at.st_ino == top.st_ino;
}

/* ".." of a place is that above it; that of any other directory is found by
 * walking to it from the root. */
static int32_t step_up(struct walk *walk)
{
    char path[PATH_MAX];
    int32_t length;

    if (is_at_top(walk))
        return HK_B_OK;
    if (walk->at.place != NULL) {
        if (walk->at.place->parent != NULL)
            move_to(walk, hk_place_node(walk->at.place->parent));
        return HK_B_OK;
    }
    length = hk_node_path_was(&walk->at, path, sizeof(path));
    if (length < 0)
        return length;
    strrchr(path, '/')[1] = '\0';
    length = put_before(walk, path);
    if (length == HK_B_OK)
        move_to(walk, hk_place_node(walk->vfs->root));
    return length;
}

/* The end of the components that the host may open in one step. */
static char *run_end(char *path)
{
    char *end = path;

    for (;;) {
        char *name = path + slashes(path);
        size_t length = name_length(name);

        if (length == 0)
            return name;
        if (length == 2 && name[0] == '.' && name[1] == '.')
            return end;
        path = name + length;
        end = path;
    }
}

/* Opens the run at the beginning of what is still to go, up to end. */
static int open_run(struct walk *walk, char *end, int is_last)
{
    const struct hk_place *place = walk->at.place;
    int directory = place != NULL ? place->under->fd : walk->at.fd;
    int nofollow = walk->flags & HK_WALK_FOLLOW ? 0 : O_NOFOLLOW;
    char *path = walk->rest;
    char saved = *end;
    int fd;

    if (place != NULL && place->under != place->mount) {
        size_t length = strlen(place->path_under);

        if (length + 1 > (size_t)(path - walk->buffer)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        *--path = '/';
        path -= length;
        memcpy(path, place->path_under, length);
    }
    *end = '\0';
    fd = is_last ? open_in(walk->at.mount, hk_host_open_below, directory, path,
                           walk->host_flags | nofollow, walk->mode)
                 : hk_host_open_below(directory, path, O_PATH | O_DIRECTORY, 0);
    *end = saved;
    return fd;
}

/* Goes into the directory of a run. 0: errno says why not. */
static int enter_run(struct walk *walk, char *end)
{
    int fd = open_run(walk, end, 0);

    if (fd < 0)
        return 0;
    move_to(walk, (struct hk_node){NULL, walk->at.mount, fd, 0});
    walk->rest = end;
    return 1;
}

/* The last component is a symlink, open as fd. */
static int32_t finish_at_link(const struct walk *walk, int fd,
                              struct hk_node *node)
{
    int32_t status = HK_B_LINK_LIMIT;

    if (walk->host_flags & O_CREAT && walk->host_flags & O_EXCL)
        status = HK_B_FILE_EXISTS;
    else if (walk->host_flags & O_PATH || walk->flags & HK_WALK_LINK)
        status =
            walk->host_flags & O_DIRECTORY ? HK_B_NOT_A_DIRECTORY : HK_B_OK;
    if (status == HK_B_OK)
        *node = (struct hk_node){NULL, walk->at.mount, fd, 0};
    else
        close(fd);
    return status;
}

enum { WALK_ON = 1 }; /* no status: the walk goes on */

/* What was looked at is something else by now. */
static int32_t look_again(struct walk *walk)
{
    return ++walk->taken > TAKEN_MAX ? HK_B_LINK_LIMIT : WALK_ON;
}

static int32_t follow_link(struct walk *walk, char *target, size_t length)
{
    if (walk->links >= walk->links_max || ++walk->taken > TAKEN_MAX)
        return HK_B_LINK_LIMIT;
    walk->ends[walk->links++] = walk->rest;
    if (walk->rest[0] == '\0') {
        while (length > 1 && target[length - 1] == '/')
            length--;
        /* What a link leads to R1/beta4 does not make. */
        if (walk->vfs->release == HK_R1BETA4)
            walk->host_flags &= ~O_CREAT;
    }
    target[length] = '\0';
    if (target[0] == '/')
        move_to_top(walk);
    return length == 0 ? HK_B_ENTRY_NOT_FOUND : put_before(walk, target);
}

static int32_t open_leaf(struct walk *walk, int directory, const char *name,
                         struct hk_node *node)
{
    int fd = open_in(walk->at.mount, hk_host_open_leaf, directory, name,
                     walk->host_flags, walk->mode);

    if (fd < 0 && errno == ELOOP)
        return look_again(walk);
    *node = (struct hk_node){NULL, walk->at.mount, fd, 0};
    return fd < 0 ? hk_status_from_errno(errno) : HK_B_OK;
}

static int is_symlink(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 && S_ISLNK(info.st_mode);
}

/* The walk ends at a symlink. */
static int32_t open_link(struct walk *walk, int directory, const char *name,
                         struct hk_node *node)
{
    int fd = hk_host_open_leaf(directory, name, O_PATH, 0);

    if (fd < 0)
        return hk_status_from_errno(errno);
    if (is_symlink(fd))
        return finish_at_link(walk, fd, node);
    close(fd);
    return look_again(walk);
}

/* The component at the beginning of what is still to go is a symlink; next:
 * what comes after it. */
static int32_t take_link(struct walk *walk, char *next, char *target,
                         size_t length)
{
    int32_t status;

    while (walk->links > 0 && walk->rest >= walk->ends[walk->links - 1])
        walk->links--;
    walk->rest = next;
    status = follow_link(walk, target, length);
    return status == HK_B_OK ? WALK_ON : status;
}

/* Goes into a component that is no symlink, or ends there. */
static int32_t take_name(struct walk *walk, int directory, const char *name,
                         char *next, struct hk_node *node)
{
    int fd;

    if (*next == '\0')
        return open_leaf(walk, directory, name, node);
    fd = hk_host_open_leaf(directory, name, O_PATH, 0);
    if (fd < 0)
        return hk_status_from_errno(errno);
    move_to(walk, (struct hk_node){NULL, walk->at.mount, fd, 0});
    walk->rest = next;
    return WALK_ON;
}

/* Takes the first component of what is still to go by itself. */
static int32_t step(struct walk *walk, struct hk_node *node)
{
    size_t length = name_length(walk->rest);
    char *next = walk->rest + length + slashes(walk->rest + length);
    char name[NAME_MAX + 1], target[PATH_MAX];
    int directory = directory_fd(walk);
    ssize_t target_length;

    if (directory < 0)
        return directory;
    if (length > NAME_MAX)
        return HK_B_NAME_TOO_LONG;
    memcpy(name, walk->rest, length);
    name[length] = '\0';
    target_length = readlinkat(directory, name, target, sizeof(target) - 1);
    if (target_length >= 0)
        return *next == '\0' && !(walk->flags & HK_WALK_FOLLOW)
                   ? open_link(walk, directory, name, node)
                   : take_link(walk, next, target, (size_t)target_length);
    if (errno == EINVAL ||
        (errno == ENOENT && *next == '\0' && walk->host_flags & O_CREAT))
        return take_name(walk, directory, name, next, node);
    return hk_status_from_errno(errno);
}

/* Goes as far as the directory of a run's last component; 0 when there is
 * none or a symlink on the way. */
static int shorten(struct walk *walk, char *end)
{
    while (end > walk->rest && end[-1] != '/')
        end--;
    while (end > walk->rest && end[-1] == '/')
        end--;
    return end > walk->rest && enter_run(walk, end);
}

static int32_t take_run(struct walk *walk, struct hk_node *node)
{
    char *end = run_end(walk->rest);
    int fd;

    if (walk->at.mount == NULL)
        return walk->rest[name_length(walk->rest)] == '\0' &&
                       walk->host_flags & O_CREAT
                   ? HK_B_READ_ONLY_DEVICE
                   : HK_B_ENTRY_NOT_FOUND;
    if (*end != '\0') {
        if (enter_run(walk, end))
            return WALK_ON;
    } else {
        fd = open_run(walk, end, 1);
        if (fd >= 0) {
            *node = (struct hk_node){NULL, walk->at.mount, fd, 0};
            return HK_B_OK;
        }
    }
    if (errno != ELOOP)
        return hk_status_from_errno(errno);
    return shorten(walk, end) ? WALK_ON : step(walk, node);
}

static int is_name(const char *path, size_t length, const char *name)
{
    return length == strlen(name) && memcmp(path, name, length) == 0;
}

/* One step of the walk, small or large. */
static int32_t go_on(struct walk *walk, struct hk_node *node)
{
    const struct hk_place *place = walk->at.place;
    size_t length;

    walk->rest += slashes(walk->rest);
    length = name_length(walk->rest);
    if (length == 0 && place != NULL)
        return hk_place_open(place, walk->host_flags, node);
    if (length == 0) /* the team's own root */
        return put_before(walk, ".") == HK_B_OK ? WALK_ON : HK_B_NAME_TOO_LONG;
    if (place != NULL && !is_directory(place))
        return HK_B_NOT_A_DIRECTORY;
    if (is_name(walk->rest, length, "..")) {
        int32_t status;

        walk->rest += length;
        status = step_up(walk);
        return status == HK_B_OK ? WALK_ON : status;
    }
    if (place != NULL) {
        const struct hk_place *child =
            hk_place_child(place, walk->rest, length);

        if (child == NULL && !is_name(walk->rest, length, "."))
            return take_run(walk, node);
        walk->rest += length;
        if (child != NULL)
            move_to(walk, hk_place_node(child));
        return WALK_ON;
    }
    return take_run(walk, node);
}

/* What a walk is to do, and how it begins. */
static int32_t walk_path(struct walk *walk, const char *path,
                         struct hk_node *node)
{
    size_t length = strlen(path);
    int32_t status;

    if (walk->host_flags & O_CREAT && walk->host_flags & O_EXCL)
        walk->flags = 0; /* a symlink is there already */
    walk->links = 0;
    walk->taken = 0;
    walk->is_borrowed = 1;
    /* Slashes at the end ask for nothing but the link's target, from R1/beta6
     * on for a directory; of what may be made they mean nothing. */
    while (length > 1 && path[length - 1] == '/') {
        length--;
        if (walk->host_flags & O_CREAT)
            continue;
        walk->flags |= HK_WALK_FOLLOW;
        if (walk->vfs->release >= HK_R1BETA6)
            walk->host_flags |= O_DIRECTORY;
    }
    walk->rest = walk->buffer + sizeof(walk->buffer) - length - 1;
    memcpy(walk->rest, path, length);
    walk->rest[length] = '\0';
    do
        status = go_on(walk, node);
    while (status == WALK_ON);
    if (!walk->is_borrowed && walk->at.fd >= 0)
        close(walk->at.fd);
    return status;
}

/* Most paths are a name in an open directory, which is opened in one step. 0:
 * it is more than that, or a symlink. */
static int open_name(const struct walk *walk, const char *path,
                     struct hk_node *node, int32_t *status)
{
    const struct hk_node *at = &walk->at;
    int fd;

    if (walk->host_flags & (O_PATH | O_DIRECTORY) ||
        !hk_node_has_name(at, path))
        return 0;
    fd = open_in(at->mount, hk_host_open_leaf, at->fd, path, walk->host_flags,
                 walk->mode);
    if (fd < 0 && errno == ELOOP)
        return 0;
    *node = (struct hk_node){NULL, at->mount, fd, 0};
    *status = fd < 0 ? hk_status_from_errno(errno) : HK_B_OK;
    return 1;
}

/* From a directory that is known: 0 when there is none for the path, or it is
 * there no more. */
static int walk_from_known(struct walk *walk, const char *path,
                           struct hk_node *node, int32_t *status)
{
    const char *leaf;
    struct hk_known_dir *dir =
        hk_known_dir_get(walk->vfs, &walk->at, path, &leaf);
    struct hk_node start = walk->at;
    unsigned flags = walk->flags;
    int is_done;

    if (dir == NULL)
        return 0;
    walk->at = *hk_known_dir_node(dir);
    if (!open_name(walk, leaf, node, status))
        *status = walk_path(walk, leaf, node);
    walk->at = start;
    walk->flags = flags;
    is_done = *status != HK_B_ENTRY_NOT_FOUND || hk_known_dir_is_there(dir);
    hk_known_dir_put(dir);
    return is_done;
}

static struct hk_node start_of(const struct walk *walk,
                               const struct hk_node *start, const char *path)
{
    if (path[0] != '/')
        return *start;
    return walk->top != NULL ? *walk->top : hk_place_node(walk->vfs->root);
}

static const struct hk_node *top_of(const struct hk_vfs *vfs, unsigned flags)
{
    const struct hk_top *top =
        flags & HK_WALK_WHOLE
            ? NULL
            : atomic_load_explicit(&vfs->top, memory_order_acquire);

    return top != NULL ? &top->node : NULL;
}

/* A file of a layer that is open for reading has its content. */
static int32_t settle(struct hk_node *node)
{
    int error;

    if (node->mount == NULL || node->mount->layer == NULL || node->fd < 0)
        return HK_B_OK;
    error = hk_content_settle(node->mount->layer, node->fd,
                              HK_CONTENT_FOR_READING, node->mount->range_locks);
    if (error == 0)
        return HK_B_OK;
    hk_range_locks_close(node->mount->range_locks, node->fd);
    node->fd = -1;
    return hk_status_from_errno(error);
}

int32_t hk_vfs_open(const struct hk_vfs *vfs, const struct hk_node *start,
                    const char *path, unsigned walk_flags, int host_flags,
                    mode_t mode, struct hk_node *node)
{
    struct walk walk;
    int32_t status;

    if (path[0] == '\0')
        return HK_B_ENTRY_NOT_FOUND;
    if (strlen(path) >= HK_PATH_LENGTH)
        return HK_B_NAME_TOO_LONG;
    /* An inherited descriptor belongs to no mount. */
    if (path[0] != '/' && start->place == NULL && start->mount == NULL)
        return HK_B_NOT_A_DIRECTORY;
    walk.vfs = vfs;
    walk.top = top_of(vfs, walk_flags);
    walk.flags = walk_flags;
    walk.host_flags = host_flags;
    walk.mode = mode;
    walk.links_max = LINKS_MAX;
    walk.at = start_of(&walk, start, path);
    if (!open_name(&walk, path, node, &status) &&
        (walk.top != NULL || !walk_from_known(&walk, path, node, &status)))
        status = walk_path(&walk, path, node);
    if (status == HK_B_OK && is_read(host_flags) &&
        !(walk_flags & HK_WALK_PIECES))
        status = settle(node);
    return status;
}

int32_t hk_vfs_walk_plain(const struct hk_vfs *vfs, const struct hk_node *start,
                          const char *path, struct hk_node *node)
{
    struct walk walk = {.vfs = vfs,
                        .flags = HK_WALK_FOLLOW,
                        .host_flags = O_PATH | O_DIRECTORY};

    walk.at = start_of(&walk, start, path);
    return walk_path(&walk, path, node);
}

static int is_same_node(const struct hk_node *a, const struct hk_node *b)
{
    struct stat first, second;

    if (a->place != b->place || a->mount != b->mount)
        return 0;
    if (a->place != NULL)
        return 1;
    return fstat(a->fd, &first) == 0 && fstat(b->fd, &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

int32_t hk_vfs_change_root(struct hk_vfs *vfs, struct hk_node node)
{
    struct hk_top *before = atomic_load(&vfs->top);
    struct hk_top *made;

    if (before != NULL && is_same_node(&before->node, &node)) {
        hk_node_close(&node);
        return HK_B_OK;
    }
    made = malloc(sizeof(*made));
    if (made == NULL) {
        hk_node_close(&node);
        return HK_B_NO_MEMORY;
    }
    made->node = node;
    made->before = before;
    while (!atomic_compare_exchange_weak_explicit(&vfs->top, &made->before,
                                                  made, memory_order_acq_rel,
                                                  memory_order_acquire))
        continue;
    return HK_B_OK;
}

void hk_node_close(struct hk_node *node)
{
    if (node->fd >= 0)
        hk_host_close(node->fd);
    node->fd = -1;
}

int32_t hk_node_make_own(const struct hk_team *team, const struct hk_node *node)
{
    struct hk_range_locks *locks = hk_range_locks_of(team);
    struct hk_content content;
    struct stat info;
    int fd, error;

    if (node->mount == NULL || node->mount->layer == NULL || node->fd < 0 ||
        fstat(node->fd, &info) < 0 || !S_ISREG(info.st_mode) ||
        (hk_content_look(node->fd, &content) == 0 &&
         content.state == HK_CONTENT_NONE))
        return HK_B_OK;
    fd = hk_range_locks_reopen(locks, node->fd, O_RDONLY);
    if (fd < 0)
        return hk_status_from_errno(errno);
    error = hk_content_settle(node->mount->layer, fd, HK_CONTENT_FOR_WRITING,
                              locks);
    hk_range_locks_close(locks, fd);
    return error == 0 ? HK_B_OK : hk_status_from_errno(error);
}
