/* root_add.c -- packages that come into a root, and go. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int no_memory(struct hk_package_fault *fault)
{
    return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
}

/* ---- going ---- */

/* Removes the packages that the lines name, when there are any. */
static int remove_lines(struct hk_root *root, const char *lines,
                        struct hk_package_fault *fault)
{
    int error = lines[0] != '\0' ? hk_root_write_doomed(root, lines, fault) : 0;

    return error < 0 ? error : hk_root_refresh(root, fault);
}

/* Adds a line for a package: 1, or 0 out of memory. */
static int doom(char **lines, enum hk_location location, const char *file_name)
{
    char *longer;

    if (asprintf(&longer, "%s%s/%s\n", *lines != NULL ? *lines : "",
                 hk_location_name(location), file_name) < 0)
        return 0;
    free(*lines);
    *lines = longer;
    return 1;
}

/* Adds lines for the packages that have a name: 0, or an error. */
static int doom_named(const struct hk_view *view, const char *name,
                      char **lines, struct hk_package_fault *fault)
{
    int is_there = 0;

    for (uint32_t i = 0; i < view->package_count; i++) {
        const struct hk_view_package *package = &view->packages[i];

        if (strcmp(package->file_name, name) != 0 &&
            strcmp(package->name, name) != 0)
            continue;
        if (!doom(lines, package->location, package->file_name))
            return no_memory(fault);
        is_there = 1;
    }
    return is_there ? 0
                    : hk_package_fail(fault, HK_PACKAGE_ERR_MISSING,
                                      "%.200s: no such package", name);
}

int hk_root_remove(struct hk_root *root, const char *const *names, size_t count,
                   struct hk_package_fault *fault)
{
    char *lines = NULL;
    int lock, error = hk_root_begin_adding(root, &lock, fault);

    if (error < 0)
        return error;
    error = hk_root_refresh(root, fault);
    for (size_t i = 0; i < count && error == 0; i++)
        error = doom_named(&root->view, names[i], &lines, fault);
    if (error == 0 && lines != NULL)
        error = remove_lines(root, lines, fault);
    close(lock);
    free(lines);
    return error;
}

/* ---- coming ---- */

/* A package that is to come. */
struct arrival {
    char *file_name, *name;
    int is_older; /* another one of its name comes in its place */
};

struct arrivals {
    enum hk_location location;
    size_t count;
    size_t at; /* the one that is looked at */
    struct arrival *all;
};

static int is_file_name(const char *name)
{
    size_t length = strlen(name);

    return length > 5 && strpbrk(name, "/\n") == NULL &&
           strcmp(name + length - 5, ".hpkg") == 0;
}

/* The name of a package that is to come, when it can. */
static int look_at_package(int fd, char **name, struct hk_package_fault *fault)
{
    struct hk_package *package;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    uint32_t index;
    uint64_t architecture;
    int error = own < 0 ? hk_root_fail(fault, "package")
                        : hk_package_open(own, &package, fault);

    if (error < 0) {
        if (own >= 0)
            close(own);
        return error;
    }
    index = hk_package_find(package, hk_package_info(package), HK_PACKAGE_NAME);
    *name =
        strdup(index != 0 ? hk_package_at(package, index)->value.string : "");
    index = hk_package_find(package, hk_package_info(package),
                            HK_PACKAGE_ARCHITECTURE);
    architecture = index != 0 ? hk_package_at(package, index)->value.number : 0;
    if (*name == NULL)
        error = no_memory(fault);
    else if (**name == '\0')
        error = hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                                "a package without a name");
    else if (!hk_root_runs(architecture))
        error =
            hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                            "a package for %s, and uvm runs programs for x86",
                            hk_package_architecture(architecture) != NULL
                                ? hk_package_architecture(architecture)
                                : "an unknown architecture");
    hk_package_close(package);
    return error;
}

static const struct hk_package_attribute *
version_of(const struct hk_package *package)
{
    return hk_package_at(package,
                         hk_package_find(package, hk_package_info(package),
                                         HK_PACKAGE_VERSION_MAJOR));
}

