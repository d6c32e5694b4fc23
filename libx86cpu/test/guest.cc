/* guest.cc -- memory and cpus for tests. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/guest.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

/* The same tests are built for each engine. */
#ifndef GUEST_ENGINE
#define GUEST_ENGINE XCPU_ENGINE_INTERP
#endif
#ifndef GUEST_COUNTED
#define GUEST_COUNTED 0
#endif

namespace guest
{
namespace
{

constexpr uint64_t window_size = uint64_t{1} << 32;
constexpr uint64_t guard_size = (uint64_t{30} << 30) + 0x10000;
constexpr uint32_t page_size = 4096;

/* A page: PROT_* in the low bits. */
enum : uint8_t { page_mapped = 0x10, page_shared = 0x20, page_watched = 0x40 };

Guest *current_guest;
thread_local struct xcpu *running_cpu;

void check(bool holds)
{
    if (!holds)
        abort();
}

/* In the order that the library asks for: a store of the running cpu, one of
 * the application to a watched page, a fault of our own. */
void on_fault(int signo, siginfo_t *info, void *context)
{
    /* The thread sanitizer's handlers do not know of SA_NODEFER. */
    sigset_t faults;
    sigemptyset(&faults);
    sigaddset(&faults, signo);
    pthread_sigmask(SIG_UNBLOCK, &faults, nullptr);
    if (running_cpu && xcpu_on_fault(running_cpu, signo, info, context))
        return;
    if (current_guest &&
        xcpu_machine_on_write_fault(current_guest->machine(), info->si_addr))
        return;
    signal(signo, SIG_DFL);
}

/* Held for a moment, also in signal handlers, which have nothing to wait for:
 * who holds it does not fault. */
class Spin
{
  public:
    explicit Spin(std::atomic_flag &flag) : flag_(flag)
    {
        while (flag_.test_and_set(std::memory_order_acquire))
            sched_yield();
    }
    ~Spin()
    {
        flag_.clear(std::memory_order_release);
    }

