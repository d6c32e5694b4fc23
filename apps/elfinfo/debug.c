/* debug.c -- relocates the debugging information of object files. */
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

static int is_code(const struct eld_section *section)
{
    return section->type != SHT_NOBITS && (section->flags & SHF_EXECINSTR) &&
           (section->flags & SHF_ALLOC);
}

/* Not from 0: debugging information knows that as "nowhere". */
static uint64_t *place_sections(const struct inf_file *file)
{
    enum { START = 0x10000, ALIGN = 0x100 };
    uint64_t *places = calloc((size_t)file->elf.section_count + 1, 8);
    uint64_t next = START;
    struct eld_section section;
    struct eld_part part;

    if (places == NULL)
        inf_fail("out of memory");
    for (uint32_t i = 0; i < file->elf.section_count; i++) {
        if (eld_read_section(&file->elf, i, &section, NULL) < 0 ||
            !is_code(&section) ||
            eld_section_part(&file->elf, &section, &part, NULL) < 0)
            continue;
        places[i] = next;
        next += (part.size / ALIGN + 2) * ALIGN;
    }
    return places;
}

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
static int open_job(struct inf_file *file, const struct eld_section *section,
                    struct job *job)
{
    const struct eld_elf *elf = job->elf;
    struct eld_section target, symbols;

    return (section->type == SHT_REL || section->type == SHT_RELA) &&
           eld_read_section(elf, section->info, &target, NULL) == 0 &&
           strncmp(inf_section_name(file, &target), ".debug_", 7) == 0 &&
           (target.flags & SHF_COMPRESSED) == 0 &&
           eld_section_part(elf, &target, &job->target, NULL) == 0 &&
           eld_section_relocs(elf, section, &job->relocs, NULL) == 0 &&
           eld_read_section(elf, section->link, &symbols, NULL) == 0 &&
           eld_section_symbols(elf, &symbols, &job->symbols, NULL) == 0;
}

uint64_t *inf_relocate_debug(struct inf_file *file, uint8_t *bytes)
{
    uint64_t *places = place_sections(file);
    struct job job = {.elf = &file->elf, .places = places, .bytes = bytes};
    struct eld_section section;
    struct eld_reloc reloc;

    for (uint32_t i = 0; i < file->elf.section_count; i++) {
        struct eld_reloc_cursor cursor = {0, 0, 0, 0};

        if (eld_read_section(&file->elf, i, &section, NULL) < 0 ||
            !open_job(file, &section, &job))
            continue;
        while (eld_next_reloc(&file->elf, &job.relocs, &cursor, &reloc, NULL) ==
               1)
            relocate_one(&job, &reloc);
    }
    return places;
}