/* Where a copy waits until all are there. */
enum { WAITING_SIZE = 32 };
static void waiting_name(size_t index, char name[WAITING_SIZE])
{
    snprintf(name, WAITING_SIZE, "incoming.%zu", index);
}

/* Opens a copy; NULL when that fails. */
static struct hk_package *open_waiting(const struct hk_root *root, size_t index)
{
    struct hk_package *package;
    char name[WAITING_SIZE];
    int fd;

    waiting_name(index, name);
    fd = openat(root->state, name, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && hk_package_open(fd, &package, NULL) == 0)
        return package;
    if (fd >= 0)
        close(fd);
    return NULL;
}

/* Below 0 when the first is older; one without a version is as old as any. */
static int compare_packages(const struct hk_root *root, size_t first,
                            size_t second)
{
    struct hk_package *packages[] = {open_waiting(root, first),
                                     open_waiting(root, second)};
    const struct hk_package_attribute *versions[2] = {NULL, NULL};
    int order = 0;

    for (int i = 0; i < 2; i++)
        if (packages[i] != NULL)
            versions[i] = version_of(packages[i]);
    if (versions[0] != NULL && versions[1] != NULL)
        order = hk_package_compare_versions(packages[0], versions[0],
                                            packages[1], versions[1]);
    for (int i = 0; i < 2; i++)
        if (packages[i] != NULL)
            hk_package_close(packages[i]);
    return order;
}

/* Of several versions of a package the newest comes, of one version the last;
 * two packages cannot have one file. */
static int compare_with_others(const struct hk_root *root,
                               struct arrivals *arrivals,
                               struct hk_package_fault *fault)
{
    struct arrival *one = &arrivals->all[arrivals->at];

    for (size_t i = 0; i < arrivals->at; i++) {
        struct arrival *other = &arrivals->all[i];

        if (strcmp(other->name, one->name) != 0) {
            if (strcmp(other->file_name, one->file_name) == 0)
                return hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                                       "the package %.100s, added too, has "
                                       "this file name",
                                       other->name);
        } else if (!other->is_older) {
            other->is_older = compare_packages(root, i, arrivals->at) <= 0;
            one->is_older = !other->is_older;
        }
    }
    return 0;
}

/* Whether the root has another package in a file of that name. */
static int compare_with_root(const struct hk_root *root,
                             const struct arrivals *arrivals,
                             struct hk_package_fault *fault)
{
    const struct arrival *one = &arrivals->all[arrivals->at];

    for (uint32_t i = 0; i < root->view.package_count; i++) {
        const struct hk_view_package *package = &root->view.packages[i];

        if (package->location == arrivals->location &&
            strcmp(package->file_name, one->file_name) == 0 &&
            package->name[0] != '\0' && strcmp(package->name, one->name) != 0)
            return hk_package_fail(
                fault, HK_PACKAGE_ERR_INPUT,
                "the root has the package %.100s in a file of this name",
                package->name);
    }
    return 0;
}

/* Also what somebody has left who was killed. */
static void remove_waiting(const struct hk_root *root, size_t count)
{
    char name[WAITING_SIZE];

    for (size_t i = 0;; i++) {
        waiting_name(i, name);
        if (unlinkat(root->state, name, 0) != 0 && i >= count)
            return;
    }
}

/* 0, or -1 and errno. */
int hk_root_copy(int from, int to)
{
    static const size_t size = 1 << 16;
    char *buffer = malloc(size);
    off_t offset = 0;
    ssize_t got = -1;

    while (buffer != NULL && (got = pread(from, buffer, size, offset)) > 0) {
        if (hk_root_write(to, buffer, (size_t)got) != 0) {
            got = -1;
            break;
        }
        offset += got;
    }
    free(buffer);
    return got == 0 ? 0 : -1;
}

static int copy_package(const struct hk_root *root, size_t index, int package,
                        struct hk_package_fault *fault)
{
    char name[WAITING_SIZE];
    int fd, error = 0;

    waiting_name(index, name);
    fd = openat(root->state, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                0644);
    if (fd < 0 || hk_root_copy(package, fd) != 0)
        error = hk_root_fail(fault, "state/incoming");
    if (fd >= 0 && close(fd) != 0 && error == 0)
        error = hk_root_fail(fault, "state/incoming");
    return error;
}

