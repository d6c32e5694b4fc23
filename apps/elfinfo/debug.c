/* debug.c -- debugging information made ready for libdw. */
/* SPDX-License-Identifier: MIT */
#include "debug.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum operation { SET, ADD, SUB, SET6, SUB6 };

static const struct debug_reloc {
    uint32_t machine, type;
    enum operation operation;
    unsigned size;
} rows[] = {
#define DEBUG_RELOC(machine, type, operation, bytes)                           \
    {machine, type, operation, bytes},
#include "debug_relocs.def"
#undef DEBUG_RELOC
};

static const struct debug_reloc *find_row(uint32_t machine, uint32_t type)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].machine == machine && rows[i].type == type)
            return &rows[i];
    }
    return NULL;
}

/* ---- numbers of any size and byte order ---- */

static uint64_t get(const uint8_t *bytes, unsigned size, int is_big)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < size; i++)
        number = number << 8 | bytes[is_big ? i : size - 1 - i];
    return number;
}

static void put(uint8_t *bytes, unsigned size, int is_big, uint64_t number)
{
    for (unsigned i = 0; i < size; i++) {
        bytes[is_big ? size - 1 - i : i] = (uint8_t)number;
        number >>= 8;
    }
}

static uint64_t apply(enum operation operation, uint64_t old, uint64_t value)
{
    switch (operation) {
    case SET:
        return value;
    case ADD:
        return old + value;
    case SUB:
        return old - value;
    case SET6:
        return (old & 0xc0) | (value & 0x3f);
    case SUB6:
        return (old & 0xc0) | ((old - value) & 0x3f);
    }
    return old;
}

/* ---- sections ---- */

static int is_debug(const struct eld_elf *elf,
                    const struct eld_section *section)
{
    const char *name;

    return eld_section_name(elf, section, &name, NULL) == 0 &&
           strncmp(name, ".debug_", 7) == 0;
}

static int is_code(const struct eld_section *section)
{
    return section->type != SHT_NOBITS && (section->flags & SHF_EXECINSTR) &&
           (section->flags & SHF_ALLOC);
}

/* Not from 0: debugging information knows that as "nowhere". */
static uint64_t *place_sections(const struct eld_elf *elf)
{
    enum { START = 0x10000, ALIGN = 0x100 };
    uint64_t *places = calloc((size_t)elf->section_count + 1, 8);
    uint64_t next = START;
    struct eld_section section;
    struct eld_part part;

    if (places == NULL)
        inf_fail("out of memory");
    for (uint32_t i = 0; i < elf->section_count; i++) {
        if (eld_read_section(elf, i, &section, NULL) < 0 ||
            !is_code(&section) ||
            eld_section_part(elf, &section, &part, NULL) < 0)
            continue;
        places[i] = next;
        next += (part.size / ALIGN + 2) * ALIGN;
    }
    return places;
}

/* ---- compressed sections ---- */

/* The image with so many bytes more, which begin at a multiple of 8. */
static uint8_t *add_bytes(struct inf_debug_image *image, size_t size)
{
    size_t start = (image->size + 7) & ~(size_t)7;
    uint8_t *bytes = realloc(image->bytes, start + size);

    if (bytes == NULL)
        inf_fail("out of memory");
    memset(bytes + image->size, 0, start - image->size);
    image->bytes = bytes;
    image->size = start + size;
    return bytes + start;
}

/* Makes a section's header say where its bytes now are. */
static void move_section(const struct inf_debug_image *image,
                         const struct eld_elf *elf,
                         const struct eld_section *section,
                         const struct eld_compression *compression)
{
    unsigned word = elf->is_64 ? 8 : 4;
    uint8_t *header = image->bytes + elf->sections_offset +
                      (uint64_t)section->index * elf->section_size;
    uint64_t offset = image->size - compression->size;

    put(header + 8, word, elf->is_big,
        section->flags & ~(uint64_t)SHF_COMPRESSED);
    put(header + 8 + 2 * word, word, elf->is_big, offset);
    put(header + 8 + 3 * word, word, elf->is_big, compression->size);
    put(header + 16 + 4 * word, word, elf->is_big, compression->align);
}

/* elf: as the image was before. Few bytes may claim to be many sections. */
static void decompress(struct inf_debug_image *image, const struct eld_elf *elf,
                       const struct eld_section *section)
{
    enum { SIZE_MAX_SHIFT = 32 };
    struct eld_compression compression;
    const char *why;

    if (eld_section_compression(elf, section, &compression, NULL) < 0 ||
        (compression.size + image->size) >> SIZE_MAX_SHIFT != 0)
        return;
    uint8_t *bytes = inf_decompress(elf, &compression, &why);
    if (bytes == NULL)
        return;
    memcpy(add_bytes(image, (size_t)compression.size), bytes,
           (size_t)compression.size);
    free(bytes);
    move_section(image, elf, section, &compression);
}

