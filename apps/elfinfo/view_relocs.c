/* view_relocs.c -- the relocations. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_names.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"table", NULL, 0},
    {"offset", "Offset", 12},
    {"type", "Type", -22},
    {"symbol_value", "Value", 12},
    {"addend", "Addend", 10},
    {"symbol", "Symbol", 0},
    {"symbol_demangled", NULL, 0},
    {"type_number", NULL, 0},
    {"symbol_index", NULL, 0},
    {"more_types", NULL, 0},
    {NULL, NULL, 0},
};

/* A table of relocations and the symbols it speaks of. */
struct source {
    const char *name;
    struct eld_relocs relocs;
    const struct eld_symbols *symbols; /* NULL: none */
};

/* A section's symbol has no name but the section's. */
static void name_section(const struct inf_file *file, struct eld_symbol *symbol)
{
    struct eld_section section;

    if (symbol->type == STT_SECTION && symbol->name[0] == '\0' &&
        !symbol->is_special &&
        eld_read_section(&file->elf, symbol->section, &section, NULL) == 0)
        symbol->name = inf_section_name(file, &section);
}

static void put_symbol(struct inf_file *file, const struct source *source,
                       const struct eld_reloc *reloc, struct inf_faults *faults)
{
    struct inf_output *out = file->out;
    int has_addend = source->relocs.kind == ELD_RELOCS_RELA;
    struct eld_symbol symbol;
    struct eld_fault fault;
    char *text = NULL, *plain = NULL;

    if (reloc->symbol != 0 && source->symbols != NULL) {
        if (eld_read_symbol(&file->elf, source->symbols, reloc->symbol, &symbol,
                            &fault) < 0) {
            inf_count_fault(faults, &fault);
        } else {
            name_section(file, &symbol);
            text = inf_symbol_text(file, &symbol, 1);
            plain = inf_symbol_text(file, &symbol, 0);
        }
    }
    if (text != NULL)
        inf_put_hex(out, symbol.value);
    else
        inf_put_none(out);
    if (has_addend)
        inf_put_signed(out, reloc->addend);
    else
        inf_put_none(out);
    inf_put_texts(out, text, plain);
    inf_put_text(out, text != NULL && strcmp(text, plain) != 0 ? text : NULL);
    free(text);
    free(plain);
}

/* Of MIPS files of 64 bits. */
static void put_more_types(struct inf_file *file, const struct eld_reloc *reloc)
{
    uint8_t types[2] = {reloc->type_2, reloc->type_3};

    if (reloc->type_2 == 0 && reloc->type_3 == 0) {
        inf_put_none(file->out);
        return;
    }
    inf_begin_list(file->out, " ");
    for (int i = 0; i < 2; i++) {
        const char *name = eld_reloc_name(file->elf.machine, types[i]);
        char number[16];

        snprintf(number, sizeof(number), "0x%x", types[i]);
        inf_add_item(file->out, name != NULL ? name : number);
    }
    inf_end_list(file->out);
}

static void put_reloc(struct inf_file *file, const struct source *source,
                      const struct eld_reloc *reloc, struct inf_faults *faults)
{
    struct inf_output *out = file->out;
    int is_relr = source->relocs.kind == ELD_RELOCS_RELR;
    const char *type = eld_reloc_name(file->elf.machine, reloc->type);

    inf_put_text(out, source->name);
    inf_put_hex(out, reloc->offset);
    if (is_relr)
        inf_put_text(out, "RELR");
    else
        inf_put_name(out, type, reloc->type);
    put_symbol(file, source, reloc, faults);
    if (is_relr) {
        inf_put_none(out);
        inf_put_none(out);
    } else {
        inf_put_decimal(out, reloc->type);
        inf_put_decimal(out, reloc->symbol);
    }
    put_more_types(file, reloc);
    inf_end_row(out);
}

static void show_table(struct inf_file *file, const struct source *source)
{
    struct eld_reloc_cursor cursor = {0, 0, 0, 0};
    struct inf_faults faults = {.count = 0};
    struct eld_reloc reloc;
    struct eld_fault fault;
    char title[300];
    int found;

    snprintf(title, sizeof(title), "Relocations %s", source->name);
    inf_begin_table(file->out, "relocs", title, columns);
    while ((found = eld_next_reloc(&file->elf, &source->relocs, &cursor, &reloc,
                                   &fault)) == 1)
        put_reloc(file, source, &reloc, &faults);
    if (found < 0)
        inf_count_fault(&faults, &fault);
    inf_end_table(file->out);
    inf_report_all(file, &faults);
}

static void show_section(struct inf_file *file,
                         const struct eld_section *section)
{
    struct source source = {.name = inf_section_name(file, section)};
    struct eld_fault fault;

    if (eld_section_relocs(&file->elf, section, &source.relocs, &fault) < 0) {
        inf_report(file, &fault);
        return;
    }
    if (section->link != 0) {
        source.symbols = inf_section_symbols(file, section->link, &fault);
        if (source.symbols == NULL)
            inf_report(file, &fault);
    }
    show_table(file, &source);
}

static int is_relocs(uint32_t type)
{
    enum { RELR = 19 };

    return type == SHT_REL || type == SHT_RELA || type == RELR;
}

static int show_sections(struct inf_file *file)
{
    struct eld_section section;
    struct eld_fault fault;
    int count = 0;

    for (uint32_t i = 0; i < file->elf.section_count; i++) {
        if (eld_read_section(&file->elf, i, &section, &fault) < 0) {
            inf_report(file, &fault);
            break;
        }
        if (is_relocs(section.type)) {
            show_section(file, &section);
            count++;
        }
    }
    return count;
}

void inf_show_relocs(struct inf_file *file)
{
    const struct eld_dynamic *dynamic = &file->dynamic;

    if (show_sections(file) > 0 || !file->is_dynamic)
        return;
    const struct source sources[] = {
        {"DT_REL", dynamic->rel, &dynamic->symbols},
        {"DT_RELA", dynamic->rela, &dynamic->symbols},
        {"DT_RELR", dynamic->relr, &dynamic->symbols},
        {"DT_JMPREL", dynamic->plt, &dynamic->symbols},
    };
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        show_table(file, &sources[i]);
}
