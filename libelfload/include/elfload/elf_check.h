/* elf_check.h -- can this file be started at all? */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_CHECK_H
#define ELFLOAD_ELF_CHECK_H

#include <elfload/elf_reader.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a machine that runs programs takes. */
struct eld_target {
    uint16_t machine;   /* EM_*; little-endian */
    uint8_t is_64;      /* class */
    uint64_t low, high; /* addresses of user memory: [low, high) */
};

/*
 * Haiku's targets: EM_386, with user memory from 1 MiB to 2 GiB - 64 KiB
 * (haiku-abi/x86-32, Address space), and EM_X86_64 (haiku-abi/x86-64, Memory
 * layout). NULL for other machines. Pages are 4 KiB.
 */
const struct eld_target *eld_target_of(uint16_t machine);

/*
 * Checks a whole file before it is started: its kind (empty, text, not ELF),
 * class, machine and type, that all of its tables, segments and sections are
 * there (a file cut off at any length is found out), and that its segments
 * make an image: ascending, apart by pages, within user memory, the entry
 * point inside. 0 and *elf, or ELD_ERR_* and the fault to print. elf and
 * fault may be NULL.
 */
int eld_check_program(const void *bytes, size_t size,
                      const struct eld_target *target, struct eld_elf *elf,
                      struct eld_fault *fault);

/* The same for a library: its entry point does not matter. */
int eld_check_library(const void *bytes, size_t size,
                      const struct eld_target *target, struct eld_elf *elf,
                      struct eld_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
