/* start.c -- what runs before and behind a program without Haiku's loader. */
/* SPDX-License-Identifier: MIT */
#include <haikuabi/loading.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "uvm.h"

/*
 * The area begins with the ELF TLS of the main thread as libroot keeps it
 * (haiku-abi/libroot-abi.md, "ELF TLS"): TLS slot 5 points to a vector whose
 * word 1 + module is the address of that module's block. Code follows.
 */
struct start {
    uint8_t *bytes;
    uint32_t address, size, used;
};

static void put8(struct start *start, uint8_t byte)
{
    start->bytes[start->used++] = byte;
}

static void put_bytes(struct start *start, const uint8_t *bytes, uint32_t count)
{
    memcpy(start->bytes + start->used, bytes, count);
    start->used += count;
}

static void put32(struct start *start, uint32_t word)
{
    for (int i = 0; i < 32; i += 8)
        put8(start, (uint8_t)(word >> i));
}

static void set32(struct start *start, uint32_t at, uint32_t word)
{
    for (uint32_t i = 0; i < 4; i++)
        start->bytes[at + i] = (uint8_t)(word >> (8 * i));
}

/* call address */
static void put_call(struct start *start, uint64_t address)
{
    put8(start, 0xe8);
    put32(start, (uint32_t)address - (start->address + start->used + 4));
}

/* The system call number(eax), its arguments left on the stack. */
static void put_system_call(struct start *start, uint32_t number)
{
    put8(start, 0x50); /* push eax: the argument */
    put8(start, 0x50); /* push eax: the skipped word */
    put8(start, 0xb8); /* mov eax, number */
    put32(start, number);
    put8(start, 0xcd); /* int 99 */
    put8(start, 99);
}

/* Calls functions in order, each with its image's id or nothing; the stack
 * is aligned to 16 bytes at each call. */
static void put_calls(struct start *start, const struct eld_call *calls,
                      uint32_t count, const int32_t *image_ids)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = (uint32_t)image_ids[calls[i].image];

        put8(start, 0x68); /* push id */
        put32(start, calls[i].takes_image_id ? id : 0);
        put_call(start, calls[i].address);
        put8(start, 0x58); /* pop eax */
    }
}

/*
 * The thread enters with the stack [return, args, commpage], 12 modulo 16;
 * args is user_space_program_args: argc at 1064, argv 1072, environ 1076.
 */
static void put_code(struct start *start, const struct eld_program *program,
                     const int32_t *image_ids, uint32_t tls_vector,
                     const struct hk_guest_numbers *numbers)
{
    static const uint8_t prologue[] = {
        0x8b, 0x5c, 0x24, 0x04,                   /* mov ebx, [esp + 4] */
        0x83, 0xec, 0x08,                         /* sub esp, 8: 4 modulo 16 */
        0x64, 0xc7, 0x05, 0x14, 0x00, 0x00, 0x00, /* mov fs:[20], vector */
    };
    static const uint8_t main_call[] = {
        0x83, 0xec, 0x08,                   /* sub esp, 8: 12 modulo 16 */
        0xff, 0xb3, 0x34, 0x04, 0x00, 0x00, /* push [ebx + 1076] */
        0xff, 0xb3, 0x30, 0x04, 0x00, 0x00, /* push [ebx + 1072] */
        0xff, 0xb3, 0x28, 0x04, 0x00, 0x00, /* push [ebx + 1064] */
    };
    static const uint8_t main_return[] = {
        0x83, 0xc4, 0x14, /* add esp, 20 */
        0x89, 0xc6,       /* mov esi, eax */
    };

    put_bytes(start, prologue, sizeof(prologue));
    put32(start, tls_vector);
    put8(start, 0xb8); /* mov eax, the program's id */
    put32(start, (uint32_t)image_ids[0]);
    put_system_call(start, numbers->image_relocated);
    put8(start, 0x58); /* pop eax */
    put8(start, 0x58);
    put_calls(start, program->init, program->init_count, image_ids);
    put_bytes(start, main_call, sizeof(main_call));
    put_call(start, program->entry);
    put_bytes(start, main_return, sizeof(main_return));
    put_calls(start, program->fini, program->fini_count, image_ids);
    put8(start, 0x89); /* mov eax, esi: the status */
    put8(start, 0xf0);
    put_system_call(start, numbers->exit_team);
}

static uint64_t align_up(uint64_t value, uint64_t align)
{
    return align > 1 ? (value + align - 1) / align * align : value;
}

/* Bytes of the vector and all blocks, wherever the area will lie. */
static uint64_t tls_size(const struct eld_program *program)
{
    uint64_t size = (program->tls_count + 1u) * 4u;

    for (uint32_t i = 0; i < program->tls_count; i++)
        size =
            align_up(size, program->tls[i].align) + program->tls[i].memory_size;
    return align_up(size, 16);
}

static int fill_tls(struct start *start, struct gm_space *space,
                    const struct eld_program *program)
{
    uint64_t at = (program->tls_count + 1u) * 4u;

    for (uint32_t i = 0; i < program->tls_count; i++) {
        const struct eld_tls_module *module = &program->tls[i];

        at = align_up(at, module->align);
        if (gm_copy_in(space, start->bytes + at, module->address,
                       (size_t)module->file_size) < 0)
            return -EFAULT;
        set32(start, (i + 1) * 4, start->address + (uint32_t)at);
        at += module->memory_size;
    }
    start->used = (uint32_t)align_up(at, 16);
    return 0;
}

/* Generous: a call takes 11 bytes, the rest less than 100. */
static uint64_t code_size(const struct eld_program *program)
{
    return 11u * ((uint64_t)program->init_count + program->fini_count) + 100;
}

int uvm_make_start(struct hk_team *team, struct gm_space *space,
                   const struct eld_program *program, const int32_t *image_ids,
                   uint32_t *entry)
{
    const unsigned prot = GM_PROT_READ | GM_PROT_WRITE;
    struct start start = {.used = 0};
    struct hk_guest_numbers numbers;
    uint64_t size =
        align_up(tls_size(program) + code_size(program), GM_PAGE_SIZE);
    int error;

    if (size > INT32_MAX)
        return -ENOMEM;
    start.size = (uint32_t)size;
    start.bytes = calloc(1, start.size);
    if (start.bytes == NULL)
        return -ENOMEM;
    error = hk_guest_reserve(team, 0x200000, start.size, 0, &start.address);
    if (error == 0)
        error = hk_guest_map(team, "uvm start", start.address, start.size, prot,
                             -1, 0);
    if (error == 0)
        error = fill_tls(&start, space, program);
    if (error == 0) {
        *entry = start.address + start.used;
        hk_guest_get_numbers(team, &numbers);
        put_code(&start, program, image_ids, start.address, &numbers);
        if (gm_copy_out(space, start.address, start.bytes, start.size) < 0)
            error = -EFAULT;
    }
    if (error == 0)
        error = hk_guest_protect(team, start.address, start.size,
                                 prot | GM_PROT_EXEC);
    free(start.bytes);
    return error;
}
