/* dynamic.c -- the dynamic section and the tables it names. */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"
#include "fault.h"
#include "symbols.h"
#include "tables.h"

#include <elf.h>
#include <elfload/elf_dynamic.h>
#include <stddef.h>
#include <string.h>

/* Newer than many an <elf.h>. */
#define DT_RELRSZ_NUMBER  35
#define DT_RELR_NUMBER    36
#define DT_RELRENT_NUMBER 37

/* Everything the section says, by tag; ELD_NONE: unsaid. */
struct values {
    uint64_t strtab, strsz, symtab, syment, hash, gnu_hash;
    uint64_t rel, relsz, relent, rela, relasz, relaent, relr, relrsz, relrent;
    uint64_t jmprel, pltrelsz, pltrel;
    uint64_t versym, verdef, verdefnum, verneed, verneednum;
    uint64_t soname, rpath, runpath, symbolic, textrel, flags, flags_1;
    uint64_t init, fini, init_array, init_arraysz, fini_array, fini_arraysz;
    uint64_t preinit_array, preinit_arraysz;
};

static const struct {
    int64_t tag;
    size_t offset;
} places[] = {
#define ROW(tag, member)                                                       \
    {                                                                          \
        tag, offsetof(struct values, member)                                   \
    }
    ROW(DT_STRTAB, strtab),
    ROW(DT_STRSZ, strsz),
    ROW(DT_SYMTAB, symtab),
    ROW(DT_SYMENT, syment),
    ROW(DT_HASH, hash),
    ROW(DT_GNU_HASH, gnu_hash),
    ROW(DT_REL, rel),
    ROW(DT_RELSZ, relsz),
    ROW(DT_RELENT, relent),
    ROW(DT_RELA, rela),
    ROW(DT_RELASZ, relasz),
    ROW(DT_RELAENT, relaent),
    ROW(DT_RELR_NUMBER, relr),
    ROW(DT_RELRSZ_NUMBER, relrsz),
    ROW(DT_RELRENT_NUMBER, relrent),
    ROW(DT_JMPREL, jmprel),
    ROW(DT_PLTRELSZ, pltrelsz),
    ROW(DT_PLTREL, pltrel),
    ROW(DT_VERSYM, versym),
    ROW(DT_VERDEF, verdef),
    ROW(DT_VERDEFNUM, verdefnum),
    ROW(DT_VERNEED, verneed),
    ROW(DT_VERNEEDNUM, verneednum),
    ROW(DT_SONAME, soname),
    ROW(DT_RPATH, rpath),
    ROW(DT_RUNPATH, runpath),
    ROW(DT_SYMBOLIC, symbolic),
    ROW(DT_TEXTREL, textrel),
    ROW(DT_FLAGS, flags),
    ROW(DT_FLAGS_1, flags_1),
    ROW(DT_INIT, init),
    ROW(DT_FINI, fini),
    ROW(DT_INIT_ARRAY, init_array),
    ROW(DT_INIT_ARRAYSZ, init_arraysz),
    ROW(DT_FINI_ARRAY, fini_array),
    ROW(DT_FINI_ARRAYSZ, fini_arraysz),
    ROW(DT_PREINIT_ARRAY, preinit_array),
    ROW(DT_PREINIT_ARRAYSZ, preinit_arraysz),
#undef ROW
};

/* ---- entries ---- */

static int find_part(const struct eld_elf *elf, struct eld_part *part,
                     struct eld_fault *fault)
{
    struct eld_section section;
    int error;

    for (uint32_t i = 0; i < elf->segment_count; i++) {
        struct eld_segment segment;

        if ((error = eld_read_segment(elf, i, &segment, fault)) < 0)
            return error;
        if (segment.type != PT_DYNAMIC)
            continue;
        *part = (struct eld_part){segment.offset, segment.file_size};
        return eld_bytes_at(elf, part->offset, part->size, "dynamic section",
                            ELD_NONE, fault) != NULL
                   ? 0
                   : ELD_ERR_TRUNCATED;
    }
    if ((error = eld_find_section(elf, SHT_DYNAMIC, &section, NULL)) < 0)
        return eld_fail(fault, ELD_ERR_NOT_FOUND, "dynamic section", ELD_NONE,
                        ELD_NONE);
    return eld_section_part(elf, &section, part, fault);
}

