/* window.h -- one page of guest memory at hand, for many small accesses. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_WINDOW_H
#define ELFLOAD_WINDOW_H

#include <guestmem/guestmem.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Relocations come sorted: reading and writing whole pages is cheaper than a
 * guarded copy for each word. */
struct eld_window {
    struct gm_space *space;
    uint64_t page; /* address; bytes is its content */
    int is_valid, is_dirty;
    uint8_t bytes[GM_PAGE_SIZE];
};

void eld_window_init(struct eld_window *window, struct gm_space *space);

/* Little-endian numbers of size 1, 2, 4 or 8 bytes. 0 or ELD_ERR_MEMORY. */
int eld_window_read(struct eld_window *window, uint64_t address, unsigned size,
                    uint64_t *value);
int eld_window_write(struct eld_window *window, uint64_t address, unsigned size,
                     uint64_t value);

/* Writes back; afterwards others may access the memory. */
int eld_window_flush(struct eld_window *window);

#ifdef __cplusplus
}
#endif
#endif
