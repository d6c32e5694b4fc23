/* root_view.c -- the files of all packages as one tree. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What Haiku shows of the disk and not of packages (haiku-abi/hpkg.md,
 * "packagefs"), and the description of a package. `settings` is not among
 * them: its files are copied there. */
static const char *const hidden[] = {HK_PACKAGE_INFO_NAME, "cache",
                                     "non-packaged",       "package-links",
                                     "packages",           "var"};

static int out_of_memory(struct hk_package_fault *fault)
{
    return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
}

int hk_view_add(struct hk_view *view, const struct hk_view_entry *entry,
                struct hk_package_fault *fault)
{
    if (view->entry_count == view->entry_room) {
        uint32_t room = view->entry_room == 0 ? 1024 : view->entry_room * 2;
        struct hk_view_entry *entries =
            realloc(view->entries, room * sizeof(*entries));

        if (entries == NULL) {
            free(entry->path);
            free(entry->target);
            return out_of_memory(fault);
        }
        view->entries = entries;
        view->entry_room = room;
    }
    view->entries[view->entry_count++] = *entry;
    return entry->path != NULL &&
                   (entry->type != HK_PACKAGE_LINK || entry->target != NULL)
               ? 0
               : out_of_memory(fault);
}

/* ---- the entries of one package ---- */

/* Walks a TOC: the lists that are open, and the paths that they begin with. */
struct walk {
    struct hk_view *view;
    const struct hk_view_package *package;
    const struct hk_blocked *blocked;
    struct hk_package_fault *fault;
    unsigned depth;
    uint32_t lists[HK_PACKAGE_LEVELS_MAX];
    size_t ends[HK_PACKAGE_LEVELS_MAX];
    char path[PATH_MAX];
};

static int is_hidden(const struct walk *walk, const char *name)
{
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        if (walk->depth == 1 && strcmp(name, hidden[i]) == 0)
            return 1;
    return hk_is_blocked(walk->blocked, walk->package->location,
                         walk->package->name, walk->path + walk->ends[0]);
}

static int add_entry(struct walk *walk, uint32_t index,
                     const struct hk_package_file *file)
{
    struct hk_view_entry entry = {
        .path = strdup(walk->path),
        .type = file->type,
        .package = walk->package->number,
        .mode = file->permissions & 0777,
        .mtime = file->mtime,
        .mtime_nanos = file->mtime_nanos,
        .data = file->data,
        .target = file->type == HK_PACKAGE_LINK ? strdup(file->target) : NULL,
        .attribute = index,
    };

    entry.data.is_inline |= entry.data.size == 0;
    return hk_view_add(walk->view, &entry, walk->fault);
}

/* What the host could not make. */
static int check_limits(const struct walk *walk,
                        const struct hk_package_file *file)
{
    size_t target = strlen(file->target);

    if (strlen(file->name) > NAME_MAX)
        return hk_package_fail(walk->fault, HK_PACKAGE_ERR_LIMIT,
                               "%.100s...: name too long", file->name);
    if (file->type == HK_PACKAGE_LINK && (target == 0 || target >= PATH_MAX))
        return hk_package_fail(walk->fault, HK_PACKAGE_ERR_LIMIT,
                               "%.100s: a link to a path of %zu bytes",
                               file->name, target);
    return 0;
}

/* Takes one entry, and goes into it when it is a directory. */
static int step(struct walk *walk, uint32_t index)
{
    const struct hk_package *open = walk->package->open;
    size_t end = walk->ends[walk->depth - 1];
    struct hk_package_file file;
    int length, error;

    hk_package_get_file(open, index, &file);
    error = check_limits(walk, &file);
    if (error < 0)
        return error;
    length =
        snprintf(walk->path + end, sizeof(walk->path) - end, "/%s", file.name);
    if (length < 0 || (size_t)length >= sizeof(walk->path) - end)
        return hk_package_fail(walk->fault, HK_PACKAGE_ERR_LIMIT,
                               "%.100s...: path too long", walk->path);
    if (is_hidden(walk, file.name))
        return 0;
    error = add_entry(walk, index, &file);
    if (error < 0 || file.type != HK_PACKAGE_DIRECTORY)
        return error;
    walk->ends[walk->depth] = end + (size_t)length;
    walk->lists[walk->depth++] = hk_package_at(open, index)->child;
    return 0;
}

