/* emulator.c -- the thread loop, and what the host's signals mean. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>

#include "uvm.h"

/* What the process runs, and what the calling host thread does, which is
 * nothing while the thread is being made or ends: a signal handler has no
 * other way to know. */
static struct uvm uvm_of_process;
static _Thread_local struct {
    struct hk_thread *thread;
    struct xcpu *cpu;
} current;

struct hk_thread *uvm_current_thread(void)
{
    return current.thread;
}

enum hk_action uvm_answer_int(struct xcpu *cpu, uint32_t vector)
{
    enum { HAIKU_VECTOR = 99 };

    if (vector == HAIKU_VECTOR)
        return uvm_call(current.thread, cpu);
    /* The gate of any other vector is not for user code. */
    return hk_exception(current.thread, XCPU_GP, vector * 8 + 2, 0);
}

static void run_thread(void *host, struct hk_thread *thread, void *cpu)
{
    enum hk_action action = HK_CONTINUE;
    struct xcpu_exit exit;

    current.thread = thread;
    current.cpu = cpu;
    while (action <= HK_RETRY) {
        uvm_run_cpu(host, cpu, hk_budget(thread), &exit);
        switch (exit.reason) {
        case XCPU_EXIT_INT:
            action = uvm_answer_int(cpu, exit.vector);
            break;
        case XCPU_EXIT_ANSWERED:
            action = (enum hk_action)exit.vector;
            break;
        case XCPU_EXIT_SYSCALL:
            action = hk_exception(thread, XCPU_UD, 0, 0);
            break;
        case XCPU_EXIT_EXCEPTION:
            action = hk_exception(thread, exit.vector, exit.error_code,
                                  exit.address);
            break;
        case XCPU_EXIT_BUDGET:
            action = hk_stepped(thread);
            break;
        case XCPU_EXIT_KICK:
            action = hk_poll(thread);
            break;
        case XCPU_EXIT_MISMATCH:
            uvm_report_mismatch(host, cpu);
        }
    }
    current.thread = NULL;
    current.cpu = NULL;
}

static void before_fork(void *host, struct hk_thread *thread, void *cpu)
{
    (void)host, (void)thread;
    xcpu_before_fork(cpu);
}

static void after_fork(void *host, struct hk_thread *thread, void *cpu)
{
    struct uvm *uvm = host;

    xcpu_machine_after_fork(uvm->machine, cpu);
    if (uvm->options->perf_map)
        uvm_open_perf_map(uvm);
    current.thread = thread;
    current.cpu = cpu;
    uvm_record_child();
}

/* Dies of a signal as the guest did, but leaves no core of uvm itself. */
void uvm_die_of(int signo)
{
    const struct rlimit none = {0, 0};
    sigset_t set;

    setrlimit(RLIMIT_CORE, &none);
    signal(signo, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, signo);
    raise(signo);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void end_team(void *host, int status, int signo)
{
    const struct uvm *uvm = host;

    if (uvm->options->stats)
        uvm_print_stats(uvm);
    uvm_record_finish(status, signo);
    if (signo != 0)
        uvm_die_of(signo);
    _exit(status);
}

static void report(void *host, const char *line)
{
    (void)host;
    uvm_message("%s", line);
}

/* ---- the host's signals ---- */

static void on_fault(int signo, siginfo_t *info, void *context)
{
    int saved = errno;
    int handled;

    if (info->si_code <= 0) { /* kill(2), no fault */
        hk_on_signal(uvm_of_process.kernel, current.thread, signo, info,
                     context);
        return;
    }
    handled = gm_on_fault(info, context) || uvm_record_on_fault(info->si_addr);
    if (!handled && current.cpu != NULL)
        handled = xcpu_on_fault(current.cpu, signo, info, context);
    if (!handled)
        signal(signo, SIG_DFL); /* uvm's own: the fault repeats, and ends it */
    errno = saved;
}

static void on_signal(int signo, siginfo_t *info, void *context)
{
    int saved = errno;

    hk_on_signal(uvm_of_process.kernel, current.thread, signo, info, context);
    errno = saved;
}

static void install_handlers(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE};
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_NODEFER};
    int signals[HK_HOST_SIGNALS_MAX];
    size_t count = hk_host_signals(signals);

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigaction(faults[i], &action, NULL);
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO;
    for (size_t i = 0; i < count; i++)
        sigaddset(&action.sa_mask, signals[i]);
    for (size_t i = 0; i < count; i++)
        sigaction(signals[i], &action, NULL);
}

/* ---- setting up ---- */

/* What a program started from a Haiku terminal finds in its environment
 * (haiku-abi/libroot-abi.md, "Library search"). */
static const char *const default_environment[] = {
    "PATH=.:/boot/home/config/non-packaged/bin:/boot/home/config/bin:"
    "/boot/system/non-packaged/bin:/bin:/boot/system/apps:"
    "/boot/system/preferences",
    "LIBRARY_PATH=%A/lib:/boot/home/config/non-packaged/lib:"
    "/boot/home/config/lib:/boot/system/non-packaged/lib:/boot/system/lib",
    "ADDON_PATH=%A/add-ons:/boot/home/config/non-packaged/add-ons:"
    "/boot/home/config/add-ons:/boot/system/non-packaged/add-ons:"
    "/boot/system/add-ons",
    "HOME=/boot/home",
    "USER=user",
    "SHELL=/bin/sh",
    "LANG=C",
};

