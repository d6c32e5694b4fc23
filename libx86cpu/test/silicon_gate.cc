/* silicon_gate.cc -- into 32-bit mode of the host, and back by an exception. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/silicon_gate.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sys/time.h>

#if defined(__x86_64__) && defined(__linux__) &&                               \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define HAS_GATE 1
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#undef HAS_GATE
#define HAS_GATE 0 /* shadow memory lies where the guest's is */
#endif
#endif
#else
#define HAS_GATE 0
#endif

namespace silicon
{
namespace
{

constexpr int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGALRM};

void (*other_handler)(int, siginfo_t *, void *);

} // namespace
} // namespace silicon

#if HAS_GATE

#include <asm/ldt.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* What the assembly below reads and writes; the numbers there are offsets. */
struct SiliconGate {
    uint8_t fx[512];     /* 0 */
    uint64_t gpr[8];     /* 512 */
    uint64_t eip;        /* 576 */
    uint64_t eflags;     /* 584 */
    uint64_t sreg[6];    /* 592 */
    uint64_t host_stack; /* 640 */
    uint64_t host_fs;    /* 648 */
    uint64_t open;       /* 656 */
    uint16_t left_es;    /* 664: registers when the exception came */
    uint16_t left_ds;    /* 666 */
    uint16_t left_fs;    /* 668 */
    uint16_t left_gs;    /* 670 */
} __attribute__((aligned(64)));

extern "C" {
__attribute__((visibility("hidden"))) struct SiliconGate silicon_gate;
void silicon_enter(void);
[[noreturn]] void silicon_leave(void);
void silicon_signal(int signo, siginfo_t *info, void *context);
void silicon_on_signal(int signo, siginfo_t *info, void *context);
}

__asm__(".text\n"
        ".type silicon_enter, @function\n"
        "silicon_enter:\n"
        "    push %rbx\n"
        "    push %rbp\n"
        "    push %r12\n"
        "    push %r13\n"
        "    push %r14\n"
        "    push %r15\n"
        "    lea silicon_gate(%rip), %r8\n"
        "    mov %rsp, 640(%r8)\n"
        "    rdfsbase %rax\n"
        "    mov %rax, 648(%r8)\n"
        "    fxrstor (%r8)\n"
        "    movq $1, 656(%r8)\n"
        "    mov 592(%r8), %es\n"
        "    mov 616(%r8), %ds\n"
        "    mov 624(%r8), %fs\n"
        "    mov 632(%r8), %gs\n"
        "    pushq 608(%r8)\n"
        "    pushq 544(%r8)\n"
        "    pushq 584(%r8)\n"
        "    pushq 600(%r8)\n"
        "    pushq 576(%r8)\n"
        "    mov 512(%r8), %rax\n"
        "    mov 520(%r8), %rcx\n"
        "    mov 528(%r8), %rdx\n"
        "    mov 536(%r8), %rbx\n"
        "    mov 552(%r8), %rbp\n"
        "    mov 560(%r8), %rsi\n"
        "    mov 568(%r8), %rdi\n"
        "    iretq\n"
        ".size silicon_enter, . - silicon_enter\n"
        ".type silicon_leave, @function\n"
        "silicon_leave:\n"
        "    lea silicon_gate(%rip), %r8\n"
        "    movq $0, 656(%r8)\n"
        "    mov 640(%r8), %rsp\n"
        "    fninit\n"
        "    movl $0x1f80, -8(%rsp)\n"
        "    ldmxcsr -8(%rsp)\n"
        "    pop %r15\n"
        "    pop %r14\n"
        "    pop %r13\n"
        "    pop %r12\n"
        "    pop %rbp\n"
        "    pop %rbx\n"
        "    ret\n"
        ".size silicon_leave, . - silicon_leave\n"
        /* The guest's AC, NT and FS would end the handler soon. */
        ".type silicon_signal, @function\n"
        "silicon_signal:\n"
        "    cmpb $0, silicon_gate+656(%rip)\n"
        "    je 1f\n"
        "    pushq $0x202\n"
        "    popfq\n"
        "    mov %es, silicon_gate+664(%rip)\n"
        "    mov %ds, silicon_gate+666(%rip)\n"
        "    mov %fs, silicon_gate+668(%rip)\n"
        "    mov %gs, silicon_gate+670(%rip)\n"
        "    mov silicon_gate+648(%rip), %rax\n"
        "    wrfsbase %rax\n"
        "1:  jmp silicon_on_signal\n"
        ".size silicon_signal, . - silicon_signal\n");

