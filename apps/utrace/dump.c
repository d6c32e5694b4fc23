/* dump.c -- the command dump: every instruction, and what it did. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "insn.h"

struct dump {
    struct utrace_names names;
    int shows; /* it is from there on */
};

static void on_event(void *context, const struct tr_event *event)
{
    struct dump *dump = context;

    utrace_note_name(&dump->names, event);
    if (!dump->shows)
        return;
    fputs("    ", stdout);
    utrace_print_event(&dump->names, event);
}

static void on_insn(void *context, const struct utrace_insn *insn)
{
    (void)context;
    utrace_print_insn(insn);
}

/* As tr_play_to, but names of calls are noted. */
static int go_to(struct tr_player *player, struct dump *dump, uint64_t from,
                 struct tr_fault *fault)
{
    struct tr_event event;
    int result = 1;

    while (result > 0 && tr_player_instructions(player) < from) {
        result = tr_play_until_run(player, &event, fault);
        if (result <= 0)
            break;
        if (!tr_player_is_open(player))
            on_event(dump, &event);
        else if (tr_play_part(player, from - tr_player_instructions(player),
                              fault) < 0)
            result = TR_ERR_MISMATCH;
    }
    return result;
}

static int dump_insns(const struct utrace_options *options,
                      struct tr_player *player, struct dump *dump,
                      struct tr_fault *fault)
{
    struct utrace_insn insn = {
        .on_event = on_event, .on_insn = on_insn, .context = dump};
    int is_executed;
    int result = go_to(player, dump, options->from, fault);

    if (result == 0) {
        snprintf(fault->text, sizeof(fault->text),
                 "it ends behind instruction %" PRIu64 ", before %" PRIu64,
                 tr_player_instructions(player), options->from);
        return TR_ERR_INVALID;
    }
    dump->shows = 1;
    while (result > 0 && tr_player_instructions(player) < options->to)
        result = utrace_execute(player, &insn, &is_executed, fault);
    return result;
}

int utrace_dump(const struct utrace_options *options)
{
    const char *name = options->files[0];
    struct tr_reader *reader = utrace_open(name);
    struct tr_player *player = utrace_player(options, reader, name);
    struct tr_fault fault = {"out of memory"};
    struct dump dump = {.shows = 0};
    int result = dump_insns(options, player, &dump, &fault);

    if (result < 0)
        utrace_message("%s: %s", name, fault.text);
    utrace_free_names(&dump.names);
    utrace_free_player(player);
    tr_reader_close(reader);
    return result < 0 ? utrace_status_of(result) : 0;
}
