/* compare.c -- what differs between two files. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_haiku.h>
#include <elfload/elf_names.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"part", "Part", -10},   {"name", "Name", -32}, {"first", "First", -28},
    {"second", "Second", 0}, {NULL, NULL, 0},
};

/* Something that a file says: facts are compared by part and name. */
struct fact {
    const char *part; /* constant */
    char *name, *value;
};

struct facts {
    struct fact *items;
    size_t count, room;
};

static char *format(const char *text, va_list arguments)
{
    char *result;

    if (vasprintf(&result, text, arguments) < 0)
        inf_fail("out of memory");
    return result;
}

__attribute__((format(printf, 4, 5))) static void add(struct facts *facts,
                                                      const char *part,
                                                      const char *name,
                                                      const char *value, ...)
{
    va_list arguments;

    if (facts->count == facts->room) {
        facts->room = facts->room * 2 + 256;
        facts->items =
            realloc(facts->items, facts->room * sizeof(*facts->items));
        if (facts->items == NULL)
            inf_fail("out of memory");
    }
    va_start(arguments, value);
    struct fact *fact = &facts->items[facts->count++];
    *fact = (struct fact){part, strdup(name), format(value, arguments)};
    va_end(arguments);
    if (fact->name == NULL)
        inf_fail("out of memory");
}

static void free_facts(struct facts *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        free(facts->items[i].name);
        free(facts->items[i].value);
    }
    free(facts->items);
}

static const char *or_number(const char *name, uint64_t number, char room[32])
{
    snprintf(room, 32, "0x%llx", (unsigned long long)number);
    return name != NULL ? name : room;
}

/* ---- what is compared ---- */

static void add_header(struct facts *facts, const struct eld_elf *elf)
{
    char room[32];

    add(facts, "header", "class", "%s", elf->is_64 ? "ELF64" : "ELF32");
    add(facts, "header", "data", "%s",
        elf->is_big ? "big-endian" : "little-endian");
    add(facts, "header", "type", "%s",
        or_number(eld_type_name(elf->type), elf->type, room));
    add(facts, "header", "machine", "%s",
        or_number(eld_machine_name(elf->machine, elf->is_64), elf->machine,
                  room));
    add(facts, "header", "flags", "0x%x", elf->flags);
    add(facts, "header", "entry", "0x%llx", (unsigned long long)elf->entry);
}

static void add_sections(struct facts *facts, const struct inf_file *file)
{
    struct eld_section section;
    char type[32], flags[512];

    for (uint32_t i = 1; i < file->elf.section_count; i++) {
        if (eld_read_section(&file->elf, i, &section, NULL) < 0)
            return;
        add(facts, "section", inf_section_name(file, &section),
            "%s, %llu bytes, %s",
            or_number(eld_section_type_name(file->elf.machine, section.type),
                      section.type, type),
            (unsigned long long)section.size,
            inf_flags_text(ELD_FLAGS_SECTION, section.flags, flags,
                           sizeof(flags)));
    }
}

static void add_segments(struct facts *facts, const struct eld_elf *elf)
{
    struct eld_segment segment;
    char type[32], name[64];

    for (uint32_t i = 0; i < elf->segment_count; i++) {
        if (eld_read_segment(elf, i, &segment, NULL) < 0)
            return;
        snprintf(name, sizeof(name), "%s %s%s%s",
                 or_number(eld_segment_type_name(elf->machine, segment.type),
                           segment.type, type),
                 segment.flags & PF_R ? "R" : "",
                 segment.flags & PF_W ? "W" : "",
                 segment.flags & PF_X ? "X" : "");
        add(facts, "segment", name, "%llu bytes, %llu in memory",
            (unsigned long long)segment.file_size,
            (unsigned long long)segment.memory_size);
    }
}

static void add_dynamic(struct facts *facts, const struct inf_file *file)
{
    const struct eld_dynamic *dynamic = &file->dynamic;
    const char *text;

    for (uint64_t i = 0; i < dynamic->needed_count; i++) {
        if (eld_read_needed(&file->elf, dynamic, i, &text, NULL) == 0)
            add(facts, "needed", text, "yes");
    }
    if (dynamic->soname != ELD_NONE &&
        eld_read_string(&file->elf, &dynamic->symbols.strings, dynamic->soname,
                        &text, NULL) == 0)
        add(facts, "dynamic", "soname", "%s", text);
    add(facts, "dynamic", "flags", "0x%llx",
        (unsigned long long)dynamic->flags);
}

static void add_haiku(struct facts *facts, const struct inf_file *file)
{
    struct eld_haiku_version version;
    struct eld_note note;
    char room[32];

    eld_read_haiku_version(&file->elf, file->is_dynamic ? &file->dynamic : NULL,
                           &version);
    if (!version.is_guess) {
        add(facts, "haiku", "abi", "%s",
            or_number(eld_haiku_abi_name(version.abi), version.abi, room));
        add(facts, "haiku", "api_version", "%s",
            or_number(eld_haiku_api_name(version.api_version),
                      version.api_version, room));
    }
    if (eld_find_build_id(&file->elf, &note, NULL) == 0) {
        char id[129] = "";
        for (uint32_t i = 0; i < note.size && i < 64; i++)
            snprintf(id + 2 * i, 3, "%02x", note.bytes[i]);
        add(facts, "note", "build_id", "%s", id);
    }
}

