/* package.c -- ELF files in Haiku's packages, read in place. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <haikuabi/package.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elfinfo.h"

enum {
    LEVELS_MAX = 256, /* the reader takes no more */
    PATH_SIZE = 4096,
    FILE_SIZE_MAX = 1 << 30 /* compressed files may claim any size */
};

/* A walk through a package's files. */
struct walk {
    const char *name;
    struct hk_package *package;
    const struct inf_options *options;
    struct inf_output *out;
    char path[PATH_SIZE];
    int status, shown;
};

static void *check(void *memory)
{
    if (memory == NULL)
        inf_fail("out of memory");
    return memory;
}

/* A line about the package or a file of it. */
static void report(struct walk *walk, const char *title, const char *text)
{
    inf_message(title, "%s", text);
    inf_begin_file(walk->out, title, 0);
    inf_add_error(walk->out, text);
    inf_end_file(walk->out);
    walk->status = INF_BAD_FILE;
}

/* Content on the heap, or NULL and the fault. */
static uint8_t *read_content(struct walk *walk,
                             const struct hk_package_data *data,
                             struct hk_package_fault *fault)
{
    uint8_t *bytes = check(malloc((size_t)data->size + 1));

    if (hk_package_read(walk->package, data, 0, bytes, (size_t)data->size,
                        fault) == (int64_t)data->size)
        return bytes;
    free(bytes);
    return NULL;
}

static void read_attributes(struct walk *walk, uint32_t list,
                            struct inf_attributes *attributes)
{
    struct hk_package_fault fault;

    for (uint32_t i = list; i != 0;) {
        const struct hk_package_attribute *at = hk_package_at(walk->package, i);

        i = at->next;
        if (at->id != HK_PACKAGE_ATTRIBUTE)
            continue;
        uint32_t type = hk_package_find(walk->package, at->child,
                                        HK_PACKAGE_ATTRIBUTE_TYPE);
        uint32_t content =
            hk_package_find(walk->package, at->child, HK_PACKAGE_DATA);
        if (content == 0)
            continue;
        const struct hk_package_data *data =
            &hk_package_at(walk->package, content)->value.data;
        uint8_t *bytes = data->size > FILE_SIZE_MAX
                             ? NULL
                             : read_content(walk, data, &fault);
        if (bytes != NULL)
            inf_add_attribute(attributes, at->value.string,
                              type == 0
                                  ? 0
                                  : (uint32_t)hk_package_at(walk->package, type)
                                        ->value.number,
                              bytes, (size_t)data->size);
    }
}

static int is_elf(struct walk *walk, const struct hk_package_data *data)
{
    uint8_t magic[4];

    return data->size >= sizeof(magic) &&
           hk_package_read(walk->package, data, 0, magic, sizeof(magic),
                           NULL) == (int64_t)sizeof(magic) &&
           memcmp(magic,
                  "\x7f"
                  "ELF",
                  sizeof(magic)) == 0;
}

static void show_file(struct walk *walk, uint32_t entry,
                      const struct hk_package_file *file)
{
    struct inf_attributes attributes = {NULL, 0};
    struct hk_package_fault fault;
    char title[2 * PATH_SIZE];

    if (!inf_is_member_wanted(walk->options, walk->path) ||
        !is_elf(walk, &file->data))
        return;
    walk->shown++;
    snprintf(title, sizeof(title), "%s(%s)", walk->name, walk->path);
    if (file->data.size > FILE_SIZE_MAX) {
        report(walk, title, "is larger than this reader takes");
        return;
    }
    uint8_t *bytes = read_content(walk, &file->data, &fault);
    if (bytes == NULL) {
        report(walk, title, fault.text);
        return;
    }
    read_attributes(walk, hk_package_at(walk->package, entry)->child,
                    &attributes);
    const struct inf_source source = {title, bytes, (size_t)file->data.size,
                                      &attributes};
    if (inf_show_elf(&source, walk->options, walk->out) != INF_OK)
        walk->status = INF_BAD_FILE;
    inf_free_attributes(&attributes);
    free(bytes);
}

/* Goes down into directories; a name too long for the path is left out. */
static void show_entries(struct walk *walk)
{
    uint32_t next[LEVELS_MAX + 1] = {hk_package_toc(walk->package)};
    size_t sizes[LEVELS_MAX + 1] = {0};
    struct hk_package_file file;
    int depth = 0;

    while (depth >= 0) {
        uint32_t entry = next[depth];

        if (entry == 0) {
            depth--;
            continue;
        }
        const struct hk_package_attribute *at =
            hk_package_at(walk->package, entry);
        next[depth] = at->next;
        if (at->id != HK_PACKAGE_ENTRY)
            continue;
        hk_package_get_file(walk->package, entry, &file);
        size_t room = sizeof(walk->path) - sizes[depth];
        size_t size = (size_t)snprintf(walk->path + sizes[depth], room, "%s%s",
                                       depth > 0 ? "/" : "", file.name);
        if (size >= room)
            continue;
        if (file.type == HK_PACKAGE_FILE) {
            show_file(walk, entry, &file);
        } else if (file.type == HK_PACKAGE_DIRECTORY && depth < LEVELS_MAX) {
            depth++;
            sizes[depth] = sizes[depth - 1] + size;
            next[depth] = at->child;
        }
    }
}

int inf_is_package(const struct inf_input *input)
{
    return input->size >= 4 && memcmp(input->bytes, "hpkg", 4) == 0;
}

/* The reader wants a descriptor; the bytes may have come through a pipe. */
static int open_bytes(const struct inf_input *input)
{
    size_t done = 0;

    if (input->fd >= 0)
        return dup(input->fd);
    int fd = memfd_create("package", MFD_CLOEXEC);
    while (fd >= 0 && done < input->size) {
        ssize_t count = write(fd, input->bytes + done, input->size - done);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            close(fd);
            return -1;
        }
        done += (size_t)count;
    }
    return fd;
}

int inf_show_package(const char *name, const struct inf_input *input,
                     const struct inf_options *options, struct inf_output *out)
{
    struct walk walk = {.name = name, .options = options, .out = out};
    struct hk_package_fault fault;
    int fd = open_bytes(input);

    if (fd < 0) {
        report(&walk, name, strerror(errno));
        return INF_BAD_FILE;
    }
    if (hk_package_open(fd, &walk.package, &fault) < 0) {
        close(fd);
        report(&walk, name, fault.text);
        return INF_BAD_FILE;
    }
    show_entries(&walk);
    hk_package_close(walk.package);
    if (walk.shown == 0 && options->member != NULL)
        report(&walk, name, "has no such ELF file");
    return walk.status;
}
