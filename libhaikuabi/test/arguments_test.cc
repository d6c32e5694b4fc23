// arguments_test.cc -- arguments and environment on their way to a program.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

constexpr int LIMIT = 256 * 1024;

class Arguments : public testing::Test
{
  protected:
    Arguments() : team(hk::make_config(root.path.c_str())) {}

    // What the program that was started finds (haiku-abi/x86-32.md, 4).
    struct Found {
        std::string path;
        std::vector<std::string> argv, envp;
        uint32_t umask;
    };

    uint32_t word(uint32_t address)
    {
        uint32_t value = 0;
        EXPECT_EQ(harness_read(team.harness, address, &value, 4), 0);
        return value;
    }

    std::vector<std::string> strings(uint32_t array, uint32_t count)
    {
        std::vector<std::string> all;
        for (uint32_t i = 0; i < count; i++)
            all.push_back(team.text({word(array + 4 * i)}));
        EXPECT_EQ(word(array + 4 * count), 0u);
        return all;
    }

    Found found()
    {
        uint32_t block = team.places().tls + 256;
        return {team.text({block + 32}),
                strings(word(block + 1072), word(block + 1064)),
                strings(word(block + 1076), word(block + 1068)),
                word(block + 1080)};
    }

    // A flat block as libroot makes it, in guest memory.
    struct Flat {
        Address address;
        uint32_t size;
    };
    Flat flat(const std::vector<std::string> &argv,
              const std::vector<std::string> &envp)
    {
        uint32_t pointers =
            static_cast<uint32_t>(argv.size() + envp.size() + 2) * 4;
        uint32_t size = pointers;
        for (const auto *all : {&argv, &envp})
            for (const std::string &text : *all)
                size += static_cast<uint32_t>(text.size()) + 1;
        Address block = team.room(size);
        uint32_t at = pointers, pointer = 0;
        for (const auto *all : {&argv, &envp}) {
            for (const std::string &text : *all) {
                team.set(block, pointer, block.value + at);
                std::memcpy(team.host(block) + at, text.c_str(),
                            text.size() + 1);
                at += static_cast<uint32_t>(text.size()) + 1;
                pointer += 4;
            }
            pointer += 4;
        }
        return {block, size};
    }

    int64_t exec(const Flat &block, int argc, int envc)
    {
        return team.call("exec", "/program", block.address, block.size, argc,
                         envc, 022);
    }

    using Strings = std::vector<std::string>;
    hk::Directory root;
    hk::Team team;
};

TEST_F(Arguments, AProgramFindsThemAsTheyWereGiven)
{
    ASSERT_EQ(
        team.start("/bin/program", {"program", "", "two words"}, {"A=1", "B="}),
        0);
    Found all = found();
    EXPECT_EQ(all.path, "/bin/program");
    EXPECT_EQ(all.argv, (Strings{"program", "", "two words"}));
    EXPECT_EQ(all.envp, (Strings{"A=1", "B="}));
    EXPECT_EQ(all.umask, ~0u);
}

TEST_F(Arguments, ExecTakesThemFromTheFlatBlock)
{
    Flat block = flat({"echo", "x", ""}, {"HOME=/boot/home"});

    EXPECT_EQ(exec(block, 3, 1), HK_B_OK);
    Found all = found();
    EXPECT_EQ(all.path, "/program");
    EXPECT_EQ(all.argv, (Strings{"echo", "x", ""}));
    EXPECT_EQ(all.envp, (Strings{"HOME=/boot/home"}));
    EXPECT_EQ(all.umask, 022u);
}

TEST_F(Arguments, ThereMayBeNone)
{
    EXPECT_EQ(exec(flat({}, {}), 0, 0), HK_B_OK);
    Found all = found();
    EXPECT_EQ(all.argv, Strings());
    EXPECT_EQ(all.envp, Strings());
}

