/* symbols.c -- names of addresses of a program that is replayed. */
/* SPDX-License-Identifier: MIT */
#include "symbols.h"

#include <elf.h>
#include <elfload/elf_dynamic.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "utrace.h"

enum { IMAGE_MAX = 1 << 28 };

struct symbol {
    uint32_t address, size;
    char *name;
};

struct utrace_symbols {
    struct symbol *items; /* by address when is_sorted */
    size_t count, capacity;
    int is_sorted;
};

static void *checked(void *memory)
{
    if (memory == NULL)
        utrace_fail(UTRACE_EXIT_FAILURE, "out of memory");
    return memory;
}

struct utrace_symbols *utrace_new_symbols(void)
{
    return checked(calloc(1, sizeof(struct utrace_symbols)));
}

void utrace_free_symbols(struct utrace_symbols *symbols)
{
    if (symbols == NULL)
        return;
    for (size_t i = 0; i < symbols->count; i++)
        free(symbols->items[i].name);
    free(symbols->items);
    free(symbols);
}

static void add(struct utrace_symbols *symbols, const struct eld_symbol *found,
                uint64_t base)
{
    if (found->type != STT_FUNC || found->section == SHN_UNDEF ||
        found->name[0] == '\0')
        return;
    if (symbols->count == symbols->capacity) {
        symbols->capacity = symbols->capacity * 2 + 256;
        symbols->items = checked(realloc(
            symbols->items, symbols->capacity * sizeof(*symbols->items)));
    }
    symbols->items[symbols->count++] =
        (struct symbol){(uint32_t)(base + found->value), (uint32_t)found->size,
                        checked(strdup(found->name))};
    symbols->is_sorted = 0;
}

static void add_table(struct utrace_symbols *symbols, const struct eld_elf *elf,
                      const struct eld_symbols *table, uint64_t count,
                      uint64_t base)
{
    struct eld_symbol symbol;

    for (uint64_t i = 0; i < count; i++)
        if (eld_read_symbol(elf, table, i, &symbol, NULL) == 0)
            add(symbols, &symbol, base);
}

static void add_dynamic(struct utrace_symbols *symbols,
                        const struct eld_elf *elf, uint64_t base)
{
    struct eld_dynamic dynamic;

    if (eld_read_dynamic(elf, &dynamic, NULL) == 0)
        add_table(symbols, elf, &dynamic.symbols,
                  eld_count_symbols(elf, &dynamic), base);
}

/* ---- from memory ---- */

/* Where the first segment wants to be, and how long the file is that all of
 * them are from; 0 when there are none. */
static uint64_t measure(const struct eld_elf *elf, uint64_t *first)
{
    struct eld_segment segment;
    uint64_t size = 0;

    *first = UINT64_MAX;
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        if (eld_read_segment(elf, i, &segment, NULL) < 0 ||
            segment.type != PT_LOAD)
            continue;
        if (segment.offset + segment.file_size > size)
            size = segment.offset + segment.file_size;
        if (segment.vaddr < *first)
            *first = segment.vaddr;
    }
    return size > IMAGE_MAX ? 0 : size;
}

/* The file again, from what was mapped of it, without its sections. */
static uint8_t *rebuild(struct gm_space *space, const struct eld_elf *elf,
                        uint64_t base, uint64_t size)
{
    uint8_t *bytes = checked(calloc(1, size));
    struct eld_segment segment;
    Elf32_Ehdr header;

    for (uint32_t i = 0; i < elf->segment_count; i++)
        if (eld_read_segment(elf, i, &segment, NULL) == 0 &&
            segment.type == PT_LOAD)
            gm_copy_in(space, bytes + segment.offset, base + segment.vaddr,
                       segment.file_size);
    memcpy(&header, bytes, sizeof(header));
    header.e_shoff = 0;
    header.e_shnum = header.e_shstrndx = 0;
    memcpy(bytes, &header, sizeof(header));
    return bytes;
}

