/* root.c -- roots: made, opened, and brought up to date. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attr_store.h"
#include "host_open.h"

static const char manifest_name[] = "uvm-root";
static const char manifest[] = "uvm root 1\n";

static const struct {
    const char *name, *path;
} locations[HK_LOCATION_COUNT] = {{"system", "boot/system"},
                                  {"home", "boot/home/config"}};

const char *hk_location_name(enum hk_location location)
{
    return locations[location].name;
}

const char *hk_location_path(enum hk_location location)
{
    return locations[location].path;
}

static int no_memory(struct hk_package_fault *fault)
{
    return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
}

static int fail(struct hk_package_fault *fault, const char *path)
{
    return hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%s: %s", path,
                           strerror(errno));
}

/* ---- making one ---- */

/* What a Haiku has before any package (haiku-abi/boot-sequence.md). */
static const char *const directories[] = {
    "files",
    "state",
    "files/boot",
    "files/boot/system",
    "files/boot/system/cache",
    "files/boot/system/cache/tmp",
    "files/boot/system/non-packaged",
    "files/boot/system/package-links",
    "files/boot/system/packages",
    "files/boot/system/settings",
    "files/boot/system/var",
    "files/boot/system/var/shared_memory",
    "files/boot/home",
    "files/boot/home/config",
    "files/boot/home/config/cache",
    "files/boot/home/config/non-packaged",
    "files/boot/home/config/packages",
    "files/boot/home/config/settings",
    "files/boot/home/config/var",
};

/* haiku-abi/hpkg.md, "Root file system links made by the kernel" */
static const struct {
    const char *name, *target;
} links[] = {
    {"files/bin", "/boot/system/bin"},
    {"files/etc", "/boot/system/settings/etc"},
    {"files/packages", "/boot/system/package-links"},
    {"files/system", "/boot/system"},
    {"files/tmp", "/boot/system/cache/tmp"},
    {"files/var", "/boot/system/var"},
};

/* Contents that are still to come are told by an extended attribute. */
static int check_attributes(int directory, struct hk_package_fault *fault)
{
    int fd = openat(directory, "state", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = 0;

    if (fd < 0 || fsetxattr(fd, "user.uvm.test", "", 0, 0) != 0)
        error = hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                                "the file system keeps no extended attributes "
                                "of users: %s",
                                strerror(errno));
    else
        fremovexattr(fd, "user.uvm.test");
    if (fd >= 0)
        close(fd);
    return error;
}

/* The manifest comes last: without it there is no root. */
static int write_manifest(int directory, struct hk_package_fault *fault)
{
    static const char new_name[] = "state/manifest";
    int fd = openat(directory, new_name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    int is_good = fd >= 0 && write(fd, manifest, sizeof(manifest) - 1) ==
                                 (ssize_t)sizeof(manifest) - 1;

    if (fd >= 0)
        is_good &= close(fd) == 0;
    return is_good &&
                   renameat(directory, new_name, directory, manifest_name) == 0
               ? 0
               : fail(fault, manifest_name);
}

static int fill_new(int directory, struct hk_package_fault *fault)
{
    int error;

    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
        if (mkdirat(directory, directories[i], 0755) != 0)
            return fail(fault, directories[i]);
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        if (symlinkat(links[i].target, directory, links[i].name) != 0)
            return fail(fault, links[i].name);
    error = check_attributes(directory, fault);
    return error < 0 ? error : write_manifest(directory, fault);
}

int hk_root_create(const char *path, struct hk_package_fault *fault)
{
    int directory, error;

    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%s", strerror(errno));
    if (rmdir(path) != 0 || mkdir(path, 0755) != 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_EXISTS, "%s",
                               errno == ENOTEMPTY || errno == EEXIST
                                   ? "is not empty"
                                   : strerror(errno));
    directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%s", strerror(errno));
    error = fill_new(directory, fault);
    close(directory);
    return error;
}

static int has_manifest(int directory, struct hk_package_fault *fault)
{
    char text[sizeof(manifest)] = "";
    int fd = openat(directory, manifest_name, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text));

    if (fd >= 0)
        close(fd);
    if (fd < 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_MISSING,
                               "is no root: it has no file %s", manifest_name);
    if (size != sizeof(manifest) - 1 ||
        memcmp(text, manifest, sizeof(manifest) - 1) != 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_FORMAT,
                               "is no root of this version of uvm: see its %s",
                               manifest_name);
    return 0;
}

