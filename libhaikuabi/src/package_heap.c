/* package_heap.c -- the compressed chunks of a package. */
/* SPDX-License-Identifier: MIT */
#include "package.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

static int read_file(const struct hk_heap *heap, uint64_t offset, void *to,
                     size_t size, struct hk_package_fault *fault)
{
    uint8_t *at = to;

    while (size > 0) {
        ssize_t got = pread(heap->fd, at, size, (off_t)offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return hk_package_fail(fault, HK_PACKAGE_ERR_IO, "read: %s",
                                   strerror(errno));
        if (got == 0)
            return hk_package_fail(fault, HK_PACKAGE_ERR_DAMAGED,
                                   "the file ends at %llu",
                                   (unsigned long long)offset);
        at += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return 0;
}

static size_t chunk_size(const struct hk_heap *heap, uint64_t number)
{
    return number + 1 < heap->chunk_count
               ? (size_t)HK_CHUNK_SIZE
               : (size_t)(heap->size - number * HK_CHUNK_SIZE);
}

/* The table behind the chunks: packed size - 1 of all but the last, 16 bits
 * each, big-endian. The last one has what is left. */
static int read_ends(struct hk_heap *heap, uint64_t packed_size,
                     struct hk_package_fault *fault)
{
    uint64_t entries = heap->chunk_count - 1;
    uint64_t end = 0, chunks_size;
    uint8_t *table;
    int error;

    if (entries > packed_size / 2)
        return hk_package_fail(fault, HK_PACKAGE_ERR_DAMAGED,
                               "heap of %llu bytes for %llu chunks",
                               (unsigned long long)packed_size,
                               (unsigned long long)heap->chunk_count);
    chunks_size = packed_size - entries * 2;
    table = malloc((size_t)entries * 2 + 1);
    heap->ends = calloc((size_t)heap->chunk_count, sizeof(heap->ends[0]));
    if (table == NULL || heap->ends == NULL) {
        free(table);
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    }
    error = read_file(heap, heap->offset + chunks_size, table,
                      (size_t)entries * 2, fault);
    for (uint64_t i = 0; i < entries; i++) {
        end += (uint64_t)(table[i * 2] << 8 | table[i * 2 + 1]) + 1;
        heap->ends[i] = end;
    }
    free(table);
    if (error < 0)
        return error;
    heap->ends[entries] = chunks_size;
    if (end >= chunks_size || chunks_size - end > HK_CHUNK_SIZE)
        return hk_package_fail(fault, HK_PACKAGE_ERR_DAMAGED,
                               "chunk sizes do not fit a heap of %llu bytes",
                               (unsigned long long)packed_size);
    return 0;
}

int hk_heap_open(struct hk_heap *heap, uint64_t packed_size,
                 struct hk_package_fault *fault)
{
    heap->chunk_count =
        heap->size / HK_CHUNK_SIZE + (heap->size % HK_CHUNK_SIZE != 0);
    for (int i = 0; i < HK_CHUNKS_CACHED; i++)
        heap->cache[i].number = UINT64_MAX;
    if (heap->compression == HK_PACKAGE_STORED || heap->size == 0) {
        if (packed_size == heap->size)
            return 0;
        return hk_package_fail(
            fault, HK_PACKAGE_ERR_DAMAGED, "heap of %llu bytes, %llu expected",
            (unsigned long long)packed_size, (unsigned long long)heap->size);
    }
    heap->packed = malloc(HK_CHUNK_SIZE);
    if (heap->packed == NULL)
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    return read_ends(heap, packed_size, fault);
}

void hk_heap_close(struct hk_heap *heap)
{
    for (int i = 0; i < HK_CHUNKS_CACHED; i++)
        free(heap->cache[i].bytes);
    free(heap->packed);
    free(heap->ends);
}

/* 1 when packed bytes are a whole stream of exactly size bytes. */
static int unpack(const struct hk_heap *heap, size_t packed_size, uint8_t *to,
                  size_t size)
{
    uLongf length = (uLongf)size;

    if (heap->compression == HK_PACKAGE_ZLIB)
        return uncompress(to, &length, heap->packed, (uLong)packed_size) ==
                   Z_OK &&
               length == size;
    return ZSTD_decompress(to, size, heap->packed, packed_size) == size;
}

static int load_chunk(struct hk_heap *heap, uint64_t number, uint8_t *to,
                      struct hk_package_fault *fault)
{
    size_t size = chunk_size(heap, number);
    uint64_t start = number > 0 ? heap->ends[number - 1] : 0;
    size_t packed_size = (size_t)(heap->ends[number] - start);
    int error;

    if (packed_size == size) /* stored as it is */
        return read_file(heap, heap->offset + start, to, size, fault);
    error = packed_size > size ? HK_PACKAGE_ERR_DAMAGED
                               : read_file(heap, heap->offset + start,
                                           heap->packed, packed_size, fault);
    if (error == HK_PACKAGE_ERR_IO)
        return error;
    if (error < 0 || !unpack(heap, packed_size, to, size))
        return hk_package_fail(fault, HK_PACKAGE_ERR_DAMAGED,
                               "chunk %llu at %llu cannot be unpacked",
                               (unsigned long long)number,
                               (unsigned long long)(heap->offset + start));
    return 0;
}

static struct hk_cached_chunk *oldest(struct hk_heap *heap)
{
    struct hk_cached_chunk *found = &heap->cache[0];

    for (int i = 1; i < HK_CHUNKS_CACHED; i++)
        if (heap->cache[i].last_use < found->last_use)
            found = &heap->cache[i];
    return found;
}

static struct hk_cached_chunk *find_cached(struct hk_heap *heap,
                                           uint64_t number)
{
    for (int i = 0; i < HK_CHUNKS_CACHED; i++)
        if (heap->cache[i].number == number)
            return &heap->cache[i];
    return NULL;
}

/* A chunk's bytes, until the next call; with the lock. */
static int get_chunk(struct hk_heap *heap, uint64_t number,
                     const uint8_t **bytes, struct hk_package_fault *fault)
{
    struct hk_cached_chunk *chunk = find_cached(heap, number);
    int error = 0;

    if (chunk == NULL) {
        chunk = oldest(heap);
        if (chunk->bytes == NULL)
            chunk->bytes = malloc(HK_CHUNK_SIZE);
        if (chunk->bytes == NULL)
            return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM,
                                   "out of memory");
        error = load_chunk(heap, number, chunk->bytes, fault);
        chunk->number = error == 0 ? number : UINT64_MAX;
    }
    chunk->last_use = ++heap->uses;
    *bytes = chunk->bytes;
    return error;
}

static int read_chunks(struct hk_heap *heap, uint64_t offset, uint8_t *to,
                       size_t size, struct hk_package_fault *fault)
{
    while (size > 0) {
        uint64_t number = offset / HK_CHUNK_SIZE;
        size_t at = (size_t)(offset % HK_CHUNK_SIZE);
        size_t part = chunk_size(heap, number) - at;
        const uint8_t *bytes = NULL;
        int error = get_chunk(heap, number, &bytes, fault);

        if (error < 0)
            return error;
        if (part > size)
            part = size;
        memcpy(to, bytes + at, part);
        to += part;
        offset += part;
        size -= part;
    }
    return 0;
}

int hk_heap_read(struct hk_heap *heap, uint64_t offset, void *to, size_t size,
                 struct hk_package_fault *fault)
{
    int error;

    if (heap->compression == HK_PACKAGE_STORED)
        return read_file(heap, heap->offset + offset, to, size, fault);
    pthread_mutex_lock(&heap->lock);
    error = read_chunks(heap, offset, to, size, fault);
    pthread_mutex_unlock(&heap->lock);
    return error;
}
