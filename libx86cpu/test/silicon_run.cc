/* silicon_run.cc -- executes cases on the host CPU and on ours. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/silicon.h"
#include "libx86cpu/test/silicon_gate.h"

extern "C" {
#include "libx86cpu/src/fxstate.h"
}

#include <algorithm>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

namespace silicon
{

constexpr uint64_t window_size = 1ull << 32;
constexpr uint64_t guard_size = (uint64_t{30} << 30) + 0x10000;
constexpr uint32_t code_size = code_end - code_begin;
constexpr uint32_t data_size = data_end - data_begin;
constexpr uint8_t int3 = 0xcc;

/* More than any case needs, but for those that run on. */
constexpr uint64_t budget = 1 << 20;

struct Executors::Implementation {
    const char *refusal = nullptr;
    uint8_t *window = nullptr;
    uint8_t *code = nullptr;       /* the code, to write */
    uint8_t *data[2] = {};         /* data of the host, of ours, to write */
    uint8_t image[data_size] = {}; /* the data before patches */
    std::vector<bool> written;     /* slots of code since the last clearing */
    struct xcpu_machine *machine = nullptr;
    struct xcpu *cpu = nullptr;
    enum xcpu_engine engine = XCPU_ENGINE_INTERP;

    void map(uint8_t *base, int code_file, int data_file);
    void make_machine(enum xcpu_engine engine);
    void start(const Case &test, bool portable);
    void place(const Case &test);
    void fill_data(const Case &test, uint8_t *memory);
};

uint32_t base_of(uint16_t selector)
{
    switch (selector | 3) {
    case selector_near:
        return near_base;
    case selector_odd:
        return odd_base;
    default:
        return 0;
    }
}

namespace
{

struct xcpu *volatile running_cpu;

void on_fault(int signo, siginfo_t *info, void *context)
{
    if (running_cpu && xcpu_on_fault(running_cpu, signo, info, context))
        return;
    signal(signo, SIG_DFL);
}

void *check(void *mapped)
{
    if (mapped == MAP_FAILED)
        abort();
    return mapped;
}

int make_file(uint32_t size)
{
    int file = memfd_create("silicon", MFD_CLOEXEC);

    if (file < 0 || ftruncate(file, size) < 0)
        abort();
    return file;
}

uint8_t *map_file(int file, uint32_t size)
{
    return static_cast<uint8_t *>(check(
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)));
}

bool is_code(uint32_t address)
{
    return address >= code_begin && address < code_end;
}

int is_mapped(void *, uint32_t address)
{
    return is_code(address) || (address >= data_begin && address < data_end);
}

int protection(void *owner, uint32_t address)
{
    if (!is_mapped(owner, address))
        return 0;
    return address - data_begin < data_readonly - data_begin
               ? XCPU_READABLE | XCPU_WRITABLE
               : XCPU_READABLE;
}

size_t fetch(void *owner, uint32_t address, void *bytes, size_t size,
             int *present)
{
    size_t got = 0;

    if (is_code(address)) {
        got = std::min<size_t>(size, code_end - address);
        memcpy(bytes, static_cast<uint8_t *>(owner) + address, got);
    }
    if (present)
        *present = is_mapped(owner, address + static_cast<uint32_t>(got));
    return got;
}

/* Nothing writes to the code but place, which says so. */
int watch_writes(void *, uint32_t, uint32_t, int)
{
    return 0;
}

} // namespace

/* Code and data below base, as the guest sees them. */
void Executors::Implementation::map(uint8_t *base, int code_file, int data_file)
{
    const uint32_t writable = data_readonly - data_begin;

    check(mmap(base + code_begin, code_size, PROT_READ | PROT_EXEC,
               MAP_SHARED | MAP_FIXED | MAP_POPULATE, code_file, 0));
    check(mmap(base + data_begin, writable, PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_FIXED | MAP_POPULATE, data_file, 0));
    check(mmap(base + data_readonly, data_size - writable, PROT_READ,
               MAP_SHARED | MAP_FIXED | MAP_POPULATE, data_file, writable));
}

void Executors::Implementation::make_machine(enum xcpu_engine wanted)
{
    struct xcpu_config config = {};

    config.memory.base = window;
    config.memory.size = window_size;
    config.memory.guard = guard_size;
    config.memory.owner = window;
    config.memory.fetch = fetch;
    config.memory.watch_writes = watch_writes;
    config.memory.is_mapped = is_mapped;
    config.memory.protection = protection;
    config.model = XCPU_MODEL_SSE4;
    config.engine = engine = wanted;
    config.translate_after = 1;
    if (xcpu_machine_new(&config, &machine) < 0 || xcpu_new(machine, &cpu) < 0)
        abort();
    /* What a register has held can be loaded from then on. */
    struct xcpu_regs regs;
    xcpu_get_regs(cpu, &regs);
    for (int i = 0; i < 6; i++)
        regs.sreg[i] = selector_data;
    for (uint16_t code : {selector_code, selector_code_2}) {
        regs.sreg[XCPU_CS] = code;
        regs.sreg[XCPU_DS] =
            code == selector_code ? selector_flat : selector_near;
        regs.sreg[XCPU_ES] = selector_odd;
        for (int i = 0; i < 6; i++)
            regs.sreg_base[i] = base_of(regs.sreg[i]);
        xcpu_set_regs(cpu, &regs);
    }
}

