/* elf_dynamic.h -- the dynamic section, and symbols through its hashes. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_DYNAMIC_H
#define ELFLOAD_ELF_DYNAMIC_H

#include <elfload/elf_reader.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As in elf_reader.h: pure, nothing allocated, 0 or 1 or ELD_ERR_*. */

struct eld_dynamic_entry {
    int64_t tag;
    uint64_t value;
};

/*
 * The entries of PT_DYNAMIC, or else of SHT_DYNAMIC, without DT_NULL and
 * what follows it. ELD_ERR_NOT_FOUND in a file that is not linked
 * dynamically.
 */
int eld_find_dynamic(const struct eld_elf *elf, struct eld_table *entries,
                     struct eld_fault *fault);

/* index < entries->count */
int eld_read_dynamic_entry(const struct eld_elf *elf,
                           const struct eld_table *entries, uint64_t index,
                           struct eld_dynamic_entry *entry,
                           struct eld_fault *fault);

/* DT_x and DT_xSZ of an array of addresses; address ELD_NONE: none. */
struct eld_array {
    uint64_t address, size; /* virtual; bytes */
};

/* DT_HASH */
struct eld_hash {
    uint64_t address;                   /* virtual; ELD_NONE: none */
    uint64_t buckets, chains;           /* offsets in the file */
    uint32_t bucket_count, chain_count; /* words */
};

/* DT_GNU_HASH */
struct eld_gnu_hash {
    uint64_t address;                 /* virtual; ELD_NONE: none */
    uint64_t filter, buckets, chains; /* offsets in the file */
    uint32_t bucket_count, first_symbol, filter_count, filter_shift;
    uint64_t chain_count; /* words up to the end of the segment */
};

/* What the dynamic section says, every table found and measured. */
struct eld_dynamic {
    struct eld_table entries;
    uint64_t strings_address, symbols_address; /* virtual, or ELD_NONE */
    /* The count of symbols.table is DT_HASH's, or all that fit without. */
    struct eld_symbols symbols;
    struct eld_hash hash;
    struct eld_gnu_hash gnu_hash;
    struct eld_relocs rel, rela, relr, plt;
    struct eld_versions defined, needed; /* count 0: none */
    uint64_t soname, rpath, runpath;     /* offsets of strings or ELD_NONE */
    uint64_t needed_count;               /* DT_NEEDED */
    uint64_t flags, flags_1;
    uint8_t is_symbolic, has_text_relocs;
    uint64_t init, fini; /* virtual addresses, or ELD_NONE */
    struct eld_array preinit_array, init_array, fini_array;
};

int eld_read_dynamic(const struct eld_elf *elf, struct eld_dynamic *dynamic,
                     struct eld_fault *fault);

/* The library that the index-th DT_NEEDED names. */
int eld_read_needed(const struct eld_elf *elf,
                    const struct eld_dynamic *dynamic, uint64_t index,
                    const char **name, struct eld_fault *fault);

/*
 * How many symbols the table has: what DT_HASH says, or else the section
 * header, or else the end of DT_GNU_HASH's last chain, which knows no
 * undefined symbols behind it.
 */
uint64_t eld_count_symbols(const struct eld_elf *elf,
                           const struct eld_dynamic *dynamic);

/* ---- look-up ---- */

uint32_t eld_hash_name(const char *name);     /* gABI, for DT_HASH */
uint32_t eld_gnu_hash_name(const char *name); /* for DT_GNU_HASH */

struct eld_name {
    const char *text;
    uint32_t hash, gnu_hash;
};

struct eld_name eld_name_of(const char *text);

/* Start with all zeros. */
struct eld_match_cursor {
    uint64_t index, steps;
};

/*
 * 1 and the next symbol of that name (there may be several, of different
 * versions, and undefined ones), or 0 when there is none left. Uses
 * DT_GNU_HASH where there is one.
 */
int eld_next_match(const struct eld_elf *elf, const struct eld_dynamic *dynamic,
                   const struct eld_name *name, struct eld_match_cursor *cursor,
                   struct eld_symbol *symbol, struct eld_fault *fault);

/*
 * The symbol that a program asking for name without a version would get:
 * global or weak, of the base or the default version. ELD_ERR_NOT_FOUND.
 */
int eld_find_symbol(const struct eld_elf *elf,
                    const struct eld_dynamic *dynamic, const char *name,
                    struct eld_symbol *symbol, struct eld_fault *fault);

/* ---- the hash tables themselves ---- */

enum eld_hash_kind { ELD_HASH_SYSV, ELD_HASH_GNU };

/* Start with all zeros. */
struct eld_chain_cursor {
    uint64_t bucket, steps;
};

/*
 * How many symbols the next bucket of a table has: 1, or 0 behind the last
 * one and without such a table. ELD_ERR_LOOP when all chains together have
 * more symbols than the table.
 */
int eld_next_chain(const struct eld_elf *elf, const struct eld_dynamic *dynamic,
                   enum eld_hash_kind kind, struct eld_chain_cursor *cursor,
                   uint64_t *length, struct eld_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
