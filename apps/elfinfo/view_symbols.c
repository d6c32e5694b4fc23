/* view_symbols.c -- the symbol tables. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_names.h>
#include <stdio.h>
#include <stdlib.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"table", NULL, 0},        {"index", "Num", 6},
    {"value", "Value", 12},    {"size", "Size", 6},
    {"type", "Type", -7},      {"bind", "Bind", -6},
    {"visibility", "Vis", -9}, {"section_index", "Ndx", 4},
    {"name", "Name", 0},       {"version", NULL, 0},
    {"version_file", NULL, 0}, {"is_default_version", NULL, 0},
    {"section", NULL, 0},      {"demangled", NULL, 0},
    {NULL, NULL, 0},
};

static const char *name_of_section(struct inf_file *file,
                                   const struct eld_symbol *symbol)
{
    const char *special = inf_special_section(symbol);
    struct eld_section section;

    if (special != NULL)
        return special;
    if (symbol->is_special ||
        eld_read_section(&file->elf, symbol->section, &section, NULL) < 0)
        return NULL;
    return inf_section_name(file, &section);
}

/* The number alone, in decimal, for a section proper. */
static void put_section_index(struct inf_output *out,
                              const struct eld_symbol *symbol)
{
    const char *special = inf_special_section(symbol);

    if (special != NULL || symbol->is_special)
        inf_put_special(out, special, symbol->section);
    else
        inf_put_decimal(out, symbol->section);
}

static void put_version(struct inf_output *out, const struct eld_symbol *symbol,
                        const struct inf_version *version)
{
    if (version == NULL) {
        inf_put_none(out);
        inf_put_none(out);
        inf_put_none(out);
        return;
    }
    inf_put_text(out, version->name);
    inf_put_text(out, version->file);
    inf_put_bool(out, inf_is_default_version(symbol, version));
}

static void put_symbol(struct inf_file *file, const char *table,
                       const struct eld_symbol *symbol)
{
    struct inf_output *out = file->out;
    const struct inf_version *version = inf_symbol_version(file, symbol);
    char *text = inf_symbol_text(file, symbol, 1);
    char *demangled = inf_demangle(file, symbol->name);

    inf_put_text(out, table);
    inf_put_decimal(out, symbol->index);
    inf_put_hex(out, symbol->value);
    inf_put_decimal(out, symbol->size);
    inf_put_name(out, eld_symbol_type_name(file->elf.machine, symbol->type),
                 symbol->type);
    inf_put_name(out, eld_symbol_bind_name(symbol->bind), symbol->bind);
    inf_put_name(out, eld_symbol_visibility_name(symbol->visibility),
                 symbol->visibility);
    put_section_index(out, symbol);
    inf_put_texts(out, text, symbol->name);
    put_version(out, symbol, version);
    inf_put_text(out, name_of_section(file, symbol));
    inf_put_text(out, demangled);
    inf_end_row(out);
    free(text);
    free(demangled);
}

static void show_table(struct inf_file *file, const char *name,
                       const struct eld_symbols *symbols, uint64_t count)
{
    struct inf_faults faults = {.count = 0};
    struct eld_symbol symbol;
    struct eld_fault fault;
    char title[300];

    snprintf(title, sizeof(title), "Symbol table %s", name);
    inf_begin_table(file->out, "symbols", title, columns);
    for (uint64_t i = 0; i < count; i++) {
        if (eld_read_symbol(&file->elf, symbols, i, &symbol, &fault) < 0)
            inf_count_fault(&faults, &fault);
        else
            put_symbol(file, name, &symbol);
    }
    inf_end_table(file->out);
    inf_report_all(file, &faults);
}

/* All tables of a type that have a section; returns how many. */
static int show_sections(struct inf_file *file, uint32_t type)
{
    struct eld_section section;
    struct eld_symbols symbols;
    struct eld_fault fault;
    int count = 0;

    for (uint32_t i = 0; i < file->elf.section_count; i++) {
        if (eld_read_section(&file->elf, i, &section, &fault) < 0) {
            inf_report(file, &fault);
            break;
        }
        if (section.type != type)
            continue;
        count++;
        if (eld_section_symbols(&file->elf, &section, &symbols, &fault) < 0)
            inf_report(file, &fault);
        else
            show_table(file, inf_section_name(file, &section), &symbols,
                       symbols.table.count);
    }
    return count;
}

void inf_show_dynamic_symbols(struct inf_file *file)
{
    if (file->options->views[INF_VIEW_SYMBOLS])
        return; /* shown already */
    if (show_sections(file, SHT_DYNSYM) == 0 && file->is_dynamic)
        show_table(file, "of the dynamic section", &file->dynamic.symbols,
                   eld_count_symbols(&file->elf, &file->dynamic));
}

void inf_show_symbols(struct inf_file *file)
{
    if (show_sections(file, SHT_DYNSYM) == 0 && file->is_dynamic)
        show_table(file, "of the dynamic section", &file->dynamic.symbols,
                   eld_count_symbols(&file->elf, &file->dynamic));
    show_sections(file, SHT_SYMTAB);
}
