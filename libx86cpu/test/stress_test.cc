/* stress_test.cc -- threads that execute, patch, map and unmap code at once. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/guest.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <random>
#include <thread>

namespace
{

using namespace guest;

constexpr int threads = 8;
constexpr uint32_t shared = 0x10000;    /* code and, behind it, data of all */
constexpr uint32_t own = 0x100000;      /* + 0x10000 for each thread: code */
constexpr uint32_t own_data = 0x200000; /* likewise, with the stack */

/* In the shared page: what all call, and patch. */
constexpr uint32_t count_at = shared + 0x100;  /* lock inc [counter]; int */
constexpr uint32_t answer_at = shared + 0x200; /* mov eax, 1 or 2; int */
constexpr uint32_t counter = shared + 0x800;

/* A page at two addresses: executed at one, patched at the other; and one that
 * is taken away and put back while others execute it. Both: mov eax, 1 or 2;
 * int. */
constexpr uint32_t twice = 0x20000, twice_too = 0x30000;
constexpr uint32_t replaced = 0x40000;
constexpr uint32_t slots = shared + 0x900; /* a word for each thread */

thread_local struct xcpu *running;

/* A signal at any time; a kick is what an application makes of one. */
void on_signal(int)
{
    if (running)
        xcpu_kick(running);
}

std::string word(uint32_t value)
{
    char text[16];

    snprintf(text, sizeof(text), " %02x %02x %02x %02x ", value & 0xff,
             value >> 8 & 0xff, value >> 16 & 0xff, value >> 24);
    return text;
}

std::string answer(uint32_t value)
{
    return "b8" + word(value) + "cd 80";
}

class Stress : public testing::Test
{
  protected:
    Stress()
    {
        struct sigaction action = {};

        action.sa_handler = on_signal;
        sigaction(SIGUSR1, &action, nullptr);
        guest.map(shared, 0x1000, PROT_READ | PROT_WRITE | PROT_EXEC);
        guest.write(count_at, "f0 ff 05" + word(counter) + "cd 80");
        guest.write(answer_at, answer(1));
        guest.map_twice(twice, twice_too, PROT_READ | PROT_WRITE | PROT_EXEC);
        guest.write(twice, answer(2));
        guest.map(replaced, 0x1000, PROT_READ | PROT_EXEC);
        guest.write(replaced, answer(1));
        const char *text = getenv("XCPU_STRESS_SECONDS");
        end = std::chrono::steady_clock::now() +
              std::chrono::seconds(text ? atoi(text) : 2);
    }
    bool is_over() const
    {
        return std::chrono::steady_clock::now() >= end || failed;
    }

    Guest guest;
    std::chrono::steady_clock::time_point end;
    std::atomic<uint32_t> counted{0};
    std::atomic<bool> failed{false};
    std::mutex replacing;
    std::mutex targets_lock;
    std::vector<pthread_t> targets; /* who may get a signal */
};

/* One thread and what it does. */
class Worker
{
  public:
    Worker(Guest &guest_, std::mutex &replacing_, unsigned number)
        : guest(guest_), replacing(replacing_), random(number),
          code(own + 0x10000 * number), data(own_data + 0x10000 * number),
          slot(slots + 4 * number)
    {
        guest.map(data, 0x2000, PROT_READ | PROT_WRITE);
        renew();
    }

    /* Runs to the end, however often it is interrupted. */
    struct xcpu_exit run(uint32_t eip)
    {
        cpu->set(XCPU_ESP, data + 0x2000);
        struct xcpu_exit exit = cpu->run(eip, XCPU_BUDGET_UNLIMITED);

        while (exit.reason == XCPU_EXIT_KICK)
            exit = cpu->go_on(XCPU_BUDGET_UNLIMITED);
        return exit;
    }
    std::string end_of(uint32_t eip)
    {
        return text_of(run(eip));
    }

    /* Code that is written by the application. */
    void execute_written()
    {
        const uint32_t a = random(), b = random(), c = random();
        const uint32_t at = code + random() % 0xfe0;

        guest.write(at, "05" + word(a) + "81 f3" + word(b) + "01 d8 cd 80");
        for (int i = 0; i < 3; i++) {
            cpu->set(XCPU_EAX, c);
            cpu->set(XCPU_EBX, a);
            EXPECT_EQ("INT 80", end_of(at));
            EXPECT_EQ(c + a + (a ^ b), cpu->get(XCPU_EAX));
        }
    }

    /* Code that writes what it calls: mov [f+1], edx; call f; inc ecx; loop;
     * f: mov ebx, ...; add eax, ebx; inc edx; ret */
    void execute_patching()
    {
        const uint32_t f = code + 0x400, first = random();

        guest.write(code, "89 15" + word(f + 1) + "e8" + word(f - (code + 11)) +
                              "e2 f3 cd 80");
        guest.write(f, "bb 00 00 00 00 01 d8 42 c3");
        cpu->set(XCPU_EAX, 0);
        cpu->set(XCPU_EDX, first);
        cpu->set(XCPU_ECX, 20);
        EXPECT_EQ("INT 80", end_of(code));
        EXPECT_EQ(20 * first + 190, cpu->get(XCPU_EAX));
    }

