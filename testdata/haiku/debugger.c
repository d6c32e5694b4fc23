/* debugger.c -- a team debugs another one, by ports. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { NONE = 999999999, SIGSEGV = 11, SIGUSR1 = 18 };

/* What Haiku's headers/os/kernel/debugger.h names B_DEBUG_MESSAGE_... and
 * B_TEAM_DEBUG_... . */
enum {
    READ_MEMORY,
    WRITE_MEMORY,
    SET_TEAM_FLAGS,
    SET_THREAD_FLAGS,
    CONTINUE_THREAD,
    SET_CPU_STATE,
    GET_CPU_STATE,
    SET_BREAKPOINT,
    CLEAR_BREAKPOINT,
    SET_WATCHPOINT,
    SET_SIGNAL_MASKS = 11,
    GET_SIGNAL_MASKS,
    SET_SIGNAL_HANDLER,
    GET_SIGNAL_HANDLER,
    PREPARE_HANDOVER
};
enum { HANDLE, IGNORE };
enum {
    SIGNALS = 0x10000,
    PRE_SYSCALL = 0x20000,
    POST_SYSCALL = 0x40000,
    TEAM_CREATION = 0x80000,
    THREADS = 0x100000,
    IMAGES = 0x200000
};

/* B_DEBUGGER_MESSAGE_... */
enum {
    THREAD_DEBUGGED,
    DEBUGGER_CALL,
    BREAKPOINT_HIT,
    SINGLE_STEP = 4,
    BEFORE_SYSCALL,
    AFTER_SYSCALL,
    SIGNAL_RECEIVED,
    EXCEPTION_OCCURRED,
    TEAM_CREATED,
    TEAM_DELETED,
    TEAM_EXEC,
    THREAD_CREATED,
    THREAD_DELETED,
    IMAGE_CREATED,
    IMAGE_DELETED,
    HANDED_OVER = 17
};

/* x86_debug_cpu_state, of which the guest looks at few. */
struct registers {
    uint8_t extended[512];
    uint32_t segments[4], edi, esi, ebp, esp, ebx, edx, ecx, eax, vector, error;
    uint32_t eip, cs, eflags, user_esp, user_ss, padding;
};

struct message {
    int32_t thread, team, nub;
    union {
        uint32_t words[60];
        struct {
            uint32_t padding;
            struct registers registers;
        } cpu;
    } u;
};

static volatile uint32_t shared_word = 1;
static long port, nub, child, replies;
static struct message message;

/* ---- the debugger's side ---- */

/* The next message has to be this one, of the child. */
static void expect(long code)
{
    int32_t found = -1;
    long size =
        sys(SYS_read_port_etc, port, &found, &message, sizeof(message), 0, 0LL);

    CHECK(size >= 12);
    CHECK_STATUS(found, code);
    CHECK_STATUS(message.team, child);
}

static void tell(long code, const void *data, size_t size)
{
    CHECK_STATUS(sys(SYS_write_port_etc, nub, code, data, size, 0, 0LL),
                 HK_B_OK);
}

static void go_on(int how, int step)
{
    const uint32_t data[3] = {(uint32_t)message.thread, (uint32_t)how,
                              (uint32_t)step};

    tell(CONTINUE_THREAD, data, sizeof(data));
}

static void set_flags(uint32_t flags)
{
    tell(SET_TEAM_FLAGS, &flags, sizeof(flags));
}

/* Sends what has a reply, and gives its first word. */
static long ask(long code, const void *data, size_t size, void *reply,
                size_t room)
{
    int32_t found = -1;

    tell(code, data, size);
    CHECK(sys(SYS_read_port_etc, replies, &found, reply, room, 0, 0LL) >= 4);
    return *(int32_t *)reply;
}

static uint32_t read_word(const volatile void *address)
{
    const uint32_t data[3] = {(uint32_t)replies, (uint32_t)address, 4};
    uint32_t reply[2 + 256] = {0};

    CHECK_STATUS(ask(READ_MEMORY, data, sizeof(data), reply, sizeof(reply)),
                 HK_B_OK);
    CHECK(reply[1] == 4);
    return reply[2];
}

static long write_word(const volatile void *address, uint32_t word)
{
    const uint32_t data[4] = {(uint32_t)replies, (uint32_t)address, 4, word};
    uint32_t reply[2] = {0};

    return ask(WRITE_MEMORY, data, sizeof(data), reply, sizeof(reply));
}

