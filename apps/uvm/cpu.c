/* cpu.c -- libx86cpu as the processor of libhaikuabi. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <x86cpu/accesses.h>

#include "uvm.h"

static void *new_cpu(void *host)
{
    struct uvm *uvm = host;
    struct xcpu *cpu;

    return xcpu_new(uvm->machine, &cpu) < 0 ? NULL : cpu;
}

static void free_cpu(void *cpu)
{
    uvm_record_free_cpu(cpu);
    xcpu_free(cpu);
}

static void get_registers(void *cpu, struct hk_registers *registers)
{
    struct xcpu_regs regs;

    xcpu_get_regs(cpu, &regs);
    *registers = (struct hk_registers){
        .eax = regs.gpr[XCPU_EAX],
        .ecx = regs.gpr[XCPU_ECX],
        .edx = regs.gpr[XCPU_EDX],
        .ebx = regs.gpr[XCPU_EBX],
        .esp = regs.gpr[XCPU_ESP],
        .ebp = regs.gpr[XCPU_EBP],
        .esi = regs.gpr[XCPU_ESI],
        .edi = regs.gpr[XCPU_EDI],
        .eip = regs.eip,
        .eflags = regs.eflags,
        .cs = regs.sreg[XCPU_CS],
        .ds = regs.sreg[XCPU_DS],
        .es = regs.sreg[XCPU_ES],
        .fs = regs.sreg[XCPU_FS],
        .gs = regs.sreg[XCPU_GS],
        .ss = regs.sreg[XCPU_SS],
        .fs_base = regs.sreg_base[XCPU_FS],
    };
}

static void set_registers(void *cpu, const struct hk_registers *registers)
{
    struct xcpu_regs before;
    struct xcpu_regs regs = {
        .gpr = {[XCPU_EAX] = registers->eax,
                [XCPU_ECX] = registers->ecx,
                [XCPU_EDX] = registers->edx,
                [XCPU_EBX] = registers->ebx,
                [XCPU_ESP] = registers->esp,
                [XCPU_EBP] = registers->ebp,
                [XCPU_ESI] = registers->esi,
                [XCPU_EDI] = registers->edi},
        .eip = registers->eip,
        .eflags = registers->eflags,
        .sreg = {[XCPU_CS] = registers->cs,
                 [XCPU_DS] = registers->ds,
                 [XCPU_ES] = registers->es,
                 [XCPU_FS] = registers->fs,
                 [XCPU_GS] = registers->gs,
                 [XCPU_SS] = registers->ss},
    };

    /* A register that keeps its selector keeps its segment: the guest may
     * have loaded others with that of FS. */
    xcpu_get_regs(cpu, &before);
    for (int i = 0; i < 6; i++)
        if (regs.sreg[i] == before.sreg[i])
            regs.sreg_base[i] = before.sreg_base[i];
    regs.sreg_base[XCPU_FS] = registers->fs_base;
    xcpu_set_regs(cpu, &regs);
    uvm_record_change(cpu, TR_CHANGE_REGISTERS);
}

static void get_call(void *cpu, uint32_t *eax, uint32_t *esp)
{
    *eax = xcpu_get_gpr(cpu, XCPU_EAX);
    *esp = xcpu_get_gpr(cpu, XCPU_ESP);
}

static void set_eax(void *cpu, uint32_t eax)
{
    xcpu_set_gpr(cpu, XCPU_EAX, eax);
    uvm_record_change(cpu, TR_CHANGE_EAX);
}

static void get_fnsave(void *cpu, uint8_t image[108])
{
    xcpu_get_fnsave(cpu, image);
}

static void set_fnsave(void *cpu, const uint8_t image[108])
{
    xcpu_set_fnsave(cpu, image);
    uvm_record_change(cpu, TR_CHANGE_FPU);
}

static void get_fxsave(void *cpu, uint8_t image[512])
{
    struct xcpu_fxstate state;

    xcpu_get_fxstate(cpu, &state);
    memcpy(image, state.bytes, sizeof(state.bytes));
}

static void set_fxsave(void *cpu, const uint8_t image[512])
{
    struct xcpu_fxstate state;

    memcpy(state.bytes, image, sizeof(state.bytes));
    xcpu_set_fxstate(cpu, &state);
    uvm_record_change(cpu, TR_CHANGE_FPU);
}

static void reset_fpu(void *cpu)
{
    xcpu_reset_fpu(cpu);
    uvm_record_change(cpu, TR_CHANGE_FPU);
}

static void kick(void *cpu)
{
    xcpu_kick(cpu);
}

static void change_registers(struct xcpu *cpu, const struct xcpu_regs *regs)
{
    xcpu_set_regs(cpu, regs);
    uvm_record_change(cpu, TR_CHANGE_REGISTERS);
}

/* A repeated instruction stops between two iterations for TF alone, which it
 * does not look at. */