namespace silicon
{
namespace
{

State *volatile result;
volatile bool in_time;

enum { LDT_CODE = 2 };

/* The LDT entry of a selector. */
bool make_segment(uint16_t selector, uint32_t base, bool code)
{
    struct user_desc entry = {};

    entry.entry_number = selector >> 3;
    entry.base_addr = base;
    entry.limit = 0xfffff;
    entry.seg_32bit = 1;
    entry.limit_in_pages = 1;
    entry.contents = code ? LDT_CODE : 0;
    return syscall(SYS_modify_ldt, 1, &entry, sizeof(entry)) == 0;
}

/* Whether anything of this process is where the guest will be. */
bool is_low_memory_used()
{
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned long begin = 1ul << 32;

    if (maps) {
        if (fscanf(maps, "%lx-", &begin) != 1)
            begin = 0;
        fclose(maps);
    }
    return begin < 1ul << 32;
}

/* The state at an exception, from the signal's frame. */
void read_context(const ucontext_t *context, State *state)
{
    static const int order[8] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX,
                                 REG_RSP, REG_RBP, REG_RSI, REG_RDI};
    const greg_t *regs = context->uc_mcontext.gregs;
    const uint64_t selectors = static_cast<uint64_t>(regs[REG_CSGSFS]);

    memcpy(state->fx, context->uc_mcontext.fpregs, 512);
    for (int i = 0; i < 8; i++)
        state->gpr[i] = static_cast<uint32_t>(regs[order[i]]);
    state->eip = static_cast<uint32_t>(regs[REG_RIP]);
    state->eflags = static_cast<uint32_t>(regs[REG_EFL]);
    state->sreg[XCPU_CS] = static_cast<uint16_t>(selectors);
    state->sreg[XCPU_SS] = static_cast<uint16_t>(selectors >> 48);
    state->sreg[XCPU_ES] = silicon_gate.left_es;
    state->sreg[XCPU_DS] = silicon_gate.left_ds;
    state->sreg[XCPU_FS] = silicon_gate.left_fs;
    state->sreg[XCPU_GS] = silicon_gate.left_gs;
    state->vector = static_cast<int>(regs[REG_TRAPNO]);
    state->error_code = static_cast<uint32_t>(regs[REG_ERR]);
    state->address = static_cast<uint32_t>(regs[REG_CR2]);
}

} // namespace

extern "C" void silicon_on_signal(int signo, siginfo_t *info, void *context)
{
    const ucontext_t *frame = static_cast<const ucontext_t *>(context);
    uint16_t cs =
        static_cast<uint16_t>(frame->uc_mcontext.gregs[REG_CSGSFS] & 0xffff);

    if (!silicon_gate.open || cs == 0x33) {
        if (signo != SIGALRM)
            other_handler(signo, info, context);
        return;
    }
    if (signo == SIGALRM)
        in_time = false;
    else
        read_context(frame, result);
    silicon_leave();
}

const char *open_gate()
{
    alignas(16) static uint8_t stack[256 << 10];
    const stack_t alternate = {stack, 0, sizeof(stack)};

    if (is_low_memory_used())
        return "the process has memory below 4 GiB";
    if (!(getauxval(AT_HWCAP2) & 2))
        return "the host's kernel has not enabled FSGSBASE";
    if (!make_segment(selector_flat, 0, false) ||
        !make_segment(selector_near, near_base, false) ||
        !make_segment(selector_odd, odd_base, false) ||
        !make_segment(selector_code_2, 0, true))
        return "the host has no LDT";
    sigaltstack(&alternate, nullptr);
    return nullptr;
}

bool pass_gate(const State &before, State *after)
{
    SiliconGate &gate = silicon_gate;

    memcpy(gate.fx, before.fx, 512);
    for (int i = 0; i < 8; i++)
        gate.gpr[i] = before.gpr[i];
    for (int i = 0; i < 6; i++)
        gate.sreg[i] = before.sreg[i];
    gate.eip = before.eip;
    gate.eflags = before.eflags;
    *after = before;
    result = after;
    in_time = true;
    silicon_enter();
    return in_time;
}

void install_handlers(void (*other)(int, siginfo_t *, void *))
{
    struct sigaction action = {};
    const struct itimerval often = {{0, 200000}, {0, 200000}};

    other_handler = other;
    action.sa_sigaction = silicon_signal;
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK | SA_RESTART;
    for (int signo : signals)
        sigaction(signo, &action, nullptr);
    setitimer(ITIMER_REAL, &often, nullptr);
}

} // namespace silicon

#else

namespace silicon
{

const char *open_gate()
{
    return "the host or the build has no 32-bit mode to offer";
}

bool pass_gate(const State &, State *)
{
    return false;
}

void install_handlers(void (*other)(int, siginfo_t *, void *))
{
    struct sigaction action = {};

    other_handler = other;
    action.sa_sigaction = other;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    for (int signo : {SIGSEGV, SIGBUS, SIGFPE})
        sigaction(signo, &action, nullptr);
}

} // namespace silicon

#endif

void silicon::remove_handlers()
{
    const struct itimerval never = {};

    setitimer(ITIMER_REAL, &never, nullptr);
    for (int signo : signals)
        signal(signo, SIG_DFL);
}
