/* elf_link.h -- loads programs and links them as Haiku does. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_LINK_H
#define ELFLOAD_ELF_LINK_H

#include <elfload/elf_check.h>
#include <guestmem/guestmem.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ELD_PATH_MAX   1024 /* bytes of a guest path with its NUL */
#define ELD_IMAGES_MAX 1024

/* A file that the host has opened for the linker. */
struct eld_file {
    char path[ELD_PATH_MAX]; /* normalized: absolute, without links */
    const void *bytes;       /* the whole file; unchanged until close */
    size_t size;
    uint64_t device, node; /* which file it is, for image_info */
    int fd;                /* the host's own use, and map's */
    void *owner;           /* likewise */
};

/* One range to map; it lies in a range got from reserve. */
struct eld_mapping {
    const char *name;    /* Haiku's name of the area: "libbe.so_seg0ro" */
    uint64_t address;    /* page-aligned */
    uint64_t size;       /* bytes, whole pages */
    unsigned prot;       /* GM_PROT_*: readable and writable, as a rule */
    unsigned final_prot; /* what protect will set it to in the end */
    const struct eld_file *file; /* NULL: zeroed memory */
    uint64_t offset;             /* in the file, page-aligned */
};

/*
 * The linker's surroundings. All memory is mapped by the caller, privately;
 * the linker then reads and writes it through the space, and only what has
 * been mapped for it (gm_on_fault answers for files that shrink meanwhile).
 * Functions returning int give 0 or a negative errno value. context is passed
 * to each.
 */
struct eld_host {
    void *context;
    struct gm_space *space;

    /* Opens a guest path for reading; directories are refused. */
    int (*open)(void *context, const char *path, struct eld_file *file);
    void (*close)(void *context, struct eld_file *file);

    /*
     * Finds room for an image and keeps others out of it: at hint exactly
     * when is_exact, else at or above hint where the host likes it.
     */
    int (*reserve)(void *context, uint64_t hint, uint64_t size, int is_exact,
                   uint64_t *address);

    int (*map)(void *context, const struct eld_mapping *mapping);

    /* A whole mapping, or the pages of one that GNU_RELRO covers. */
    int (*protect)(void *context, uint64_t address, uint64_t size,
                   unsigned prot);

    /* Undoes reserve and every map in the range, after a failure. */
    void (*release)(void *context, uint64_t address, uint64_t size);
};

struct eld_link_request {
    const char *program;             /* guest path, with a slash */
    const struct eld_target *target; /* eld_target_of(EM_386) */
    const char *library_path;        /* LIBRARY_PATH; NULL: the defaults */
    const char *preload;             /* LD_PRELOAD; NULL: none */
    uint64_t base;          /* hint for what can be anywhere; 0: 0x200000 */
    uint32_t system_abi;    /* enum eld_haiku_abi of the system's own
                               libraries; 0: ELD_ABI_GCC4 */
    uint8_t is_safe_mode;   /* only system directories */
    uint8_t has_static_tls; /* the host lays out static_offset below the
                               thread pointer; Haiku does not */
};

/* image_type of haiku-abi/structs. */
enum eld_image_type {
    ELD_IMAGE_APP = 1,
    ELD_IMAGE_LIBRARY = 2,
    ELD_IMAGE_ADD_ON = 3
};

struct eld_region {
    uint64_t address, size;
    uint64_t offset;     /* in the file; ELD_NONE: zeroed memory */
    unsigned final_prot; /* GM_PROT_* */
};

/* All addresses are the guest's; 0: none. */
struct eld_image {
    const char *path; /* as opened */
    const char *name; /* DT_SONAME or the leaf */
    enum eld_image_type type;
    uint64_t device, node;
    uint64_t delta; /* address = vaddr + delta, modulo 2^64 */
    uint64_t entry;
    uint64_t text, text_size, data, data_size;
    uint64_t symbol_table, symbol_hash, string_table, dynamic;
    uint64_t init, fini; /* DT_INIT, DT_FINI */
    uint32_t abi, api_version;
    uint32_t tls_module;              /* index in tls, or ELD_NO_TLS */
    uint32_t init_order;              /* 0: initialized first */
    const struct eld_region *regions; /* ascending */
    uint32_t region_count;
    uint32_t needed_count;
    const uint32_t *needed; /* indices of images, preloaded ones first */
};