int eld_find_dynamic(const struct eld_elf *elf, struct eld_table *entries,
                     struct eld_fault *fault)
{
    struct eld_table table;
    struct eld_part part;
    int error = find_part(elf, &part, fault);

    if (error < 0)
        return error;
    size_t size = 2 * eld_word_size(elf);
    if ((error = eld_table_of(&part, size, size, "dynamic section", &table,
                              fault)) < 0)
        return error;
    uint64_t count = 0;
    while (count < table.count) {
        struct eld_dynamic_entry entry;

        if ((error =
                 eld_read_dynamic_entry(elf, &table, count, &entry, fault)) < 0)
            return error;
        if (entry.tag == DT_NULL)
            break;
        count++;
    }
    table.count = count;
    *entries = table;
    return 0;
}

int eld_read_dynamic_entry(const struct eld_elf *elf,
                           const struct eld_table *entries, uint64_t index,
                           struct eld_dynamic_entry *entry,
                           struct eld_fault *fault)
{
    size_t word = eld_word_size(elf);
    const uint8_t *p =
        eld_record_at(elf, entries, index, 2 * word, "dynamic entry", fault);

    if (p == NULL)
        return index < entries->count ? ELD_ERR_TRUNCATED : ELD_ERR_RANGE;
    entry->tag =
        elf->is_64 ? (int64_t)eld_load64(elf, p) : (int32_t)eld_load32(elf, p);
    entry->value = eld_load_word(elf, p + word);
    return 0;
}

static int read_values(const struct eld_elf *elf,
                       const struct eld_table *entries, struct values *values,
                       uint64_t *needed_count, struct eld_fault *fault)
{
    memset(values, 0xff, sizeof(*values));
    for (uint64_t i = 0; i < entries->count; i++) {
        struct eld_dynamic_entry entry;
        int error = eld_read_dynamic_entry(elf, entries, i, &entry, fault);

        if (error < 0)
            return error;
        if (entry.tag == DT_NEEDED)
            (*needed_count)++;
        for (size_t j = 0; j < sizeof(places) / sizeof(places[0]); j++) {
            if (places[j].tag == entry.tag)
                memcpy((char *)values + places[j].offset, &entry.value,
                       sizeof(entry.value));
        }
    }
    return 0;
}

/* ---- tables ---- */

static uint64_t or_zero(uint64_t value)
{
    return value == ELD_NONE ? 0 : value;
}

/* The file's bytes at an address, at least size of them. */
static int locate(const struct eld_elf *elf, uint64_t address, uint64_t size,
                  const char *what, struct eld_part *part,
                  struct eld_fault *fault)
{
    int error = eld_find_address(elf, address, size, part, fault);

    if (error == ELD_ERR_ADDRESS)
        eld_fail_value(fault, error, what, ELD_NONE, address, ELD_NONE);
    return error;
}

static int read_hash(const struct eld_elf *elf, uint64_t address,
                     struct eld_hash *hash, struct eld_fault *fault)
{
    struct eld_part part;

    hash->address = address;
    if (address == ELD_NONE)
        return 0;
    int error = locate(elf, address, 8, "DT_HASH", &part, fault);
    if (error < 0)
        return error;
    const uint8_t *p = elf->bytes + part.offset;
    hash->bucket_count = eld_load32(elf, p);
    hash->chain_count = eld_load32(elf, p + 4);
    hash->buckets = part.offset + 8;
    hash->chains = hash->buckets + 4 * (uint64_t)hash->bucket_count;
    uint64_t size = 8 + 4 * ((uint64_t)hash->bucket_count + hash->chain_count);
    if (size > part.size)
        return eld_fail_value(fault, ELD_ERR_TRUNCATED, "DT_HASH", ELD_NONE,
                              part.size, size);
    return 0;
}

/* Four words, the filter's words of the class's size, buckets, chains. */
static int read_gnu_hash(const struct eld_elf *elf, uint64_t address,
                         struct eld_gnu_hash *hash, struct eld_fault *fault)
{
    struct eld_part part;

