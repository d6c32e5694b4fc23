/* haikuabi.h -- Haiku's kernel interface for 32-bit x86 programs. */
/* SPDX-License-Identifier: MIT */
#ifndef HAIKUABI_HAIKUABI_H
#define HAIKUABI_HAIKUABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gm_space;
struct hk_root; /* root.h */

/*
 * A kernel is what a host process knows of one Haiku: release, file system
 * and host functions. A team is a Haiku process, and a host process; a thread
 * is a thread of it, and a host thread. The library never prints, exits the
 * process (the host does, told by HK_EXIT), reads the environment, installs
 * signal handlers or keeps globals.
 */
struct hk_kernel;
struct hk_team;
struct hk_thread;

/* Results below zero. X(NAME, value, text). */
#define HK_ERRORS(X)                                                           \
    X(NOMEM, -1, "out of memory")                                              \
    X(INVALID, -2, "invalid argument")                                         \
    X(NOTFOUND, -3, "no such file or directory")                               \
    X(ACCESS, -4, "permission denied")                                         \
    X(NOEXEC, -5, "not an executable program")                                 \
    X(REVISION, -6, "libroot.so of an unknown Haiku release")                  \
    X(TOOBIG, -7, "arguments too long")                                        \
    X(IO, -8, "host error")                                                    \
    X(NOLIBRARY, -9, "missing library")                                        \
    X(NOSYMBOL, -10, "missing symbol")                                         \
    X(LOADER, -11, "the root's runtime_loader cannot be loaded")

enum hk_error {
#define X(name, value, text) HK_ERR_##name = (value),
    HK_ERRORS(X)
#undef X
};

/* Text of an HK_ERR_* value; never NULL. */
const char *hk_error_text(int error);

enum hk_release { HK_R1BETA4, HK_R1BETA5, HK_R1BETA6 };

/* "r1beta5"; NULL for a number out of range. */
const char *hk_release_name(enum hk_release release);

/*
 * The release whose system call numbers a libroot.so uses, read from its
 * _kern_ stubs (each loads its number into EAX). bytes: the whole file.
 * look_up: finds the file offset of a dynamic symbol, < 0 when absent.
 * Returns an enum hk_release or HK_ERR_REVISION.
 */
int hk_detect_release(const void *bytes, size_t size,
                      int64_t (*look_up)(void *context, const char *symbol),
                      void *context);

/*
 * The guest's clock is its time stamp counter, which the commpage says to
 * run at 1 GHz: RDTSC is to give the nanoseconds of CLOCK_MONOTONIC.
 */
#define HK_TSC_FREQUENCY UINT64_C(1000000000)

/* The state of a cpu that the kernel interface reads and writes. */
struct hk_registers {
    uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi; /* in encoding order */
    uint32_t eip, eflags;
    uint16_t cs, ds, es, fs, gs, ss;
    uint32_t fs_base;
};

/* Memory that an instruction loads or stores. */
struct hk_access {
    uint32_t address, size;
    int is_store;
};

enum { HK_ACCESSES_MAX = 4 };

/*
 * A processor, given by the application. cpu is what new_cpu returned; all
 * but kick are called by the thread that runs it, or while it is not running.
 */
struct hk_cpu_ops {
    void *(*new_cpu)(void *host); /* NULL: out of memory */
    void (*free_cpu)(void *cpu);
    void (*get_registers)(void *cpu, struct hk_registers *registers);
    void (*set_registers)(void *cpu, const struct hk_registers *registers);
    /* The system call's number and stack pointer; and its result. */
    void (*get_call)(void *cpu, uint32_t *eax, uint32_t *esp);
    void (*set_eax)(void *cpu, uint32_t eax);
    void (*get_fnsave)(void *cpu, uint8_t image[108]);
    void (*set_fnsave)(void *cpu, const uint8_t image[108]);
    /* FXSAVE's image: also the XMM registers. */
    void (*get_fxsave)(void *cpu, uint8_t image[512]);
    void (*set_fxsave)(void *cpu, const uint8_t image[512]);
    void (*reset_fpu)(void *cpu);
    void (*kick)(void *cpu); /* async-signal-safe, any thread */
    /* What CPUID gives for a leaf: EAX, EBX, ECX and EDX. */
    void (*identify)(void *host, uint32_t leaf, uint32_t registers[4]);
    /* What the instruction at EIP will access; how many there are. */
    unsigned (*find_accesses)(void *host, void *cpu,
                              struct hk_access accesses[HK_ACCESSES_MAX]);
};

struct hk_host {
    void *host; /* first argument of the functions below */
    const struct hk_cpu_ops *cpu;

    /*
     * Runs a thread until it ends: the loop around xcpu_run. Called on the
     * host thread of each thread but a team's first, which the application
     * runs by itself. Returns when hk_syscall and its like said HK_EXIT.
     */
    void (*run_thread)(void *host, struct hk_thread *thread, void *cpu);

    /* Before a fork by the thread, which may fail; and in the child, on its
     * only thread. */
    void (*before_fork)(void *host, struct hk_thread *thread, void *cpu);
    void (*after_fork)(void *host, struct hk_thread *thread, void *cpu);

    /* The whole team ends now; does not return. status: what a parent sees
     * of exit; signal: 0, or the host signal to die of. */
    void (*end_team)(void *host, int status, int signal);

