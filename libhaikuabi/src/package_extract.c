/* package_extract.c -- the files of a package into a host directory. */
/* SPDX-License-Identifier: MIT */
#include "attr_store.h"
#include "kept_stat.h"
#include "package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <haikuabi/host_attr.h>

/* A directory that is being filled. */
struct level {
    int fd;
    uint32_t entry; /* its own; 0: the directory that was given */
    uint32_t next;  /* the entry to go on with */
};

struct extraction {
    struct hk_package *package;
    struct hk_package_fault *fault;
    uint8_t *buffer;
    uint64_t without_attributes;
    struct hk_attr_store *store; /* or NULL */
    unsigned depth;              /* of levels in use */
    struct level levels[HK_PACKAGE_LEVELS_MAX];
};

/* A fault with the path of a name in the directory being filled. */
static int fail_at(struct extraction *work, int error, const char *name,
                   const char *what)
{
    char path[1024] = "";

    for (unsigned i = 1; i < work->depth; i++) {
        size_t used = strlen(path);
        const struct hk_package_attribute *entry =
            hk_package_at(work->package, work->levels[i].entry);

        snprintf(path + used, sizeof(path) - used, "%s/", entry->value.string);
    }
    return hk_package_fail(work->fault, error, "%s%s: %s", path, name, what);
}

static int fail_host(struct extraction *work, const char *name)
{
    return fail_at(work, HK_PACKAGE_ERR_IO, name, strerror(errno));
}

/* ---- attributes ---- */

/* 0, an errno value, or HK_PACKAGE_ERR_*. */
/* The value of an attribute, *own for free when it is none of buffer. 0, an
 * errno value, or below 0. */
static int read_value(struct hk_package *package,
                      const struct hk_package_data *content, uint8_t *buffer,
                      struct hk_attr_value *value, uint8_t **own,
                      struct hk_package_fault *fault)
{
    int64_t size;

    if (content->size > HK_ATTR_MAX)
        return E2BIG;
    if (content->size > HK_PACKAGE_BUFFER_SIZE)
        *own = malloc((size_t)content->size);
    if (content->size > HK_PACKAGE_BUFFER_SIZE && *own == NULL)
        return ENOMEM;
    value->bytes = *own != NULL ? *own : buffer;
    size = hk_package_read(package, content, 0, value->bytes, content->size,
                           fault);
    value->size = size < 0 ? 0 : (uint32_t)size;
    return size < 0 ? (int)size : 0;
}

static int write_attribute(struct hk_package *package, uint32_t index,
                           const struct hk_attr_store *store, int fd,
                           uint8_t *buffer, struct hk_package_fault *fault)
{
    const struct hk_package_attribute *attribute =
        hk_package_at(package, index);
    uint32_t data = hk_package_find(package, attribute->child, HK_PACKAGE_DATA);
    uint32_t type =
        hk_package_find(package, attribute->child, HK_PACKAGE_ATTRIBUTE_TYPE);
    struct hk_attr_value value = {.bytes = buffer};
    uint8_t *own = NULL;
    int error = 0;

    if (type != 0)
        value.type = (uint32_t)hk_package_at(package, type)->value.number;
    if (data != 0)
        error = read_value(package, &hk_package_at(package, data)->value.data,
                           buffer, &value, &own, fault);
    if (error == 0)
        error = hk_attr_write(store, fd, attribute->value.string, &value);
    free(own);
    return error;
}

int hk_package_write_attributes(struct hk_package *package, uint32_t entry,
                                const struct hk_attr_store *store, int fd,
                                uint8_t *buffer, int *lost,
                                struct hk_package_fault *fault)
{
    uint32_t list = hk_package_at(package, entry)->child;
    int result = 0;