/* An entry without children is none (haiku-abi/hpkg.md, "TOC"). */
static int add_package(struct walk *walk)
{
    const struct hk_package *open = walk->package->open;
    int error = 0;

    walk->depth = 1;
    walk->lists[0] = hk_package_toc(open);
    walk->ends[0] = strlen(hk_location_path(walk->package->location));
    strcpy(walk->path, hk_location_path(walk->package->location));
    while (walk->depth > 0 && error == 0) {
        uint32_t *list = &walk->lists[walk->depth - 1];
        uint32_t index = hk_package_find(open, *list, HK_PACKAGE_ENTRY);

        if (index == 0) {
            walk->depth--;
            continue;
        }
        *list = hk_package_at(open, index)->next;
        if (hk_package_at(open, index)->child != 0)
            error = step(walk, index);
    }
    return error;
}

/* ---- opening ---- */

static char *string_of(const struct hk_package *package, enum hk_package_id id)
{
    uint32_t index = hk_package_find(package, hk_package_info(package), id);

    return strdup(index != 0 ? hk_package_at(package, index)->value.string
                             : "");
}

static uint64_t number_of(const struct hk_package *package,
                          enum hk_package_id id)
{
    uint32_t index = hk_package_find(package, hk_package_info(package), id);

    return index != 0 ? hk_package_at(package, index)->value.number : 0;
}

enum { FLAG_SYSTEM_PACKAGE = 2 }; /* haiku-abi/hpkg.md, "Package attributes" */

static int describe(struct hk_view_package *package)
{
    char version[256];

    hk_package_version(package->open, hk_package_info(package->open), version,
                       sizeof(version));
    free(package->name);
    free(package->version);
    package->name = string_of(package->open, HK_PACKAGE_NAME);
    package->version = strdup(version);
    package->architecture =
        (unsigned)number_of(package->open, HK_PACKAGE_ARCHITECTURE);
    package->is_system =
        (number_of(package->open, HK_PACKAGE_FLAGS) & FLAG_SYSTEM_PACKAGE) != 0;
    return package->name != NULL && package->version != NULL;
}

static int refuse(struct hk_view_package *package, const char *why)
{
    package->is_active = 0;
    free(package->why);
    package->why = strdup(why);
    return package->why != NULL;
}

static int open_file(int files, const struct hk_view_package *package)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/packages/%s",
             hk_location_path(package->location), package->file_name);
    return openat(files, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

int hk_view_wake(int files, const struct hk_view_package *package)
{
    int fd = open_file(files, package);
    struct stat st;

    if (fd < 0)
        return errno;
    if (fstat(fd, &st) != 0 || (uint64_t)st.st_ino != package->inode ||
        (uint64_t)st.st_size != package->size) {
        close(fd);
        return ESTALE;
    }
    hk_package_wake(package->open, fd);
    return 0;
}

/* A package that cannot be opened is left out, and says why. One that the host
 * refuses is taken for another file by the next start: its mode may be another
 * then. */
static int open_package(int files, struct hk_view_package *package)
{
    struct hk_package_fault fault;
    int fd = open_file(files, package);

    if (fd < 0) {
        package->mtime_nanos = UINT32_MAX;
        return refuse(package, strerror(errno));
    }
    if (hk_package_open(fd, &package->open, &fault) < 0) {
        package->open = NULL;
        close(fd);
        return refuse(package, fault.text);
    }
    package->is_active = 1;
    return describe(package);
}

/* ---- merging ---- */

static int by_path(const void *a, const void *b)
{
    const struct hk_view_entry *left = a, *right = b;
    int order = strcmp(left->path, right->path);

    return order != 0 ? order
                      : (left->package > right->package) -
                            (left->package < right->package);
}

/* A system package's file comes before another's, a newer before an older. */
static int has_precedence(const struct hk_view *view,
                          const struct hk_view_entry *entry,
                          const struct hk_view_entry *other)
{
    int is_system = hk_view_package(view, entry->package)->is_system;

    if (is_system != hk_view_package(view, other->package)->is_system)
        return is_system;
    if (entry->mtime != other->mtime)
        return entry->mtime > other->mtime;
    return entry->mtime_nanos > other->mtime_nanos;
}

/* A package with a file where another has a directory is not activated, as
 * on Haiku: of the two the later by name. 1 when there was one. */
static int refuse_clash(struct hk_view *view, struct hk_package_fault *fault)
{
    for (uint32_t i = 1; i < view->entry_count; i++) {
        const struct hk_view_entry *one = &view->entries[i - 1];
        const struct hk_view_entry *other = &view->entries[i];
        struct hk_view_package *first, *second;
        char why[512];

        if (strcmp(one->path, other->path) != 0 ||
            (one->type == HK_PACKAGE_DIRECTORY) ==
                (other->type == HK_PACKAGE_DIRECTORY))
            continue;
        first = hk_view_package(view, one->package);
        second = hk_view_package(view, other->package);
        if (first > second) {
            struct hk_view_package *swapped = first;

            first = second;
            second = swapped;
        }
        if (first == second)
            snprintf(why, sizeof(why),
                     "it has a directory /%.200s, and a file of that name",
                     one->path);
        else
            snprintf(why, sizeof(why),
                     "/%.200s is a directory in one of it and %.200s, and none "
                     "in the other",
                     one->path, first->file_name);
        return refuse(second, why) ? 1 : out_of_memory(fault);
    }
    return 0;
}

/* Keeps the entries of active packages. */
static void filter(struct hk_view *view)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < view->entry_count; i++) {
        struct hk_view_entry *entry = &view->entries[i];

        if (hk_view_package(view, entry->package)->is_active) {
            view->entries[kept++] = *entry;
            continue;
        }
        free(entry->path);
        free(entry->target);
    }
    view->entry_count = kept;
}

