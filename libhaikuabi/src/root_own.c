/* root_own.c -- a user's own layer over another user's root. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "attr_store.h"
#include "host_open.h"
#include "kept_stat.h"

/*
 * The layer is a root of its own, whose packages are those of the other. Until
 * it has all that the other's layer has over them it has no manifest, and who
 * comes next begins again: nobody has used it.
 */
const char hk_root_base_name[] = "base";

int hk_root_is_others(const struct hk_root *root)
{
    struct stat st;

    return fstat(root->directory, &st) != 0 || st.st_uid != geteuid() ||
           faccessat(root->directory, "state", W_OK, AT_EACCESS) != 0;
}

int hk_root_is_own(const struct hk_root *root)
{
    return root->state >= 0;
}

int hk_root_check_own(const struct hk_root *root,
                      struct hk_package_fault *fault)
{
    struct stat st;

    if (root->base == NULL)
        return 0;
    if (stat(root->base, &st) == 0 && st.st_uid != geteuid())
        return hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                               "is another user's (uid %u), who alone adds and "
                               "removes its packages",
                               (unsigned)st.st_uid);
    return hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                           "cannot be written to: its packages stay");
}

void hk_root_hold_packages(struct hk_root *root)
{
    for (uint32_t i = 0; i < root->view.package_count; i++) {
        struct hk_view_package *package = &root->view.packages[i];
        int fd = package->is_active
                     ? hk_content_open_package(root, package->number)
                     : -1;

        package->held = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : 0;
        if (fd >= 0)
            close(fd);
    }
}

/* ---- the place ---- */

/* What of a directory's path tells it from others: its name, for people, and a
 * hash of all (FNV-1a). */
static void name_layer(const char *path, char name[NAME_MAX + 1])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (const char *at = path; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
    snprintf(name, NAME_MAX + 1, "%.100s-%016" PRIx64, strrchr(path, '/') + 1,
             hash);
}

/* With all above it that are missing. */
static int make_directories(const char *path)
{
    char *part = strdup(path);
    int is_good = part != NULL;

    for (char *slash = part; is_good && slash != NULL;) {
        slash = strchr(slash + 1, '/');
        if (slash != NULL)
            *slash = '\0';
        is_good = mkdir(part, 0700) == 0 || errno == EEXIST;
        if (slash != NULL)
            *slash = '/';
    }
    free(part);
    return is_good ? 0 : -1;
}

static int is_link_to(int directory, const char *path)
{
    char target[PATH_MAX];
    ssize_t length =
        readlinkat(directory, hk_root_base_name, target, sizeof(target));

    return length >= 0 && (size_t)length == strlen(path) &&
           memcmp(target, path, (size_t)length) == 0;
}

/* Makes what is missing of an empty layer; with the lock. */
static int lay_out(const struct hk_root *base, int directory,
                   struct hk_package_fault *fault)
{
    /* The other root may be a layer itself. */
    const char *packages = base->base != NULL ? base->base : base->path;
    struct stat st;

    if (fstat(directory, &st) != 0 || st.st_uid != geteuid())
        return hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                               "is another user's");
    if (symlinkat(packages, directory, hk_root_base_name) != 0 &&
        !is_link_to(directory, packages))
        return hk_root_fail(fault, hk_root_base_name);
    return hk_root_lay_out(directory, fault);
}

static int lock_layer(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    while (fd >= 0 && flock(fd, LOCK_EX) != 0)
        if (errno != EINTR) {
            close(fd);
            return -1;
        }
    return fd;
}

int hk_root_lay_own(const struct hk_root *base, const char *own, char **path,
                    int *lock, struct hk_package_fault *fault)
{
    char name[NAME_MAX + 1];

    if (own[0] == '\0')
        return hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                               "there is no place");
    name_layer(base->path, name);
    if (asprintf(path, "%s/%s", own, name) < 0) {
        *path = NULL;
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    }
    *lock = make_directories(*path) == 0 ? lock_layer(*path) : -1;
    return *lock < 0 ? hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%s",
                                       strerror(errno))
                     : lay_out(base, *lock, fault);
}

/* ---- what the other user has written ---- */

/* What belongs to the system that runs, not to what is installed. */
static int is_left_out(const char *path)
{
    static const char *const directories[] = {
        "/boot/system/packages", "/boot/home/config/packages",
        "/boot/system/cache",    "/boot/home/config/cache",
        "/boot/system/var",      "/boot/system/package-links",
    };

    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        size_t length = strlen(directories[i]);

        if (strncmp(path, directories[i], length) == 0 &&
            (path[length] == '\0' || path[length] == '/'))
            return 1;
    }
    return 0;
}

/* One entry on its way. */
struct copying {
    const struct hk_root *base, *layer;
    struct hk_package_fault *fault;
    const char *path; /* with a slash before it */
    int from, to;     /* the directories that it is in */
    const char *name;
    struct stat info;
};

static int fail(const struct copying *copying)
{
    return hk_root_fail(copying->fault, copying->path);
}

/* Attributes that cannot be kept here stay behind. */
static void copy_attributes(const struct copying *copying, int from, int to)
{
    const struct hk_root *base = copying->base, *layer = copying->layer;
    struct hk_attr_value value;
    char *names = NULL;
    size_t size = 0;

    if (hk_attr_list(base->attributes, from, &names, &size) != 0)
        return;
    for (size_t at = 0; at < size; at += strlen(names + at) + 1)
        if (hk_attr_read(base->attributes, from, names + at, &value) == 0) {
            hk_attr_write(layer->attributes, to, names + at, &value);
            free(value.bytes);
        }
    free(names);
}

static int has_content_of_package(int directory, const char *name)
{
    struct hk_content content;

    return hk_content_get_at(directory, name, &content) == 0 &&
           content.state != HK_CONTENT_NONE;
}

