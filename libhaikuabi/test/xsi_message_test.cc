// xsi_message_test.cc -- XSI message queues: msgget, msgctl, msgsnd, msgrcv.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_probe.h"
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

namespace
{

using hk::Address;
using hk::Process;

enum {
    CREAT = 01000,
    EXCL = 02000,
    NOWAIT = 04000,
    NOERROR = 010000,
    RMID = 0,
    SET = 1,
    STAT = 2
};
const Address nowhere{0x70000000}, kernels{0x90000000};

int make(hk::Team &team, int key = 0)
{
    return (int)team.call("xsi_msgget", key, CREAT | 0600);
}

int send(hk::Team &team, int queue, int type, const std::string &text,
         int flags = NOWAIT)
{
    Address at = team.room((uint32_t)text.size() + 5);
    team.set(at, 0, type);
    std::memcpy(team.host(at) + 4, text.data(), text.size());
    return (int)team.call("xsi_msgsnd", queue, at, (int)text.size(), flags);
}

// The message's text, or its error as a number.
std::string receive(hk::Team &team, int queue, int type, int size = 2048,
                    int flags = NOWAIT)
{
    Address at = team.room((uint32_t)size + 4);
    int got = (int)team.call("xsi_msgrcv", queue, at, size, type, flags);
    if (got < 0)
        return std::to_string(got);
    return std::to_string(team.get<int>(at)) + ":" +
           team.bytes({at.value + 4}, (size_t)got);
}

class XsiMessage : public testing::Test
{
  protected:
    XsiMessage() : team(root.config()) {}
    ~XsiMessage() override
    {
        EXPECT_STREQ(probe_shared(team.harness), "");
    }
    void await_waiters(unsigned count)
    {
        while (probe_count(team.harness).waiters != count)
            ::usleep(1000);
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
    const std::string nothing = std::to_string(HK_ENOMSG);
};

TEST_F(XsiMessage, QueuesAreFoundByKey)
{
    int queue = make(team, 5);
    ASSERT_GT(queue, 0);
    EXPECT_EQ(team.call("xsi_msgget", 5, 0), queue);
    EXPECT_EQ(team.call("xsi_msgget", 5, CREAT | EXCL), HK_B_FILE_EXISTS);
    EXPECT_EQ(team.call("xsi_msgget", 6, 0), HK_B_ENTRY_NOT_FOUND);
    EXPECT_NE(make(team), make(team));
    EXPECT_EQ(team.call("xsi_msgctl", queue, (int)RMID, nullptr), 0);
    EXPECT_EQ(team.call("xsi_msgget", 5, 0), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("xsi_msgctl", queue, (int)RMID, nullptr),
              HK_B_BAD_VALUE);
    while ((queue = make(team)) > 0)
        continue;
    EXPECT_EQ(queue, HK_B_DEVICE_FULL);
}

TEST_F(XsiMessage, AreTakenByType)
{
    int queue = make(team);
    std::string large(2000, 'x');
    for (int type : {5, 3, 1, 3})
        EXPECT_EQ(send(team, queue, type, "m" + std::to_string(type)), 0);
    EXPECT_EQ(send(team, queue, 9, large), 0);
    EXPECT_EQ(receive(team, queue, 3), "3:m3");
    EXPECT_EQ(receive(team, queue, -4), "1:m1");
    EXPECT_EQ(receive(team, queue, 7), nothing);
    EXPECT_EQ(receive(team, queue, 0), "5:m5");
    EXPECT_EQ(receive(team, queue, 9), "9:" + large);
    EXPECT_EQ(receive(team, queue, 0), "3:m3");
    EXPECT_EQ(receive(team, queue, 0), nothing);
    EXPECT_EQ(probe_count(team.harness).chunks, 0u);
}

TEST_F(XsiMessage, TooLargeOnesAreCutOrGoToTheEnd)
{
    int queue = make(team);
    send(team, queue, 1, "first");
    send(team, queue, 1, "second");
    EXPECT_EQ(receive(team, queue, 0, 3), std::to_string(HK_B_TOO_MANY_ARGS));
    EXPECT_EQ(receive(team, queue, 0, 3, NOERROR), "1:sec");
    EXPECT_EQ(receive(team, queue, 0), "1:first");
    EXPECT_EQ(send(team, queue, 1, ""), 0);
    EXPECT_EQ(receive(team, queue, 0, 0), "1:");
}

TEST_F(XsiMessage, RefuseWhatIsWrong)
{
    int queue = make(team);
    Address at = team.room(2100);
    EXPECT_EQ(team.call("xsi_msgsnd", 999999, at, 1, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("xsi_msgsnd", queue, at, 2049, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("xsi_msgsnd", queue, kernels, 1, 0), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("xsi_msgsnd", queue, nowhere, 1, 0), HK_B_NO_MEMORY);
    send(team, queue, 1, "text");
    EXPECT_EQ(team.call("xsi_msgrcv", 999999, at, 1, 0, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("xsi_msgrcv", queue, at, 2049, 0, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("xsi_msgrcv", queue, kernels, 9, 0, 0),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("xsi_msgrcv", queue, nowhere, 9, 0, 0),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(receive(team, queue, 0), "1:text");
    EXPECT_EQ(team.call("xsi_msgctl", queue, 3, at), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("xsi_msgctl", 999999, (int)STAT, kernels),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("xsi_msgctl", queue, (int)STAT, kernels),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("xsi_msgctl", queue, (int)STAT, nowhere),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("xsi_msgctl", queue, (int)SET, nowhere),
              HK_B_BAD_ADDRESS);
}

TEST_F(XsiMessage, QueuesTellTheirRecord)
{
    int queue = make(team, 8);
    Address record = team.room(52);
    send(team, queue, 1, "text");
    ASSERT_EQ(team.call("xsi_msgctl", queue, (int)STAT, record), 0);
    EXPECT_EQ(team.get<int>(record), 8);
    EXPECT_EQ(team.get<int>(record, 20), 0); // Haiku forgets what was asked for
    EXPECT_EQ(team.get<int>(record, 24), 1);
    EXPECT_EQ(team.get<int>(record, 28), 2048);
    EXPECT_EQ(team.get<int>(record, 32), ::getpid());
    EXPECT_EQ(team.get<int>(record, 36), 0);
    EXPECT_NEAR(team.get<int>(record, 40), ::time(nullptr), 5);
    EXPECT_EQ(team.get<int>(record, 44), 0);
    EXPECT_NEAR(team.get<int>(record, 48), ::time(nullptr), 5);
    receive(team, queue, 0);
    team.set(record, 28, 5);
    EXPECT_EQ(team.call("xsi_msgctl", queue, (int)SET, record), 0);
    EXPECT_EQ(send(team, queue, 1, "123456"), HK_B_WOULD_BLOCK);
    EXPECT_EQ(send(team, queue, 1, "12345"), 0);
    team.set(record, 28, 0);
    EXPECT_EQ(team.call("xsi_msgctl", queue, (int)SET, record), HK_B_BAD_VALUE);
    team.set(record, 28, 6);
    team.set(record, 4, 1000);
    team.set(record, 20, 0600);
    EXPECT_EQ(team.call("xsi_msgctl", queue, (int)SET, record), 0);
    ASSERT_EQ(team.call("xsi_msgctl", queue, (int)STAT, record), 0);
    EXPECT_EQ(team.get<int>(record, 36), ::getpid());
    ASSERT_EQ(team.call("setreuid", 1000, 1000, 1), 0);
    team.set(record, 28, 7);
    EXPECT_EQ(team.call("xsi_msgctl", queue, (int)SET, record),
              HK_B_NOT_ALLOWED);
    ASSERT_EQ(team.call("setreuid", 1001, 1001, 1), HK_B_NOT_ALLOWED);
}

TEST_F(XsiMessage, QueuesBelongToTheirUser)
{
    int queue = make(team, 5);
    Address record = team.room(52);
    ASSERT_EQ(team.call("setregid", 1000, 1000, 1), 0);
    ASSERT_EQ(team.call("setreuid", 1000, 1000, 1), 0);
    EXPECT_EQ(team.call("xsi_msgget", 5, 0), HK_B_PERMISSION_DENIED);
    EXPECT_EQ(send(team, queue, 1, "x"), HK_B_PERMISSION_DENIED);
    EXPECT_EQ(receive(team, queue, 0), std::to_string(HK_B_PERMISSION_DENIED));
    EXPECT_EQ(team.call("xsi_msgctl", queue, (int)STAT, record),
              HK_B_PERMISSION_DENIED);
    EXPECT_EQ(team.call("xsi_msgctl", queue, (int)SET, record),
              HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("xsi_msgctl", queue, (int)RMID, record),
              HK_B_NOT_ALLOWED);
}

TEST_F(XsiMessage, SendersAndReceiversWait)
{
    int queue = make(team);
    Process reader(root, [&](hk::Team &its) {
        return receive(its, queue, 2, 10, 0) == "2:two" ? 0 : 1;
    });
    await_waiters(1);
    send(team, queue, 1, "one");
    send(team, queue, 2, "two");
    EXPECT_EQ(reader.wait(), 0);
    EXPECT_EQ(receive(team, queue, 0), "1:one");
    EXPECT_EQ(send(team, queue, 1, std::string(2048, 'x')), 0);
    Process writer(root, [&](hk::Team &its) {
        return send(its, queue, 3, "three", 0) == 0 ? 0 : 1;
    });
    await_waiters(1);
    receive(team, queue, 1);
    EXPECT_EQ(writer.wait(), 0);
    EXPECT_EQ(receive(team, queue, 0), "3:three");
}

TEST_F(XsiMessage, WhoWaitsIsToldOfTheEnd)
{
    int queue = make(team);
    send(team, queue, 1, std::string(2048, 'x'));
    Process reader(root, [&](hk::Team &its) {
        return receive(its, queue, 2, 10, 0) == std::to_string(HK_EIDRM) ? 0
                                                                         : 1;
    });
    Process writer(root, [&](hk::Team &its) {
        return send(its, queue, 3, "three", 0) == HK_EIDRM ? 0 : 1;
    });
    await_waiters(2);
    EXPECT_EQ(team.call("xsi_msgctl", queue, (int)RMID, nullptr), 0);
    EXPECT_EQ(reader.wait(), 0);
    EXPECT_EQ(writer.wait(), 0);
    EXPECT_EQ(probe_count(team.harness).chunks, 0u);
}

TEST_F(XsiMessage, QueuesOutliveTheirTeams)
{
    Process dead(root, [](hk::Team &its) {
        int queue = make(its, 42);
        send(its, queue, 1, "left");
        return ::kill(::getpid(), SIGKILL);
    });
    dead.wait();
    int queue = (int)team.call("xsi_msgget", 42, 0);
    EXPECT_EQ(receive(team, queue, 0), "1:left");
    { // one that dies while it waits
        Process reader(root, [&](hk::Team &its) {
            receive(its, queue, 0, 10, 0);
            return 0;
        });
        await_waiters(1);
    }
    await_waiters(0);
    EXPECT_EQ(send(team, queue, 1, "next"), 0);
    EXPECT_EQ(receive(team, queue, 0), "1:next");
}

} // namespace
