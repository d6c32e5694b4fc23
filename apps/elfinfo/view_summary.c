/* view_summary.c -- what a file is, at a glance. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_debug.h>
#include <elfload/elf_haiku.h>
#include <elfload/elf_names.h>
#include <elfload/elf_resources.h>
#include <stdio.h>
#include <string.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"kind", "Kind", 0},
    {"machine", "Machine", 0},
    {"class", "Class", 0},
    {"data", "Byte order", 0},
    {"entry", "Entry point", 0},
    {"haiku_abi", "Haiku compiler ABI", 0},
    {"haiku_api", "Haiku API version", 0},
    {"signature", "Signature", 0},
    {"mime_type", "MIME type", 0},
    {"soname", "Name (DT_SONAME)", 0},
    {"needed", "Needs", 0},
    {"run_path", "Run path", 0},
    {"interpreter", "Interpreter", 0},
    {"build_id", "Build-id", 0},
    {"debug_link", "Debugging information", 0},
    {"is_stripped", "Stripped", 0},
    {NULL, NULL, 0},
};

static int find_segment(const struct eld_elf *elf, uint32_t type,
                        struct eld_segment *segment)
{
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        if (eld_read_segment(elf, i, segment, NULL) < 0)
            return 0;
        if (segment->type == type)
            return 1;
    }
    return 0;
}

/* On Haiku a library has no entry point, and a program no name or that one
 * (its own build rules, and BeOS's). */
static int is_haiku_program(const struct inf_file *file)
{
    const struct eld_dynamic *dynamic = &file->dynamic;
    const char *name;

    if (file->elf.entry == 0 || dynamic->soname == ELD_NONE)
        return file->elf.entry != 0;
    return eld_read_string(&file->elf, &dynamic->symbols.strings,
                           dynamic->soname, &name, NULL) == 0 &&
           strcmp(name, "_APP_") == 0;
}

static const char *kind(const struct inf_file *file)
{
    const struct eld_elf *elf = &file->elf;
    struct eld_segment segment;

    switch (elf->type) {
    case ET_REL:
        return "object file";
    case ET_CORE:
        return "core dump";
    case ET_EXEC:
        return file->is_dynamic ? "program, at a fixed address"
                                : "program, static, at a fixed address";
    case ET_DYN:
        if (!file->is_dynamic)
            return "program, static, position-independent";
        if (find_segment(elf, PT_INTERP, &segment) ||
            (file->dynamic.flags_1 & DF_1_PIE) != 0 || is_haiku_program(file))
            return "program, position-independent";
        return "shared library or add-on";
    default:
        return NULL;
    }
}

static void put_string(struct inf_file *file, uint64_t offset)
{
    struct eld_fault fault;
    const char *text;

    if (!file->is_dynamic || offset == ELD_NONE) {
        inf_put_none(file->out);
    } else if (eld_read_string(&file->elf, &file->dynamic.symbols.strings,
                               offset, &text, &fault) < 0) {
        inf_report(file, &fault);
        inf_put_none(file->out);
    } else {
        inf_put_text(file->out, text);
    }
}

static void put_needed(struct inf_file *file)
{
    struct inf_faults faults = {.count = 0};
    struct eld_fault fault;
    const char *name;

    if (!file->is_dynamic) {
        inf_put_none(file->out);
        return;
    }
    inf_begin_list(file->out, ", ");
    for (uint64_t i = 0; i < file->dynamic.needed_count; i++) {
        if (eld_read_needed(&file->elf, &file->dynamic, i, &name, &fault) < 0)
            inf_count_fault(&faults, &fault);
        else
            inf_add_item(file->out, name);
    }
    inf_end_list(file->out);
    inf_report_all(file, &faults);
}

static void put_interpreter(struct inf_file *file)
{
    struct eld_segment segment;
    const char *text = NULL;

    if (find_segment(&file->elf, PT_INTERP, &segment)) {
        struct eld_part part = {segment.offset, segment.file_size};
        if (eld_read_string(&file->elf, &part, 0, &text, NULL) < 0)
            text = NULL;
    }
    inf_put_text(file->out, text);
}

/* Only what the file itself says: a guess would name any file Haiku's. */
static void put_haiku(struct inf_file *file)
{
    struct eld_haiku_version version;

    eld_read_haiku_version(&file->elf, file->is_dynamic ? &file->dynamic : NULL,
                           &version);
    if (version.is_guess) {
        inf_put_none(file->out);
        inf_put_none(file->out);
        return;
    }
    inf_put_name(file->out, eld_haiku_abi_name(version.abi), version.abi);
    inf_put_name(file->out, eld_haiku_api_name(version.api_version),
                 version.api_version);
}

/* What Haiku knows a program by. */
static void put_signature(struct inf_file *file)
{
    enum { MIMS = 0x4d494d53, SIGNATURE_ID = 1 };
    struct eld_resources resources;
    struct eld_resource resource;
    const char *text = NULL;

    if (eld_find_resources(&file->elf, &resources, NULL) == 0 &&
        eld_find_resource(&file->elf, &resources, MIMS, SIGNATURE_ID, &resource,
                          NULL) == 0 &&
        eld_read_string(&file->elf, &resource.data, 0, &text, NULL) < 0)
        text = NULL;
    inf_put_text(file->out, text);
}

/* The attribute that Tracker goes by. */
static void put_mime_type(struct inf_file *file)
{
    const struct inf_attribute *type =
        file->source->attributes == NULL
            ? NULL
            : inf_find_attribute(file->source->attributes, "BEOS:TYPE");
    char text[256];

    if (type == NULL) {
        inf_put_none(file->out);
        return;
    }
    snprintf(text, sizeof(text), "%.*s",
             (int)strnlen((const char *)type->bytes, type->size),
             (const char *)type->bytes);
    inf_put_text(file->out, text);
}

static void put_rest(struct inf_file *file)
{
    const struct eld_dynamic *dynamic = &file->dynamic;
    struct eld_debug_link link;
    struct eld_section section;
    struct eld_note note;

    put_signature(file);
    put_mime_type(file);
    put_string(file, dynamic->soname);
    put_needed(file);
    put_string(file, dynamic->runpath != ELD_NONE ? dynamic->runpath
                                                  : dynamic->rpath);
    put_interpreter(file);
    if (eld_find_build_id(&file->elf, &note, NULL) == 0)
        inf_put_bytes(file->out, note.bytes, note.size);
    else
        inf_put_none(file->out);
    inf_put_text(file->out, eld_read_debug_link(&file->elf, &link, NULL) == 0
                                ? link.name
                                : NULL);
    inf_put_bool(file->out, eld_find_section(&file->elf, SHT_SYMTAB, &section,
                                             NULL) == ELD_ERR_NOT_FOUND);
}

void inf_show_summary(struct inf_file *file)
{
    const struct eld_elf *elf = &file->elf;
    struct inf_output *out = file->out;

    inf_begin_record(out, "summary", "Summary", columns);
    inf_put_name(out, kind(file), elf->type);
    inf_put_name(out, eld_machine_name(elf->machine, elf->is_64), elf->machine);
    inf_put_text(out, elf->is_64 ? "ELF64" : "ELF32");
    inf_put_text(out, elf->is_big ? "big-endian" : "little-endian");
    inf_put_hex(out, elf->entry);
    put_haiku(file);
    put_rest(file);
    inf_end_record(out);
}
