/* program.c -- what a new program finds in its memory. */
/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "area.h"
#include "bytes.h"
#include "clock.h"
#include "commpage.h"
#include "image.h"
#include "thread.h"

/* haiku-abi/x86-32.md, sections 3 to 5. */
enum {
    USER_AREA_SIZE = 0x4000,
    USER_AREA_RANGE = 0x80000,
    USER_THREAD_SLOT = 64,
    USER_THREAD_SIZE = 24,
    STACK_SIZE = 0x1000000,
    STACK_SIZE_R1BETA6 = 0x4000000,
    ARGS_SIZE = 1088, /* user_space_program_args */
    ARGS_PATH = 32,
    ARGS_ERROR_PORT = 1056,
    SELECTOR_CODE = 0x1b,
    SELECTOR_DATA = 0x23,
    SELECTOR_TLS = 0x63
};

#define STACK_AREA_BASE 0x70000000u

/* Where the commpage and the user area begin their search. */
static uint32_t kernel_area_base(const struct hk_kernel *kernel)
{
    return kernel->config.release >= HK_R1BETA6 ? 0x70000000u : 0x60000000u;
}

static uint32_t random_stack_offset(const struct hk_team *team)
{
    uint32_t value = 0;

    if (team->kernel->config.randomize && !team->no_aslr &&
        getentropy(&value, sizeof(value)) != 0)
        value = 0;
    return value % HK_PAGE_SIZE;
}

int32_t hk_tls_init(struct hk_thread *thread)
{
    enum { SLOT_SELF = 0, SLOT_ID = 1, SLOT_USER_THREAD = 4 };
    int is_r1beta6 = hk_kernel_of(thread)->config.release >= HK_R1BETA6;
    uint8_t slots[8 * 4] = {0};
    size_t kernel_slots = is_r1beta6 ? 8 : 7;

    hk_put32(slots + 4 * SLOT_SELF, thread->tls);
    hk_put32(slots + 4 * SLOT_ID, (uint32_t)thread->id);
    hk_put32(slots + 4 * SLOT_USER_THREAD, thread->user_thread);
    return hk_write_user(thread, thread->tls, slots, kernel_slots * 4);
}

int64_t hk_stack_create(struct hk_thread *thread, uint32_t stack_size,
                        uint32_t guard_size, uint32_t extra)
{
    struct hk_team *team = thread->team;
    struct hk_area_source what = {
        .spec = HK_RANDOMIZED_BASE_ADDRESS,
        .address = STACK_AREA_BASE,
        .size = guard_size + stack_size + HK_TLS_SIZE + extra,
        .protection = HK_READ_AREA | HK_WRITE_AREA | HK_STACK_AREA,
        .fd = -1,
    };
    char name[2 * HK_NAME_LENGTH];
    uint32_t base;
    int32_t id;

    snprintf(name, sizeof(name), "%.20s_%d_stack", thread->name, thread->id);
    what.name = name;
    id = hk_area_create(team, &what, &base);
    if (id < 0)
        return id;
    if (guard_size > 0)
        gm_protect(team->space, base, guard_size, GM_PROT_NONE);
    thread->stack_area = id;
    thread->stack_base = base + guard_size;
    thread->stack_end = thread->stack_base + stack_size;
    thread->tls = thread->stack_end;
    return (int64_t)thread->tls + HK_TLS_SIZE;
}

