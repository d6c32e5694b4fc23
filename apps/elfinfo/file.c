/* file.c -- one file: reading it once, showing what is asked for. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_names.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"

enum { VERSION_HIDDEN = 0x8000, VERSION_MASK = 0x7fff, VERSION_FIRST = 2 };

static void *check(void *memory)
{
    if (memory == NULL)
        inf_fail("out of memory");
    return memory;
}

/* ---- errors ---- */

static void report_line(struct inf_file *file, const char *line)
{
    for (int i = 0; i < file->error_count; i++) {
        if (strcmp(file->errors[i], line) == 0)
            return;
    }
    file->errors = check(realloc(file->errors, (size_t)(file->error_count + 1) *
                                                   sizeof(*file->errors)));
    file->errors[file->error_count++] = check(strdup(line));
    inf_message(file->name, "%s", line);
    inf_add_error(file->out, line);
}

void inf_report(struct inf_file *file, const struct eld_fault *fault)
{
    char line[2048];

    eld_fault_format(fault, line, sizeof(line));
    report_line(file, line);
}

void inf_report_text(struct inf_file *file, const char *format, ...)
{
    char line[2048];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    report_line(file, line);
}

void inf_count_fault(struct inf_faults *faults, const struct eld_fault *fault)
{
    if (faults->count++ == 0)
        faults->first = *fault;
}

void inf_report_all(struct inf_file *file, const struct inf_faults *faults)
{
    char line[2048];

    if (faults->count == 0)
        return;
    size_t size = eld_fault_format(&faults->first, line, sizeof(line));
    if (faults->count > 1)
        snprintf(line + size, sizeof(line) - size, ", and %" PRIu64 " more",
                 faults->count - 1);
    report_line(file, line);
}

/* ---- what views share ---- */

const char *inf_section_name(const struct inf_file *file,
                             const struct eld_section *section)
{
    const char *name;

    return eld_section_name(&file->elf, section, &name, NULL) < 0 ? "" : name;
}

void inf_put_flags(struct inf_output *out, uint32_t set, uint64_t flags,
                   const char *separator)
{
    uint64_t rest = flags;
    uint32_t cursor = 0;
    const char *name;
    char number[32];

    inf_begin_list(out, separator);
    while ((name = eld_next_flag(set, flags, &cursor, &rest)) != NULL)
        inf_add_item(out, name);
    if (rest != 0) {
        snprintf(number, sizeof(number), "0x%" PRIx64, rest);
        inf_add_item(out, number);
    }
    inf_end_list(out);
}

const char *inf_flags_text(uint32_t set, uint64_t flags, char *room,
                           size_t size)
{
    uint64_t rest = flags;
    uint32_t cursor = 0;
    size_t used = 0;
    const char *name;

    room[0] = '\0';
    while ((name = eld_next_flag(set, flags, &cursor, &rest)) != NULL &&
           used < size)
        used += (size_t)snprintf(room + used, size - used, "%s%s",
                                 used > 0 ? " " : "", name);
    if (rest != 0 && used < size)
        snprintf(room + used, size - used, "%s0x%" PRIx64, used > 0 ? " " : "",
                 rest);
    return room;
}

void inf_put_flags_text(struct inf_output *out, uint32_t set, uint64_t flags)
{
    char room[512];

    inf_put_text(out, inf_flags_text(set, flags, room, sizeof(room)));
}

const char *inf_special_section(const struct eld_symbol *symbol)
{
    if (symbol->section == SHN_UNDEF)
        return "UND";
    if (!symbol->is_special)
        return NULL;
    if (symbol->section == SHN_ABS)
        return "ABS";
    return symbol->section == SHN_COMMON ? "COM" : NULL;
}

/* index: of a section that the file has. */
static void make_room_for_symbols(struct inf_file *file, uint32_t index)
{
    uint32_t count = file->symbols_count * 2;

    if (index < file->symbols_count)
        return;
    if (count <= index)
        count = index + 1;
    file->symbols =
        check(realloc(file->symbols, count * sizeof(*file->symbols)));
    while (file->symbols_count < count)
        file->symbols[file->symbols_count++] = NULL;
}

const struct eld_symbols *inf_section_symbols(struct inf_file *file,
                                              uint32_t index,
                                              struct eld_fault *fault)
{
    struct eld_section section;
    struct eld_symbols symbols;

    if (index < file->symbols_count && file->symbols[index] != NULL)
        return file->symbols[index];
    if (eld_read_section(&file->elf, index, &section, fault) < 0 ||
        eld_section_symbols(&file->elf, &section, &symbols, fault) < 0)
        return NULL;
    make_room_for_symbols(file, index);
    file->symbols[index] = check(malloc(sizeof(symbols)));
    *file->symbols[index] = symbols;
    return file->symbols[index];
}

const struct inf_version *inf_symbol_version(const struct inf_file *file,
                                             const struct eld_symbol *symbol)
{
    uint32_t index = symbol->version & VERSION_MASK;

    if (index < VERSION_FIRST || index >= file->version_count ||
        file->versions[index].name == NULL)
        return NULL;
    return &file->versions[index];
}