void uvm_step_cpu(const struct uvm *uvm, struct xcpu *cpu,
                  struct xcpu_exit *exit)
{
    enum { TF = 0x100 };
    struct xcpu_insn insn;
    struct xcpu_regs regs;
    int sets_flag;

    xcpu_get_regs(cpu, &regs);
    sets_flag = !(regs.eflags & TF) && tr_decode_at(uvm->space, &regs, &insn) &&
                xcpu_insn_repeats(&insn);
    if (sets_flag) {
        regs.eflags |= TF;
        change_registers(cpu, &regs);
    }
    uvm_run_blocks(cpu, 1, exit);
    if (!sets_flag)
        return;
    xcpu_get_regs(cpu, &regs);
    regs.eflags &= ~(uint32_t)TF;
    change_registers(cpu, &regs);
    if (exit->reason == XCPU_EXIT_EXCEPTION && exit->vector == XCPU_DB)
        exit->reason = XCPU_EXIT_BUDGET;
}

static unsigned find_accesses(void *host, void *cpu,
                              struct hk_access accesses[HK_ACCESSES_MAX])
{
    _Static_assert((int)XCPU_ACCESSES_MAX <= (int)HK_ACCESSES_MAX, "room");
    const struct uvm *uvm = host;
    struct xcpu_access found[XCPU_ACCESSES_MAX];
    struct xcpu_insn insn;
    struct xcpu_regs regs;
    unsigned count;

    xcpu_get_regs(cpu, &regs);
    if (!tr_decode_at(uvm->space, &regs, &insn))
        return 0; /* it will raise an exception */
    count = xcpu_find_accesses(&insn, &regs, found);
    for (unsigned i = 0; i < count; i++)
        accesses[i] = (struct hk_access){found[i].address, found[i].size,
                                         found[i].is_store};
    return count;
}

const struct hk_cpu_ops uvm_cpu_ops = {
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
    .identify = uvm_identify,
    .find_accesses = find_accesses,
};

static size_t fetch(void *owner, uint32_t address, void *bytes, size_t size,
                    int *present)
{
    const struct uvm *uvm = owner;

    return tr_fetch_code(uvm->space, address, bytes, size, present);
}

/* What other mappings and other teams write, too, cannot be watched. */
static int watch_writes(void *owner, uint32_t address, uint32_t size, int on)
{
    struct gm_space *space = ((struct uvm *)owner)->space;

    if (on && gm_is_shared(space, address, size))
        return -1;
    return gm_watch_writes(space, address, size, on);
}

static int protection(void *owner, uint32_t address)
{
    struct gm_space *space = ((struct uvm *)owner)->space;
    struct gm_mapping region;

    if (gm_query(space, address, &region) < 0 || region.address > address)
        return 0;
    return (region.prot & GM_PROT_READ ? XCPU_READABLE : 0) |
           (region.prot & GM_PROT_WRITE ? XCPU_WRITABLE : 0);
}

static void translated(void *owner, const void *host, uint32_t size,
                       uint32_t eip)
{
    uvm_name_translation(owner, host, size, eip);
}

/* Of no use where each system call is recorded. */
static int on_int(void *owner, struct xcpu *cpu, uint32_t vector)
{
    (void)owner;
    enum hk_action action = uvm_answer_int(cpu, vector);

    return action <= HK_RETRY ? 0 : (int)action;
}

static void forget(void *context, enum gm_event event, gm_addr address,
                   uint64_t size)
{
    if (event != GM_EVENT_MAP)
        xcpu_machine_forget(context, (uint32_t)address, size);
}

int uvm_machine_new(struct uvm *uvm)
{
    struct xcpu_config config = {
        .memory = {.base = gm_space_base(uvm->space),
                   .size = gm_space_size(uvm->space),
                   .guard = GM_GUARD_SIZE,
                   .owner = uvm,
                   .fetch = fetch,
                   .watch_writes = watch_writes,
                   .protection = protection},
        .engine = uvm->options->engine,
        .model = uvm->options->model,
        .translate_after = uvm->options->translate_after,
        .on_int = on_int,
        .translated = uvm->options->perf_map ? translated : NULL,
    };
    int result;

    if (uvm->recorder != NULL) {
        config.memory = tr_memory_window(tr_recorder_memory(uvm->recorder));
        config.read_tsc = tr_memory_read_tsc;
        config.counted = 1;
        config.portable_floats = 1;
        config.on_int = NULL;     /* a trace tells of each */
        config.translated = NULL; /* it would ask the window's owner */
    }
    result = xcpu_machine_new(&config, &uvm->machine);
    if (result == XCPU_ERR_UNSUPPORTED && !uvm->options->engine_given) {
        config.engine = XCPU_ENGINE_INTERP;
        result = xcpu_machine_new(&config, &uvm->machine);
    }
    if (result >= 0)
        gm_set_watcher(uvm->space, forget, uvm->machine);
    return result;
}