/* Looks at a package and copies it. */
static int take(struct hk_root *root, struct arrivals *arrivals, int package,
                struct hk_package_fault *fault)
{
    struct arrival *one = &arrivals->all[arrivals->at];
    int error;

    if (strlen(one->file_name) > NAME_MAX)
        return hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                               "the name of its file, %.100s..., is too long",
                               one->file_name);
    if (!is_file_name(one->file_name))
        return hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                               "a package's name ends in .hpkg");
    error = look_at_package(package, &one->name, fault);
    if (error == 0)
        error = compare_with_root(root, arrivals, fault);
    if (error == 0)
        error = copy_package(root, arrivals->at, package, fault);
    return error == 0 ? compare_with_others(root, arrivals, fault) : error;
}

/* One after another, so that however many take few descriptors. */
static int take_all(struct hk_root *root, struct arrivals *arrivals,
                    const struct hk_root_additions *additions,
                    struct hk_package_fault *fault)
{
    int error = 0;

    remove_waiting(root, arrivals->count);
    for (size_t i = 0; i < arrivals->count && error == 0; i++) {
        int package;

        arrivals->at = i;
        error = additions->open(additions->context, i,
                                &arrivals->all[i].file_name, &package, fault);
        if (error == 0) {
            error = take(root, arrivals, package, fault);
            close(package);
        }
    }
    return error;
}

static int is_file_of(const struct arrivals *arrivals,
                      const struct hk_view_package *package)
{
    if (package->location != arrivals->location)
        return 0;
    for (size_t i = 0; i < arrivals->count; i++)
        if (strcmp(package->file_name, arrivals->all[i].file_name) == 0)
            return 1;
    return 0;
}

/* A file of the same name gives way first: its contents may be needed. */
static int make_way(struct hk_root *root, const struct arrivals *arrivals,
                    struct hk_package_fault *fault)
{
    char *lines = NULL;
    int error = 0;

    for (uint32_t i = 0; i < root->view.package_count && error == 0; i++) {
        const struct hk_view_package *package = &root->view.packages[i];

        if (!is_file_of(arrivals, package))
            continue;
        error = hk_root_keep_replaced(root, package->location,
                                      package->file_name, fault);
        if (error == 0 && !doom(&lines, package->location, package->file_name))
            error = no_memory(fault);
    }
    if (error == 0 && lines != NULL)
        error = remove_lines(root, lines, fault);
    free(lines);
    return error;
}

static int put_in_place(struct hk_root *root, const struct arrivals *arrivals,
                        struct hk_package_fault *fault)
{
    for (size_t i = 0; i < arrivals->count; i++) {
        char name[WAITING_SIZE], path[PATH_MAX];

        if (arrivals->all[i].is_older)
            continue;
        waiting_name(i, name);
        snprintf(path, sizeof(path), "%s/packages/%s",
                 hk_location_path(arrivals->location),
                 arrivals->all[i].file_name);
        if (renameat(root->state, name, root->files, path) != 0)
            return hk_root_fail(fault, path);
    }
    return 0;
}

/* Whether another file of a package has come. */
static int is_replaced(const struct arrivals *arrivals, const char *name,
                       const char *file_name)
{
    for (size_t i = 0; i < arrivals->count; i++)
        if (!arrivals->all[i].is_older &&
            strcmp(arrivals->all[i].name, name) == 0)
            return strcmp(arrivals->all[i].file_name, file_name) != 0;
    return 0;
}

/* Lines for those that others take the place of: 1, or 0 out of memory. */
static int find_replaced(const struct hk_root *root,
                         const struct arrivals *arrivals, char **lines)
{
    for (uint32_t i = 0; i < root->view.package_count; i++) {
        const struct hk_view_package *package = &root->view.packages[i];

        if (package->location == arrivals->location &&
            is_replaced(arrivals, package->name, package->file_name) &&
            !doom(lines, package->location, package->file_name))
            return 0;
    }
    return 1;
}

