/* step.c -- the command step: to and fro in a trace, by hand. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "insn.h"

/*
 * The way back is by processes that were left behind: at some points of the
 * way forward the process forks, and the child waits there. To go to a point,
 * the last one at or before it is woken, and forks again: its child goes on,
 * and the process that did until then ends. The first process waits at the
 * beginning, without a player.
 */
enum {
    CHECKPOINTS = 128,
    PATIENCE = 1000,
    EVENT_WORK = 64 /* what an event takes, in instructions */
};

/* What all the processes share. */
struct shared {
    uint64_t target; /* where the one that is woken is to go */
    int is_over;     /* nobody goes on: status is the command's */
    int status;
    int is_left[CHECKPOINTS + 1];
    uint64_t places[CHECKPOINTS + 1]; /* in instructions; the first is 0 */
};

struct session {
    const struct utrace_options *options;
    struct tr_reader *reader;
    struct tr_player *player;
    struct utrace_names names;
    struct shared *shared;
    int bells[CHECKPOINTS + 1][2]; /* pipes: a byte wakes who waits there */
    uint64_t interval;             /* of work */
    int shows_events;
    char last[256]; /* command */
};

static const char help[] = "s [N]         one instruction forward, or N\n"
                           "b [N]         one instruction back, or N\n"
                           "g N           to behind N instructions\n"
                           "u ADDRESS     forward until EIP is ADDRESS\n"
                           "r, f          the registers; the FPU\n"
                           "m ADDRESS [N] memory, N bytes\n"
                           "l [N]         the instructions from EIP on\n"
                           "t             the regions of memory\n"
                           "q             the end\n";

/* ---- checkpoints ---- */

static void go_to(struct session *session, uint64_t target);
static _Noreturn void talk(struct session *session);

static void ring(const struct session *session, int place)
{
    fflush(stdout);
    if (write(session->bells[place][1], "", 1) != 1)
        utrace_message("nobody is left to go on");
}

static void finish(struct session *session, int status)
{
    session->shared->status = status;
    session->shared->is_over = 1;
    for (int i = 0; i <= CHECKPOINTS; i++)
        ring(session, i);
}

static _Noreturn void end(struct session *session, int status)
{
    finish(session, status);
    _exit(0);
}

/* Who goes on is a child of somebody who waits: whether it still can. */
static void look_after_children(struct session *session)
{
    int status;

    while (waitpid(-1, &status, WNOHANG) > 0)
        if (!WIFEXITED(status))
            finish(session, UTRACE_EXIT_FAILURE);
        else if (WEXITSTATUS(status) != 0)
            finish(session, WEXITSTATUS(status));
}

static void wait_for_bell(struct session *session, int place)
{
    struct pollfd bell = {.fd = session->bells[place][0], .events = POLLIN};
    char byte;

    while (poll(&bell, 1, PATIENCE) <= 0)
        look_after_children(session);
    if (read(bell.fd, &byte, 1) != 1)
        finish(session, UTRACE_EXIT_FAILURE);
}

/* Waits, and sends children where they are wanted, until it is over. */
static void serve(struct session *session, int place)
{
    for (;;) {
        pid_t child;

        wait_for_bell(session, place);
        if (session->shared->is_over)
            return;
        child = fork();
        if (child < 0)
            finish(session, UTRACE_EXIT_FAILURE);
        if (child != 0)
            continue;
        session->shows_events = 0;
        if (session->player == NULL)
            session->player = utrace_player(session->options, session->reader,
                                            session->options->files[0]);
        else if (tr_player_restore_objects(session->player) < 0)
            end(session, UTRACE_EXIT_FAILURE);
        go_to(session, session->shared->target);
        talk(session);
    }
}

/* What it takes to come to a point of a trace, of so many instructions and
 * events. Few programs go on for long without calls. */
static uint64_t work_of(uint64_t instructions, uint64_t events)
{
    return instructions + EVENT_WORK * events;
}

static uint64_t work_so_far(const struct session *session)
{
    return work_of(tr_player_instructions(session->player),
                   tr_player_events(session->player));
}

/* Somebody stays here, if nobody does and it is time for it. */
static void leave_checkpoint(struct session *session)
{
    uint64_t place = work_so_far(session) / session->interval;
    pid_t child;

    if (place == 0 || place > CHECKPOINTS || session->shared->is_left[place])
        return;
    fflush(stdout);
    if (tr_player_save_objects(session->player) < 0)
        return;
    child = fork();
    if (child == 0) {
        serve(session, (int)place);
        _exit(0);
    }
    if (child < 0) /* without, when there is none to be had */
        return;
    session->shared->places[place] = tr_player_instructions(session->player);
    session->shared->is_left[place] = 1;
}

