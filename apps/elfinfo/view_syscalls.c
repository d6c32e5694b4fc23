/* view_syscalls.c -- the system calls of a libroot, and its release. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_haiku.h>
#include <haikuabi/haikuabi.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"

static const struct inf_column release_columns[] = {
    {"count", "System calls", 0},
    {"release", "Numbers of release", 0},
    {"api_name", "API version", 0},
    {NULL, NULL, 0},
};

static const struct inf_column columns[] = {
    {"number", "Number", 6},
    {"address", "Stub at", 12},
    {"name", "Name", 0},
    {NULL, NULL, 0},
};

static const char prefix[] = "_kern_";

struct call {
    uint32_t number;
    uint64_t address;
    const char *name;
};

struct calls {
    struct call *items;
    size_t count, room;
};

static void add(struct calls *calls, const struct call *call)
{
    if (calls->count == calls->room) {
        calls->room = calls->room * 2 + 64;
        calls->items =
            realloc(calls->items, calls->room * sizeof(*calls->items));
        if (calls->items == NULL)
            inf_fail("out of memory");
    }
    calls->items[calls->count++] = *call;
}

static int compare(const void *a, const void *b)
{
    const struct call *first = a, *second = b;

    if (first->number != second->number)
        return first->number < second->number ? -1 : 1;
    return strcmp(first->name, second->name);
}

static void collect(struct inf_file *file, const struct eld_symbols *symbols,
                    uint64_t count, struct calls *calls)
{
    struct eld_symbol symbol;
    uint32_t number;

    for (uint64_t i = 0; i < count; i++) {
        if (eld_read_symbol(&file->elf, symbols, i, &symbol, NULL) == 0 &&
            strncmp(symbol.name, prefix, sizeof(prefix) - 1) == 0 &&
            eld_read_syscall_number(&file->elf, &symbol, &number, NULL) == 0)
            add(calls, &(struct call){number, symbol.value,
                                      symbol.name + sizeof(prefix) - 1});
    }
}

/* Offset of a dynamic symbol's bytes in the file. */
static int64_t look_up(void *context, const char *name)
{
    struct inf_file *file = context;
    struct eld_symbol symbol;
    struct eld_part part;

    if (!file->is_dynamic ||
        eld_find_symbol(&file->elf, &file->dynamic, name, &symbol, NULL) < 0 ||
        eld_find_address(&file->elf, symbol.value, 1, &part, NULL) < 0)
        return -1;
    return (int64_t)part.offset;
}

/* hk_detect_release knows the stubs of i386. */
static const char *release_name(struct inf_file *file)
{
    if (file->elf.machine != EM_386)
        return NULL;
    int release =
        hk_detect_release(file->elf.bytes, file->elf.size, look_up, file);
    return release < 0 ? NULL : hk_release_name((enum hk_release)release);
}

static void put_release(struct inf_file *file, size_t count)
{
    struct eld_haiku_version version;

    eld_read_haiku_version(&file->elf, file->is_dynamic ? &file->dynamic : NULL,
                           &version);
    inf_begin_record(file->out, "libroot", "System calls", release_columns);
    inf_put_decimal(file->out, count);
    inf_put_text(file->out, release_name(file));
    if (version.is_guess)
        inf_put_none(file->out);
    else
        inf_put_name(file->out, eld_haiku_api_name(version.api_version),
                     version.api_version);
    inf_end_record(file->out);
}

void inf_show_syscalls(struct inf_file *file)
{
    struct calls calls = {NULL, 0, 0};
    struct eld_symbols symbols;

    if (file->is_dynamic)
        collect(file, &file->dynamic.symbols,
                eld_count_symbols(&file->elf, &file->dynamic), &calls);
    /* Static programs and the runtime loader keep theirs to themselves. */
    if (calls.count == 0 &&
        eld_find_symbols(&file->elf, SHT_SYMTAB, &symbols, NULL) == 0)
        collect(file, &symbols, symbols.table.count, &calls);
    put_release(file, calls.count);
    if (calls.count > 0)
        qsort(calls.items, calls.count, sizeof(*calls.items), compare);
    inf_begin_table(file->out, "syscalls", NULL, columns);
    for (size_t i = 0; i < calls.count; i++) {
        inf_put_decimal(file->out, calls.items[i].number);
        inf_put_hex(file->out, calls.items[i].address);
        inf_put_text(file->out, calls.items[i].name);
        inf_end_row(file->out);
    }
    inf_end_table(file->out);
    free(calls.items);
}
