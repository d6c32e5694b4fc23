// port_test.cc -- ports made, found, owned, closed and deleted.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_probe.h"
#include "libhaikuabi/test/shared_teams.h"

#include <set>

namespace
{

using hk::Address;
using hk::Process;
using hk::Team;

const Address nowhere{0x70000000}, kernels{0x90000000};

class Ports : public testing::Test
{
  protected:
    Ports() : team(root.config()) {}

    int create(int capacity, const char *name = "port")
    {
        return static_cast<int>(team.call("create_port", capacity, name));
    }
    int64_t write(int port, const std::string &text = "text")
    {
        return team.call("write_port_etc", port, 1, text,
                         static_cast<int>(text.size()), hk::RELATIVE,
                         int64_t{0});
    }

    hk::SharedRoot root;
    Team team;
};

TEST_F(Ports, AreFoundByName)
{
    int port = create(3, "a port");
    ASSERT_GT(port, 0);
    EXPECT_EQ(team.call("find_port", "a port"), port);
    EXPECT_EQ(team.call("find_port", "another"), HK_B_NAME_NOT_FOUND);
    EXPECT_EQ(team.call("delete_port", port), 0);
    EXPECT_EQ(team.call("find_port", "a port"), HK_B_NAME_NOT_FOUND);
}

TEST_F(Ports, RefuseWhatIsWrong)
{
    int port = create(1);
    Address room = team.room(52);
    struct {
        const char *what;
        int64_t result;
        int expected;
    } rows[] = {
        {"capacity 0", create(0), HK_B_BAD_VALUE},
        {"capacity < 0", create(-1), HK_B_BAD_VALUE},
        {"capacity too large", create(4097), HK_B_BAD_VALUE},
        {"name nowhere", team.call("create_port", 1, nowhere),
         HK_B_BAD_ADDRESS},
        {"name before the capacity", team.call("create_port", 0, kernels),
         HK_B_BAD_ADDRESS},
        {"find NULL", team.call("find_port", nullptr), HK_B_BAD_VALUE},
        {"find nowhere", team.call("find_port", nowhere), HK_B_BAD_ADDRESS},
        {"close none", team.call("close_port", port + 1), HK_B_BAD_PORT_ID},
        {"close < 0", team.call("close_port", -1), HK_B_BAD_PORT_ID},
        {"delete none", team.call("delete_port", port + 1), HK_B_BAD_PORT_ID},
        {"delete < 0", team.call("delete_port", -1), HK_B_BAD_PORT_ID},
        {"count none", team.call("port_count", port + 1), HK_B_BAD_PORT_ID},
        {"count < 0", team.call("port_count", -1), HK_B_BAD_PORT_ID},
        {"info of none", team.call("get_port_info", port + 1, room),
         HK_B_BAD_PORT_ID},
        {"info to NULL", team.call("get_port_info", port, nullptr),
         HK_B_BAD_VALUE},
        {"info nowhere", team.call("get_port_info", port, nowhere),
         HK_B_BAD_ADDRESS},
        {"next of no team",
         team.call("get_next_port_info", 999999999, room, room),
         HK_B_BAD_TEAM_ID},
        {"next of team < 0", team.call("get_next_port_info", -1, room, room),
         HK_B_BAD_VALUE},
        {"next, cookie NULL", team.call("get_next_port_info", 0, nullptr, room),
         HK_B_BAD_VALUE},
        {"next, info NULL", team.call("get_next_port_info", 0, room, nullptr),
         HK_B_BAD_VALUE},
        {"next, cookie nowhere",
         team.call("get_next_port_info", 0, nowhere, room), HK_B_BAD_ADDRESS},
        {"owner none", team.call("set_port_owner", port, 999999999),
         HK_B_BAD_TEAM_ID},
        {"owner of none", team.call("set_port_owner", port + 1, 0),
         HK_B_BAD_PORT_ID},
        {"owner of < 0", team.call("set_port_owner", -1, 0), HK_B_BAD_PORT_ID},
    };
    for (const auto &row : rows)
        EXPECT_EQ(row.result, row.expected) << row.what;
}

TEST_F(Ports, TellOfThemselves)
{
    int port = create(7, "a name longer than the 31 characters kept");
    write(port);
    write(port);
    Address info = team.room(52);
    ASSERT_EQ(team.call("get_port_info", port, info), 0);
    EXPECT_EQ(team.get<int>(info), port);
    EXPECT_EQ(team.get<int>(info, 4), ::getpid());
    EXPECT_EQ(team.text({info.value + 8}), "a name longer than the 31 chara");
    EXPECT_EQ(team.get<int>(info, 40), 7);
    EXPECT_EQ(team.get<int>(info, 44), 2);
    EXPECT_EQ(team.get<int>(info, 48), 0);
    team.call("read_port_etc", port, nullptr, nullptr, 0, 0, int64_t{0});
    team.call("get_port_info", port, info);
    EXPECT_EQ(team.get<int>(info, 44), 1);
    EXPECT_EQ(team.get<int>(info, 48), 1); // read so far
    EXPECT_EQ(team.call("port_count", port), 1);

    int other = static_cast<int>(team.call("create_port", 1, nullptr));
    team.call("get_port_info", other, info);
    EXPECT_EQ(team.text({info.value + 8}), "unnamed port");
}

TEST_F(Ports, AreListedByTeam)
{
    std::set<int> made{create(1), create(1), create(1)}, found;
    Process other(root, [&](Team &its) {
        its.call("create_port", 1, "theirs");
        Address cookie = its.room(4), info = its.room(52);
        for (; its.call("get_next_port_info", ::getppid(), cookie, info) == 0;)
            made.erase(its.get<int>(info));
        return static_cast<int>(made.size());
    });
    EXPECT_EQ(other.wait(), 0);
    Address cookie = team.room(4), info = team.room(52);
    while (team.call("get_next_port_info", 0, cookie, info) == 0)
        EXPECT_TRUE(found.insert(team.get<int>(info)).second);
    EXPECT_EQ(found, made);
    EXPECT_EQ(team.call("get_next_port_info", 0, cookie, info),
              HK_B_BAD_PORT_ID);
}

TEST_F(Ports, AreReadToTheEndWhenClosed)
{
    int port = create(2);
    write(port);
    ASSERT_EQ(team.call("close_port", port), 0);
    EXPECT_EQ(write(port), HK_B_BAD_PORT_ID);
    EXPECT_EQ(
        team.call("read_port_etc", port, nullptr, nullptr, 0, 0, int64_t{0}),
        0);
    EXPECT_EQ(
        team.call("read_port_etc", port, nullptr, nullptr, 0, 0, int64_t{0}),
        HK_B_BAD_PORT_ID);
    EXPECT_EQ(team.call("delete_port", port), 0);
}

TEST_F(Ports, WakeWhoWaitsWhenClosedOrDeleted)
{
    for (const char *end : {"close_port", "delete_port"}) {
        int empty = create(1), full = create(1);
        write(full);
        Process reader(root, [&](Team &its) {
            return static_cast<int>(its.call("read_port_etc", empty, nullptr,
                                             nullptr, 0, 0,
                                             int64_t{0}) == HK_B_BAD_PORT_ID);
        });
        Process writer(root, [&](Team &its) {
            return static_cast<int>(its.call("write_port_etc", full, 0, "x", 1,
                                             0,
                                             int64_t{0}) == HK_B_BAD_PORT_ID);
        });
        while (probe_count(team.harness).waiters != 2)
            ::usleep(1000);
        team.call(end, empty);
        team.call(end, full);
        EXPECT_EQ(reader.wait(), 1) << end;
        EXPECT_EQ(writer.wait(), 1) << end;
    }
    EXPECT_STREQ(probe_shared(team.harness), "");
}

TEST_F(Ports, DieWithTheirOwner)
{
    Process owner(root, [&](Team &its) {
        its.call("create_port", 1, "theirs");
        for (;;)
            ::pause();
        return 0;
    });
    int64_t port;
    while ((port = team.call("find_port", "theirs")) < 0)
        ::usleep(1000);
    Process killer(root, [&](Team &its) {
        while (probe_count(its.harness).waiters != 1)
            ::usleep(1000);
        ::kill(owner.pid, SIGKILL);
        return 0;
    });
    EXPECT_EQ(team.call("read_port_etc", static_cast<int>(port), nullptr,
                        nullptr, 0, 0, int64_t{0}),
              HK_B_BAD_PORT_ID);
    EXPECT_EQ(team.call("find_port", "theirs"), HK_B_NAME_NOT_FOUND);
    killer.wait();
}

TEST_F(Ports, OutliveTheirMakerWhenGivenAway)
{
    Process maker(root, [&](Team &its) {
        int port = static_cast<int>(its.call("create_port", 1, "given"));
        its.call("write_port_etc", port, 5, "hello", 5, 0, int64_t{0});
        return static_cast<int>(its.call("set_port_owner", port, ::getppid()));
    });
    EXPECT_EQ(maker.wait(), 0);
    int port = static_cast<int>(team.call("find_port", "given"));
    ASSERT_GT(port, 0);
    EXPECT_EQ(team.call("port_count", port), 1);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

TEST_F(Ports, RunOut)
{
    int id = 0, made = 0;
    while ((id = create(1)) > 0)
        made++;
    EXPECT_EQ(id, HK_B_NO_MORE_PORTS);
    EXPECT_EQ(made, 4095);
}

} // namespace
