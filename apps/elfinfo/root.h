/* root.h -- a guest's files: in a host directory, and in packages. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_ROOT_H
#define ELFINFO_ROOT_H

#include "elfinfo.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Finds a guest's file below a root, following symbolic links inside it (an
 * absolute one starts at the root again, ".." stays within). Writes the
 * host's path of the file and the guest's path without links, each of size
 * bytes. 0 or a negative errno value.
 */
int inf_resolve(const char *root, const char *guest_path, char *host_path,
                char *real_path, size_t size);

/*
 * What a guest sees as its files: a root of uvm's with its packages activated;
 * else those of a directory, and behind them those of the packages in its
 * boot/system/packages and boot/home/config/packages, and in itself, which are
 * read in place as if all of them were /boot/system's.
 */
struct inf_root;

/* What cannot be opened is reported as an error of the file. */
struct inf_root *inf_root_open(struct inf_file *file, const char *path);
void inf_root_close(struct inf_root *root);

/* The host directory of "/". */
const char *inf_root_directory(const struct inf_root *root);

/* Reads a file whole, and writes its path without links, in size bytes: 0 or a
 * negative errno value. */
int inf_root_read(struct inf_root *root, const char *guest_path,
                  struct inf_input *input, char *real_path, size_t size);

#ifdef __cplusplus
}
#endif
#endif
