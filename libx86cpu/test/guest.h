/* guest.h -- memory and cpus for tests. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_TEST_GUEST_H
#define X86CPU_TEST_GUEST_H

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <sys/types.h>

#include <x86cpu/x86cpu.h>

namespace guest
{

/* Bytes from "b8 01 00 00 00", blanks as wanted. */
std::vector<uint8_t> hex(const std::string &text);

/* A window of 4 GiB with pages of any protection, and a machine in it. There
 * is one at a time: it has the handlers of SIGSEGV and SIGBUS. */
class Guest
{
  public:
    struct Setup {
        enum xcpu_model model = XCPU_MODEL_SSE4;
        bool watches = true;    /* has watch_writes */
        bool tells_maps = true; /* has is_mapped */
        uint64_t (*read_tsc)(void *owner) = nullptr;
    };

    Guest();
    explicit Guest(const Setup &setup);
    ~Guest();
    Guest(const Guest &) = delete;
    Guest &operator=(const Guest &) = delete;

    /* Pages with PROT_*; PROT_EXEC is for the guest alone. */
    void map(uint32_t address, uint32_t size, int protection);
    /* A page at two addresses, which refuses to be watched. */
    void map_twice(uint32_t address, uint32_t other, int protection);
    void protect(uint32_t address, uint32_t size, int protection);
    void unmap(uint32_t address, uint32_t size);
    /* Another page in place of one that threads may be executing. */
    void replace(uint32_t address, const std::string &text, int protection);

    /* As the function of that name, while no thread changes what is mapped. */
    pid_t fork();

    /* Writes as a debugger would: whatever the protection, cached code goes. */
    void write(uint32_t address, const std::vector<uint8_t> &bytes);
    void write(uint32_t address, const std::string &text)
    {
        write(address, hex(text));
    }
    uint8_t *at(uint32_t address)
    {
        return base_ + address;
    }
    uint32_t read32(uint32_t address) const;

    struct xcpu_machine *machine()
    {
        return machine_;
    }
    int watched() const; /* pages that are watched now */

    /* What callbacks and the handlers do; for one of a test's own. */
    static Guest *current();

  private:
    static size_t fetch(void *owner, uint32_t address, void *bytes, size_t size,
                        int *present);
    static int watch_writes(void *owner, uint32_t address, uint32_t size,
                            int on);
    static int is_mapped(void *owner, uint32_t address);
    static int protection(void *owner, uint32_t address);
    void apply(uint32_t page, bool watched);
    void set_pages(uint32_t address, uint32_t size, int state);

    uint8_t *base_;
    std::vector<std::atomic<uint8_t>> pages_;  /* enum in guest.cc */
    std::atomic_flag lock_ = ATOMIC_FLAG_INIT; /* of changes of pages_ */
    struct xcpu_machine *machine_;
};

/* A cpu of the guest, for the thread that makes it. */
class Cpu
{
  public:
    explicit Cpu(Guest &guest);
    ~Cpu();
    Cpu(const Cpu &) = delete;
    Cpu &operator=(const Cpu &) = delete;

    /* From eip on, until something happens. */
    struct xcpu_exit run(uint32_t eip, uint64_t budget = 1000000);
    struct xcpu_exit go_on(uint64_t budget = 1000000);

    struct xcpu *cpu()
    {
        return cpu_;
    }
    struct xcpu_regs regs() const;
    void set_regs(const struct xcpu_regs &regs);
    uint32_t get(enum xcpu_gpr reg) const
    {
        return xcpu_get_gpr(cpu_, reg);
    }
    void set(enum xcpu_gpr reg, uint32_t value)
    {
        xcpu_set_gpr(cpu_, reg, value);
    }
    uint32_t eip() const
    {
        return regs().eip;
    }

  private:
    struct xcpu *cpu_;
};

/* "#PF 6 at 1000", "INT 80", "BUDGET" ... */
std::string text_of(const struct xcpu_exit &exit);

} // namespace guest

#endif
