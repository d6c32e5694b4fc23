/* bisect.c -- the first instruction that two executions disagree on. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "apps/trace/state.h"
#include "difference.h"
#include "insn.h"

enum {
    STRETCHES = 100000, /* that a trace is looked at in, at least */
    NARROWER = 16,
    SHOWN_BEFORE = 8,
    BYTES_SHOWN = 16,
    FLAGS_BEFORE = 4096, /* a wrong flag shows within so many instructions */
    OTHER_PAGES = 64     /* whose bytes are compared one by one */
};

/* An execution: of the first file on the interpreter, the reference, or of the
 * last one on the engine that is asked for. */
struct side {
    struct utrace_options options;
    const char *name;
    struct tr_reader *reader;
    struct tr_player *player;
    int result;
    struct tr_fault fault;
};

/* A page that differs from the beginning, as the arguments of another run and
 * the numbers of its teams do: these bytes are not compared. */
struct other_page {
    gm_addr address;
    uint8_t differs[GM_PAGE_SIZE];
};

struct bisection {
    struct side sides[2];
    uint32_t ignored;   /* flags */
    uint32_t undefined; /* those that may differ behind what was found */
    struct other_page others[OTHER_PAGES];
    int other_count;
    uint64_t rest; /* by which all other memory differs from the beginning */
    int left;      /* bytes that are still to be shown */
};

/* ---- executing ---- */

static void settle(struct side *side)
{
    struct tr_event event;

    side->result = 1;
    while (side->result > 0 && !tr_player_is_open(side->player))
        side->result = tr_play_until_run(side->player, &event, &side->fault);
}

static void advance(struct side *side, uint64_t instructions)
{
    side->result = tr_play_to(side->player, instructions, &side->fault);
}

/* ---- memory ---- */

/* The content of a page in both: 1, or 0 when one does not have it. */
static int get_pages(const struct bisection *bisection, gm_addr address,
                     uint8_t pages[2][GM_PAGE_SIZE])
{
    for (int i = 0; i < 2; i++)
        if (gm_copy_in(tr_player_space(bisection->sides[i].player), pages[i],
                       address, GM_PAGE_SIZE) < 0)
            return 0;
    return 1;
}

/* Between the memories' hashes, which are sums over pages, but for pages that
 * differ from the beginning. */
static uint64_t rest_difference(const struct bisection *bisection)
{
    uint64_t rest = tr_player_memory_hash(bisection->sides[1].player) -
                    tr_player_memory_hash(bisection->sides[0].player);
    uint8_t pages[2][GM_PAGE_SIZE];

    for (int i = 0; i < bisection->other_count; i++) {
        gm_addr address = bisection->others[i].address;
        uint32_t number = (uint32_t)(address / GM_PAGE_SIZE);

        if (get_pages(bisection, address, pages))
            rest -=
                tr_hash_page(number, pages[1]) - tr_hash_page(number, pages[0]);
    }
    return rest;
}

static int other_page_differs(const struct bisection *bisection,
                              const struct other_page *other)
{
    uint8_t pages[2][GM_PAGE_SIZE];

    if (!get_pages(bisection, other->address, pages))
        return 0;
    for (unsigned at = 0; at < GM_PAGE_SIZE; at++)
        if (pages[0][at] != pages[1][at] && !other->differs[at])
            return 1;
    return 0;
}

static int memory_differs(const struct bisection *bisection)
{
    for (int i = 0; i < bisection->other_count; i++)
        if (other_page_differs(bisection, &bisection->others[i]))
            return 1;
    return rest_difference(bisection) != bisection->rest;
}

static void note_other_page(struct bisection *bisection, gm_addr address)
{
    struct other_page *other = &bisection->others[bisection->other_count];
    uint8_t pages[2][GM_PAGE_SIZE];

    if (bisection->other_count == OTHER_PAGES ||
        !get_pages(bisection, address, pages) ||
        memcmp(pages[0], pages[1], GM_PAGE_SIZE) == 0)
        return;
    other->address = address;
    for (unsigned at = 0; at < GM_PAGE_SIZE; at++)
        other->differs[at] = pages[0][at] != pages[1][at];
    bisection->other_count++;
}