static struct {
    int32_t status, event;
    uint32_t padding[2];
    struct registers registers;
} state;

static void get_registers(void)
{
    const uint32_t data[2] = {(uint32_t)replies, (uint32_t)message.thread};

    CHECK_STATUS(ask(GET_CPU_STATE, data, sizeof(data), &state, sizeof(state)),
                 HK_B_OK);
}

/* Of `state`, whose first word is the thread now. */
static void set_registers(void)
{
    state.status = message.thread;
    tell(SET_CPU_STATE, &state, sizeof(state));
}

static long set_breakpoint(const void *address)
{
    const uint32_t data[2] = {(uint32_t)replies, (uint32_t)address};
    int32_t reply;

    return ask(SET_BREAKPOINT, data, sizeof(data), &reply, sizeof(reply));
}

/* ---- what the debugged team does ---- */

__attribute__((noinline)) static long target(long a)
{
    __asm__ volatile("" : "+r"(a));
    return a + 1;
}

static int thread_main(void *a, void *b)
{
    (void)a, (void)b;
    sys(SYS_exit_thread, 3);
    return 0;
}

static void fault(void)
{
    __asm__ volatile("movl $0, 0x70" ::: "memory"); /* ten bytes */
}

static void be_debugged(void)
{
    int32_t status;
    long id;

    sys(SYS_wait_for_debugger);
    CHECK(shared_word == 2);
    CHECK_STATUS(sys(SYS_port_count, -5), 77); /* the debugger's answer */
    CHECK_STATUS(target(5), 6);
    CHECK_STATUS(target(6), 7);
    sys(SYS_send_signal, this_thread(), SIGUSR1, (void *)0, 1);
    fault();
    sys(SYS_debugger, "called");
    id = spawn_thread("debugged", thread_main, 0, 0);
    sys(SYS_resume_thread, id);
    CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_OK);
    CHECK_STATUS(sys(SYS_snooze_etc, 100000LL, 0, RELATIVE_TIMEOUT, (void *)0),
                 HK_B_OK);
    guest_exit(9);
}

/* ---- one after the other ---- */

/* The nub's port that team_info tells. */
static long nub_of(long team)
{
    int32_t info[40] = {0};

    CHECK_STATUS(sys(SYS_get_team_info, team, info, sizeof(info)), HK_B_OK);
    return info[5];
}

static void refusals(void)
{
    enum { KERNEL_TEAM = 1 };

    CHECK_STATUS(sys(SYS_install_team_debugger, child, NONE), HK_B_BAD_PORT_ID);
    CHECK_STATUS(sys(SYS_install_team_debugger, NONE, port), HK_B_BAD_TEAM_ID);
    CHECK_STATUS(sys(SYS_install_team_debugger, 0, port), HK_B_NOT_ALLOWED);
    CHECK_STATUS(sys(SYS_install_team_debugger, KERNEL_TEAM, port),
                 HK_B_NOT_ALLOWED);
    CHECK_STATUS(sys(SYS_remove_team_debugger, child), HK_B_BAD_VALUE);
    CHECK_STATUS(nub_of(child), -1);
    CHECK_STATUS(sys(SYS_debug_thread, NONE), HK_B_BAD_THREAD_ID);
    CHECK_STATUS(sys(SYS_install_default_debugger, NONE), HK_B_BAD_PORT_ID);
}

