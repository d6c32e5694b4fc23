/* tables.h -- tables that sections and the dynamic section both name. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_TABLES_H
#define ELFLOAD_TABLES_H

#include <elfload/elf_reader.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A part as relocations; entry_size: what the file says, 0 for unsaid. */
int eld_relocs_of(const struct eld_elf *elf, const struct eld_part *part,
                  uint64_t entry_size, enum eld_relocs_kind kind,
                  struct eld_relocs *relocs, struct eld_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
