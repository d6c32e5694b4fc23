/* record_test.cc -- how a recorder runs a processor. */
/* SPDX-License-Identifier: MIT */
#include "apps/trace/record.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

namespace
{

constexpr uint32_t CODE = 0x10000, SHARED = 0x20000;

tr_recorder *recorder;
/* They live as long as their process. */
auto &recorders = *new std::vector<tr_recorder *>;
xcpu *cpu;

void OnFault(int signo, siginfo_t *info, void *context)
{
    if (!gm_on_fault(info, context) &&
        !tr_record_on_fault(recorder, info->si_addr) &&
        !xcpu_on_fault(cpu, signo, info, context))
        signal(signo, SIG_DFL);
}

/* A processor whose program is recorded. */
class Record : public testing::TestWithParam<enum tr_level>
{
  protected:
    Record()
    {
        struct sigaction action = {};
        tr_record_config config = {};
        xcpu_config machine_config = {};

        action.sa_sigaction = OnFault;
        action.sa_flags = SA_SIGINFO | SA_NODEFER;
        sigaction(SIGSEGV, &action, nullptr);
        sigaction(SIGBUS, &action, nullptr);
        EXPECT_EQ(gm_space_new(32, &space), 0);
        config.space = space;
        config.level = GetParam();
        EXPECT_EQ(tr_recorder_new(memfd_create("trace", 0), &config, &recorder),
                  0);
        recorders.push_back(recorder);
        machine_config.memory = tr_memory_window(tr_recorder_memory(recorder));
        machine_config.counted = 1;
        EXPECT_EQ(xcpu_machine_new(&machine_config, &machine), 0);
        EXPECT_EQ(xcpu_new(machine, &cpu), 0);
    }

    ~Record() override
    {
        tr_record_free_cpu(recorder, cpu);
        xcpu_free(cpu);
        xcpu_machine_free(machine);
        EXPECT_EQ(tr_recorder_finish(recorder, 0, 0), 0);
        gm_space_free(space);
        if (file >= 0)
            close(file);
    }

    void Place(const void *code, size_t size)
    {
        gm_mapping mapping = {};

        mapping.address = CODE;
        mapping.size = GM_PAGE_SIZE;
        mapping.prot = GM_PROT_READ | GM_PROT_WRITE | GM_PROT_EXEC;
        mapping.fd = -1;
        ASSERT_EQ(gm_map(space, &mapping), 0);
        ASSERT_EQ(gm_copy_out(space, CODE, code, size), 0);
    }

    /* Maps a new file of so many bytes at SHARED. */
    void MapFile(off_t size, uint64_t pages)
    {
        gm_mapping mapping = {};

        file = memfd_create("file", MFD_CLOEXEC);
        ASSERT_EQ(ftruncate(file, size), 0);
        mapping.address = SHARED;
        mapping.size = pages * GM_PAGE_SIZE;
        mapping.prot = GM_PROT_READ | GM_PROT_WRITE;
        mapping.flags = GM_MAP_SHARED;
        mapping.fd = file;
        ASSERT_EQ(gm_map(space, &mapping), 0);
    }

    void Run(uint64_t budget, enum xcpu_exit_reason reason)
    {
        xcpu_regs regs;
        xcpu_exit exit;

        xcpu_get_regs(cpu, &regs);
        regs.eip = CODE;
        xcpu_set_regs(cpu, &regs);
        tr_record_run(recorder, cpu, budget, &exit);
        EXPECT_EQ(exit.reason, reason);
    }

    uint32_t WordOf(gm_addr address)
    {
        uint32_t word = 0;

        EXPECT_EQ(gm_copy_in(space, &word, address, sizeof(word)), 0);
        return word;
    }

    uint32_t WordOfFile(off_t offset)
    {
        uint32_t word = 0;

        EXPECT_EQ(pread(file, &word, sizeof(word), offset),
                  static_cast<ssize_t>(sizeof(word)));
        return word;
    }

