/* package.h -- a package from the inside. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_PACKAGE_H
#define HK_PACKAGE_H

#include <pthread.h>

#include <haikuabi/package.h>

/* The file that the package's own attributes are made of. */
#define HK_PACKAGE_INFO_NAME ".PackageInfo"

enum {
    HK_CHUNK_SIZE = 65536, /* uncompressed; the last one is shorter */
    HK_CHUNKS_CACHED = 16
};

/* haiku-abi/hpkg.md, "File layout". */
enum {
    HK_PACKAGE_HEADER_SIZE = 80,
    HK_PACKAGE_MAGIC = 0x68706b67, /* "hpkg" */
    HK_PACKAGE_VERSION = 2,
    HK_PACKAGE_MINOR_VERSION = 1
};

/* What is beyond is neither read nor written. */
enum {
    HK_PACKAGE_TOC_MAX = 64 << 20, /* bytes */
    HK_PACKAGE_INFO_MAX = 1 << 20,
    HK_PACKAGE_LEVELS_MAX = 256,
    HK_PACKAGE_ATTRIBUTES_MAX = 1 << 20
};

struct hk_cached_chunk {
    uint64_t number;   /* UINT64_MAX: none */
    uint64_t last_use; /* by heap.uses */
    uint8_t *bytes;
};

struct hk_heap {
    int fd;
    enum hk_package_compression compression;
    uint64_t offset; /* in the file */
    uint64_t size;   /* uncompressed */
    uint64_t chunk_count;
    uint64_t *ends;       /* of each chunk, from offset on; compressed only */
    pthread_mutex_t lock; /* guards what follows */
    uint64_t uses;
    struct hk_cached_chunk cache[HK_CHUNKS_CACHED];
    uint8_t *packed; /* one compressed chunk */
};

struct hk_package {
    struct hk_heap heap;
    uint8_t *sections[2]; /* bytes of both; strings point into them */
    struct hk_package_attribute *attributes;
    uint32_t attribute_count; /* with number 0 */
    uint32_t attribute_room;
    uint32_t toc, info;
};

/* Sets the text of a fault (which may be NULL); returns error. */
int hk_package_fail(struct hk_package_fault *fault, int error,
                    const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Opens a package for its contents alone: both trees are empty. */
int hk_package_open_heap(int fd, struct hk_package **package,
                         struct hk_package_fault *fault);

/* A package at rest has no descriptor: it says what it has, but not the
 * contents. It is woken by a descriptor of the same file, which is taken over.
 */
void hk_package_rest(struct hk_package *package);
void hk_package_wake(struct hk_package *package, int fd);
int hk_package_is_at_rest(const struct hk_package *package);

/* ---- package_extract.c ---- */

enum { HK_PACKAGE_BUFFER_SIZE = 1 << 16 };

/* Writes an entry's attributes to a host file; *lost becomes 1 when the host
 * cannot keep one. buffer: of HK_PACKAGE_BUFFER_SIZE bytes. */
struct hk_attr_store;
int hk_package_write_attributes(struct hk_package *package, uint32_t entry,
                                const struct hk_attr_store *store, int fd,
                                uint8_t *buffer, int *lost,
                                struct hk_package_fault *fault);

/* ---- package_heap.c ---- */

/* packed_size: of the chunks and their table, in the file from offset on. */
int hk_heap_open(struct hk_heap *heap, uint64_t packed_size,
                 struct hk_package_fault *fault);
void hk_heap_close(struct hk_heap *heap);

/* Reads exactly a range, which is to be inside. */
int hk_heap_read(struct hk_heap *heap, uint64_t offset, void *to, size_t size,
                 struct hk_package_fault *fault);

/* ---- package_tree.c ---- */

/* Where a section's bytes are, and how its strings are counted. */
struct hk_section {
    const char *name; /* for faults */
    uint64_t size, strings_size, strings_count;
    uint8_t *bytes;
};

/* Decodes a section; *first: its first attribute. */
int hk_package_decode(struct hk_package *package,
                      const struct hk_section *section, uint32_t *first,
                      struct hk_package_fault *fault);

#endif
