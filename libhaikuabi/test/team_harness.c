/* team_harness.c -- a team without a processor: calls made by the test. */
/* SPDX-License-Identifier: MIT */
#include "libhaikuabi/test/team_harness.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libhaikuabi/src/host_call.h"
#include "libhaikuabi/src/kernel.h"
#include "libhaikuabi/src/program.h"
#include "libhaikuabi/src/syscall_table.h"
#include "libhaikuabi/src/thread.h"
#include "libhaikuabi/src/vfs.h"
#include "libhaikuabi/src/wait.h"

enum { REPORTS_SIZE = 16384 };

struct harness {
    struct gm_space *space;
    struct hk_kernel *kernel;
    struct hk_thread *thread;
    struct hk_config config;
    struct hk_host host;
    pid_t process; /* not a child's of fork */
    struct harness_end end;
    void (*run)(void *context, struct hk_thread *thread);
    void *run_context;
    int load_result;
    uint32_t load_entry;
    pthread_mutex_t lock; /* guards reports */
    char reports[REPORTS_SIZE];
};

struct fake_cpu {
    struct hk_registers registers;
    uint8_t fnsave[108];
    int resets;
};

/* What the host thread runs, and where it goes when that ends the team. */
static _Thread_local struct hk_thread *running;
static _Thread_local jmp_buf *home;

/* The page that is watched, for the handler; one test runs at a time. */
static struct gm_space *watched_space;
static uint32_t watched_page;

/* As an application's: a store to watched code is let through, and then
 * come the copies of libguestmem. */
static void on_fault(int signo, siginfo_t *info, void *context)
{
    if (watched_space != NULL) {
        uint8_t *page = gm_space_base(watched_space) + watched_page;
        uint8_t *at = info->si_addr;

        if (at >= page && at < page + HK_PAGE_SIZE) {
            gm_watch_writes(watched_space, watched_page, HK_PAGE_SIZE, 0);
            watched_space = NULL;
            return;
        }
    }
    if (!gm_on_fault(info, context))
        signal(signo, SIG_DFL);
}

static void report(void *host, const char *line)
{
    struct harness *harness = host;
    size_t used;

    pthread_mutex_lock(&harness->lock);
    used = strlen(harness->reports);
    snprintf(harness->reports + used, REPORTS_SIZE - used, "%s\n", line);
    pthread_mutex_unlock(&harness->lock);
}

/* ---- the processor ---- */

static void *new_cpu(void *host)
{
    (void)host;
    return calloc(1, sizeof(struct fake_cpu));
}

static void free_cpu(void *cpu)
{
    free(cpu);
}

static void get_registers(void *cpu, struct hk_registers *registers)
{
    *registers = ((struct fake_cpu *)cpu)->registers;
}

static void set_registers(void *cpu, const struct hk_registers *registers)
{
    ((struct fake_cpu *)cpu)->registers = *registers;
}

static void get_call(void *cpu, uint32_t *eax, uint32_t *esp)
{
    *eax = ((struct fake_cpu *)cpu)->registers.eax;
    *esp = ((struct fake_cpu *)cpu)->registers.esp;
}

static void set_eax(void *cpu, uint32_t eax)
{
    ((struct fake_cpu *)cpu)->registers.eax = eax;
}

static void get_fnsave(void *cpu, uint8_t image[108])
{
    memcpy(image, ((struct fake_cpu *)cpu)->fnsave, 108);
}

static void set_fnsave(void *cpu, const uint8_t image[108])
{
    memcpy(((struct fake_cpu *)cpu)->fnsave, image, 108);
}

/* The one image begins the other one here. */
static void get_fxsave(void *cpu, uint8_t image[512])
{
    memset(image, 0, 512);
    memcpy(image, ((struct fake_cpu *)cpu)->fnsave, 108);
}

static void set_fxsave(void *cpu, const uint8_t image[512])
{
    memcpy(((struct fake_cpu *)cpu)->fnsave, image, 108);
}

static void reset_fpu(void *cpu)
{
    ((struct fake_cpu *)cpu)->resets++;
}

