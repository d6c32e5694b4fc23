/* elf_unwind.h -- tables that say how to unwind the stack. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_UNWIND_H
#define ELFLOAD_ELF_UNWIND_H

#include <elfload/elf_reader.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As in elf_reader.h: pure, nothing allocated, 0 or 1 or ELD_ERR_*. */

enum eld_unwind_kind {
    ELD_UNWIND_EH_FRAME,    /* .eh_frame (LSB, Exception Frames) */
    ELD_UNWIND_DEBUG_FRAME, /* .debug_frame (DWARF 5, 6.4.1) */
    ELD_UNWIND_ARM_INDEX    /* SHT_ARM_EXIDX (EHABI32, 6) */
};

struct eld_unwind {
    struct eld_part part; /* its records */
    uint64_t address;     /* virtual; 0 in object files */
    enum eld_unwind_kind kind;
};

/*
 * The table in a section. ELD_ERR_INVALID for a section that is none, or one
 * whose bytes are compressed.
 */
int eld_section_unwind(const struct eld_elf *elf,
                       const struct eld_section *section,
                       struct eld_unwind *unwind, struct eld_fault *fault);

/* .eh_frame through PT_GNU_EH_FRAME, for a file without section headers. */
int eld_find_unwind(const struct eld_elf *elf, struct eld_unwind *unwind,
                    struct eld_fault *fault);

/* One record: what functions have in common (CIE), or one function (FDE). */
struct eld_frame {
    uint64_t offset, size; /* in the file; with its length */
    uint64_t common;       /* offset in the file of an FDE's CIE, ELD_NONE */
    uint8_t is_common;
    /* Of an FDE, or an entry of ARM's index; in object files as relocations
     * find it. ARM's entries have the size 0. */
    uint64_t address, code_size;
    uint8_t cannot_unwind; /* ARM: EXIDX_CANTUNWIND */
    /* Of a CIE, and of the one that an FDE belongs to. */
    const char *augmentation; /* "" for ARM's */
    uint64_t code_align, return_register;
    int64_t data_align;
    uint8_t version, is_signal; /* the frame of a signal handler */
    uint8_t encoding;           /* DW_EH_PE_* of addresses */
};

/*
 * The record at *offset of the table (start with 0), which moves on behind
 * it: 1, or 0 at the end, which a length of 0 is too.
 */
int eld_next_frame(const struct eld_elf *elf, const struct eld_unwind *unwind,
                   uint64_t *offset, struct eld_frame *frame,
                   struct eld_fault *fault);

/* .eh_frame_hdr: where .eh_frame is, and a table to search in. */
struct eld_unwind_header {
    uint64_t offset;         /* in the file */
    uint64_t frames_address; /* virtual, of .eh_frame; ELD_NONE: unsaid */
    uint64_t count;          /* entries of its table, 0: none */
    uint8_t version;
    uint8_t pointer_encoding, count_encoding, table_encoding; /* DW_EH_PE_* */
};

/* Reads what PT_GNU_EH_FRAME is; ELD_ERR_NOT_FOUND without one. */
int eld_read_unwind_header(const struct eld_elf *elf,
                           struct eld_unwind_header *header,
                           struct eld_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
