/* jit_guest.cc -- a guest of two stretches of memory, on either engine. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/jit_guest.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

namespace jit_guest
{

namespace
{

thread_local struct xcpu *running;

void on_signal(int signo, siginfo_t *info, void *context)
{
    if (!xcpu_on_fault(running, signo, info, context))
        abort();
}

size_t fetch(void *owner, uint32_t address, void *bytes, size_t size,
             int *present)
{
    if (present)
        *present = 0;
    const Memory *memory = static_cast<Memory *>(owner);
    if (address - code_at >= memory->size)
        return 0;
    const size_t room = code_at + memory->size - address;
    const size_t got = size < room ? size : room;
    memcpy(bytes, memory->window + address, got);
    return got;
}

int watch_writes(void *owner, uint32_t address, uint32_t size, int on)
{
    const Memory *memory = static_cast<Memory *>(owner);
    if (address - code_at >= memory->size && address - data_at >= data_size)
        return 0; /* nothing there can be written */
    return mprotect(memory->window + address, size,
                    on ? PROT_READ : PROT_READ | PROT_WRITE);
}

int protection(void *owner, uint32_t address)
{
    const Memory *memory = static_cast<Memory *>(owner);
    return address - code_at < memory->size || address - data_at < data_size
               ? XCPU_READABLE | XCPU_WRITABLE
               : 0;
}

uint64_t read_tsc(void *)
{
    return 0x123456789abcdef;
}

} // namespace

struct xcpu_config config_for(enum xcpu_engine engine, bool counted)
{
    struct xcpu_config config = {};

    config.engine = engine;
    config.read_tsc = read_tsc;
    config.translate_after = 1;
    config.counted = counted;
    return config;
}

Memory::Memory(enum xcpu_engine engine) : Memory(config_for(engine)) {}

Memory::Memory(struct xcpu_config config, uint32_t size_) : size(size_)
{
    void *room = mmap(nullptr, window_size + 2 * guard_size, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        abort();
    window = static_cast<uint8_t *>(room) + guard_size;
    mprotect(window + data_at, data_size, PROT_READ | PROT_WRITE);
    mprotect(window + code_at, size, PROT_READ | PROT_WRITE);
    config.memory.base = window;
    config.memory.size = window_size;
    config.memory.guard = guard_size;
    config.memory.owner = this;
    config.memory.fetch = fetch;
    config.memory.watch_writes = watch_writes;
    config.memory.protection = protection;
    if (xcpu_machine_new(&config, &machine) < 0)
        machine = nullptr;
}

Memory::~Memory()
{
    xcpu_machine_free(machine);
    munmap(window - guard_size, window_size + 2 * guard_size);
}

void Memory::place(uint32_t at, const std::vector<uint8_t> &code)
{
    xcpu_machine_forget(machine, at & ~4095u, code.size() + (at & 4095));
    memcpy(window + at, code.data(), code.size());
}

uint32_t Memory::read32(uint32_t address) const
{
    uint32_t value;

    memcpy(&value, window + address, sizeof(value));
    return value;
}

Guest::Guest(Memory &memory_) : memory(memory_)
{
    if (memory.machine && xcpu_new(memory.machine, &cpu) == 0)
        xcpu_get_regs(cpu, &regs);
    regs.gpr[XCPU_ESP] = data_at + data_size - 0x100;
    regs.eip = code_at;
}

Guest::~Guest()
{
    xcpu_free(cpu);
}

void Guest::run(uint64_t insns)
{
    running = cpu;
    xcpu_set_regs(cpu, &regs);
    xcpu_run(cpu, insns, &exit);
    xcpu_get_regs(cpu, &regs);
}

uint64_t Guest::translated() const
{
    struct xcpu_jit_stats stats;

    xcpu_get_jit_stats(cpu, &stats);
    return stats.blocks;
}

void install_handlers()
{
    struct sigaction action = {};

    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    for (int signo : {SIGSEGV, SIGBUS, SIGFPE})
        sigaction(signo, &action, nullptr);
}

} // namespace jit_guest
