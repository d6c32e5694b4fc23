/* elf_haiku.h -- what Haiku's tools leave in its images. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_HAIKU_H
#define ELFLOAD_ELF_HAIKU_H

#include <elfload/elf_dynamic.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Compiler ABIs (haiku-abi/libroot-abi, ABI markers). */
enum eld_haiku_abi {
    ELD_ABI_GCC2_ANCIENT = 0x00020000,
    ELD_ABI_GCC2_BEOS = 0x00020001,
    ELD_ABI_GCC2_HAIKU = 0x00020002,
    ELD_ABI_GCC4 = 0x00040000 /* and everything later, clang too */
};

struct eld_haiku_version {
    uint32_t abi;         /* enum eld_haiku_abi */
    uint32_t api_version; /* 0x900: r1beta5; 0x10: Haiku, 1: BeOS */
    uint8_t is_guess;     /* from .comment, for want of the symbols */
};

/*
 * The values of _gSharedObjectHaikuABI and _gSharedObjectHaikuVersion, or
 * what Haiku's loader guesses from .comment without them. Never fails: what
 * cannot be read counts as ancient. dynamic: NULL for a static file.
 */
void eld_read_haiku_version(const struct eld_elf *elf,
                            const struct eld_dynamic *dynamic,
                            struct eld_haiku_version *version);

/*
 * The number of the system call that a function makes: libroot's _kern_NAME
 * load it into EAX or RAX first (haiku-abi/x86-32, x86-64). For i386 and
 * x86-64; ELD_ERR_NOT_FOUND when the function is no such stub.
 */
int eld_read_syscall_number(const struct eld_elf *elf,
                            const struct eld_symbol *symbol, uint32_t *number,
                            struct eld_fault *fault);

/* "gcc 2.95 (Haiku)", "Haiku R1/beta5"; NULL for a number without a name. */
const char *eld_haiku_abi_name(uint32_t abi);
const char *eld_haiku_api_name(uint32_t api_version);

/*
 * What an exported function makes of its image: "Tracker add-on" for
 * "process_refs"; NULL for a name that says nothing. Names are as in the
 * file, of either compiler.
 */
const char *eld_export_role(const char *name);

#ifdef __cplusplus
}
#endif
#endif