static int same_name(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");

    return strncmp(a, b, length + 1) == 0;
}

/* The defaults, with those of -E in their place or behind them. */
static const char **make_environment(const struct uvm_options *options)
{
    enum {
        DEFAULTS = sizeof(default_environment) / sizeof(default_environment[0])
    };
    size_t count = DEFAULTS;
    const char **environment;

    while (options->environment[count - DEFAULTS] != NULL)
        count++;
    environment = calloc(count + 1, sizeof(*environment));
    if (environment == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    count = DEFAULTS;
    memcpy(environment, default_environment, sizeof(default_environment));
    for (size_t i = 0; options->environment[i] != NULL; i++) {
        const char *given = options->environment[i];
        size_t at = 0;

        while (at < count && !same_name(given, environment[at]))
            at++;
        environment[at] = given;
        count += at == count;
    }
    return environment;
}

/* A directory of the user's own, 1; 0 when it cannot be one. */
static int make_own_directory(const char *path)
{
    struct stat st;

    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return 0;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
           st.st_uid == geteuid() && (st.st_mode & 0022) == 0;
}

/* Where commands on one root meet; NULL: they do not. */
static const char *shared_directory(char path[UVM_PATH_MAX])
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");

    if (runtime != NULL && runtime[0] == '/') {
        snprintf(path, UVM_PATH_MAX, "%s/uvm", runtime);
        if (make_own_directory(path))
            return path;
    }
    snprintf(path, UVM_PATH_MAX, "/tmp/uvm-%u", (unsigned)geteuid());
    return make_own_directory(path) ? path : NULL;
}

static void make_kernel(struct uvm *uvm, const struct hk_host *host,
                        const struct uvm_program *program)
{
    char shared[UVM_PATH_MAX];
    char *attributes = uvm_data_path("attributes");
    struct uvm_view view;
    struct hk_config config = {
        .host = host,
        .space = uvm->space,
        .release = uvm->release,
        .root = uvm->options->root,
        .layer = uvm->options->layer,
        .working_directory = view.working_directory,
        .shared_directory =
            uvm->options->alone ? NULL : shared_directory(shared),
        .attributes_directory = attributes,
        .boot_time = uvm->options->boot_time * INT64_C(1000000),
        .umask = uvm->umask,
        .strace = uvm->options->strace,
        .quiet = uvm->options->quiet,
        .randomize = uvm->options->randomize,
        .seed = uvm->options->seed,
        .alone = uvm->options->alone,
        .no_network = uvm->options->no_network,
    };
    int result;

    uvm_make_view(uvm->options, program, &view);
    config.binds = view.binds;
    config.bind_count = view.count;
    config.offers = view.offers;
    config.offer_count = view.offer_count;
    result = hk_kernel_new(&config, &uvm->kernel);
    free(view.binds);
    free(attributes);
    if (result < 0)
        uvm_fail(UVM_EXIT_FAILURE, "cannot set up: %s", hk_error_text(result));
}

_Noreturn void uvm_run(const struct uvm_options *options,
                       const struct uvm_program *program)
{
    struct uvm *uvm = &uvm_of_process;
    static const struct hk_host host = {
        .host = &uvm_of_process,
        .cpu = &uvm_cpu_ops,
        .run_thread = run_thread,
        .before_fork = before_fork,
        .after_fork = after_fork,
        .end_team = end_team,
        .load_program = uvm_load_program,
        .report = report,
    };
    struct hk_thread *thread;
    void *cpu;
    int result;

    if (options->alone)
        uvm_be_alone();
    if (options->strace)
        uvm_keep_stderr();
    uvm->options = options;
    uvm->perf_map = -1;
    uvm->umask = umask(0);
    if (options->perf_map)
        uvm_open_perf_map(uvm);
    uvm->release = uvm_detect_release(options);
    result = gm_space_new(32, &uvm->space);
    if (result < 0)
        uvm_fail(UVM_EXIT_FAILURE, "guest memory: %s", gm_error_text(result));
    uvm_record_begin(uvm, program);
    result = uvm_machine_new(uvm);
    if (result < 0)
        uvm_fail(UVM_EXIT_FAILURE, "processor: %s", xcpu_error_text(result));
    make_kernel(uvm, &host, program);
    install_handlers();
    result = hk_start(uvm->kernel, program->guest_path, program->arguments,
                      make_environment(options), &thread, &cpu);
    if (uvm->is_told)
        exit(UVM_EXIT_NOT_RUNNABLE);
    if (result < 0)
        uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: %s", program->guest_path,
                 hk_error_text(result));
    run_thread(uvm, thread, cpu);
    exit(UVM_EXIT_FAILURE);
}
