/* machine_test.cc -- code that changes, by whom ever, and machines as such. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/guest.h"

#include <atomic>
#include <cstring>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace
{

using namespace guest;

constexpr uint32_t code = 0x10000;
constexpr uint32_t data = 0x20000;
constexpr uint32_t many = 0x100000;
constexpr int rw = PROT_READ | PROT_WRITE;
constexpr int rwx = PROT_READ | PROT_WRITE | PROT_EXEC;

Guest::Setup without_watches()
{
    Guest::Setup setup;

    setup.watches = false;
    return setup;
}

/* Everything holds with pages that are watched, and with blocks compared. */
class Machine : public testing::TestWithParam<bool>
{
  protected:
    Machine() : guest(GetParam() ? Guest::Setup() : without_watches())
    {
        guest.map(code, 0x3000, rwx);
        guest.map(data, 0x2000, rw);
    }

    Guest guest;
};

INSTANTIATE_TEST_SUITE_P(Watched, Machine, testing::Bool());

TEST_P(Machine, AStoreIsSeenByTheNextInstruction)
{
    Cpu cpu(guest);

    /* mov byte [code + 8], 5; mov al, 1; int3 */
    guest.write(code, "c6 05 08 00 01 00 05 b0 01 cc");
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 5u);
}

/* Each round writes its own number into the next instruction. */
TEST_P(Machine, AStoreIsSeenHoweverOften)
{
    Cpu cpu(guest);

    /* mov [code + 7], cl; mov eax, 0; add edx, eax; dec cl; jnz 0; int3 */
    guest.write(code, "88 0d 07 00 01 00 b8 00 00 00 00 01 c2 fe c9 75 ef cc");
    cpu.set(XCPU_ECX, 200);
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EDX), 200u * 201 / 2);
}

TEST_P(Machine, StringAndStackStoresAreSeenToo)
{
    Cpu cpu(guest);

    /* rep stosb over what follows */
    guest.write(code, "f3 aa b0 01 b0 02 cc");
    cpu.set(XCPU_EAX, 0x40); /* inc eax */
    cpu.set(XCPU_ECX, 4);
    cpu.set(XCPU_EDI, code + 2);
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 0x44u);
    /* push eax over what follows */
    guest.write(code, "50 b0 01 b0 02 cc");
    cpu.set(XCPU_EAX, 0x41414141); /* inc ecx */
    cpu.set(XCPU_ECX, 0);
    cpu.set(XCPU_ESP, code + 5);
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_ECX), 4u);
}

TEST_P(Machine, CodeAcrossPagesIsForgottenByEither)
{
    Cpu cpu(guest);
    const uint32_t crossing = code + 0xffe;

    guest.write(crossing, "b8 01 00 00 00 c3"); /* mov eax, 1; ret */
    /* call; mov byte [crossing + 3], 2: its second page; call; int3 */
    guest.write(code, "e8 f9 0f 00 00 c6 05 01 10 01 00 02 e8 ed 0f 00 00 cc");
    cpu.set(XCPU_ESP, data + 0x1000);
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 0x20001u);
}

/* The writer's store and its flag are ordered; the reader spins on the flag
 * and then calls what was written. */
TEST_P(Machine, AStoreOfAnotherThreadIsSeenAfterItsFlag)
{
    for (uint32_t round = 0; round < 50; round++) {
        const uint32_t function = code + 0x2000;

        guest.write(function, "b8 01 00 00 00 c3");
        *guest.at(data) = 0;
        *guest.at(data + 4) = 0;
        /* call function; mov byte [data + 4], 1; wait for [data]; cpuid;
         * call function; int3 */
        guest.write(code, "e8 fb 1f 00 00 c6 05 04 00 02 00 01"
                          "80 3d 00 00 02 00 00 74 f7 31 c0 0f a2"
                          "e8 e2 1f 00 00 cc");
        /* wait for [data + 4]; mov dword [function + 1], 7; mov [data], 1 */
        guest.write(code + 0x1000,
                    "80 3d 04 00 02 00 00 74 f7"
                    "c7 05 01 20 01 00 07 00 00 00 c6 05 00 00 02 00 01 cc");
        uint32_t eax = 0;
        std::thread reader([&] {
            Cpu cpu(guest);

            cpu.set(XCPU_ESP, data + 0x1000);
            EXPECT_EQ(text_of(cpu.run(code, XCPU_BUDGET_UNLIMITED)), "#BP");
            eax = cpu.get(XCPU_EAX);
        });
        Cpu writer(guest);
        EXPECT_EQ(text_of(writer.run(code + 0x1000, XCPU_BUDGET_UNLIMITED)),
                  "#BP");
        reader.join();
        ASSERT_EQ(eax, 7u) << round;
    }
}

