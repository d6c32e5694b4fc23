/* root_files.c -- files of a root, from its directory or its packages. */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <haikuabi/root.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "root.h"

enum { LINKS_MAX = 16, FILE_SIZE_MAX = 1 << 30 };

#define SYSTEM "/boot/system"
#define HOME   "/boot/home/config"

struct source {
    struct hk_package *package;
    const char *place; /* where its files are */
};

struct inf_root {
    char directory[PATH_MAX];
    struct hk_root *layer; /* of a root of uvm's, else NULL */
    struct source *sources;
    size_t source_count;
};

/* ---- opening ---- */

static void add_package(struct inf_file *file, struct inf_root *root,
                        const char *path, const char *place)
{
    struct hk_package_fault fault;
    struct hk_package *package;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        inf_report_text(file, "%s: %s", path, strerror(errno));
        return;
    }
    if (hk_package_open(fd, &package, &fault) < 0) {
        close(fd);
        inf_report_text(file, "%s: %s", path, fault.text);
        return;
    }
    root->sources = realloc(root->sources,
                            (root->source_count + 1) * sizeof(*root->sources));
    if (root->sources == NULL)
        inf_fail("out of memory");
    root->sources[root->source_count++] = (struct source){package, place};
}

static int is_package(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);

    return size > 5 && strcmp(entry->d_name + size - 5, ".hpkg") == 0;
}

/* In the order of their names, so that each time the same one is first. */
static void add_packages(struct inf_file *file, struct inf_root *root,
                         const char *directory, const char *place)
{
    char path[2 * PATH_MAX];
    struct dirent **entries;
    int length = snprintf(path, PATH_MAX, "%s%s", root->directory, directory);
    int count =
        length < PATH_MAX ? scandir(path, &entries, is_package, alphasort) : 0;

    for (int i = 0; i < count; i++) {
        snprintf(path + length, sizeof(path) - (size_t)length, "/%s",
                 entries[i]->d_name);
        add_package(file, root, path, place);
        free(entries[i]);
    }
    if (count >= 0 && length < PATH_MAX)
        free(entries);
}

struct inf_root *inf_root_open(struct inf_file *file, const char *path)
{
    struct inf_root *root = calloc(1, sizeof(*root));
    struct hk_package_fault fault;

    if (root == NULL)
        inf_fail("out of memory");
    snprintf(root->directory, sizeof(root->directory), "%s", path);
    if (hk_root_is_one(path)) {
        if (hk_root_open(path, NULL, &root->layer, &fault) < 0) {
            inf_report_text(file, "%s: %s", path, fault.text);
            return root;
        }
        snprintf(root->directory, sizeof(root->directory), "%s",
                 hk_root_files(root->layer));
        if (hk_root_is_own(root->layer))
            return root;
    }
    add_packages(file, root, SYSTEM "/packages", SYSTEM);
    add_packages(file, root, HOME "/packages", HOME);
    add_packages(file, root, "", SYSTEM);
    return root;
}

void inf_root_close(struct inf_root *root)
{
    for (size_t i = 0; i < root->source_count; i++)
        hk_package_close(root->sources[i].package);
    if (root->layer != NULL)
        hk_root_close(root->layer);
    free(root->sources);
    free(root);
}

const char *inf_root_directory(const struct inf_root *root)
{
    return root->directory;
}

/* ---- in the directory ---- */

/* A file of a root of uvm's gets its content when it is first opened. */
static int read_host_file(const struct inf_root *root, const char *path,
                          struct inf_input *input)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error = 0;
    struct stat info;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &info) < 0)
        error = -errno;
    else if (!S_ISREG(info.st_mode))
        error = -EISDIR;
    else if (root->layer != NULL)
        error = -hk_root_fill(root->layer, fd);
    close(fd);
    return error < 0 ? error : inf_read_input(path, input);
}

/* ---- in packages ---- */

static int read_content(const struct source *source,
                        const struct hk_package_data *data,
                        struct inf_input *input)
{
    if (data->size > FILE_SIZE_MAX)
        return -EFBIG;
    *input = (struct inf_input){malloc((size_t)data->size + 1),
                                (size_t)data->size, -1};
    if (input->bytes == NULL)
        inf_fail("out of memory");
    if (hk_package_read(source->package, data, 0, input->bytes, input->size,
                        NULL) == (int64_t)input->size)
        return 0;
    inf_free_input(input);
    return -EIO;
}

/* Takes "." and ".." out of a path. */
static void tidy(char *path)
{
    char *end = path, *next;

    for (char *name = path; *name != '\0'; name = next) {
        size_t size;

        name += strspn(name, "/");
        size = strcspn(name, "/");
        next = name + size;
        if (size == 0 || (size == 1 && name[0] == '.'))
            continue;
        if (size == 2 && name[0] == '.' && name[1] == '.') {
            while (end > path && *--end != '/')
                ;
            continue;
        }
        *end++ = '/';
        memmove(end, name, size);
        end += size;
    }
    *end = '\0';
}

/* Where a link leads: 0 when that is too long. */
static int follow(char *path, const char *target)
{
    char next[PATH_MAX];
    int parent = (int)(strrchr(path, '/') - path);
    int length = target[0] == '/' ? snprintf(next, sizeof(next), "%s", target)
                                  : snprintf(next, sizeof(next), "%.*s/%s",
                                             parent, path, target);

    if (length >= (int)sizeof(next))
        return 0;
    tidy(next);
    strcpy(path, next);
    return 1;
}

/* The entry at a guest's path, in the first package that has it. */
static const struct source *find_entry(const struct inf_root *root,
                                       const char *path, uint32_t *entry)
{
    for (size_t i = 0; i < root->source_count; i++) {
        const struct source *source = &root->sources[i];
        size_t size = strlen(source->place);

        if (strncmp(path, source->place, size) != 0 || path[size] != '/')
            continue;
        *entry = hk_package_find_entry(source->package, path + size + 1);
        if (*entry != 0)
            return source;
    }
    return NULL;
}

/* Of links those at the end of a path are followed. */
static int read_packaged(const struct inf_root *root, const char *guest_path,
                         struct inf_input *input, char *real_path, size_t size)
{
    struct hk_package_file file;
    const struct source *source;
    char path[PATH_MAX];
    uint32_t entry;

    if (snprintf(path, sizeof(path), "%s", guest_path) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    tidy(path);
    for (int links = 0; links < LINKS_MAX; links++) {
        source = find_entry(root, path, &entry);
        if (source == NULL)
            return -ENOENT;
        hk_package_get_file(source->package, entry, &file);
        if (file.type == HK_PACKAGE_DIRECTORY)
            return -EISDIR;
        if (file.type == HK_PACKAGE_FILE) {
            if (snprintf(real_path, size, "%s", path) >= (int)size)
                return -ENAMETOOLONG;
            return read_content(source, &file.data, input);
        }
        if (file.target == NULL || !follow(path, file.target))
            return -ENOENT;
    }
    return -ELOOP;
}

int inf_root_read(struct inf_root *root, const char *guest_path,
                  struct inf_input *input, char *real_path, size_t size)
{
    char host_path[2 * PATH_MAX], guest[2 * PATH_MAX];
    int error = inf_resolve(root->directory, guest_path, host_path, guest,
                            sizeof(host_path));

    if (error == 0)
        error = read_host_file(root, host_path, input);
    if (error == 0) {
        snprintf(real_path, size, "%s", guest);
        return 0;
    }
    if (root->source_count > 0)
        return read_packaged(root, guest_path, input, real_path, size);
    return error;
}
