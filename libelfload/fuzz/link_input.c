/* link_input.c -- a program and a library in memory, linked. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/fuzz/link_input.h"

#include <elf.h>
#include <elfload/elf_link.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct input {
    const uint8_t *program, *library;
    size_t program_size, library_size;
    struct gm_space *space;
    int open_count;
};

static void check(int condition)
{
    if (!condition)
        abort();
}

static int open_file(void *context, const char *path, struct eld_file *file)
{
    struct input *input = context;
    int is_program = strcmp(path, "/bin/program") == 0;

    /* Some directories are empty, so that the search goes on. */
    if (strncmp(path, "/bin/", 5) != 0 &&
        strncmp(path, "/boot/system/lib/", 17) != 0)
        return -ENOENT;
    snprintf(file->path, sizeof(file->path), "%s", path);
    file->bytes = is_program ? input->program : input->library;
    file->size = is_program ? input->program_size : input->library_size;
    input->open_count++;
    return 0;
}

static void close_file(void *context, struct eld_file *file)
{
    struct input *input = context;

    (void)file;
    input->open_count--;
}

static int reserve(void *context, uint64_t hint, uint64_t size, int is_exact,
                   uint64_t *address)
{
    struct input *input = context;
    uint64_t high = is_exact ? hint + size : 0x7fff0000;

    check(size > 0 && size % GM_PAGE_SIZE == 0 && hint % GM_PAGE_SIZE == 0);
    return gm_find_free(input->space, hint, high, size, GM_PAGE_SIZE, address) <
                   0
               ? -ENOMEM
               : 0;
}

static int map(void *context, const struct eld_mapping *mapping)
{
    struct input *input = context;
    struct gm_mapping pages = {.address = mapping->address,
                               .size = mapping->size,
                               .prot = mapping->prot,
                               .fd = -1};

    check(strlen(mapping->name) < 32);
    if (gm_map(input->space, &pages) < 0)
        return -ENOMEM;
    if (mapping->file == NULL)
        return 0;
    check(mapping->offset < mapping->file->size);
    size_t size = mapping->file->size - (size_t)mapping->offset;
    if (size > mapping->size)
        size = (size_t)mapping->size;
    check(gm_copy_out(input->space, mapping->address,
                      (const uint8_t *)mapping->file->bytes + mapping->offset,
                      size) == 0);
    return 0;
}

static int protect(void *context, uint64_t address, uint64_t size,
                   unsigned prot)
{
    struct input *input = context;

    check(gm_protect(input->space, address, size, prot) == 0);
    return 0;
}

static void release(void *context, uint64_t address, uint64_t size)
{
    struct input *input = context;

    check(gm_unmap(input->space, address, size) == 0);
}

static void look_at(const struct eld_program *program)
{
    struct eld_place place;
    uint64_t address;

    check(program->image_count > 0 && program->entry != 0);
    for (uint32_t i = 0; i < program->image_count; i++) {
        const struct eld_image *image = &program->images[i];

        check(image->init_order < program->image_count);
        check(image->region_count > 0);
        for (uint32_t j = 0; j < image->needed_count; j++)
            check(image->needed[j] < program->image_count);
        eld_find_place(program, image->regions[0].address, &place);
    }
    for (uint32_t i = 0; i < program->init_count; i++)
        check(program->init[i].image < program->image_count);
    for (uint32_t i = 0; i < program->tls_count; i++)
        check(program->tls[i].image < program->image_count);
    eld_find_program_symbol(program, "u", &address);
}

static void check_report(void *context, const struct eld_fault *fault)
{
    uint64_t *count = context;
    char line[256];

    check(fault->error < 0 && fault->file[0] != '\0');
    check(eld_fault_format(fault, line, sizeof(line)) > 0);
    (*count)++;
}

/* The same files, not loaded. */
static void inspect(const struct eld_host *host,
                    const struct eld_link_request *request)
{
    struct eld_program *program = NULL;
    struct eld_fault fault;
    uint64_t count = 0;
    int error = eld_inspect_program(host, request, check_report, &count,
                                    &program, &fault);

    if (error < 0) {
        check(fault.error == error);
        return;
    }
    for (uint32_t i = 0; i < program->image_count; i++) {
        const struct eld_image *image = &program->images[i];

        check(image->name != NULL && image->path != NULL);
        for (uint32_t j = 0; j < image->needed_count; j++)
            check(image->needed[j] < program->image_count);
    }
    eld_program_free(program);
}

int link_input(struct gm_space *space, const uint8_t *data, size_t size)
{
    const struct eld_link_request request = {.program = "/bin/program",
                                             .target = eld_target_of(EM_386)};
    struct eld_program *program = NULL;
    struct gm_mapping region;
    struct eld_fault fault;
    char line[256];

    if (size < 4)
        return 0;
    size_t first = data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16 |
                   (size_t)data[3] << 24;
    if (first > size - 4)
        first = size - 4;
    struct input input = {
        data + 4, data + 4 + first, first, size - 4 - first, space, 0};
    if (input.library_size == 0) {
        input.library = input.program;
        input.library_size = input.program_size;
    }
    const struct eld_host host = {&input,  space, open_file, close_file,
                                  reserve, map,   protect,   release};
    inspect(&host, &request);
    check(input.open_count == 0);
    int error = eld_link_program(&host, &request, &program, &fault);
    if (error == 0) {
        look_at(program);
        eld_program_free(program);
        gm_space_clear(space);
    } else {
        check(fault.error == error);
        check(eld_fault_format(&fault, line, sizeof(line)) > 0);
    }
    check(input.open_count == 0);
    check(gm_query(space, 0, &region) < 0);
    return error;
}
