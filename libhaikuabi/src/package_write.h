/* package_write.h -- making a package. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_PACKAGE_WRITE_H
#define HK_PACKAGE_WRITE_H

#include "package.h"

/*
 * A tree of attributes that is being made: indices and lists as in struct
 * hk_package, strings its own. Memory that is not to be had is noted in
 * `failed`, so that only its end has to be looked at.
 */
struct hk_package_tree {
    struct hk_package_attribute *attributes; /* number 0 is none */
    uint32_t count, room;
    uint32_t first;
    int failed;
};

/* Where the next attribute goes: behind last, or below parent. Both 0: the
 * tree's first. */
struct hk_package_list {
    uint32_t parent, last;
};

void hk_tree_free(struct hk_package_tree *tree);

/* Each adds an attribute at the end of a list; its index, 0 in a tree that
 * has failed. */
uint32_t hk_tree_number(struct hk_package_tree *tree,
                        struct hk_package_list *list, enum hk_package_id id,
                        uint64_t number);
uint32_t hk_tree_string(struct hk_package_tree *tree,
                        struct hk_package_list *list, enum hk_package_id id,
                        const char *string);
uint32_t hk_tree_data(struct hk_package_tree *tree,
                      struct hk_package_list *list,
                      const struct hk_package_data *data);

/* The first attribute of an id in a list; 0: none. */
uint32_t hk_tree_find(const struct hk_package_tree *tree, uint32_t first,
                      enum hk_package_id id);

/* ---- package_encode.c ---- */

/* Encodes a tree; section->bytes for free. 0 or HK_PACKAGE_ERR_NOMEM. */
int hk_package_encode(const struct hk_package_tree *tree,
                      struct hk_section *section);

/* ---- package_heap_write.c ---- */

/* The heap of a package, written from an offset of the file on. */
struct hk_heap_writer {
    int fd;
    enum hk_package_compression compression;
    uint64_t offset;      /* in the file */
    uint64_t size;        /* uncompressed, with what is in chunk */
    uint64_t packed_size; /* of what has been written */
    uint8_t *chunk;       /* the one that is being filled */
    size_t filled;
    uint8_t *packed;
    size_t packed_room;
    uint8_t *table; /* of the sizes of chunks, as it is in the file */
    uint64_t chunk_count, table_room;
    struct hk_package_fault *fault;
};

int hk_heap_writer_new(struct hk_heap_writer *heap);
void hk_heap_writer_free(struct hk_heap_writer *heap);

/* Adds bytes at heap->size. */
int hk_heap_write(struct hk_heap_writer *heap, const void *bytes, size_t size);

/* Writes the last chunk and the table. */
int hk_heap_finish(struct hk_heap_writer *heap);

/* ---- package_info.c ---- */

/* Adds what a .PackageInfo says. */
int hk_package_parse_info(const char *text, struct hk_package_tree *tree,
                          struct hk_package_fault *fault);

/* ---- package_collect.c ---- */

/* Adds the entries of a host directory, and their contents to the heap. */
int hk_package_collect(const struct hk_package_source *source,
                       struct hk_package_tree *tree,
                       struct hk_heap_writer *heap,
                       struct hk_package_fault *fault);

#endif