int hk_root_is_one(const char *path)
{
    int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int is_one =
        directory >= 0 && faccessat(directory, manifest_name, F_OK, 0) == 0;

    if (directory >= 0)
        close(directory);
    return is_one;
}

/* ---- packages on their way out: state/remove ---- */

/* Lines "system/NAME": to be removed once nothing needs them. */
static char *read_doomed(const struct hk_root *root)
{
    int fd = openat(root->state, "remove", O_RDONLY | O_CLOEXEC);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    char *text = NULL;
    size_t room = 0;

    if (file == NULL) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    if (getdelim(&text, &room, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

static int is_doomed(const char *doomed, const struct hk_view_package *package)
{
    char line[NAME_MAX + 32];
    const char *found = doomed;
    size_t length;

    if (doomed == NULL)
        return 0;
    length = (size_t)snprintf(line, sizeof(line), "%s/%s\n",
                              hk_location_name(package->location),
                              package->file_name);
    while ((found = strstr(found, line)) != NULL) {
        if (found == doomed || found[-1] == '\n')
            return 1;
        found += length;
    }
    return 0;
}

static int write_doomed(const struct hk_root *root, const char *lines,
                        struct hk_package_fault *fault)
{
    size_t size = strlen(lines);
    int fd = openat(root->state, "remove.new",
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int is_good = fd >= 0 && write(fd, lines, size) == (ssize_t)size;

    if (fd >= 0)
        is_good &= close(fd) == 0;
    return is_good && renameat(root->state, "remove.new", root->state,
                               "remove") == 0
               ? 0
               : fail(fault, "state/remove");
}

static void unlink_package(const struct hk_root *root,
                           const struct hk_view_package *package)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/packages/%s",
             hk_location_path(package->location), package->file_name);
    unlinkat(root->files, path, 0);
}

/* ---- activation ---- */

static int lock(const struct hk_root *root, struct hk_package_fault *fault)
{
    int fd = openat(root->state, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    while (fd >= 0 && flock(fd, LOCK_EX) != 0)
        if (errno != EINTR) {
            close(fd);
            fd = -1;
        }
    return fd >= 0 ? fd : fail(fault, "state/lock");
}

/* Keeps of a view what a root has to know. */
static void keep(struct hk_root *root, struct hk_view *view)
{
    struct hk_view before = root->view;

    for (uint32_t i = 0; i < view->package_count; i++) {
        hk_package_close(view->packages[i].open);
        view->packages[i].open = NULL;
    }
    root->view = *view;
    *view = before;
}

/* The views before: `view`, and `pending` when a process was killed while it
 * went from the one to the other. */
static int apply(struct hk_root *root, const struct hk_view *view,
                 struct hk_package_fault *fault)
{
    struct hk_view active, pending;
    int error = hk_view_read(root->state, "view", HK_VIEW_ALL, &active, fault);

    if (error < 0)
        return error;
    error = hk_view_read(root->state, "pending", HK_VIEW_ALL, &pending, fault);
    if (error == 0) {
        const struct hk_view *const before[] = {
            &active, pending.last_number > 0 ? &pending : NULL};

        error = hk_view_write(root->state, "pending", view, fault);
        if (error == 0)
            error = hk_root_apply(root, before, view, fault);
        hk_view_free(&pending);
    }
    hk_view_free(&active);
    if (error == 0 &&
        renameat(root->state, "pending", root->state, "view") != 0)
        error = fail(fault, "state/view");
    return error;
}

static int exists(const struct hk_root *root, const char *name)
{
    return faccessat(root->state, name, F_OK, 0) == 0;
}

/* Numbers go on from the highest that has been given. */
static int find_packages(const struct hk_root *root, struct hk_view *view,
                         const char *doomed, struct hk_package_fault *fault)
{
    struct hk_view old;
    const char *name = exists(root, "pending") ? "pending" : "view";
    int error = hk_view_read(root->state, name, HK_VIEW_PACKAGES, &old, fault);

    if (error < 0)
        return error;
    error = hk_view_find_packages(root->files, &old, view, fault);
    hk_view_free(&old);
    for (uint32_t i = 0; error == 0 && i < view->package_count; i++)
        view->packages[i].is_leaving =
            (uint8_t)is_doomed(doomed, &view->packages[i]);
    return error;
}

/* Removes the packages that are leaving: nothing needs them any more. */
static int remove_doomed(struct hk_root *root, struct hk_package_fault *fault)
{
    int error;

    for (uint32_t i = 0; i < root->view.package_count; i++)
        if (root->view.packages[i].is_leaving)
            unlink_package(root, &root->view.packages[i]);
    hk_view_drop_leaving(&root->view);
    error = hk_view_write(root->state, "view", &root->view, fault);
    if (error == 0 && unlinkat(root->state, "remove", 0) != 0)
        error = fail(fault, "state/remove");
    return error;
}

/* Activates what is there but the packages that are to go. */
static int activate_rest(struct hk_root *root, const char *doomed,
                         struct hk_package_fault *fault)
{
    struct hk_view view;
    int error = find_packages(root, &view, doomed, fault);

    if (error < 0)
        return error;
    error = hk_view_make(root->files, &view, fault);
    if (error == 0)
        error = apply(root, &view, fault);
    if (error == 0)
        keep(root, &view);
    hk_view_free(&view);
    return error;
}

/* Packages stay that have contents which cannot be brought: to try that again
 * at each opening would keep the root from being opened. */
static void keep_doomed(struct hk_root *root)
{
    struct hk_package_fault unsaid;

    if (activate_rest(root, NULL, &unsaid) == 0)
        unlinkat(root->state, "remove", 0);
}

/* Activates what is there; with the lock. */
static int activate(struct hk_root *root, struct hk_package_fault *fault)
{
    char *doomed = read_doomed(root);
    int error = activate_rest(root, doomed, fault);

    if (error == 0 && doomed != NULL) {
        error = hk_root_rescue(root, fault);
        if (error == 0)
            error = remove_doomed(root, fault);
        else
            keep_doomed(root);
    }
    hk_view_drop_entries(&root->view);
    free(doomed);
    return error;
}

/* 1 when packages are as they were when they were activated. */
static int is_up_to_date(struct hk_root *root, struct hk_package_fault *fault)
{
    struct hk_view view = {0};
    int is_same = 0, error;

    if (exists(root, "pending") || exists(root, "remove"))
        return 0;
    hk_view_free(&root->view);
    error =
        hk_view_read(root->state, "view", HK_VIEW_PACKAGES, &root->view, fault);
    if (error == 0)
        error = hk_view_find_packages(root->files, &root->view, &view, fault);
    if (error == 0)
        is_same = hk_view_same_packages(&root->view, &view);
    hk_view_free(&view);
    return error < 0 ? error : is_same;
}

/* Most starts find nothing to do, and take no lock. */
static int bring_up_to_date(struct hk_root *root,
                            struct hk_package_fault *fault)
{
    int result = is_up_to_date(root, fault);
    int fd;

    if (result != 0)
        return result < 0 ? result : 0;
    fd = lock(root, fault);
    if (fd < 0)
        return fd;
    result = is_up_to_date(root, fault);
    result = result == 0 ? activate(root, fault) : result < 0 ? result : 0;
    flock(fd, LOCK_UN);
    close(fd);
    return result;
}

/* ---- opening ---- */

static int open_directories(struct hk_root *root,
                            struct hk_package_fault *fault)
{
    int error;

    root->directory = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root->directory < 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%s", strerror(errno));
    error = has_manifest(root->directory, fault);
    if (error < 0)
        return error;
    root->files = openat(root->directory, "files",
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    root->state = openat(root->directory, "state",
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (root->files < 0 || root->state < 0)
        return fail(fault, root->files < 0 ? "files" : "state");
    root->use =
        openat(root->state, "use", O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
    return root->use >= 0 && flock(root->use, LOCK_SH) == 0
               ? 0
               : fail(fault, "state/use");
}

/* Where attributes are that the host's files cannot keep. */
static int open_attributes(struct hk_root *root, struct hk_package_fault *fault)
{
    char *path;
    int error = ENOMEM;

    if (asprintf(&path, "%s/attributes", root->path) >= 0) {
        error = hk_attr_store_new(path, &root->attributes);
        free(path);
    }
    return error == 0 ? 0 : no_memory(fault);
}

int hk_root_open(const char *path, struct hk_root **root,
                 struct hk_package_fault *fault)
{
    struct hk_root *made = calloc(1, sizeof(*made));
    int error;

    if (made == NULL)
        return no_memory(fault);
    made->directory = made->files = made->state = made->use = -1;
    made->path = realpath(path, NULL);
    if (made->path == NULL) {
        error =
            hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%s", strerror(errno));
    } else if (asprintf(&made->files_path, "%s/files", made->path) < 0) {
        made->files_path = NULL;
        error = no_memory(fault);
    } else {
        error = open_directories(made, fault);
    }
    if (error == 0)
        error = open_attributes(made, fault);
    if (error == 0) {
        hk_content_recover(made);
        error = bring_up_to_date(made, fault);
    }
    if (error < 0)
        hk_root_close(made);
    else
        *root = made;
    return error;
}

void hk_root_close(struct hk_root *root)
{
    if (root == NULL)
        return;
    if (root->directory >= 0)
        close(root->directory);
    if (root->files >= 0)
        close(root->files);
    if (root->state >= 0)
        close(root->state);
    if (root->use >= 0)
        close(root->use);
    hk_view_free(&root->view);
    hk_attr_store_free(root->attributes);
    free(root->files_path);
    free(root->path);
    free(root);
}

const char *hk_root_files(const struct hk_root *root)
{
    return root->files_path;
}

const char *hk_root_attributes(const struct hk_root *root)
{
    return hk_attr_store_path(root->attributes);
}

/* Cuts its last component off: 1, or 0 for "/". */
static int cut_path(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL || slash == path)
        return 0;
    *slash = '\0';
    return 1;
}

char *hk_root_around(const char *path)
{
    char *at = realpath(path, NULL);

    while (at != NULL) {
        const char *slash = strrchr(at, '/');
        int is_layer = strcmp(slash, "/files") == 0;

        if (!cut_path(at))
            break;
        if (is_layer && hk_root_is_one(at))
            return at;
    }
    free(at);
    return NULL;
}

/* ---- packages come and go ---- */

/* Removes the packages that the lines name, when there are any. */
static int remove_lines(struct hk_root *root, const char *lines,
                        struct hk_package_fault *fault)
{
    int error = lines[0] != '\0' ? write_doomed(root, lines, fault) : 0;

    return error < 0 ? error : bring_up_to_date(root, fault);
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
    int error = 0;

    for (size_t i = 0; i < count && error == 0; i++)
        error = doom_named(&root->view, names[i], &lines, fault);
    if (error == 0 && lines != NULL)
        error = remove_lines(root, lines, fault);
    free(lines);
    return error;
}

static int copy(int from, int to)
{
    static const size_t size = 1 << 16;
    char *buffer = malloc(size);
    off_t offset = 0;
    ssize_t got = -1;

    while (buffer != NULL && (got = pread(from, buffer, size, offset)) > 0) {
        if (write(to, buffer, (size_t)got) != got) {
            got = -1;
            break;
        }
        offset += got;
    }
    free(buffer);
    return got == 0 ? 0 : -1;
}

/* A package that is to come. */
struct arrival {
    char *name;
    int is_older; /* another one of its name comes in its place */
};

struct arrivals {
    enum hk_location location;
    const struct hk_root_addition *additions;
    size_t count;
    size_t at; /* the one that is looked at */
    struct arrival *all;
};

static int is_file_name(const char *name)
{
    size_t length = strlen(name);

    return length > 5 && length <= NAME_MAX && strpbrk(name, "/\n") == NULL &&
           strcmp(name + length - 5, ".hpkg") == 0;
}

/* The name of a package that is to come, when it can. */
static int look_at_package(int fd, char **name, struct hk_package_fault *fault)
{
    struct hk_package *package;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    uint32_t index;
    uint64_t architecture;
    int error = own < 0 ? fail(fault, "package")
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

/* Below 0 when the first is older; one without a version is as old as any. */
static int compare_packages(int first, int second)
{
    const int fds[] = {fcntl(first, F_DUPFD_CLOEXEC, 0),
                       fcntl(second, F_DUPFD_CLOEXEC, 0)};
    const struct hk_package_attribute *versions[2] = {NULL, NULL};
    struct hk_package *packages[2] = {NULL, NULL};
    int order = 0;

    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0 && hk_package_open(fds[i], &packages[i], NULL) < 0)
            close(fds[i]);
        if (packages[i] != NULL)
            versions[i] = version_of(packages[i]);
    }
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
static int compare_with_others(struct arrivals *arrivals,
                               struct hk_package_fault *fault)
{
    const struct hk_root_addition *additions = arrivals->additions;
    struct arrival *one = &arrivals->all[arrivals->at];
    const char *file_name = additions[arrivals->at].file_name;

    for (size_t i = 0; i < arrivals->at; i++) {
        struct arrival *other = &arrivals->all[i];

        if (strcmp(other->name, one->name) != 0) {
            if (strcmp(additions[i].file_name, file_name) == 0)
                return hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                                       "the package %.100s, added too, has "
                                       "this file name",
                                       other->name);
        } else if (!other->is_older) {
            other->is_older =
                compare_packages(additions[i].package,
                                 additions[arrivals->at].package) <= 0;
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
    const char *file_name = arrivals->additions[arrivals->at].file_name;

    for (uint32_t i = 0; i < root->view.package_count; i++) {
        const struct hk_view_package *package = &root->view.packages[i];

        if (package->location == arrivals->location &&
            strcmp(package->file_name, file_name) == 0 &&
            package->name[0] != '\0' &&
            strcmp(package->name, arrivals->all[arrivals->at].name) != 0)
            return hk_package_fail(
                fault, HK_PACKAGE_ERR_INPUT,
                "the root has the package %.100s in a file of this name",
                package->name);
    }
    return 0;
}

static int look_at_all(const struct hk_root *root, struct arrivals *arrivals,
                       struct hk_package_fault *fault)
{
    for (size_t i = 0; i < arrivals->count; i++) {
        int error;

        arrivals->at = i;
        if (!is_file_name(arrivals->additions[i].file_name))
            return hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                                   "a package's name ends in .hpkg");
        error = look_at_package(arrivals->additions[i].package,
                                &arrivals->all[i].name, fault);
        if (error == 0)
            error = compare_with_root(root, arrivals, fault);
        if (error == 0)
            error = compare_with_others(arrivals, fault);
        if (error < 0)
            return error;
    }
    return 0;
}

/* Where a copy waits until all are there. */
enum { WAITING_SIZE = 32 };
static void waiting_name(size_t index, char name[WAITING_SIZE])
{
    snprintf(name, WAITING_SIZE, "incoming.%zu", index);
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

static int copy_all(struct hk_root *root, struct arrivals *arrivals,
                    struct hk_package_fault *fault)
{
    remove_waiting(root, arrivals->count);
    for (size_t i = 0; i < arrivals->count; i++) {
        char name[WAITING_SIZE];
        int fd, error = 0;

        arrivals->at = i;
        waiting_name(i, name);
        fd = openat(root->state, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    0644);
        if (fd < 0 || copy(arrivals->additions[i].package, fd) != 0)
            error = fail(fault, "state/incoming");
        if (fd >= 0)
            close(fd);
        if (error < 0)
            return error;
    }
    return 0;
}

static int is_file_of(const struct arrivals *arrivals,
                      const struct hk_view_package *package)
{
    if (package->location != arrivals->location)
        return 0;
    for (size_t i = 0; i < arrivals->count; i++)
        if (strcmp(package->file_name, arrivals->additions[i].file_name) == 0)
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

        if (is_file_of(arrivals, package) &&
            !doom(&lines, package->location, package->file_name))
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
                 arrivals->additions[i].file_name);
        if (renameat(root->state, name, root->files, path) != 0)
            return fail(fault, path);
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
            return strcmp(arrivals->additions[i].file_name, file_name) != 0;
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

static int activate_all(struct hk_root *root, const struct arrivals *arrivals,
                        struct hk_package_fault *fault)
{
    char *lines = NULL;
    int error = find_replaced(root, arrivals, &lines)
                    ? remove_lines(root, lines != NULL ? lines : "", fault)
                    : no_memory(fault);

    free(lines);
    return error;
}

int hk_root_add(struct hk_root *root, enum hk_location location,
                const struct hk_root_addition *additions, size_t count,
                size_t *refused, struct hk_package_fault *fault)
{
    struct arrivals arrivals = {location, additions, count, count, NULL};
    int error;

    arrivals.all = calloc(count + 1, sizeof(*arrivals.all));
    error = arrivals.all == NULL ? no_memory(fault)
                                 : look_at_all(root, &arrivals, fault);
    if (error == 0)
        error = copy_all(root, &arrivals, fault);
    if (error == 0) {
        arrivals.at = count;
        error = make_way(root, &arrivals, fault);
    }
    if (error == 0)
        error = put_in_place(root, &arrivals, fault);
    if (error == 0)
        error = activate_all(root, &arrivals, fault);
    if (error < 0 && refused != NULL)
        *refused = arrivals.at;
    remove_waiting(root, count);
    for (size_t i = 0; i < count && arrivals.all != NULL; i++)
        free(arrivals.all[i].name);
    free(arrivals.all);
    return error;
}

int hk_root_list(const struct hk_root *root, size_t index,
                 struct hk_root_package *package)
{
    const struct hk_view_package *at = &root->view.packages[index];

    if (index >= root->view.package_count)
        return 0;
    *package = (struct hk_root_package){
        .location = at->location,
        .file_name = at->file_name,
        .name = at->name,
        .version = at->version,
        .architecture = at->architecture,
        .size = at->size,
        .is_active = at->is_active,
    };
    return 1;
}