/* Activation has failed: what has come goes again, and what was to go stays. */
static void take_back(struct hk_root *root, const struct arrivals *arrivals)
{
    struct hk_package_fault unsaid;

    for (size_t i = 0; i < arrivals->count; i++) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/packages/%s",
                 hk_location_path(arrivals->location),
                 arrivals->all[i].file_name);
        if (!arrivals->all[i].is_older)
            unlinkat(root->files, path, 0);
    }
    hk_root_spare_doomed(root);
    hk_root_end_replacing(root);
    hk_root_refresh(root, &unsaid);
}

struct coming {
    const struct hk_root *root;
    struct arrivals *arrivals;
};

static const struct hk_view_package *find_arrival(const struct hk_view *view,
                                                  const struct arrivals *all,
                                                  const struct arrival *one)
{
    for (uint32_t i = 0; i < view->package_count; i++)
        if (view->packages[i].location == all->location &&
            strcmp(view->packages[i].file_name, one->file_name) == 0)
            return &view->packages[i];
    return NULL;
}

/* What comes is to be active, and what was active is to stay so. */
static int want_all(void *context, const struct hk_view *view,
                    struct hk_package_fault *fault)
{
    const struct coming *coming = context;
    struct arrivals *arrivals = coming->arrivals;

    for (size_t i = 0; i < arrivals->count; i++) {
        const struct arrival *one = &arrivals->all[i];
        const struct hk_view_package *made = find_arrival(view, arrivals, one);

        if (one->is_older || (made != NULL && made->is_active))
            continue;
        arrivals->at = i;
        return hk_package_fail(
            fault, HK_PACKAGE_ERR_INPUT, "cannot be activated: %s",
            made == NULL ? "administrative/activated-packages of the root does "
                           "not name it"
                         : made->why);
    }
    for (uint32_t i = 0; i < view->package_count; i++) {
        const struct hk_view_package *now = &view->packages[i];
        const struct hk_view_package *before =
            hk_view_package(&coming->root->view, now->number);

        if (before != NULL && before->is_active && now->open != NULL &&
            !now->is_active)
            return hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                                   "%.200s would no longer be activated: %s",
                                   now->file_name, now->why);
    }
    return 0;
}

static int activate_all(struct hk_root *root, struct arrivals *arrivals,
                        struct hk_package_fault *fault)
{
    struct coming coming = {root, arrivals};
    const struct hk_root_want want = {want_all, &coming};
    char *lines = NULL;
    int error = find_replaced(root, arrivals, &lines) ? 0 : no_memory(fault);

    if (error == 0 && lines != NULL)
        error = hk_root_write_doomed(root, lines, fault);
    if (error == 0)
        error = hk_root_refresh_if(root, &want, fault);
    free(lines);
    return error;
}

/* With the lock, for which others may have been waited. */
static int add(struct hk_root *root, struct arrivals *arrivals,
               const struct hk_root_additions *additions,
               struct hk_package_fault *fault)
{
    int error = hk_root_refresh(root, fault);

    if (error == 0)
        error = take_all(root, arrivals, additions, fault);
    if (error < 0)
        return error;
    arrivals->at = arrivals->count;
    error = make_way(root, arrivals, fault);
    if (error < 0)
        return error;
    error = put_in_place(root, arrivals, fault);
    if (error == 0)
        error = activate_all(root, arrivals, fault);
    if (error < 0)
        take_back(root, arrivals);
    return error;
}

int hk_root_add(struct hk_root *root, enum hk_location location,
                const struct hk_root_additions *additions, size_t *refused,
                struct hk_package_fault *fault)
{
    size_t count = additions->count;
    struct arrivals arrivals = {location, count, count,
                                calloc(count + 1, sizeof(*arrivals.all))};
    int lock, error;

    if (arrivals.all == NULL)
        return no_memory(fault);
    error = hk_root_begin_adding(root, &lock, fault);
    if (error == 0) {
        hk_root_end_replacing(root);
        error = add(root, &arrivals, additions, fault);
        remove_waiting(root, count);
        hk_root_end_replacing(root);
        close(lock);
    }
    if (error < 0 && refused != NULL)
        *refused = arrivals.at;
    for (size_t i = 0; i < count; i++) {
        free(arrivals.all[i].file_name);
        free(arrivals.all[i].name);
    }
    free(arrivals.all);
    return error;
}
