/* elf_attributes.h -- build attributes: what a file's code was made for. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_ATTRIBUTES_H
#define ELFLOAD_ELF_ATTRIBUTES_H

#include <elfload/elf_reader.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As in elf_reader.h: pure, nothing allocated, 0 or 1 or ELD_ERR_*. */

/* The attributes of a section (ADDENDA32, 3; RISC-V ELF psABI, "Attributes").
 */
struct eld_attributes {
    struct eld_part part; /* subsections of vendors, behind the version */
};

/* The attributes in a section: SHT_ARM_ATTRIBUTES, SHT_RISCV_ATTRIBUTES or
 * SHT_GNU_ATTRIBUTES. ELD_ERR_INVALID for any other section,
 * ELD_ERR_VERSION for another format of it. */
int eld_section_attributes(const struct eld_elf *elf,
                           const struct eld_section *section,
                           struct eld_attributes *attributes,
                           struct eld_fault *fault);

enum eld_attribute_scope {
    ELD_SCOPE_FILE = 1,
    ELD_SCOPE_SECTIONS = 2, /* some sections, not all of the file */
    ELD_SCOPE_SYMBOLS = 3
};

struct eld_attribute {
    const char *vendor;   /* "aeabi", "riscv", "gnu" */
    uint32_t scope;       /* enum eld_attribute_scope */
    uint8_t is_first;     /* of its scope */
    struct eld_part list; /* of numbers, empty for a file's scope */
    uint64_t tag;
    uint64_t number;  /* ELD_NONE: it has none */
    const char *text; /* NULL: it has none */
    uint64_t offset;  /* in the file */
};

/* Start with all zeros. */
struct eld_attribute_cursor {
    uint64_t offset, vendor, vendor_end, scope_end;
    struct eld_part list;
    uint32_t scope;
    uint8_t is_in_scope; /* behind its first attribute */
};

/* 1 and the next attribute, or 0 at the end. */
int eld_next_attribute(const struct eld_elf *elf,
                       const struct eld_attributes *attributes,
                       struct eld_attribute_cursor *cursor,
                       struct eld_attribute *attribute,
                       struct eld_fault *fault);

/* Of which sections or symbols an attribute is, by their numbers in the file:
 * 1 and the next number, or 0 at the end of the list. *offset: 0 at the start.
 */
int eld_next_attribute_part(const struct eld_elf *elf,
                            const struct eld_attribute *attribute,
                            uint64_t *offset, uint64_t *number);

/* "Tag_CPU_arch", and "v7" for its number; NULL for one without a name. */
const char *eld_attribute_name(uint16_t machine,
                               const struct eld_attribute *attribute);
const char *eld_attribute_value_name(const struct eld_attribute *attribute);

#ifdef __cplusplus
}
#endif
#endif