static void calls_and_memory(void)
{
    nub = sys(SYS_install_team_debugger, child, port);
    CHECK(nub > 0);
    CHECK_STATUS(nub_of(child), nub);
    CHECK_STATUS(sys(SYS_install_team_debugger, child, port), HK_B_BAD_VALUE);
    expect(THREAD_DEBUGGED);
    CHECK_STATUS(message.nub, nub);
    CHECK(read_word(&shared_word) == 1);
    CHECK_STATUS(write_word(&shared_word, 2), HK_B_OK);
    CHECK_STATUS(write_word(BAD_POINTER, 2), HK_B_BAD_ADDRESS);
    CHECK_STATUS(write_word(KERNEL_POINTER, 2), HK_B_BAD_ADDRESS);
    set_flags(PRE_SYSCALL | POST_SYSCALL);
    go_on(HANDLE, 0);
    expect(AFTER_SYSCALL); /* wait_for_debugger's own end */
    go_on(HANDLE, 0);
    expect(BEFORE_SYSCALL);
    CHECK(message.u.words[0] == SYS_port_count);
    CHECK((int32_t)message.u.words[1] == -5);
    go_on(HANDLE, 0);
    expect(AFTER_SYSCALL);
    CHECK((int32_t)message.u.words[4] == HK_B_BAD_PORT_ID);
    CHECK(message.u.words[6] == SYS_port_count);
    CHECK((int32_t)message.u.words[7] == -5);
    get_registers();
    CHECK_STATUS(state.event, AFTER_SYSCALL);
    CHECK((int32_t)state.registers.eax == HK_B_BAD_PORT_ID);
    state.registers.eax = 77;
    set_registers();
}

static void breakpoints(void)
{
    const uint32_t data[2] = {(uint32_t)target, 0};
    const uint32_t code = read_word((void *)target);

    set_flags(0);
    CHECK_STATUS(set_breakpoint((void *)target), HK_B_OK);
    CHECK_STATUS(set_breakpoint((void *)target), HK_B_BAD_VALUE);
    CHECK_STATUS(set_breakpoint(BAD_POINTER), HK_B_BAD_ADDRESS);
    CHECK(read_word((void *)target) == code);
    go_on(HANDLE, 0);
    expect(BREAKPOINT_HIT);
    CHECK(message.u.cpu.registers.eip == (uint32_t)target);
    go_on(HANDLE, 1);
    expect(SINGLE_STEP);
    CHECK(message.u.cpu.registers.eip > (uint32_t)target);
    CHECK((message.u.cpu.registers.eflags & 0x100) == 0);
    go_on(HANDLE, 0);
    expect(BREAKPOINT_HIT); /* it is there again */
    tell(CLEAR_BREAKPOINT, data, 4);
    CHECK(read_word((void *)target) == code);
}

static void signals(void)
{
    uint64_t masks[4] = {0};
    const uint32_t data[2] = {(uint32_t)replies, (uint32_t)message.thread};
    struct {
        int32_t thread;
        uint64_t ignored __attribute__((aligned(4), packed));
        uint64_t once __attribute__((aligned(4), packed));
        uint32_t op, once_op;
    } __attribute__((packed)) set = {message.thread, 0x1000, 0, 2, 2};

    set_flags(SIGNALS);
    tell(SET_SIGNAL_MASKS, &set, sizeof(set));
    CHECK_STATUS(
        ask(GET_SIGNAL_MASKS, data, sizeof(data), masks, sizeof(masks)),
        HK_B_OK);
    CHECK(masks[0] >> 32 == 0x1000);
    go_on(HANDLE, 0);
    expect(SIGNAL_RECEIVED);
    CHECK(message.u.words[0] == SIGUSR1);
    CHECK((message.u.words[15] & 0xff) == 1); /* it would be the end */
    go_on(IGNORE, 0);
    expect(EXCEPTION_OCCURRED);
    CHECK(message.u.words[0] == 2 && message.u.words[1] == SIGSEGV);
    get_registers();
    state.registers.eip += 10;
    set_registers();
    set_flags(0);
    go_on(IGNORE, 0);
    expect(DEBUGGER_CALL);
    CHECK(memcmp((char *)message.u.words[0], "called", 7) == 0);
}

static void threads(void)
{
    int32_t made;

    set_flags(THREADS);
    go_on(HANDLE, 0);
    expect(THREAD_CREATED);
    made = (int32_t)message.u.words[0];
    CHECK(made > 0 && made != message.thread);
    go_on(HANDLE, 0);
    expect(THREAD_DELETED);
    CHECK_STATUS(message.thread, made);
    CHECK(message.u.words[0] == 3);
    set_flags(0);
    CHECK_STATUS(sys(SYS_debug_thread, child), HK_B_OK);
    expect(THREAD_DEBUGGED);
    go_on(HANDLE, 0);
    expect(TEAM_DELETED);
    CHECK_STATUS(message.u.words[0], 9);
    CHECK_STATUS(message.u.words[1], -1);
}

static int status_of(long team, int32_t *code)
{
    struct siginfo info = {0};

    CHECK_STATUS(sys(SYS_wait_for_child, team, EXITED, &info, (void *)0), team);
    *code = info.code;
    return info.status;
}

