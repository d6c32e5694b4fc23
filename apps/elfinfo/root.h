/* root.h -- guest paths in a host directory. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_ROOT_H
#define ELFINFO_ROOT_H

#include <stddef.h>

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

#ifdef __cplusplus
}
#endif
#endif
