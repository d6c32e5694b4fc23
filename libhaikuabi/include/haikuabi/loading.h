/* loading.h -- what a host needs to load a team's program. */
/* SPDX-License-Identifier: MIT */
#ifndef HAIKUABI_LOADING_H
#define HAIKUABI_LOADING_H

#include <haikuabi/haikuabi.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * For use inside hk_host.load_program alone. Functions returning int give 0,
 * or the negative value of the host's errno that says the same as Haiku's
 * error code.
 */

#define HK_GUEST_PATH_MAX 1024

/* A file of the guest, open for reading. */
struct hk_guest_file {
    char path[HK_GUEST_PATH_MAX]; /* normalized */
    int fd;                       /* the host's; the caller closes it */
    uint64_t size;                /* bytes */
    int32_t device;               /* as the guest sees it */
    int64_t node;
};

/* Opens a guest path, from the team's working directory when it is relative;
 * directories are refused with -EISDIR. */
int hk_guest_open(struct hk_team *team, const char *path,
                  struct hk_guest_file *file);

/* The same for a normalized path, and from the root of all: what the kernel
 * opens, whatever root the team has changed to. */
int hk_guest_open_system(struct hk_team *team, const char *path,
                         struct hk_guest_file *file);

/* Keeps size bytes free of others: at hint when exact, else at or above it. */
int hk_guest_reserve(struct hk_team *team, uint32_t hint, uint32_t size,
                     int exact, uint32_t *address);

/* Makes an area at an exact address. prot: GM_PROT_*. fd: of the file, mapped
 * privately, or -1 for zeroed memory. */
int hk_guest_map(struct hk_team *team, const char *name, uint32_t address,
                 uint32_t size, unsigned prot, int fd, uint64_t offset);

/* Sets the protection of a range; of an area's record when it is whole. */
int hk_guest_protect(struct hk_team *team, uint32_t address, uint32_t size,
                     unsigned prot);

/* Undoes reserve and map in a range. */
void hk_guest_release(struct hk_team *team, uint32_t address, uint32_t size);

/* What image_info shows; haiku-abi/structs.md, "extended_image_info". */
struct hk_guest_image {
    const char *path;
    uint32_t type; /* 1 program, 2 library */
    uint32_t init_order, init, fini;
    int32_t device;
    int64_t node;
    uint32_t text, text_size, data, data_size;
    uint32_t api_version, abi;
    uint32_t delta, symbol_table, symbol_hash, string_table;
};

/* Registers an image. Its id, or -ENOMEM. */
int hk_guest_register(struct hk_team *team, const struct hk_guest_image *image);

/* Numbers of the calls in the team's release that Haiku's loader and libroot
 * would make: image_relocated(id) once everything is linked, for the program
 * last, and exit_team(status) at the end. */
struct hk_guest_numbers {
    uint32_t image_relocated, exit_team;
};

void hk_guest_get_numbers(const struct hk_team *team,
                          struct hk_guest_numbers *numbers);

#ifdef __cplusplus
}
#endif
#endif
