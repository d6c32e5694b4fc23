/* fault.h -- filling in a struct eld_fault. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_FAULT_H
#define ELFLOAD_FAULT_H

#include <elfload/elf_error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sets *fault (which may be NULL), every other member to none. Returns
 * error. */
int eld_fail(struct eld_fault *fault, int error, const char *what,
             uint64_t index, uint64_t offset);

/* The same, with the value at fault and the one that would be right. */
int eld_fail_value(struct eld_fault *fault, int error, const char *what,
                   uint64_t index, uint64_t found, uint64_t expected);

/* Add to a fault that is set; return its error. */
void eld_fault_add_name(struct eld_fault *fault, const char *name,
                        const char *version);
void eld_fault_add_offset(struct eld_fault *fault, uint64_t offset);
void eld_fault_add_file(struct eld_fault *fault, const char *path);
void eld_fault_add_host(struct eld_fault *fault, int negative_errno);

#ifdef __cplusplus
}
#endif
#endif