static void for_each_page(struct bisection *bisection,
                          void (*visit)(struct bisection *bisection,
                                        gm_addr address))
{
    struct gm_mapping region;
    gm_addr at = 0;

    while (gm_query(tr_player_space(bisection->sides[0].player), at, &region) ==
           0) {
        at = region.address + region.size;
        for (gm_addr page = region.address; page < at; page += GM_PAGE_SIZE)
            visit(bisection, page);
    }
}

static void note_beginning(struct bisection *bisection)
{
    bisection->other_count = 0;
    if (rest_difference(bisection) != 0)
        for_each_page(bisection, note_other_page);
    bisection->rest = rest_difference(bisection);
}

/* Both anew, before the first instruction. */
static void begin(struct bisection *bisection)
{
    for (int i = 0; i < 2; i++) {
        struct side *side = &bisection->sides[i];

        utrace_free_player(side->player);
        tr_reader_close(side->reader);
        side->reader = utrace_open(side->name);
        side->player = utrace_player(&side->options, side->reader, side->name);
        settle(side);
    }
    note_beginning(bisection);
}

static void go_to(struct bisection *bisection, uint64_t instructions)
{
    begin(bisection);
    for (int i = 0; i < 2; i++)
        advance(&bisection->sides[i], instructions);
}

static int differ(const struct bisection *bisection)
{
    const struct side *a = &bisection->sides[0], *b = &bisection->sides[1];
    struct xcpu_fxstate fpu[2];
    struct xcpu_regs regs[2];

    if (a->result != b->result ||
        tr_player_instructions(a->player) !=
            tr_player_instructions(b->player) ||
        tr_player_thread(a->player) != tr_player_thread(b->player))
        return 1;
    if (tr_player_cpu(a->player) == NULL || tr_player_cpu(b->player) == NULL)
        return 0;
    for (int i = 0; i < 2; i++) {
        xcpu_get_regs(tr_player_cpu(bisection->sides[i].player), &regs[i]);
        xcpu_get_fxstate(tr_player_cpu(bisection->sides[i].player), &fpu[i]);
        regs[i].eflags &= ~bisection->ignored;
    }
    return regs[0].eflags != regs[1].eflags ||
           tr_hash_registers(&regs[0]) != tr_hash_registers(&regs[1]) ||
           tr_hash_fpu(&fpu[0]) != tr_hash_fpu(&fpu[1]) ||
           memory_differs(bisection);
}

/* What both execute between two comparisons at first: a difference that is
 * gone by the next one is not seen. A power of NARROWER. */
static uint64_t first_stretch(struct tr_reader *reader)
{
    uint64_t count = utrace_count_instructions(reader), stretch = 1;

    while (stretch * NARROWER <= count / STRETCHES)
        stretch *= NARROWER;
    return stretch;
}

/* Instructions behind which both are the same and behind the next of which
 * they are not: 1; 0 when they are the same to the end, *found. */
static int search(struct bisection *bisection, uint64_t *found)
{
    uint64_t same = 0, stretch;
    struct tr_reader *reader = utrace_open(bisection->sides[0].name);

    stretch = first_stretch(reader);
    tr_reader_close(reader);
    begin(bisection);
    for (;;) {
        for (int i = 0; i < 2; i++)
            advance(&bisection->sides[i], same + stretch);
        if (differ(bisection)) {
            if (stretch == 1)
                break;
            stretch /= NARROWER;
            go_to(bisection, same);
        } else if (bisection->sides[0].result <= 0) {
            *found = tr_player_instructions(bisection->sides[0].player);
            return 0;
        } else {
            same += stretch;
        }
    }
    *found = same;
    return 1;
}

/* ---- flags of two engines ---- */

static uint32_t flags_that_differ(const struct bisection *bisection)
{
    struct xcpu_regs regs[2];

    for (int i = 0; i < 2; i++) {
        if (tr_player_cpu(bisection->sides[i].player) == NULL)
            return 0;
        xcpu_get_regs(tr_player_cpu(bisection->sides[i].player), &regs[i]);
    }
    return (regs[0].eflags ^ regs[1].eflags) & TR_ARITHMETIC_FLAGS;
}