/* Where a symbol is does not matter; that it is there does. */
static void add_symbols(struct facts *facts, const struct inf_file *file,
                        const struct eld_symbols *symbols, uint64_t count)
{
    struct eld_symbol symbol;
    char type[32], bind[32];

    for (uint64_t i = 1; i < count; i++) {
        if (eld_read_symbol(&file->elf, symbols, i, &symbol, NULL) < 0 ||
            symbol.bind == STB_LOCAL || symbol.name[0] == '\0')
            continue;
        char *name = inf_symbol_text(file, &symbol, 1);
        if (symbol.section == SHN_UNDEF)
            add(facts, "import", name, "%s",
                or_number(eld_symbol_bind_name(symbol.bind), symbol.bind,
                          bind));
        else
            add(facts, "symbol", name, "%s, %s, %llu bytes",
                or_number(eld_symbol_type_name(file->elf.machine, symbol.type),
                          symbol.type, type),
                or_number(eld_symbol_bind_name(symbol.bind), symbol.bind, bind),
                (unsigned long long)symbol.size);
        free(name);
    }
}

static void collect(struct facts *facts, const struct inf_file *file)
{
    struct eld_symbols symbols;

    add_header(facts, &file->elf);
    add_sections(facts, file);
    add_segments(facts, &file->elf);
    add_haiku(facts, file);
    if (file->is_dynamic) {
        add_dynamic(facts, file);
        add_symbols(facts, file, &file->dynamic.symbols,
                    eld_count_symbols(&file->elf, &file->dynamic));
    } else if (eld_find_symbols(&file->elf, SHT_SYMTAB, &symbols, NULL) == 0) {
        add_symbols(facts, file, &symbols, symbols.table.count);
    }
}

/* ---- comparing ---- */

static int compare(const void *a, const void *b)
{
    const struct fact *first = a, *second = b;
    int order = strcmp(first->part, second->part);

    if (order == 0)
        order = strcmp(first->name, second->name);
    return order;
}

static void put(struct inf_output *out, const struct fact *first,
                const struct fact *second)
{
    const struct fact *any = first != NULL ? first : second;

    inf_put_text(out, any->part);
    inf_put_text(out, any->name);
    inf_put_text(out, first != NULL ? first->value : NULL);
    inf_put_text(out, second != NULL ? second->value : NULL);
    inf_end_row(out);
}

/* Both lists are in order; returns how many differences there are. */
static size_t merge(struct inf_output *out, const struct facts *first,
                    const struct facts *second)
{
    size_t i = 0, j = 0, count = 0;

    while (i < first->count || j < second->count) {
        const struct fact *a = i < first->count ? &first->items[i] : NULL;
        const struct fact *b = j < second->count ? &second->items[j] : NULL;
        int order = a == NULL ? 1 : b == NULL ? -1 : compare(a, b);

        i += order <= 0;
        j += order >= 0;
        if (order == 0 && strcmp(a->value, b->value) == 0)
            continue;
        put(out, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
        count++;
    }
    return count;
}

/* Facts of one name stand in the order of their values. */
static int compare_all(const void *a, const void *b)
{
    const struct fact *first = a, *second = b;
    int order = compare(first, second);

    return order != 0 ? order : strcmp(first->value, second->value);
}

static void sort(struct facts *facts)
{
    if (facts->count > 0)
        qsort(facts->items, facts->count, sizeof(*facts->items), compare_all);
}

static int read_facts(const char *path, const struct inf_options *options,
                      struct inf_output *out, struct facts *facts)
{
    struct inf_input input;
    struct inf_file file;
    int error = inf_read_input(path, &input);

    if (error < 0) {
        inf_message(path, "%s", strerror(-error));
        inf_add_error(out, strerror(-error));
        return INF_BAD_FILE;
    }
    const struct inf_source source = {path, input.bytes, input.size, NULL};
    int status = inf_open_file(&file, &source, options, out);
    if (status == INF_OK) {
        collect(facts, &file);
        sort(facts);
    }
    inf_close_file(&file);
    inf_free_input(&input);
    return status;
}

int inf_compare(const struct inf_options *options, struct inf_output *out)
{
    struct facts first = {NULL, 0, 0}, second = {NULL, 0, 0};
    int status;

    inf_begin_file(out, options->files[0], 1);
    status = read_facts(options->files[0], options, out, &first);
    if (status == INF_OK)
        status = read_facts(options->files[1], options, out, &second);
    if (status == INF_OK) {
        inf_begin_table(out, "differences", "Differences", columns);
        size_t count = merge(out, &first, &second);
        inf_end_table(out);
        if (count == 0)
            inf_note(out, "No differences.\n");
        else
            status = INF_BAD_FILE;
    }
    inf_end_file(out);
    free_facts(&first);
    free_facts(&second);
    return status;
}
