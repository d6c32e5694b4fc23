/* x86cpu.h -- a 32-bit x86 processor in user mode. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_X86CPU_H
#define X86CPU_X86CPU_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A machine is one address space with the code cached from it; a cpu is one
 * thread of execution in a machine. Many host threads may each run a cpu of
 * one machine at once. Functions taking a cpu are called by the thread that
 * runs it, unless their contract says otherwise. The library never prints,
 * exits, reads the environment, installs signal handlers or keeps globals.
 */
struct xcpu_machine;
struct xcpu;

/* Results below zero. X(NAME, value, text). */
#define XCPU_ERRORS(X)                                                         \
    X(NOMEM, -1, "out of memory")                                              \
    X(INVALID, -2, "invalid argument")                                         \
    X(UNSUPPORTED, -3, "not supported by this host or build")

enum xcpu_error {
#define X(name, value, text) XCPU_ERR_##name = (value),
    XCPU_ERRORS(X)
#undef X
};

/* Text of an XCPU_ERR_* value; never NULL. */
const char *xcpu_error_text(int error);

/*
 * The memory a machine runs in: a window of the host's address space, guest
 * address A at base + A. Page protections of the window are the host's own:
 * the guest's loads and stores go straight to it, and what is not mapped or
 * not permitted must fault there (SIGSEGV or SIGBUS, see xcpu_on_fault). So
 * must at least one page behind the window: an access that begins below 4 GiB
 * may end there.
 */
struct xcpu_memory {
    uint8_t *base;
    uint64_t size; /* bytes: 4 GiB */
    /* Bytes in front of the window, and as many behind it, that fault as long
     * as the machine is there; 0: that page behind it. Translated code reads
     * more quickly where they are a page more than what a register and a
     * displacement can miss the window by, 2 GiB; 6, 14 and 30 GiB where the
     * register is multiplied by 2, 4 and 8. */
    uint64_t guard;
    void *owner; /* first argument of the functions below */

    /*
     * Copies up to size bytes of code at address to bytes; returns how many
     * could be fetched from there on (0: the first byte is not executable).
     * When present is not NULL, *present tells whether the byte after the
     * last one copied is mapped (1) or not (0), for the page fault's code.
     */
    size_t (*fetch)(void *owner, uint32_t address, void *bytes, size_t size,
                    int *present);

    /*
     * Makes the pages of a range trap on writes (on != 0), or gives them
     * their own protection back. The library asks for it around code that it
     * caches. Called from any thread, also inside xcpu_on_fault: must be
     * async-signal-safe. May be NULL: then every cached block is compared
     * with memory before it runs. Returns >= 0, also for pages that trap on
     * writes anyway, or < 0 when refused, which has the effect of NULL for
     * that page: to be done where a page is also written elsewhere, through
     * another mapping or by another process.
     */
    int (*watch_writes)(void *owner, uint32_t address, uint32_t size, int on);

    /*
     * Whether there is a page at address, whatever its protection: bit 0 of a
     * page fault's error code. Called inside xcpu_run, outside of signal
     * handlers. NULL takes the host's word (SEGV_ACCERR), for which all of a
     * window that was reserved without access is mapped.
     */
    int (*is_mapped)(void *owner, uint32_t address);

    /*
     * What the guest may do with the page at address, enum xcpu_protection,
     * whether it is watched or not. Called inside xcpu_run, outside of signal
     * handlers. XCPU_ENGINE_LOCKSTEP wants it; others may have NULL.
     */
    int (*protection)(void *owner, uint32_t address);
};

enum xcpu_protection { XCPU_READABLE = 1, XCPU_WRITABLE = 2 };

enum xcpu_engine {
    XCPU_ENGINE_INTERP,  /* portable */
    XCPU_ENGINE_JIT,     /* translates what runs often; x86-64 Linux only */
    XCPU_ENGINE_LOCKSTEP /* both, and compares them; where JIT is */
};

/*
 * What CPUID reports and which instructions exist; never what the host has.
 * SSE4: up to SSE4.2, with POPCNT, LZCNT, MOVBE, AES, PCLMULQDQ and RDTSCP; no
 * AVX, no XSAVE, no BMI1. SSE2: a Pentium M. PENTIUM: before MMX and CMOV.
 */