static int is_compressed(const struct eld_elf *elf,
                         const struct eld_section *section)
{
    return (section->flags & SHF_COMPRESSED) && is_debug(elf, section);
}

static int has_compressed(const struct eld_elf *elf)
{
    struct eld_section section;

    for (uint32_t i = 0; i < elf->section_count; i++) {
        if (eld_read_section(elf, i, &section, NULL) < 0)
            break;
        if (is_compressed(elf, &section))
            return 1;
    }
    return 0;
}

static void decompress_all(struct inf_debug_image *image,
                           const struct eld_elf *elf)
{
    struct eld_section section;

    for (uint32_t i = 0; i < elf->section_count; i++) {
        if (eld_read_section(elf, i, &section, NULL) == 0 &&
            is_compressed(elf, &section))
            decompress(image, elf, &section);
    }
}

/* ---- relocations ---- */

/* What is relocated, by which table and symbols. */
struct job {
    const struct eld_elf *elf;
    const uint64_t *places;
    struct eld_part target;
    struct eld_relocs relocs;
    struct eld_symbols symbols;
    uint8_t *bytes; /* of the whole file */
};

static void relocate_one(const struct job *job, const struct eld_reloc *reloc)
{
    const struct eld_elf *elf = job->elf;
    const struct debug_reloc *row = find_row(elf->machine, reloc->type);
    struct eld_symbol symbol;

    if (row == NULL || row->size > job->target.size ||
        reloc->offset > job->target.size - row->size ||
        reloc->symbol >= job->symbols.table.count ||
        eld_read_symbol(elf, &job->symbols, reloc->symbol, &symbol, NULL) < 0)
        return;
    uint8_t *bytes = job->bytes + job->target.offset + reloc->offset;
    uint64_t old = get(bytes, row->size, elf->is_big), value = symbol.value;

    if (!symbol.is_special && symbol.section < elf->section_count)
        value += job->places[symbol.section];
    if (job->relocs.kind == ELD_RELOCS_RELA)
        value += (uint64_t)reloc->addend;
    else if (row->operation == SET)
        value += old;
    put(bytes, row->size, elf->is_big, apply(row->operation, old, value));
}

/* 0 when the section holds no relocations of debugging information. */
static int open_job(const struct eld_section *section, struct job *job)
{
    const struct eld_elf *elf = job->elf;
    struct eld_section target, symbols;

    return (section->type == SHT_REL || section->type == SHT_RELA) &&
           eld_read_section(elf, section->info, &target, NULL) == 0 &&
           is_debug(elf, &target) && !is_compressed(elf, &target) &&
           eld_section_part(elf, &target, &job->target, NULL) == 0 &&
           eld_section_relocs(elf, section, &job->relocs, NULL) == 0 &&
           eld_read_section(elf, section->link, &symbols, NULL) == 0 &&
           eld_section_symbols(elf, &symbols, &job->symbols, NULL) == 0;
}

static void relocate_all(struct inf_debug_image *image,
                         const struct eld_elf *elf)
{
    struct job job = {
        .elf = elf, .places = image->places, .bytes = image->bytes};
    struct eld_section section;
    struct eld_reloc reloc;

    for (uint32_t i = 0; i < elf->section_count; i++) {
        struct eld_reloc_cursor cursor = {0, 0, 0, 0};

        if (eld_read_section(elf, i, &section, NULL) < 0 ||
            !open_job(&section, &job))
            continue;
        while (eld_next_reloc(elf, &job.relocs, &cursor, &reloc, NULL) == 1)
            relocate_one(&job, &reloc);
    }
}

/* ---- the image ---- */

void inf_limit_sections(struct eld_elf *elf)
{
    enum { HEADER_SIZE_MIN = 40 };
    uint64_t room =
        elf->sections_offset < elf->size ? elf->size - elf->sections_offset : 0;
    uint64_t size = elf->section_size < HEADER_SIZE_MIN ? HEADER_SIZE_MIN
                                                        : elf->section_size;

    if (elf->section_count > room / size)
        elf->section_count = (uint32_t)(room / size);
}

void inf_make_debug_image(const struct eld_elf *elf,
                          struct inf_debug_image *image)
{
    struct eld_elf copy;

    *image = (struct inf_debug_image){.size = elf->size};
    if (elf->type == ET_REL)
        image->places = place_sections(elf);
    else if (!has_compressed(elf))
        return;
    image->bytes = malloc(elf->size);
    if (image->bytes == NULL)
        inf_fail("out of memory");
    memcpy(image->bytes, elf->bytes, elf->size);
    decompress_all(image, elf);
    if (image->places != NULL &&
        eld_read_header(image->bytes, image->size, &copy, NULL) == 0) {
        copy.section_count = elf->section_count;
        relocate_all(image, &copy);
    }
}

void inf_free_debug_image(struct inf_debug_image *image)
{
    free(image->bytes);
    free(image->places);
}