static void kick(void *cpu)
{
    (void)cpu; /* nothing runs */
}

/* Each register says which leaf it is of, and which of four it is. */
static void identify(void *host, uint32_t leaf, uint32_t registers[4])
{
    (void)host;
    for (uint32_t i = 0; i < 4; i++)
        registers[i] = leaf * 16 + i;
}

static unsigned find_accesses(void *host, void *cpu,
                              struct hk_access accesses[HK_ACCESSES_MAX])
{
    (void)host, (void)cpu, (void)accesses;
    return 0; /* there is no code */
}

static const struct hk_cpu_ops fake_cpu_ops = {
    .new_cpu = new_cpu,
    .free_cpu = free_cpu,
    .get_registers = get_registers,
    .set_registers = set_registers,
    .get_call = get_call,
    .set_eax = set_eax,
    .get_fnsave = get_fnsave,
    .set_fnsave = set_fnsave,
    .get_fxsave = get_fxsave,
    .set_fxsave = set_fxsave,
    .reset_fpu = reset_fpu,
    .kick = kick,
    .identify = identify,
    .find_accesses = find_accesses,
};

/* ---- the host ---- */

static void run_thread(void *host, struct hk_thread *thread, void *cpu)
{
    struct harness *harness = host;

    (void)cpu;
    if (harness->run != NULL)
        harness->run(harness->run_context, thread);
}

static void before_fork(void *host, struct hk_thread *thread, void *cpu)
{
    (void)host, (void)thread, (void)cpu;
}

static void after_fork(void *host, struct hk_thread *thread, void *cpu)
{
    (void)host;
    (void)thread;
    (void)cpu;
}

/* Back to the test; a child ends for good. */
static void end_team(void *host, int status, int signo)
{
    struct harness *harness = host;

    harness->end.count++;
    harness->end.status = status;
    harness->end.signal = signo;
    if (getpid() == harness->process)
        longjmp(*home, 1);
    if (signo != 0) {
        signal(signo, SIG_DFL);
        raise(signo);
    }
    _exit(status);
}

static int load_program(void *host, struct hk_team *team, const char *path,
                        uint32_t *entry)
{
    const struct harness *harness = host;

    (void)team;
    (void)path;
    *entry = harness->load_entry;
    return harness->load_result;
}

static int start(struct harness *harness)
{
    struct gm_mapping memory = {
        .address = HARNESS_MEMORY,
        .size = HARNESS_SIZE,
        .prot = GM_PROT_READ | GM_PROT_WRITE,
        .fd = -1,
    };
    int error = gm_space_new(32, &harness->space);

    if (error < 0 || gm_map(harness->space, &memory) < 0)
        return HK_ERR_NOMEM;
    harness->host = (struct hk_host){
        .host = harness,
        .cpu = &fake_cpu_ops,
        .run_thread = run_thread,
        .before_fork = before_fork,
        .after_fork = after_fork,
        .end_team = end_team,
        .load_program = load_program,
        .report = report,
    };
    harness->process = getpid();
    harness->load_entry = 0x200000;
    pthread_mutex_init(&harness->lock, NULL);
    harness->config.host = &harness->host;
    harness->config.space = harness->space;
    error = hk_kernel_new(&harness->config, &harness->kernel);
    if (error < 0)
        return error;
    harness->thread = hk_thread_new(harness->kernel->team);
    if (harness->thread == NULL)
        return HK_ERR_NOMEM;
    hk_thread_add(harness->thread);
    return 0;
}

static void leave_call(int signo, siginfo_t *info, void *context)
{
    (void)signo, (void)info;
    hk_host_call_leave(context);
}

