/* elf_reader.h -- reads ELF files of any class, byte order and machine. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_READER_H
#define ELFLOAD_ELF_READER_H

#include <elfload/elf_error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The reader looks at a file's bytes and allocates nothing: results are
 * copied out in the host's byte order, strings point into the file. The
 * bytes must not change while they are used. Every function is pure and may
 * be called from any thread; results are 0 (or 1, where said) or ELD_ERR_*,
 * and on failure outputs are untouched. Constants (PT_LOAD, SHT_DYNSYM,
 * STB_WEAK, DT_NEEDED...) are those of the gABI, as in <elf.h>.
 */
struct eld_elf {
    const uint8_t *bytes;
    size_t size;
    uint8_t is_64, is_big; /* 0 or 1 */
    uint8_t os_abi, abi_version;
    uint16_t type, machine;
    uint32_t version, flags;
    uint64_t entry;
    uint64_t segments_offset, sections_offset; /* in the file */
    uint16_t header_size, segment_size, section_size;
    uint32_t segment_count, section_count; /* extended numbering resolved */
    uint32_t names_section;                /* e_shstrndx, likewise */
};

/* Reads the header alone; the tables it names may still be broken. */
int eld_read_header(const void *bytes, size_t size, struct eld_elf *elf,
                    struct eld_fault *fault);

/* A part of the file that lies within it: bytes at [offset, offset + size). */
struct eld_part {
    uint64_t offset, size;
};

/* A part made of equal records. */
struct eld_table {
    uint64_t offset, count; /* in the file; records */
    uint64_t entry_size;    /* bytes from one record to the next */
};

struct eld_segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, file_size, memory_size, align;
};

/* index < elf->segment_count. The segment's own range is not checked. */
int eld_read_segment(const struct eld_elf *elf, uint32_t index,
                     struct eld_segment *segment, struct eld_fault *fault);

struct eld_section {
    uint32_t index, name, type, link, info;
    uint64_t flags, address, offset, size, align, entry_size;
};

/* index < elf->section_count. The section's own range is not checked. */
int eld_read_section(const struct eld_elf *elf, uint32_t index,
                     struct eld_section *section, struct eld_fault *fault);

/* The first section of a type. ELD_ERR_NOT_FOUND when there is none. */
int eld_find_section(const struct eld_elf *elf, uint32_t type,
                     struct eld_section *section, struct eld_fault *fault);

int eld_find_section_by_name(const struct eld_elf *elf, const char *name,
                             struct eld_section *section,
                             struct eld_fault *fault);

/* Its bytes in the file (none for SHT_NOBITS); checks that they exist. */
int eld_section_part(const struct eld_elf *elf,
                     const struct eld_section *section, struct eld_part *part,
                     struct eld_fault *fault);

int eld_section_name(const struct eld_elf *elf,
                     const struct eld_section *section, const char **name,
                     struct eld_fault *fault);

/* The string at an offset of a string table. */
int eld_read_string(const struct eld_elf *elf, const struct eld_part *strings,
                    uint64_t offset, const char **string,
                    struct eld_fault *fault);

/*
 * 1 when the section is part of the segment, by its addresses in memory and,
 * unless it is SHT_NOBITS, by its bytes in the file, as in the section to
 * segment mapping of other tools. A thread-local SHT_NOBITS section is part
 * of PT_TLS alone: it takes no room elsewhere.
 */
int eld_segment_has_section(const struct eld_segment *segment,
                            const struct eld_section *section);

/*
 * Where in the file the bytes of a virtual address are, through PT_LOAD
 * headers; part->size is how many follow there, at least size.
 */
int eld_find_address(const struct eld_elf *elf, uint64_t address, uint64_t size,
                     struct eld_part *part, struct eld_fault *fault);

/* ---- symbols ---- */

struct eld_symbols {
    struct eld_table table;
    struct eld_part strings;
    struct eld_table versions; /* versym words; count 0: none */
    struct eld_table sections; /* SHT_SYMTAB_SHNDX words; count 0: none */
};

struct eld_symbol {
    const char *name;
    uint64_t value, size;
    uint64_t index; /* in its table */
    uint8_t bind, type, visibility, other;
    uint16_t version;   /* versym word; VER_NDX_GLOBAL (1) without versions */
    uint32_t section;   /* SHN_*, extended ones resolved; see is_special */
    uint8_t is_special; /* section is SHN_LORESERVE.. (SHN_ABS, ...) */
};

/* The table in a section of type SHT_SYMTAB or SHT_DYNSYM, else
 * ELD_ERR_INVALID. */
int eld_section_symbols(const struct eld_elf *elf,
                        const struct eld_section *section,
                        struct eld_symbols *symbols, struct eld_fault *fault);

