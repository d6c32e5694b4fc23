/* root_scan.c -- going through the layer: trimming and checking it. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "attr_store.h"
#include "host_open.h"

enum { DEPTH_MAX = 256 };

/* The directories that are open, and the length of each one's path. */
struct scan {
    const struct hk_root *root;
    DIR *levels[DEPTH_MAX];
    size_t ends[DEPTH_MAX];
    unsigned depth;
    char path[8192];
    int is_partial; /* something could not be looked at that is not gone */
};

/* Goes into the directory at the path. */
static void enter(struct scan *scan, int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory;

    if (fd < 0) {
        if (errno != ENOENT)
            scan->is_partial = 1;
        return;
    }
    directory = scan->depth < DEPTH_MAX ? fdopendir(fd) : NULL;
    if (directory == NULL) {
        close(fd);
        scan->is_partial = 1;
        return;
    }
    scan->levels[scan->depth] = directory;
    scan->ends[scan->depth++] = strlen(scan->path);
}

static int is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Whether an entry of the deepest directory is still there. */
static int look_at(struct scan *scan, const char *name, struct stat *info)
{
    size_t end = scan->ends[scan->depth - 1];
    int is_long = snprintf(scan->path + end, sizeof(scan->path) - end, "/%s",
                           name) >= (int)(sizeof(scan->path) - end);

    if (!is_long && fstatat(dirfd(scan->levels[scan->depth - 1]), name, info,
                            AT_SYMLINK_NOFOLLOW) == 0)
        return 1;
    if (is_long || errno != ENOENT)
        scan->is_partial = 1;
    return 0;
}

/* The next entry of the layer, of which the host says info: its name, in the
 * directory of *at; NULL at the end. Its path is scan->path. */
static const char *next_entry(struct scan *scan, int *at, struct stat *info)
{
    while (scan->depth > 0) {
        DIR *directory = scan->levels[scan->depth - 1];
        const struct dirent *entry;

        errno = 0;
        entry = readdir(directory);
        if (entry == NULL) {
            if (errno != 0)
                scan->is_partial = 1;
            closedir(directory);
            scan->depth--;
            continue;
        }
        *at = dirfd(directory);
        if (is_dots(entry->d_name) || !look_at(scan, entry->d_name, info))
            continue;
        if (S_ISDIR(info->st_mode))
            enter(scan, *at, entry->d_name);
        return entry->d_name;
    }
    return NULL;
}

/* The next file with content of a package, open for reading; -1 at the end. */
static int next_file(struct scan *scan, struct hk_content *content)
{
    const char *name;
    struct stat st;
    int at;

    while ((name = next_entry(scan, &at, &st)) != NULL) {
        int fd;

        if (!S_ISREG(st.st_mode) || hk_content_get_at(at, name, content) != 0 ||
            content->state == HK_CONTENT_NONE)
            continue;
        fd = hk_host_open_leaf(at, name, O_RDONLY | O_NONBLOCK, 0);
        if (fd >= 0)
            return fd;
    }
    return -1;
}

static struct scan *begin(const struct hk_root *root)
{
    struct scan *scan = calloc(1, sizeof(*scan));

    if (scan == NULL)
        return NULL;
    scan->root = root;
    enter(scan, root->files, ".");
    return scan;
}

static int is_leaving(const struct hk_root *root, uint32_t number)
{
    const struct hk_view_package *package =
        hk_view_package(&root->view, number);

    return package != NULL && package->is_leaving;
}

int hk_root_rescue(const struct hk_root *root, struct hk_package_fault *fault)
{
    struct scan *scan = begin(root);
    struct hk_content content;
    int fd, error = 0;

    if (scan == NULL)
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    while ((fd = next_file(scan, &content)) >= 0) {
        if (error == 0 && is_leaving(root, content.package))
            error = hk_content_settle(root, fd, HK_CONTENT_FOR_WRITING, NULL);
        if (error > 0)
            error = hk_package_fail(fault, HK_PACKAGE_ERR_IO,
                                    "%.200s: its content cannot be read from "
                                    "its package: %s",
                                    scan->path, strerror(error));
        close(fd);
    }
    free(scan);
    return error;
}

/* ---- attributes that the host's files cannot keep ---- */

/* What is kept, and whether there is a file for it. */
struct kept {
    char key[HK_ATTR_KEY_SIZE];
    int is_needed;
};

struct all_kept {
    struct kept *list;
    size_t count;
};

static int add_kept(void *context, const char *key)
{
    struct all_kept *all = context;
    struct kept *more =
        realloc(all->list, (all->count + 1) * sizeof(*all->list));

    if (more == NULL)
        return ENOMEM;
    all->list = more;
    more[all->count].is_needed = 0;
    snprintf(more[all->count++].key, HK_ATTR_KEY_SIZE, "%s", key);
    return 0;
}

static int by_key(const void *one, const void *other)
{
    return strcmp(((const struct kept *)one)->key,
                  ((const struct kept *)other)->key);
}