/* Signals as the application sees to them: faults to libguestmem; those that
 * interrupt calls do nothing else; SIGPIPE is told by the call. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};

    action.sa_sigaction = on_fault;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    action.sa_sigaction = leave_call;
    sigaction(hk_interrupt_signal(), &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

struct harness *harness_new(const struct hk_config *config, int *error)
{
    struct harness *harness = calloc(1, sizeof(*harness));

    catch_signals();
    if (harness == NULL)
        return NULL;
    harness->config = *config;
    *error = start(harness);
    if (*error == 0)
        return harness;
    harness_free(harness);
    return NULL;
}

static struct hk_kernel *caught_kernel;

/* A late signal must not find the kernel that is gone. */
static void stop_catching(const struct harness *harness)
{
    int signals[HK_HOST_SIGNALS_MAX];
    size_t count = hk_host_signals(signals);

    if (caught_kernel == NULL || caught_kernel != harness->kernel)
        return;
    for (size_t i = 0; i < count; i++)
        signal(signals[i], signals[i] == SIGCHLD ? SIG_DFL : SIG_IGN);
    caught_kernel = NULL;
}

void harness_free(struct harness *harness)
{
    if (harness == NULL)
        return;
    stop_catching(harness);
    running = NULL;
    hk_kernel_free(harness->kernel);
    gm_space_free(harness->space);
    pthread_mutex_destroy(&harness->lock);
    free(harness);
}

static int find_row(const struct harness *harness, const char *name)
{
    for (int row = 0; row < HK_ROW_COUNT; row++) {
        const struct hk_syscall_row *call = &hk_syscall_rows[row];
        size_t length = (size_t)hk_row_name_length(call);

        if (strlen(name) == length && memcmp(name, call->name, length) == 0 &&
            hk_row_number(harness->config.release, (enum hk_row)row) >= 0)
            return row;
    }
    return -1;
}

/* What a thread does next; it may end the team. */
struct step {
    enum { CALL, SYSCALL, EXCEPTION, POLL } kind;
    struct hk_thread *thread;
    int row;
    const uint32_t *words;
    uint32_t vector, error_code, address;
};

static int64_t take(const struct step *step)
{
    switch (step->kind) {
    case CALL:
        return hk_syscall_rows[step->row].call(step->thread, step->words);
    case SYSCALL:
        return hk_syscall(step->thread);
    case EXCEPTION:
        return hk_exception(step->thread, step->vector, step->error_code,
                            step->address);
    case POLL:
        return hk_poll(step->thread);
    }
    return HARNESS_ENDED;
}

static int64_t take_guarded(const struct step *step)
{
    volatile int64_t result = HARNESS_ENDED;
    jmp_buf *outer = home;
    jmp_buf here;

    home = &here;
    running = step->thread;
    if (setjmp(here) == 0)
        result = take(step);
    home = outer;
    return result;
}

int64_t harness_call_as(struct harness *harness, struct hk_thread *thread,
                        const char *name, const uint32_t *words, size_t count)
{
    const struct step step = {.kind = CALL,
                              .thread = thread,
                              .row = find_row(harness, name),
                              .words = words};

    if (step.row < 0 || hk_syscall_rows[step.row].call == NULL ||
        hk_row_words[step.row] != count) {
        fprintf(stderr, "no call %s of %zu words\n", name, count);
        abort();
    }
    return take_guarded(&step);
}

int64_t harness_call(struct harness *harness, const char *name,
                     const uint32_t *words, size_t count)
{
    return harness_call_as(harness, harness->thread, name, words, count);
}

int64_t harness_syscall(struct harness *harness)
{
    const struct step step = {.kind = SYSCALL, .thread = harness->thread};

    return take_guarded(&step);
}

int64_t harness_exception(struct harness *harness, uint32_t vector,
                          uint32_t error_code, uint32_t address)
{
    const struct step step = {.kind = EXCEPTION,
                              .thread = harness->thread,
                              .vector = vector,
                              .error_code = error_code,
                              .address = address};

    return take_guarded(&step);
}

int64_t harness_poll_as(struct harness *harness, struct hk_thread *thread)
{
    const struct step step = {.kind = POLL, .thread = thread};

    (void)harness;
    return take_guarded(&step);
}

int64_t harness_poll(struct harness *harness)
{
    return harness_poll_as(harness, harness->thread);
}

struct harness_end harness_get_end(const struct harness *harness)
{
    return harness->end;
}

const struct hk_shared *harness_shared(const struct hk_thread *thread)
{
    return thread->team->shared;
}

