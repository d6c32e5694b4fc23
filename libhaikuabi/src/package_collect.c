/* package_collect.c -- a host directory to the TOC and heap of a package. */
/* SPDX-License-Identifier: MIT */
#include "package_write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attr_store.h"
#include "kept_stat.h"
#include "root.h"

/* What is larger goes to the heap (haiku-abi/hpkg.md, "Section encoding"). */
enum { INLINE_MAX = 8, BUFFER_SIZE = 1 << 16 };

/* A directory whose entries are being added. */
struct level {
    DIR *directory;
    struct dirent **names; /* in the order of their bytes */
    int count, next;
    struct hk_package_list list;
};

struct collection {
    struct hk_package_tree *tree;
    struct hk_heap_writer *heap;
    struct hk_package_fault *fault;
    const struct hk_root *root;  /* or NULL */
    struct hk_attr_store *store; /* or NULL */
    struct stat output;          /* the package itself, not to be part of it */
    unsigned depth;              /* of levels in use */
    uint8_t buffer[BUFFER_SIZE];
    /* An entry's own children are one level more. */
    struct level levels[HK_PACKAGE_LEVELS_MAX - 3];
};

enum { DEPTH_MAX = HK_PACKAGE_LEVELS_MAX - 3 };

static const char *level_name(const struct collection *work, unsigned depth)
{
    const struct level *level = &work->levels[depth];

    return level->names[level->next - 1]->d_name;
}

/* A fault with the path of the entry that the deepest level is at. */
static int fail(struct collection *work, int error, const char *what)
{
    char path[1024] = "";

    for (unsigned i = 0; i < work->depth; i++) {
        size_t used = strlen(path);

        if (snprintf(path + used, sizeof(path) - used, "%s%s", i > 0 ? "/" : "",
                     level_name(work, i)) >= (int)(sizeof(path) - used))
            break;
    }
    return hk_package_fail(work->fault, error, "%s: %s", path, what);
}

static int fail_host(struct collection *work)
{
    return fail(work, HK_PACKAGE_ERR_IO, strerror(errno));
}

/* ---- content ---- */

/* Content that is in memory. */
static int add_bytes(struct collection *work, struct hk_package_list *list,
                     const uint8_t *bytes, size_t size)
{
    struct hk_package_data data = {.size = size};
    int error = 0;

    data.is_inline = size <= INLINE_MAX;
    if (data.is_inline) {
        if (size > 0)
            memcpy(data.bytes, bytes, size);
    } else {
        data.offset = work->heap->size;
        error = hk_heap_write(work->heap, bytes, size);
    }
    hk_tree_data(work->tree, list, &data);
    return error;
}

static ssize_t fill_buffer(struct collection *work, int fd)
{
    size_t filled = 0;

    while (filled < BUFFER_SIZE) {
        ssize_t got = read(fd, work->buffer + filled, BUFFER_SIZE - filled);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_host(work);
        if (got == 0)
            break;
        filled += (size_t)got;
    }
    return (ssize_t)filled;
}

/* A file may change while it is read: what counts is what has been read. */
static int add_content(struct collection *work, struct hk_package_list *list,
                       int fd)
{
    struct hk_package_data data = {.offset = work->heap->size};
    ssize_t got = fill_buffer(work, fd);
    int error = 0;

    if (got >= 0 && got < BUFFER_SIZE)
        return got == 0 ? 0 : add_bytes(work, list, work->buffer, (size_t)got);
    while (got > 0 && error == 0) {
        error = hk_heap_write(work->heap, work->buffer, (size_t)got);
        data.size += (uint64_t)got;
        if (error == 0)
            got = fill_buffer(work, fd);
    }
    hk_tree_data(work->tree, list, &data);
    return got < 0 ? (int)got : error;
}