    /*
     * Maps the program of a new team: Haiku's runtime_loader when the root
     * has one, else the program itself with its libraries. path is the
     * guest's. Areas are made through hk_guest_map and its like. On success
     * *entry is where the main thread starts; else HK_ERR_*, told to the
     * user by the host. After an exec HK_ERR_LOADER ends the team by SIGKILL,
     * any other as if the program's loader had found what it says.
     */
    int (*load_program)(void *host, struct hk_team *team, const char *path,
                        uint32_t *entry);

    /* One line for the user, without newline: a call that is not built, a
     * strace line. */
    void (*report)(void *host, const char *line);
};

struct hk_bind {
    const char *host_path;
    const char *guest_path; /* absolute */
    int read_only;
};

struct hk_config {
    const struct hk_host *host;
    struct gm_space *space; /* 32 bits wide, empty */
    enum hk_release release;
    const char *root;            /* host directory, NULL: an empty one */
    const struct hk_root *layer; /* when that is hk_root_files of a root */
    const struct hk_bind *binds; /* host directories or files seen inside */
    size_t bind_count;
    const struct hk_bind *offers; /* the same, where there is nothing else */
    size_t offer_count;
    const char *working_directory; /* guest path */
    /* Host directory, the user's own: what teams of a root share lies there,
     * in a file for each root. NULL: a team shares with its forks alone. */
    const char *shared_directory;
    /* Host directory, the user's own: attributes of files outside of a layer
     * that the host's files cannot keep lie there. It is made when it is
     * needed. NULL: such are refused. */
    const char *attributes_directory;
    /* The first program's file mode creation mask, which libroot applies. The
     * host's is to be 0: what a program creates has the mode it asks for. */
    uint32_t umask;
    /* When the real-time clock says that system_time was 0, in microseconds
     * since 1970; 0: it is the host's clock. */
    int64_t boot_time;
    /* What "random" of generic_syscall gives follows from it; 0: it is the
     * host's. /dev/random is the host's always. */
    uint32_t seed;
    int strace;     /* report each system call */
    int quiet;      /* do not report calls that are not built */
    int randomize;  /* place areas at random */
    int alone;      /* memory that other programs use is told to be free */
    int no_network; /* no sockets but local ones: EAFNOSUPPORT */
};

/*
 * Creates the kernel and its first team, without a program. 0 or HK_ERR_*.
 * The calling host thread is the team's main one: other teams take the team
 * for dead when that thread ends.
 */
int hk_kernel_new(const struct hk_config *config, struct hk_kernel **kernel);

/* By the same host thread: ends the team's other threads, waits until they
 * are over, and frees all. */
void hk_kernel_free(struct hk_kernel *kernel);

/*
 * Loads a program into the team and prepares its main thread: the same as
 * Haiku's exec. path: guest path; argv, envp: NULL-terminated. 0 or HK_ERR_*.
 */
int hk_start(struct hk_kernel *kernel, const char *path,
             const char *const *argv, const char *const *envp,
             struct hk_thread **thread, void **cpu);

/* How many instructions the thread may execute before hk_stepped is called:
 * UINT64_MAX, or 1 while something watches it. Before each time that it runs.
 */
uint64_t hk_budget(struct hk_thread *thread);

/* What a thread loop does after one of the functions below. */
enum hk_action {
    HK_CONTINUE, /* run on */
    HK_RETRY,    /* the same, the call will be executed again */
    HK_EXIT      /* the thread is over: leave the loop */
};

/* After INT 99 (vector 99): answers the system call. Other vectors are the
 * exception they are on Haiku (#GP): hk_exception. */
enum hk_action hk_syscall(struct hk_thread *thread);

/* After a CPU exception: delivers Haiku's signal for it (haiku-abi/x86-32.md
 * section 10). error_code and address as the processor reports them. */
enum hk_action hk_exception(struct hk_thread *thread, uint32_t vector,
                            uint32_t error_code, uint32_t address);

/* Names the code at an address by what the team has loaded, for users to read:
 * "FUNCTION+0x10 in IMAGE", "IMAGE+0x1234" where it is in no function that the
 * image exports. 1, or 0 when it is in no image. From the thread itself. */
#define HK_CODE_NAME_SIZE 384
int hk_name_code(struct hk_thread *thread, uint32_t address,
                 char name[HK_CODE_NAME_SIZE]);

/* After a kick: delivers signals, suspends, ends. And after the budget, the
 * same. */
enum hk_action hk_poll(struct hk_thread *thread);
enum hk_action hk_stepped(struct hk_thread *thread);

/* The host signals that the application is to catch (SA_SIGINFO, no SA_RESTART,
 * all of them in sa_mask: what came later is told later) and to pass on to
 * hk_on_signal from its handler, in the thread that got them (NULL for a host
 * thread that is none), with the handler's own arguments. Returns how many. */
#define HK_HOST_SIGNALS_MAX 48
size_t hk_host_signals(int signals[HK_HOST_SIGNALS_MAX]);
void hk_on_signal(struct hk_kernel *kernel, struct hk_thread *thread, int signo,
                  void *siginfo, void *ucontext);

#ifdef __cplusplus
}
#endif
#endif
