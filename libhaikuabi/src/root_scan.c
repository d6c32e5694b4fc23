/* root_scan.c -- going through the layer: trimming and checking it. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

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

/* The next file with content of a package, open for reading; -1 at the end. */
static int next_file(struct hk_root_walk *scan, struct hk_content *content)
{
    const char *name;
    struct stat st;
    int at;

    while ((name = hk_root_walk_next(scan, &at, &st)) != NULL) {
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

static int is_leaving(const struct hk_root *root, uint32_t number)
{
    const struct hk_view_package *package =
        hk_view_package(&root->view, number);

    return package != NULL && package->is_leaving;
}

int hk_root_rescue(const struct hk_root *root, struct hk_package_fault *fault)
{
    struct hk_root_walk *scan = hk_root_walk_new(root->files);
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

static void need(struct hk_root_walk *scan, const struct all_kept *all, int at,
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
    struct hk_root_walk *scan = NULL;
    int error = hk_attr_store_visit(root->attributes, add_kept, &all);
    const char *name;
    struct stat st;
    int at;

    if (error == 0 && all.count > 0) {
        qsort(all.list, all.count, sizeof(*all.list), by_key);
        scan = hk_root_walk_new(root->files);
        error = scan == NULL ? ENOMEM : 0;
    }
    if (scan != NULL) {
        need(scan, &all, root->files, ".");
        while ((name = hk_root_walk_next(scan, &at, &st)) != NULL)
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
    struct hk_root_walk *scan;
    uint64_t bytes = 0;
    int fd, error = 0;

    if (flock(root->use, LOCK_EX | LOCK_NB) != 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_EXISTS,
                               "programs of it are running");
    scan = hk_root_walk_new(root->files);
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
    struct hk_root_walk *scan = hk_root_walk_new(root->files);
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
