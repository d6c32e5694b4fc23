/* package.c -- opening packages, and what is in them. */
/* SPDX-License-Identifier: MIT */
#include "package.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int hk_package_fail(struct hk_package_fault *fault, int error,
                    const char *format, ...)
{
    va_list args;

    if (fault == NULL)
        return error;
    va_start(args, format);
    vsnprintf(fault->text, sizeof(fault->text), format, args);
    va_end(args);
    return error;
}

/* ---- opening ---- */

/* haiku-abi/hpkg.md, "File layout"; big-endian. */
static uint64_t field(const uint8_t *header, unsigned offset, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value = value << 8 | header[offset + i];
    return value;
}

static int check_header(const uint8_t *header, uint64_t file_size,
                        struct hk_package_fault *fault)
{
    uint64_t header_size = field(header, 4, 2);
    uint64_t packed = field(header, 24, 8);

    if (field(header, 0, 4) != HK_PACKAGE_MAGIC)
        return hk_package_fail(fault, HK_PACKAGE_ERR_FORMAT, "not a package");
    if (field(header, 6, 2) != HK_PACKAGE_VERSION)
        return hk_package_fail(fault, HK_PACKAGE_ERR_FORMAT,
                               "package of version %u, not 2",
                               (unsigned)field(header, 6, 2));
    if (field(header, 8, 8) != file_size)
        return hk_package_fail(fault, HK_PACKAGE_ERR_DAMAGED,
                               "the file has %llu bytes, its header says %llu",
                               (unsigned long long)file_size,
                               (unsigned long long)field(header, 8, 8));
    if (header_size < HK_PACKAGE_HEADER_SIZE || header_size > file_size ||
        packed != file_size - header_size)
        return hk_package_fail(fault, HK_PACKAGE_ERR_DAMAGED,
                               "header of %llu and heap of %llu bytes",
                               (unsigned long long)header_size,
                               (unsigned long long)packed);
    if (field(header, 18, 2) > HK_PACKAGE_ZSTD)
        return hk_package_fail(fault, HK_PACKAGE_ERR_FORMAT,
                               "unknown compression %u",
                               (unsigned)field(header, 18, 2));
    return 0;
}

/* The package's own attributes end the heap, the TOC lies before them. */
static int check_sections(const uint8_t *header, struct hk_package_fault *fault)
{
    uint64_t heap = field(header, 32, 8);
    uint64_t info = field(header, 40, 4), toc = field(header, 56, 8);

    if (toc > HK_PACKAGE_TOC_MAX || info > HK_PACKAGE_INFO_MAX)
        return hk_package_fail(fault, HK_PACKAGE_ERR_LIMIT,
                               "TOC of %llu bytes, attributes of %llu",
                               (unsigned long long)toc,
                               (unsigned long long)info);
    if (info > heap || toc > heap - info)
        return hk_package_fail(fault, HK_PACKAGE_ERR_DAMAGED,
                               "sections longer than the heap");
    return 0;
}

static int read_section(struct hk_package *package, struct hk_section *section,
                        uint64_t offset, uint8_t **bytes, uint32_t *first,
                        struct hk_package_fault *fault)
{
    int error;

    section->bytes = *bytes = malloc((size_t)section->size + 1);
    if (section->bytes == NULL)
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    error = hk_heap_read(&package->heap, offset, section->bytes,
                         (size_t)section->size, fault);
    return error < 0 ? error
                     : hk_package_decode(package, section, first, fault);
}

static int read_sections(struct hk_package *package, const uint8_t *header,
                         struct hk_package_fault *fault)
{
    struct hk_section info = {.name = "package attributes",
                              .size = field(header, 40, 4),
                              .strings_size = field(header, 44, 4),
                              .strings_count = field(header, 48, 4)};
    struct hk_section toc = {.name = "TOC",
                             .size = field(header, 56, 8),
                             .strings_size = field(header, 64, 8),
                             .strings_count = field(header, 72, 8)};
    uint64_t at = package->heap.size - info.size;
    int error = read_section(package, &info, at, &package->sections[0],
                             &package->info, fault);

    if (error < 0)
        return error;
    return read_section(package, &toc, at - toc.size, &package->sections[1],
                        &package->toc, fault);
}

static int read_header(int fd, uint8_t header[HK_PACKAGE_HEADER_SIZE],
                       struct hk_package_fault *fault)
{
    struct stat st;
    ssize_t got;
    int error;

