/* extract.c -- resources into files of a directory. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <elfload/elf_resources.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elfinfo.h"
#include "icon.h"
#include "value.h"
#include "vector.h"

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, bytes, size);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        bytes += count;
        size -= (size_t)count;
    }
    return 0;
}

/* Files that are there already are left alone. */
static void write_file(struct inf_file *file, const char *name,
                       const uint8_t *bytes, size_t size)
{
    char path[4096];
    int error = 0;

    snprintf(path, sizeof(path), "%s/%s", file->options->extract, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        error = -errno;
    else
        error = write_all(fd, bytes, size);
    if (fd >= 0 && close(fd) < 0 && error == 0)
        error = -errno;
    if (error < 0)
        inf_report_text(file, "%s: %s", path, strerror(-error));
}

/* "MIMS-1-BEOS_APP_SIG": a file's names are letters, digits and lines only. */
static void name_file(const struct eld_resource *resource, char *name,
                      size_t size)
{
    char type[5];
    uint32_t name_size = resource->name_size < 64 ? resource->name_size : 64;

    snprintf(name, size, "%s-%d%s%.*s", inf_type_text(resource->type, type),
             resource->id, name_size > 0 ? "-" : "", (int)name_size,
             resource->name);
    for (char *p = name; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && *p != '-')
            *p = '_';
    }
}

/* A picture (or NULL) beside the resource; it is freed. */
static void write_picture(struct inf_file *file, const char *name,
                          const char *suffix, uint8_t *picture, size_t size)
{
    char whole[160];

    snprintf(whole, sizeof(whole), "%s%s", name, suffix);
    if (picture != NULL)
        write_file(file, whole, picture, size);
    free(picture);
}

static void write_vector(struct inf_file *file, const char *name,
                         const uint8_t *bytes, size_t size)
{
    struct inf_vector *vector = inf_vector_read(bytes, size);
    size_t picture_size;
    uint8_t *picture;

    if (vector == NULL)
        return;
    picture = inf_vector_to_png(vector, &picture_size);
    write_picture(file, name, ".png", picture, picture_size);
    picture = (uint8_t *)inf_vector_to_svg(vector, &picture_size);
    write_picture(file, name, ".svg", picture, picture_size);
    inf_vector_free(vector);
}

static void extract(struct inf_file *file, const struct eld_resource *resource)
{
    const uint8_t *bytes = file->elf.bytes + resource->data.offset;
    size_t size = (size_t)resource->data.size, picture_size;
    char name[128];

    name_file(resource, name, sizeof(name));
    write_file(file, name, bytes, size);
    if (resource->type == INF_CODE('V', 'I', 'C', 'N')) {
        write_vector(file, name, bytes, size);
    } else if (resource->type == INF_CODE('I', 'C', 'O', 'N') ||
               resource->type == INF_CODE('M', 'I', 'C', 'N')) {
        uint8_t *picture = inf_icon_to_png(bytes, size, &picture_size);
        write_picture(file, name, ".png", picture, picture_size);
    }
}

void inf_extract_resources(struct inf_file *file)
{
    struct eld_resource_cursor cursor = {0, 0, 0};
    struct eld_resources resources;
    struct eld_resource resource;
    struct eld_fault fault;
    int found = eld_find_resources(&file->elf, &resources, &fault);

    while (found >= 0 &&
           (found = eld_next_resource(&file->elf, &resources, &cursor,
                                      &resource, &fault)) == 1)
        extract(file, &resource);
    if (found < 0)
        inf_report(file, &fault);
}
