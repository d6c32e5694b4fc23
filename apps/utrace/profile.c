/* profile.c -- the command profile: hot blocks, functions, who calls whom. */
/* SPDX-License-Identifier: MIT */
#include "profile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 20 };

/* What a function, or a caller and a function, come to. */
struct row {
    uint32_t caller, function;
    uint64_t calls, self, total;
};

static int by_executed(const void *a, const void *b)
{
    const struct utrace_block *one = a, *other = b;

    if (one->executed != other->executed)
        return one->executed > other->executed ? -1 : 1;
    return one->address < other->address ? -1 : one->address > other->address;
}

static int by_place(const void *a, const void *b)
{
    const struct row *one = a, *other = b;

    if (one->caller != other->caller)
        return one->caller < other->caller ? -1 : 1;
    return one->function < other->function   ? -1
           : one->function > other->function ? 1
                                             : 0;
}

static int by_total(const void *a, const void *b)
{
    const struct row *one = a, *other = b;

    if (one->total != other->total)
        return one->total > other->total ? -1 : 1;
    return by_place(a, b);
}

static int by_self(const void *a, const void *b)
{
    const struct row *one = a, *other = b;

    if (one->self != other->self)
        return one->self > other->self ? -1 : 1;
    return by_place(a, b);
}

static double percent(const struct utrace_profile *profile, uint64_t count)
{
    return profile->instructions == 0
               ? 0
               : 100 * (double)count / (double)profile->instructions;
}

static void print_blocks(const struct utrace_profile *profile,
                         struct utrace_symbols *symbols)
{
    char name[256];

    qsort(profile->blocks, profile->block_slots, sizeof(*profile->blocks),
          by_executed);
    printf("blocks=%zu\n\n", profile->block_count);
    puts("      %  instructions          runs  block");
    for (size_t i = 0; i < SHOWN && i < profile->block_count; i++) {
        const struct utrace_block *block = &profile->blocks[i];

        utrace_format_address(symbols, block->address, name, sizeof(name));
        printf("%7.2f %13" PRIu64 " %13" PRIu64 "  %08x-%08x %s\n",
               percent(profile, block->executed), block->executed, block->runs,
               block->address, block->address + block->length, name);
    }
}

/* A function within itself is counted once: above a frame of its own kind it
 * is there already. */
static int is_within(const struct utrace_profile *profile, uint32_t index)
{
    uint32_t function = profile->frames[index].function;

    while (profile->frames[index].parent != 0) {
        index = profile->frames[index].parent;
        if (profile->frames[index].function == function)
            return 1;
    }
    return 0;
}

/* Rows of one kind become one; how many are left. */
static size_t merge(struct row *rows, size_t count)
{
    size_t kept = 0;

    qsort(rows, count, sizeof(*rows), by_place);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && by_place(&rows[kept - 1], &rows[i]) == 0) {
            rows[kept - 1].calls += rows[i].calls;
            rows[kept - 1].self += rows[i].self;
            rows[kept - 1].total += rows[i].total;
        } else {
            rows[kept++] = rows[i];
        }
    }
    return kept;
}

static struct row *make_rows(const struct utrace_profile *profile,
                             int with_callers, size_t *count)
{
    struct row *rows = calloc(profile->frame_count, sizeof(*rows));

    if (rows == NULL)
        utrace_fail(UTRACE_EXIT_FAILURE, "out of memory");
    for (uint32_t i = 1; i < profile->frame_count; i++) {
        const struct utrace_frame *frame = &profile->frames[i];

        rows[i - 1] = (struct row){
            with_callers ? profile->frames[frame->parent].function : 0,
            frame->function, frame->calls, frame->self,
            is_within(profile, i) ? 0 : frame->total};
    }
    *count = merge(rows, profile->frame_count - 1);
    return rows;
}

static void print_functions(const struct utrace_profile *profile,
                            struct utrace_symbols *symbols)
{
    size_t count;
    struct row *rows = make_rows(profile, 0, &count);
    char name[256];

    qsort(rows, count, sizeof(*rows), by_self);
    printf("\nfunctions=%zu\n\n", count);
    puts("  self%  with calls%         calls  function");
    for (size_t i = 0; i < SHOWN && i < count; i++) {
        utrace_format_address(symbols, rows[i].function, name, sizeof(name));
        printf("%7.2f %12.2f %13" PRIu64 "  %s\n",
               percent(profile, rows[i].self), percent(profile, rows[i].total),
               rows[i].calls, name);
    }
    free(rows);
}

static void print_calls(const struct utrace_profile *profile,
                        struct utrace_symbols *symbols)
{
    size_t count;
    struct row *rows = make_rows(profile, 1, &count);
    char caller[256], name[256];

    qsort(rows, count, sizeof(*rows), by_total);
    printf("\ncalls=%zu\n\n", count);
    puts("      %         calls  caller -> function");
    for (size_t i = 0; i < SHOWN && i < count; i++) {
        utrace_format_address(symbols, rows[i].caller, caller, sizeof(caller));
        utrace_format_address(symbols, rows[i].function, name, sizeof(name));
        printf("%7.2f %13" PRIu64 "  %s -> %s\n",
               percent(profile, rows[i].total), rows[i].calls,
               rows[i].caller == 0 ? "the kernel" : caller, name);
    }
    free(rows);
}

static int print_profile(const struct utrace_options *options,
                         const struct utrace_profile *profile,
                         struct utrace_symbols *symbols)
{
    int status = 0;

    if (options->file_count == 2 &&
        utrace_write_flame(profile, symbols, options->files[0],
                           options->files[1]) < 0) {
        utrace_message("%s: %s", options->files[1], strerror(errno));
        status = UTRACE_EXIT_FAILURE;
    }
    if (options->quiet)
        return status;
    printf("instructions=%" PRIu64 "\n", profile->instructions);
    print_blocks(profile, symbols);
    print_functions(profile, symbols);
    print_calls(profile, symbols);
    return status;
}

int utrace_profile(const struct utrace_options *options)
{
    const char *name = options->files[0];
    struct tr_reader *reader = utrace_open(name);
    struct tr_player *player = utrace_player(options, reader, name);
    struct utrace_symbols *symbols = utrace_new_symbols();
    struct tr_fault fault = {"out of memory"};
    struct utrace_profile profile;
    int result = utrace_collect(player, options, &profile, &fault);
    int status = 0;

    if (result < 0) {
        utrace_message("%s: %s", name, fault.text);
        status = utrace_status_of(result);
    } else {
        utrace_find_symbols(symbols, tr_player_space(player), options->symbols);
        status = print_profile(options, &profile, symbols);
    }
    utrace_free_profile(&profile);
    utrace_free_symbols(symbols);
    utrace_free_player(player);
    tr_reader_close(reader);
    return status;
}
