// release_test.cc -- which Haiku a libroot.so belongs to.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <map>

namespace
{

// A file of stubs: `mov eax, number`, each at an offset of its own.
struct Stubs {
    std::string bytes;
    std::map<std::string, int64_t> symbols;

    void add(const std::string &name, uint32_t number)
    {
        symbols["_kern_" + name] = static_cast<int64_t>(bytes.size());
        bytes += '\xb8';
        bytes.append(reinterpret_cast<const char *>(&number), 4);
        bytes += "\xcd\x63\xc3";
    }
    int detect()
    {
        return hk_detect_release(
            bytes.data(), bytes.size(),
            [](void *context, const char *symbol) -> int64_t {
                auto &known = static_cast<Stubs *>(context)->symbols;
                auto found = known.find(symbol);
                return found == known.end() ? -1 : found->second;
            },
            this);
    }
};

// haiku-abi/syscalls-RELEASE.tsv.
TEST(Detection, ReadsTheNumbersOfTheStubs)
{
    Stubs beta4, beta5, beta6;
    beta4.add("wait_for_thread", 59);
    EXPECT_EQ(beta4.detect(), HK_R1BETA4);
    beta5.add("wait_for_thread", 62);
    EXPECT_EQ(beta5.detect(), HK_R1BETA5);
    beta6.add("wait_for_thread_etc", 62);
    EXPECT_EQ(beta6.detect(), HK_R1BETA6);
}

TEST(Detection, FindsNothingInOtherFiles)
{
    Stubs none;
    EXPECT_EQ(none.detect(), HK_ERR_REVISION);
    Stubs wrong;
    wrong.add("wait_for_thread", 299);
    EXPECT_EQ(wrong.detect(), HK_ERR_REVISION);
    Stubs mixed;
    mixed.add("wait_for_thread", 62);
    mixed.add("wait_for_thread_etc", 60);
    EXPECT_EQ(mixed.detect(), HK_ERR_REVISION);
}

TEST(Detection, LooksAtNothingOutsideOfTheFile)
{
    for (int64_t offset :
         {int64_t{-1}, int64_t{4}, int64_t{5}, INT64_MAX, INT64_MIN}) {
        Stubs stubs;
        stubs.add("wait_for_thread", 62);
        stubs.symbols["_kern_wait_for_thread"] = offset;
        EXPECT_EQ(stubs.detect(), HK_ERR_REVISION) << offset;
    }
    Stubs cut;
    cut.add("wait_for_thread", 62);
    cut.bytes.resize(4);
    EXPECT_EQ(cut.detect(), HK_ERR_REVISION);
}

TEST(Detection, LooksForTheInstruction)
{
    Stubs other;
    other.add("wait_for_thread", 62);
    other.bytes[0] = '\xb9';
    EXPECT_EQ(other.detect(), HK_ERR_REVISION);
}

} // namespace