TEST_F(Arguments, CountsAndSizesAreChecked)
{
    Flat block = flat({"a", "b"}, {"C=c"});
    const struct {
        uint32_t size;
        int argc, envc;
        int64_t result;
    } rows[] = {
        {block.size, -1, 1, HK_B_BAD_VALUE},
        {block.size, 2, -1, HK_B_BAD_VALUE},
        {block.size, INT32_MIN, INT32_MAX, HK_B_BAD_VALUE},
        {block.size, INT32_MAX, INT32_MAX, HK_B_BAD_VALUE},
        {block.size, 0x40000000, 0x40000000, HK_B_BAD_VALUE},
        {block.size, 1, 1, HK_B_BAD_VALUE}, // no NULL behind the first
        {block.size, 2, 0, HK_B_BAD_VALUE},
        {19, 2, 1, HK_B_BAD_VALUE},             // smaller than the pointers
        {20, 2, 1, HK_B_BAD_VALUE},             // strings behind its end
        {block.size - 1, 2, 1, HK_B_BAD_VALUE}, // without the last NUL
        {0, 0, 0, HK_B_BAD_VALUE},
        {LIMIT + 1, 2, 1, HK_B_TOO_MANY_ARGS},
        {~0u, 2, 1, HK_B_TOO_MANY_ARGS},
    };

    for (const auto &row : rows)
        EXPECT_EQ(exec({block.address, row.size}, row.argc, row.envc),
                  row.result)
            << row.size << " " << row.argc << " " << row.envc;
    EXPECT_EQ(exec({{0x50000000}, 20}, 2, 1), HK_B_BAD_ADDRESS);
    EXPECT_EQ(exec({{0x7ffffff0}, 32}, 2, 1), HK_B_BAD_ADDRESS);
    EXPECT_EQ(exec({{0}, 32}, 2, 1), HK_B_BAD_ADDRESS);
    EXPECT_EQ(harness_get_end(team.harness).count, 0);
    EXPECT_EQ(exec(block, 2, 1), HK_B_OK);
}

TEST_F(Arguments, StringsLieInTheBlock)
{
    Flat block = flat({"a"}, {});

    for (uint32_t pointer :
         {0u, block.address.value - 1, block.address.value + block.size,
          0x80000000u, ~0u}) {
        team.set(block.address, 0, pointer);
        EXPECT_EQ(exec(block, 1, 0), HK_B_BAD_VALUE) << pointer;
    }
    // A string may be any part of it, twice as well.
    Flat two = flat({"same", "same"}, {});
    team.set(two.address, 4, team.get<uint32_t>(two.address));
    EXPECT_EQ(exec(two, 2, 0), HK_B_OK);
    EXPECT_EQ(found().argv, (Strings{"same", "same"}));
}

TEST_F(Arguments, TheirSizeHasALimit)
{
    Flat block = flat(Strings(4, std::string(LIMIT / 4 - 100, 'x')), {});
    // The same long string over and over grows beyond the block's size.
    for (uint32_t i = 1; i < 4; i++)
        team.set(block.address, 4 * i, team.get<uint32_t>(block.address));
    EXPECT_EQ(exec(block, 4, 0), HK_B_OK);

    hk::Team other(hk::make_config(root.path.c_str()));
    std::string longest(LIMIT, 'x');
    EXPECT_EQ(other.start("/program", {longest.c_str()}), HK_ERR_TOOBIG);
    std::string path(1024, 'p');
    EXPECT_EQ(other.start(path.c_str(), {"p"}), HK_ERR_TOOBIG);
}

TEST_F(Arguments, ManyPointersToOneStringAreTooMuch)
{
    const uint32_t count = 20;
    Strings argv(count, "");
    argv[0] = std::string(LIMIT / 8, 'x');
    Flat block = flat(argv, {});

    for (uint32_t i = 1; i < count; i++)
        team.set(block.address, 4 * i, team.get<uint32_t>(block.address));
    EXPECT_EQ(exec(block, count, 0), HK_B_TOO_MANY_ARGS);
}

} // namespace
