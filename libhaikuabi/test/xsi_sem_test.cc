// xsi_sem_test.cc -- XSI semaphores: semget, semctl and semop.
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
    UNDO = 10,
    RMID = 0,
    SET = 1,
    STAT = 2,
    GETPID = 3,
    GETVAL,
    GETALL,
    GETNCNT,
    GETZCNT,
    SETVAL,
    SETALL
};
const Address nowhere{0x70000000}, kernels{0x90000000};

struct Op {
    int number, op, flags;
};

int semop(hk::Team &team, int set, std::vector<Op> ops)
{
    Address at = team.room((uint32_t)ops.size() * 6 + 2);
    for (size_t i = 0; i < ops.size(); i++) {
        team.set(at, (uint32_t)i * 6, (int16_t)ops[i].number);
        team.set(at, (uint32_t)i * 6 + 2, (int16_t)ops[i].op);
        team.set(at, (uint32_t)i * 6 + 4, (int16_t)ops[i].flags);
    }
    return (int)team.call("xsi_semop", set, at, (int)ops.size());
}

int semctl(hk::Team &team, int set, int number, int command, uint32_t arg = 0)
{
    Address at = team.room(4);
    team.set(at, 0, arg);
    return (int)team.call("xsi_semctl", set, number, command, at);
}

int make(hk::Team &team, int count, int key = 0)
{
    return (int)team.call("xsi_semget", key, count, CREAT | 0600);
}

class XsiSem : public testing::Test
{
  protected:
    XsiSem() : team(root.config()) {}
    ~XsiSem() override
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
};