    hash->address = address;
    if (address == ELD_NONE)
        return 0;
    int error = locate(elf, address, 16, "DT_GNU_HASH", &part, fault);
    if (error < 0)
        return error;
    const uint8_t *p = elf->bytes + part.offset;
    hash->bucket_count = eld_load32(elf, p);
    hash->first_symbol = eld_load32(elf, p + 4);
    hash->filter_count = eld_load32(elf, p + 8);
    hash->filter_shift = eld_load32(elf, p + 12);
    hash->filter = part.offset + 16;
    hash->buckets =
        hash->filter + (uint64_t)hash->filter_count * eld_word_size(elf);
    hash->chains = hash->buckets + 4 * (uint64_t)hash->bucket_count;
    uint64_t size = hash->chains - part.offset;
    if (size > part.size)
        return eld_fail_value(fault, ELD_ERR_TRUNCATED, "DT_GNU_HASH", ELD_NONE,
                              part.size, size);
    if (hash->filter_count == 0 ||
        (hash->filter_count & (hash->filter_count - 1)) != 0)
        return eld_fail_value(fault, ELD_ERR_RANGE, "filter of DT_GNU_HASH",
                              ELD_NONE, hash->filter_count, ELD_NONE);
    hash->chain_count = (part.size - size) / 4;
    return 0;
}

static int read_symbols(const struct eld_elf *elf, const struct values *values,
                        struct eld_dynamic *dynamic, struct eld_fault *fault)
{
    struct eld_symbols *symbols = &dynamic->symbols;
    struct eld_part part;
    int error;

    dynamic->strings_address = values->strtab;
    dynamic->symbols_address = values->symtab;
    if (values->strtab != ELD_NONE) {
        if ((error = locate(elf, values->strtab, or_zero(values->strsz),
                            "DT_STRTAB", &symbols->strings, fault)) < 0)
            return error;
        if (values->strsz != ELD_NONE)
            symbols->strings.size = values->strsz;
    }
    if (values->symtab == ELD_NONE)
        return 0;
    uint64_t size = or_zero(values->syment);
    uint64_t count =
        dynamic->hash.address == ELD_NONE ? 0 : dynamic->hash.chain_count;
    if ((error = locate(elf, values->symtab, 0, "DT_SYMTAB", &part, fault)) <
            0 ||
        (error = eld_table_of(&part, size, eld_symbol_size(elf), "DT_SYMTAB",
                              &symbols->table, fault)) < 0)
        return error;
    if (count > symbols->table.count)
        return eld_fail_value(fault, ELD_ERR_TRUNCATED, "DT_SYMTAB", ELD_NONE,
                              symbols->table.count, count);
    if (dynamic->hash.address != ELD_NONE)
        symbols->table.count = count;
    return 0;
}

static int read_relocs(const struct eld_elf *elf, uint64_t address,
                       uint64_t size, uint64_t entry_size,
                       enum eld_relocs_kind kind, struct eld_relocs *relocs,
                       struct eld_fault *fault)
{
    struct eld_part part;

    if (address == ELD_NONE || or_zero(size) == 0)
        return 0;
    int error = locate(elf, address, size, "relocation table", &part, fault);
    if (error < 0)
        return error;
    part.size = size;
    return eld_relocs_of(elf, &part, or_zero(entry_size), kind, relocs, fault);
}

static int read_all_relocs(const struct eld_elf *elf,
                           const struct values *values,
                           struct eld_dynamic *dynamic, struct eld_fault *fault)
{
    int is_rela = values->pltrel == DT_RELA;
    int error;

    if ((error = read_relocs(elf, values->rel, values->relsz, values->relent,
                             ELD_RELOCS_REL, &dynamic->rel, fault)) < 0 ||
        (error = read_relocs(elf, values->rela, values->relasz, values->relaent,
                             ELD_RELOCS_RELA, &dynamic->rela, fault)) < 0 ||
        (error = read_relocs(elf, values->relr, values->relrsz, values->relrent,
                             ELD_RELOCS_RELR, &dynamic->relr, fault)) < 0)
        return error;
    return read_relocs(elf, values->jmprel, values->pltrelsz, 0,
                       is_rela ? ELD_RELOCS_RELA : ELD_RELOCS_REL,
                       &dynamic->plt, fault);
}