/* Those that may differ behind an instruction: it leaves them undefined, or as
 * they were, which a shift by nothing does with all. */
static uint32_t undefined_behind(const struct utrace_insn insns[2],
                                 uint32_t before)
{
    uint32_t kept = ~((insns[0].before.eflags ^ insns[0].after.eflags) |
                      (insns[1].before.eflags ^ insns[1].after.eflags));

    return (before & (~insns[0].written | kept)) | insns[0].undefined;
}

/* Executes the next instruction of both, or tries one that faults: 1, or 0 when
 * that is not to be had. */
static int step_both(struct bisection *bisection, struct utrace_insn insns[2],
                     int are_executed[2])
{
    int result = 1;

    for (int i = 0; i < 2; i++) {
        struct side *side = &bisection->sides[i];

        side->result = utrace_execute(side->player, &insns[i], &are_executed[i],
                                      &side->fault);
        result &= side->result > 0;
    }
    return result;
}

/*
 * The instruction found is the first one that makes registers or memory differ.
 * One before it may have left a flag wrong that it looked at: the first that
 * has, where the flag is defined.
 */
static uint64_t find_wrong_flag(struct bisection *bisection, uint64_t found)
{
    const struct tr_player *player;
    struct utrace_insn insns[2] = {{.number = 0}};
    uint64_t at = found > FLAGS_BEFORE ? found - FLAGS_BEFORE : 0;
    uint64_t thread = 0;
    uint32_t undefined = 0;
    int are_executed[2];

    go_to(bisection, at);
    player = bisection->sides[0].player;
    while (at < found) {
        for (int i = 0; i < 2; i++)
            settle(&bisection->sides[i]);
        if (tr_player_thread(player) != thread)
            undefined = flags_that_differ(bisection);
        thread = tr_player_thread(player);
        if (!step_both(bisection, insns, are_executed))
            break;
        undefined = undefined_behind(insns, undefined);
        if ((flags_that_differ(bisection) & ~undefined) != 0) {
            bisection->undefined = undefined;
            return at;
        }
        at = tr_player_instructions(player);
    }
    return found;
}

/* ---- telling ---- */

static void print_insn(void *context, const struct utrace_insn *insn)
{
    (void)context;
    utrace_print_insn(insn);
}

static const struct other_page *find_other(const struct bisection *bisection,
                                           gm_addr address)
{
    for (int i = 0; i < bisection->other_count; i++)
        if (bisection->others[i].address == address)
            return &bisection->others[i];
    return NULL;
}

/* Bytes of a page that differ, and did not from the beginning. */
static void compare_page(struct bisection *bisection, gm_addr address)
{
    const struct other_page *other = find_other(bisection, address);
    uint8_t pages[2][GM_PAGE_SIZE];

    if (bisection->left == 0 || !get_pages(bisection, address, pages))
        return;
    for (unsigned at = 0; bisection->left > 0 && at < GM_PAGE_SIZE; at++) {
        if (pages[0][at] == pages[1][at] ||
            (other != NULL && other->differs[at]))
            continue;
        printf("memory at 0x%" PRIx64 ": 0x%02x, not 0x%02x\n",
               (uint64_t)address + at, pages[1][at], pages[0][at]);
        bisection->left--;
    }
}

static void show_differences(struct bisection *bisection)
{
    struct xcpu_fxstate fpu[2];
    struct xcpu_regs regs[2];

    for (int i = 0; i < 2; i++) {
        const struct side *side = &bisection->sides[i];

        if (side->result < 0)
            printf("%s: %s\n", side->name, side->fault.text);
        if (tr_player_cpu(side->player) == NULL)
            return;
        xcpu_get_regs(tr_player_cpu(side->player), &regs[i]);
        xcpu_get_fxstate(tr_player_cpu(side->player), &fpu[i]);
    }
    utrace_compare_registers(&regs[0], &regs[1], bisection->undefined);
    utrace_compare_fpu(&fpu[0], &fpu[1]);
    bisection->left = BYTES_SHOWN;
    if (memory_differs(bisection))
        for_each_page(bisection, compare_page);
}