/* ---- attributes ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_attribute(struct collection *work, struct hk_package_list *list,
                         int fd, const char *name)
{
    struct hk_attr_value value;
    struct hk_package_list children = {0};
    int error = hk_attr_read(work->store, fd, name, &value);

    if (error != 0) {
        errno = error;
        return fail_host(work);
    }
    children.parent =
        hk_tree_string(work->tree, list, HK_PACKAGE_ATTRIBUTE, name);
    hk_tree_number(work->tree, &children, HK_PACKAGE_ATTRIBUTE_TYPE,
                   value.type);
    error = add_bytes(work, &children, value.bytes, value.size);
    free(value.bytes);
    return error;
}

static int add_attributes(struct collection *work, struct hk_package_list *list,
                          int fd)
{
    char *names = NULL;
    const char **sorted;
    size_t size = 0, count = 0;
    int error = hk_attr_list(work->store, fd, &names, &size);

    if (error == EOPNOTSUPP)
        return 0;
    if (error != 0) {
        errno = error;
        return fail_host(work);
    }
    sorted = malloc((size + 1) * sizeof(*sorted));
    if (sorted == NULL)
        work->tree->failed = 1;
    for (size_t at = 0; sorted != NULL && at < size;
         at += strlen(names + at) + 1)
        sorted[count++] = names + at;
    if (sorted != NULL)
        qsort(sorted, count, sizeof(*sorted), by_name);
    for (size_t i = 0; i < count && error == 0; i++)
        error = add_attribute(work, list, fd, sorted[i]);
    free(sorted);
    free(names);
    return error;
}

/* ---- entries ---- */

/* Type before permissions, which it resets (haiku-abi/hpkg.md, "TOC"). */
static struct hk_package_list add_entry(struct collection *work,
                                        const struct stat *st,
                                        enum hk_package_file_type type)
{
    static const mode_t defaults[] = {0644, 0755, 0777};
    struct hk_package_list children = {0};
    uint64_t mtime = st->st_mtim.tv_sec > 0 ? (uint64_t)st->st_mtim.tv_sec : 0;
    mode_t mode = st->st_mode & 07777;

    children.parent =
        hk_tree_string(work->tree, &work->levels[work->depth - 1].list,
                       HK_PACKAGE_ENTRY, level_name(work, work->depth - 1));
    if (type != HK_PACKAGE_FILE)
        hk_tree_number(work->tree, &children, HK_PACKAGE_FILE_TYPE, type);
    if (mode != defaults[type])
        hk_tree_number(work->tree, &children, HK_PACKAGE_PERMISSIONS, mode);
    hk_tree_number(work->tree, &children, HK_PACKAGE_MTIME, mtime);
    if (st->st_mtim.tv_nsec != 0)
        hk_tree_number(work->tree, &children, HK_PACKAGE_MTIME_NANOS,
                       (uint64_t)st->st_mtim.tv_nsec);
    hk_tree_number(work->tree, &children, HK_PACKAGE_CRTIME, mtime);
    return children;
}

static int is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Begins a directory; fd is taken over. */
static int enter(struct collection *work, int fd, struct hk_package_list list)
{
    struct level *level = &work->levels[work->depth];

    if (work->depth == DEPTH_MAX) {
        close(fd);
        return fail(work, HK_PACKAGE_ERR_LIMIT, "too deep");
    }
    *level = (struct level){.list = list, .directory = fdopendir(fd)};
    if (level->directory == NULL) {
        close(fd);
        return fail_host(work);
    }
    level->count = scandirat(fd, ".", &level->names, is_entry, by_bytes);
    if (level->count < 0) {
        closedir(level->directory);
        return fail_host(work);
    }
    work->depth++;
    return 0;
}

static void leave(struct collection *work)
{
    struct level *level = &work->levels[--work->depth];

    for (int i = 0; i < level->count; i++)
        free(level->names[i]);
    free(level->names);
    closedir(level->directory);
}