/* The last place at or before a point that somebody waits at. */
static int find_place(const struct session *session, uint64_t target)
{
    int found = 0;

    for (int i = 1; i <= CHECKPOINTS; i++)
        if (session->shared->is_left[i] && session->shared->places[i] <= target)
            found = i;
    return found;
}

/* ---- moving ---- */

static int report(struct session *session, int result,
                  const struct tr_fault *fault)
{
    if (result < 0) {
        utrace_message("%s: %s", session->options->files[0], fault->text);
        end(session, utrace_status_of(result));
    }
    return result;
}

static void show(const struct session *session)
{
    struct xcpu *cpu = tr_player_cpu(session->player);
    struct xcpu_regs regs;
    char text[96];

    if (cpu == NULL) {
        puts("0: the beginning");
        return;
    }
    xcpu_get_regs(cpu, &regs);
    utrace_disassemble(tr_player_space(session->player), regs.eip, text,
                       sizeof(text));
    printf("%" PRIu64 ": thread %" PRIu64 " %08x  %s\n",
           tr_player_instructions(session->player),
           tr_player_thread(session->player), regs.eip, text);
}

static void tell(struct session *session, const struct tr_event *event)
{
    utrace_note_name(&session->names, event);
    if (!session->shows_events)
        return;
    fputs("    ", stdout);
    utrace_print_event(&session->names, event);
}

/* Everything that happens before the next instruction: it is then known which
 * thread executes it. 0 at the end. */
static int settle(struct session *session)
{
    struct tr_fault fault = {"out of memory"};
    struct tr_event event;
    int result = 1;

    while (result > 0 && !tr_player_is_open(session->player)) {
        result = tr_play_until_run(session->player, &event, &fault);
        if (result <= 0 || tr_player_is_open(session->player))
            break;
        tell(session, &event);
    }
    return report(session, result, &fault);
}

/* Forward to a point; a checkpoint is left where one is due. 0 at the end. */
static int go_forward(struct session *session, uint64_t target)
{
    struct tr_fault fault = {"out of memory"};
    struct tr_event event;

    while (tr_player_instructions(session->player) < target) {
        uint64_t left = target - tr_player_instructions(session->player);
        uint64_t until_next =
            session->interval - work_so_far(session) % session->interval;

        if (until_next < left)
            left = until_next;
        if (!settle(session))
            return 0;
        tr_play_until_run(session->player, &event, &fault);
        if (report(session, tr_play_part(session->player, left, &fault),
                   &fault) > 0)
            tell(session, &event);
        leave_checkpoint(session);
    }
    return settle(session);
}

static void go_to(struct session *session, uint64_t target)
{
    uint64_t here = tr_player_instructions(session->player);
    int place = find_place(session, target);

    if (target < here || session->shared->places[place] > here) {
        session->shared->target = target;
        ring(session, place);
        _exit(0);
    }
    if (!go_forward(session, target))
        puts("the end of the trace");
    show(session);
}

static void go_until(struct session *session, uint32_t address)
{
    struct xcpu_regs regs;

    do {
        if (!go_forward(session, tr_player_instructions(session->player) + 1)) {
            puts("the end of the trace");
            break;
        }
        xcpu_get_regs(tr_player_cpu(session->player), &regs);
    } while (regs.eip != address);
    show(session);
}

static void step(struct session *session, uint64_t count)
{
    session->shows_events = count <= 64;
    go_to(session, tr_player_instructions(session->player) + count);
    session->shows_events = 0;
}

static void step_back(struct session *session, uint64_t count)
{
    uint64_t here = tr_player_instructions(session->player);

    go_to(session, count < here ? here - count : 0);
}

/* ---- looking ---- */

static void show_memory(const struct session *session, uint32_t address,
                        uint64_t size)
{
    uint8_t byte;

    for (uint64_t i = 0; i < size; i++) {
        if (i % 16 == 0)
            printf("%s%08x ", i > 0 ? "\n" : "", address + (uint32_t)i);
        if (gm_copy_in(tr_player_space(session->player), &byte,
                       address + (uint32_t)i, 1) < 0)
            fputs(" --", stdout);
        else
            printf(" %02x", byte);
    }
    putchar('\n');
}

static void show_code(const struct session *session, uint64_t count)
{
    struct gm_space *space = tr_player_space(session->player);
    struct xcpu_regs regs;
    char text[96];
    uint32_t length = 1;

    xcpu_get_regs(tr_player_cpu(session->player), &regs);
    for (uint64_t i = 0; i < count && length > 0; i++) {
        length = utrace_disassemble(space, regs.eip, text, sizeof(text));
        printf("%08x  %s\n", regs.eip, text);
        regs.eip += length;
    }
}

