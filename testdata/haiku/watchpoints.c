/* watchpoints.c -- what stops a thread that comes by, or accesses memory. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

/* What Haiku's headers/os/kernel/debugger.h names B_DEBUG_MESSAGE_...,
 * B_DEBUGGER_MESSAGE_... and B_DATA_..._WATCHPOINT. */
enum { CONTINUE_THREAD = 4, SET_WATCHPOINT = 9, CLEAR_WATCHPOINT = 10 };
enum { BREAKPOINT_HIT = 2, WATCHPOINT_HIT, SINGLE_STEP, TEAM_DELETED = 10 };
enum { READ, WRITE, READ_WRITE };
enum { SIGKILL = 9 };
enum { TF = 0x100 }; /* EFLAGS: SDM 1, 3.4.3 */

struct message {
    int32_t thread, team, nub;
    uint32_t padding;
    uint8_t extended[512];
    uint32_t segments[4], edi, esi, ebp, esp, ebx, edx, ecx, eax, vector, error;
    uint32_t eip, rest[5];
};

static long port, replies, child;
static struct message message;
static uint32_t words[4];
static volatile uint32_t counter;

/* ---- code with names for where it is behind an access ---- */

void store_word(uint32_t *to);
void store_byte(uint32_t *to);
uint32_t load_word(const uint32_t *from);
void push_word(void);
uint32_t flags_pushed_with_prefix(void);
void copy_bytes(void *to, const void *from, uint32_t count);
extern const char behind_store_word[], behind_store_byte[], behind_load_word[],
    behind_push_word[], at_copy_bytes[], behind_copy_bytes[];
__asm__("store_word: mov 4(%esp), %eax\n"
        "movl $7, (%eax)\n"
        "behind_store_word: ret\n"
        "store_byte: mov 4(%esp), %eax\n"
        "movb $7, 3(%eax)\n"
        "behind_store_byte: ret\n"
        "load_word: mov 4(%esp), %eax\n"
        "mov (%eax), %eax\n"
        "behind_load_word: ret\n"
        "push_word: mov %esp, %eax\n"
        "lea words + 12, %esp\n"
        "push %eax\n"
        "behind_push_word: mov %eax, %esp\n"
        "ret\n"
        "flags_pushed_with_prefix: rep pushf\n"
        "pop %eax\n"
        "ret\n"
        "copy_bytes: push %esi\n"
        "push %edi\n"
        "mov 12(%esp), %edi\n"
        "mov 16(%esp), %esi\n"
        "mov 20(%esp), %ecx\n"
        "at_copy_bytes: rep movsb\n"
        "behind_copy_bytes: pop %edi\n"
        "pop %esi\n"
        "ret\n");

/* ---- calls ---- */

static long watch(const volatile void *address, uint32_t type, int32_t length)
{
    return sys(SYS_set_debugger_breakpoint, address, type, length, 1);
}

static long stop_at(const void *address)
{
    return sys(SYS_set_debugger_breakpoint, address, 0, 0, 0);
}

static long forget(const volatile void *address, int is_watchpoint)
{
    return sys(SYS_clear_debugger_breakpoint, address, is_watchpoint);
}

/* ---- the debugger ---- */

static void expect(int32_t code, const void *eip)
{
    int32_t found = -1;

    CHECK(sys(SYS_read_port_etc, port, &found, &message, sizeof(message), 0,
              0LL) > 0);
    CHECK_STATUS(found, code);
    CHECK_STATUS(message.team, child);
    if (eip != 0)
        CHECK_STATUS((long)message.eip, (long)eip);
}

static void tell(int32_t code, const void *data, size_t size)
{
    CHECK_STATUS(sys(SYS_write_port_etc, message.nub, code, data, size, 0, 0LL),
                 HK_B_OK);
}

static void go_on(int step)
{
    const uint32_t data[3] = {(uint32_t)message.thread, 0, (uint32_t)step};

    tell(CONTINUE_THREAD, data, sizeof(data));
}

