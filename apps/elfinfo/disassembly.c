/* disassembly.c -- machine code of a symbol or a range, as text. */
/* SPDX-License-Identifier: MIT */
#include <Zydis/Zydis.h>
#include <elf.h>
#include <elfload/elf_names.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"address", "Address", 12},
    {"bytes", "Bytes", -24},
    {"text", "Instruction", -40},
    {"target", "To", 0},
    {NULL, NULL, 0},
};

struct range {
    uint64_t address, size; /* virtual, or in its section; bytes */
    uint32_t section;       /* of an object file's symbol, or SHN_UNDEF */
    char title[300];
};

static int is_supported(const struct eld_elf *elf)
{
    return elf->machine == EM_386 || elf->machine == EM_IAMCU ||
           elf->machine == EM_X86_64;
}

/* ---- symbols ---- */

/* Symbols with code behind them, ascending. */
struct place {
    uint64_t address, size;
    uint32_t section;
    const char *name;
};

struct places {
    struct place *items;
    size_t count, room;
};

static void add_place(struct places *places, const struct eld_symbol *symbol)
{
    if (symbol->section == SHN_UNDEF || symbol->is_special ||
        (symbol->type != STT_FUNC && symbol->type != STT_NOTYPE) ||
        symbol->name[0] == '\0')
        return;
    if (places->count == places->room) {
        places->room = places->room * 2 + 256;
        places->items =
            realloc(places->items, places->room * sizeof(*places->items));
        if (places->items == NULL)
            inf_fail("out of memory");
    }
    places->items[places->count++] = (struct place){
        symbol->value, symbol->size, symbol->section, symbol->name};
}

static void add_table(const struct inf_file *file,
                      const struct eld_symbols *symbols, uint64_t count,
                      struct places *places)
{
    struct eld_symbol symbol;

    for (uint64_t i = 1; i < count; i++) {
        if (eld_read_symbol(&file->elf, symbols, i, &symbol, NULL) == 0)
            add_place(places, &symbol);
    }
}

static int compare(const void *a, const void *b)
{
    const struct place *first = a, *second = b;

    if (first->address != second->address)
        return first->address < second->address ? -1 : 1;
    return strcmp(first->name, second->name);
}

static struct places places_of(const struct inf_file *file)
{
    struct places places = {NULL, 0, 0};
    struct eld_symbols symbols;

    if (eld_find_symbols(&file->elf, SHT_SYMTAB, &symbols, NULL) == 0)
        add_table(file, &symbols, symbols.table.count, &places);
    if (file->is_dynamic)
        add_table(file, &file->dynamic.symbols,
                  eld_count_symbols(&file->elf, &file->dynamic), &places);
    if (places.count > 0)
        qsort(places.items, places.count, sizeof(*places.items), compare);
    return places;
}

