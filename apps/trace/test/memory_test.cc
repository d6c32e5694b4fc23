/* memory_test.cc -- hashes of memory that changes. */
/* SPDX-License-Identifier: MIT */
#include "apps/trace/memory.h"
#include "apps/trace/state.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstring>

namespace
{

constexpr gm_addr PAGE = 0x10000;

tr_memory *faulting = nullptr;

void OnFault(int signo, siginfo_t *info, void *context)
{
    if (!gm_on_fault(info, context) &&
        !tr_memory_on_fault(faulting, info->si_addr))
        signal(signo, SIG_DFL);
}

/* A space whose changes its memory is told, as a recorder tells them. */
class Memory : public testing::Test
{
  protected:
    Memory()
    {
        static const gm_observer observer = {
            [](void *) {},
            [](void *context, enum gm_event event, gm_addr address,
               uint64_t size) {
                tr_memory_changed(static_cast<Memory *>(context)->memory, event,
                                  address, size);
            }};
        struct sigaction action = {};

        action.sa_sigaction = OnFault;
        action.sa_flags = SA_SIGINFO | SA_NODEFER;
        sigaction(SIGSEGV, &action, nullptr);
        EXPECT_EQ(gm_space_new(32, &space), 0);
        EXPECT_EQ(tr_memory_new(space, 1, &memory), 0);
        gm_set_observer(space, &observer, this);
        faulting = memory;
    }

    ~Memory() override
    {
        gm_set_observer(space, nullptr, nullptr);
        tr_memory_free(memory);
        gm_space_free(space);
    }

    void Map()
    {
        gm_mapping mapping = {};

        mapping.address = PAGE;
        mapping.size = GM_PAGE_SIZE;
        mapping.prot = GM_PROT_READ | GM_PROT_WRITE;
        mapping.fd = -1;
        ASSERT_EQ(gm_map(space, &mapping), 0);
    }

    void Store(const char *text)
    {
        ASSERT_EQ(gm_copy_out(space, PAGE, text, strlen(text)), 0);
    }

    /* Of one that looks at all there is. */
    uint64_t HashAnew()
    {
        tr_memory *other = nullptr;
        uint64_t hash = 0;

        EXPECT_EQ(tr_memory_new(space, 1, &other), 0);
        hash = tr_memory_hash(other);
        tr_memory_free(other);
        return hash;
    }

    gm_space *space = nullptr;
    tr_memory *memory = nullptr;
};

TEST_F(Memory, HasTheHashOfWhatIsThereNow)
{
    EXPECT_EQ(tr_memory_hash(memory), 0u);
    Map();
    EXPECT_EQ(tr_memory_hash(memory), 0u);
    Store("once");
    const uint64_t once = tr_memory_hash(memory);
    EXPECT_NE(once, 0u);
    Store("then");
    EXPECT_NE(tr_memory_hash(memory), once);
    Store("once");
    EXPECT_EQ(tr_memory_hash(memory), once);
    EXPECT_EQ(once, HashAnew());
    ASSERT_EQ(gm_unmap(space, PAGE, GM_PAGE_SIZE), 0);
    EXPECT_EQ(tr_memory_hash(memory), 0u);
}

TEST_F(Memory, SeesStoresOfAGuestThatHasStoredBeforeAndOfOneThatHasNot)
{
    Map();
    const auto page = static_cast<volatile uint8_t *>(gm_space_base(space)) +
                      static_cast<size_t>(PAGE);
    const bool stores[] = {true, true, false, true, false, false, true};

    for (const bool is_stored : stores) {
        if (is_stored)
            page[5] = static_cast<uint8_t>(page[5] + 1);
        EXPECT_EQ(tr_memory_hash(memory),
                  tr_hash_page(PAGE >> 12, const_cast<uint8_t *>(page)));
    }
}

/* As of a thread's stack that a fork's child has not, but its own threads'. */
TEST_F(Memory, ForgetsInAResetWhatWasStoredToAndUnmapped)
{
    Map();
    Store("before");
    ASSERT_EQ(gm_unmap(space, PAGE, GM_PAGE_SIZE), 0);
    tr_memory_reset(memory);
    Map();
    Store("behind");
    EXPECT_EQ(tr_memory_hash(memory), HashAnew());
}

} // namespace