static long nub_watches(const void *address, uint32_t type, int32_t length)
{
    const uint32_t data[4] = {(uint32_t)replies, (uint32_t)address, type,
                              (uint32_t)length};
    int32_t code, status = -1;

    tell(SET_WATCHPOINT, data, sizeof(data));
    sys(SYS_read_port_etc, replies, &code, &status, sizeof(status), 0, 0LL);
    return status;
}

static void nub_forgets(const void *address)
{
    tell(CLEAR_WATCHPOINT, &address, sizeof(address));
}

static void await_child(int code, int status)
{
    struct siginfo info;

    expect(TEAM_DELETED, 0);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == code && info.status == status);
}

/* ---- without a debugger ---- */

/* Nobody is told. */
static void alone(void)
{
    CHECK_STATUS(watch(&words[0], WRITE, 4), HK_B_OK);
    CHECK_STATUS(watch(&words[0], WRITE, 4), HK_B_OK); /* it is there */
    CHECK_STATUS(watch(&words[0], READ_WRITE, 2), HK_B_OK);
    CHECK_STATUS(stop_at(behind_load_word), HK_B_OK);
    CHECK_STATUS(stop_at(BAD_POINTER), HK_B_OK); /* no code is there yet */
    CHECK_STATUS(watch(&words[1], WRITE, 4), HK_B_BUSY);
    CHECK_STATUS(stop_at(store_word), HK_B_BUSY);
    store_word(&words[0]);
    CHECK_STATUS(load_word(&words[0]), 7);
    CHECK((flags_pushed_with_prefix() & TF) == 0); /* while it is stepped */
    CHECK_STATUS(forget(BAD_POINTER, 1), HK_B_NAME_NOT_FOUND);
    CHECK_STATUS(forget(BAD_POINTER, 0), HK_B_OK);
    CHECK_STATUS(forget(BAD_POINTER, 0), HK_B_NAME_NOT_FOUND);
    CHECK_STATUS(forget(&words[0], 0), HK_B_NAME_NOT_FOUND);
    CHECK_STATUS(forget(&words[0], 1), HK_B_OK);
    CHECK_STATUS(forget(&words[0], 1), HK_B_OK);
    CHECK_STATUS(forget(&words[0], 1), HK_B_NAME_NOT_FOUND);
    CHECK_STATUS(forget(behind_load_word, 0), HK_B_OK);
    CHECK_STATUS(load_word(&words[0]), 7);
}

/* ---- the default debugger ---- */

/* Its watchpoints are its own until it has a debugger. */
static void accesses(void)
{
    int32_t ends[2];

    CHECK_STATUS(sys(SYS_create_pipe, ends), HK_B_OK);
    CHECK_STATUS(watch(&words[1], WRITE, 4), HK_B_OK);
    load_word(&words[1]);
    store_word(&words[0]);
    store_word(&words[2]);
    store_byte(&words[1]); /* hits */
    CHECK_STATUS(sys(SYS_set_debugger_breakpoint, &words[2], WRITE, 4, 1),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_clear_debugger_breakpoint, &words[1], 1),
                 HK_B_BAD_VALUE);
    load_word(&words[2]);  /* hits */
    store_word(&words[2]); /* hits */
    push_word();           /* hits */
    sys(SYS_write, ends[1], NO_POSITION, "text", 4);
    sys(SYS_read, ends[0], NO_POSITION, &words[2], 4); /* the kernel's own */
    copy_bytes(&words[1], "0123456", 7); /* hits at the fifth byte, ... */
    load_word(&words[2]);
    guest_exit(0);
}