/* The last one at or below an address, or NULL. */
static const struct place *nearest(const struct places *places,
                                   uint64_t address)
{
    size_t low = 0, high = places->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (places->items[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &places->items[low - 1] : NULL;
}

static const struct place *by_name(const struct places *places,
                                   const char *name)
{
    for (size_t i = 0; i < places->count; i++) {
        if (strcmp(places->items[i].name, name) == 0)
            return &places->items[i];
    }
    return NULL;
}

/* ---- what is asked for ---- */

/* "0x1000-0x1040" or "0x1000+64" */
static int parse_range(const char *text, struct range *range)
{
    char *end;

    errno = 0;
    range->address = strtoull(text, &end, 0);
    if (end == text || (*end != '-' && *end != '+') || errno != 0)
        return 0;
    char sign = *end;
    const char *second = end + 1;
    range->size = strtoull(second, &end, 0);
    if (end == second || *end != '\0' || errno != 0)
        return 0;
    if (sign == '-' && range->size < range->address)
        return 0;
    if (sign == '-')
        range->size -= range->address;
    return 1;
}

/* A symbol of no size ends where the next one begins. */
static uint64_t size_of(const struct places *places, const struct place *place)
{
    const struct place *end = places->items + places->count;

    if (place->size > 0)
        return place->size;
    for (const struct place *next = place + 1; next < end; next++) {
        if (next->address > place->address && next->section == place->section)
            return next->address - place->address;
    }
    return UINT64_MAX;
}

static int find_range(const struct places *places, const char *what,
                      struct range *range)
{
    snprintf(range->title, sizeof(range->title), "Code of %s", what);
    const struct place *place = by_name(places, what);
    if (place == NULL)
        return parse_range(what, range);
    range->address = place->address;
    range->section = place->section;
    range->size = size_of(places, place);
    return 1;
}

/* Addresses of object files are offsets in a section: the symbol's, or that
 * of the code. */
static int find_in_section(struct inf_file *file, const struct range *range,
                           struct eld_part *part, struct eld_fault *fault)
{
    struct eld_section section;
    int error =
        range->section != SHN_UNDEF
            ? eld_read_section(&file->elf, range->section, &section, fault)
            : eld_find_section_by_name(&file->elf, ".text", &section, fault);

    if (error == 0)
        error = eld_section_part(&file->elf, &section, part, fault);
    if (error < 0) {
        inf_report(file, fault);
        return error;
    }
    if (range->address >= part->size) {
        inf_report_text(file, "disassembly: 0x%llx is beyond its section",
                        (unsigned long long)range->address);
        return ELD_ERR_NOT_FOUND;
    }
    part->offset += range->address;
    part->size -= range->address;
    return 0;
}

/* The bytes that the file has of the range. */
static int find_bytes(struct inf_file *file, const struct range *range,
                      struct eld_part *part, struct eld_fault *fault)
{
    int error;

    if (file->elf.type == ET_REL) {
        error = find_in_section(file, range, part, fault);
    } else {
        error = eld_find_address(&file->elf, range->address, 1, part, fault);
        if (error < 0)
            inf_report(file, fault);
    }
    if (error == 0 && part->size > range->size)
        part->size = range->size;
    return error;
}

/* ---- instructions ---- */

/* "name+0x10" of what an instruction jumps to or calls. */
static void put_target(struct inf_file *file, const struct places *places,
                       const ZydisDisassembledInstruction *insn)
{
    const struct place *place;
    ZyanU64 address;
    char text[600];

    /* Object files do not know yet where anything will be. */
    for (uint8_t i = 0;
         file->elf.type != ET_REL && i < insn->info.operand_count_visible;
         i++) {
        const ZydisDecodedOperand *operand = &insn->operands[i];

        if (operand->type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
            !operand->imm.is_relative ||
            !ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(
                &insn->info, operand, insn->runtime_address, &address)) ||
            (place = nearest(places, address)) == NULL)
            continue;
        char *name = inf_demangle(file, place->name);
        const char *shown = name != NULL ? name : place->name;
        if (address == place->address)
            snprintf(text, sizeof(text), "%s", shown);
        else
            snprintf(text, sizeof(text), "%s+0x%llx", shown,
                     (unsigned long long)(address - place->address));
        inf_put_text(file->out, text);
        free(name);
        return;
    }
    inf_put_none(file->out);
}

static void show_code(struct inf_file *file, const struct places *places,
                      const struct range *range, const struct eld_part *part)
{
    ZydisMachineMode mode = file->elf.machine == EM_X86_64
                                ? ZYDIS_MACHINE_MODE_LONG_64
                                : ZYDIS_MACHINE_MODE_LEGACY_32;
    const uint8_t *bytes = file->elf.bytes + part->offset;
    struct inf_output *out = file->out;

    inf_begin_table(out, "disassembly", range->title, columns);
    for (uint64_t at = 0; at < part->size;) {
        ZydisDisassembledInstruction insn;
        uint64_t left = part->size - at, length = 1;
        int is_insn = ZYAN_SUCCESS(ZydisDisassembleIntel(
            mode, range->address + at, bytes + at,
            left < ZYDIS_MAX_INSTRUCTION_LENGTH ? (ZyanUSize)left
                                                : ZYDIS_MAX_INSTRUCTION_LENGTH,
            &insn));

        if (is_insn)
            length = insn.info.length;
        inf_put_hex(out, range->address + at);
        inf_put_bytes(out, bytes + at, (size_t)length);
        inf_put_text(out, is_insn ? insn.text : "(bad)");
        if (is_insn)
            put_target(file, places, &insn);
        else
            inf_put_none(out);
        inf_end_row(out);
        at += length;
    }
    inf_end_table(out);
}

void inf_show_disassembly(struct inf_file *file, const char *what)
{
    struct places places;
    struct eld_fault fault;
    struct eld_part part;
    struct range range = {.section = SHN_UNDEF};

    if (!is_supported(&file->elf)) {
        const char *name = eld_machine_name(file->elf.machine, file->elf.is_64);
        inf_report_text(file, "disassembly: not for %s",
                        name != NULL ? name : "this machine");
        return;
    }
    places = places_of(file);
    if (!find_range(&places, what, &range))
        inf_report_text(file, "disassembly: no symbol or range %s", what);
    else if (find_bytes(file, &range, &part, &fault) == 0)
        show_code(file, &places, &range, &part);
    free(places.items);
}