    for (uint32_t i = hk_package_find(package, list, HK_PACKAGE_ATTRIBUTE);
         i != 0 && result >= 0;
         i = hk_package_find(package, hk_package_at(package, i)->next,
                             HK_PACKAGE_ATTRIBUTE)) {
        result = write_attribute(package, i, store, fd, buffer, fault);
        if (result > 0)
            *lost = 1;
    }
    return result < 0 ? result : 0;
}

/* What the host cannot keep is counted. */
static int write_attributes(struct extraction *work, int fd, uint32_t entry)
{
    int lost = 0;
    int error =
        hk_package_write_attributes(work->package, entry, work->store, fd,
                                    work->buffer, &lost, work->fault);

    work->without_attributes += (uint64_t)lost;
    return error;
}

static int set_times(int fd, const struct hk_package_file *file)
{
    const struct timespec time = {.tv_sec = file->mtime,
                                  .tv_nsec = (long)file->mtime_nanos};
    const struct timespec times[] = {time, time};

    return futimens(fd, times);
}

/* ---- files and links ---- */

static int write_content(struct extraction *work, int fd, const char *name,
                         const struct hk_package_data *data)
{
    for (uint64_t at = 0; at < data->size;) {
        int64_t size = hk_package_read(work->package, data, at, work->buffer,
                                       HK_PACKAGE_BUFFER_SIZE, work->fault);
        ssize_t written;

        if (size <= 0)
            return (int)size;
        written = write(fd, work->buffer, (size_t)size);
        if (written < 0)
            return fail_host(work, name);
        at += (uint64_t)written;
    }
    return 0;
}