static void debug_child(void)
{
    int32_t code;

    child = fork_team();
    if (child == 0)
        be_debugged();
    refusals();
    calls_and_memory();
    breakpoints();
    signals();
    threads();
    CHECK_STATUS(status_of(child, &code), 9);
    CHECK_STATUS(code, CLD_EXITED);
}

/* The debugger that all teams have; it is found when there is need. */
static void default_debugger(void)
{
    int32_t code;

    CHECK_STATUS(sys(SYS_install_default_debugger, port), HK_B_OK);
    child = fork_team();
    if (child == 0) {
        fault();
        sys(SYS_exit_team, 0);
    }
    expect(EXCEPTION_OCCURRED);
    nub = message.nub;
    go_on(HANDLE, 0);
    expect(TEAM_DELETED);
    CHECK_STATUS(message.u.words[1], SIGSEGV);
    CHECK_STATUS(status_of(child, &code), SIGSEGV);
    CHECK_STATUS(code, CLD_KILLED);
    child = fork_team();
    if (child == 0) {
        sys(SYS_disable_debugger, 1);
        sys(SYS_debugger, "in vain");
    }
    CHECK_STATUS(status_of(child, &code), 1);
    CHECK_STATUS(sys(SYS_install_default_debugger, -1), HK_B_OK);
}

/* It goes on by itself when its debugger leaves, or ends. */
static void leaving(void)
{
    int32_t code;

    child = fork_team();
    if (child == 0) {
        sys(SYS_wait_for_debugger);
        sys(SYS_wait_for_debugger);
        sys(SYS_exit_team, 4);
    }
    CHECK(sys(SYS_install_team_debugger, child, port) > 0);
    expect(THREAD_DEBUGGED);
    CHECK_STATUS(sys(SYS_remove_team_debugger, child), HK_B_OK);
    if (fork_team() == 0) {
        long other = sys(SYS_create_port, 1, "other");

        while (sys(SYS_install_team_debugger, child, other) < 0)
            continue;
        sys(SYS_read_port_etc, other, (void *)0, &message, sizeof(message), 0,
            0LL);
        sys(SYS_exit_team, 0);
    }
    CHECK_STATUS(status_of(child, &code), 4);
    CHECK_STATUS(code, CLD_EXITED);
}

/* It is told also of a team that could say nothing any more. */
static void killing(void)
{
    int32_t code;

    for (int waits = 0; waits < 2; waits++) {
        child = fork_team();
        if (child == 0) {
            if (waits)
                sys(SYS_wait_for_debugger);
            for (;;)
                sys(SYS_snooze_etc, 1000000LL, 0, RELATIVE_TIMEOUT, (void *)0);
        }
        CHECK(sys(SYS_install_team_debugger, child, port) > 0);
        if (waits)
            expect(THREAD_DEBUGGED);
        if (fork_team() == 0) {
            sys(SYS_snooze_etc, 20000LL, 0, RELATIVE_TIMEOUT, (void *)0);
            sys(SYS_exit_team, sys(SYS_kill_team, child) != HK_B_OK);
        }
        expect(TEAM_DELETED);
        CHECK_STATUS(message.u.words[1], 9);
        CHECK_STATUS(status_of(child, &code), 9);
    }
}

/* Another debugger takes over a thread that has stopped. */
static void handing_over(void)
{
    const long first = port;
    int32_t code;

    child = fork_team();
    if (child == 0) {
        sys(SYS_wait_for_debugger);
        sys(SYS_exit_team, 5);
    }
    nub = sys(SYS_install_team_debugger, child, first);
    CHECK(nub > 0);
    expect(THREAD_DEBUGGED);
    tell(PREPARE_HANDOVER, &nub, 0);
    CHECK(read_word(&shared_word) == 1); /* it has been done */
    port = sys(SYS_create_port, 10, "second");
    CHECK_STATUS(sys(SYS_install_team_debugger, child, port), nub);
    expect(HANDED_OVER);
    expect(THREAD_DEBUGGED);
    go_on(HANDLE, 0);
    expect(TEAM_DELETED);
    port = first;
    expect(HANDED_OVER);
    CHECK_STATUS(status_of(child, &code), 5);
}

