/* elf_lint.h -- what would go wrong with a file on Haiku. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_LINT_H
#define ELFLOAD_ELF_LINT_H

#include <elfload/elf_reader.h>

#ifdef __cplusplus
extern "C" {
#endif

enum eld_severity { ELD_LINT_ERROR, ELD_LINT_WARNING, ELD_LINT_NOTE };

struct eld_finding {
    int code; /* stays the same for the same thing */
    enum eld_severity severity;
    const char *text; /* constant */
    char detail[256]; /* what and where, one printable line, or "" */
    uint64_t count;   /* how many of them; detail is of the first */
};

typedef void eld_report_finding(void *context,
                                const struct eld_finding *finding);

/*
 * Looks at a program, library or add-on as Haiku's runtime_loader would, and
 * reports what it refuses, leaves out or ignores, in the order of codes, each
 * code once. For i386 and x86-64. Returns how many errors there are, or
 * ELD_ERR_MACHINE. Pure.
 */
int eld_lint(const struct eld_elf *elf, eld_report_finding *report,
             void *context);

#ifdef __cplusplus
}
#endif
#endif