TEST_F(XsiSem, AreFoundByKey)
{
    int set = make(team, 3, 77);
    ASSERT_GT(set, 0);
    EXPECT_EQ(team.call("xsi_semget", 77, 0, 0), set);
    EXPECT_EQ(team.call("xsi_semget", 77, 3, (int)CREAT), set);
    EXPECT_EQ(team.call("xsi_semget", 77, 4, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("xsi_semget", 77, 3, CREAT | EXCL), HK_B_FILE_EXISTS);
    EXPECT_EQ(team.call("xsi_semget", 78, 3, 0), HK_B_ENTRY_NOT_FOUND);
    for (int count : {0, -1, 128})
        EXPECT_EQ(team.call("xsi_semget", 78, count, (int)CREAT),
                  HK_B_BAD_VALUE);
    int other = make(team, 1), third = make(team, 127);
    EXPECT_GT(other, 0);
    EXPECT_GT(third, 0);
    EXPECT_NE(other, third);
    EXPECT_EQ(semctl(team, set, 0, RMID), 0);
    EXPECT_EQ(team.call("xsi_semget", 77, 0, 0), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(semctl(team, set, 0, RMID), HK_B_BAD_VALUE);
}

TEST_F(XsiSem, AreLimitedInNumber)
{
    std::vector<int> sets;
    for (int id; (id = make(team, 127)) > 0;)
        sets.push_back(id);
    EXPECT_EQ(make(team, 127), HK_B_DEVICE_FULL);
    EXPECT_EQ(sets.size(), 33u);
    for (int id : sets)
        EXPECT_EQ(semctl(team, id, 0, RMID), 0);
    EXPECT_GT(make(team, 127), 0);
}

TEST_F(XsiSem, HaveValues)
{
    int set = make(team, 3);
    Address array = team.room(6);
    EXPECT_EQ(semctl(team, set, 1, SETVAL, 5), 0);
    EXPECT_EQ(semctl(team, set, 1, GETVAL), 5);
    EXPECT_EQ(semctl(team, set, 0, GETVAL), 0);
    EXPECT_EQ(semctl(team, set, 1, SETVAL, 65536),
              HK_B_RESULT_NOT_REPRESENTABLE);
    EXPECT_EQ(semop(team, set, {{1, 2, 0}, {2, 9, 0}, {1, -6, 0}}), 0);
    EXPECT_EQ(semctl(team, set, 0, GETALL, array.value), 0);
    EXPECT_EQ(team.get<uint16_t>(array), 0);
    EXPECT_EQ(team.get<uint16_t>(array, 2), 1);
    EXPECT_EQ(team.get<uint16_t>(array, 4), 9);
    EXPECT_EQ(semctl(team, set, 2, GETPID), ::getpid());
    EXPECT_EQ(semctl(team, set, 0, GETPID), 0);
    team.set(array, 0, uint16_t{3});
    EXPECT_EQ(semctl(team, set, 0, SETALL, array.value), 0);
    EXPECT_EQ(semctl(team, set, 0, GETVAL), 3);
    EXPECT_EQ(semctl(team, set, 3, GETPID), 0); // as on Haiku
    EXPECT_EQ(semctl(team, set, 4, GETVAL), HK_B_BAD_VALUE);
    EXPECT_EQ(semctl(team, set, -1, GETVAL), HK_B_BAD_VALUE);
    EXPECT_EQ(semctl(team, set, 0, 10), HK_B_BAD_VALUE);
    EXPECT_EQ(semctl(team, 999999, 0, GETVAL), HK_B_BAD_VALUE);
    EXPECT_EQ(semctl(team, set, 0, GETALL, nowhere.value), HK_B_BAD_ADDRESS);
    EXPECT_EQ(semctl(team, set, 0, SETALL, kernels.value), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("xsi_semctl", set, 0, (int)GETVAL, nowhere),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("xsi_semctl", set, 0, (int)GETVAL, nullptr), 3);
}

TEST_F(XsiSem, TellTheirRecord)
{
    int set = make(team, 2, 99);
    Address record = team.room(36);
    ASSERT_EQ(semctl(team, set, 0, STAT, record.value), 0);
    EXPECT_EQ(team.get<int>(record), 99);
    EXPECT_EQ(team.get<int>(record, 20), 0600);
    EXPECT_EQ(team.get<uint16_t>(record, 24), 2);
    EXPECT_EQ(team.get<int>(record, 28), 0);
    EXPECT_NEAR(team.get<int>(record, 32), ::time(nullptr), 5);
    EXPECT_EQ(semop(team, set, {}), 0);
    team.set(record, 4, 12);
    team.set(record, 20, 0777);
    EXPECT_EQ(semctl(team, set, 0, SET, record.value), 0);
    ASSERT_EQ(semctl(team, set, 0, STAT, record.value), 0);
    EXPECT_EQ(team.get<int>(record, 4), 12);
    EXPECT_EQ(team.get<int>(record, 12), 0);
    EXPECT_EQ(team.get<int>(record, 20), 0777);
    EXPECT_NEAR(team.get<int>(record, 28), ::time(nullptr), 5);
    EXPECT_EQ(semctl(team, set, 0, STAT, nowhere.value), HK_B_BAD_ADDRESS);
    EXPECT_EQ(semctl(team, set, 0, SET, kernels.value), HK_B_BAD_ADDRESS);
}

TEST_F(XsiSem, BelongToTheirUser)
{
    int set = make(team, 1, 5);
    ASSERT_EQ(team.call("setregid", 1000, 1000, 1), 0);
    ASSERT_EQ(team.call("setreuid", 1000, 1000, 1), 0);
    EXPECT_EQ(team.call("xsi_semget", 5, 1, 0), HK_B_PERMISSION_DENIED);
    for (int command : {(int)RMID, (int)SET, (int)STAT, (int)GETVAL,
                        (int)SETVAL, (int)GETALL, (int)GETNCNT})
        EXPECT_EQ(semctl(team, set, 0, command), HK_B_PERMISSION_DENIED)
            << command;
}

TEST_F(XsiSem, OperationsAreDoneTogetherOrNotAtAll)
{
    int set = make(team, 2);
    semctl(team, set, 0, SETVAL, 4);
    EXPECT_EQ(semop(team, set, {{0, -3, 0}, {1, -1, NOWAIT}}),
              HK_B_WOULD_BLOCK);
    EXPECT_EQ(semctl(team, set, 0, GETVAL), 4);
    EXPECT_EQ(semop(team, set, {{0, 0, NOWAIT}}), HK_B_WOULD_BLOCK);
    EXPECT_EQ(semop(team, set, {{1, 0, NOWAIT}}), 0);
    EXPECT_EQ(semop(team, set, {{0, 1, 0}, {2, 1, 0}}), HK_B_BAD_VALUE);
    EXPECT_EQ(semctl(team, set, 0, GETVAL), 4);
    EXPECT_EQ(semop(team, 999999, {{0, 1, 0}}), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("xsi_semop", set, kernels, 1), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("xsi_semop", set, nowhere, 1), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("xsi_semop", set, nowhere, 128), HK_B_BAD_VALUE);
}

TEST_F(XsiSem, OperationsWait)
{
    int set = make(team, 2);
    Process taker(root, [&](hk::Team &its) {
        return semop(its, set, {{0, -2, 0}}) == 0 ? 0 : 1;
    });
    await_waiters(1);
    EXPECT_EQ(semctl(team, set, 0, GETNCNT), 1);
    EXPECT_EQ(semctl(team, set, 0, GETZCNT), 0);
    EXPECT_EQ(semop(team, set, {{0, 1, 0}}), 0);
    while (semctl(team, set, 0, GETNCNT) != 1)
        ::usleep(1000); // it looks, and waits again
    EXPECT_EQ(semop(team, set, {{0, 1, 0}}), 0);
    EXPECT_EQ(taker.wait(), 0);
    EXPECT_EQ(semctl(team, set, 0, GETVAL), 0);
    semctl(team, set, 1, SETVAL, 1);
    Process zero(root, [&](hk::Team &its) {
        return semop(its, set, {{1, 0, 0}}) == 0 ? 0 : 1;
    });
    await_waiters(1);
    EXPECT_EQ(semctl(team, set, 1, GETZCNT), 1);
    EXPECT_EQ(semop(team, set, {{1, -1, 0}}), 0);
    EXPECT_EQ(zero.wait(), 0);
}

TEST_F(XsiSem, WaitersAreToldOfTheEnd)
{
    int set = make(team, 1);
    Process waiter(root, [&](hk::Team &its) {
        return semop(its, set, {{0, -2, 0}}) == HK_EIDRM ? 0 : 1;
    });
    await_waiters(1);
    EXPECT_EQ(semctl(team, set, 0, RMID), 0);
    EXPECT_EQ(waiter.wait(), 0);
}

TEST_F(XsiSem, SignalsInterruptAWait)
{
    enum { HAIKU_USR1 = 18 };
    int set = make(team, 1);
    harness_catch(team.harness);
    int waiter = team.spawn([&](hk_thread *thread) {
        Address op = team.room(6);
        team.set(op, 2, (int16_t)-1);
        EXPECT_EQ(team.call_as(thread, "xsi_semop", set, op, 1),
                  HK_B_INTERRUPTED);
    });
    await_waiters(1);
    team.call("send_signal", waiter, (int)HAIKU_USR1, nullptr, 0x20000);
    team.join(waiter);
    await_waiters(0);
}

TEST_F(XsiSem, AreUndoneAtTheEndOfATeam)
{
    int set = make(team, 2);
    semctl(team, set, 0, SETVAL, 10);
    for (int how = 0; how < 3; how++) {
        Process other(root, [&](hk::Team &its) {
            EXPECT_EQ(semop(its, set, {{0, -4, UNDO}, {1, 3, UNDO}}), 0);
            EXPECT_EQ(semop(its, set, {{0, 1, 0}, {1, -1, UNDO}}), 0);
            EXPECT_EQ(semctl(its, set, 0, GETVAL), 7 + how);
            if (how == 0)
                its.call("exit_team", 0);
            if (how == 1)
                ::kill(::getpid(), SIGKILL);
            return 0;
        });
        other.wait();
        EXPECT_EQ(semctl(team, set, 0, GETVAL), 11 + how);
        EXPECT_EQ(semctl(team, set, 1, GETVAL), 0);
    }
    // What is set stays.
    Process other(root, [&](hk::Team &its) {
        semop(its, set, {{0, -4, UNDO}, {1, 3, UNDO}});
        semctl(its, set, 0, SETVAL, 1);
        return 0;
    });
    other.wait();
    EXPECT_EQ(semctl(team, set, 0, GETVAL), 1);
    EXPECT_EQ(semctl(team, set, 1, GETVAL), 0);
}

TEST_F(XsiSem, UndoingHasNoLimit)
{
    int set = make(team, 1);
    Process other(root, [&](hk::Team &its) {
        for (int i = 0; i < 3; i++)
            EXPECT_EQ(semop(its, set, {{0, 32767, UNDO}}), 0);
        EXPECT_EQ(semctl(its, set, 0, GETVAL), 32765);
        return 0;
    });
    other.wait();
    EXPECT_EQ(semctl(team, set, 0, GETVAL), 0);
}

TEST_F(XsiSem, ADeadTeamsChangesWakeOthers)
{
    int set = make(team, 1);
    semctl(team, set, 0, SETVAL, 1);
    Process holder(root, [&](hk::Team &its) {
        EXPECT_EQ(semop(its, set, {{0, -1, UNDO}}), 0);
        its.call("create_sem", 0, "held");
        for (;;)
            ::pause();
        return 0;
    });
    while (probe_count(team.harness).sems == 0)
        ::usleep(1000);
    Process waiter(root, [&](hk::Team &its) {
        return semop(its, set, {{0, -1, 0}}) == 0 ? 0 : 1;
    });
    await_waiters(1);
    holder.kill();
    EXPECT_EQ(waiter.wait(), 0);
}

} // namespace