Executors::Executors(enum xcpu_engine engine) : me_(new Implementation)
{
    Implementation &me = *me_;
    const int code_file = make_file(code_size);
    const int data_files[2] = {make_file(data_size), make_file(data_size)};
    Random random(0);

    me.window = static_cast<uint8_t *>(
        check(mmap(nullptr, window_size + 2 * guard_size, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)));
    me.window += guard_size;
    me.code = map_file(code_file, code_size);
    memset(me.code, int3, code_size);
    for (int i = 0; i < 2; i++)
        me.data[i] = map_file(data_files[i], data_size);
    for (uint8_t &byte : me.image)
        byte = static_cast<uint8_t>(random());
    me.refusal = open_gate();
    if (!me.refusal)
        me.map(nullptr, code_file, data_files[0]);
    me.map(me.window, code_file, data_files[1]);
    close(code_file);
    for (int file : data_files)
        close(file);
    me.written.resize(code_size / code_slot);
    me.make_machine(engine);
    install_handlers(on_fault);
}

Executors::~Executors()
{
    Implementation &me = *me_;

    remove_handlers();
    xcpu_free(me.cpu);
    xcpu_machine_free(me.machine);
    munmap(me.window - guard_size, window_size + 2 * guard_size);
    munmap(me.code, code_size);
    for (uint8_t *data : me.data)
        munmap(data, data_size);
    if (!me.refusal) {
        munmap(reinterpret_cast<void *>(uintptr_t{code_begin}), code_size);
        munmap(reinterpret_cast<void *>(uintptr_t{data_begin}), data_size);
    }
}

const char *Executors::host_refuses() const
{
    return me_->refusal;
}

Memory Executors::host_memory() const
{
    return me_->data[0];
}

Memory Executors::our_memory() const
{
    return me_->data[1];
}

struct xcpu *Executors::cpu()
{
    return me_->cpu;
}

/* Code stays where it is put until its slot is wanted again: then all is
 * cleared, which is cheaper than to forget the code of each case. */
void Executors::Implementation::place(const Case &test)
{
    const uint32_t offset = test.before.eip - code_begin;
    const size_t size = test.bytes.size();
    const uint32_t first = offset / code_slot;
    const uint32_t last =
        std::min<uint32_t>(code_size - 1, offset + code_slot) / code_slot;

    if (size <= code_size - offset &&
        memcmp(code + offset, test.bytes.data(), size) == 0)
        return;
    if (written[first] || written[last]) {
        memset(code, int3, code_size);
        std::fill(written.begin(), written.end(), false);
        xcpu_machine_forget(machine, code_begin, code_size);
    }
    memcpy(code + offset, test.bytes.data(),
           std::min<size_t>(size, code_size - offset));
    written[first] = true;
}

void Executors::Implementation::fill_data(const Case &test, uint8_t *memory)
{
    memcpy(memory, image, data_size);
    for (const Patch &patch : test.patches)
        for (uint32_t i = 0; i < patch.size; i++)
            if (patch.address + i - data_begin < data_size)
                memory[patch.address + i - data_begin] = patch.bytes[i];
}

/* The clock may end a case that has hardly begun, but not twice. */
void Executors::on_host(const Case &test, State *after)
{
    me_->place(test);
    for (int tries = 0; tries < 2; tries++) {
        me_->fill_data(test, me_->data[0]);
        if (pass_gate(test.before, after))
            return;
    }
    after->vector = -1;
}

void Executors::Implementation::start(const Case &test, bool portable)
{
    struct xcpu_fxstate fx;
    struct xcpu_regs regs;

    fill_data(test, data[1]);
    memcpy(fx.bytes, test.before.fx, 512);
    xcpu_set_fxstate(cpu, &fx);
    xcpu_fpu_of(cpu)->portable = portable;
    memcpy(regs.gpr, test.before.gpr, sizeof(regs.gpr));
    memcpy(regs.sreg, test.before.sreg, sizeof(regs.sreg));
    for (int i = 0; i < 6; i++)
        regs.sreg_base[i] = base_of(regs.sreg[i]);
    regs.eip = test.before.eip;
    regs.eflags = test.before.eflags;
    xcpu_set_regs(cpu, &regs);
}

bool Executors::translates() const
{
    return me_->engine == XCPU_ENGINE_JIT;
}

/* Translated code has no budget: it is for what the interpreter ends. */
void Executors::on_ours(const Case &test, State *after, bool portable,
                        bool translated)
{
    struct xcpu *cpu = me_->cpu;
    struct xcpu_fxstate fx;
    struct xcpu_regs regs;
    struct xcpu_exit exit;

    me_->place(test);
    me_->start(test, portable);
    running_cpu = cpu;
    xcpu_run(cpu, translated ? XCPU_BUDGET_UNLIMITED : budget, &exit);
    running_cpu = nullptr;
    xcpu_get_fxstate(cpu, &fx);
    xcpu_get_regs(cpu, &regs);
    memcpy(after->fx, fx.bytes, 512);
    memcpy(after->gpr, regs.gpr, sizeof(regs.gpr));
    memcpy(after->sreg, regs.sreg, sizeof(regs.sreg));
    after->eip = regs.eip;
    after->eflags = regs.eflags;
    after->vector = -1;
    after->error_code = exit.error_code;
    after->address = exit.address;
    if (exit.reason == XCPU_EXIT_MISMATCH)
        after->vector = vector_mismatch;
    if (exit.reason == XCPU_EXIT_EXCEPTION)
        after->vector = static_cast<int>(exit.vector);
    if (exit.reason == XCPU_EXIT_INT) { /* what the host's kernel forbids */
        const bool allowed =
            exit.vector == XCPU_BP || exit.vector == XCPU_VECTOR_OF;

        after->vector = allowed ? static_cast<int>(exit.vector) : XCPU_GP;
        after->error_code = exit.vector * 8 + 2;
        if (!allowed)
            after->eip -= test.insns.back().length;
    }
}

} // namespace silicon
