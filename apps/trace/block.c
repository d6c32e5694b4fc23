/* block.c -- a block's header, checks and compression. */
/* SPDX-License-Identifier: MIT */
#include "block.h"

#include <string.h>

#include <zlib.h>

#include "bytes.h"

/* Places in the header (docs/trace-format.md, "Blocks"). */
enum {
    AT_MAGIC = 0,
    AT_KIND = 4,
    AT_STORED = 8,
    AT_SIZE = 12,
    AT_FIRST = 16,
    AT_INSTRUCTION = 24,
    AT_COUNT = 32,
    AT_CRC = 36,
    AT_HEADER_CRC = 40
};

static uint32_t crc_of(const uint8_t *bytes, size_t size)
{
    return (uint32_t)crc32(crc32(0, NULL, 0), bytes, (uInt)size);
}

void tr_file_header(uint8_t header[TR_FILE_HEADER])
{
    memcpy(header, TR_MAGIC, 8);
    tr_put(header + 8, TR_VERSION, 4);
    tr_put(header + 12, crc_of(header, 12), 4);
}

unsigned tr_file_version(const uint8_t header[TR_FILE_HEADER])
{
    unsigned version = (unsigned)tr_get(header + 8, 4);
    uint32_t crc = version == 1 ? 0 : crc_of(header, 12);

    return memcmp(header, TR_MAGIC, 8) == 0 && tr_get(header + 12, 4) == crc
               ? version
               : 0;
}

int tr_packer_init(z_stream *packer)
{
    memset(packer, 0, sizeof(*packer));
    return deflateInit(packer, Z_BEST_SPEED) == Z_OK ? 0 : TR_ERR_NOMEM;
}

void tr_packer_end(z_stream *packer)
{
    deflateEnd(packer);
}

/* The size of what is stored; 0: it failed. */
static size_t pack(z_stream *packer, const uint8_t *content, size_t size,
                   uint8_t *stored)
{
    /* Many blocks have to be packed soon; a small trace has none of these. */
    int level = size < TR_BLOCK_FULL ? Z_DEFAULT_COMPRESSION : Z_BEST_SPEED;

    if (deflateReset(packer) != Z_OK)
        return 0;
    packer->next_in = (Bytef *)(uintptr_t)content;
    packer->avail_in = 0;
    packer->next_out = stored;
    packer->avail_out = TR_STORED_MAX;
    if (deflateParams(packer, level, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    packer->avail_in = (uInt)size;
    return deflate(packer, Z_FINISH) == Z_STREAM_END ? packer->total_out : 0;
}

size_t tr_block_pack(z_stream *packer, struct tr_block *block,
                     const uint8_t *content, uint8_t *out)
{
    uint8_t *stored = out + TR_BLOCK_HEADER;
    size_t size = pack(packer, content, block->size, stored);

    if (size == 0)
        return 0;
    block->stored = (uint32_t)size;
    block->crc = crc_of(stored, size);
    memset(out, 0, TR_BLOCK_HEADER);
    tr_put(out + AT_MAGIC, TR_BLOCK_MAGIC, 4);
    tr_put(out + AT_KIND, block->kind, 4);
    tr_put(out + AT_STORED, block->stored, 4);
    tr_put(out + AT_SIZE, block->size, 4);
    tr_put(out + AT_FIRST, block->first, 8);
    tr_put(out + AT_INSTRUCTION, block->instruction, 8);
    tr_put(out + AT_COUNT, block->count, 4);
    tr_put(out + AT_CRC, block->crc, 4);
    tr_put(out + AT_HEADER_CRC, crc_of(out, AT_HEADER_CRC), 4);
    return TR_BLOCK_HEADER + size;
}

/* Numbers that no sum of theirs overflows with. */
static int is_sane(const struct tr_block *block)
{
    return block->stored <= TR_STORED_MAX && block->size <= TR_BLOCK_MAX &&
           block->count <= block->size && block->first < UINT64_MAX / 2 &&
           block->instruction < UINT64_MAX / 2 &&
           (block->kind == TR_BLOCK_EVENTS || block->kind == TR_BLOCK_STEPS ||
            (block->kind == TR_BLOCK_IMAGES &&
             block->size == block->count * TR_PAGE_SIZE));
}

int tr_block_parse(const uint8_t header[TR_BLOCK_HEADER],
                   struct tr_block *block)
{
    struct tr_block found = {0};

    if (tr_get(header + AT_MAGIC, 4) != TR_BLOCK_MAGIC ||
        tr_get(header + AT_HEADER_CRC, 4) != crc_of(header, AT_HEADER_CRC))
        return 0;
    found.kind = (enum tr_block_kind)tr_get(header + AT_KIND, 4);
    found.stored = (uint32_t)tr_get(header + AT_STORED, 4);
    found.size = (uint32_t)tr_get(header + AT_SIZE, 4);
    found.first = tr_get(header + AT_FIRST, 8);
    found.instruction = tr_get(header + AT_INSTRUCTION, 8);
    found.count = (uint32_t)tr_get(header + AT_COUNT, 4);
    found.crc = (uint32_t)tr_get(header + AT_CRC, 4);
    if (!is_sane(&found))
        return 0;
    *block = found;
    return 1;
}

int tr_block_unpack(const struct tr_block *block, const uint8_t *stored,
                    uint8_t *content)
{
    uLongf size = block->size;

    return crc_of(stored, block->stored) == block->crc &&
           uncompress(content, &size, stored, block->stored) == Z_OK &&
           size == block->size;
}