    int file = -1;
    gm_space *space = nullptr;
    xcpu_machine *machine = nullptr;
};

TEST_P(Record, RunsAsManyInstructionsAsItIsTold)
{
    const uint8_t code[] = {0x40, 0xeb, 0xfd}; /* 1: inc %eax; jmp 1b */
    xcpu_regs regs;
    xcpu_exit exit;
    uint64_t total = 0;

    Place(code, sizeof(code));
    xcpu_get_regs(cpu, &regs);
    regs.eip = CODE;
    xcpu_set_regs(cpu, &regs);
    for (uint64_t budget : {1u, 2u, 99u, 5000u, 30000u}) {
        tr_record_run(recorder, cpu, budget, &exit);
        EXPECT_EQ(exit.reason, XCPU_EXIT_BUDGET);
        EXPECT_EQ(exit.executed, budget);
        total += budget;
        EXPECT_EQ(xcpu_get_gpr(cpu, XCPU_EAX), (total + 1) / 2);
    }
}

/* 1: mov 0x20000, %eax; test %eax, %eax; je 1b;
 * inc %eax; mov %eax, 0x20004; int $0x80 */
const uint8_t kWait[] = {0xa1, 0x00, 0x00, 0x02, 0x00, 0x85, 0xc0, 0x74, 0xf7,
                         0x40, 0xa3, 0x04, 0x00, 0x02, 0x00, 0xcd, 0x80};

TEST_P(Record, SeesWhatAnotherProgramStores)
{
    const uint32_t word = 7;

    Place(kWait, sizeof(kWait));
    MapFile(GM_PAGE_SIZE, 1);
    std::thread other([&] {
        auto *words = static_cast<std::atomic<uint32_t> *>(
            mmap(nullptr, GM_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                 file, 0));
        words[0] = word;
        while (words[1] == 0)
            continue;
        words[2] = 9;
        munmap(words, GM_PAGE_SIZE);
    });
    Run(UINT64_MAX, XCPU_EXIT_INT);
    other.join();
    EXPECT_EQ(xcpu_get_gpr(cpu, XCPU_EAX), word + 1);
    EXPECT_EQ(WordOfFile(4), word + 1);
    EXPECT_EQ(WordOfFile(8), 9u);
}

TEST_P(Record, SeesWhatIsWrittenWhenATurnBegins)
{
    const uint32_t words[] = {7, 5};

    Place(kWait, sizeof(kWait));
    MapFile(GM_PAGE_SIZE, 1);
    Run(100, XCPU_EXIT_BUDGET);
    ASSERT_EQ(pwrite(file, words, sizeof(words), 0),
              static_cast<ssize_t>(sizeof(words)));
    EXPECT_EQ(WordOf(SHARED), 0u);
    Run(100, XCPU_EXIT_INT);
    EXPECT_EQ(WordOf(SHARED), 7u);
    EXPECT_EQ(WordOf(SHARED + 4), 8u);
    EXPECT_EQ(WordOfFile(4), 8u);
}

TEST_P(Record, LeavesAloneWhatItHasNotStored)
{
    const uint8_t code[] = {
        0xc6, 0x05, 0x01, 0x00, 0x02,
        0x00, 0xaa, 0xcd, 0x80}; /* movb $0xaa, 0x20001; int $0x80 */
    const uint32_t word = 0x11223344;

    Place(code, sizeof(code));
    MapFile(GM_PAGE_SIZE, 1);
    ASSERT_EQ(pwrite(file, &word, sizeof(word), 0),
              static_cast<ssize_t>(sizeof(word)));
    Run(100, XCPU_EXIT_INT);
    EXPECT_EQ(WordOfFile(0), 0x1122aa44u);
}

TEST_P(Record, FollowsAFileThatChangesItsSize)
{
    uint32_t word = 0;

    Place(kWait, sizeof(kWait));
    MapFile(GM_PAGE_SIZE, 2);
    EXPECT_EQ(gm_copy_in(space, &word, SHARED + GM_PAGE_SIZE, sizeof(word)),
              GM_ERR_FAULT);
    ASSERT_EQ(ftruncate(file, 2 * GM_PAGE_SIZE), 0);
    Run(100, XCPU_EXIT_BUDGET);
    EXPECT_EQ(WordOf(SHARED + GM_PAGE_SIZE), 0u);
    ASSERT_EQ(ftruncate(file, GM_PAGE_SIZE), 0);
    Run(100, XCPU_EXIT_BUDGET);
    EXPECT_EQ(gm_copy_in(space, &word, SHARED + GM_PAGE_SIZE, sizeof(word)),
              GM_ERR_FAULT);
}

TEST_P(Record, RefusesStoresWhereTheFileDoes)
{
    gm_mapping mapping = {};
    char path[32];

    file = memfd_create("file", MFD_CLOEXEC);
    ASSERT_EQ(ftruncate(file, GM_PAGE_SIZE), 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    mapping.address = SHARED;
    mapping.size = GM_PAGE_SIZE;
    mapping.prot = GM_PROT_READ;
    mapping.flags = GM_MAP_SHARED;
    mapping.fd = open(path, O_RDONLY | O_CLOEXEC);
    ASSERT_EQ(gm_map(space, &mapping), 0);
    close(mapping.fd);
    EXPECT_EQ(
        gm_protect(space, SHARED, GM_PAGE_SIZE, GM_PROT_READ | GM_PROT_WRITE),
        GM_ERR_IO);
}

INSTANTIATE_TEST_SUITE_P(Levels, Record,
                         testing::Values(TR_LEVEL_EVENTS, TR_LEVEL_HASH,
                                         TR_LEVEL_FULL),
                         [](const auto &level) {
                             return tr_level_name(level.param);
                         });

} // namespace
