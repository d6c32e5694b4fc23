/* package_heap_write.c -- bytes to the compressed chunks of a package. */
/* SPDX-License-Identifier: MIT */
#include "package_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

enum { ZLIB_LEVEL = 9, ZSTD_LEVEL = 12 };

static int no_memory(struct hk_heap_writer *heap)
{
    return hk_package_fail(heap->fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
}

int hk_heap_writer_new(struct hk_heap_writer *heap)
{
    size_t zlib_room = compressBound(HK_CHUNK_SIZE);
    size_t zstd_room = ZSTD_compressBound(HK_CHUNK_SIZE);

    heap->packed_room = zlib_room > zstd_room ? zlib_room : zstd_room;
    heap->chunk = malloc(HK_CHUNK_SIZE);
    heap->packed = malloc(heap->packed_room);
    return heap->chunk == NULL || heap->packed == NULL ? no_memory(heap) : 0;
}

void hk_heap_writer_free(struct hk_heap_writer *heap)
{
    free(heap->chunk);
    free(heap->packed);
    free(heap->table);
}

static int write_file(struct hk_heap_writer *heap, const uint8_t *bytes,
                      size_t size)
{
    while (size > 0) {
        ssize_t written = pwrite(heap->fd, bytes, size,
                                 (off_t)(heap->offset + heap->packed_size));

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return hk_package_fail(heap->fault, HK_PACKAGE_ERR_IO,
                                   "writing the package: %s", strerror(errno));
        bytes += written;
        heap->packed_size += (uint64_t)written;
        size -= (size_t)written;
    }
    return 0;
}

/* The size of the chunk packed, or 0 when it has to stay as it is. */
static size_t pack(struct hk_heap_writer *heap)
{
    uLongf zlib_size = (uLongf)heap->packed_room;
    size_t size = 0;

    switch (heap->compression) {
    case HK_PACKAGE_STORED:
        break;
    case HK_PACKAGE_ZLIB:
        if (compress2(heap->packed, &zlib_size, heap->chunk,
                      (uLong)heap->filled, ZLIB_LEVEL) == Z_OK)
            size = zlib_size;
        break;
    case HK_PACKAGE_ZSTD:
        size = ZSTD_compress(heap->packed, heap->packed_room, heap->chunk,
                             heap->filled, ZSTD_LEVEL);
        if (ZSTD_isError(size))
            size = 0;
        break;
    }
    return size < heap->filled ? size : 0;
}

/* Notes a chunk's size, less 1, big-endian. */
static int note_size(struct hk_heap_writer *heap, size_t size)
{
    uint8_t *entry;

    if (heap->chunk_count == heap->table_room) {
        uint64_t room = heap->table_room == 0 ? 256 : heap->table_room * 2;
        uint8_t *table = realloc(heap->table, (size_t)room * 2);

        if (table == NULL)
            return no_memory(heap);
        heap->table = table;
        heap->table_room = room;
    }
    entry = heap->table + 2 * heap->chunk_count++;
    entry[0] = (uint8_t)((size - 1) >> 8);
    entry[1] = (uint8_t)(size - 1);
    return 0;
}

static int write_chunk(struct hk_heap_writer *heap)
{
    size_t packed = pack(heap);
    size_t size = packed > 0 ? packed : heap->filled;
    int error = note_size(heap, size);

    if (error == 0)
        error = write_file(heap, packed > 0 ? heap->packed : heap->chunk, size);
    heap->filled = 0;
    return error;
}

int hk_heap_write(struct hk_heap_writer *heap, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    int error = 0;

    while (size > 0 && error == 0) {
        size_t part = HK_CHUNK_SIZE - heap->filled;

        if (part > size)
            part = size;
        memcpy(heap->chunk + heap->filled, at, part);
        heap->filled += part;
        heap->size += part;
        at += part;
        size -= part;
        if (heap->filled == HK_CHUNK_SIZE)
            error = write_chunk(heap);
    }
    return error;
}

/* The last chunk's size is not in the table: it is what is left. */
int hk_heap_finish(struct hk_heap_writer *heap)
{
    int error = heap->filled > 0 ? write_chunk(heap) : 0;

    if (error < 0 || heap->compression == HK_PACKAGE_STORED ||
        heap->chunk_count == 0)
        return error;
    return write_file(heap, heap->table, (size_t)(heap->chunk_count - 1) * 2);
}