    if (fstat(fd, &st) != 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return hk_package_fail(fault, HK_PACKAGE_ERR_FORMAT,
                               "not a regular file");
    got = pread(fd, header, HK_PACKAGE_HEADER_SIZE, 0);
    if (got < 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%s", strerror(errno));
    if (got < HK_PACKAGE_HEADER_SIZE)
        return hk_package_fail(fault, HK_PACKAGE_ERR_FORMAT, "not a package");
    error = check_header(header, (uint64_t)st.st_size, fault);
    return error < 0 ? error : check_sections(header, fault);
}

static void free_package(struct hk_package *package)
{
    hk_heap_close(&package->heap);
    pthread_mutex_destroy(&package->heap.lock);
    free(package->sections[0]);
    free(package->sections[1]);
    free(package->attributes);
    free(package);
}

static int open_heap(int fd, const uint8_t *header, struct hk_package **package,
                     struct hk_package_fault *fault)
{
    struct hk_package *made = calloc(1, sizeof(*made));
    int error;

    if (made == NULL)
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    made->heap.fd = fd;
    made->heap.compression = (enum hk_package_compression)field(header, 18, 2);
    made->heap.offset = field(header, 4, 2);
    made->heap.size = field(header, 32, 8);
    pthread_mutex_init(&made->heap.lock, NULL);
    error = hk_heap_open(&made->heap, field(header, 24, 8), fault);
    if (error < 0)
        free_package(made);
    else
        *package = made;
    return error;
}

int hk_package_open_heap(int fd, struct hk_package **package,
                         struct hk_package_fault *fault)
{
    uint8_t header[HK_PACKAGE_HEADER_SIZE];
    int error = read_header(fd, header, fault);

    return error < 0 ? error : open_heap(fd, header, package, fault);
}

int hk_package_open(int fd, struct hk_package **package,
                    struct hk_package_fault *fault)
{
    uint8_t header[HK_PACKAGE_HEADER_SIZE];
    struct hk_package *made;
    int error = read_header(fd, header, fault);

    if (error == 0)
        error = open_heap(fd, header, &made, fault);
    if (error < 0)
        return error;
    error = read_sections(made, header, fault);
    if (error < 0) {
        free_package(made);
        return error;
    }
    *package = made;
    return 0;
}

void hk_package_close(struct hk_package *package)
{
    if (package == NULL)
        return;
    hk_package_rest(package);
    free_package(package);
}

void hk_package_rest(struct hk_package *package)
{
    if (package->heap.fd >= 0)
        close(package->heap.fd);
    package->heap.fd = -1;
}

void hk_package_wake(struct hk_package *package, int fd)
{
    hk_package_rest(package);
    package->heap.fd = fd;
}

int hk_package_is_at_rest(const struct hk_package *package)
{
    return package->heap.fd < 0;
}

/* ---- the trees ---- */

uint32_t hk_package_toc(const struct hk_package *package)
{
    return package->toc;
}

uint32_t hk_package_info(const struct hk_package *package)
{
    return package->info;
}

const struct hk_package_attribute *
hk_package_at(const struct hk_package *package, uint32_t index)
{
    return index == 0 || index >= package->attribute_count
               ? NULL
               : &package->attributes[index];
}

uint32_t hk_package_find(const struct hk_package *package, uint32_t first,
                         enum hk_package_id id)
{
    while (first != 0 && package->attributes[first].id != id)
        first = package->attributes[first].next;
    return first;
}

static uint32_t find_leaf(const struct hk_package *package, uint32_t list,
                          const char *name, size_t length)
{
    for (; list != 0; list = package->attributes[list].next) {
        const struct hk_package_attribute *at = &package->attributes[list];

        if (at->id == HK_PACKAGE_ENTRY &&
            strncmp(at->value.string, name, length) == 0 &&
            at->value.string[length] == '\0')
            return list;
    }
    return 0;
}

uint32_t hk_package_find_entry(const struct hk_package *package,
                               const char *path)
{
    uint32_t list = package->toc, found = 0;

    for (path += strspn(path, "/"); *path != '\0'; path += strspn(path, "/")) {
        size_t length = strcspn(path, "/");

        found = find_leaf(package, list, path, length);
        if (found == 0)
            return 0;
        list = package->attributes[found].child;
        path += length;
    }
    return found;
}

void hk_package_get_file(const struct hk_package *package, uint32_t entry,
                         struct hk_package_file *file)
{
    static const uint16_t defaults[] = {0644, 0755, 0777};
    const struct hk_package_attribute *all = package->attributes;

    *file = (struct hk_package_file){.name = all[entry].value.string,
                                     .permissions = defaults[0],
                                     .target = ""};
    for (uint32_t i = all[entry].child; i != 0; i = all[i].next) {
        uint64_t number = all[i].value.number;

        switch (all[i].id) {
        case HK_PACKAGE_FILE_TYPE: /* it comes before the permissions */
            if (number <= HK_PACKAGE_LINK) {
                file->type = (enum hk_package_file_type)number;
                file->permissions = defaults[number];
            }
            break;
        case HK_PACKAGE_PERMISSIONS:
            file->permissions = (uint16_t)(number & 07777);
            break;
        case HK_PACKAGE_MTIME:
            file->mtime = (int64_t)number;
            break;
        case HK_PACKAGE_MTIME_NANOS:
            file->mtime_nanos = (uint32_t)(number % 1000000000);
            break;
        case HK_PACKAGE_SYMLINK:
            file->target = all[i].value.string;
            break;
        case HK_PACKAGE_DATA:
            file->data = all[i].value.data;
            break;
        }
    }
}

/* ---- content ---- */

int64_t hk_package_read(struct hk_package *package,
                        const struct hk_package_data *data, uint64_t offset,
                        void *to, size_t size, struct hk_package_fault *fault)
{
    int error = 0;

    if (offset >= data->size)
        return 0;
    if (size > data->size - offset)
        size = (size_t)(data->size - offset);
    if (data->is_inline)
        memcpy(to, data->bytes + offset, size);
    else
        error = hk_heap_read(&package->heap, data->offset + offset, to, size,
                             fault);
    return error < 0 ? error : (int64_t)size;
}

/* Sections and contents share chunks: to have read each one is to have read
 * all. */
int hk_package_verify(struct hk_package *package,
                      struct hk_package_fault *fault)
{
    uint8_t *bytes = malloc(HK_CHUNK_SIZE);
    uint64_t size = package->heap.size;
    int error = 0;

    if (bytes == NULL)
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    for (uint64_t at = 0; at < size && error == 0; at += HK_CHUNK_SIZE) {
        uint64_t left = size - at;

        error = hk_heap_read(
            &package->heap, at, bytes,
            left < HK_CHUNK_SIZE ? (size_t)left : (size_t)HK_CHUNK_SIZE, fault);
    }
    free(bytes);
    return error;
}

/* ---- what a package says of itself ---- */

const char *hk_package_architecture(uint64_t number)
{
    /* haiku-abi/hpkg.md, "Package attributes" */
    static const char *const names[] = {"any",    "x86",   "x86_gcc2", "source",
                                        "x86_64", "ppc",   "arm",      "m68k",
                                        "sparc",  "arm64", "riscv64"};

    return number < sizeof(names) / sizeof(names[0]) ? names[number] : NULL;
}

static const char *string_in(const struct hk_package *package, uint32_t list,
                             enum hk_package_id id)
{
    uint32_t found = hk_package_find(package, list, id);

    return found != 0 ? package->attributes[found].value.string : NULL;
}

/* major[.minor[.micro]][~prerelease][-revision] */
static void version_of(const struct hk_package *package, uint32_t major,
                       char *text, size_t size)
{
    static const struct {
        enum hk_package_id id;
        char before;
    } parts[] = {{HK_PACKAGE_VERSION_MINOR, '.'},
                 {HK_PACKAGE_VERSION_MICRO, '.'},
                 {HK_PACKAGE_VERSION_PRERELEASE, '~'}};
    char made[512] = "";
    uint32_t list, revision;
    size_t used;

    if (major != 0) {
        list = package->attributes[major].child;
        revision = hk_package_find(package, list, HK_PACKAGE_VERSION_REVISION);
        snprintf(made, sizeof(made), "%s",
                 package->attributes[major].value.string);
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
            const char *part = string_in(package, list, parts[i].id);

            used = strlen(made);
            if (part != NULL)
                snprintf(made + used, sizeof(made) - used, "%c%s",
                         parts[i].before, part);
        }
        used = strlen(made);
        if (revision != 0)
            snprintf(
                made + used, sizeof(made) - used, "-%llu",
                (unsigned long long)package->attributes[revision].value.number);
    }
    snprintf(text, size, "%s", made);
}

void hk_package_version(const struct hk_package *package, uint32_t first,
                        char *text, size_t size)
{
    version_of(package,
               hk_package_find(package, first, HK_PACKAGE_VERSION_MAJOR), text,
               size);
}

void hk_package_compatible(const struct hk_package *package, uint32_t first,
                           char *text, size_t size)
{
    version_of(package, hk_package_find(package, first, HK_PACKAGE_COMPATIBLE),
               text, size);
}
