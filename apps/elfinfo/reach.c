/* reach.c -- the system calls that a function of a libroot leads to. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_haiku.h>
#include <stdlib.h>
#include <string.h>
#include <x86cpu/decode.h>

#include "census.h"
#include "elfinfo.h"

enum { CALL = 0xe8, JUMP = 0xe9, FUNCTION_MAX = 1 << 20 };

struct inf_reach {
    const struct eld_elf *elf;
    const struct eld_dynamic *dynamic;
    uint64_t got;       /* DT_PLTGOT, what EBX holds; 0: none */
    uint64_t count;     /* of symbols */
    uint32_t *by_place; /* functions' symbols by address, ascending */
    uint64_t *places;   /* their addresses */
    size_t place_count;
    uint8_t *seen;  /* by symbol; cleared for each question */
    uint32_t *todo; /* symbols still to be read */
    size_t todo_count;
};

struct place {
    uint64_t address;
    uint32_t symbol;
};

static int compare(const void *a, const void *b)
{
    const struct place *first = a, *second = b;

    if (first->address != second->address)
        return first->address < second->address ? -1 : 1;
    return first->symbol < second->symbol ? -1 : 1;
}

static void *zeros(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);

    if (memory == NULL)
        inf_fail("out of memory");
    return memory;
}

static void collect(struct inf_reach *reach)
{
    struct place *places = zeros((size_t)reach->count, sizeof(*places));
    struct eld_symbol symbol;

    for (uint64_t i = 1; i < reach->count; i++) {
        if (eld_read_symbol(reach->elf, &reach->dynamic->symbols, i, &symbol,
                            NULL) == 0 &&
            symbol.section != SHN_UNDEF && symbol.type == STT_FUNC)
            places[reach->place_count++] =
                (struct place){symbol.value, (uint32_t)i};
    }
    qsort(places, reach->place_count, sizeof(*places), compare);
    for (size_t i = 0; i < reach->place_count; i++) {
        reach->places[i] = places[i].address;
        reach->by_place[i] = places[i].symbol;
    }
    free(places);
}

struct inf_reach *inf_reach_new(const struct eld_elf *elf,
                                const struct eld_dynamic *dynamic)
{
    struct inf_reach *reach = zeros(1, sizeof(*reach));
    struct eld_dynamic_entry entry;

    reach->elf = elf;
    reach->dynamic = dynamic;
    reach->count = eld_count_symbols(elf, dynamic);
    reach->by_place = zeros((size_t)reach->count, sizeof(*reach->by_place));
    reach->places = zeros((size_t)reach->count, sizeof(*reach->places));
    reach->seen = zeros((size_t)reach->count, 1);
    reach->todo = zeros((size_t)reach->count, sizeof(*reach->todo));
    for (uint64_t i = 0; i < dynamic->entries.count; i++) {
        if (eld_read_dynamic_entry(elf, &dynamic->entries, i, &entry, NULL) ==
                0 &&
            entry.tag == DT_PLTGOT)
            reach->got = entry.value;
    }
    collect(reach);
    return reach;
}

void inf_reach_free(struct inf_reach *reach)
{
    free(reach->by_place);
    free(reach->places);
    free(reach->seen);
    free(reach->todo);
    free(reach);
}

static void visit(struct inf_reach *reach, uint32_t symbol)
{
    if (symbol >= reach->count || reach->seen[symbol])
        return;
    reach->seen[symbol] = 1;
    reach->todo[reach->todo_count++] = symbol;
}

/* The function that begins at or before an address; 0: none. */
static uint32_t function_at(const struct inf_reach *reach, uint64_t address)
{
    size_t low = 0, high = reach->place_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (reach->places[middle] <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? reach->by_place[low - 1] : 0;
}

/* The symbol that an entry of the procedure linkage table jumps to: it begins
 * with jmp *address or jmp *offset(%ebx). 0: no such entry. */
static uint32_t linked_at(const struct inf_reach *reach, uint64_t address)
{
    struct eld_reloc_cursor cursor = {0, 0, 0, 0};
    struct eld_reloc reloc;
    struct eld_part part;
    uint32_t place;

    if (eld_find_address(reach->elf, address, 6, &part, NULL) < 0)
        return 0;
    const uint8_t *p = reach->elf->bytes + part.offset;
    if (p[0] != 0xff || (p[1] != 0x25 && p[1] != 0xa3))
        return 0;
    memcpy(&place, p + 2, sizeof(place)); /* both are little-endian */
    if (p[1] == 0xa3)
        place += (uint32_t)reach->got;
    while (eld_next_reloc(reach->elf, &reach->dynamic->plt, &cursor, &reloc,
                          NULL) == 1) {
        if (reloc.offset == place)
            return reloc.symbol;
    }
    return 0;
}

static void visit_call(struct inf_reach *reach, uint64_t target)
{
    uint32_t linked = linked_at(reach, target);

    visit(reach, linked != 0 ? linked : function_at(reach, target));
}

/* Follows the calls and jumps out of a function's code. */
static void read_function(struct inf_reach *reach,
                          const struct eld_symbol *symbol)
{
    uint64_t size = symbol->size < FUNCTION_MAX ? symbol->size : FUNCTION_MAX;
    struct xcpu_insn insn;
    struct eld_part part;

    if (size == 0 ||
        eld_find_address(reach->elf, symbol->value, size, &part, NULL) < 0)
        return;
    const uint8_t *bytes = reach->elf->bytes + part.offset;
    for (uint64_t at = 0; at < size;) {
        int length = xcpu_decode(bytes + at, (size_t)(size - at), &insn);

        if (length < 0) {
            at++;
            continue;
        }
        at += (uint64_t)length;
        if (length != 5 || (bytes[at - 5] != CALL && bytes[at - 5] != JUMP))
            continue;
        uint64_t target = (uint32_t)(symbol->value + at + insn.imm);
        if (target < symbol->value || target >= symbol->value + size)
            visit_call(reach, target);
    }
}

int inf_reach_from(struct inf_reach *reach, const char *name,
                   uint8_t calls[INF_CALLS_MAX])
{
    struct eld_symbol symbol;
    uint32_t number;

    if (eld_find_symbol(reach->elf, reach->dynamic, name, &symbol, NULL) < 0)
        return 0;
    memset(reach->seen, 0, (size_t)reach->count);
    reach->todo_count = 0;
    visit(reach, (uint32_t)symbol.index);
    while (reach->todo_count > 0) {
        uint32_t index = reach->todo[--reach->todo_count];

        if (eld_read_symbol(reach->elf, &reach->dynamic->symbols, index,
                            &symbol, NULL) < 0)
            continue;
        if (strncmp(symbol.name, "_kern_", 6) == 0 &&
            eld_read_syscall_number(reach->elf, &symbol, &number, NULL) == 0) {
            if (number < INF_CALLS_MAX)
                calls[number] = 1;
            continue;
        }
        read_function(reach, &symbol);
    }
    return 1;
}
