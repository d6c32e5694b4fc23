/* record.c -- uvm --record: the trace of a team, and those of its children. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <haikuabi/syscall_info.h>

#include "uvm.h"

/* The team that is recorded. */
static struct {
    struct uvm *uvm; /* NULL: none is */
    pid_t pid;       /* until a fork's child has its own trace */
    char file[UVM_PATH_MAX];
    uint32_t fork, load_image; /* numbers of the calls that make children */
    const char *program;
} recorded;

static const char *call_name(void *host, uint32_t number)
{
    const struct uvm *uvm = host;
    struct hk_syscall_info info;

    return hk_describe_syscall(uvm->release, number, &info) < 0 ? NULL
                                                                : info.name;
}

static uint32_t find_call(struct uvm *uvm, const char *name)
{
    const char *found;
    uint32_t number = 0;

    while ((found = call_name(uvm, number)) != NULL && strcmp(found, name) != 0)
        number++;
    return number;
}

static int open_trace(const struct uvm *uvm)
{
    int fd = open(recorded.file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                  0666 & ~uvm->umask);

    if (fd < 0)
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s", recorded.file, strerror(errno));
    return fd;
}

static const char *leaf_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* First of all, so that a player knows what it needs. */
static void tell(const char *parent)
{
    const struct uvm_options *options = recorded.uvm->options;
    struct tr_recorder *recorder = recorded.uvm->recorder;
    static const char *const models[] = {[XCPU_MODEL_SSE4] = "sse4",
                                         [XCPU_MODEL_SSE2] = "sse2",
                                         [XCPU_MODEL_PENTIUM] = "pentium"};

    tr_record_info(recorder, "cpu", models[options->model]);
    tr_record_info(recorder, "floats", "portable");
    tr_record_info(recorder, "level", tr_level_name(options->level));
    tr_record_info(recorder, "release", hk_release_name(recorded.uvm->release));
    tr_record_info(recorder, "program", recorded.program);
    if (parent != NULL)
        tr_record_info(recorder, "parent", parent);
}

static void begin_child(void)
{
    if (recorded.uvm != NULL)
        tr_recorder_in_child(recorded.uvm->recorder);
}

void uvm_record_begin(struct uvm *uvm, const struct uvm_program *program)
{
    const struct tr_record_config config = {
        .space = uvm->space,
        .level = uvm->options->level,
        .call_name = call_name,
        .host = uvm,
    };
    int result;

    if (uvm->options->record == NULL)
        return;
    if (uvm->options->engine == XCPU_ENGINE_LOCKSTEP)
        uvm_fail(UVM_EXIT_USAGE, "--record wants one engine, not lockstep");
    recorded.pid = getpid();
    recorded.fork = find_call(uvm, "fork");
    recorded.load_image = find_call(uvm, "load_image");
    recorded.program = program->guest_path;
    if ((size_t)snprintf(recorded.file, sizeof(recorded.file), "%s",
                         uvm->options->record) >= sizeof(recorded.file) - 16)
        uvm_fail(UVM_EXIT_USAGE, "the name of the trace is too long");
    result = tr_recorder_new(open_trace(uvm), &config, &uvm->recorder);
    if (result < 0)
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s", recorded.file,
                 tr_error_text(result));
    if (pthread_atfork(NULL, NULL, begin_child) != 0)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    recorded.uvm = uvm;
    tell(NULL);
}

/* "a/b.uvt" of child 17 is "a/b-17.uvt". */
static void name_child(char name[UVM_PATH_MAX], int team)
{
    static const char suffix[] = ".uvt";
    size_t length = strlen(recorded.file);
    size_t end = strlen(suffix);
    int has = length > end && strcmp(recorded.file + length - end, suffix) == 0;

    if (has)
        length -= end;
    snprintf(name, UVM_PATH_MAX, "%.*s-%d%s", (int)length, recorded.file, team,
             has ? suffix : "");
}

void uvm_run_blocks(struct xcpu *cpu, uint64_t budget, struct xcpu_exit *exit)
{
    if (recorded.uvm == NULL)
        xcpu_run(cpu, budget, exit);
    else
        tr_record_run(recorded.uvm->recorder, cpu, budget, exit);
}

void uvm_run_cpu(const struct uvm *uvm, struct xcpu *cpu, uint64_t budget,
                 struct xcpu_exit *exit)
{
    if (budget == 1)
        uvm_step_cpu(uvm, cpu, exit);
    else
        uvm_run_blocks(cpu, budget, exit);
}

static void tell_of_child(uint32_t team)
{
    char name[UVM_PATH_MAX];

    name_child(name, (int)team);
    tr_record_child(recorded.uvm->recorder, team, leaf_of(name));
}

enum hk_action uvm_call(struct hk_thread *thread, struct xcpu *cpu)
{
    enum hk_action action;
    uint32_t number;
    int32_t result;

    if (recorded.uvm == NULL)
        return hk_syscall(thread);
    number = xcpu_get_gpr(cpu, XCPU_EAX);
    action = hk_syscall(thread);
    if (number != recorded.fork && number != recorded.load_image)
        return action;
    result = (int32_t)xcpu_get_gpr(cpu, XCPU_EAX);
    if (action == HK_CONTINUE && result > 0)
        tell_of_child((uint32_t)result);
    return action;
}

void uvm_record_change(struct xcpu *cpu, enum tr_change change)
{
    if (recorded.uvm != NULL)
        tr_record_change(recorded.uvm->recorder, cpu, change);
}

/* A fork's child frees the cpus of threads that it does not have. */
void uvm_record_free_cpu(struct xcpu *cpu)
{
    if (recorded.uvm != NULL && recorded.pid == getpid())
        tr_record_free_cpu(recorded.uvm->recorder, cpu);
}

/* A fork blocks all signals: looking at memory may fault. */
static void admit_faults(void)
{
    sigset_t faults;

    sigemptyset(&faults);
    sigaddset(&faults, SIGSEGV);
    sigaddset(&faults, SIGBUS);
    pthread_sigmask(SIG_UNBLOCK, &faults, NULL);
}

void uvm_record_child(void)
{
    char parent[UVM_PATH_MAX], name[UVM_PATH_MAX];
    int result;

    if (recorded.uvm == NULL)
        return;
    admit_faults();
    memcpy(parent, recorded.file, sizeof(parent));
    recorded.pid = getpid();
    name_child(name, recorded.pid);
    memcpy(recorded.file, name, sizeof(name));
    result = tr_recorder_after_fork(recorded.uvm->recorder,
                                    open_trace(recorded.uvm));
    if (result < 0)
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s", recorded.file,
                 tr_error_text(result));
    tell(leaf_of(parent));
    tr_record_space(recorded.uvm->recorder);
}

int uvm_record_on_fault(const void *address)
{
    return recorded.uvm != NULL &&
           tr_record_on_fault(recorded.uvm->recorder, address);
}

void uvm_record_finish(int status, int signo)
{
    int result;

    if (recorded.uvm == NULL)
        return;
    result = tr_recorder_finish(recorded.uvm->recorder, (uint32_t)status,
                                (uint32_t)signo);
    if (result < 0)
        uvm_message("%s: the trace is not whole: %s", recorded.file,
                    tr_error_text(result));
}