/* A program that was loaded is started by its debugger, as strace does it;
 * flags: of load_image. */
static void loading(const char *program, uint32_t flags)
{
    struct flat flat;
    int32_t code;

    flatten(&flat, program, "loaded");
    child = sys(SYS_load_image, &flat, sizeof(flat), 2, 1, 10, flags, 0, 0);
    CHECK(child > 0);
    nub = sys(SYS_install_team_debugger, child, port);
    CHECK(nub > 0);
    set_flags(POST_SYSCALL);
    message.thread = (int32_t)child;
    go_on(HANDLE, 0);
    for (;;) {
        expect(AFTER_SYSCALL);
        if (message.u.words[6] == SYS_port_count)
            break;
        go_on(HANDLE, 0);
    }
    CHECK((int32_t)message.u.words[7] == -6);
    set_flags(0);
    go_on(HANDLE, 0);
    expect(TEAM_DELETED);
    CHECK_STATUS(message.u.words[0], 7);
    CHECK_STATUS(status_of(child, &code), 7);
}

static void fork_and_exec(const char *program)
{
    static uint32_t image[275]; /* extended_image_info */
    struct siginfo info;
    struct flat flat;
    long id;

    sys(SYS_wait_for_debugger);
    image[1] = 2; /* a library */
    id = sys(SYS_register_image, image, sizeof(image));
    sys(SYS_image_relocated, id);
    sys(SYS_unregister_image, id);
    id = fork_team();
    if (id == 0)
        sys(SYS_exit_team, 0);
    sys(SYS_wait_for_child, id, EXITED, &info, (void *)0);
    flatten(&flat, program, "loaded");
    sys(SYS_exec, program, &flat, sizeof(flat), 2, 1, 022);
    sys(SYS_exit_team, 1);
}

/* Images and teams that come and go, and another program. */
static void coming_and_going(const char *program)
{
    uint32_t image;
    int32_t code;

    child = fork_team();
    if (child == 0)
        fork_and_exec(program);
    nub = sys(SYS_install_team_debugger, child, port);
    expect(THREAD_DEBUGGED);
    set_flags(TEAM_CREATION | IMAGES);
    go_on(HANDLE, 0);
    expect(IMAGE_CREATED);
    image = message.u.words[0];
    CHECK(message.u.words[1] == 2);
    go_on(HANDLE, 0);
    expect(IMAGE_DELETED);
    CHECK(message.u.words[0] == image);
    go_on(HANDLE, 0);
    expect(TEAM_CREATED);
    CHECK((int32_t)message.u.words[0] > 0);
    CHECK((int32_t)message.u.words[0] != child);
    go_on(HANDLE, 0);
    expect(TEAM_EXEC);
    CHECK(message.u.words[0] == 3); /* the third change of images */
    go_on(HANDLE, 0);
    expect(IMAGE_CREATED); /* the program's own */
    go_on(HANDLE, 0);
    expect(TEAM_DELETED);
    CHECK_STATUS(message.u.words[0], 7);
    CHECK_STATUS(status_of(child, &code), 7);
}

/* Without a debugger nobody is told of a team's own breakpoints. */
static void own_breakpoints(void)
{
    CHECK_STATUS(sys(SYS_set_debugger_breakpoint, (void *)target, 0, 0, 0),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_set_debugger_breakpoint, (void *)target, 0, 0, 0),
                 HK_B_OK);
    CHECK_STATUS(target(1), 2);
    CHECK_STATUS(target(2), 3);
    CHECK_STATUS(sys(SYS_clear_debugger_breakpoint, (void *)target, 0),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_clear_debugger_breakpoint, (void *)target, 0),
                 HK_B_NAME_NOT_FOUND);
    CHECK_STATUS(target(3), 4);
}

int main(int argc, char **argv, char **environment)
{
    (void)environment;
    if (argc == 2) {
        sys(SYS_port_count, -6);
        return 7;
    }
    port = sys(SYS_create_port, 10, "debugger");
    replies = sys(SYS_create_port, 1, "replies");
    debug_child();
    default_debugger();
    leaving();
    killing();
    handing_over();
    coming_and_going(argv[0]);
    loading(argv[0], 0);
    loading(argv[0], WAIT_TILL_LOADED);
    own_breakpoints();
    print("debugger checked\n");
    return 0;
}
