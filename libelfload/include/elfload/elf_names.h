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
const char *eld_dynamic_tag_name(int64_t tag);
const char *eld_symbol_bind_name(uint8_t bind);
const char *eld_symbol_type_name(uint8_t type);
const char *eld_symbol_visibility_name(uint8_t visibility);

/* "R_386_JMP_SLOT"; of i386 and x86-64. */
const char *eld_reloc_name(uint16_t machine, uint32_t type);

/* "NT_GNU_BUILD_ID", by the owner's name and the file's type (cores differ). */
const char *eld_note_type_name(const char *owner, uint16_t file_type,
                               uint32_t type);

#ifdef __cplusplus
}
#endif
#endif