  private:
    std::atomic_flag &flag_;
};

void set_handlers(bool on)
{
    struct sigaction action = {};

    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    for (int signo : {SIGSEGV, SIGBUS}) {
        if (on)
            sigaction(signo, &action, nullptr);
        else
            signal(signo, SIG_DFL);
    }
}

} // namespace

std::vector<uint8_t> hex(const std::string &text)
{
    std::vector<uint8_t> bytes;
    std::string digits;

    for (char c : text)
        if (c != ' ')
            digits += c;
    for (size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes.push_back(static_cast<uint8_t>(
            strtoul(digits.substr(i, 2).c_str(), nullptr, 16)));
    return bytes;
}

Guest::Guest() : Guest(Setup()) {}

Guest::Guest(const Setup &setup) : pages_(window_size / page_size)
{
    struct xcpu_config config = {};
    void *window = mmap(nullptr, window_size + 2 * guard_size, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    check(window != MAP_FAILED && !current_guest);
    base_ = static_cast<uint8_t *>(window) + guard_size;
    current_guest = this;
    config.memory.base = base_;
    config.memory.size = window_size;
    config.memory.guard = guard_size;
    config.memory.owner = this;
    config.memory.fetch = fetch;
    config.memory.watch_writes = setup.watches ? watch_writes : nullptr;
    config.memory.is_mapped = setup.tells_maps ? is_mapped : nullptr;
    config.memory.protection = protection;
    config.model = setup.model;
    config.engine = GUEST_ENGINE;
    config.translate_after = 1;
    config.counted = GUEST_COUNTED;
    config.read_tsc = setup.read_tsc;
    check(xcpu_machine_new(&config, &machine_) == 0);
    set_handlers(true);
}

Guest::~Guest()
{
    set_handlers(false);
    xcpu_machine_free(machine_);
    munmap(base_ - guard_size, window_size + 2 * guard_size);
    current_guest = nullptr;
}

Guest *Guest::current()
{
    return current_guest;
}

/* Gives a page the host's protection that it should have. */
void Guest::apply(uint32_t page, bool watched)
{
    int protection = pages_[page] & (PROT_READ | PROT_WRITE);

    if (watched)
        protection &= ~PROT_WRITE;
    check(mprotect(base_ + uint64_t{page} * page_size, page_size, protection) ==
          0);
}

void Guest::map(uint32_t address, uint32_t size, int protection)
{
    check(mmap(base_ + address, size, protection & ~PROT_EXEC,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
    set_pages(address, size, protection | page_mapped);
}

void Guest::set_pages(uint32_t address, uint32_t size, int state)
{
    Spin spin(lock_);

    for (uint32_t i = 0; i < size / page_size; i++)
        pages_[address / page_size + i] = static_cast<uint8_t>(state);
}

void Guest::map_twice(uint32_t address, uint32_t other, int protection)
{
    int file = memfd_create("guest", MFD_CLOEXEC);

    check(file >= 0 && ftruncate(file, page_size) == 0);
    for (uint32_t at : {address, other}) {
        check(mmap(base_ + at, page_size, protection & ~PROT_EXEC,
                   MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED);
        pages_[at / page_size] =
            static_cast<uint8_t>(protection | page_mapped | page_shared);
    }
    close(file);
}

void Guest::protect(uint32_t address, uint32_t size, int protection)
{
    xcpu_machine_forget(machine_, address, size);
    for (uint32_t page = address / page_size;
         page < (address + size) / page_size; page++) {
        pages_[page] = static_cast<uint8_t>(
            (pages_[page] & ~(PROT_READ | PROT_WRITE | PROT_EXEC)) |
            protection);
        apply(page, false);
    }
}

void Guest::unmap(uint32_t address, uint32_t size)
{
    xcpu_machine_forget(machine_, address, size);
    check(mmap(base_ + address, size, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
               0) != MAP_FAILED);
    set_pages(address, size, 0);
}

/* Nothing of it can be fetched before it is forgotten, nor before all of the
 * new one is there. */
void Guest::replace(uint32_t address, const std::string &text, int protection)
{
    const std::vector<uint8_t> bytes = hex(text);

    set_pages(address, page_size, 0);
    unmap(address, page_size);
    check(mmap(base_ + address, page_size, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
    memcpy(base_ + address, bytes.data(), bytes.size());
    check(mprotect(base_ + address, page_size, protection & ~PROT_EXEC) == 0);
    set_pages(address, page_size, protection | page_mapped);
}

pid_t Guest::fork()
{
    Spin spin(lock_);

    return ::fork();
}

void Guest::write(uint32_t address, const std::vector<uint8_t> &bytes)
{
    const uint32_t size = static_cast<uint32_t>(bytes.size());
    const uint32_t last = (address + size - 1) / page_size;

    xcpu_machine_forget(machine_, address, size);
    for (uint32_t page = address / page_size; page <= last; page++)
        check(mprotect(base_ + uint64_t{page} * page_size, page_size,
                       PROT_READ | PROT_WRITE) == 0);
    memcpy(base_ + address, bytes.data(), size);
    for (uint32_t page = address / page_size; page <= last; page++)
        apply(page, false);
}

uint32_t Guest::read32(uint32_t address) const
{
    uint32_t value;

    memcpy(&value, base_ + address, sizeof(value));
    return value;
}

int Guest::watched() const
{
    return static_cast<int>(std::count_if(
        pages_.begin(), pages_.end(),
        [](const std::atomic<uint8_t> &page) { return page & page_watched; }));
}

size_t Guest::fetch(void *owner, uint32_t address, void *bytes, size_t size,
                    int *present)
{
    Guest &me = *static_cast<Guest *>(owner);
    Spin spin(me.lock_);
    size_t got = 0;

    while (got < size) {
        const uint32_t at = address + static_cast<uint32_t>(got);
        const size_t room =
            std::min<size_t>(size - got, page_size - at % page_size);

        if (!(me.pages_[at / page_size] & PROT_EXEC))
            break;
        memcpy(static_cast<uint8_t *>(bytes) + got, me.base_ + at, room);
        got += room;
    }
    if (present)
        *present = is_mapped(owner, address + static_cast<uint32_t>(got));
    return got;
}

int Guest::watch_writes(void *owner, uint32_t address, uint32_t size, int on)
{
    Guest &me = *static_cast<Guest *>(owner);
    Spin spin(me.lock_);

    for (uint32_t i = 0; i < size; i += page_size) {
        const uint32_t page = (address + i) / page_size;

        if (me.pages_[page] & page_shared)
            return -1;
        if (!(me.pages_[page] & page_mapped))
            continue;
        me.pages_[page] =
            static_cast<uint8_t>(on ? me.pages_[page] | page_watched
                                    : me.pages_[page] & ~page_watched);
        me.apply(page, on != 0);
    }
    return 0;
}

int Guest::is_mapped(void *owner, uint32_t address)
{
    const Guest &me = *static_cast<Guest *>(owner);

    return (me.pages_[address / page_size] & page_mapped) != 0;
}

int Guest::protection(void *owner, uint32_t address)
{
    const Guest &me = *static_cast<Guest *>(owner);
    const uint8_t page = me.pages_[address / page_size];

    return (page & PROT_READ ? XCPU_READABLE : 0) |
           (page & PROT_WRITE ? XCPU_WRITABLE : 0);
}

/* ---- cpus ---- */

Cpu::Cpu(Guest &guest)
{
    check(xcpu_new(guest.machine(), &cpu_) == 0);
}

Cpu::~Cpu()
{
    xcpu_free(cpu_);
}

struct xcpu_exit Cpu::run(uint32_t eip, uint64_t budget)
{
    struct xcpu_regs now = regs();

    now.eip = eip;
    xcpu_set_regs(cpu_, &now);
    return go_on(budget);
}

struct xcpu_exit Cpu::go_on(uint64_t budget)
{
    struct xcpu_exit exit;

    running_cpu = cpu_;
    xcpu_run(cpu_, budget, &exit);
    running_cpu = nullptr;
    return exit;
}

struct xcpu_regs Cpu::regs() const
{
    struct xcpu_regs regs;

    xcpu_get_regs(cpu_, &regs);
    return regs;
}

void Cpu::set_regs(const struct xcpu_regs &regs)
{
    xcpu_set_regs(cpu_, &regs);
}

std::string text_of(const struct xcpu_exit &exit)
{
    static const char *const vectors[20] = {
        "#DE", "#DB", "2",   "#BP", "#OF", "#BR", "#UD", "#NM", "8",  "9",
        "10",  "#NP", "#SS", "#GP", "#PF", "15",  "#MF", "#AC", "18", "#XM"};
    char text[64] = "";

    switch (exit.reason) {
    case XCPU_EXIT_BUDGET:
        return "BUDGET";
    case XCPU_EXIT_KICK:
        return "KICK";
    case XCPU_EXIT_INT:
        snprintf(text, sizeof(text), "INT %x", exit.vector);
        break;
    case XCPU_EXIT_ANSWERED:
        snprintf(text, sizeof(text), "ANSWERED %x", exit.vector);
        break;
    case XCPU_EXIT_SYSCALL:
        return "SYSCALL";
    case XCPU_EXIT_MISMATCH:
        return "MISMATCH";
    case XCPU_EXIT_EXCEPTION:
        if (exit.vector == XCPU_VECTOR_PF)
            snprintf(text, sizeof(text), "#PF %x at %x", exit.error_code,
                     exit.address);
        else if (exit.error_code)
            snprintf(text, sizeof(text), "%s %x", vectors[exit.vector % 20],
                     exit.error_code);
        else
            return vectors[exit.vector % 20];
        break;
    }
    return text;
}

} // namespace guest