enum xcpu_model { XCPU_MODEL_SSE4, XCPU_MODEL_SSE2, XCPU_MODEL_PENTIUM };

struct xcpu_config {
    struct xcpu_memory memory;
    enum xcpu_engine engine;
    enum xcpu_model model;
    /* Called for RDTSC: ticks of the guest's time stamp counter; NULL takes
     * CLOCK_MONOTONIC nanoseconds (a 1 GHz counter). */
    uint64_t (*read_tsc)(void *owner);
    /* Of XCPU_ENGINE_JIT: after how many runs a block of code is translated,
     * 1 to 254, and bytes of host code a cpu keeps, a multiple of 64 KiB, at
     * least that. 0 takes the defaults. */
    uint32_t translate_after;
    uint32_t code_size;
    /* Of XCPU_ENGINE_JIT: 1: translated code counts its instructions, so that
     * xcpu_exit.executed is exact and runs with a budget are translated, too.
     * 0: it does not, which costs nothing; runs with a budget are
     * interpreted. */
    int counted;
    /* Instructions that are made ready or translated as one block, 1 to 64; 0
     * takes the most. A budget that does not pay for the rest of a block has
     * that interpreted: with 1, each instruction is as translated. */
    uint32_t block_insns;
    /* 1: what processors compute each in their own way, within what SDM 2
     * allows, is the same on every host: RCPPS and RSQRTPS, scalar forms too,
     * as Intel's have them, the x87's transcendental functions, and which NaN
     * DPPS and DPPD give. These then take up to 100 times longer. 0: they are
     * the host's. */
    int portable_floats;
    /* Answers INT n inside xcpu_run, where leaving it for each would take
     * longer: called with memory.owner as after XCPU_EXIT_INT, and may do all
     * that its caller may do then but run or free the cpu. 0: to go on at EIP;
     * else xcpu_run returns with XCPU_EXIT_ANSWERED. Not called in runs with a
     * budget, nor by XCPU_ENGINE_LOCKSTEP: INT leaves those. May be NULL. */
    int (*on_int)(void *owner, struct xcpu *cpu, uint32_t vector);
    /* Told of each piece of host code that XCPU_ENGINE_JIT makes, with
     * memory.owner: where it is, bytes, and the guest address that it stands
     * for. For profilers; may be NULL. Called inside xcpu_run by any cpu. */
    void (*translated)(void *owner, const void *host, uint32_t size,
                       uint32_t eip);
};

/* Creates a machine; the memory must outlive it. 0 or XCPU_ERR_*. */
int xcpu_machine_new(const struct xcpu_config *config,
                     struct xcpu_machine **machine);

/* Frees a machine without cpus. NULL is allowed. */
void xcpu_machine_free(struct xcpu_machine *machine);

/*
 * Forgets code cached from [address, address + size): to be called before
 * such memory is unmapped, replaced or gets another protection, and before
 * the host's kernel writes to it (a read(2) into a watched page would fail
 * with EFAULT); cheap where no code is cached. Any thread, also one that is
 * running a cpu of this machine from inside a callback.
 */
void xcpu_machine_forget(struct xcpu_machine *machine, uint32_t address,
                         uint64_t size);

/*
 * For stores to guest memory that no cpu makes: to be called in the
 * application's SIGSEGV handler, before anything that would take the fault
 * for an error. Returns 1 when the page was watched: it is no more, its code
 * is forgotten, and the store may be repeated; 0 when it was not.
 * Async-signal-safe, any thread.
 */
int xcpu_machine_on_write_fault(struct xcpu_machine *machine,
                                const void *host_address);

/*
 * Before a fork(2) by the thread that runs the cpu, inside of on_int or not:
 * the child has what is translated for it, too. A child of which it was not
 * told translates by itself.
 */
void xcpu_before_fork(struct xcpu *cpu);

/*
 * In the child of a fork(2): only the calling thread's cpu exists now. Makes
 * the machine usable again whatever other threads were doing.
 */
void xcpu_machine_after_fork(struct xcpu_machine *machine, struct xcpu *self);

/* Creates a cpu in its reset state: general registers 0, EFLAGS 0x202, x87
 * after FNINIT, MXCSR 0x1f80, flat segments (CS 0x1b, others 0x23, FS base
 * 0). 0 or XCPU_ERR_*. */
