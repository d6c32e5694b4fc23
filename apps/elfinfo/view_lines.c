/* view_lines.c -- functions and lines of the source, by address (DWARF). */
/* SPDX-License-Identifier: MIT */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug.h"

static const struct inf_column columns[] = {
    {"address", "Address", 12},  {"file", "File", -40},
    {"line", "Line", 6},         {"column", "Column", 6},
    {"function", "Function", 0}, {"is_inlined", NULL, 0},
    {"section", NULL, 0},        {NULL, NULL, 0},
};

/* A file that libdw has opened. */
struct debug {
    struct inf_input separate; /* or nothing */
    struct eld_elf elf;        /* what has the information */
    struct inf_debug_image image;
    Elf *handle;
    Dwarf *dwarf;
};

static void close_debug(struct debug *debug)
{
    if (debug->dwarf != NULL)
        dwarf_end(debug->dwarf);
    if (debug->handle != NULL)
        elf_end(debug->handle);
    inf_free_debug_image(&debug->image);
    inf_free_input(&debug->separate);
}

static int has_information(const struct eld_elf *elf)
{
    struct eld_section section;

    return (eld_find_section_by_name(elf, ".debug_info", &section, NULL) == 0 ||
            eld_find_section_by_name(elf, ".zdebug_info", &section, NULL) ==
                0) &&
           section.type != SHT_NOBITS;
}

/* libdw takes bytes that may be written to, but only reads them. */
static char *bytes_of(const struct debug *debug)
{
    return debug->image.bytes != NULL ? (char *)debug->image.bytes
                                      : (char *)(uintptr_t)debug->elf.bytes;
}

static int open_debug(struct inf_file *file, struct debug *debug)
{
    *debug = (struct debug){.separate = {NULL, 0, -1}, .elf = file->elf};
    if (!has_information(&file->elf) &&
        !inf_read_debug_file(file, &debug->separate, &debug->elf))
        debug->elf = file->elf;
    inf_limit_sections(&debug->elf);
    inf_make_debug_image(&debug->elf, &debug->image);
    elf_version(EV_CURRENT);
    debug->handle = elf_memory(bytes_of(debug), debug->image.size);
    if (debug->handle == NULL) {
        inf_report_text(file, "lines: %s", elf_errmsg(-1));
        return 0;
    }
    debug->dwarf = dwarf_begin_elf(debug->handle, DWARF_C_READ, NULL);
    if (debug->dwarf == NULL) {
        inf_report_text(file, "lines: %s", dwarf_errmsg(-1));
        return 0;
    }
    return 1;
}

/* The unit with an address: by the index, or by looking at each. */
static Dwarf_Die *find_unit(Dwarf *dwarf, Dwarf_Addr address, Dwarf_Die *unit)
{
    Dwarf_CU *next = NULL;
    Dwarf_Die die;

    if (dwarf_addrdie(dwarf, address, unit) != NULL)
        return unit;
    while (dwarf_get_units(dwarf, next, &next, NULL, NULL, &die, NULL) == 0) {
        if (dwarf_haspc(&die, address) == 1) {
            *unit = die;
            return unit;
        }
    }
    return NULL;
}

/* Where the code of an inlined function was called from. */
static void find_call(Dwarf_Die *unit, Dwarf_Die *scope, const char **name,
                      int *line, int *column)
{
    Dwarf_Attribute attribute;
    Dwarf_Files *files;
    Dwarf_Word number;
    size_t count;

    *name = NULL;
    *line = *column = 0;
    if (dwarf_getsrcfiles(unit, &files, &count) == 0 &&
        dwarf_formudata(dwarf_attr(scope, DW_AT_call_file, &attribute),
                        &number) == 0)
        *name = dwarf_filesrc(files, number, NULL, NULL);
    if (dwarf_formudata(dwarf_attr(scope, DW_AT_call_line, &attribute),
                        &number) == 0)
        *line = (int)number;
    if (dwarf_formudata(dwarf_attr(scope, DW_AT_call_column, &attribute),
                        &number) == 0)
        *column = (int)number;
}

/* An address as it was asked for, and as it is in the information. */
struct place {
    uint64_t asked, address;
    const char *section; /* that it is an offset in, NULL: none */
};

