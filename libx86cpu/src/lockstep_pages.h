/* lockstep_pages.h -- copies of guest pages that a stretch may change. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_LOCKSTEP_PAGES_H
#define X86CPU_LOCKSTEP_PAGES_H

#include "machine.h"

/* One page in the shadow, the window that stretches are tried in. */
struct xcpu_shadow_page {
    uint32_t page;
    uint8_t protection; /* enum xcpu_protection, the guest's */
    uint8_t dirty;      /* the first engine has changed it, to after[] */
    uint8_t before[XCPU_PAGE_SIZE];
    uint8_t after[XCPU_PAGE_SIZE];
};

struct xcpu_shadow {
    uint8_t *base; /* 4 GiB and a guard, without access but for pages */
    struct xcpu_shadow_page **pages;
    uint32_t count, capacity;
    uint32_t faults; /* of this stretch: more pages are brought each time */
    int is_known;    /* each is as after[] if it is dirty, else as before[] */
};

/* 0 or < 0 when memory is short. */
int xcpu_shadow_new(struct xcpu_shadow *shadow);
void xcpu_shadow_free(struct xcpu_shadow *shadow);

/* Begins a stretch: all pages as they are in the guest's memory now. */
void xcpu_shadow_begin(struct xcpu *cpu, struct xcpu_shadow *shadow);

/* All pages as they were at its beginning, for what may write to them. */
void xcpu_shadow_rewind(struct xcpu_shadow *shadow);

/*
 * Brings the page of a fault. 1: the access may be tried again; 0: it is not
 * the guest's, or the page has been there; < 0: too many pages.
 */
int xcpu_shadow_bring(struct xcpu *cpu, struct xcpu_shadow *shadow,
                      uint32_t address, int write);

/* Keeps what the first engine has written. */
void xcpu_shadow_keep(struct xcpu_shadow *shadow);

/* Whether what it has written is code of which the cpu has blocks. */
int xcpu_shadow_changed_code(const struct xcpu *cpu,
                             const struct xcpu_shadow *shadow);

/* Whether a page that is compared is not as it was copied any more. */
int xcpu_shadow_is_late(struct xcpu *cpu, const struct xcpu_shadow *shadow);

/* Bytes that the second engine has written otherwise: how many, and the first
 * few (mismatch may be NULL). */
uint32_t xcpu_shadow_compare(struct xcpu_shadow *shadow,
                             struct xcpu_mismatch *mismatch);

#endif