static int add_link(struct collection *work, int directory, struct stat *st)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(directory, level_name(work, work->depth - 1),
                                target, sizeof(target) - 1);
    struct hk_package_list children;
    int fd, error;

    if (length < 0)
        return fail_host(work);
    target[length] = '\0';
    st->st_mode = hk_kept_link_mode(work->store, directory,
                                    level_name(work, work->depth - 1));
    children = add_entry(work, st, HK_PACKAGE_LINK);
    hk_tree_string(work->tree, &children, HK_PACKAGE_SYMLINK, target);
    fd = openat(directory, level_name(work, work->depth - 1),
                O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail_host(work);
    error = add_attributes(work, &children, fd);
    close(fd);
    return error;
}

/* Of a file that a root's package has, and nobody has read yet. */
static int bring_content(struct collection *work, int fd)
{
    struct hk_content content = {.state = HK_CONTENT_NONE};
    int error = work->root != NULL ? hk_root_fill(work->root, fd)
                                   : hk_content_get(fd, &content);

    if (error == 0 && content.state == HK_CONTENT_PENDING)
        return fail(work, HK_PACKAGE_ERR_INPUT,
                    "its content is in a package of a root");
    errno = error;
    return error != 0 ? fail_host(work) : 0;
}

/* A file or directory, open as fd. Haiku takes what comes behind the first
 * attribute or entry for no part of the file itself. */
static int add_open(struct collection *work, int fd, const struct stat *st)
{
    int is_directory = S_ISDIR(st->st_mode);
    struct hk_package_list children = add_entry(
        work, st, is_directory ? HK_PACKAGE_DIRECTORY : HK_PACKAGE_FILE);
    int error = is_directory ? 0 : bring_content(work, fd);

    if (error == 0 && !is_directory)
        error = add_content(work, &children, fd);
    if (error == 0)
        error = add_attributes(work, &children, fd);
    if (error == 0 && is_directory)
        return enter(work, fd, children);
    close(fd);
    return error;
}

static int add_next(struct collection *work)
{
    struct level *level = &work->levels[work->depth - 1];
    int directory = dirfd(level->directory);
    const char *name = level->names[level->next++]->d_name;
    struct stat st;
    int fd;

    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return fail_host(work);
    if (S_ISLNK(st.st_mode))
        return add_link(work, directory, &st);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return fail(work, HK_PACKAGE_ERR_INPUT,
                    "neither a file, a directory nor a symbolic link");
    fd =
        openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int error = fail_host(work);

        if (fd >= 0)
            close(fd);
        return error;
    }
    if (st.st_dev == work->output.st_dev && st.st_ino == work->output.st_ino) {
        close(fd);
        return fail(work, HK_PACKAGE_ERR_INPUT, "it is the package itself");
    }
    return add_open(work, fd, &st);
}

static int collect(struct collection *work, int directory)
{
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error;

    if (fd < 0 || fstat(work->heap->fd, &work->output) != 0) {
        error = hk_package_fail(work->fault, HK_PACKAGE_ERR_IO, "%s",
                                strerror(errno));
        if (fd >= 0)
            close(fd);
        return error;
    }
    error = enter(work, fd, (struct hk_package_list){0});
    while (error == 0 && work->depth > 0) {
        struct level *level = &work->levels[work->depth - 1];

        if (level->next == level->count)
            leave(work);
        else
            error = add_next(work);
        if (error == 0 && work->tree->count > HK_PACKAGE_ATTRIBUTES_MAX)
            error = hk_package_fail(work->fault, HK_PACKAGE_ERR_LIMIT,
                                    "more than %d attributes",
                                    HK_PACKAGE_ATTRIBUTES_MAX);
    }
    while (work->depth > 0)
        leave(work);
    return error;
}

int hk_package_collect(const struct hk_package_source *source,
                       struct hk_package_tree *tree,
                       struct hk_heap_writer *heap,
                       struct hk_package_fault *fault)
{
    struct collection *work = calloc(1, sizeof(*work));
    int error;

    if (work == NULL)
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    work->tree = tree;
    work->heap = heap;
    work->fault = fault;
    work->root = source->root;
    error = hk_attr_store_new(source->attributes, &work->store) != 0
                ? hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory")
                : collect(work, source->directory);
    hk_attr_store_free(work->store);
    free(work);
    return error;
}
