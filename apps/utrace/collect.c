/* collect.c -- executes a trace block by block, and counts. */
/* SPDX-License-Identifier: MIT */
#include <Zydis/Zydis.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"

enum utrace_ending { ENDING_NONE, ENDING_JUMP, ENDING_CALL, ENDING_RETURN };

enum { INSNS_MAX = 64 };

/* An open call: its frame, and ESP behind the return address. */
struct call {
    uint32_t frame, esp;
};

struct profile_thread {
    uint64_t id;
    struct call calls[UTRACE_DEPTH_MAX];
    uint32_t depth; /* 0: has not run */
    int is_set;     /* its registers were, from outside */
    struct profile_thread *next;
};

struct collection {
    struct utrace_profile *profile;
    struct tr_player *player;
    ZydisDecoder decoder;
};

static void *checked(void *memory)
{
    if (memory == NULL)
        utrace_fail(UTRACE_EXIT_FAILURE, "out of memory");
    return memory;
}

/* ---- blocks ---- */

static enum utrace_ending ending_of(ZydisInstructionCategory category)
{
    switch (category) {
    case ZYDIS_CATEGORY_CALL:
        return ENDING_CALL;
    case ZYDIS_CATEGORY_RET:
        return ENDING_RETURN;
    case ZYDIS_CATEGORY_COND_BR:
    case ZYDIS_CATEGORY_UNCOND_BR:
    case ZYDIS_CATEGORY_INTERRUPT:
    case ZYDIS_CATEGORY_SYSCALL:
        return ENDING_JUMP;
    default:
        return ENDING_NONE;
    }
}

static void decode(const struct collection *collection,
                   struct utrace_block *block)
{
    struct gm_space *space = tr_player_space(collection->player);
    ZydisDecodedInstruction insn;
    uint8_t bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];

    while (block->insns < INSNS_MAX && block->ending == ENDING_NONE) {
        size_t size = tr_fetch_code(space, block->address + block->length,
                                    bytes, sizeof(bytes), NULL);

        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
                &collection->decoder, NULL, bytes, size, &insn)))
            break;
        block->insns++;
        block->length += insn.length;
        block->ending = (uint8_t)ending_of(insn.meta.category);
    }
}

static struct utrace_block *find_slot(struct utrace_block *blocks, size_t slots,
                                      uint32_t address)
{
    size_t at = address * 2654435769u;

    while (blocks[at & (slots - 1)].runs != 0 &&
           blocks[at & (slots - 1)].address != address)
        at++;
    return &blocks[at & (slots - 1)];
}

static void make_room(struct utrace_profile *profile)
{
    size_t slots = profile->block_slots == 0 ? 4096 : profile->block_slots * 2;
    struct utrace_block *blocks;

    if (profile->block_count * 2 < profile->block_slots)
        return;
    blocks = checked(calloc(slots, sizeof(*blocks)));
    for (size_t i = 0; i < profile->block_slots; i++)
        if (profile->blocks[i].runs != 0)
            *find_slot(blocks, slots, profile->blocks[i].address) =
                profile->blocks[i];
    free(profile->blocks);
    profile->blocks = blocks;
    profile->block_slots = slots;
}

static struct utrace_block *block_at(const struct collection *collection,
                                     uint32_t address)
{
    struct utrace_profile *profile = collection->profile;
    struct utrace_block *block;

    make_room(profile);
    block = find_slot(profile->blocks, profile->block_slots, address);
    if (block->runs == 0) {
        *block = (struct utrace_block){.address = address};
        decode(collection, block);
        profile->block_count++;
    }
    block->runs++;
    return block;
}

/* ---- the tree of calls ---- */

static uint32_t add_frame(struct utrace_profile *profile, uint32_t parent,
                          uint32_t function)
{
    uint32_t index = profile->frame_count++;
    struct utrace_frame *frame;

    if (index == profile->frame_capacity) {
        profile->frame_capacity = profile->frame_capacity * 2 + 256;
        profile->frames =
            checked(realloc(profile->frames, profile->frame_capacity *
                                                 sizeof(*profile->frames)));
    }
    frame = &profile->frames[index];
    *frame = (struct utrace_frame){.function = function, .parent = parent};
    if (index > 0) {
        frame->depth = profile->frames[parent].depth + 1;
        frame->next_sibling = profile->frames[parent].first_child;
        profile->frames[parent].first_child = index;
    }
    return index;
}

static uint32_t child_of(struct utrace_profile *profile, uint32_t parent,
                         uint32_t function)
{
    uint32_t child = profile->frames[parent].first_child;

    while (child != 0 && profile->frames[child].function != function)
        child = profile->frames[child].next_sibling;
    return child != 0 ? child : add_frame(profile, parent, function);
}

