// fd_test.cc -- the table of a team's descriptors, used by many threads.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <dirent.h>
#include <unistd.h>

#include <atomic>
#include <thread>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

size_t host_fds()
{
    size_t count = 0;
    DIR *directory = ::opendir("/proc/self/fd");
    while (::readdir(directory) != nullptr)
        count++;
    ::closedir(directory);
    return count;
}

class Fd : public testing::Test
{
  protected:
    Fd() : team(config(root)) {}

    static hk_config config(const hk::Directory &root)
    {
        root.write("a", "aaaa");
        root.write("b", "bbbb");
        return hk::make_config(root.path.c_str());
    }

    // Words instead of arguments: threads share nothing of the test's.
    int64_t call(const char *name, std::vector<uint32_t> words)
    {
        return harness_call(team.harness, name, words.data(), words.size());
    }

    hk::Directory root;
    hk::Team team;
};

// A number changes from file to file and to none while it is read.
TEST_F(Fd, AFileIsHeldWhileItIsUsed)
{
    Address a = team.put("/a"), b = team.put("/b");
    std::atomic<bool> stop{false};

    ASSERT_EQ(call("open", {~0u, a.value, 0, 0}), 3);
    std::thread closer([&] {
        for (int i = 0; i < 4000; i++) {
            call("close", {3});
            call("open", {~0u, i % 2 != 0 ? a.value : b.value, 0, 0});
        }
        stop = true;
    });
    std::vector<std::thread> readers;
    for (uint32_t i = 0; i < 2; i++) {
        Address to = team.room(16);
        readers.emplace_back([&, to] {
            while (!stop) {
                int64_t count = call("read", {3, 0, 0, to.value, 4});
                if (count < 0) {
                    EXPECT_EQ(count, HK_B_FILE_ERROR);
                    continue;
                }
                EXPECT_EQ(count, 4);
                std::string got = team.bytes(to, 4);
                EXPECT_TRUE(got == "aaaa" || got == "bbbb") << got;
            }
        });
    }
    closer.join();
    for (std::thread &reader : readers)
        reader.join();
}

TEST_F(Fd, NumbersAreGivenOnce)
{
    Address a = team.put("/a");
    std::vector<std::thread> threads;
    std::vector<std::vector<int64_t>> given(3);

    for (size_t i = 0; i < given.size(); i++)
        threads.emplace_back([&, i] {
            for (int n = 0; n < 60; n++)
                given[i].push_back(call("open", {~0u, a.value, 0, 0}));
        });
    for (std::thread &thread : threads)
        thread.join();
    std::vector<int64_t> all;
    for (const auto &some : given)
        all.insert(all.end(), some.begin(), some.end());
    std::sort(all.begin(), all.end());
    for (size_t i = 0; i < all.size(); i++)
        EXPECT_EQ(all[i], static_cast<int64_t>(i + 3));
}

TEST_F(Fd, ATableThatIsFullRefusesAndForgets)
{
    size_t before = host_fds();
    int64_t fd = 0, last = 0;

    while ((fd = team.call("open", -1, "/a", 0, 0)) >= 0)
        last = fd;
    EXPECT_EQ(fd, HK_B_NO_MORE_FDS);
    EXPECT_EQ(last, 255);
    EXPECT_EQ(host_fds(), before + 253);
    EXPECT_EQ(team.call("open_dir", -1, "/"), HK_B_NO_MORE_FDS);
    EXPECT_EQ(team.call("dup", 0), HK_B_NO_MORE_FDS);
    EXPECT_EQ(team.call("socket", 9, 1, 0), HK_B_NO_MORE_FDS);
    EXPECT_EQ(host_fds(), before + 253);
    EXPECT_EQ(team.call("close", 100), HK_B_OK);
    EXPECT_EQ(team.call("open", -1, "/a", 0, 0), 100);
}

TEST_F(Fd, ALargerTableHoldsMore)
{
    Address limit = team.room(8);

    team.set<uint32_t>(limit, 0, 600);
    team.set<uint32_t>(limit, 4, 8192); // as it is: nobody may change it
    ASSERT_EQ(team.call("setrlimit", 4, limit), HK_B_OK);
    EXPECT_EQ(team.call("dup2", 0, 599), 599);
    EXPECT_EQ(team.call("dup2", 0, 600), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("close", 599), HK_B_OK);
    team.set<uint32_t>(limit, 0, 8193);
    EXPECT_EQ(team.call("setrlimit", 4, limit), HK_B_BAD_VALUE);
}

TEST_F(Fd, AKernelThatEndsLeavesNoDescriptor)
{
    size_t before = host_fds();
    {
        hk::Team other(hk::make_config(root.path.c_str()));
        Address ends = other.room(8);
        for (int i = 0; i < 20; i++)
            EXPECT_GE(other.call("open", -1, "/a", 0, 0), 3);
        EXPECT_EQ(other.call("create_pipe", ends), HK_B_OK);
        EXPECT_GT(host_fds(), before + 20);
    }
    EXPECT_EQ(host_fds(), before);
}

} // namespace
