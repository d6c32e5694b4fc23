/* debug.c -- compressed sections and separate files of debugging information.
 */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"
#include "fault.h"

#include <elf.h>
#include <elfload/elf_debug.h>
#include <string.h>

static int fail_short(struct eld_fault *fault, const char *what,
                      const struct eld_part *part, uint64_t wanted)
{
    eld_fail_value(fault, ELD_ERR_TRUNCATED, what, ELD_NONE, part->size,
                   wanted);
    eld_fault_add_offset(fault, part->offset);
    return ELD_ERR_TRUNCATED;
}

/* What is left of a part behind its first bytes. */
static struct eld_part rest_of(const struct eld_part *part, uint64_t head)
{
    return (struct eld_part){part->offset + head, part->size - head};
}

/* ---- compression ---- */

static int read_compression(const struct eld_elf *elf,
                            const struct eld_part *part,
                            struct eld_compression *compression,
                            struct eld_fault *fault)
{
    /* Of class 64 the type has four unused bytes behind it. */
    uint64_t word = eld_word_size(elf), head = 3 * word;
    const uint8_t *p = elf->bytes + part->offset;

    if (part->size < head)
        return fail_short(fault, "compression header", part, head);
    *compression =
        (struct eld_compression){.type = eld_load32(elf, p),
                                 .size = eld_load_word(elf, p + word),
                                 .align = eld_load_word(elf, p + 2 * word),
                                 .part = rest_of(part, head)};
    return 0;
}

/* "ZLIB" and the size, big-endian in every file. */
static int read_gnu_compression(const struct eld_elf *elf,
                                const struct eld_section *section,
                                const struct eld_part *part,
                                struct eld_compression *compression,
                                struct eld_fault *fault)
{
    enum { HEAD = 12 };
    const uint8_t *p = elf->bytes + part->offset;
    const char *name;
    uint64_t size = 0;

    if (eld_section_name(elf, section, &name, NULL) < 0 ||
        strncmp(name, ".zdebug", 7) != 0 || part->size < HEAD ||
        memcmp(p, "ZLIB", 4) != 0)
        return eld_fail(fault, ELD_ERR_NOT_FOUND, "compression header",
                        ELD_NONE, ELD_NONE);
    for (int i = 4; i < HEAD; i++)
        size = size << 8 | p[i];
    *compression = (struct eld_compression){.type = ELD_COMPRESS_ZLIB,
                                            .size = size,
                                            .align = section->align,
                                            .part = rest_of(part, HEAD)};
    return 0;
}

int eld_section_compression(const struct eld_elf *elf,
                            const struct eld_section *section,
                            struct eld_compression *compression,
                            struct eld_fault *fault)
{
    struct eld_part part;
    int error = eld_section_part(elf, section, &part, fault);

    if (error < 0)
        return error;
    if (section->flags & SHF_COMPRESSED)
        return read_compression(elf, &part, compression, fault);
    return read_gnu_compression(elf, section, &part, compression, fault);
}

const char *eld_compression_name(uint32_t type)
{
    switch (type) {
    case ELD_COMPRESS_ZLIB:
        return "ZLIB";
    case ELD_COMPRESS_ZSTD:
        return "ZSTD";
    default:
        return NULL;
    }
}

/* ---- separate files ---- */

int eld_read_debug_link(const struct eld_elf *elf, struct eld_debug_link *link,
                        struct eld_fault *fault)
{
    struct eld_section section;
    struct eld_part part;
    const char *name;
    int error;

    if ((error = eld_find_section_by_name(elf, ".gnu_debuglink", &section,
                                          fault)) < 0 ||
        (error = eld_section_part(elf, &section, &part, fault)) < 0 ||
        (error = eld_read_string(elf, &part, 0, &name, fault)) < 0)
        return error;
    /* The sum is behind the name, at a multiple of four. */
    uint64_t at = (strlen(name) + 4) & ~(uint64_t)3;
    if (!eld_fits(at, 4, part.size))
        return fail_short(fault, ".gnu_debuglink", &part, at + 4);
    link->name = name;
    link->crc = eld_load32(elf, elf->bytes + part.offset + at);
    return 0;
}
