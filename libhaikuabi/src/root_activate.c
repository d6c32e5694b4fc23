/* root_activate.c -- the files of packages into the layer, and out of it. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <zlib.h>

#include "host_open.h"
#include "kept_stat.h"

/*
 * What the layer was made of is known by the views before. An entry there
 * that the layer has as it was made is replaced or removed; one that it has
 * not, or otherwise, is the guest's doing and stays. Each step is one call of
 * the host, so that a process that is killed leaves the work to be done again
 * from the same views.
 */
struct work {
    const struct hk_root *root;
    const struct hk_view *const *before;
    const struct hk_view *view;
    struct hk_package_fault *fault;
    uint8_t *buffer;
    uint8_t *is_touched; /* of each entry: a directory that needs its times */
    char directory[PATH_MAX]; /* the one that is open */
    int fd;                   /* of it, or -1 and error */
    int error;                /* of the host's; absence is none */
    int is_open;
    int is_unmarked; /* the root has lost its extended attributes */
};

/* The state has it once a view is active, and a copy without them has not. */
static const char mark[] = "user.uvm.activated";

int hk_root_is_marked(const struct hk_root *root)
{
    return fgetxattr(root->state, mark, NULL, 0) >= 0;
}

/* Whether the host could say that something is not there. */
static int is_absence(int error)
{
    return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

static int fail(struct work *work, const char *path)
{
    return hk_package_fail(
        work->fault, errno == ENOMEM ? HK_PACKAGE_ERR_NOMEM : HK_PACKAGE_ERR_IO,
        "/%s: %s", path, strerror(errno));
}

/* ---- directories ---- */

static void close_directory(struct work *work)
{
    if (work->is_open && work->fd >= 0)
        close(work->fd);
    work->is_open = 0;
}

/* The directory of a path in the layer, and the path's last component. -1:
 * there is no such directory. */
static int parent_of(struct work *work, const char *path, const char **leaf)
{
    const char *slash = strrchr(path, '/');
    size_t length = (size_t)(slash - path);

    *leaf = slash + 1;
    if (work->is_open && strncmp(work->directory, path, length) == 0 &&
        work->directory[length] == '\0')
        return work->fd;
    close_directory(work);
    memcpy(work->directory, path, length);
    work->directory[length] = '\0';
    work->fd = hk_host_open_below(work->root->files, work->directory,
                                  O_PATH | O_DIRECTORY, 0);
    work->error = work->fd < 0 ? errno : 0;
    work->is_open = 1;
    return work->fd;
}

/* ---- what is there ---- */

enum there { ABSENT, AS_MADE, LOST, CHANGED, UNKNOWN };

/* A root that was copied without extended attributes: of a size, and nothing
 * behind it. */
int hk_content_is_lost(const struct stat *st, const struct hk_view_entry *entry)
{
    return S_ISREG(st->st_mode) && !entry->data.is_inline &&
           st->st_blocks == 0 && (uint64_t)st->st_size == entry->data.size;
}

/* The package of an entry, to read from; NULL, and errno, when it cannot be
 * opened. was_at_rest is for rest(). */
static struct hk_package *wake(const struct work *work,
                               const struct hk_view_package *package,
                               int *was_at_rest)
{
    *was_at_rest = hk_package_is_at_rest(package->open);
    errno = *was_at_rest ? hk_view_wake(work->root->packages, package) : 0;
    return errno == 0 ? package->open : NULL;
}

static void rest(struct hk_package *package, int was_at_rest)
{
    if (was_at_rest)
        hk_package_rest(package);
}

/* Whether a file's bytes are those of a package, or all zero (package: NULL).
 * The buffer has room for two. */
static int has_bytes(int fd, struct hk_package *package,
                     const struct hk_package_data *data, uint8_t *buffer)
{
    enum { HALF = HK_PACKAGE_BUFFER_SIZE / 2 };
    uint8_t *wanted = buffer + HALF;
    uint64_t at = 0;

    memset(wanted, 0, HALF);
    while (at < data->size) {
        size_t size = data->size - at < HALF ? (size_t)(data->size - at) : HALF;

        if (pread(fd, buffer, size, (off_t)at) != (ssize_t)size ||
            (package != NULL && hk_package_read(package, data, at, wanted, size,
                                                NULL) != (int64_t)size) ||
            memcmp(buffer, wanted, size) != 0)
            return 0;
        at += size;
    }
    return 1;
}

/* Archives and images of containers keep a file's time and, without its
 * extended attributes, the bytes that it had: the package's, or zeros. */
static int has_lost_attribute(struct work *work, int directory,
                              const char *leaf,
                              const struct hk_view_entry *entry)
{
    const struct hk_view_package *package =
        hk_view_package(work->view, entry->package);
    int fd = hk_host_open_leaf(directory, leaf, O_RDONLY | O_NONBLOCK, 0);
    struct hk_package *open = NULL;
    int is_lost, was_at_rest;

    if (fd < 0)
        return 0;
    is_lost = has_bytes(fd, NULL, &entry->data, work->buffer);
    if (!is_lost && package != NULL && package->open != NULL)
        open = wake(work, package, &was_at_rest);
    if (open != NULL) {
        is_lost = has_bytes(fd, open, &entry->data, work->buffer);
        rest(open, was_at_rest);
    }
    close(fd);
    return is_lost;
}

static enum there unmarked_there(struct work *work, int directory,
                                 const char *leaf, const struct stat *st,
                                 const struct hk_view_entry *entry)
{
    long nanos = st->st_mtim.tv_nsec; /* which most archives leave out */

    if (hk_content_is_lost(st, entry))
        return LOST;
    return work->is_unmarked && S_ISREG(st->st_mode) &&
                   (uint64_t)st->st_size == entry->data.size &&
                   st->st_mtim.tv_sec == entry->mtime &&
                   (nanos == 0 || nanos == (long)entry->mtime_nanos) &&
                   (st->st_mode & 07777) == entry->mode &&
                   has_lost_attribute(work, directory, leaf, entry)
               ? LOST
               : CHANGED;
}

static enum there file_there(struct work *work, int directory, const char *leaf,
                             const struct stat *st,
                             const struct hk_view_entry *entry)
{
    struct hk_content content;

    if (hk_content_get_at(directory, leaf, &content) != 0)
        return CHANGED;
    if (content.state == HK_CONTENT_NONE)
        return unmarked_there(work, directory, leaf, st, entry);
    return S_ISREG(st->st_mode) && (uint64_t)st->st_size == entry->data.size &&
                   st->st_mtim.tv_sec == entry->mtime &&
                   (uint32_t)st->st_mtim.tv_nsec == entry->mtime_nanos &&
                   (st->st_mode & 07777) == entry->mode &&
                   content.package == entry->package &&
                   content.data.offset == entry->data.offset &&
                   content.data.size == entry->data.size
               ? AS_MADE
               : CHANGED;
}

/* Where the host's tools have copied a link its mode is lost: it is any link's.
 */
static enum there link_there(const struct work *work, int directory,
                             const char *leaf,
                             const struct hk_view_entry *entry)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(directory, leaf, target, sizeof(target));
    uint32_t mode;

    if (length < 0 || (size_t)length != strlen(entry->target) ||
        memcmp(target, entry->target, (size_t)length) != 0)
        return CHANGED;
    mode = hk_kept_link_mode(work->root->attributes, directory, leaf) & 07777;
    return mode == 0777 || mode == entry->mode ? AS_MADE : CHANGED;
}