/* The same for the first section of that type. */
int eld_find_symbols(const struct eld_elf *elf, uint32_t type,
                     struct eld_symbols *symbols, struct eld_fault *fault);

/* index < symbols->table.count */
int eld_read_symbol(const struct eld_elf *elf,
                    const struct eld_symbols *symbols, uint64_t index,
                    struct eld_symbol *symbol, struct eld_fault *fault);

/* ---- groups of sections ---- */

struct eld_group {
    uint32_t flags;         /* GRP_COMDAT */
    struct eld_table table; /* of words: the numbers of its sections */
};

/* The group that a section of type SHT_GROUP describes, else ELD_ERR_INVALID.
 * It is known by symbol section->info of the table in section->link. */
int eld_section_group(const struct eld_elf *elf,
                      const struct eld_section *section,
                      struct eld_group *group, struct eld_fault *fault);

/* index < group->table.count. The section's number is not checked. */
int eld_read_group(const struct eld_elf *elf, const struct eld_group *group,
                   uint64_t index, uint32_t *section, struct eld_fault *fault);

/* ---- relocations ---- */

enum eld_relocs_kind { ELD_RELOCS_REL, ELD_RELOCS_RELA, ELD_RELOCS_RELR };

struct eld_relocs {
    struct eld_table table; /* count 0: none */
    enum eld_relocs_kind kind;
};

struct eld_reloc {
    uint64_t offset;        /* virtual address, or offset in its section */
    uint32_t type;          /* of the machine; 0 with ELD_RELOCS_RELR */
    uint8_t type_2, type_3; /* MIPS of 64 bits: applied to its result, else 0 */
    uint32_t symbol;        /* index, 0: none */
    int64_t addend;         /* 0 unless ELD_RELOCS_RELA */
    uint64_t file_offset;   /* of the record */
};

/* Start with all zeros. */
struct eld_reloc_cursor {
    uint64_t index, base, bits, bit_count;
};

/* The table of a section of type SHT_REL, SHT_RELA or SHT_RELR. */
int eld_section_relocs(const struct eld_elf *elf,
                       const struct eld_section *section,
                       struct eld_relocs *relocs, struct eld_fault *fault);

/* 1 and the next relocation, or 0 at the end. */
int eld_next_reloc(const struct eld_elf *elf, const struct eld_relocs *relocs,
                   struct eld_reloc_cursor *cursor, struct eld_reloc *reloc,
                   struct eld_fault *fault);

/* ---- versions ---- */

enum eld_version_kind { ELD_VERSION_DEFINED, ELD_VERSION_NEEDED };

struct eld_versions {
    struct eld_part part; /* from the first record to the end of its range */
    uint64_t count;       /* records: definitions, or files needed */
    struct eld_part strings;
    enum eld_version_kind kind;
};

struct eld_version {
    const char *name;
    const char *file;  /* needed from; NULL for definitions */
    uint32_t hash;     /* of the name, as the file says */
    uint16_t index;    /* as in versym words, without the hidden bit */
    uint16_t flags;    /* VER_FLG_* */
    uint8_t is_parent; /* names the version that the one before inherits */
    uint64_t offset;   /* of the record, in the file */
};

/* Start with all zeros. */
struct eld_version_cursor {
    uint64_t record, record_offset, aux, aux_offset, steps;
};

/* 1 and the next version, or 0 at the end. */
int eld_next_version(const struct eld_elf *elf,
                     const struct eld_versions *versions,
                     struct eld_version_cursor *cursor,
                     struct eld_version *version, struct eld_fault *fault);

/* ---- notes ---- */

struct eld_note {
    const char *name; /* of name_size bytes, with its NUL as a rule */
    uint32_t name_size, type;
    const uint8_t *bytes;
    uint32_t size;
    uint64_t offset; /* of the note, in the file */
};

/*
 * The note at *offset of part (start with 0), which moves on behind it: 1,
 * or 0 at the end. align: of the segment or section, 8 or anything else
 * for 4.
 */
int eld_next_note(const struct eld_elf *elf, const struct eld_part *part,
                  uint64_t align, uint64_t *offset, struct eld_note *note,
                  struct eld_fault *fault);

struct eld_property {
    uint32_t type, size;
    const uint8_t *bytes;
    uint32_t value; /* the first four bytes, 0 when there are fewer */
};

/*
 * The next of the properties that an NT_GNU_PROPERTY_TYPE_0 note holds: 1, or
 * 0 at the end. *offset starts with 0.
 */
int eld_next_property(const struct eld_elf *elf, const struct eld_note *note,
                      uint64_t *offset, struct eld_property *property,
                      struct eld_fault *fault);

/* The GNU build-id note, from segments or else sections. */
int eld_find_build_id(const struct eld_elf *elf, struct eld_note *note,
                      struct eld_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