static void show_insns(const struct bisection *bisection, uint64_t number,
                       const struct utrace_insn insns[2],
                       const int are_executed[2])
{
    printf("instruction %" PRIu64 ":\n", number);
    utrace_show_place(bisection->sides[0].player,
                      bisection->sides[0].options.symbols, insns[0].before.eip);
    for (int i = 0; i < 2; i++)
        if (are_executed[i])
            utrace_print_insn(&insns[i]);
        else
            printf("%" PRIu64 " %" PRIu64 " %08x  %-36s (not executed)\n",
                   insns[i].number, insns[i].thread, insns[i].before.eip,
                   insns[i].text);
}

/* Shows the instruction behind so many, those before it, and what is different
 * behind it. What faults in both is followed by what the kernel does. */
static void show(struct bisection *bisection, uint64_t number)
{
    struct utrace_insn insns[2] = {{.on_insn = print_insn}};
    struct side *reference = &bisection->sides[0];
    uint64_t from = number > SHOWN_BEFORE ? number - SHOWN_BEFORE : 0;
    int are_executed[2], goes_on = 1;

    go_to(bisection, from);
    while (reference->result > 0 &&
           tr_player_instructions(reference->player) < number)
        reference->result = utrace_execute(reference->player, &insns[0],
                                           are_executed, &reference->fault);
    insns[0].on_insn = NULL;
    advance(&bisection->sides[1], number);
    while (goes_on) {
        for (int i = 0; i < 2; i++)
            settle(&bisection->sides[i]);
        if (differ(bisection)) {
            printf("before instruction %" PRIu64 ", by what is outside of the "
                   "program:\n",
                   number);
            show_differences(bisection);
            return;
        }
        goes_on = step_both(bisection, insns, are_executed) &&
                  !are_executed[0] && !are_executed[1];
    }
    show_insns(bisection, number, insns, are_executed);
    show_differences(bisection);
}

/* ---- the command ---- */

static void end(struct bisection *bisection)
{
    for (int i = 0; i < 2; i++) {
        utrace_free_player(bisection->sides[i].player);
        tr_reader_close(bisection->sides[i].reader);
        bisection->sides[i].player = NULL;
        bisection->sides[i].reader = NULL;
    }
}

/* The same to the end, instruction by instruction: nothing is wrong, or with
 * both, or what is made of several instructions. */
static int tell_same(struct bisection *bisection, uint64_t instructions)
{
    const struct side *side = &bisection->sides[0];

    if (side->result == 0) {
        end(bisection);
        if (side->options.engine != bisection->sides[1].options.engine &&
            utrace_find_block(&bisection->sides[1].options))
            return UTRACE_EXIT_DIFFERS;
        printf("%s: the same to the end, behind %" PRIu64 " instructions\n",
               bisection->sides[1].name, instructions);
        return 0;
    }
    utrace_message("%s: %s", side->name, side->fault.text);
    if (side->result != TR_ERR_MISMATCH)
        return utrace_status_of(side->result);
    printf("both differ from the trace in the same way, at instruction "
           "%" PRIu64 " at the latest\n",
           instructions);
    return utrace_status_of(side->result);
}

int utrace_bisect(const struct utrace_options *options)
{
    struct bisection bisection = {.ignored = 0};
    struct side *a = &bisection.sides[0], *b = &bisection.sides[1];
    uint64_t found;
    int status = UTRACE_EXIT_DIFFERS, is_different;

    a->options = b->options = *options;
    a->options.hashes = b->options.hashes = 1;
    /* Else the end of a stretch would be interpreted. */
    a->options.block_insns = b->options.block_insns = 1;
    a->options.translate_after = b->options.translate_after = 1;
    a->name = options->files[0];
    b->name = options->files[options->file_count - 1];
    if (options->file_count == 1)
        a->options.engine = XCPU_ENGINE_INTERP;
    /* Engines may leave what is not defined different. */
    if (a->options.engine != b->options.engine)
        bisection.ignored = bisection.undefined = TR_ARITHMETIC_FLAGS;
    is_different = search(&bisection, &found);
    if (is_different && bisection.ignored != 0)
        found = find_wrong_flag(&bisection, found);
    if (is_different)
        show(&bisection, found);
    else
        status = tell_same(&bisection, found);
    end(&bisection);
    return status;
}