static int read_versions(const struct eld_elf *elf, uint64_t address,
                         uint64_t count, enum eld_version_kind kind,
                         const struct eld_part *strings,
                         struct eld_versions *versions, struct eld_fault *fault)
{
    versions->kind = kind;
    versions->strings = *strings;
    if (address == ELD_NONE || or_zero(count) == 0)
        return 0;
    int error =
        locate(elf, address, 1, "version records", &versions->part, fault);
    if (error == 0)
        versions->count = count;
    return error;
}

static int read_all_versions(const struct eld_elf *elf,
                             const struct values *values,
                             struct eld_dynamic *dynamic,
                             struct eld_fault *fault)
{
    const struct eld_part *strings = &dynamic->symbols.strings;
    struct eld_part part;
    int error;

    if ((error = read_versions(elf, values->verdef, values->verdefnum,
                               ELD_VERSION_DEFINED, strings, &dynamic->defined,
                               fault)) < 0 ||
        (error = read_versions(elf, values->verneed, values->verneednum,
                               ELD_VERSION_NEEDED, strings, &dynamic->needed,
                               fault)) < 0)
        return error;
    if (values->versym == ELD_NONE)
        return 0;
    if ((error = locate(elf, values->versym, 0, "DT_VERSYM", &part, fault)) < 0)
        return error;
    struct eld_table *words = &dynamic->symbols.versions;
    words->offset = part.offset;
    words->entry_size = 2;
    words->count = dynamic->symbols.table.count;
    if (words->count > part.size / 2)
        words->count = part.size / 2;
    return 0;
}

static void copy_rest(const struct values *values, struct eld_dynamic *dynamic)
{
    dynamic->soname = values->soname;
    dynamic->rpath = values->rpath;
    dynamic->runpath = values->runpath;
    dynamic->flags = or_zero(values->flags);
    dynamic->flags_1 = or_zero(values->flags_1);
    dynamic->is_symbolic =
        values->symbolic != ELD_NONE || (dynamic->flags & DF_SYMBOLIC) != 0;
    dynamic->has_text_relocs =
        values->textrel != ELD_NONE || (dynamic->flags & DF_TEXTREL) != 0;
    dynamic->init = values->init;
    dynamic->fini = values->fini;
    dynamic->init_array =
        (struct eld_array){values->init_array, or_zero(values->init_arraysz)};
    dynamic->fini_array =
        (struct eld_array){values->fini_array, or_zero(values->fini_arraysz)};
    dynamic->preinit_array = (struct eld_array){
        values->preinit_array, or_zero(values->preinit_arraysz)};
}

int eld_read_dynamic(const struct eld_elf *elf, struct eld_dynamic *dynamic,
                     struct eld_fault *fault)
{
    struct eld_dynamic result;
    struct values values;
    int error;

    memset(&result, 0, sizeof(result));
    if ((error = eld_find_dynamic(elf, &result.entries, fault)) < 0 ||
        (error = read_values(elf, &result.entries, &values,
                             &result.needed_count, fault)) < 0 ||
        (error = read_hash(elf, values.hash, &result.hash, fault)) < 0 ||
        (error = read_gnu_hash(elf, values.gnu_hash, &result.gnu_hash, fault)) <
            0 ||
        (error = read_symbols(elf, &values, &result, fault)) < 0 ||
        (error = read_all_relocs(elf, &values, &result, fault)) < 0 ||
        (error = read_all_versions(elf, &values, &result, fault)) < 0)
        return error;
    copy_rest(&values, &result);
    *dynamic = result;
    return 0;
}

int eld_read_needed(const struct eld_elf *elf,
                    const struct eld_dynamic *dynamic, uint64_t index,
                    const char **name, struct eld_fault *fault)
{
    uint64_t left = index;

    for (uint64_t i = 0; i < dynamic->entries.count; i++) {
        struct eld_dynamic_entry entry;
        int error =
            eld_read_dynamic_entry(elf, &dynamic->entries, i, &entry, fault);

        if (error < 0)
            return error;
        if (entry.tag == DT_NEEDED && left-- == 0)
            return eld_read_string(elf, &dynamic->symbols.strings, entry.value,
                                   name, fault);
    }
    return eld_fail_value(fault, ELD_ERR_RANGE, "DT_NEEDED", ELD_NONE, index,
                          dynamic->needed_count);
}