static enum there what_is_there(struct work *work,
                                const struct hk_view_entry *entry)
{
    const char *leaf;
    int directory = parent_of(work, entry->path, &leaf);
    struct stat st;

    if (directory < 0 ||
        fstatat(directory, leaf, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (directory < 0)
            errno = work->error;
        return is_absence(errno) ? ABSENT : UNKNOWN;
    }
    switch (entry->type) {
    case HK_PACKAGE_FILE:
        return file_there(work, directory, leaf, &st, entry);
    case HK_PACKAGE_DIRECTORY:
        return S_ISDIR(st.st_mode) ? AS_MADE : CHANGED;
    case HK_PACKAGE_LINK:
        return link_there(work, directory, leaf, entry);
    }
    return CHANGED;
}

static int is_ours(struct work *work, const struct hk_view_entry *entry)
{
    enum there there = what_is_there(work, entry);

    return there == AS_MADE || there == LOST;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct hk_view_entry *)a)->path,
                  ((const struct hk_view_entry *)b)->path);
}

static struct hk_view_entry *find(const struct hk_view *view, const char *path)
{
    const struct hk_view_entry key = {.path = (char *)path};

    return view == NULL || view->entry_count == 0
               ? NULL
               : bsearch(&key, view->entries, view->entry_count, sizeof(key),
                         by_path);
}

/* ---- removing ---- */

static int is_same_kind(const struct hk_view_entry *one,
                        const struct hk_view_entry *other)
{
    return (one->type == HK_PACKAGE_DIRECTORY) ==
           (other->type == HK_PACKAGE_DIRECTORY);
}

/* The directory that an entry is in gets its times anew. */
static void touch_parent(struct work *work, const char *path)
{
    char parent[PATH_MAX];
    const struct hk_view_entry *entry;

    snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(path, '/') - path),
             path);
    entry = find(work->view, parent);
    if (entry != NULL)
        work->is_touched[entry - work->view->entries] = 1;
}

/* Removes what a view before had and this one has not, children first. A
 * directory in which a guest has put something stays. */