    /* Code that is not there, cannot be executed, and is there again. */
    void unmap()
    {
        char text[64];

        guest.write(code, "b8 07 00 00 00 cd 80");
        EXPECT_EQ("INT 80", end_of(code));
        guest.unmap(code, 0x1000);
        snprintf(text, sizeof(text), "#PF 14 at %x", code);
        EXPECT_EQ(text, end_of(code));
        guest.map(code, 0x1000, PROT_READ | PROT_WRITE);
        snprintf(text, sizeof(text), "#PF 15 at %x", code);
        EXPECT_EQ(text, end_of(code));
        guest.protect(code, 0x1000, PROT_READ | PROT_WRITE | PROT_EXEC);
        guest.write(code, "b8 09 00 00 00 cd 80");
        EXPECT_EQ("INT 80", end_of(code));
        EXPECT_EQ(9u, cpu->get(XCPU_EAX));
    }

    /* A word beside the code of all. */
    void store_beside()
    {
        const uint32_t value = random();

        guest.write(code, "89 15" + word(slot) + "03 05" + word(slot) +
                              "e2 f2 cd 80");
        cpu->set(XCPU_EAX, 0);
        cpu->set(XCPU_EDX, value);
        cpu->set(XCPU_ECX, 10);
        EXPECT_EQ("INT 80", end_of(code));
        EXPECT_EQ(10 * value, cpu->get(XCPU_EAX));
    }

    void expect_answer()
    {
        EXPECT_TRUE(cpu->get(XCPU_EAX) == 1 || cpu->get(XCPU_EAX) == 2)
            << cpu->get(XCPU_EAX);
    }

    /* A byte of what all execute: movb 1 or 2, [patched + 1]; int. */
    void patch(uint32_t patched, uint32_t executed)
    {
        guest.write(code, "c6 05" + word(patched + 1) +
                              (random() % 2 ? "01" : "02") + "cd 80");
        EXPECT_EQ("INT 80", end_of(code));
        EXPECT_EQ("INT 80", end_of(executed));
        expect_answer();
    }

    /* Others are in it: they find the one page, the other one, or none, which
     * may be there again when they look why. */
    void replace()
    {
        std::lock_guard<std::mutex> lock(replacing);

        guest.replace(replaced, answer(1 + random() % 2),
                      PROT_READ | PROT_EXEC);
    }
    void execute_replaced()
    {
        const std::string end = end_of(replaced);

        if (end == "INT 80")
            expect_answer();
        else
            EXPECT_TRUE(end == "#PF 14 at 40000" || end == "#PF 15 at 40000")
                << end;
    }

    void count(std::atomic<uint32_t> *counted)
    {
        EXPECT_EQ("INT 80", end_of(count_at));
        ++*counted;
    }

    /* Another cpu, which begins with nothing translated. */
    void renew()
    {
        running = nullptr;
        cpu.reset();
        cpu = std::make_unique<Cpu>(guest);
        running = cpu->cpu();
        guest.unmap(code, 0x1000);
        guest.map(code, 0x1000, PROT_READ | PROT_WRITE | PROT_EXEC);
    }
    ~Worker()
    {
        running = nullptr;
    }

    Guest &guest;
    std::mutex &replacing;
    std::mt19937 random;
    const uint32_t code, data, slot;
    std::unique_ptr<Cpu> cpu;
};

TEST_F(Stress, ThreadsExecutePatchMapAndUnmapCode)
{
    std::vector<std::thread> all;
    std::atomic<uint64_t> actions{0};

    for (unsigned i = 0; i < threads; i++)
        all.emplace_back([&, i] {
            Worker worker(guest, replacing, i);
            {
                std::lock_guard<std::mutex> lock(targets_lock);
                targets.push_back(pthread_self());
            }
            while (!is_over()) {
                switch (worker.random() % 11) {
                case 0:
                    worker.execute_written();
                    break;
                case 1:
                    worker.execute_patching();
                    break;
                case 2:
                    worker.unmap();
                    break;
                case 3:
                    worker.store_beside();
                    break;
                case 4:
                    worker.patch(answer_at, answer_at);
                    break;
                case 5:
                    if (worker.random() % 16 == 0)
                        worker.renew();
                    break;
                case 6:
                    worker.patch(twice_too, twice);
                    break;
                case 7:
                    if (worker.random() % 4 == 0)
                        worker.replace();
                    break;
                case 8:
                    worker.execute_replaced();
                    break;
                default:
                    worker.count(&counted);
                }
                ++actions;
                if (testing::Test::HasFailure())
                    failed = true;
            }
            std::lock_guard<std::mutex> lock(targets_lock);
            for (pthread_t &target : targets)
                if (pthread_equal(target, pthread_self())) {
                    target = targets.back();
                    targets.pop_back();
                    break;
                }
        });
    std::mt19937 random(99);
    for (;;) {
        std::lock_guard<std::mutex> lock(targets_lock);
        if (targets.empty() && is_over())
            break;
        if (!targets.empty())
            pthread_kill(targets[random() % targets.size()], SIGUSR1);
        sched_yield();
    }
    for (std::thread &thread : all)
        thread.join();
    EXPECT_EQ(counted, guest.read32(counter));
    EXPECT_GT(actions, 100u);
    printf("%llu actions, %u of them counted by guest code\n",
           static_cast<unsigned long long>(actions), counted.load());
}

} // namespace