int xcpu_new(struct xcpu_machine *machine, struct xcpu **cpu);
void xcpu_free(struct xcpu *cpu);

/* Register numbers as encoded in instructions (SDM 2, table 2-2). */
enum xcpu_gpr {
    XCPU_EAX,
    XCPU_ECX,
    XCPU_EDX,
    XCPU_EBX,
    XCPU_ESP,
    XCPU_EBP,
    XCPU_ESI,
    XCPU_EDI
};
enum xcpu_sreg { XCPU_ES, XCPU_CS, XCPU_SS, XCPU_DS, XCPU_FS, XCPU_GS };

/* EFLAGS bits (SDM 1, 3.4.3). */
enum xcpu_flag {
    XCPU_CF = 0x1,
    XCPU_PF = 0x4,
    XCPU_AF = 0x10,
    XCPU_ZF = 0x40,
    XCPU_SF = 0x80,
    XCPU_TF = 0x100,
    XCPU_IF = 0x200,
    XCPU_DF = 0x400,
    XCPU_OF = 0x800,
    XCPU_NT = 0x4000,
    XCPU_RF = 0x10000,
    XCPU_AC = 0x40000,
    XCPU_ID = 0x200000
};

/* General registers, EIP, EFLAGS and segments. */
struct xcpu_regs {
    uint32_t gpr[8]; /* by enum xcpu_gpr */
    uint32_t eip;
    uint32_t eflags;
    uint16_t sreg[6];      /* selectors, by enum xcpu_sreg */
    uint32_t sreg_base[6]; /* linear base addresses, by enum xcpu_sreg */
};

/*
 * x87, MMX and SSE state in the layout of FXSAVE's 512 bytes for 32-bit mode
 * (SDM 1, 10.5.1). The FNSAVE image (108 bytes, SDM 1, 8.1.10) is converted
 * by xcpu_get_fnsave and xcpu_set_fnsave.
 */
struct xcpu_fxstate {
    uint8_t bytes[512];
};

/* Exact while the cpu is not inside xcpu_run, or inside on_int. */
void xcpu_get_regs(const struct xcpu *cpu, struct xcpu_regs *regs);
void xcpu_set_regs(struct xcpu *cpu, const struct xcpu_regs *regs);
void xcpu_get_fxstate(const struct xcpu *cpu, struct xcpu_fxstate *state);
void xcpu_set_fxstate(struct xcpu *cpu, const struct xcpu_fxstate *state);
void xcpu_get_fnsave(const struct xcpu *cpu, uint8_t image[108]);
void xcpu_set_fnsave(struct xcpu *cpu, const uint8_t image[108]);
/* x87 as after FNINIT; XMM registers 0, MXCSR 0x1f80. */
void xcpu_reset_fpu(struct xcpu *cpu);
/* One register: the quick way for system calls. */
uint32_t xcpu_get_eip(const struct xcpu *cpu);
uint32_t xcpu_get_gpr(const struct xcpu *cpu, enum xcpu_gpr reg);
void xcpu_set_gpr(struct xcpu *cpu, enum xcpu_gpr reg, uint32_t value);

enum xcpu_exit_reason {
    XCPU_EXIT_BUDGET,    /* the budget is used up */
    XCPU_EXIT_KICK,      /* xcpu_kick was called */
    XCPU_EXIT_INT,       /* INT n: vector is n, EIP behind the instruction */
    XCPU_EXIT_ANSWERED,  /* xcpu_config.on_int ended it: vector is what it
                            returned */
    XCPU_EXIT_SYSCALL,   /* SYSENTER or SYSCALL: EIP behind the instruction */
    XCPU_EXIT_EXCEPTION, /* vector, error_code, address; EIP at the faulting
                            instruction, behind it for traps (#BP, #OF, #DB) */
    XCPU_EXIT_MISMATCH   /* XCPU_ENGINE_LOCKSTEP: the engines differ about what
                            begins at EIP, see xcpu_get_mismatch */
};

