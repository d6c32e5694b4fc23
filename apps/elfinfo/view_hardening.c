/* view_hardening.c -- what makes a file harder to attack. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_names.h>
#include <string.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"is_position_independent", "Position-independent", 0},
    {"stack", "Stack", 0},
    {"relro", "Read-only after relocation", 0},
    {"has_writable_code", "Writable code", 0},
    {"has_text_relocs", "Relocations in code", 0},
    {"has_stack_protector", "Stack protector", 0},
    {"fortified_calls", "Fortified calls", 0},
    {"has_run_path", "Own library path", 0},
    {"features", "Processor features", 0},
    {NULL, NULL, 0},
};

/* What the segments say. */
struct segments {
    int has_stack, has_relro, has_writable_code;
    uint32_t stack_flags;
};

static struct segments look_at_segments(const struct inf_file *file)
{
    struct segments seen = {0, 0, 0, 0};
    struct eld_segment segment;

    for (uint32_t i = 0; i < file->elf.segment_count; i++) {
        if (eld_read_segment(&file->elf, i, &segment, NULL) < 0)
            break;
        if (segment.type == PT_GNU_STACK) {
            seen.has_stack = 1;
            seen.stack_flags = segment.flags;
        } else if (segment.type == PT_GNU_RELRO) {
            seen.has_relro = 1;
        } else if (segment.type == PT_LOAD && (segment.flags & PF_W) &&
                   (segment.flags & PF_X)) {
            seen.has_writable_code = 1;
        }
    }
    return seen;
}

/* What the symbols say. */
struct symbols {
    int has_stack_protector;
    uint64_t fortified; /* functions that check sizes: __strcpy_chk */
};

static int ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);

    return size > end_size && strcmp(text + size - end_size, end) == 0;
}

static void look_at_table(const struct inf_file *file,
                          const struct eld_symbols *table, uint64_t count,
                          struct symbols *seen)
{
    struct eld_symbol symbol;

    for (uint64_t i = 1; i < count; i++) {
        if (eld_read_symbol(&file->elf, table, i, &symbol, NULL) < 0)
            continue;
        if (strcmp(symbol.name, "__stack_chk_fail") == 0 ||
            strcmp(symbol.name, "__stack_chk_fail_local") == 0)
            seen->has_stack_protector = 1;
        else if (strncmp(symbol.name, "__", 2) == 0 &&
                 ends_with(symbol.name, "_chk"))
            seen->fortified++;
    }
}

static struct symbols look_at_symbols(const struct inf_file *file)
{
    struct symbols seen = {0, 0};
    struct eld_symbols table;

    if (file->is_dynamic)
        look_at_table(file, &file->dynamic.symbols,
                      eld_count_symbols(&file->elf, &file->dynamic), &seen);
    else if (eld_find_symbols(&file->elf, SHT_SYMTAB, &table, NULL) == 0)
        look_at_table(file, &table, table.table.count, &seen);
    return seen;
}

static const char *relro_text(const struct inf_file *file,
                              const struct segments *segments)
{
    if (!segments->has_relro)
        return "no";
    if (file->is_dynamic && ((file->dynamic.flags & DF_BIND_NOW) ||
                             (file->dynamic.flags_1 & DF_1_NOW)))
        return "all (bound at once)";
    return "not the procedure linkage table";
}

static const char *stack_text(const struct segments *segments)
{
    if (!segments->has_stack)
        return "unsaid (no GNU_STACK)";
    return segments->stack_flags & PF_X ? "executable" : "not executable";
}

/* IBT, SHSTK, BTI, PAC: what all object files were built for. */
static void put_features(struct inf_file *file)
{
    struct eld_segment segment;
    struct eld_property property;
    struct eld_note note;

    inf_begin_list(file->out, ", ");
    for (uint32_t i = 0; i < file->elf.segment_count; i++) {
        uint64_t at = 0, offset = 0;

        if (eld_read_segment(&file->elf, i, &segment, NULL) < 0)
            break;
        struct eld_part part = {segment.offset, segment.file_size};
        if (segment.type != PT_GNU_PROPERTY ||
            eld_next_note(&file->elf, &part, segment.align, &at, &note, NULL) !=
                1)
            continue;
        while (eld_next_property(&file->elf, &note, &offset, &property, NULL) ==
               1) {
            uint32_t set = eld_property_flags(file->elf.machine, property.type);
            uint32_t cursor = 0;
            const char *name;

            if (set != ELD_FLAGS_X86_FEATURE_1 &&
                set != ELD_FLAGS_AARCH64_FEATURE_1)
                continue;
            while ((name = eld_next_flag(set, property.value, &cursor, NULL)) !=
                   NULL)
                inf_add_item(file->out, name);
        }
    }
    inf_end_list(file->out);
}

void inf_show_hardening(struct inf_file *file)
{
    struct segments segments = look_at_segments(file);
    struct symbols symbols = look_at_symbols(file);
    struct inf_output *out = file->out;
    const struct eld_dynamic *dynamic = &file->dynamic;

    inf_begin_record(out, "hardening", "Hardening", columns);
    inf_put_bool(out, file->elf.type == ET_DYN);
    inf_put_text(out, stack_text(&segments));
    inf_put_text(out, relro_text(file, &segments));
    inf_put_bool(out, segments.has_writable_code);
    inf_put_bool(out, file->is_dynamic && dynamic->has_text_relocs);
    inf_put_bool(out, symbols.has_stack_protector);
    inf_put_decimal(out, symbols.fortified);
    inf_put_bool(out, file->is_dynamic && (dynamic->runpath != ELD_NONE ||
                                           dynamic->rpath != ELD_NONE));
    put_features(file);
    inf_end_record(out);
}
