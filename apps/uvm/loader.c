/* loader.c -- a program's way into memory, through libelfload. */
/* SPDX-License-Identifier: MIT */
#include <haikuabi/loading.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <elf.h>

#include "uvm.h"

static const char runtime_loader[] = "/boot/system/runtime_loader";

/* ---- struct eld_host over a team ---- */

static int open_file(void *context, const char *path, struct eld_file *file)
{
    struct hk_guest_file guest;
    int error = strcmp(path, runtime_loader) == 0
                    ? hk_guest_open_system(context, path, &guest)
                    : hk_guest_open(context, path, &guest);

    if (error < 0)
        return error;
    file->bytes = NULL;
    file->size = (size_t)guest.size;
    if (guest.size > 0) {
        void *bytes =
            mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, guest.fd, 0);

        if (bytes == MAP_FAILED) {
            error = -errno;
            close(guest.fd);
            return error;
        }
        file->bytes = bytes;
    }
    memcpy(file->path, guest.path, sizeof(file->path));
    file->device = (uint64_t)guest.device;
    file->node = (uint64_t)guest.node;
    file->fd = guest.fd;
    return 0;
}

static void close_file(void *context, struct eld_file *file)
{
    (void)context;
    if (file->bytes != NULL)
        munmap((void *)file->bytes, file->size);
    close(file->fd);
}

static int reserve(void *context, uint64_t hint, uint64_t size, int is_exact,
                   uint64_t *address)
{
    uint32_t at;
    int error;

    if (hint > UINT32_MAX || size > UINT32_MAX)
        return -ENOMEM;
    error = hk_guest_reserve(context, (uint32_t)hint, (uint32_t)size, is_exact,
                             &at);
    if (error == 0)
        *address = at;
    return error;
}

static int map(void *context, const struct eld_mapping *mapping)
{
    return hk_guest_map(context, mapping->name, (uint32_t)mapping->address,
                        (uint32_t)mapping->size, mapping->prot,
                        mapping->file != NULL ? mapping->file->fd : -1,
                        mapping->offset);
}

static int protect(void *context, uint64_t address, uint64_t size,
                   unsigned prot)
{
    return hk_guest_protect(context, (uint32_t)address, (uint32_t)size, prot);
}

static void release(void *context, uint64_t address, uint64_t size)
{
    hk_guest_release(context, (uint32_t)address, (uint32_t)size);
}

/* ---- loading ---- */

/* What libhaikuabi is told of a fault. */
static int load_error(const struct eld_fault *fault)
{
    static const struct {
        int fault, host_error, error;
    } rows[] = {
        {ELD_ERR_NOMEM, 0, HK_ERR_NOMEM},
        {ELD_ERR_HOST, ENOMEM, HK_ERR_NOMEM},
        {ELD_ERR_HOST, ENOENT, HK_ERR_NOTFOUND},
        {ELD_ERR_HOST, ENOTDIR, HK_ERR_NOTFOUND},
        {ELD_ERR_HOST, EACCES, HK_ERR_ACCESS},
        {ELD_ERR_NO_LIBRARY, -1, HK_ERR_NOLIBRARY},
        {ELD_ERR_NO_SYMBOL, -1, HK_ERR_NOSYMBOL},
        {ELD_ERR_SYMBOL_TYPE, -1, HK_ERR_NOSYMBOL},
        {ELD_ERR_NO_VERSION, -1, HK_ERR_NOSYMBOL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].fault == fault->error &&
            (rows[i].host_error < 0 || rows[i].host_error == fault->host_error))
            return rows[i].error;
    return HK_ERR_NOEXEC;
}

/* Where the user may find a Haiku for a program that wants one. */
static const char *where_haiku_is(const struct uvm *uvm, const char *path,
                                  char text[UVM_PATH_MAX])
{
    static const char host[] = "/host";
    const char *end = strstr(path, "/boot/system/");
    char loader[UVM_PATH_MAX];

    if (uvm->options->root != NULL)
        return "the root has no Haiku: see 'uvm root --help'";
    if (strncmp(path, host, strlen(host)) == 0 && end != NULL) {
        int length;

        path += strlen(host);
        length = (int)(end - path);
        snprintf(loader, sizeof(loader), "%.*s%s", length, path,
                 runtime_loader);
        snprintf(text, UVM_PATH_MAX, "--root '%.*s' has one", length, path);
        if (access(loader, F_OK) == 0)
            return text;
    }
    return "there is no root: --root or UVM_ROOT names one";
}

