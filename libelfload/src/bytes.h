/* bytes.h -- numbers out of a file, in the file's byte order. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_BYTES_H
#define ELFLOAD_BYTES_H

#include <elfload/elf_reader.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline uint16_t eld_load16(const struct eld_elf *elf, const uint8_t *p)
{
    return (uint16_t)(elf->is_big ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

static inline uint32_t eld_load32(const struct eld_elf *elf, const uint8_t *p)
{
    if (elf->is_big)
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
               (uint32_t)p[2] << 8 | p[3];
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 |
           p[0];
}

static inline uint64_t eld_load64(const struct eld_elf *elf, const uint8_t *p)
{
    uint64_t first = eld_load32(elf, p), second = eld_load32(elf, p + 4);

    return elf->is_big ? first << 32 | second : second << 32 | first;
}

/* A number of the class's size: 4 or 8 bytes. */
static inline uint64_t eld_load_word(const struct eld_elf *elf,
                                     const uint8_t *p)
{
    return elf->is_64 ? eld_load64(elf, p) : eld_load32(elf, p);
}

static inline size_t eld_word_size(const struct eld_elf *elf)
{
    return elf->is_64 ? 8 : 4;
}

/* 1 when [offset, offset + size) lies within limit bytes. */
static inline int eld_fits(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}

/* a + b, or the largest number when that is larger. */
static inline uint64_t eld_add_clamped(uint64_t a, uint64_t b)
{
    return b <= UINT64_MAX - 1 - a ? a + b : UINT64_MAX - 1;
}

/*
 * The bytes at [offset, offset + size) of the file, or NULL and the fault
 * (what, index: whose they are).
 */
const uint8_t *eld_bytes_at(const struct eld_elf *elf, uint64_t offset,
                            uint64_t size, const char *what, uint64_t index,
                            struct eld_fault *fault);

/* A part as a table of records of at least record_size bytes;
 * entry_size: what the file says, 0 for unsaid. 0 or ELD_ERR_*. */
int eld_table_of(const struct eld_part *part, uint64_t entry_size,
                 uint64_t record_size, const char *what,
                 struct eld_table *table, struct eld_fault *fault);

/* Record index of a table, or NULL and the fault. */
const uint8_t *eld_record_at(const struct eld_elf *elf,
                             const struct eld_table *table, uint64_t index,
                             uint64_t record_size, const char *what,
                             struct eld_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