/* Exception vectors (SDM 3, table 6-1). */
enum xcpu_vector {
    XCPU_DE = 0,
    XCPU_DB = 1,
    XCPU_BP = 3,
    XCPU_VECTOR_OF = 4,
    XCPU_BR = 5,
    XCPU_UD = 6,
    XCPU_NM = 7,
    XCPU_NP = 11,
    XCPU_VECTOR_SS = 12,
    XCPU_GP = 13,
    XCPU_VECTOR_PF = 14,
    XCPU_MF = 16,
    XCPU_VECTOR_AC = 17,
    XCPU_XM = 19
};

struct xcpu_exit {
    enum xcpu_exit_reason reason;
    uint32_t vector;
    uint32_t error_code; /* #PF: 1 protection, 2 write, 4 user, 16 fetch */
    uint32_t address;    /* #PF: the address that faulted (CR2) */
    uint64_t executed;   /* instructions this call has completed; of
                            XCPU_ENGINE_JIT without a budget not all, unless
                            xcpu_config.counted is set */
};

#define XCPU_BUDGET_UNLIMITED UINT64_MAX

/*
 * Runs until something of enum xcpu_exit_reason happens, at most budget
 * instructions. Register and memory state are exact on return: everything
 * before EIP has happened, nothing after.
 */
void xcpu_run(struct xcpu *cpu, uint64_t budget, struct xcpu_exit *exit);

/*
 * Makes xcpu_run of that cpu return with XCPU_EXIT_KICK soon, or its next
 * call return at once. Async-signal-safe, from any thread.
 */
void xcpu_kick(struct xcpu *cpu);

/*
 * To be called from the application's SIGSEGV, SIGBUS and SIGFPE handler
 * (installed with SA_SIGINFO | SA_NODEFER and an empty mask) with its three
 * arguments and the cpu that the calling thread runs. Does not return when
 * the fault is a guest access of the running xcpu_run that becomes a guest
 * exception; returns 1 when the access may simply be repeated, 0 when the
 * fault is not the library's.
 */
int xcpu_on_fault(struct xcpu *cpu, int signo, void *siginfo, void *ucontext);

#define XCPU_MISMATCH_BYTES 16

/* A byte of memory that the engines have left different. */
struct xcpu_mismatch_byte {
    uint32_t address;
    uint8_t interp, translated;
};

/* The first difference of XCPU_ENGINE_LOCKSTEP: a block, or several where it
 * takes these; memory may then be what some of them have made of it. Of pairs,
 * the first is the interpreter's. */
struct xcpu_mismatch {
    struct xcpu_regs before, after[2];
    struct xcpu_fxstate fx_before, fx_after[2];
    struct xcpu_exit exits[2]; /* executed: its instructions */
    uint32_t undefined;        /* flags that may differ behind them */
    unsigned bytes_count;      /* the first few */
    struct xcpu_mismatch_byte bytes[XCPU_MISMATCH_BYTES];
};

/* What a run that ended with XCPU_EXIT_MISMATCH has found: 1, or 0 when none
 * of the cpu's has. */
int xcpu_get_mismatch(const struct xcpu *cpu, struct xcpu_mismatch *mismatch);

/* What XCPU_ENGINE_JIT has done so far. */
struct xcpu_jit_stats {
    uint64_t blocks;      /* translated, also those forgotten since */
    uint64_t guest_bytes; /* their code */
    uint64_t host_bytes;  /* and what was made of it */
    uint64_t table_bytes; /* and what is known of it, in memory now */
    uint64_t nanoseconds; /* that this took, of CLOCK_MONOTONIC */
    uint64_t entries;     /* times that translated code was entered */
    uint64_t interpreted; /* blocks that were interpreted instead */
    uint64_t links;       /* jumps from block to block that were filled in */
    uint64_t drops;       /* translations that were dropped */
    uint64_t changes;     /* whose code had changed, where that is compared */
    uint64_t faults;      /* host faults of guest code, kicks among them */
    uint64_t flushes;     /* times that all of it was forgotten */
};

/* Of one cpu. Zeros where nothing was translated. */
void xcpu_get_jit_stats(const struct xcpu *cpu, struct xcpu_jit_stats *stats);

/* Of all cpus that a machine has had; approximate while they run. */
void xcpu_machine_get_jit_stats(const struct xcpu_machine *machine,
                                struct xcpu_jit_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