static int write_file(struct extraction *work, int directory,
                      const char *temporary, uint32_t entry,
                      const struct hk_package_file *file)
{
    int fd = openat(directory, temporary,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int error;

    if (fd < 0)
        return fail_host(work, file->name);
    error = write_content(work, fd, file->name, &file->data);
    if (error == 0)
        error = write_attributes(work, fd, entry);
    if (error == 0 &&
        (fchmod(fd, file->permissions & 0777) != 0 || set_times(fd, file) != 0))
        error = fail_host(work, file->name);
    if (close(fd) != 0 && error == 0)
        error = fail_host(work, file->name);
    return error;
}

static int write_link(struct extraction *work, int directory,
                      const char *temporary, uint32_t entry,
                      const struct hk_package_file *file)
{
    const struct timespec time = {.tv_sec = file->mtime,
                                  .tv_nsec = (long)file->mtime_nanos};
    const struct timespec times[] = {time, time};

    int fd = -1, error;

    if (symlinkat(file->target, directory, temporary) == 0)
        fd = openat(directory, temporary, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail_host(work, file->name);
    error = write_attributes(work, fd, entry);
    if (error == 0) /* where it cannot be kept it means nothing anyway */
        hk_keep_link_mode(work->store, fd, file->permissions & 0777);
    close(fd);
    if (error == 0 &&
        utimensat(directory, temporary, times, AT_SYMLINK_NOFOLLOW) != 0)
        error = fail_host(work, file->name);
    return error;
}

/* 1 when the entry is to be written, 0 when what is there is newer. */
static int is_wanted(struct extraction *work, int directory,
                     const struct hk_package_file *file)
{
    struct stat st;

    if (fstatat(directory, file->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 1 : fail_host(work, file->name);
    if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
        return fail_at(work, HK_PACKAGE_ERR_EXISTS, file->name,
                       "something else is there");
    if (st.st_mtim.tv_sec != file->mtime)
        return st.st_mtim.tv_sec < file->mtime;
    return (uint32_t)st.st_mtim.tv_nsec < file->mtime_nanos;
}

/* Written under another name first, so that it appears whole. */
static int extract_leaf(struct extraction *work, uint32_t entry,
                        const struct hk_package_file *file)
{
    int directory = work->levels[work->depth - 1].fd;
    char temporary[64];
    int result = is_wanted(work, directory, file);

    if (result <= 0)
        return result;
    snprintf(temporary, sizeof(temporary), ".uvm-extract-%ld", (long)getpid());
    result = file->type == HK_PACKAGE_LINK
                 ? write_link(work, directory, temporary, entry, file)
                 : write_file(work, directory, temporary, entry, file);
    if (result == 0 &&
        renameat(directory, temporary, directory, file->name) != 0)
        result = fail_host(work, file->name);
    if (result < 0)
        unlinkat(directory, temporary, 0);
    return result;
}

/* ---- directories ---- */

static int enter(struct extraction *work, uint32_t entry,
                 const struct hk_package_file *file)
{
    int directory = work->levels[work->depth - 1].fd;
    struct level *level = &work->levels[work->depth];
    int fd;

    if (work->depth == HK_PACKAGE_LEVELS_MAX)
        return fail_at(work, HK_PACKAGE_ERR_LIMIT, file->name, "too deep");
    if (mkdirat(directory, file->name, 0700) != 0 && errno != EEXIST)
        return fail_host(work, file->name);
    fd = openat(directory, file->name,
                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
        return fail_at(work, HK_PACKAGE_ERR_EXISTS, file->name,
                       "something else is there");
    if (fd < 0)
        return fail_host(work, file->name);
    *level =
        (struct level){fd, entry, hk_package_at(work->package, entry)->child};
    work->depth++;
    return 0;
}

/* Its own permissions only now: they may forbid writing. */
static int leave(struct extraction *work)
{
    struct level *level = &work->levels[--work->depth];
    struct hk_package_file file;
    int error;

    hk_package_get_file(work->package, level->entry, &file);
    error = write_attributes(work, level->fd, level->entry);
    if (error == 0 && (fchmod(level->fd, file.permissions & 0777) != 0 ||
                       set_times(level->fd, &file) != 0))
        error = fail_host(work, file.name);
    close(level->fd);
    return error;
}

static int extract_entry(struct extraction *work, uint32_t entry)
{
    struct hk_package_file file;

    hk_package_get_file(work->package, entry, &file);
    return file.type == HK_PACKAGE_DIRECTORY ? enter(work, entry, &file)
                                             : extract_leaf(work, entry, &file);
}

/* An entry without children is none (haiku-abi/hpkg.md, "TOC"). */
static uint32_t next_entry(struct extraction *work)
{
    struct level *level = &work->levels[work->depth - 1];
    uint32_t entry;

    do {
        entry = hk_package_find(work->package, level->next, HK_PACKAGE_ENTRY);
        level->next =
            entry != 0 ? hk_package_at(work->package, entry)->next : 0;
    } while (entry != 0 && hk_package_at(work->package, entry)->child == 0);
    return entry;
}

static int extract_all(struct extraction *work)
{
    for (;;) {
        uint32_t entry = next_entry(work);
        int error;

        if (entry == 0 && work->depth == 1)
            return 0;
        error = entry != 0 ? extract_entry(work, entry) : leave(work);
        if (error < 0)
            return error;
    }
}

int hk_package_extract(struct hk_package *package, int directory,
                       const char *attributes, uint64_t *without_attributes,
                       struct hk_package_fault *fault)
{
    struct extraction *work = calloc(1, sizeof(*work));
    uint8_t *buffer = malloc(HK_PACKAGE_BUFFER_SIZE);
    int error = HK_PACKAGE_ERR_NOMEM;

    if (work != NULL && buffer != NULL &&
        hk_attr_store_new(attributes, &work->store) == 0) {
        work->package = package;
        work->fault = fault;
        work->buffer = buffer;
        work->depth = 1;
        work->levels[0] = (struct level){.fd = directory, .next = package->toc};
        error = extract_all(work);
        while (work->depth > 1)
            close(work->levels[--work->depth].fd);
        if (error == 0 && without_attributes != NULL)
            *without_attributes = work->without_attributes;
        hk_attr_store_free(work->store);
    } else {
        hk_package_fail(fault, error, "out of memory");
    }
    free(buffer);
    free(work);
    return error;
}