TEST_P(Machine, AStoreThroughASecondMappingIsSeen)
{
    Cpu cpu(guest);

    guest.map_twice(0x50000, 0x60000, rwx);
    /* mov byte [60008], 5; mov al, 1; int3 */
    guest.write(0x50000, "c6 05 08 00 06 00 05 b0 01 cc");
    EXPECT_EQ(text_of(cpu.run(0x50000)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 5u);
    /* and by the application, which forgets nothing */
    *guest.at(0x60008) = 9;
    guest.at(0x60000)[0] = 0x90;
    memcpy(guest.at(0x60001), "\x90\x90\x90\x90\x90\x90", 6);
    EXPECT_EQ(text_of(cpu.run(0x50000)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 9u);
}

TEST_P(Machine, CodeThatIsReplacedIsForgotten)
{
    Cpu cpu(guest);

    for (uint32_t i = 0; i < 40; i++) {
        const std::vector<uint8_t> bytes = {0xb0, static_cast<uint8_t>(i),
                                            0xcc};
        guest.write(code, bytes);
        ASSERT_EQ(text_of(cpu.run(code)), "#BP");
        ASSERT_EQ(cpu.get(XCPU_EAX), i);
    }
}

TEST_P(Machine, ProtectionIsObeyedAfterCodeWasCached)
{
    Cpu cpu(guest);

    guest.write(code, "40 cc");
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    guest.protect(code, 0x1000, rw);
    EXPECT_EQ(text_of(cpu.run(code)), "#PF 15 at 10000");
    guest.protect(code, 0x1000, PROT_READ | PROT_EXEC);
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    guest.write(code + 0x1000, "88 05 00 00 01 00 cc"); /* mov [code], al */
    EXPECT_EQ(text_of(cpu.run(code + 0x1000)), "#PF 7 at 10000");
    guest.unmap(code, 0x1000);
    EXPECT_EQ(text_of(cpu.run(code)), "#PF 14 at 10000");
    guest.map(code, 0x1000, rwx);
    guest.write(code, "41 cc");
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_ECX), 1u);
}

/* Pages are watched and let go again under a cpu that runs in them. */
TEST_P(Machine, ForgettingDisturbsNoCpuThatRuns)
{
    std::atomic<xcpu *> running{nullptr};
    struct xcpu_regs after = {};

    /* inc eax; mov [data], eax; call 10; jmp 0; 10: inc ecx; ret */
    guest.write(code, "40 a3 00 00 02 00 e8 05 00 00 00 eb f3 90 90 90 41 c3");
    memset(guest.at(data), 0, 4);
    std::thread runner([&] {
        Cpu cpu(guest);

        cpu.set(XCPU_ESP, data + 0x1000);
        running = cpu.cpu();
        EXPECT_EQ(text_of(cpu.run(code, XCPU_BUDGET_UNLIMITED)), "KICK");
        after = cpu.regs();
    });
    while (!__atomic_load_n(guest.at(data), __ATOMIC_ACQUIRE))
        sched_yield();
    for (uint32_t i = 0; i < 2000; i++)
        xcpu_machine_forget(guest.machine(), code + i % 0x3000, 1 + i % 5000);
    xcpu_kick(running);
    runner.join();
    EXPECT_LE(after.gpr[XCPU_EAX] - after.gpr[XCPU_ECX], 1u);
}

TEST_P(Machine, ForgettingNothingAndEverythingIsAllowed)
{
    Cpu cpu(guest);

    guest.write(code, "40 cc");
    cpu.run(code);
    xcpu_machine_forget(guest.machine(), code, 0);
    xcpu_machine_forget(guest.machine(), 0, uint64_t{1} << 32);
    xcpu_machine_forget(guest.machine(), 0xfffff000, UINT64_MAX);
    EXPECT_EQ(guest.watched(), 0);
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 2u);
}

uint64_t forget_and_answer(void *owner)
{
    xcpu_machine_forget(static_cast<Guest *>(owner)->machine(), code, 0x3000);
    return 0x1234567890;
}