static void show_regions(const struct session *session)
{
    struct gm_mapping region;
    gm_addr at = 0;

    while (gm_query(tr_player_space(session->player), at, &region) == 0) {
        at = region.address + region.size;
        printf("%08" PRIx64 "-%08" PRIx64 " %c%c%c\n", (uint64_t)region.address,
               (uint64_t)at, (region.prot & GM_PROT_READ) != 0 ? 'r' : '-',
               (region.prot & GM_PROT_WRITE) != 0 ? 'w' : '-',
               (region.prot & GM_PROT_EXEC) != 0 ? 'x' : '-');
    }
}

static void show_state(const struct session *session, char what)
{
    struct xcpu_fxstate fpu;
    struct xcpu_regs regs;

    xcpu_get_regs(tr_player_cpu(session->player), &regs);
    xcpu_get_fxstate(tr_player_cpu(session->player), &fpu);
    if (what == 'r')
        utrace_print_registers(&regs);
    else
        utrace_print_fpu(&fpu);
}

/* ---- commands ---- */

/* The numbers behind a command, two at most: how many; -1: it is not numbers
 * that are there. */
static int read_numbers(const char *text, unsigned long long values[2])
{
    int count = 0;
    char *end;

    for (text += strspn(text, " "); *text != '\0';
         text = end + strspn(end, " ")) {
        if (count == 2 || *text < '0' || *text > '9')
            return -1;
        values[count++] = strtoull(text, &end, 0);
        if (*end != ' ' && *end != '\0')
            return -1;
    }
    return count;
}

static void obey(struct session *session, const char *line)
{
    unsigned long long values[2] = {0, 0};
    char what = line[0];
    int count = what == '\0' ? 0 : read_numbers(line + 1, values);

    if (count < 0)
        fputs(help, stdout);
    else if (what == 's')
        step(session, count > 0 ? values[0] : 1);
    else if (what == 'b')
        step_back(session, count > 0 ? values[0] : 1);
    else if (what == 'g' && count == 1)
        go_to(session, values[0]);
    else if (what == 'u' && count == 1)
        go_until(session, (uint32_t)values[0]);
    else if (what == 'm' && count > 0)
        show_memory(session, (uint32_t)values[0], count > 1 ? values[1] : 64);
    else if (what == 't')
        show_regions(session);
    else if (what == 'q')
        end(session, 0);
    else if (tr_player_cpu(session->player) != NULL && what == 'l')
        show_code(session, count > 0 ? values[0] : 8);
    else if (tr_player_cpu(session->player) != NULL &&
             (what == 'r' || what == 'f'))
        show_state(session, what);
    else
        fputs(help, stdout);
}

/* A line from stdin, byte by byte: a process left behind goes on reading where
 * its child stopped. 0 at the end. */
static int read_line(char *line, size_t size)
{
    size_t length = 0;
    char byte;

    while (read(STDIN_FILENO, &byte, 1) == 1) {
        if (byte == '\n') {
            line[length] = '\0';
            return 1;
        }
        if (length < size - 1)
            line[length++] = byte;
    }
    line[length] = '\0';
    return length > 0;
}

static _Noreturn void talk(struct session *session)
{
    char line[256];

    for (;;) {
        if (isatty(STDIN_FILENO))
            fputs("(utrace) ", stdout);
        fflush(stdout);
        if (!read_line(line, sizeof(line)))
            end(session, 0);
        if (line[0] == '\0')
            memcpy(line, session->last, sizeof(line));
        memcpy(session->last, line, sizeof(line));
        if (line[0] != '\0')
            obey(session, line);
    }
}

static uint64_t count_work(struct tr_reader *reader)
{
    struct tr_summary summary;

    tr_reader_summary(reader, &summary);
    return work_of(utrace_count_instructions(reader), summary.events);
}

int utrace_step(const struct utrace_options *options)
{
    struct utrace_options interp = *options;
    struct session session = {.options = &interp};
    int status;

    interp.engine = XCPU_ENGINE_INTERP; /* no translated code to share */
    session.reader = utrace_open(options->files[0]);
    session.interval = count_work(session.reader) / CHECKPOINTS;
    if (session.interval < options->interval)
        session.interval = options->interval;
    session.shared = mmap(NULL, sizeof(*session.shared), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (session.shared == MAP_FAILED)
        utrace_fail(UTRACE_EXIT_FAILURE, "out of memory");
    for (int i = 0; i <= CHECKPOINTS; i++)
        if (pipe(session.bells[i]) != 0)
            utrace_fail(UTRACE_EXIT_FAILURE, "pipe: %s", strerror(errno));
    session.shared->target = options->from;
    ring(&session, 0);
    serve(&session, 0);
    status = session.shared->status;
    munmap(session.shared, sizeof(*session.shared));
    tr_reader_close(session.reader);
    return status;
}
