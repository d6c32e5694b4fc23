/* block.c -- instructions that are wrong as a block, and right one by one. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "difference.h"
#include "insn.h"

enum { LONGEST = 64 /* block: struct xcpu_config */ };

/* Where the engines differ. */
struct block {
    uint64_t at;    /* instructions before it */
    uint64_t count; /* its instructions */
    struct xcpu_mismatch mismatch;
};

static int is_mismatch(struct tr_player *player, int result,
                       struct block *found)
{
    const struct xcpu *cpu = tr_player_cpu(player);

    if (result != TR_ERR_MISMATCH || cpu == NULL ||
        !xcpu_get_mismatch(cpu, &found->mismatch))
        return 0;
    found->at = tr_player_instructions(player);
    found->count = found->mismatch.exits[0].executed;
    return 1;
}

/* Plays a trace on both engines side by side, in blocks of at most length: 1
 * when they differ between two numbers of instructions, at the first of which
 * a block begins. */
static int find_difference(const struct utrace_options *options,
                           uint64_t length, uint64_t from, uint64_t to,
                           struct block *found)
{
    struct utrace_options own = *options;
    const char *name = options->files[0];
    struct tr_reader *reader = utrace_open(name);
    struct tr_fault fault;
    struct tr_player *player;
    int result, is_found = 0;

    own.engine = XCPU_ENGINE_LOCKSTEP;
    own.block_insns = length < LONGEST ? (uint32_t)length : LONGEST;
    player = utrace_player(&own, reader, name);
    result = tr_play_to(player, from, &fault);
    if (result > 0) {
        result = tr_play_to(player, to, &fault);
        is_found = is_mismatch(player, result, found);
    }
    utrace_free_player(player);
    tr_reader_close(reader);
    return is_found;
}

/* Has blocks be short: of 1 all is the same. Short ones are executed also where
 * long ones are not, as before an event. Their length. */
static uint64_t shorten(const struct utrace_options *options,
                        struct block *block)
{
    uint64_t end = block->at + block->count, length = 2;

    while (length < LONGEST && !find_difference(options, length, 0, end, block))
        length += (length + 1) / 2;
    return length < LONGEST ? length : LONGEST;
}

/* Has it begin as late as it can. */
static void begin_late(const struct utrace_options *options, uint64_t length,
                       struct block *block)
{
    uint64_t end = block->at + block->count, late = end;

    while (late - block->at > 1) {
        uint64_t middle = block->at + (late - block->at) / 2;
        struct block part;

        if (find_difference(options, length, middle, end + length, &part) &&
            part.at < end)
            *block = part;
        else
            late = middle;
    }
}

/* Has it end as early as it can: what differs is its last instruction's
 * doing. */
static void end_early(const struct utrace_options *options, struct block *block)
{
    uint64_t same = 0;

    while (block->count - same > 1) {
        uint64_t middle = same + (block->count - same) / 2;
        struct block part;

        if (find_difference(options, middle, block->at, block->at + middle,
                            &part) &&
            part.at == block->at) {
            *block = part;
            block->count = middle;
        } else {
            same = middle;
        }
    }
}

static void print_insn(void *context, const struct utrace_insn *insn)
{
    (void)context;
    utrace_print_insn(insn);
}

/* Shows what the interpreter does. */
static void show_insns(const struct utrace_options *options,
                       const struct block *block)
{
    struct utrace_options own = *options;
    struct utrace_insn insn = {.on_insn = print_insn};
    struct tr_reader *reader = utrace_open(options->files[0]);
    struct tr_fault fault;
    struct tr_player *player;
    int is_executed, result;

    own.engine = XCPU_ENGINE_INTERP;
    player = utrace_player(&own, reader, options->files[0]);
    result = tr_play_to(player, block->at, &fault);
    utrace_show_place(player, options->symbols, block->mismatch.before.eip);
    while (result > 0 &&
           tr_player_instructions(player) < block->at + block->count)
        result = utrace_execute(player, &insn, &is_executed, &fault);
    utrace_free_player(player);
    tr_reader_close(reader);
}

static void show(const struct utrace_options *options,
                 const struct block *block)
{
    const struct xcpu_mismatch *mismatch = &block->mismatch;
    const struct xcpu_exit *exits = mismatch->exits;

    if (block->count > 1)
        printf("instructions %" PRIu64 " to %" PRIu64 ", as one block:\n",
               block->at, block->at + block->count - 1);
    else
        printf("instruction %" PRIu64 ":\n", block->at);
    show_insns(options, block);
    utrace_compare_registers(&mismatch->after[0], &mismatch->after[1],
                             mismatch->undefined);
    utrace_compare_fpu(&mismatch->fx_after[0], &mismatch->fx_after[1]);
    utrace_compare_word("what stopped it", exits[0].reason, exits[1].reason);
    utrace_compare_word("the vector", exits[0].vector, exits[1].vector);
    utrace_compare_word("the address", exits[0].address, exits[1].address);
    utrace_compare_word("the count of instructions",
                        (uint32_t)exits[0].executed,
                        (uint32_t)exits[1].executed);
    for (unsigned i = 0; i < mismatch->bytes_count; i++)
        printf("memory at 0x%" PRIx32 ": 0x%02x, not 0x%02x\n",
               mismatch->bytes[i].address, mismatch->bytes[i].translated,
               mismatch->bytes[i].interp);
}

int utrace_find_block(const struct utrace_options *options)
{
    struct block block = {.at = 0};

    if (!find_difference(options, LONGEST, 0, UINT64_MAX, &block))
        return 0;
    begin_late(options, shorten(options, &block), &block);
    end_early(options, &block);
    show(options, &block);
    return 1;
}