#define ELD_NO_TLS UINT32_MAX

/*
 * Its index is the module id that DTPMOD relocations hold. What a provider of
 * ___tls_get_addr needs: a block is memory_size bytes aligned to align, the
 * first file_size copied from address, the rest zero.
 */
struct eld_tls_module {
    uint32_t image;
    uint64_t address, file_size, memory_size, align;
    uint64_t static_offset; /* block at thread pointer - static_offset */
};

/* A function of the guest to call. */
struct eld_call {
    uint64_t address;
    uint32_t image;
    uint8_t takes_image_id; /* the image's id is its only argument */
};

struct eld_program {
    const struct eld_image *images; /* in load order, the program first */
    uint32_t image_count;
    uint64_t entry;
    const struct eld_call *init, *fini; /* in the order to call them */
    uint32_t init_count, fini_count;
    const struct eld_tls_module *tls;
    uint32_t tls_count;
    uint64_t static_tls_size, static_tls_align;
};

/*
 * Loads a program with everything it needs, breadth first by Haiku's search
 * rules (haiku-abi/libroot-abi, Library search), binds all symbols, applies
 * all relocations and sets the final protections. 0 and *program, to be freed
 * with eld_program_free; or ELD_ERR_* and the fault, and everything mapped
 * has been released. The host is used until eld_program_free.
 */
int eld_link_program(const struct eld_host *host,
                     const struct eld_link_request *request,
                     struct eld_program **program, struct eld_fault *fault);

/* Called for each thing that is missing; fault->file: who wants it. */
typedef void eld_report(void *context, const struct eld_fault *fault);

/*
 * Finds everything that eld_link_program would load, without loading it: of
 * the host only open and close are used. Reports every library that is
 * not found or cannot be one, every version and every symbol that no image
 * defines, and goes on. The program may be a library, too. Images have their
 * paths, names, ABIs and needs (those found), no addresses. 0, or ELD_ERR_*
 * when the program itself cannot be read; to be freed as above.
 */
int eld_inspect_program(const struct eld_host *host,
                        const struct eld_link_request *request,
                        eld_report *report, void *context,
                        struct eld_program **program, struct eld_fault *fault);

/*
 * Loads Haiku's runtime_loader as its kernel does (haiku-abi/libroot-abi,
 * Who loads what): placed at or above its own addresses, bound to nothing but
 * itself; areas are named runtime_loader_seg0ro, _seg1rw, _bss1. The program
 * has that one image, nothing to initialize.
 */
int eld_load_runtime_loader(const struct eld_host *host, const char *path,
                            const struct eld_target *target,
                            struct eld_program **program,
                            struct eld_fault *fault);

/* Closes the files and frees; what is mapped stays. NULL is allowed. */
void eld_program_free(struct eld_program *program);

/* Address of a symbol that one image exports. 0 or ELD_ERR_NOT_FOUND. */
int eld_find_image_symbol(const struct eld_program *program, uint32_t image,
                          const char *name, uint64_t *address);

/* The same over all images, in load order. */
int eld_find_program_symbol(const struct eld_program *program, const char *name,
                            uint64_t *address);

struct eld_place {
    uint32_t image;
    const char *symbol; /* the nearest one at or below, or NULL */
    uint64_t offset;    /* from the symbol, or else from the image's start */
};

/* What an address belongs to. 0, or ELD_ERR_NOT_FOUND outside all images. */
int eld_find_place(const struct eld_program *program, uint64_t address,
                   struct eld_place *place);

#ifdef __cplusplus
}
#endif
#endif
