/* elf_names.h -- names of the numbers in ELF files. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_NAMES_H
#define ELFLOAD_ELF_NAMES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Constant strings, or NULL for a number without a name. Names are those of
 * the gABI and the psABIs without their prefix: "LOAD", "DYNSYM", "WEAK";
 * machines have their usual names, of the class: "i386", "x86-64", "riscv64".
 */
const char *eld_machine_name(uint16_t machine, int is_64);
const char *eld_os_abi_name(uint8_t os_abi);
const char *eld_type_name(uint16_t type);
const char *eld_segment_type_name(uint16_t machine, uint32_t type);
const char *eld_section_type_name(uint16_t machine, uint32_t type);
const char *eld_dynamic_tag_name(uint16_t machine, int64_t tag);
const char *eld_symbol_bind_name(uint8_t bind);
const char *eld_symbol_type_name(uint16_t machine, uint8_t type);
const char *eld_symbol_visibility_name(uint8_t visibility);

/* What the value of a dynamic entry is. */
enum eld_value {
    ELD_VALUE_NUMBER, /* of no known meaning */
    ELD_VALUE_ADDRESS,
    ELD_VALUE_SIZE, /* bytes */
    ELD_VALUE_COUNT,
    ELD_VALUE_STRING, /* offset in the dynamic string table */
    ELD_VALUE_TAG,    /* of another entry */
    ELD_VALUE_FLAGS,  /* ELD_FLAGS_DYNAMIC */
    ELD_VALUE_FLAGS_1 /* ELD_FLAGS_DYNAMIC_1 */
};

enum eld_value eld_dynamic_value(int64_t tag);

/*
 * "R_386_JMP_SLOT"; of i386, x86-64, ARM, AArch64, RISC-V, PowerPC, m68k,
 * SPARC, MIPS, S/390 and LoongArch.
 */
const char *eld_reloc_name(uint16_t machine, uint32_t type);

/* Sets of flags, beside the machines' e_flags. */
enum eld_flags {
    ELD_FLAGS_SEGMENT = 0x10000, /* p_flags */
    ELD_FLAGS_SECTION,           /* sh_flags */
    ELD_FLAGS_DYNAMIC,           /* DT_FLAGS */
    ELD_FLAGS_DYNAMIC_1,         /* DT_FLAGS_1 */
    ELD_FLAGS_VERSION,           /* VER_FLG_* */
    ELD_FLAGS_X86_FEATURE_1,     /* values of properties */
    ELD_FLAGS_X86_ISA_1,
    ELD_FLAGS_AARCH64_FEATURE_1
};

/*
 * The next name in a set of flags (enum eld_flags, or EM_* for e_flags), or
 * NULL when all that have one are named; *cursor starts with 0. *rest, which
 * may be NULL: the flags that no name has been given for so far.
 */
const char *eld_next_flag(uint32_t set, uint64_t flags, uint32_t *cursor,
                          uint64_t *rest);

/* "X86_FEATURE_1_AND", and the set of flags that its value is, or 0. */
const char *eld_property_name(uint16_t machine, uint32_t type);
uint32_t eld_property_flags(uint16_t machine, uint32_t type);

/* "NT_GNU_BUILD_ID", by the owner's name and the file's type (cores differ). */
const char *eld_note_type_name(const char *owner, uint16_t file_type,
                               uint32_t type);

#ifdef __cplusplus
}
#endif
#endif
