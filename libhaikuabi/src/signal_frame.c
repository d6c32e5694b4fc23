/* signal_frame.c -- what a signal handler finds on its stack. */
/* SPDX-License-Identifier: MIT */
#include "bytes.h"
#include "commpage.h"
#include "signals.h"
#include "syscalls.h"
#include "thread.h"

/* signal_frame_data (haiku-abi/x86-32.md, section 9). */
enum {
    FRAME_SIZE = 680,
    FRAME_UC_LINK = 36,
    FRAME_UC_SIGMASK = 40,
    FRAME_UC_STACK = 48,
    FRAME_EIP = 60,
    FRAME_EFLAGS = 64,
    FRAME_EAX = 68,
    FRAME_ECX = 72,
    FRAME_EDX = 76,
    FRAME_ESP = 80,
    FRAME_EBP = 84,
    FRAME_FPU = 92,
    FRAME_SEGMENTS = 564, /* r1beta6: cs, ds, es, fs, gs, ss, 16 bits each */
    FRAME_EDI = 608,
    FRAME_ESI = 612,
    FRAME_EBX = 616,
    FRAME_USER_DATA = 620,
    FRAME_HANDLER = 624,
    FRAME_IS_SIGINFO = 628,
    FRAME_THREAD_FLAGS = 632,
    FRAME_RESTART = 644,
    FRAME_COMMPAGE = 676
};

enum { FLAG_TF = 0x100, FLAG_DF = 0x400 };

/* EFLAGS bits that a frame gives back: CF PF AF ZF SF DF OF. */
enum { RESTORED_FLAGS = 0x0cd5 };

/* FNSAVE leaves the x87 as FNINIT does: control word, empty tags. */
static const uint8_t fresh_x87[108] = {0x7f, 0x03, 0, 0,    0,
                                       0,    0,    0, 0xff, 0xff};

int hk_signals_is_on_stack(const struct hk_thread_signals *signals,
                           uint32_t esp)
{
    return signals->has_stack &&
           esp - signals->stack_base < signals->stack_size;
}

/* Haiku leaves some room below the stack pointer of the frame. */
static uint32_t frame_address(const struct hk_thread *thread,
                              const struct hk_sigaction *action, uint32_t esp)
{
    enum { ROOM = 688 };
    const struct hk_thread_signals *signals = thread->signals;
    uint32_t top = esp;

    if ((action->flags & HK_SA_ONSTACK) != 0 && signals->has_stack &&
        !hk_signals_is_on_stack(signals, esp))
        top = signals->stack_base + signals->stack_size;
    return ((top - ROOM) & ~UINT32_C(15)) - 4;
}

static void put_registers(uint8_t *frame, const struct hk_registers *registers,
                          int with_segments)
{
    hk_put32(frame + FRAME_EIP, registers->eip);
    hk_put32(frame + FRAME_EFLAGS, registers->eflags);
    hk_put32(frame + FRAME_EAX, registers->eax);
    hk_put32(frame + FRAME_ECX, registers->ecx);
    hk_put32(frame + FRAME_EDX, registers->edx);
    hk_put32(frame + FRAME_ESP, registers->esp);
    hk_put32(frame + FRAME_EBP, registers->ebp);
    hk_put32(frame + FRAME_EDI, registers->edi);
    hk_put32(frame + FRAME_ESI, registers->esi);
    hk_put32(frame + FRAME_EBX, registers->ebx);
    if (!with_segments)
        return;
    hk_put16(frame + FRAME_SEGMENTS, registers->cs);
    hk_put16(frame + FRAME_SEGMENTS + 2, registers->ds);
    hk_put16(frame + FRAME_SEGMENTS + 4, registers->es);
    hk_put16(frame + FRAME_SEGMENTS + 6, registers->fs);
    hk_put16(frame + FRAME_SEGMENTS + 8, registers->gs);
    hk_put16(frame + FRAME_SEGMENTS + 10, registers->ss);
}

/* The stack that was in use, without flags. */
static void put_stack(uint8_t *frame, const struct hk_thread *thread,
                      uint32_t esp)
{
    const struct hk_thread_signals *signals = thread->signals;
    int is_own = !hk_signals_is_on_stack(signals, esp);

    hk_put32(frame + FRAME_UC_STACK,
             is_own ? thread->stack_base : signals->stack_base);
    hk_put32(frame + FRAME_UC_STACK + 4,
             is_own ? thread->stack_end - thread->stack_base
                    : signals->stack_size);
}

/* Handlers of BeOS know no SIGBUS: it had SIGSEGV's number. */
static void put_info(uint8_t *frame, const struct hk_sigaction *action,
                     const struct hk_siginfo *info)
{
    hk_siginfo_put(info, frame);
    if ((action->flags & HK_SA_BEOS) != 0 && info->signal == HK_SIGBUS)
        hk_put32(frame, HK_SIGSEGV);
}