/* Whether the layer has a package's file of the same size and time: a copy of a
 * root may have lost what says so of its own. */
static int is_like_package(const struct copying *copying)
{
    const struct stat *info = &copying->info;
    struct stat made;

    return fstatat(copying->to, copying->name, &made, AT_SYMLINK_NOFOLLOW) ==
               0 &&
           S_ISREG(made.st_mode) && made.st_size == info->st_size &&
           made.st_mtim.tv_sec == info->st_mtim.tv_sec &&
           has_content_of_package(copying->to, copying->name);
}

static const char new_name[] = "new"; /* in the state, until it is complete */

/* Where packages have a directory it stays. */
static int put(const struct copying *copying)
{
    return renameat(copying->layer->state, new_name, copying->to,
                    copying->name) == 0 ||
                   errno == EISDIR
               ? 0
               : fail(copying);
}

static int copy_directory(const struct copying *copying)
{
    int from, to;

    if (mkdirat(copying->to, copying->name,
                (copying->info.st_mode & 0777) | 0700) != 0)
        return errno == EEXIST ? 0 : fail(copying);
    from = hk_host_open_leaf(copying->from, copying->name,
                             O_RDONLY | O_DIRECTORY, 0);
    to = hk_host_open_leaf(copying->to, copying->name, O_RDONLY | O_DIRECTORY,
                           0);
    if (from >= 0 && to >= 0)
        copy_attributes(copying, from, to);
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return 0;
}

/* Where it cannot be opened it is any link. */
static void copy_kept_of_link(const struct copying *copying)
{
    enum { LINK = O_PATH | O_NOFOLLOW | O_CLOEXEC };
    int from = openat(copying->from, copying->name, LINK);
    int to = openat(copying->layer->state, new_name, LINK);

    if (from >= 0 && to >= 0) {
        copy_attributes(copying, from, to);
        hk_keep_link_mode(
            copying->layer->attributes, to,
            hk_kept_link_mode(copying->base->attributes, from, "") & 07777);
    }
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
}

/* Whether the layer's link has the mode of the other's; one that may have lost
 * its own, which is then any link's, has changed in nothing. */
static int has_mode_of_link(const struct copying *copying)
{
    uint32_t mode = hk_kept_link_mode(copying->base->attributes, copying->from,
                                      copying->name) &
                    07777;

    return mode == 0777 ||
           mode == (hk_kept_link_mode(copying->layer->attributes, copying->to,
                                      copying->name) &
                    07777);
}

static int copy_link(const struct copying *copying)
{
    char target[PATH_MAX], there[PATH_MAX];
    int state = copying->layer->state;
    ssize_t length =
        readlinkat(copying->from, copying->name, target, sizeof(target) - 1);
    ssize_t made = readlinkat(copying->to, copying->name, there, sizeof(there));

    if (length < 0 ||
        (made == length && memcmp(there, target, (size_t)length) == 0 &&
         has_mode_of_link(copying)))
        return 0;
    target[length] = '\0';
    unlinkat(state, new_name, 0);
    if (symlinkat(target, state, new_name) != 0)
        return fail(copying);
    copy_kept_of_link(copying);
    return put(copying);
}

static int fill(const struct copying *copying, int from, int to)
{
    const struct stat *info = &copying->info;
    const struct timespec times[] = {info->st_atim, info->st_mtim};

    if (hk_root_copy(from, to) != 0)
        return fail(copying);
    copy_attributes(copying, from, to);
    return fchmod(to, info->st_mode & 0777) == 0 && futimens(to, times) == 0
               ? 0
               : fail(copying);
}

static int copy_file(const struct copying *copying)
{
    int state = copying->layer->state;
    int from = is_like_package(copying)
                   ? -1
                   : hk_host_open_leaf(copying->from, copying->name,
                                       O_RDONLY | O_NONBLOCK, 0);
    int to, error;

    if (from < 0)
        return 0; /* it is there, or not for this user's eyes */
    unlinkat(state, new_name, 0);
    to = openat(state, new_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    error = to < 0 ? fail(copying) : fill(copying, from, to);
    if (to >= 0)
        close(to);
    close(from);
    return error == 0 ? put(copying) : error;
}

/* What is neither file, directory nor link is nothing to be installed. */
static int copy_entry(struct copying *copying)
{
    char parent[PATH_MAX];
    int error = 0;

    if (S_ISREG(copying->info.st_mode) &&
        has_content_of_package(copying->from, copying->name))
        return 0; /* most of them */
    snprintf(parent, sizeof(parent), ".%.*s",
             (int)(strrchr(copying->path, '/') - copying->path), copying->path);
    copying->to = hk_host_open_below(copying->layer->files, parent,
                                     O_PATH | O_DIRECTORY, 0);
    if (copying->to < 0)
        return errno == ELOOP || errno == ENOTDIR ? 0 : fail(copying);
    if (S_ISDIR(copying->info.st_mode))
        error = copy_directory(copying);
    else if (S_ISLNK(copying->info.st_mode))
        error = copy_link(copying);
    else if (S_ISREG(copying->info.st_mode))
        error = copy_file(copying);
    close(copying->to);
    return error;
}

int hk_root_copy_own(const struct hk_root *base, const struct hk_root *layer,
                     struct hk_package_fault *fault)
{
    struct hk_root_walk *walk = hk_root_walk_new(base->files);
    struct copying copying = {.base = base, .layer = layer, .fault = fault};
    int error = 0;

    if (walk == NULL)
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    copying.path = walk->path;
    while ((copying.name =
                hk_root_walk_next(walk, &copying.from, &copying.info)) != NULL)
        if (error == 0 && !is_left_out(walk->path))
            error = copy_entry(&copying);
    free(walk);
    return error;
}