static void need(struct scan *scan, const struct all_kept *all, int at,
                 const char *name)
{
    struct kept wanted;
    struct kept *found = NULL;
    int fd = hk_host_open_leaf(at, name, O_PATH, 0);
    int error;

    if (fd < 0) {
        if (errno != ENOENT)
            scan->is_partial = 1;
        return;
    }
    error = hk_attr_store_key(fd, wanted.key);
    if (error == 0)
        found = bsearch(&wanted, all->list, all->count, sizeof(wanted), by_key);
    if (found != NULL)
        found->is_needed = 1;
    if (error != 0 && error != EOPNOTSUPP)
        scan->is_partial = 1;
    close(fd);
}

/* Drops what is kept for files that are gone: of one that cannot be looked at
 * nobody knows. 0 or an errno value. */
static int trim_attributes(const struct hk_root *root, uint64_t *freed)
{
    struct all_kept all = {0};
    struct scan *scan = NULL;
    int error = hk_attr_store_visit(root->attributes, add_kept, &all);
    const char *name;
    struct stat st;
    int at;

    if (error == 0 && all.count > 0) {
        qsort(all.list, all.count, sizeof(*all.list), by_key);
        scan = begin(root);
        error = scan == NULL ? ENOMEM : 0;
    }
    if (scan != NULL) {
        need(scan, &all, root->files, ".");
        while ((name = next_entry(scan, &at, &st)) != NULL)
            need(scan, &all, at, name);
    }
    for (size_t i = 0; i < all.count && error == 0 && !scan->is_partial; i++)
        if (!all.list[i].is_needed)
            error =
                hk_attr_store_drop(root->attributes, all.list[i].key, freed);
    free(scan);
    free(all.list);
    return error;
}

/* ---- trimming ---- */

int hk_root_trim(struct hk_root *root, uint64_t *freed,
                 struct hk_package_fault *fault)
{
    struct hk_content content;
    struct scan *scan;
    uint64_t bytes = 0;
    int fd, error = 0;

    if (flock(root->use, LOCK_EX | LOCK_NB) != 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_EXISTS,
                               "programs of it are running");
    scan = begin(root);
    if (scan == NULL)
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    while ((fd = next_file(scan, &content)) >= 0) {
        if (error == 0)
            error = hk_content_drop(root, fd, &bytes);
        if (error > 0)
            error = hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%.200s: %s",
                                    scan->path, strerror(error));
        close(fd);
    }
    free(scan);
    if (error == 0) {
        error = trim_attributes(root, &bytes);
        if (error > 0)
            error = hk_package_fail(fault, HK_PACKAGE_ERR_IO, "attributes: %s",
                                    strerror(error));
    }
    flock(root->use, LOCK_SH);
    *freed = bytes;
    return error;
}

/* ---- checking ---- */

static int has_checksum(int fd, const struct hk_content *content)
{
    uint8_t *buffer = malloc(HK_PACKAGE_BUFFER_SIZE);
    uLong checksum = crc32(0, NULL, 0);
    uint64_t size = 0;
    ssize_t got = -1;

    while (buffer != NULL &&
           (got = read(fd, buffer, HK_PACKAGE_BUFFER_SIZE)) > 0) {
        checksum = crc32(checksum, buffer, (uInt)got);
        size += (uint64_t)got;
    }
    free(buffer);
    return got < 0 ||
           (size == content->data.size && checksum == content->checksum);
}

/* What is wrong with the content of a file, or NULL. */
static const char *fault_of(const struct hk_view *view, int fd,
                            const struct hk_content *content)
{
    if (content->state == HK_CONTENT_READ)
        return has_checksum(fd, content)
                   ? NULL
                   : "is not what was read from its package; it will be read "
                     "again";
    return hk_view_package(view, content->package) == NULL
               ? "its package is gone, and with it the content"
               : NULL;
}

static void make_pending(int fd, struct hk_content *content)
{
    struct stat st;

    if (content->state != HK_CONTENT_READ || fstat(fd, &st) != 0)
        return;
    content->state = HK_CONTENT_PENDING;
    if (fchmod(fd, st.st_mode | 0200) == 0)
        hk_content_set(fd, content);
    fchmod(fd, st.st_mode & 07777);
}

int hk_root_check_contents(const struct hk_root *root,
                           const struct hk_view *view,
                           void (*tell)(void *context, const char *line),
                           void *context)
{
    struct scan *scan = begin(root);
    struct hk_content content;
    char line[512];
    int fd, count = 0;

    if (scan == NULL)
        return HK_PACKAGE_ERR_NOMEM;
    while ((fd = next_file(scan, &content)) >= 0) {
        const char *fault = fault_of(view, fd, &content);

        if (fault != NULL) {
            make_pending(fd, &content);
            snprintf(line, sizeof(line), "%.300s: %s", scan->path, fault);
            tell(context, line);
            count++;
        }
        close(fd);
    }
    free(scan);
    return count;
}