TEST(MachineCallbacks, CodeMayBeForgottenInside)
{
    Guest::Setup setup;

    setup.read_tsc = forget_and_answer;
    Guest guest(setup);
    Cpu cpu(guest);
    guest.map(code, 0x3000, rwx);
    guest.write(code, "0f 31 41 eb fb"); /* rdtsc; inc ecx; jmp 0 */
    EXPECT_EQ(text_of(cpu.run(code, 3000)), "BUDGET");
    EXPECT_EQ(cpu.get(XCPU_EAX), 0x34567890u);
    EXPECT_EQ(cpu.get(XCPU_EDX), 0x12u);
    EXPECT_EQ(cpu.get(XCPU_ECX), 1000u);
}

/* The application stores to a page that the library has watched: its handler
 * asks xcpu_machine_on_write_fault. */
TEST(MachineWatches, TheApplicationMayStore)
{
    Guest guest;
    Cpu cpu(guest);

    guest.map(code, 0x1000, rwx);
    guest.write(code, "b0 01 cc");
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(guest.watched(), 1);
    *static_cast<volatile uint8_t *>(guest.at(code + 1)) = 7;
    EXPECT_EQ(guest.watched(), 0);
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 7u);
    EXPECT_EQ(xcpu_machine_on_write_fault(guest.machine(), guest.at(data)), 0);
    EXPECT_EQ(xcpu_machine_on_write_fault(guest.machine(), &guest), 0);
}

/* A page that is written to often is compared instead of watched. */
TEST(MachineWatches, PagesThatFaultOftenAreLeftAlone)
{
    Guest guest;
    Cpu cpu(guest);

    guest.map(code, 0x1000, rwx);
    guest.write(code, "88 0d 07 00 01 00 b8 00 00 00 00 e2 f3 cc");
    cpu.set(XCPU_ECX, 100);
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(guest.watched(), 0);
    EXPECT_EQ(cpu.get(XCPU_EAX), 1u);
}

/* ---- fork ---- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* In the child only the calling thread's cpu is left, while another one may
 * have been anywhere. Exits with 0 when all is well. */
void run_child(Guest &guest, Cpu &cpu)
{
    xcpu_machine_after_fork(guest.machine(), cpu.cpu());
    if (text_of(cpu.run(code)) != "#BP" || cpu.get(XCPU_EAX) != 5)
        _exit(1);
    guest.write(code + 0x2000, "b0 09 cc");
    if (text_of(cpu.run(code + 0x2000)) != "#BP" || cpu.get(XCPU_EAX) != 9)
        _exit(2);
    Cpu other(guest);
    if (text_of(other.run(code + 0x2000)) != "#BP" || other.get(XCPU_EAX) != 9)
        _exit(3);
    _exit(0);
}

