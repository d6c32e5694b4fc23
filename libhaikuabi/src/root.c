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

int hk_root_fail(struct hk_package_fault *fault, const char *path)
{
    return hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%s: %s", path,
                           strerror(errno));
}

int hk_root_write(int fd, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    while (size > 0) {
        ssize_t written = write(fd, at, size);

        if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            at += written;
            size -= (size_t)written;
        }
    }
    return 0;
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
int hk_root_write_manifest(int directory, struct hk_package_fault *fault)
{
    static const char new_name[] = "state/manifest";
    int fd = openat(directory, new_name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    int is_good =
        fd >= 0 && hk_root_write(fd, manifest, sizeof(manifest) - 1) == 0;

    if (fd >= 0)
        is_good &= close(fd) == 0;
    return is_good &&
                   renameat(directory, new_name, directory, manifest_name) == 0
               ? 0
               : hk_root_fail(fault, manifest_name);
}

int hk_root_lay_out(int directory, struct hk_package_fault *fault)
{
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
        if (mkdirat(directory, directories[i], 0755) != 0 && errno != EEXIST)
            return hk_root_fail(fault, directories[i]);
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        if (symlinkat(links[i].target, directory, links[i].name) != 0 &&
            errno != EEXIST)
            return hk_root_fail(fault, links[i].name);
    return check_attributes(directory, fault);
}

int hk_root_lays_out(const char *path)
{
    const size_t before = strlen("files/");

    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
        if (strlen(directories[i]) > before &&
            strcmp(directories[i] + before, path) == 0)
            return 1;
    return 0;
}

/* What was made of a root that came to nothing. */
static void unmake(int directory)
{
    unlinkat(directory, "state/manifest", 0);
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        unlinkat(directory, links[i].name, 0);
    for (size_t i = sizeof(directories) / sizeof(directories[0]); i-- > 0;)
        unlinkat(directory, directories[i], AT_REMOVEDIR);
}

static int is_empty(int directory)
{
    DIR *stream = fdopendir(openat(directory, ".", O_RDONLY | O_CLOEXEC));
    const struct dirent *entry;
    int is_good = stream != NULL;

    if (stream == NULL)
        return 0;
    while (is_good && (entry = readdir(stream)) != NULL)
        is_good =
            strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(stream);
    return is_good;
}

/* Whether a directory can become a root, and be found again by its path. */
static int check_place(int directory, const char *path,
                       struct hk_package_fault *fault)
{
    char *real = directory >= 0 ? realpath(path, NULL) : NULL;
    struct stat st;

    if (real == NULL || fstat(directory, &st) != 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%s", strerror(errno));
    free(real);
    if (st.st_uid != geteuid())
        return hk_package_fail(fault, HK_PACKAGE_ERR_INPUT,
                               "is another user's");
    return is_empty(directory)
               ? 0
               : hk_package_fail(fault, HK_PACKAGE_ERR_EXISTS, "is not empty");
}

int hk_root_create(const char *path, struct hk_package_fault *fault)
{
    int is_made = mkdir(path, 0755) == 0, directory, error;

    if (!is_made && errno != EEXIST)
        return hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%s", strerror(errno));
    directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    error = check_place(directory, path, fault);
    if (error == 0) {
        error = hk_root_lay_out(directory, fault);
        if (error == 0)
            error = hk_root_write_manifest(directory, fault);
        if (error < 0)
            unmake(directory);
    }
    if (directory >= 0)
        close(directory);
    if (error < 0 && is_made)
        rmdir(path);
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

int hk_root_write_doomed(const struct hk_root *root, const char *lines,
                         struct hk_package_fault *fault)
{
    int fd = openat(root->state, "remove.new",
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int is_good = fd >= 0 && hk_root_write(fd, lines, strlen(lines)) == 0;

    if (fd >= 0)
        is_good &= close(fd) == 0;
    return is_good && renameat(root->state, "remove.new", root->state,
                               "remove") == 0
               ? 0
               : hk_root_fail(fault, "state/remove");
}

/* The view that is active may be one without them: they are activated. */
void hk_root_spare_doomed(const struct hk_root *root)
{
    if (faccessat(root->state, "remove", F_OK, 0) == 0)
        hk_root_write_doomed(root, "\n", NULL);
}

static int unlink_package(const struct hk_root *root,
                          const struct hk_view_package *package,
                          struct hk_package_fault *fault)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/packages/%s",
             hk_location_path(package->location), package->file_name);
    return unlinkat(root->files, path, 0) == 0 || errno == ENOENT
               ? 0
               : hk_root_fail(fault, path);
}

/* ---- activation ---- */

static int lock(const struct hk_root *root, struct hk_package_fault *fault)
{
    int fd = openat(root->state, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    return hk_host_lock_file(fd) >= 0 ? fd : hk_root_fail(fault, "state/lock");
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
        error = hk_root_fail(fault, "state/view");
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
    error = hk_view_find_packages(root->packages, &old, view, fault);
    hk_view_free(&old);
    for (uint32_t i = 0; error == 0 && i < view->package_count; i++)
        view->packages[i].is_leaving =
            (uint8_t)is_doomed(doomed, &view->packages[i]);
    return error;
}

/* Removes the packages that are leaving: nothing needs them any more. */
static int remove_doomed(struct hk_root *root, struct hk_package_fault *fault)
{
    int error = 0;

    for (uint32_t i = 0; i < root->view.package_count && error == 0; i++)
        if (root->view.packages[i].is_leaving)
            error = unlink_package(root, &root->view.packages[i], fault);
    if (error < 0)
        return error;
    hk_view_drop_leaving(&root->view);
    error = hk_view_write(root->state, "view", &root->view, fault);
    if (error == 0 && unlinkat(root->state, "remove", 0) != 0)
        error = hk_root_fail(fault, "state/remove");
    return error;
}

/* Activates what is there but the packages that are to go. */
static int activate_rest(struct hk_root *root, const char *doomed,
                         const struct hk_root_want *want,
                         struct hk_package_fault *fault)
{
    struct hk_view view;
    int error = find_packages(root, &view, doomed, fault);

    if (error < 0)
        return error;
    error = hk_view_make(root->packages, &view, fault);
    if (error == 0 && want != NULL)
        error = want->want(want->context, &view, fault);
    if (error == 0)
        error = apply(root, &view, fault);
    if (error == 0)
        keep(root, &view);
    hk_view_free(&view);
    return error;
}

/* Packages stay whose files cannot be removed, or have contents which cannot be
 * brought: to try that again at each opening would keep the root from being
 * opened. */
static void keep_doomed(struct hk_root *root, int is_begun)
{
    struct hk_package_fault unsaid;

    if (!is_begun || activate_rest(root, NULL, NULL, &unsaid) == 0)
        unlinkat(root->state, "remove", 0);
}

/* Activates what is there; with the lock. */
static int activate(struct hk_root *root, const struct hk_root_want *want,
                    struct hk_package_fault *fault)
{
    char *doomed = read_doomed(root);
    int error = activate_rest(root, doomed, want, fault);
    int is_begun = error == 0;

    if (error == 0 && doomed != NULL)
        error = hk_root_rescue(root, fault);
    if (error == 0 && doomed != NULL)
        error = remove_doomed(root, fault);
    if (error < 0 && doomed != NULL)
        keep_doomed(root, is_begun || exists(root, "pending"));
    hk_view_drop_entries(&root->view);
    free(doomed);
    return error;
}

/* 1 when packages are as they were when they were activated. */
static int is_up_to_date(struct hk_root *root, struct hk_package_fault *fault)
{
    struct hk_view view = {0};
    int is_same = 0, error;

    if (exists(root, "pending") || exists(root, "remove") ||
        !hk_root_is_marked(root))
        return 0;
    hk_view_free(&root->view);
    error =
        hk_view_read(root->state, "view", HK_VIEW_PACKAGES, &root->view, fault);
    if (error == 0)
        error =
            hk_view_find_packages(root->packages, &root->view, &view, fault);
    if (error == 0)
        is_same = hk_view_same_packages(&root->view, &view);
    hk_view_free(&view);
    return error < 0 ? error : is_same;
}

/* The result of a look that found packages up to date, or failed. */
static int end_refresh(const struct hk_root *root, int looked,
                       const struct hk_root_want *want,
                       struct hk_package_fault *fault)
{
    if (looked < 0 || want == NULL)
        return looked < 0 ? looked : 0;
    return want->want(want->context, &root->view, fault);
}

/* Most starts find nothing to do, and take no lock. */
int hk_root_refresh_if(struct hk_root *root, const struct hk_root_want *want,
                       struct hk_package_fault *fault)
{
    int result = is_up_to_date(root, fault);
    int fd;

    if (result != 0)
        return end_refresh(root, result, want, fault);
    fd = lock(root, fault);
    if (fd < 0)
        return fd;
    result = is_up_to_date(root, fault);
    result = result == 0 ? activate(root, want, fault)
                         : end_refresh(root, result, want, fault);
    hk_host_unlock_file(fd);
    return result;
}

int hk_root_refresh(struct hk_root *root, struct hk_package_fault *fault)
{
    return hk_root_refresh_if(root, NULL, fault);
}

/* ---- opening ---- */

static void close_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

static struct hk_root *new_root(void)
{
    struct hk_root *root = calloc(1, sizeof(*root));

    if (root != NULL)
        root->directory = root->files = root->state = root->use =
            root->packages = -1;
    return root;
}

static int open_directory(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Of a root that is a layer over another one those are there. */
static int open_packages(struct hk_root *root, struct hk_package_fault *fault)
{
    char base[PATH_MAX];
    ssize_t length =
        readlinkat(root->directory, hk_root_base_name, base, sizeof(base) - 1);
    int directory;

    if (length < 0) {
        root->packages = fcntl(root->files, F_DUPFD_CLOEXEC, 0);
        return root->packages < 0 ? hk_root_fail(fault, "files") : 0;
    }
    base[length] = '\0';
    directory = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
        root->packages = open_directory(directory, "files");
        close(directory);
    }
    root->base = strdup(base);
    if (root->base == NULL)
        return no_memory(fault);
    return root->packages < 0 ? hk_root_fail(fault, base) : 0;
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

static int open_root(struct hk_root *root, const char *path,
                     struct hk_package_fault *fault)
{
    root->path = realpath(path, NULL);
    if (root->path != NULL)
        root->directory = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return root->directory >= 0 ? 0
                                : hk_package_fail(fault, HK_PACKAGE_ERR_IO,
                                                  "%s", strerror(errno));
}

static int open_layer(struct hk_root *root, struct hk_package_fault *fault)
{
    int error;

    if (asprintf(&root->files_path, "%s/files", root->path) < 0) {
        root->files_path = NULL;
        return no_memory(fault);
    }
    root->files = open_directory(root->directory, "files");
    if (root->files < 0)
        return hk_root_fail(fault, "files");
    error = open_attributes(root, fault);
    return error < 0 ? error : open_packages(root, fault);
}

/* Begins to use it, as one that this user may write to. */
static int begin(struct hk_root *root, struct hk_package_fault *fault)
{
    int error;

    root->state = open_directory(root->directory, "state");
    if (root->state < 0)
        return hk_root_fail(fault, "state");
    root->use =
        openat(root->state, "use", O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
    if (root->use < 0 || flock(root->use, LOCK_SH) != 0)
        return hk_root_fail(fault, "state/use");
    hk_root_recover_replaced(root);
    hk_content_recover(root);
    error = hk_root_refresh(root, fault);
    if (error == 0 && root->base != NULL)
        hk_root_hold_packages(root);
    return error;
}

/* Learns which packages another user's root has, and no more. */
static int look(struct hk_root *root, struct hk_package_fault *fault)
{
    struct hk_view view;
    int error =
        hk_view_find_packages(root->packages, &root->view, &view, fault);

    if (error == 0)
        error = hk_view_make(root->packages, &view, fault);
    if (error == 0)
        keep(root, &view);
    hk_view_free(&view);
    hk_view_drop_entries(&root->view);
    if (error == 0 && root->base == NULL) {
        root->base = strdup(root->path);
        error = root->base == NULL ? no_memory(fault) : 0;
    }
    return error;
}

/* Opens the layer that this user has over another user's root; *path for free.
 */
static int open_own(struct hk_root *layer, const struct hk_root *base,
                    const char *own, char **path,
                    struct hk_package_fault *fault)
{
    int lock = -1;
    int error = hk_root_lay_own(base, own, path, &lock, fault);

    if (error == 0)
        error = open_root(layer, *path, fault);
    if (error == 0)
        error = open_layer(layer, fault);
    if (error == 0)
        error = begin(layer, fault);
    if (error == 0 && has_manifest(layer->directory, NULL) < 0) {
        error = hk_root_copy_own(base, layer, fault);
        if (error == 0)
            error = hk_root_write_manifest(layer->directory, fault);
    }
    close_open(lock);
    return error;
}

/* Puts it in the place of that root. */
static int go_to_own(struct hk_root **root, const char *own,
                     struct hk_package_fault *fault)
{
    struct hk_root *layer = new_root();
    struct hk_package_fault inner;
    char *path = NULL;
    int error;

    if (layer == NULL)
        return no_memory(fault);
    error = open_own(layer, *root, own, &path, &inner);
    if (error < 0)
        hk_package_fail(fault, error, "your own layer over it%s%.500s: %.900s",
                        path != NULL ? ", " : "", path != NULL ? path : "",
                        inner.text);
    free(path);
    hk_root_close(error == 0 ? *root : layer);
    if (error == 0)
        *root = layer;
    return error;
}

int hk_root_open(const char *path, const char *own, struct hk_root **root,
                 struct hk_package_fault *fault)
{
    struct hk_root *made = new_root();
    int error;

    if (made == NULL)
        return no_memory(fault);
    error = open_root(made, path, fault);
    if (error == 0)
        error = has_manifest(made->directory, fault);
    if (error == 0)
        error = open_layer(made, fault);
    if (error == 0 && !hk_root_is_others(made))
        error = begin(made, fault);
    else if (error == 0)
        error = own != NULL ? go_to_own(&made, own, fault) : look(made, fault);
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
    close_open(root->directory);
    close_open(root->files);
    close_open(root->state);
    close_open(root->use);
    close_open(root->packages);
    hk_view_free(&root->view);
    hk_attr_store_free(root->attributes);
    free(root->files_path);
    free(root->base);
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