/* A page that a program or library begins on, or any other. */
static void look_at(struct utrace_symbols *symbols, struct gm_space *space,
                    gm_addr address)
{
    uint8_t page[GM_PAGE_SIZE];
    struct eld_elf elf;
    uint64_t first, size;
    uint8_t *bytes;

    if (gm_copy_in(space, page, address, sizeof(page)) < 0 ||
        memcmp(page, ELFMAG, SELFMAG) != 0)
        return;
    memset(page + offsetof(Elf32_Ehdr, e_shoff), 0, sizeof(Elf32_Off));
    memset(page + offsetof(Elf32_Ehdr, e_shnum), 0, 2 * sizeof(Elf32_Half));
    if (eld_read_header(page, sizeof(page), &elf, NULL) < 0 || elf.is_64)
        return;
    size = measure(&elf, &first);
    if (size < sizeof(Elf32_Ehdr))
        return;
    bytes = rebuild(space, &elf, address - first, size);
    if (eld_read_header(bytes, size, &elf, NULL) == 0)
        add_dynamic(symbols, &elf, address - first);
    free(bytes);
}

/* ---- from a file ---- */

/* Where in memory the file's first bytes are, less where they want to be. */
static int find_base(struct gm_space *space, const uint8_t *bytes,
                     const struct eld_elf *elf, uint64_t *base)
{
    struct gm_mapping region;
    uint8_t header[sizeof(Elf32_Ehdr)];
    uint64_t first;
    gm_addr at = 0;

    measure(elf, &first);
    *base = 0;
    if (elf->type == ET_EXEC)
        return 1;
    while (gm_query(space, at, &region) == 0) {
        *base = region.address - first;
        at = region.address + region.size;
        if (gm_copy_in(space, header, region.address, sizeof(header)) == 0 &&
            memcmp(header, bytes, sizeof(header)) == 0)
            return 1;
    }
    return 0;
}

static void add_file(struct utrace_symbols *symbols, struct gm_space *space,
                     const uint8_t *bytes, size_t size)
{
    struct eld_symbols table;
    struct eld_elf elf;
    uint64_t base;

    if (eld_read_header(bytes, size, &elf, NULL) == 0 &&
        find_base(space, bytes, &elf, &base) &&
        eld_find_symbols(&elf, SHT_SYMTAB, &table, NULL) == 0)
        add_table(symbols, &elf, &table, table.table.count, base);
}

static void read_file(struct utrace_symbols *symbols, struct gm_space *space,
                      const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    struct stat st;
    uint8_t *bytes;

    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size > IMAGE_MAX)
        utrace_fail(UTRACE_EXIT_FAILURE, "%s cannot be read", name);
    bytes = checked(malloc((size_t)st.st_size + 1));
    if (read(fd, bytes, (size_t)st.st_size) != st.st_size)
        utrace_fail(UTRACE_EXIT_FAILURE, "%s cannot be read", name);
    close(fd);
    add_file(symbols, space, bytes, (size_t)st.st_size);
    free(bytes);
}

void utrace_find_symbols(struct utrace_symbols *symbols, struct gm_space *space,
                         const char *file)
{
    struct gm_mapping region;
    gm_addr at = 0;

    while (gm_query(space, at, &region) == 0) {
        at = region.address + region.size;
        look_at(symbols, space, region.address);
    }
    if (file != NULL)
        read_file(symbols, space, file);
}

/* ---- looking up ---- */

static int compare(const void *a, const void *b)
{
    const struct symbol *one = a, *other = b;

    if (one->address != other->address)
        return one->address < other->address ? -1 : 1;
    return strcmp(one->name, other->name);
}

const char *utrace_symbol_of(struct utrace_symbols *symbols, uint32_t address,
                             uint32_t *offset)
{
    size_t low = 0, high = symbols->count;
    const struct symbol *found;

    if (!symbols->is_sorted && symbols->count > 0)
        qsort(symbols->items, symbols->count, sizeof(*symbols->items), compare);
    symbols->is_sorted = 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (symbols->items[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    found = &symbols->items[low - 1];
    *offset = address - found->address;
    return *offset < (found->size > 0 ? found->size : 1) ? found->name : NULL;
}

void utrace_format_address(struct utrace_symbols *symbols, uint32_t address,
                           char *text, size_t size)
{
    uint32_t offset;
    const char *name = utrace_symbol_of(symbols, address, &offset);

    if (name == NULL)
        snprintf(text, size, "0x%x", address);
    else if (offset == 0)
        snprintf(text, size, "%s", name);
    else
        snprintf(text, size, "%s+0x%x", name, offset);
}
