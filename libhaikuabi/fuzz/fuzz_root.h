/* fuzz_root.h -- a root to throw away, and what lies beside it. */
/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_ROOT_H
#define FUZZ_ROOT_H

#include <limits.h>
#include <sys/stat.h>

/* top holds the root, with links to everywhere, and "outside", where nothing
 * may change. */
struct fuzz_root {
    char top[PATH_MAX / 4];
    char root[PATH_MAX / 2];
    struct stat outside, secret;
};

/* Aborts when it cannot be made. */
void fuzz_root_make(struct fuzz_root *root);

/* Aborts when a call has left the root. */
void fuzz_root_check(const struct fuzz_root *root);

void fuzz_root_remove(const struct fuzz_root *root);

#endif