static int remove_old(struct work *work, const struct hk_view *before)
{
    for (uint32_t i = before->entry_count; i-- > 0;) {
        const struct hk_view_entry *old = &before->entries[i];
        const struct hk_view_entry *new = find(work->view, old->path);
        int is_directory = old->type == HK_PACKAGE_DIRECTORY;
        int is_kept = new != NULL &&is_same_kind(old, new);
        enum there there = is_kept ? CHANGED : what_is_there(work, old);
        const char *leaf;
        int directory;

        if (there == UNKNOWN)
            return fail(work, old->path);
        if (there != AS_MADE || (is_directory && hk_root_lays_out(old->path)))
            continue;
        directory = parent_of(work, old->path, &leaf);
        if (unlinkat(directory, leaf, is_directory ? AT_REMOVEDIR : 0) != 0 &&
            errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST)
            return fail(work, old->path);
        touch_parent(work, old->path);
    }
    return 0;
}

/* ---- making ---- */

static const char new_name[] = "new"; /* in the state, until it is complete */

static int set_times(int fd, const char *leaf,
                     const struct hk_view_entry *entry)
{
    const struct timespec time = {.tv_sec = entry->mtime,
                                  .tv_nsec = (long)entry->mtime_nanos};
    const struct timespec times[] = {time, time};

    return utimensat(fd, leaf, times, AT_SYMLINK_NOFOLLOW);
}

/* What the host cannot keep or the package has damaged is left out. */
static int write_attributes(struct work *work, int fd,
                            const struct hk_view_entry *entry)
{
    struct hk_view_package *package =
        hk_view_package(work->view, entry->package);
    int lost = 0, error, was_at_rest;
    struct hk_package *open;

    if (package == NULL)
        return 0;
    open = wake(work, package, &was_at_rest);
    if (open == NULL)
        return fail(work, entry->path);
    error = hk_package_write_attributes(open, entry->attribute,
                                        work->root->attributes, fd,
                                        work->buffer, &lost, work->fault);
    rest(open, was_at_rest);
    return error == HK_PACKAGE_ERR_DAMAGED ? 0 : error;
}

/* A file of the size that it will have, whose content is pending; short
 * content comes at once. */
static int make_file(struct work *work, int fd,
                     const struct hk_view_entry *entry)
{
    const struct hk_package_data *data = &entry->data;
    struct hk_content content = hk_content_of(entry);
    int error;

    if (data->is_inline) {
        content.state = HK_CONTENT_READ;
        content.checksum = (uint32_t)crc32(0, data->bytes, (uInt)data->size);
    }
    if (data->is_inline
            ? write(fd, data->bytes, data->size) != (ssize_t)data->size
            : ftruncate(fd, (off_t)data->size) != 0)
        return fail(work, entry->path);
    errno = hk_content_set(fd, &content);
    if (errno != 0)
        return fail(work, entry->path);
    error = write_attributes(work, fd, entry);
    if (error == 0 &&
        (fchmod(fd, entry->mode) != 0 ||
         futimens(
             fd, (struct timespec[]){{entry->mtime, entry->mtime_nanos},
                                     {entry->mtime, entry->mtime_nanos}}) != 0))
        error = fail(work, entry->path);
    return error;
}

