/* census.h -- what a program's code uses: instructions and system calls. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_CENSUS_H
#define ELFINFO_CENSUS_H

#include <elfload/elf_dynamic.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { INF_CALLS_MAX = 1024 };

/* An instruction that uvm's processor has not. */
struct inf_unknown {
    char text[32];
    uint64_t count, first; /* address of the first */
};

struct inf_census {
    uint64_t insn_count;
    uint64_t other_bytes; /* in code, of no instruction: data, as a rule */
    struct inf_unknown unknown[64];
    size_t unknown_count;
    uint8_t calls[INF_CALLS_MAX]; /* by number: 1 when the program makes it */
};

/* Reads all code of a file from its start to its end, as i386 code. */
void inf_take_census(const struct eld_elf *elf, struct inf_census *census);

/*
 * Marks the system calls that a function of a libroot may come to make: its
 * code and that of all it calls or jumps to directly or through the procedure
 * linkage table. What is called through pointers is not known.
 */
struct inf_reach;
struct inf_reach *inf_reach_new(const struct eld_elf *elf,
                                const struct eld_dynamic *dynamic);
void inf_reach_free(struct inf_reach *reach);
/* 0 when the libroot has no such function. */
int inf_reach_from(struct inf_reach *reach, const char *name,
                   uint8_t calls[INF_CALLS_MAX]);

#ifdef __cplusplus
}
#endif
#endif