static void put_place(struct inf_output *out, const struct place *place)
{
    char text[300];

    if (place->section == NULL) {
        inf_put_hex(out, place->asked);
        return;
    }
    snprintf(text, sizeof(text), "%s+0x%llx", place->section,
             (unsigned long long)place->asked);
    inf_put_special(out, text, place->asked);
}

static void put_row(struct inf_file *file, const struct place *place,
                    const char *source, int line, int column,
                    Dwarf_Die *function)
{
    struct inf_output *out = file->out;
    Dwarf_Attribute attribute;
    const char *name = NULL, *linked = NULL;
    char *demangled = NULL;

    if (function != NULL) {
        name = dwarf_diename(function);
        linked = dwarf_formstring(
            dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute));
        if (linked != NULL)
            demangled = inf_demangle(file, linked);
    }
    put_place(out, place);
    inf_put_text(out, source);
    if (line > 0)
        inf_put_decimal(out, (uint64_t)line);
    else
        inf_put_none(out);
    if (column > 0)
        inf_put_decimal(out, (uint64_t)column);
    else
        inf_put_none(out);
    inf_put_text(out, demangled != NULL ? demangled : name);
    inf_put_bool(out, function != NULL &&
                          dwarf_tag(function) == DW_TAG_inlined_subroutine);
    inf_put_text(out, place->section);
    inf_end_row(out);
    free(demangled);
}

/* A row for the innermost function, and one for each it is inlined in. */
static void put_scopes(struct inf_file *file, Dwarf_Die *unit,
                       const struct place *place, const char *source, int line,
                       int column)
{
    Dwarf_Die *innermost = NULL, *scopes = NULL;
    int count = 0, shown = 0;

    /* Its outer scopes are those of where it was written; wanted are those
     * of where it has come to be. */
    if (dwarf_getscopes(unit, place->address, &innermost) > 0)
        count = dwarf_getscopes_die(&innermost[0], &scopes);
    free(innermost);

    for (int i = 0; i < count; i++) {
        int tag = dwarf_tag(&scopes[i]);

        if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine)
            continue;
        put_row(file, place, source, line, column, &scopes[i]);
        shown++;
        if (tag == DW_TAG_subprogram)
            break;
        find_call(unit, &scopes[i], &source, &line, &column);
    }
    if (shown == 0)
        put_row(file, place, source, line, column, NULL);
    free(scopes);
}

/* 0 when nothing is known of it. */
static int show_place(struct inf_file *file, Dwarf *dwarf,
                      const struct place *place)
{
    const char *source = NULL;
    int number = 0, column = 0;
    Dwarf_Die unit;

    if (find_unit(dwarf, place->address, &unit) == NULL)
        return 0;
    Dwarf_Line *line = dwarf_getsrc_die(&unit, place->address);
    if (line != NULL) {
        source = dwarf_linesrc(line, NULL, NULL);
        dwarf_lineno(line, &number);
        dwarf_linecol(line, &column);
    }
    put_scopes(file, &unit, place, source, number, column);
    return 1;
}

/* Of an object file an address is an offset in each section of code. */
static int show_offset(struct inf_file *file, const struct debug *debug,
                       uint64_t offset)
{
    struct eld_section section;
    int shown = 0;

    for (uint32_t i = 0; i < debug->elf.section_count; i++) {
        if (debug->image.places[i] == 0 ||
            eld_read_section(&debug->elf, i, &section, NULL) < 0 ||
            offset >= section.size)
            continue;
        struct place place = {offset, debug->image.places[i] + offset, ""};
        eld_section_name(&debug->elf, &section, &place.section, NULL);
        shown += show_place(file, debug->dwarf, &place);
    }
    return shown;
}

static void show_address(struct inf_file *file, const struct debug *debug,
                         uint64_t address)
{
    const struct place place = {address, address, NULL};
    int shown = debug->image.places != NULL
                    ? show_offset(file, debug, address)
                    : show_place(file, debug->dwarf, &place);

    if (shown == 0)
        inf_report_text(file, "lines: nothing is known of 0x%llx",
                        (unsigned long long)address);
}

void inf_show_lines(struct inf_file *file)
{
    const struct inf_options *options = file->options;
    struct debug debug;

    if (options->address_count == 0)
        return;
    inf_begin_table(file->out, "lines", "Lines", columns);
    if (open_debug(file, &debug)) {
        for (int i = 0; i < options->address_count; i++)
            show_address(file, &debug, options->addresses[i]);
    }
    inf_end_table(file->out);
    close_debug(&debug);
}
