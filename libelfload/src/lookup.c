/* lookup.c -- symbols by name, through DT_HASH and DT_GNU_HASH. */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"
#include "fault.h"
#include "symbols.h"

#include <elf.h>
#include <elfload/elf_dynamic.h>
#include <string.h>

uint32_t eld_hash_name(const char *name)
{
    uint32_t hash = 0;

    for (const uint8_t *p = (const uint8_t *)name; *p != '\0'; p++) {
        hash = (hash << 4) + *p;
        hash ^= (hash >> 24) & 0xf0;
        hash &= 0x0fffffff;
    }
    return hash;
}

uint32_t eld_gnu_hash_name(const char *name)
{
    uint32_t hash = 5381;

    for (const uint8_t *p = (const uint8_t *)name; *p != '\0'; p++)
        hash = hash * 33 + *p;
    return hash;
}

struct eld_name eld_name_of(const char *text)
{
    return (struct eld_name){text, eld_hash_name(text),
                             eld_gnu_hash_name(text)};
}

/* Word index of an array in the file; 0 beyond the file, which ends any
 * search. */
static uint32_t word_at(const struct eld_elf *elf, uint64_t offset,
                        uint64_t index)
{
    const struct eld_table table = {offset, ELD_NONE, 4};
    const uint8_t *p = eld_record_at(elf, &table, index, 4, "", NULL);

    return p == NULL ? 0 : eld_load32(elf, p);
}

/* ---- DT_HASH: chains of symbol numbers, 0 at the end ---- */

static int next_in_hash(const struct eld_elf *elf,
                        const struct eld_dynamic *dynamic,
                        const struct eld_name *name,
                        struct eld_match_cursor *cursor,
                        struct eld_fault *fault)
{
    const struct eld_hash *hash = &dynamic->hash;
    size_t size = strlen(name->text) + 1;

    if (hash->bucket_count == 0)
        return 0;
    for (;;) {
        uint64_t index =
            cursor->steps == 0
                ? word_at(elf, hash->buckets, name->hash % hash->bucket_count)
                : word_at(elf, hash->chains, cursor->index);

        if (index == STN_UNDEF)
            return 0;
        if (index >= hash->chain_count)
            return eld_fail_value(fault, ELD_ERR_RANGE, "symbol in DT_HASH",
                                  ELD_NONE, index, hash->chain_count);
        if (cursor->steps++ >= hash->chain_count)
            return eld_fail(fault, ELD_ERR_LOOP, "DT_HASH", ELD_NONE,
                            hash->chains);
        cursor->index = index;
        if (eld_symbol_has_name(elf, &dynamic->symbols, index, name->text,
                                size))
            return 1;
    }
}

/* ---- DT_GNU_HASH: hashes of consecutive symbols, bit 0 at the end ---- */

static int filter_passes(const struct eld_elf *elf,
                         const struct eld_gnu_hash *hash, uint32_t value)
{
    unsigned bits = elf->is_64 ? 64 : 32;
    uint64_t index = value / bits & (hash->filter_count - 1);
    const uint8_t *p = elf->bytes + hash->filter + index * (bits / 8);
    uint64_t word = eld_load_word(elf, p);
    uint32_t second = hash->filter_shift < 32 ? value >> hash->filter_shift : 0;

    return (int)((word >> (value % bits)) & (word >> (second % bits)) & 1);
}

static int next_in_gnu_hash(const struct eld_elf *elf,
                            const struct eld_dynamic *dynamic,
                            const struct eld_name *name,
                            struct eld_match_cursor *cursor)
{
    const struct eld_gnu_hash *hash = &dynamic->gnu_hash;
    size_t size = strlen(name->text) + 1;
    uint64_t index = cursor->index + 1;

    if (cursor->steps == 0) {
        if (hash->bucket_count == 0 ||
            !filter_passes(elf, hash, name->gnu_hash))
            return 0;
        index =
            word_at(elf, hash->buckets, name->gnu_hash % hash->bucket_count);
        if (index < hash->first_symbol || index == STN_UNDEF)
            return 0;
    } else if (word_at(elf, hash->chains, cursor->index - hash->first_symbol) &
               1) {
        return 0;
    }
    for (; index - hash->first_symbol < hash->chain_count; index++) {
        uint32_t word = word_at(elf, hash->chains, index - hash->first_symbol);

        cursor->steps++;
        cursor->index = index;
        if ((word ^ name->gnu_hash) >> 1 == 0 &&
            eld_symbol_has_name(elf, &dynamic->symbols, index, name->text,
                                size))
            return 1;
        if (word & 1)
            return 0;
    }
    return 0;
}

int eld_next_match(const struct eld_elf *elf, const struct eld_dynamic *dynamic,
                   const struct eld_name *name, struct eld_match_cursor *cursor,
                   struct eld_symbol *symbol, struct eld_fault *fault)
{
    int found = 0;