static int fail(struct uvm *uvm, const char *path,
                const struct eld_fault *fault)
{
    char text[1024], place[UVM_PATH_MAX];
    const char *file = fault->file[0] != '\0' ? fault->file : path;

    eld_fault_format(fault, text, sizeof(text));
    if (fault->error == ELD_ERR_NO_LIBRARY)
        uvm_message("%s: %s (%s)", file, text,
                    where_haiku_is(uvm, path, place));
    else
        uvm_message("%s: %s", file, text);
    uvm->is_told = 1;
    return load_error(fault);
}

static int register_image(struct hk_team *team, const struct eld_image *image,
                          enum eld_image_type type)
{
    const struct hk_guest_image guest = {
        .path = image->path,
        .type = type,
        .init_order = image->init_order,
        .init = (uint32_t)image->init,
        .fini = (uint32_t)image->fini,
        .device = (int32_t)image->device,
        .node = (int64_t)image->node,
        .text = (uint32_t)image->text,
        .text_size = (uint32_t)image->text_size,
        .data = (uint32_t)image->data,
        .data_size = (uint32_t)image->data_size,
        .api_version = image->api_version,
        .abi = image->abi,
        .delta = (uint32_t)image->delta,
        .symbol_table = (uint32_t)image->symbol_table,
        .symbol_hash = (uint32_t)image->symbol_hash,
        .string_table = (uint32_t)image->string_table,
    };

    return hk_guest_register(team, &guest);
}

static int load_haiku_loader(struct uvm *uvm, struct hk_team *team,
                             const struct eld_host *host, uint32_t *entry)
{
    struct eld_fault fault;

    if (eld_load_runtime_loader(host, runtime_loader, eld_target_of(EM_386),
                                &uvm->loaded, &fault) < 0) {
        fail(uvm, runtime_loader, &fault);
        return HK_ERR_LOADER;
    }
    if (register_image(team, &uvm->loaded->images[0], ELD_IMAGE_LIBRARY) < 0)
        return HK_ERR_NOMEM;
    *entry = (uint32_t)uvm->loaded->entry;
    return 0;
}

/* Haiku's own libroot does nothing without Haiku's loader, whose functions it
 * has a pointer to (haiku-abi/libroot-abi.md, "Interface block"). */
static int wants_haiku_loader(struct uvm *uvm, const char *path)
{
    char place[UVM_PATH_MAX];
    uint64_t address;

    if (eld_find_program_symbol(uvm->loaded, "__gRuntimeLoader", &address) < 0)
        return 0;
    uvm_message("%s: its libroot.so wants Haiku's loader, %s (%s)", path,
                runtime_loader, where_haiku_is(uvm, path, place));
    uvm->is_told = 1;
    return 1;
}

static int link_program(struct uvm *uvm, struct hk_team *team,
                        const struct eld_host *host, const char *path,
                        uint32_t *entry)
{
    const struct eld_link_request request = {.program = path,
                                             .target = eld_target_of(EM_386)};
    int32_t *ids;
    struct eld_fault fault;
    int error = 0;

    if (eld_link_program(host, &request, &uvm->loaded, &fault) < 0)
        return fail(uvm, path, &fault);
    if (wants_haiku_loader(uvm, path))
        return HK_ERR_LOADER;
    ids = calloc(uvm->loaded->image_count, sizeof(*ids));
    if (ids == NULL)
        return HK_ERR_NOMEM;
    for (uint32_t i = 0; i < uvm->loaded->image_count && error >= 0; i++) {
        const struct eld_image *image = &uvm->loaded->images[i];

        error = ids[i] = register_image(team, image, image->type);
    }
    if (error >= 0)
        error = uvm_make_start(team, uvm->space, uvm->loaded, ids, entry);
    free(ids);
    return error < 0 ? HK_ERR_NOMEM : 0;
}

int uvm_load_program(void *host, struct hk_team *team, const char *path,
                     uint32_t *entry)
{
    struct uvm *uvm = host;
    const struct eld_host loader_host = {
        .context = team,
        .space = uvm->space,
        .open = open_file,
        .close = close_file,
        .reserve = reserve,
        .map = map,
        .protect = protect,
        .release = release,
    };
    struct hk_guest_file file;
    int error;

    eld_program_free(uvm->loaded);
    uvm->loaded = NULL;
    error = hk_guest_open_system(team, runtime_loader, &file);
    if (error == -ENOENT)
        return link_program(uvm, team, &loader_host, path, entry);
    /* Whatever else is wrong with it, its loading tells. */
    if (error == 0)
        close(file.fd);
    return load_haiku_loader(uvm, team, &loader_host, entry);
}