static int make_link(struct work *work, const struct hk_view_entry *entry)
{
    int state = work->root->state, fd = -1, error;

    if (symlinkat(entry->target, state, new_name) == 0)
        fd = openat(state, new_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail(work, entry->path);
    error = write_attributes(work, fd, entry);
    if (error == 0)
        hk_keep_link_mode(work->root->attributes, fd, entry->mode);
    close(fd);
    return error == 0 && set_times(state, new_name, entry) != 0
               ? fail(work, entry->path)
               : error;
}

/* Makes a file or link in the state. */
static int make_new(struct work *work, const struct hk_view_entry *entry)
{
    int state = work->root->state;
    int fd, error;

    unlinkat(state, new_name, 0);
    if (entry->type == HK_PACKAGE_LINK)
        return make_link(work, entry);
    fd = openat(state, new_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(work, entry->path);
    error = make_file(work, fd, entry);
    close(fd);
    return error;
}

/* What comes into being meanwhile is the guest's. */
static int put_leaf(struct work *work, const struct hk_view_entry *entry,
                    int replaces)
{
    const char *leaf;
    int directory = parent_of(work, entry->path, &leaf);
    int error;

    if (directory < 0)
        return 0; /* the guest has removed or moved the directory */
    error = make_new(work, entry);
    if (error == 0 &&
        renameat2(work->root->state, new_name, directory, leaf,
                  replaces ? 0 : RENAME_NOREPLACE) != 0 &&
        errno != EEXIST && errno != EISDIR)
        error = fail(work, entry->path);
    touch_parent(work, entry->path);
    return error;
}

/* Its own permissions only at the end: they may forbid writing. */
static int put_directory(struct work *work, const struct hk_view_entry *entry)
{
    const char *leaf;
    int directory = parent_of(work, entry->path, &leaf);
    int fd, error;

    if (directory < 0)
        return 0;
    if (mkdirat(directory, leaf, 0700) != 0)
        return errno == EEXIST ? 0 : fail(work, entry->path);
    fd = hk_host_open_leaf(directory, leaf, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return fail(work, entry->path);
    error = write_attributes(work, fd, entry);
    close(fd);
    work->is_touched[entry - work->view->entries] = 1;
    touch_parent(work, entry->path);
    return error;
}

/* Whether the guest has removed what is absent: each view before had it. */
static int is_removed(const struct work *work,
                      const struct hk_view_entry *entry)
{
    const struct hk_view_entry *first = find(work->before[0], entry->path);

    return first != NULL && is_same_kind(first, entry) &&
           (work->before[1] == NULL ||
            find(work->before[1], entry->path) != NULL);
}

/* Whether what is there is as a view before made it. */
static int is_replaceable(struct work *work, const struct hk_view_entry *entry)
{
    for (int i = 0; i < 2; i++) {
        const struct hk_view_entry *old = find(work->before[i], entry->path);

        if (old != NULL && old->type != HK_PACKAGE_DIRECTORY &&
            is_ours(work, old))
            return 1;
    }
    return 0;
}

/* Whether an entry stays what a view before had: there is nothing to be done,
 * wherever it is. */
static int is_kept(const struct work *work, const struct hk_view_entry *entry)
{
    for (int i = 0; i < 2; i++) {
        const struct hk_view_entry *old = find(work->before[i], entry->path);

        if (old != NULL && old->type == entry->type &&
            old->package == entry->package && old->mtime == entry->mtime &&
            old->data.offset == entry->data.offset &&
            old->data.size == entry->data.size)
            return 1;
    }
    return 0;
}

static int put_entry(struct work *work, const struct hk_view_entry *entry)
{
    enum there there = what_is_there(work, entry);

    if (there == UNKNOWN)
        return is_kept(work, entry) ? 0 : fail(work, entry->path);
    if (there == AS_MADE || (there == ABSENT && is_removed(work, entry)) ||
        (there == CHANGED &&
         (entry->type == HK_PACKAGE_DIRECTORY || !is_replaceable(work, entry))))
        return 0;
    return entry->type == HK_PACKAGE_DIRECTORY
               ? put_directory(work, entry)
               : put_leaf(work, entry, there != ABSENT);
}

/* What was put into directories has changed their times. The owner may write
 * to a directory of the layer, whatever the package says. */
static int finish_directories(struct work *work)
{
    for (uint32_t i = work->view->entry_count; i-- > 0;) {
        const struct hk_view_entry *entry = &work->view->entries[i];
        const char *leaf;
        int directory;

        if (entry->type != HK_PACKAGE_DIRECTORY || !work->is_touched[i])
            continue;
        directory = parent_of(work, entry->path, &leaf);
        if (directory < 0)
            continue;
        if ((fchmodat(directory, leaf, entry->mode | 0700, 0) != 0 ||
             set_times(directory, leaf, entry) != 0) &&
            errno != ENOENT && errno != ENOTDIR)
            return fail(work, entry->path);
    }
    return 0;
}

static int apply(struct work *work)
{
    int error = 0;

    for (int i = 0; i < 2 && error == 0; i++)
        if (work->before[i] != NULL)
            error = remove_old(work, work->before[i]);
    for (uint32_t i = 0; i < work->view->entry_count && error == 0; i++)
        error = put_entry(work, &work->view->entries[i]);
    if (error == 0)
        error = finish_directories(work);
    if (error == 0 && work->is_unmarked)
        fsetxattr(work->root->state, mark, "", 0, 0);
    return error;
}

int hk_root_apply(const struct hk_root *root,
                  const struct hk_view *const before[2],
                  const struct hk_view *view, struct hk_package_fault *fault)
{
    struct work *work = calloc(1, sizeof(*work));
    int error = HK_PACKAGE_ERR_NOMEM;

    if (work == NULL)
        return hk_package_fail(fault, error, "out of memory");
    work->root = root;
    work->before = before;
    work->view = view;
    work->fault = fault;
    work->is_unmarked = !hk_root_is_marked(root);
    work->buffer = malloc(HK_PACKAGE_BUFFER_SIZE);
    work->is_touched = calloc((size_t)view->entry_count + 1, 1);
    if (work->buffer == NULL || work->is_touched == NULL)
        hk_package_fail(fault, error, "out of memory");
    else
        error = apply(work);
    close_directory(work);
    free(work->is_touched);
    free(work->buffer);
    free(work);
    return error;
}