/* Leaves one entry for each path. */
static void merge(struct hk_view *view)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < view->entry_count; i++) {
        struct hk_view_entry *entry = &view->entries[i];
        struct hk_view_entry *last = &view->entries[kept];
        struct hk_view_entry other;

        if (kept == 0 || strcmp(last[-1].path, entry->path) != 0) {
            view->entries[kept++] = *entry;
            continue;
        }
        last--;
        other = *entry;
        if (has_precedence(view, entry, last)) {
            other = *last;
            *last = *entry;
        }
        free(other.path);
        free(other.target);
    }
    view->entry_count = kept;
}

static int add_packages(struct hk_view *view, const struct hk_blocked *blocked,
                        struct hk_package_fault *fault)
{
    struct walk *walk = calloc(1, sizeof(*walk));
    struct hk_package_fault inner;
    int error = 0;

    if (walk == NULL)
        return out_of_memory(fault);
    walk->view = view;
    walk->blocked = blocked;
    walk->fault = &inner;
    for (uint32_t i = 0; i < view->package_count && error == 0; i++) {
        struct hk_view_package *package = &view->packages[i];

        if (!package->is_active)
            continue;
        walk->package = package;
        error = add_package(walk);
        if (error == HK_PACKAGE_ERR_LIMIT && refuse(package, inner.text))
            error = 0;
    }
    free(walk);
    return error < 0 ? out_of_memory(fault) : 0;
}

/* How many packages have a descriptor while the view is made. */
enum { AWAKE_MAX = 128 };

int hk_view_make(int files, struct hk_view *view,
                 struct hk_package_fault *fault)
{
    struct hk_blocked blocked;
    int error;

    for (uint32_t i = 0; i < view->package_count; i++) {
        struct hk_view_package *package = &view->packages[i];

        if (!package->is_leaving && !open_package(files, package))
            return out_of_memory(fault);
        if (i >= AWAKE_MAX && package->open != NULL)
            hk_package_rest(package->open);
    }
    if (hk_blocked_read(files, &blocked) < 0)
        return out_of_memory(fault);
    view->blocked = blocked.checksum;
    error = add_packages(view, &blocked, fault);
    hk_blocked_free(&blocked);
    if (error < 0)
        return error;
    filter(view);
    if (view->entry_count > 0)
        qsort(view->entries, view->entry_count, sizeof(*view->entries),
              by_path);
    while ((error = refuse_clash(view, fault)) > 0)
        filter(view);
    if (error < 0)
        return error;
    merge(view);
    error = hk_view_add_package_links(view, fault);
    if (error == 0 && view->entry_count > 0)
        qsort(view->entries, view->entry_count, sizeof(*view->entries),
              by_path);
    return error;
}