static void accessed(void)
{
    child = fork_team();
    if (child == 0)
        accesses();
    expect(WATCHPOINT_HIT, behind_store_byte);
    CHECK_STATUS(nub_watches(&words[2], READ_WRITE, 4), HK_B_OK);
    CHECK_STATUS(nub_watches(&words[2], WRITE, 4), HK_B_BAD_VALUE);
    CHECK_STATUS(nub_watches(0, WRITE, 4), HK_B_BAD_ADDRESS);
    CHECK_STATUS(nub_watches(KERNEL_POINTER, WRITE, 4), HK_B_BAD_ADDRESS);
    CHECK_STATUS(nub_watches(&words[3], WRITE, -1), HK_B_BAD_VALUE);
    CHECK_STATUS(nub_watches(&words[3], READ, 4), HK_B_NOT_SUPPORTED);
    CHECK_STATUS(nub_watches(&words[3], WRITE, 8), HK_B_NOT_SUPPORTED);
    CHECK_STATUS(nub_watches((char *)&words[3] + 1, WRITE, 2), HK_B_BAD_VALUE);
    CHECK_STATUS(nub_watches(&words[3], WRITE, 1), HK_B_OK);
    CHECK_STATUS(nub_watches(&words[0], WRITE, 1), HK_B_BUSY);
    nub_forgets(&words[3]);
    go_on(0);
    expect(WATCHPOINT_HIT, behind_load_word);
    go_on(0);
    expect(WATCHPOINT_HIT, behind_store_word);
    go_on(0);
    expect(WATCHPOINT_HIT, behind_push_word);
    nub_forgets(&words[1]);
    go_on(0);
    for (uint32_t left = 2; left <= 2; left--) {
        expect(WATCHPOINT_HIT, left > 0 ? at_copy_bytes : behind_copy_bytes);
        CHECK_STATUS((long)message.ecx, (long)left);
        go_on(0);
    }
    expect(WATCHPOINT_HIT, behind_load_word);
    nub_forgets(&words[2]);
    go_on(0);
    await_child(CLD_EXITED, 0);
}

static void stops(void)
{
    CHECK_STATUS(stop_at(behind_load_word), HK_B_OK);
    words[0] = 5;
    CHECK_STATUS(load_word(&words[0]), 5); /* hits */
    CHECK_STATUS(load_word(&words[0]), 5); /* hits */
    guest_exit(0);
}

static void stopped(void)
{
    child = fork_team();
    if (child == 0)
        stops();
    expect(BREAKPOINT_HIT, behind_load_word);
    CHECK_STATUS((long)message.eax, 5);
    go_on(1);
    expect(SINGLE_STEP, 0);
    go_on(0);
    expect(BREAKPOINT_HIT, behind_load_word);
    go_on(0);
    await_child(CLD_EXITED, 0);
}

/* ---- another thread, that is busy ---- */

static int counts(void *unused, void *unused_too)
{
    (void)unused, (void)unused_too;
    for (;;)
        counter++;
}

static void is_busy(void)
{
    long thread = spawn_thread("counts", counts, 0, 0);

    sys(SYS_resume_thread, thread);
    while (counter < 1000)
        sys(SYS_thread_yield);
    CHECK_STATUS(watch(&counter, WRITE, 4), HK_B_OK);
    CHECK_STATUS(
        sys(SYS_snooze_etc, 60000000LL, 0, RELATIVE_TIMEOUT, (void *)0),
        HK_B_OK);
    guest_exit(1);
}

static void busy(void)
{
    child = fork_team();
    if (child == 0)
        is_busy();
    expect(WATCHPOINT_HIT, 0);
    CHECK(message.thread != child);
    CHECK_STATUS(sys(SYS_kill_team, child), HK_B_OK);
    await_child(CLD_KILLED, SIGKILL);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    alone();
    port = sys(SYS_create_port, 10, "debugger");
    replies = sys(SYS_create_port, 1, "replies");
    CHECK_STATUS(sys(SYS_install_default_debugger, port), HK_B_OK);
    accessed();
    stopped();
    busy();
    sys(SYS_install_default_debugger, -1);
    print("watchpoints checked\n");
    return 0;
}