int inf_is_default_version(const struct eld_symbol *symbol,
                           const struct inf_version *version)
{
    /* A copy of another file's object has that file's version. */
    return !(symbol->version & VERSION_HIDDEN) && version->file == NULL;
}

char *inf_symbol_text(const struct inf_file *file,
                      const struct eld_symbol *symbol, int is_demangled)
{
    const struct inf_version *version = inf_symbol_version(file, symbol);
    char *demangled = is_demangled ? inf_demangle(file, symbol->name) : NULL;
    char *name = demangled != NULL ? demangled : check(strdup(symbol->name));

    /* The symbol that stands for a version says so by its name. */
    if (version == NULL || (symbol->section == SHN_ABS &&
                            strcmp(symbol->name, version->name) == 0))
        return name;
    size_t size = strlen(name) + strlen(version->name) + 3;
    char *text = check(malloc(size));
    snprintf(text, size, "%s%s%s", name,
             inf_is_default_version(symbol, version) ? "@@" : "@",
             version->name);
    free(name);
    return text;
}

/* ---- reading ---- */

static void read_versions(struct inf_file *file,
                          const struct eld_versions *versions)
{
    struct eld_version_cursor cursor = {0, 0, 0, 0, 0};
    struct eld_version version;

    while (eld_next_version(&file->elf, versions, &cursor, &version, NULL) ==
           1) {
        if (version.is_parent)
            continue;
        if (version.index >= file->version_count) {
            uint32_t count = version.index + 1u;

            file->versions =
                check(realloc(file->versions, count * sizeof(*file->versions)));
            while (file->version_count < count)
                file->versions[file->version_count++] =
                    (struct inf_version){NULL, NULL};
        }
        if (version.file != NULL || !(version.flags & VER_FLG_BASE))
            file->versions[version.index] =
                (struct inf_version){version.name, version.file};
    }
}

/* A file without a dynamic section is not wrong. */
static void read_dynamic(struct inf_file *file)
{
    struct eld_table entries;
    struct eld_fault fault;

    if (eld_find_dynamic(&file->elf, &entries, NULL) == ELD_ERR_NOT_FOUND)
        return;
    if (eld_read_dynamic(&file->elf, &file->dynamic, &fault) < 0) {
        inf_report(file, &fault);
        return;
    }
    file->is_dynamic = 1;
    read_versions(file, &file->dynamic.defined);
    read_versions(file, &file->dynamic.needed);
}

int inf_open_file(struct inf_file *file, const struct inf_source *source,
                  const struct inf_options *options, struct inf_output *out)
{
    struct eld_fault fault;

    *file = (struct inf_file){
        .name = source->name, .source = source, .options = options, .out = out};
    if (eld_read_header(source->bytes, source->size, &file->elf, &fault) < 0) {
        inf_report(file, &fault);
        return INF_BAD_FILE;
    }
    read_dynamic(file);
    file->demangling = inf_demangling_of(file);
    return INF_OK;
}

void inf_close_file(struct inf_file *file)
{
    for (int i = 0; i < file->error_count; i++)
        free(file->errors[i]);
    free(file->errors);
    free(file->versions);
    for (uint32_t i = 0; i < file->symbols_count; i++)
        free(file->symbols[i]);
    free(file->symbols);
}

/* ---- showing ---- */

static void (*const functions[])(struct inf_file *) = {
#define VIEW(name, function, letter, option, in_all, in_headers, help) function,
#define ALIAS(name, option)
#include "views.def"
#undef VIEW
#undef ALIAS
};

static void show_dumps(struct inf_file *file, int is_text)
{
    for (int i = 0; i < file->options->dump_count; i++) {
        const struct inf_dump *dump = &file->options->dumps[i];

        if (dump->is_text == is_text)
            inf_show_dump(file, dump);
    }
}

static void show_views(struct inf_file *file)
{
    for (int i = 0; i < INF_VIEW_COUNT; i++) {
        if (file->options->views[i])
            functions[i](file);
    }
    show_dumps(file, 0);
    show_dumps(file, 1);
    for (int i = 0; i < file->options->code_count; i++)
        inf_show_disassembly(file, file->options->codes[i]);
    inf_show_lines(file);
    if (file->options->is_rdef && !file->options->is_json)
        inf_print_rdef(file);
    if (file->options->extract != NULL)
        inf_extract_resources(file);
}

int inf_show_elf(const struct inf_source *source,
                 const struct inf_options *options, struct inf_output *out)
{
    int is_alone =
        options->file_count == 1 && source->name == options->files[0];
    struct inf_file file;

    inf_begin_file(out, source->name, is_alone);
    if (inf_open_file(&file, source, options, out) == INF_OK)
        show_views(&file);
    inf_end_file(out);
    int status =
        file.error_count > 0 || file.is_incomplete ? INF_BAD_FILE : INF_OK;
    inf_close_file(&file);
    return status;
}