TEST_P(Machine, AForkedChildGoesOn)
{
#if SANITIZED
    GTEST_SKIP() << "the sanitizer's allocator may stay locked in a child";
#endif
    std::atomic<xcpu *> running{nullptr};
    Cpu cpu(guest);

    /* writes to itself, so that pages are in transition often */
    guest.write(code, "c6 05 08 00 01 00 05 b0 01 cc");
    guest.write(code + 0x1000, "fe 05 0a 10 01 00 90 90 90 b0 00"
                               "c6 05 00 00 02 00 01 eb ec");
    *guest.at(data) = 0;
    std::thread runner([&] {
        Cpu busy(guest);

        running = busy.cpu();
        busy.run(code + 0x1000, XCPU_BUDGET_UNLIMITED);
    });
    while (!__atomic_load_n(guest.at(data), __ATOMIC_ACQUIRE))
        sched_yield();
    for (int i = 0; i < 10; i++) {
        const pid_t child = guest.fork();
        int status = -1;

        ASSERT_GE(child, 0);
        if (child == 0)
            run_child(guest, cpu);
        ASSERT_EQ(waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    }
    xcpu_kick(running);
    runner.join();
}

/* What ends in another thread while the team forks may be half freed. */
TEST_P(Machine, AForkLeavesWhatEndsAlone)
{
#if SANITIZED
    GTEST_SKIP() << "the sanitizer's allocator may stay locked in a child";
#endif
    std::atomic<bool> over{false};
    Cpu cpu(guest);

    guest.write(code, "c6 05 08 00 01 00 05 b0 01 cc");
    /* 64 pages to free: mov edi, many; mov ecx, 0x40000; rep stosb; int3 */
    guest.map(many, 0x40000, rw);
    guest.write(code + 0x1000, "bf 00 00 10 00 b9 00 00 04 00 f3 aa cc");
    std::thread runner([&] {
        while (!over) {
            Cpu its(guest);
            its.run(code + 0x1000);
        }
    });
    for (int i = 0; i < 100; i++) {
        const pid_t child = guest.fork();
        int status = -1;

        ASSERT_GE(child, 0);
        if (child == 0)
            run_child(guest, cpu);
        ASSERT_EQ(waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    }
    over = true;
    runner.join();
}

long pages_copied()
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

/* A child that is to execute another program soon is to copy little. */
TEST_P(Machine, AForkTouchesNoBlock)
{
#if SANITIZED
    GTEST_SKIP() << "the sanitizers have pages of their own";
#endif
    enum { BLOCKS = 4000, COPIED_MAX = 50 };
    Cpu cpu(guest);
    std::string text;

    for (int i = 0; i < BLOCKS; i++)
        text += "eb 00 "; /* jmp to what follows */
    guest.map(many, 0x4000, rwx);
    guest.write(many, text + "cc");
    for (int i = 0; i < 2; i++)
        ASSERT_EQ(text_of(cpu.run(many, XCPU_BUDGET_UNLIMITED)), "#BP");
    const pid_t child = guest.fork();
    int status = -1;

    ASSERT_GE(child, 0);
    if (child == 0) {
        const long before = pages_copied();

        xcpu_machine_after_fork(guest.machine(), cpu.cpu());
        const long copied = pages_copied() - before;

        if (text_of(cpu.run(many, XCPU_BUDGET_UNLIMITED)) != "#BP")
            _exit(1);
        _exit(copied <= COPIED_MAX ? 0 : 2);
    }
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

/* ---- machines as such ---- */

TEST(Time, IsTheApplications)
{
    Guest::Setup setup;

    setup.read_tsc = [](void *) { return uint64_t{0x1122334455667788}; };
    Guest guest(setup);
    Cpu cpu(guest);
    guest.map(code, 0x1000, rwx);
    guest.write(code, "0f 31 89 c6 89 d7 0f 01 f9 cc"); /* rdtsc; rdtscp */
    cpu.set(XCPU_ECX, 5);
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_ESI), 0x55667788u);
    EXPECT_EQ(cpu.get(XCPU_EDI), 0x11223344u);
    EXPECT_EQ(cpu.get(XCPU_EAX), 0x55667788u);
    EXPECT_EQ(cpu.get(XCPU_EDX), 0x11223344u);
    EXPECT_EQ(cpu.get(XCPU_ECX), 0u);
}

TEST(MachineNew, RefusesWhatIsNoMemory)
{
    struct xcpu_config config = {};
    struct xcpu_machine *machine = nullptr;

    EXPECT_EQ(xcpu_machine_new(&config, &machine), XCPU_ERR_INVALID);
    Guest guest;
    config.memory.base = guest.at(0);
    config.memory.size = 1 << 20;
    config.memory.fetch = [](void *, uint32_t, void *, size_t, int *) {
        return size_t{0};
    };
    EXPECT_EQ(xcpu_machine_new(&config, &machine), XCPU_ERR_INVALID);
    config.memory.size = uint64_t{1} << 32;
    config.model = static_cast<enum xcpu_model>(99);
    EXPECT_EQ(xcpu_machine_new(&config, &machine), XCPU_ERR_UNSUPPORTED);
    EXPECT_EQ(machine, nullptr);
    config.model = XCPU_MODEL_SSE4;
    config.block_insns = 65;
    EXPECT_EQ(xcpu_machine_new(&config, &machine), XCPU_ERR_INVALID);
    config.block_insns = 1;
    EXPECT_EQ(xcpu_machine_new(&config, &machine), 0);
    xcpu_machine_free(machine);
    xcpu_machine_free(nullptr);
}

TEST(MachineNew, ErrorsHaveTexts)
{
    const int errors[] = {
        0, 1, XCPU_ERR_NOMEM, XCPU_ERR_INVALID, XCPU_ERR_UNSUPPORTED, -1000};

    for (int error : errors)
        EXPECT_GT(strlen(xcpu_error_text(error)), 0u);
    EXPECT_STREQ(xcpu_error_text(XCPU_ERR_NOMEM), "out of memory");
}

} // namespace
