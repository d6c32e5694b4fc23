/* package_write.c -- a package from a host directory. */
/* SPDX-License-Identifier: MIT */
#include "package_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INFO_TEXT_MAX = 1 << 20 };

/* ---- .PackageInfo ---- */

/* Its text, for free, also after an error. */
static int read_info(int directory, char **text, struct hk_package_fault *fault)
{
    int fd = openat(directory, HK_PACKAGE_INFO_NAME, O_RDONLY | O_CLOEXEC);
    const char *wrong = NULL;
    size_t size = 0;
    ssize_t got = 0;

    if (fd < 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_INPUT, "%s: %s",
                               HK_PACKAGE_INFO_NAME, strerror(errno));
    *text = malloc(INFO_TEXT_MAX + 1);
    if (*text != NULL)
        while (size < INFO_TEXT_MAX &&
               (got = read(fd, *text + size, INFO_TEXT_MAX - size)) > 0)
            size += (size_t)got;
    if (got < 0)
        wrong = strerror(errno);
    close(fd);
    if (*text == NULL)
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    (*text)[size] = '\0';
    if (wrong == NULL && size == INFO_TEXT_MAX)
        wrong = "longer than a mebibyte";
    if (wrong == NULL && strlen(*text) != size)
        wrong = "not a text";
    return wrong == NULL
               ? 0
               : hk_package_fail(fault, HK_PACKAGE_ERR_INPUT, "%s: %s",
                                 HK_PACKAGE_INFO_NAME, wrong);
}

static int make_info(int directory, const char *info,
                     struct hk_package_tree *tree,
                     struct hk_package_fault *fault)
{
    char *text = NULL;
    int error = info != NULL ? 0 : read_info(directory, &text, fault);

    if (error == 0)
        error = hk_package_parse_info(info != NULL ? info : text, tree, fault);
    free(text);
    return error;
}

/* ---- the file ---- */

static void put_field(uint8_t *header, unsigned offset, unsigned size,
                      uint64_t value)
{
    for (unsigned i = size; i-- > 0; value >>= 8)
        header[offset + i] = (uint8_t)value;
}

/* haiku-abi/hpkg.md, "File layout"; big-endian. */
static int write_header(const struct hk_heap_writer *heap,
                        const struct hk_section *info,
                        const struct hk_section *toc)
{
    uint8_t header[HK_PACKAGE_HEADER_SIZE] = {0};

    put_field(header, 0, 4, HK_PACKAGE_MAGIC);
    put_field(header, 4, 2, HK_PACKAGE_HEADER_SIZE);
    put_field(header, 6, 2, HK_PACKAGE_VERSION);
    put_field(header, 8, 8, HK_PACKAGE_HEADER_SIZE + heap->packed_size);
    put_field(header, 16, 2, HK_PACKAGE_MINOR_VERSION);
    put_field(header, 18, 2, heap->compression);
    put_field(header, 20, 4, HK_CHUNK_SIZE);
    put_field(header, 24, 8, heap->packed_size);
    put_field(header, 32, 8, heap->size);
    put_field(header, 40, 4, info->size);
    put_field(header, 44, 4, info->strings_size);
    put_field(header, 48, 4, info->strings_count);
    put_field(header, 56, 8, toc->size);
    put_field(header, 64, 8, toc->strings_size);
    put_field(header, 72, 8, toc->strings_count);
    if (pwrite(heap->fd, header, sizeof(header), 0) == sizeof(header))
        return 0;
    return hk_package_fail(heap->fault, HK_PACKAGE_ERR_IO,
                           "writing the package: %s", strerror(errno));
}

/* Both sections end the heap, the package's own attributes last. */
static int write_sections(struct hk_heap_writer *heap, struct hk_section *info,
                          struct hk_section *toc)
{
    int error;

    if (info->size > HK_PACKAGE_INFO_MAX || toc->size > HK_PACKAGE_TOC_MAX)
        return hk_package_fail(heap->fault, HK_PACKAGE_ERR_LIMIT,
                               "TOC of %llu bytes, attributes of %llu",
                               (unsigned long long)toc->size,
                               (unsigned long long)info->size);
    error = hk_heap_write(heap, toc->bytes, (size_t)toc->size);
    if (error == 0)
        error = hk_heap_write(heap, info->bytes, (size_t)info->size);
    if (error == 0)
        error = hk_heap_finish(heap);
    return error < 0 ? error : write_header(heap, info, toc);
}

static int encode(const struct hk_package_tree *info_tree,
                  const struct hk_package_tree *toc_tree,
                  struct hk_heap_writer *heap)
{
    struct hk_section info = {0}, toc = {0};
    int error;

    if ((uint64_t)info_tree->count + toc_tree->count >
        HK_PACKAGE_ATTRIBUTES_MAX)
        return hk_package_fail(heap->fault, HK_PACKAGE_ERR_LIMIT,
                               "more than %d attributes",
                               HK_PACKAGE_ATTRIBUTES_MAX);
    error = hk_package_encode(info_tree, &info);
    if (error == 0)
        error = hk_package_encode(toc_tree, &toc);
    error = error < 0 ? hk_package_fail(heap->fault, error, "out of memory")
                      : write_sections(heap, &info, &toc);
    free(info.bytes);
    free(toc.bytes);
    return error;
}

int hk_package_create(const struct hk_package_source *source, int to,
                      enum hk_package_compression compression,
                      struct hk_package_fault *fault)
{
    struct hk_package_tree info_tree = {0}, toc_tree = {0};
    struct hk_heap_writer heap = {.fd = to,
                                  .compression = compression,
                                  .offset = HK_PACKAGE_HEADER_SIZE,
                                  .fault = fault};
    int error = make_info(source->directory, source->info, &info_tree, fault);

    if (error == 0)
        error = hk_heap_writer_new(&heap);
    if (error == 0)
        error = hk_package_collect(source, &toc_tree, &heap, fault);
    if (error == 0)
        error = encode(&info_tree, &toc_tree, &heap);
    hk_heap_writer_free(&heap);
    hk_tree_free(&info_tree);
    hk_tree_free(&toc_tree);
    return error;
}
