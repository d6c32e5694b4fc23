/* jit_guest.h -- a guest of two stretches of memory, on either engine. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_TEST_JIT_GUEST_H
#define X86CPU_TEST_JIT_GUEST_H

#include <cstdint>
#include <vector>

#include <x86cpu/x86cpu.h>

namespace jit_guest
{

constexpr uint64_t window_size = uint64_t{1} << 32;
constexpr uint64_t guard_size = (uint64_t{30} << 30) + 0x10000;
constexpr uint32_t data_at = 0x10000000, data_size = 0x4000;
constexpr uint32_t code_at = 0x20000000, code_size = 0x80000;

/* What tests have, but for the memory: blocks are translated in their first
 * run. */
struct xcpu_config config_for(enum xcpu_engine engine, bool counted = false);

/* Memory and a machine; code can be fetched, and written, at code_at alone. */
class Memory
{
  public:
    explicit Memory(enum xcpu_engine engine);
    /* size: of the code, at most code_size. */
    explicit Memory(struct xcpu_config config, uint32_t size = code_size);
    ~Memory();
    Memory(const Memory &) = delete;
    Memory &operator=(const Memory &) = delete;

    /* Code of which no cpu may know any more. */
    void place(uint32_t at, const std::vector<uint8_t> &code);
    uint32_t read32(uint32_t address) const;

    uint32_t size;
    uint8_t *window = nullptr;
    struct xcpu_machine *machine = nullptr; /* NULL: not for this host */
};

/* A cpu of it. It runs where the object is used. */
class Guest
{
  public:
    explicit Guest(Memory &memory);
    ~Guest();
    Guest(const Guest &) = delete;
    Guest &operator=(const Guest &) = delete;

    bool usable() const
    {
        return cpu != nullptr;
    }
    /* From regs on; they are new afterwards. */
    void run(uint64_t insns = XCPU_BUDGET_UNLIMITED);
    uint64_t translated() const;

    Memory &memory;
    struct xcpu *cpu = nullptr;
    xcpu_regs regs = {};
    xcpu_exit exit = {};
};

/* For SIGSEGV, SIGBUS and SIGFPE: those of the cpu that the thread runs. */
void install_handlers();

} // namespace jit_guest

#endif
