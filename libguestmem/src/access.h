/* access.h -- touching guest memory and living through its faults. */
/* SPDX-License-Identifier: MIT */
#ifndef GM_ACCESS_H
#define GM_ACCESS_H

#include <stddef.h>
#include <stdint.h>

/* On x86-64 a copy just runs into its fault and gm_on_fault gets it out; other
 * hosts, or a build that defines GM_ACCESS_BY_CALL, have the kernel copy. */
#if defined(__linux__) && defined(__x86_64__) && !defined(GM_ACCESS_BY_CALL)
#define GM_ACCESS_BY_FAULT 1
#endif

/* Which host addresses may fault, and what happened. */
struct gm_access {
    uintptr_t start;
    uintptr_t end;
    int is_bus; /* set when a fault was no matter of protection */
};

/* Each returns how many of the size bytes are left undone by a fault. */
size_t gm_access_copy(void *to, const void *from, size_t size,
                      struct gm_access *access);
size_t gm_access_fill(void *to, int byte, size_t size,
                      struct gm_access *access);

#define GM_ACCESS_FAULT SIZE_MAX

/*
 * Copies a string with its NUL; its length, or size when no NUL is in that many
 * bytes, or GM_ACCESS_FAULT. No byte is read behind the page of the NUL, and it
 * is the copy that is looked at: a guest that changes its string meanwhile
 * cannot make two lengths of one.
 */
size_t gm_access_string(char *to, const char *from, size_t size,
                        struct gm_access *access);

/* Returns 0 when done, with what was found in *expected; otherwise 4. */
size_t gm_access_exchange(uint32_t *to, uint32_t *expected, uint32_t desired,
                          struct gm_access *access);

#endif
