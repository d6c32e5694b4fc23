/* link.h -- what the parts of the linker share. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_LINK_H
#define ELFLOAD_LINK_H

#include "window.h"

#include <elfload/elf_dynamic.h>
#include <elfload/elf_haiku.h>
#include <elfload/elf_link.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ELD_PAGE       4096u
#define ELD_IMAGE_NONE UINT32_MAX

/* Whose way of mapping and binding is followed. INSPECT: the loader's, but
 * nothing is mapped, and what is missing is reported instead of an error. */
enum eld_style { ELD_STYLE_LOADER, ELD_STYLE_KERNEL, ELD_STYLE_INSPECT };

/* Version number N of an image is versions[N]; name NULL: there is none. */
struct eld_version_name {
    const char *name, *file;
    uint32_t hash;
};

/* A symbol and the image that defines it. */
struct eld_binding {
    uint32_t image; /* ELD_IMAGE_NONE: a weak symbol that nobody defines */
    uint8_t type;   /* STT_* of the definition */
    uint64_t value, size;
};

/* Bindings of an image's symbols, found once. */
struct eld_bound {
    struct eld_binding binding;
    uint8_t is_known;
};

struct eld_linked {
    struct eld_image image; /* what the caller gets to see */
    struct eld_file file;
    struct eld_elf elf;
    struct eld_dynamic dynamic;
    int is_dynamic;
    struct eld_region *regions;
    uint32_t *needed;
    uint64_t reserved, reserved_size; /* size 0: nothing reserved */
    struct eld_version_name *versions;
    uint32_t version_count;
    struct eld_bound *bound;  /* by symbol number */
    struct eld_segment relro; /* memory_size 0: none */
};

struct eld_linker {
    struct eld_program program; /* first: what the caller gets */
    struct eld_host host;
    const struct eld_link_request *request; /* until linked */
    enum eld_style style;
    uint32_t main_abi; /* of the program, for the search */
    struct eld_linked *images[ELD_IMAGES_MAX];
    uint32_t image_count;
    struct eld_tls_module *tls;
    uint32_t *order; /* images, dependencies first */
    struct eld_window window;
    struct eld_image *result;
    struct eld_call *calls[2]; /* init, fini */
    eld_report *report;        /* INSPECT */
    void *report_context;
};

/* All of these give 0 or ELD_ERR_* and the fault. */

/* load.c: takes over the open file, maps it; on success it is the last of
 * linker->images. */
int eld_load_image(struct eld_linker *linker, const struct eld_file *file,
                   enum eld_image_type type, struct eld_fault *fault);
void eld_unload_image(struct eld_linker *linker, struct eld_linked *linked);

/* map.c: places and maps the segments. */
int eld_map_image(struct eld_linker *linker, struct eld_linked *linked,
                  struct eld_fault *fault);
int eld_protect_image(struct eld_linker *linker, struct eld_linked *linked,
                      struct eld_fault *fault);

/* The region that has all of [address, address + size), or NULL. */
const struct eld_region *eld_region_at(const struct eld_linked *linked,
                                       uint64_t address, uint64_t size);

/* 1 when the range is mapped, by one region or by several that adjoin. */
int eld_is_mapped(const struct eld_linked *linked, uint64_t address,
                  uint64_t size);

/* search.c: opens a library that requester needs. */
int eld_open_library(struct eld_linker *linker, const char *name,
                     const struct eld_linked *requester, struct eld_file *file,
                     struct eld_fault *fault);

/* depend.c: loads everything that is needed, and puts it in order. */
int eld_load_dependencies(struct eld_linker *linker, struct eld_fault *fault);
int eld_order_images(struct eld_linker *linker, struct eld_fault *fault);
struct eld_linked *eld_find_loaded(const struct eld_linker *linker,
                                   const char *name);

/* bind.c: versions and symbols. */
int eld_read_version_names(struct eld_linked *linked, struct eld_fault *fault);
int eld_check_needed_versions(const struct eld_linker *linker,
                              const struct eld_linked *linked,
                              struct eld_fault *fault);
int eld_check_needed_version(const struct eld_linker *linker,
                             const struct eld_linked *linked,
                             const struct eld_version *version,
                             struct eld_fault *fault);

/* What a reference to a symbol may be bound to. */
enum eld_reference {
    ELD_REFERENCE_ANY,
    ELD_REFERENCE_CALL, /* not a stand-in address of the program's */
    ELD_REFERENCE_COPY  /* not the image that refers to it */
};

int eld_bind_symbol(struct eld_linker *linker, uint32_t image, uint64_t index,
                    enum eld_reference reference, struct eld_binding *binding,
                    struct eld_fault *fault);

/* relocate.c */
int eld_relocate_image(struct eld_linker *linker, uint32_t image,
                       struct eld_fault *fault);

/* inspect.c: 0 when a fault has been reported and loading can go on. */
int eld_report_fault(struct eld_linker *linker, int error,
                     const struct eld_fault *fault);

/* link.c: beginning and end of a program. */
struct eld_linker *eld_new_linker(const struct eld_host *host,
                                  const struct eld_link_request *request,
                                  enum eld_style style,
                                  struct eld_fault *fault);
int eld_load_main(struct eld_linker *linker, enum eld_image_type type,
                  struct eld_fault *fault);
int eld_finish_program(struct eld_linker *linker, struct eld_fault *fault);

/* calls.c: the functions to call before and after the program. */
int eld_list_calls(struct eld_linker *linker, struct eld_fault *fault);

/* Sets the image's path in the fault; returns its error. */
int eld_fail_in(struct eld_fault *fault, int error,
                const struct eld_linked *linked);

/* Where an address of the file is in memory; wraps as the machine does. */
static inline uint64_t eld_place_of(const struct eld_linked *linked,
                                    uint64_t vaddr)
{
    uint64_t address = vaddr + linked->image.delta;

    return linked->elf.is_64 ? address : address & UINT32_MAX;
}

#ifdef __cplusplus
}
#endif
#endif