struct hk_registers *harness_registers(struct hk_thread *thread)
{
    return &((struct fake_cpu *)thread->cpu)->registers;
}

uint8_t *harness_fnsave(struct hk_thread *thread)
{
    return ((struct fake_cpu *)thread->cpu)->fnsave;
}

int harness_fpu_resets(struct hk_thread *thread)
{
    return ((struct fake_cpu *)thread->cpu)->resets;
}

struct hk_thread *harness_thread(struct harness *harness)
{
    return harness->thread;
}

int32_t harness_id(const struct hk_thread *thread)
{
    return thread->id;
}

void harness_run(struct harness *harness,
                 void (*run)(void *context, struct hk_thread *thread),
                 void *context)
{
    harness->run = run;
    harness->run_context = context;
}

void harness_load(struct harness *harness, int result, uint32_t entry)
{
    harness->load_result = result;
    harness->load_entry = entry;
}

int harness_start(struct harness *harness, const char *path,
                  const char *const *argv, const char *const *envp)
{
    struct hk_arguments arguments;
    int result = hk_arguments_new(path, argv, envp, &arguments);

    if (result < 0)
        return result;
    gm_space_clear(harness->space);
    result = hk_program_load(harness->thread, &arguments);
    hk_arguments_free(&arguments);
    return result;
}

struct harness_places harness_get_places(const struct hk_thread *thread)
{
    return (struct harness_places){
        .commpage = thread->team->commpage,
        .user_area = thread->team->user_area,
        .user_thread = thread->user_thread,
        .tls = thread->tls,
        .stack_base = thread->stack_base,
        .stack_end = thread->stack_end,
    };
}

const char *harness_reports(const struct harness *harness)
{
    return harness->reports;
}

/* ---- the host's signals ---- */

static void pass_on(int signo, siginfo_t *info, void *context)
{
    hk_on_signal(caught_kernel, running, signo, info, context);
}

void harness_catch(struct harness *harness)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO, .sa_sigaction = pass_on};
    int signals[HK_HOST_SIGNALS_MAX];
    size_t count = hk_host_signals(signals);

    caught_kernel = harness->kernel;
    for (size_t i = 0; i < count; i++)
        sigaddset(&action.sa_mask, signals[i]);
    for (size_t i = 0; i < count; i++)
        sigaction(signals[i], &action, NULL);
}

/* ---- guest memory ---- */

int harness_read(struct harness *harness, uint32_t address, void *to,
                 size_t size)
{
    return gm_copy_in(harness->space, to, address, size);
}

int harness_write(struct harness *harness, uint32_t address, const void *from,
                  size_t size)
{
    return gm_copy_out(harness->space, address, from, size);
}

int harness_can(struct harness *harness, uint32_t address, unsigned prot)
{
    return gm_is_accessible(harness->space, address, 1, prot);
}

uint8_t *harness_host(struct harness *harness, uint32_t address)
{
    return gm_space_base(harness->space) + address;
}

void harness_watch(struct harness *harness, uint32_t address)
{
    watched_space = harness->space;
    watched_page = address;
    gm_watch_writes(harness->space, address, HK_PAGE_SIZE, 1);
}

int harness_protect(struct harness *harness, uint32_t address, uint32_t size,
                    unsigned prot)
{
    return gm_protect(harness->space, address, size, prot);
}

struct hk_kernel *harness_kernel(struct harness *harness)
{
    return harness->kernel;
}

void harness_set_user(struct harness *harness, uint32_t user, uint32_t group)
{
    struct hk_vfs *vfs = harness->kernel->vfs;

    vfs->user = user;
    vfs->group = group;
}

struct hk_fds *harness_fds(struct harness *harness)
{
    return harness->kernel->team->fds;
}

void harness_signal(struct harness *harness, int signal)
{
    hk_signal_self(harness->thread, signal);
}

void harness_block_signals(struct harness *harness, uint64_t mask)
{
    hk_signals_set_mask(harness->thread, mask);
}

uint64_t harness_pending(struct harness *harness)
{
    return hk_signals_pending(harness->thread);
}
