// port_messages_test.cc -- messages into ports and out of them.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_probe.h"
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

namespace
{

using hk::Address;
using hk::Process;
using hk::Team;

const Address nowhere{0x50000000}, kernels{0x90000000};
enum { LARGEST = 256 * 1024 };

std::string pattern(size_t size)
{
    std::string text;
    for (size_t i = 0; i < size; i++)
        text += static_cast<char>('a' + i * 7 % 26);
    return text;
}

class Messages : public testing::Test
{
  protected:
    Messages() : team(root.config()) {}

    int create(int capacity, const char *name = "port")
    {
        return static_cast<int>(team.call("create_port", capacity, name));
    }
    int64_t write(int port, const std::string &text, int code = 1,
                  uint32_t flags = hk::RELATIVE, int64_t timeout = 0)
    {
        return team.call("write_port_etc", port, code, text,
                         static_cast<int>(text.size()), flags, timeout);
    }
    int64_t try_read(int port, Address code, Address buffer, int size)
    {
        return team.call("read_port_etc", port, code, buffer, size,
                         hk::RELATIVE, int64_t{0});
    }
    void await_waiters(unsigned count)
    {
        while (probe_count(team.harness).waiters != count)
            ::usleep(1000);
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
};

TEST_F(Messages, ArriveInOrderWithTheirCode)
{
    int port = create(3);
    Address code = team.room(4), buffer = team.room(64);
    EXPECT_EQ(write(port, "first", 11), 0);
    EXPECT_EQ(write(port, "", 22), 0);
    EXPECT_EQ(write(port, "third", 33), 0);
    EXPECT_EQ(write(port, "more", 44), HK_B_WOULD_BLOCK);
    EXPECT_EQ(try_read(port, code, buffer, 64), 5);
    EXPECT_EQ(team.get<int>(code), 11);
    EXPECT_EQ(team.bytes(buffer, 5), "first");
    EXPECT_EQ(try_read(port, code, buffer, 64), 0);
    EXPECT_EQ(team.get<int>(code), 22);
    EXPECT_EQ(try_read(port, code, buffer, 3), 3); // the rest is lost
    EXPECT_EQ(team.bytes(buffer, 3), "thi");
    EXPECT_EQ(try_read(port, code, buffer, 64), HK_B_WOULD_BLOCK);
}

// Around the ends of the chunks that messages lie in.
TEST_F(Messages, AreWholeOfAnySize)
{
    int port = create(1);
    Address from = team.room(LARGEST + 1), to = team.room(LARGEST + 1);
    std::string text = pattern(LARGEST + 1);
    harness_write(team.harness, from.value, text.data(), text.size());
    for (int size : {0, 1, 483, 484, 485, 508, 991, 992, 993, 1500, 100000,
                     LARGEST - 1, (int)LARGEST}) {
        ASSERT_EQ(
            team.call("write_port_etc", port, 1, from, size, 0, int64_t{0}), 0)
            << size;
        EXPECT_EQ(team.call("port_buffer_size_etc", port, 0, int64_t{0}), size);
        std::memset(team.host(to), 0, LARGEST);
        ASSERT_EQ(try_read(port, Address{0}, to, LARGEST), size) << size;
        EXPECT_EQ(team.bytes(to, static_cast<size_t>(size)),
                  text.substr(0, static_cast<size_t>(size)))
            << size;
        EXPECT_EQ(*(team.host(to) + size), 0) << size;
    }
    EXPECT_EQ(
        team.call("write_port_etc", port, 1, from, LARGEST + 1, 0, int64_t{0}),
        HK_B_BAD_VALUE);
    EXPECT_EQ(probe_count(team.harness).chunks, 0u);
}

TEST_F(Messages, ComeFromSeveralPlaces)
{
    int port = create(2);
    Address vecs = team.room(24), buffer = team.room(64);
    team.set(vecs, 0, team.put("one ").value);
    team.set<uint32_t>(vecs, 4, 4);
    team.set(vecs, 8, team.put("two ").value);
    team.set<uint32_t>(vecs, 12, 4);
    team.set(vecs, 16, team.put("three").value);
    team.set<uint32_t>(vecs, 20, 5);
    auto writev = [&](Address from, int count, int size) {
        return team.call("writev_port_etc", port, 5, from, count, size,
                         hk::RELATIVE, int64_t{0});
    };
    EXPECT_EQ(writev(vecs, 3, 13), 0);
    EXPECT_EQ(try_read(port, Address{0}, buffer, 64), 13);
    EXPECT_EQ(team.bytes(buffer, 13), "one two three");
    EXPECT_EQ(writev(vecs, 3, 6), 0); // no more than it says
    EXPECT_EQ(try_read(port, Address{0}, buffer, 64), 6);
    EXPECT_EQ(team.bytes(buffer, 6), "one tw");
    EXPECT_EQ(writev(vecs, 1, 9), 0); // what nobody gives is zero
    EXPECT_EQ(try_read(port, Address{0}, buffer, 64), 9);
    EXPECT_EQ(team.bytes(buffer, 9), std::string("one \0\0\0\0\0", 9));
    EXPECT_EQ(writev(Address{0}, 0, 0), 0);
    EXPECT_EQ(try_read(port, Address{0}, buffer, 64), 0);

    EXPECT_EQ(writev(Address{0}, 1, 4), HK_B_BAD_VALUE);
    EXPECT_EQ(writev(vecs, 1025, 4), HK_B_BAD_VALUE);
    EXPECT_EQ(writev(nowhere, 1, 4), HK_B_BAD_ADDRESS);
    EXPECT_EQ(writev(kernels, 1, 4), HK_B_BAD_ADDRESS);
    EXPECT_EQ(writev(vecs, 3, LARGEST + 1), HK_B_BAD_VALUE);
    EXPECT_EQ(
        team.call("writev_port_etc", port + 1, 5, vecs, 3, 13, 0, int64_t{0}),
        HK_B_BAD_PORT_ID);
    team.set(vecs, 8, kernels.value);
    EXPECT_EQ(writev(vecs, 3, 13), HK_B_BAD_ADDRESS);
    team.set(vecs, 8, nowhere.value);
    EXPECT_EQ(writev(vecs, 3, 13), 0); // it is lost
    EXPECT_EQ(team.call("port_count", port), 0);
}

TEST_F(Messages, RefuseWhatIsWrong)
{
    int port = create(1);
    Address room = team.room(64);
    const int64_t never = 0;
    struct {
        const char *what;
        int64_t result;
        int expected;
    } rows[] = {
        {"read none",
         team.call("read_port_etc", port + 1, room, room, 4, 0, never),
         HK_B_BAD_PORT_ID},
        {"read < 0", team.call("read_port_etc", -1, room, room, 4, 0, never),
         HK_B_BAD_PORT_ID},
        {"read to NULL",
         team.call("read_port_etc", port, room, nullptr, 4, 0, never),
         HK_B_BAD_VALUE},
        {"read, timeout < 0",
         team.call("read_port_etc", port, room, room, 4, 0, int64_t{-1}),
         HK_B_BAD_VALUE},
        {"read, buffer the kernel's",
         team.call("read_port_etc", port, room, kernels, 4, 0, never),
         HK_B_BAD_ADDRESS},
        {"read, code the kernel's",
         team.call("read_port_etc", port, kernels, room, 4, 0, never),
         HK_B_BAD_ADDRESS},
        {"write none",
         team.call("write_port_etc", port + 1, 1, room, 4, 0, never),
         HK_B_BAD_PORT_ID},
        {"write < 0", team.call("write_port_etc", -1, 1, room, 4, 0, never),
         HK_B_BAD_PORT_ID},
        {"write from NULL",
         team.call("write_port_etc", port, 1, nullptr, 4, 0, never),
         HK_B_BAD_VALUE},
        {"write from the kernel",
         team.call("write_port_etc", port, 1, kernels, 4, 0, never),
         HK_B_BAD_ADDRESS},
        {"write from nowhere", // which is lost
         team.call("write_port_etc", port, 1, nowhere, 4, 0, never), HK_B_OK},
        {"size of none", team.call("port_buffer_size_etc", port + 1, 0, never),
         HK_B_BAD_PORT_ID},
        {"size, at once",
         team.call("port_buffer_size_etc", port, hk::RELATIVE, never),
         HK_B_WOULD_BLOCK},
        {"size, later",
         team.call("port_buffer_size_etc", port, hk::RELATIVE, int64_t{1000}),
         HK_B_TIMED_OUT},
        {"info of none",
         team.call("get_port_message_info_etc", port + 1, room, 16, 0, never),
         HK_B_BAD_PORT_ID},
        {"info to NULL",
         team.call("get_port_message_info_etc", port, nullptr, 16, 0, never),
         HK_B_BAD_VALUE},
        {"info size",
         team.call("get_port_message_info_etc", port, room, 15, 0, never),
         HK_B_BAD_VALUE},
        {"info to the kernel, at once", // which it does not come to
         team.call("get_port_message_info_etc", port, kernels, 16, hk::RELATIVE,
                   never),
         HK_B_WOULD_BLOCK},
        {"info, at once",
         team.call("get_port_message_info_etc", port, room, 16, hk::RELATIVE,
                   never),
         HK_B_WOULD_BLOCK},
    };
    for (const auto &row : rows)
        EXPECT_EQ(row.result, row.expected) << row.what;
    EXPECT_EQ(team.call("port_count", port), 0);
    EXPECT_EQ(probe_count(team.harness).chunks, 0u);
}

TEST_F(Messages, AreGoneWhenTheBufferCannotTakeThem)
{
    int port = create(1);
    write(port, "text");
    EXPECT_EQ(try_read(port, Address{0}, nowhere, 4), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("port_count", port), 0);
}

TEST_F(Messages, TellOfTheirSender)
{
    int port = create(1);
    Process sender(root, [&](Team &its) {
        its.call("write_port_etc", port, 1, "twelve bytes", 12, 0, int64_t{0});
        return 0;
    });
    Address info = team.room(16);
    ASSERT_EQ(
        team.call("get_port_message_info_etc", port, info, 16, 0, int64_t{0}),
        0);
    EXPECT_EQ(team.get<int>(info), 12);
    EXPECT_EQ(team.get<int>(info, 4), team.call("getuid", 1));
    EXPECT_EQ(team.get<int>(info, 8), team.call("getgid", 1));
    EXPECT_EQ(team.get<int>(info, 12), sender.pid);
    EXPECT_EQ(team.call("port_count", port), 1);
    sender.wait();
}

TEST_F(Messages, TimeOut)
{
    int port = create(1);
    Address buffer = team.room(4);
    EXPECT_EQ(team.call("read_port_etc", port, nullptr, buffer, 4, hk::RELATIVE,
                        int64_t{1000}),
              HK_B_TIMED_OUT);
    EXPECT_EQ(team.call("read_port_etc", port, nullptr, buffer, 4, hk::ABSOLUTE,
                        int64_t{1}),
              HK_B_TIMED_OUT);
    write(port, "full");
    EXPECT_EQ(write(port, "more", 1, hk::RELATIVE, 1000), HK_B_TIMED_OUT);
    EXPECT_EQ(write(port, "more", 1, hk::ABSOLUTE, 1), HK_B_TIMED_OUT);
    EXPECT_EQ(probe_count(team.harness).waiters, 0u);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

TEST_F(Messages, AreInterruptedBySignals)
{
    enum { SIG_USR1 = 18 };
    int port = create(1);
    harness_signal(team.harness, SIG_USR1);
    EXPECT_EQ(
        team.call("read_port_etc", port, nullptr, nullptr, 0, 0, int64_t{0}),
        HK_B_INTERRUPTED);
    write(port, "full");
    EXPECT_EQ(write(port, "more", 1, 0, 0), HK_B_INTERRUPTED);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

TEST_F(Messages, PassBetweenThreads)
{
    enum { ROUNDS = 2000 };
    int there = create(3), back = create(3);
    Address mine = team.room(8), its = team.room(8);
    int id = team.spawn([&](hk_thread *thread) {
        for (int i = 0; i < ROUNDS; i++) {
            team.call_as(thread, "read_port_etc", there, nullptr, its, 4, 0u,
                         int64_t{0});
            team.call_as(thread, "write_port_etc", back, 0, its, 4, 0u,
                         int64_t{0});
        }
    });
    for (int i = 0; i < ROUNDS; i++) {
        team.set(mine, 0, i);
        ASSERT_EQ(team.call("write_port_etc", there, 0, mine, 4, 0, int64_t{0}),
                  0);
        ASSERT_EQ(
            team.call("read_port_etc", back, nullptr, mine, 4, 0, int64_t{0}),
            4);
        ASSERT_EQ(team.get<int>(mine), i);
    }
    team.join(id);
}

// Many write, many read: each message comes once.
TEST_F(Messages, AreNeitherLostNorDoubled)
{
    enum { WRITERS = 3, READERS = 3, EACH = 300, ALL = WRITERS * EACH };
    int port = create(2), sum = create(READERS);
    std::vector<std::unique_ptr<Process>> processes;
    for (int w = 0; w < WRITERS; w++)
        processes.push_back(std::make_unique<Process>(root, [&](Team &its) {
            for (int i = 0; i < EACH; i++)
                if (its.call("write_port_etc", port, i, "x", 1, 0,
                             int64_t{0}) != 0)
                    return 1;
            return 0;
        }));
    for (int r = 0; r < READERS; r++)
        processes.push_back(std::make_unique<Process>(root, [&](Team &its) {
            Address code = its.room(4), count = its.room(8);
            int total = 0, read = 0;
            for (; read < ALL / READERS; read++) {
                if (its.call("read_port_etc", port, code, nullptr, 0, 0,
                             int64_t{0}) < 0)
                    return 1;
                total += its.get<int>(code);
            }
            its.set(count, 0, total);
            return static_cast<int>(
                its.call("write_port_etc", sum, 0, count, 4, 0, int64_t{0}));
        }));
    int total = 0;
    Address part = team.room(4);
    for (int r = 0; r < READERS; r++) {
        ASSERT_EQ(
            team.call("read_port_etc", sum, nullptr, part, 4, 0, int64_t{0}),
            4);
        total += team.get<int>(part);
    }
    EXPECT_EQ(total, WRITERS * EACH * (EACH - 1) / 2);
    for (auto &process : processes)
        EXPECT_EQ(process->wait(), 0);
    EXPECT_EQ(team.call("port_count", port), 0);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

// A reader that is killed when it has been woken, before it has read: the
// next one goes on.
TEST_F(Messages, GoToTheNextWhenAReaderIsKilled)
{
    int port = create(1);
    Process first(root, [&](Team &its) {
        return static_cast<int>(its.call("read_port_etc", port, nullptr,
                                         nullptr, 0, 0, int64_t{0}));
    });
    await_waiters(1);
    Process second(root, [&](Team &its) {
        return static_cast<int>(its.call("read_port_etc", port, nullptr,
                                         nullptr, 0, 0, int64_t{0}));
    });
    await_waiters(2);
    ::kill(first.pid, SIGSTOP);
    int status = 0;
    ::waitpid(first.pid, &status, WUNTRACED);
    ASSERT_EQ(write(port, "text"), 0); // wakes the first, which is stopped
    first.kill();
    EXPECT_EQ(second.wait(), 0);
    EXPECT_EQ(team.call("port_count", port), 0);
}

TEST_F(Messages, FillTheSpaceAndWaitForIt)
{
    int port = create(4096);
    Address from = team.room(LARGEST);
    int written = 0;
    while (team.call("write_port_etc", port, 1, from, (int)LARGEST,
                     hk::RELATIVE, int64_t{0}) == 0)
        ASSERT_LT(++written, 1000);
    EXPECT_GT(written, 200);
    EXPECT_EQ(team.call("write_port_etc", port, 1, from, (int)LARGEST,
                        hk::RELATIVE, int64_t{1000}),
              HK_B_TIMED_OUT);
    Process waits(root, [&](Team &its) {
        Address its_from = its.room(LARGEST);
        return static_cast<int>(its.call("write_port_etc", port, 1, its_from,
                                         (int)LARGEST, 0, int64_t{0}));
    });
    await_waiters(1);
    EXPECT_EQ(try_read(port, Address{0}, Address{0}, 0), 0);
    EXPECT_EQ(waits.wait(), 0);
    EXPECT_EQ(team.call("port_count", port), written);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

// ---- the kernel's, which wait for room ----

class Late : public Messages
{
  protected:
    void post(int token)
    {
        probe_post_kernel(team.harness, port, static_cast<uint32_t>(token));
    }
    // The token of the next message, or the error.
    int64_t next()
    {
        int64_t size = try_read(port, code, buffer, 64);
        return size < 0 ? size : team.get<int>(buffer, 16);
    }
    // Until nothing is left for another message.
    void fill_memory()
    {
        int filled = create(1000, "filled");

        for (size_t size = LARGEST; size > 0; size /= 2)
            while (write(filled, std::string(size, 'x')) == HK_B_OK)
                continue;
    }

    int port = create(1, "small");
    Address code = team.room(4), buffer = team.room(64);
};

TEST_F(Late, LoseTheOldestWhenThereAreTooMany)
{
    enum { WAIT_MAX = 2048, COUNT = WAIT_MAX + 10 };

    for (int i = 0; i < COUNT; i++)
        post(i);
    EXPECT_EQ(next(), 0); // waits no more
    for (int i = COUNT - WAIT_MAX; i < COUNT; i++)
        ASSERT_EQ(next(), i);
    EXPECT_EQ(next(), HK_B_WOULD_BLOCK);
}

TEST_F(Late, LoseTheOldestWhenThereIsNoMemory)
{
    for (int i = 0; i < 3; i++)
        post(i);
    fill_memory();
    post(3);
    for (int i : {0, 2, 3})
        EXPECT_EQ(next(), i);
    EXPECT_EQ(next(), HK_B_WOULD_BLOCK);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

} // namespace
