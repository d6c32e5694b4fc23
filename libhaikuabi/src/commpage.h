/* commpage.h -- the page of code and facts that each team sees. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_COMMPAGE_H
#define HK_COMMPAGE_H

#include "kernel.h"

enum { HK_COMMPAGE_SIZE = 0x8000 };

/* Entries of the table at its start; but for the first two, the words are
 * offsets from the page's start (haiku-abi/x86-32.md, section 2). */
enum hk_commpage_entry {
    HK_COMMPAGE_MAGIC,
    HK_COMMPAGE_VERSION,
    HK_COMMPAGE_REAL_TIME_DATA,
    HK_COMMPAGE_SYSCALL,
    HK_COMMPAGE_MEMCPY,
    HK_COMMPAGE_MEMSET,
    HK_COMMPAGE_SIGNAL_HANDLER,
    HK_COMMPAGE_SIGNAL_HANDLER_BEOS,
    HK_COMMPAGE_THREAD_EXIT,
    HK_COMMPAGE_ENTRIES
};

/* Offset that a table entry holds; the same for every team of a release. */
uint32_t hk_commpage_offset(enum hk_commpage_entry entry);

/* Writes the page's content to a zeroed buffer of HK_COMMPAGE_SIZE bytes. */
void hk_commpage_fill(const struct hk_kernel *kernel, uint8_t *page);

#endif