/* A call that the handler interrupts will be executed again behind it. */
static void put_restart(uint8_t *frame, const struct hk_restart *restart)
{
    hk_put32(frame + FRAME_THREAD_FLAGS, restart->is_armed != 0);
    hk_put32(frame + FRAME_RESTART, restart->call);
    hk_put64(frame + FRAME_RESTART + 4, (uint64_t)restart->deadline);
}

int32_t hk_signal_frame_push(struct hk_thread *thread,
                             const struct hk_sigaction *action,
                             const struct hk_siginfo *info, uint64_t mask)
{
    const struct hk_kernel *kernel = hk_kernel_of(thread);
    const struct hk_cpu_ops *cpu = kernel->config.host->cpu;
    uint8_t bytes[8 + FRAME_SIZE] = {0};
    uint8_t *frame = bytes + 8;
    struct hk_registers registers;
    uint32_t at;

    cpu->get_registers(thread->cpu, &registers);
    at = frame_address(thread, action, registers.esp);
    hk_put32(bytes, registers.eip);
    hk_put32(bytes + 4, at + 8);
    put_info(frame, action, info);
    hk_put32(frame + FRAME_UC_LINK, thread->signals->context);
    hk_put64(frame + FRAME_UC_SIGMASK, mask);
    put_stack(frame, thread, registers.esp);
    cpu->get_fnsave(thread->cpu, frame + FRAME_FPU);
    put_registers(frame, &registers, kernel->config.release >= HK_R1BETA6);
    hk_put32(frame + FRAME_USER_DATA, action->user_data);
    hk_put32(frame + FRAME_HANDLER, action->handler);
    frame[FRAME_IS_SIGINFO] = (action->flags & HK_SA_SIGINFO) != 0;
    put_restart(frame, &thread->restart);
    hk_put32(frame + FRAME_COMMPAGE, thread->team->commpage);
    if (hk_write_user(thread, at, bytes, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;

    thread->signals->context = at + 8 + FRAME_UC_LINK;
    registers.esp = at;
    registers.eip = thread->team->commpage +
                    hk_commpage_offset((action->flags & HK_SA_BEOS) != 0
                                           ? HK_COMMPAGE_SIGNAL_HANDLER_BEOS
                                           : HK_COMMPAGE_SIGNAL_HANDLER);
    registers.eflags &= ~(uint32_t)(FLAG_TF | FLAG_DF);
    cpu->set_registers(thread->cpu, &registers);
    cpu->set_fnsave(thread->cpu, fresh_x87);
    return HK_B_OK;
}

static void get_registers(const uint8_t *frame, struct hk_registers *registers)
{
    uint32_t flags = hk_get32(frame + FRAME_EFLAGS) & RESTORED_FLAGS;

    registers->eip = hk_get32(frame + FRAME_EIP);
    registers->eflags = (registers->eflags & ~(uint32_t)RESTORED_FLAGS) | flags;
    registers->eax = hk_get32(frame + FRAME_EAX);
    registers->ecx = hk_get32(frame + FRAME_ECX);
    registers->edx = hk_get32(frame + FRAME_EDX);
    registers->esp = hk_get32(frame + FRAME_ESP);
    registers->ebp = hk_get32(frame + FRAME_EBP);
    registers->edi = hk_get32(frame + FRAME_EDI);
    registers->esi = hk_get32(frame + FRAME_ESI);
    registers->ebx = hk_get32(frame + FRAME_EBX);
}

/* A frame that cannot be read ends the thread. */
int64_t hk_sys_restore_signal_frame(struct hk_thread *self,
                                    gm_addr signal_frame_data)
{
    const struct hk_cpu_ops *cpu = hk_kernel_of(self)->config.host->cpu;
    struct hk_registers registers;
    uint8_t frame[FRAME_SIZE];

    if (hk_read_user(self, frame, signal_frame_data, sizeof(frame)) !=
        HK_B_OK) {
        hk_thread_exit(self, HK_B_BAD_ADDRESS);
        return HK_B_BAD_ADDRESS;
    }
    cpu->get_registers(self->cpu, &registers);
    get_registers(frame, &registers);
    cpu->set_registers(self->cpu, &registers);
    cpu->set_fnsave(self->cpu, frame + FRAME_FPU);
    self->registers_set = 1;
    self->restart.is_armed = hk_get32(frame + FRAME_THREAD_FLAGS) & 1;
    self->restart.call = hk_get32(frame + FRAME_RESTART);
    self->restart.deadline = (int64_t)hk_get64(frame + FRAME_RESTART + 4);
    self->signals->context = hk_get32(frame + FRAME_UC_LINK);
    if (self->signals->context >= HK_USER_LIMIT)
        self->signals->context = 0;
    hk_signals_set_mask(self, hk_get64(frame + FRAME_UC_SIGMASK));
    return (int64_t)((uint64_t)registers.edx << 32 | registers.eax);
}