int32_t hk_enter_function(struct hk_thread *thread, uint32_t entry,
                          uint32_t arg1, uint32_t arg2)
{
    const struct hk_team *team = thread->team;
    uint32_t top = thread->stack_end - 12 - random_stack_offset(team);
    struct hk_registers registers = {
        .eip = entry,
        .esp = (top & ~UINT32_C(15)) - 4,
        .eflags = 0x202,
        .cs = SELECTOR_CODE,
        .ds = SELECTOR_DATA,
        .es = SELECTOR_DATA,
        .ss = SELECTOR_DATA,
        .gs = SELECTOR_DATA,
        .fs = SELECTOR_TLS,
        .fs_base = thread->tls,
    };
    uint8_t frame[12];

    hk_put32(frame,
             team->commpage + hk_commpage_offset(HK_COMMPAGE_THREAD_EXIT));
    hk_put32(frame + 4, arg1);
    hk_put32(frame + 8, arg2);
    if (hk_write_user(thread, registers.esp, frame, sizeof(frame)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    team->kernel->config.host->cpu->set_registers(thread->cpu, &registers);
    team->kernel->config.host->cpu->reset_fpu(thread->cpu);
    return HK_B_OK;
}

/* The user area grows within its range as threads come. */
static int32_t create_user_area(struct hk_team *team)
{
    struct hk_area_source what = {
        .name = "user area",
        .spec = HK_EXACT_ADDRESS,
        .size = USER_AREA_SIZE,
        .protection = HK_READ_AREA | HK_WRITE_AREA | HK_KERNEL_AREA,
        .lock = HK_FULL_LOCK,
        .fd = -1,
    };
    uint32_t base = kernel_area_base(team->kernel);
    int32_t status = hk_range_reserve(team, HK_RANDOMIZED_BASE_ADDRESS, &base,
                                      USER_AREA_RANGE);

    if (status != HK_B_OK)
        return status;
    what.address = base;
    status = hk_area_create(team, &what, &team->user_area);
    if (status < 0)
        return status;
    team->user_area_id = status;
    memset(team->user_slots, 0, sizeof(team->user_slots));
    return HK_B_OK;
}

/* Finds the first free slot, making the area reach over it. */
static int32_t take_slot(struct hk_team *team, uint32_t *offset)
{
    uint32_t slot = 0;
    struct hk_area area;

    pthread_mutex_lock(&team->lock);
    while (slot < HK_USER_SLOTS && team->user_slots[slot])
        slot++;
    if (slot < HK_USER_SLOTS)
        team->user_slots[slot] = 1;
    pthread_mutex_unlock(&team->lock);
    if (slot == HK_USER_SLOTS)
        return HK_B_NO_MORE_THREADS;
    *offset = slot * USER_THREAD_SLOT;
    if (hk_area_get(team, team->user_area_id, &area) != HK_B_OK)
        return HK_B_NO_MEMORY;
    if (*offset + USER_THREAD_SLOT <= area.span.size)
        return HK_B_OK;
    return hk_area_grow_kernel(team, team->user_area_id,
                               area.span.size + HK_PAGE_SIZE);
}

int32_t hk_user_thread_init(struct hk_thread *thread, uint32_t pthread,
                            uint32_t defer_signals)
{
    enum { WAIT_STATUS = 8, DEFER_SIGNALS = 12 };
    uint8_t record[USER_THREAD_SIZE] = {0};
    uint32_t offset;
    int32_t status = take_slot(thread->team, &offset);

    if (status != HK_B_OK)
        return status;
    thread->user_thread = thread->team->user_area + offset;
    hk_put32(record, pthread);
    hk_put32(record + DEFER_SIGNALS, defer_signals);
    return hk_write_user(thread, thread->user_thread, record, sizeof(record));
}

void hk_user_thread_release(struct hk_thread *thread)
{
    struct hk_team *team = thread->team;

    if (thread->user_thread == 0)
        return;
    pthread_mutex_lock(&team->lock);
    team->user_slots[(thread->user_thread - team->user_area) /
                     USER_THREAD_SLOT] = 0;
    pthread_mutex_unlock(&team->lock);
    thread->user_thread = 0;
}

void hk_user_thread_keep(struct hk_thread *thread)
{
    const struct hk_team *team = thread->team;

    thread->team->user_slots[(thread->user_thread - team->user_area) /
                             USER_THREAD_SLOT] = 1;
}

static int32_t create_commpage(struct hk_team *team)
{
    struct hk_area_source what = {
        .name = "commpage",
        .spec = HK_RANDOMIZED_BASE_ADDRESS,
        .address = kernel_area_base(team->kernel),
        .size = HK_COMMPAGE_SIZE,
        .protection = HK_READ_AREA | HK_WRITE_AREA | HK_KERNEL_AREA,
        .lock = HK_FULL_LOCK,
        .fd = -1,
    };
    uint8_t info[HK_EXTENDED_IMAGE_INFO_SIZE] = {0};
    uint8_t *page = calloc(1, HK_COMMPAGE_SIZE);
    int32_t id = HK_B_NO_MEMORY;

    if (page == NULL)
        return HK_B_NO_MEMORY;
    atomic_store(&team->clock_offset, hk_real_time_offset(team->shared));
    hk_commpage_fill(team->kernel, page);
    id = hk_area_create(team, &what, &team->commpage);
    if (id >= 0) {
        gm_copy_out(team->space, team->commpage, page, HK_COMMPAGE_SIZE);
        hk_area_protect_kernel(team, id,
                               HK_READ_AREA | HK_EXECUTE_AREA | HK_SHARED_AREA |
                                   HK_KERNEL_AREA);
        hk_put32(info + 4, HK_SYSTEM_IMAGE);
        memcpy(info + 36, "commpage", sizeof("commpage"));
        hk_put32(info + 1060, team->commpage);
        hk_put32(info + 1068, HK_COMMPAGE_SIZE);
        id = hk_image_register(team, info);
    }
    free(page);
    return id < 0 ? id : HK_B_OK;
}

/* Bytes of the two pointer arrays, each with its NULL. */
static uint32_t pointers_size(const struct hk_arguments *arguments)
{
    return (arguments->argc + arguments->envc + 2) * 4;
}

/* The flat block: pointers to the arguments, to the environment, strings. */
static void fill_flat(const struct hk_arguments *arguments, uint8_t *flat,
                      uint32_t address)
{
    const char *string = arguments->strings;
    uint32_t at = address + pointers_size(arguments);
    uint8_t *pointer = flat;

    for (uint32_t i = 0; i < arguments->argc + arguments->envc; i++) {
        uint32_t size = (uint32_t)strlen(string) + 1;

        if (i == arguments->argc)
            pointer += 4;
        hk_put32(pointer, at);
        pointer += 4;
        string += size;
        at += size;
    }
    memcpy(flat + pointers_size(arguments), arguments->strings,
           arguments->strings_size);
}

/* user_space_program_args and the flat block behind it, to address. */
static int32_t write_arguments(struct hk_thread *thread,
                               const struct hk_arguments *arguments,
                               uint32_t address)
{
    uint32_t flat = address + ARGS_SIZE;
    uint32_t size =
        ARGS_SIZE + pointers_size(arguments) + arguments->strings_size;
    uint8_t *block = calloc(1, size);
    int32_t status;

    if (block == NULL)
        return HK_B_NO_MEMORY;
    snprintf((char *)block + ARGS_PATH, HK_PATH_LENGTH, "%s", arguments->path);
    hk_put32(block + ARGS_ERROR_PORT, (uint32_t)arguments->error_port);
    hk_put32(block + 1060, arguments->error_token);
    hk_put32(block + 1064, arguments->argc);
    hk_put32(block + 1068, arguments->envc);
    hk_put32(block + 1072, flat);
    hk_put32(block + 1076, flat + (arguments->argc + 1) * 4);
    hk_put32(block + 1080, arguments->umask);
    fill_flat(arguments, block + ARGS_SIZE, flat);
    status = hk_write_user(thread, address, block, size);
    free(block);
    return status;
}

/* Name and arguments as team_info and the main thread show them: the path in
 * place of the first argument. */
static void name_team(struct hk_thread *thread,
                      const struct hk_arguments *arguments)
{
    struct hk_team *team = thread->team;
    const char *leaf = strrchr(arguments->path, '/');
    const char *string = arguments->strings;
    size_t used;

    leaf = leaf != NULL ? leaf + 1 : arguments->path;
    pthread_mutex_lock(&team->lock);
    snprintf(team->name, sizeof(team->name), "%.31s", leaf);
    snprintf(thread->name, sizeof(thread->name), "%.31s", leaf);
    memset(team->args, 0, sizeof(team->args));
    used =
        (size_t)snprintf(team->args, sizeof(team->args), "%s", arguments->path);
    for (uint32_t i = 0; i < arguments->argc; i++) {
        if (i > 0 && used < sizeof(team->args))
            used += (size_t)snprintf(team->args + used,
                                     sizeof(team->args) - used, " %s", string);
        string += strlen(string) + 1;
    }
    team->no_aslr = 0;
    for (uint32_t i = 0; i < arguments->envc; i++) {
        if (strcmp(string, "DISABLE_ASLR=1") == 0)
            team->no_aslr = 1;
        string += strlen(string) + 1;
    }
    pthread_mutex_unlock(&team->lock);
}

static int32_t prepare_memory(struct hk_thread *thread,
                              const struct hk_arguments *arguments,
                              uint32_t *args)
{
    struct hk_team *team = thread->team;
    uint32_t stack_size = team->kernel->config.release >= HK_R1BETA6
                              ? STACK_SIZE_R1BETA6
                              : STACK_SIZE;
    int32_t status = create_user_area(team);
    int64_t extra;

    if (status == HK_B_OK)
        status = hk_user_thread_init(thread, 0, 0);
    if (status != HK_B_OK)
        return status;
    extra = hk_stack_create(thread, stack_size, HK_STACK_GUARD,
                            ARGS_SIZE + pointers_size(arguments) +
                                arguments->strings_size);
    if (extra < 0)
        return (int32_t)extra;
    *args = (uint32_t)extra;
    status = hk_tls_init(thread);
    if (status == HK_B_OK)
        status = write_arguments(thread, arguments, *args);
    if (status == HK_B_OK)
        status = create_commpage(team);
    return status;
}

int hk_program_load(struct hk_thread *main_thread,
                    const struct hk_arguments *arguments)
{
    struct hk_team *team = main_thread->team;
    const struct hk_host *host = team->kernel->config.host;
    uint32_t args = 0, entry;
    int result;

    name_team(main_thread, arguments);
    if (prepare_memory(main_thread, arguments, &args) != HK_B_OK)
        return HK_ERR_NOMEM;
    hk_thread_tell(main_thread);
    hk_shared_tell_team(team);
    result = host->load_program(host->host, team, arguments->path, &entry);
    if (result < 0)
        return result;
    if (hk_enter_function(main_thread, entry, args, team->commpage) != HK_B_OK)
        return HK_ERR_NOMEM;
    return 0;
}
