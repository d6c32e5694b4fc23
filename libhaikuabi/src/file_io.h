/* file_io.h -- bytes between a host descriptor and guest memory. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_FILE_IO_H
#define HK_FILE_IO_H

#include <sys/uio.h>

#include "fd.h"

enum { HK_IOV_MAX = 1024 };

struct hk_transfer {
    struct hk_file *file;
    int is_write;
    int64_t position; /* -1: the file's own */
};

/*
 * Moves bytes of guest memory (host addresses inside the window) to or from
 * a file, waiting where the file makes one wait. Returns how many, or an
 * error. The vectors are changed.
 */
int64_t hk_transfer(struct hk_thread *self, const struct hk_transfer *transfer,
                    struct iovec *vectors, uint32_t count);

/* Leaves out what is done. Returns how many vectors are left. */
uint32_t hk_advance(struct iovec **vectors, uint32_t count, size_t done);

/* The guest's iovec array; vectors has HK_IOV_MAX entries. B_OK or an
 * error. */
int32_t hk_read_vectors(const struct hk_thread *self, struct iovec *vectors,
                        gm_addr from, uint32_t count);

#endif