    if (dynamic->gnu_hash.address != ELD_NONE)
        found = next_in_gnu_hash(elf, dynamic, name, cursor);
    else if (dynamic->hash.address != ELD_NONE)
        found = next_in_hash(elf, dynamic, name, cursor, fault);
    if (found <= 0)
        return found;
    int error =
        eld_read_symbol(elf, &dynamic->symbols, cursor->index, symbol, fault);
    return error < 0 ? error : 1;
}

int eld_find_symbol(const struct eld_elf *elf,
                    const struct eld_dynamic *dynamic, const char *name,
                    struct eld_symbol *symbol, struct eld_fault *fault)
{
    struct eld_match_cursor cursor = {0, 0};
    struct eld_name key = eld_name_of(name);
    struct eld_symbol candidate;
    int found;

    while ((found = eld_next_match(elf, dynamic, &key, &cursor, &candidate,
                                   fault)) == 1) {
        /* Hidden versions are for those alone who ask for them. */
        if (candidate.section == SHN_UNDEF || (candidate.version & 0x8000) ||
            candidate.version == VER_NDX_LOCAL ||
            (candidate.bind != STB_GLOBAL && candidate.bind != STB_WEAK))
            continue;
        *symbol = candidate;
        return 0;
    }
    if (found < 0)
        return found;
    eld_fail(fault, ELD_ERR_NOT_FOUND, "symbol", ELD_NONE, ELD_NONE);
    eld_fault_add_name(fault, name, NULL);
    return ELD_ERR_NOT_FOUND;
}

/* ---- counting ---- */

static uint64_t count_by_gnu_hash(const struct eld_elf *elf,
                                  const struct eld_gnu_hash *hash)
{
    uint64_t last = 0;

    for (uint32_t i = 0; i < hash->bucket_count; i++) {
        uint32_t first = word_at(elf, hash->buckets, i);
        if (first > last)
            last = first;
    }
    if (last < hash->first_symbol)
        return hash->first_symbol;
    while (last - hash->first_symbol < hash->chain_count &&
           !(word_at(elf, hash->chains, last - hash->first_symbol) & 1))
        last++;
    return last + 1;
}

uint64_t eld_count_symbols(const struct eld_elf *elf,
                           const struct eld_dynamic *dynamic)
{
    const struct eld_table *table = &dynamic->symbols.table;
    struct eld_section section;
    uint64_t count = table->count;

    if (dynamic->hash.address != ELD_NONE)
        return count;
    if (eld_find_section(elf, SHT_DYNSYM, &section, NULL) == 0 &&
        section.offset == table->offset && table->count > 0)
        count = section.size / table->entry_size;
    else if (dynamic->gnu_hash.address != ELD_NONE)
        count = count_by_gnu_hash(elf, &dynamic->gnu_hash);
    return count < table->count ? count : table->count;
}

/* ---- chains ---- */

/* Symbols from the bucket's first on, in steps that are counted. */
static uint64_t sysv_length(const struct eld_elf *elf,
                            const struct eld_hash *hash, uint64_t bucket,
                            uint64_t *steps)
{
    uint64_t index = word_at(elf, hash->buckets, bucket), length = 0;

    while (index != STN_UNDEF && index < hash->chain_count &&
           *steps <= hash->chain_count) {
        length++;
        ++*steps;
        index = word_at(elf, hash->chains, index);
    }
    return length;
}

static uint64_t gnu_length(const struct eld_elf *elf,
                           const struct eld_gnu_hash *hash, uint64_t bucket,
                           uint64_t *steps)
{
    uint64_t index = word_at(elf, hash->buckets, bucket), length = 0;

    if (index < hash->first_symbol || index == STN_UNDEF)
        return 0;
    for (index -= hash->first_symbol;
         index < hash->chain_count && *steps <= hash->chain_count; index++) {
        length++;
        ++*steps;
        if (word_at(elf, hash->chains, index) & 1)
            break;
    }
    return length;
}

int eld_next_chain(const struct eld_elf *elf, const struct eld_dynamic *dynamic,
                   enum eld_hash_kind kind, struct eld_chain_cursor *cursor,
                   uint64_t *length, struct eld_fault *fault)
{
    const struct eld_hash *sysv = &dynamic->hash;
    const struct eld_gnu_hash *gnu = &dynamic->gnu_hash;
    int is_gnu = kind == ELD_HASH_GNU;
    uint64_t address = is_gnu ? gnu->address : sysv->address;
    uint64_t limit = is_gnu ? gnu->chain_count : sysv->chain_count;
    uint32_t count = is_gnu ? gnu->bucket_count : sysv->bucket_count;

    if (address == ELD_NONE || cursor->bucket >= count)
        return 0;
    uint64_t found =
        is_gnu ? gnu_length(elf, gnu, cursor->bucket, &cursor->steps)
               : sysv_length(elf, sysv, cursor->bucket, &cursor->steps);
    if (cursor->steps > limit)
        return eld_fail(fault, ELD_ERR_LOOP, is_gnu ? "DT_GNU_HASH" : "DT_HASH",
                        ELD_NONE, is_gnu ? gnu->chains : sysv->chains);
    cursor->bucket++;
    *length = found;
    return 1;
}