static struct profile_thread *find_thread(struct utrace_profile *profile,
                                          uint64_t id)
{
    struct profile_thread *thread = profile->threads;

    while (thread != NULL && thread->id != id)
        thread = thread->next;
    if (thread != NULL)
        return thread;
    thread = checked(calloc(1, sizeof(*thread)));
    thread->id = id;
    thread->next = profile->threads;
    profile->threads = thread;
    return thread;
}

/* What has returned, or was left by longjmp and its like, has its return
 * address below the stack. */
static void leave(struct profile_thread *thread, uint32_t esp)
{
    while (thread->depth > 1 && thread->calls[thread->depth - 1].esp < esp)
        thread->depth--;
}

static void enter(struct utrace_profile *profile, struct profile_thread *thread,
                  uint32_t function, uint32_t esp)
{
    uint32_t parent =
        thread->depth == 0 ? 0 : thread->calls[thread->depth - 1].frame;
    uint32_t frame;

    if (thread->depth == UTRACE_DEPTH_MAX)
        return;
    frame = child_of(profile, parent, function);
    profile->frames[frame].calls++;
    thread->calls[thread->depth++] = (struct call){frame, esp};
}

/* ---- executing ---- */

static void note_event(const struct collection *collection,
                       const struct tr_event *event)
{
    if (event->kind == TR_REGISTERS)
        find_thread(collection->profile, TR_FIELD(event, REGISTERS, THREAD))
            ->is_set = 1;
}

/* A signal's handler is called by the kernel; what it returns to goes on. */
static struct profile_thread *begin(const struct collection *collection,
                                    const struct xcpu_regs *regs)
{
    struct profile_thread *thread =
        find_thread(collection->profile, tr_player_thread(collection->player));
    uint32_t esp = regs->gpr[XCPU_ESP];

    if (thread->depth == 0) {
        enter(collection->profile, thread, regs->eip, UINT32_MAX);
    } else if (thread->is_set) {
        leave(thread, esp);
        if (esp < thread->calls[thread->depth - 1].esp)
            enter(collection->profile, thread, regs->eip, esp);
    }
    thread->is_set = 0;
    return thread;
}

static int run_block(const struct collection *collection, uint64_t end,
                     struct tr_fault *fault)
{
    struct tr_player *player = collection->player;
    struct utrace_profile *profile = collection->profile;
    uint64_t before = tr_player_instructions(player), executed;
    struct xcpu *cpu = tr_player_cpu(player);
    struct profile_thread *thread;
    struct utrace_block *block;
    struct xcpu_regs regs;
    uint64_t count;
    int result;

    xcpu_get_regs(cpu, &regs);
    thread = begin(collection, &regs);
    block = block_at(collection, regs.eip);
    count = block->insns > 0 ? block->insns : 1;
    if (count > end - before)
        count = end - before;
    result = tr_play_part(player, count, fault);
    executed = tr_player_instructions(player) - before;
    block->executed += executed;
    profile->instructions += executed;
    profile->frames[thread->calls[thread->depth - 1].frame].self += executed;
    if (result < 0 || executed < block->insns)
        return result;
    xcpu_get_regs(cpu, &regs);
    if (block->ending == ENDING_CALL) {
        leave(thread, regs.gpr[XCPU_ESP]);
        enter(profile, thread, regs.eip, regs.gpr[XCPU_ESP]);
    } else if (block->ending == ENDING_RETURN) {
        leave(thread, regs.gpr[XCPU_ESP]);
    }
    return result;
}

static void add_up(struct utrace_profile *profile)
{
    for (uint32_t i = profile->frame_count; i-- > 0;) {
        struct utrace_frame *frame = &profile->frames[i];

        frame->total += frame->self;
        if (i > 0)
            profile->frames[frame->parent].total += frame->total;
    }
}

int utrace_collect(struct tr_player *player,
                   const struct utrace_options *options,
                   struct utrace_profile *profile, struct tr_fault *fault)
{
    struct collection collection = {profile, player, {0}};
    struct tr_event event;
    int result = tr_play_to(player, options->from, fault);

    memset(profile, 0, sizeof(*profile));
    ZydisDecoderInit(&collection.decoder, ZYDIS_MACHINE_MODE_LEGACY_32,
                     ZYDIS_STACK_WIDTH_32);
    add_frame(profile, 0, 0);
    while (result >= 0 && tr_player_instructions(player) < options->to) {
        if (tr_player_is_open(player) && tr_player_cpu(player) != NULL) {
            result = run_block(&collection, options->to, fault);
            continue;
        }
        result = tr_play_until_run(player, &event, fault);
        if (result <= 0)
            break;
        note_event(&collection, &event);
        if (tr_player_is_open(player) && tr_player_cpu(player) == NULL)
            result = tr_play_part(player, 1, fault); /* which says why not */
    }
    add_up(profile);
    return result < 0 ? result : 0;
}

void utrace_free_profile(struct utrace_profile *profile)
{
    while (profile->threads != NULL) {
        struct profile_thread *thread = profile->threads;

        profile->threads = thread->next;
        free(thread);
    }
    free(profile->blocks);
    free(profile->frames);
}
