// monitor_test.cc -- a team is told of changes to files.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/messages.h"
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

#include <fcntl.h>
#include <map>
#include <set>
#include <sys/resource.h>
#include <sys/stat.h>

namespace
{

using hk::Address;

// haiku-abi/structs.md, "node monitor".
enum Watch : uint32_t {
    NAME = 1,
    STAT = 2,
    ATTR = 4,
    DIRECTORY = 8,
    MOUNT = 0x10,
    INTERIM = 0x20,
    CHILDREN = 0x40,
    VOLUME = 0xf000
};
enum Opcode {
    CREATED = 1,
    REMOVED = 2,
    MOVED = 3,
    STAT_CHANGED = 4,
    ATTRS = 5
};

using hk::Message;

class Monitor : public testing::Test
{
  protected:
    explicit Monitor(const std::vector<std::string> &more = {})
        : team(config(shared, more))
    {
        port = static_cast<int>(team.call("create_port", 50, "changes"));
    }

    static hk_config config(hk::SharedRoot &shared,
                            const std::vector<std::string> &more)
    {
        for (const std::string &directory : more)
            shared.root.make(directory);
        shared.root.write("watched/file", "text");
        shared.root.make("watched/inner");
        shared.root.make("other");
        return shared.config();
    }

    std::string host(const std::string &name)
    {
        return shared.root.at(name);
    }
    // The guest's numbers of a file, which it has asked for.
    std::pair<int, int64_t> node(const std::string &path)
    {
        Address stat = team.room(96);
        EXPECT_EQ(team.call("read_stat", -1, path, 0, stat, 88), HK_B_OK);
        return {team.get<int32_t>(stat), team.get<int64_t>(stat, 4)};
    }
    std::string number(const std::string &path)
    {
        return std::to_string(node(path).second);
    }
    void watch(const std::string &path, uint32_t flags, int token = 7)
    {
        auto [device, inode] = node(path);
        EXPECT_EQ(
            team.call("start_watching", device, inode, flags, port, token),
            HK_B_OK)
            << path;
    }
    int64_t unwatch(const std::string &path, int token = 7)
    {
        auto [device, inode] = node(path);
        return team.call("stop_watching", device, inode, port, token);
    }

    Message next()
    {
        Message message = hk::next_message(team, port, 0x4e444d4e);
        message.erase("device");
        return message;
    }
    void expect_move(const std::string &from, const std::string &from_name,
                     const std::string &to, const std::string &name,
                     const std::string &file)
    {
        EXPECT_EQ(next(), (Message{{"token", "7"},
                                   {"opcode", std::to_string(MOVED)},
                                   {"from directory", from},
                                   {"to directory", to},
                                   {"node device",
                                    std::to_string(node("/other").first)},
                                   {"node", file},
                                   {"from name", from_name},
                                   {"name", name}}));
    }
    // Nothing has come that comes before what is known to come last.
    void nothing_else()
    {
        Message message;

        watch("/watched", DIRECTORY, 99);
        std::ofstream(host("watched/last")) << "";
        do {
            message = next();
            EXPECT_EQ(message["token"], "99");
        } while (!message["name"].empty() && message["name"] != "last");
        EXPECT_EQ(message["name"], "last");
    }

    hk::SharedRoot shared;
    hk::ThreadedTeam team;
    int port;
};

std::string op(Opcode opcode)
{
    return std::to_string(opcode);
}

TEST_F(Monitor, TellsNewEntriesAndRemovedOnes)
{
    std::string directory = number("/watched");

    watch("/watched", DIRECTORY);
    EXPECT_EQ(team.call("create_dir", -1, "/watched/new", 0755), HK_B_OK);
    std::string made = number("/watched/new");
    EXPECT_EQ(next(), (Message{{"token", "7"},
                               {"opcode", op(CREATED)},
                               {"directory", directory},
                               {"node", made},
                               {"name", "new"}}));
    EXPECT_EQ(team.call("remove_dir", -1, "/watched/new"), HK_B_OK);
    EXPECT_EQ(next(), (Message{{"token", "7"},
                               {"opcode", op(REMOVED)},
                               {"directory", directory},
                               {"node", made},
                               {"name", "new"}}));
}

// Whoever has made it.
TEST_F(Monitor, TellsWhatTheHostDoes)
{
    watch("/watched", DIRECTORY);
    std::filesystem::create_symlink("nowhere", host("watched/link"));
    Message message = next();
    EXPECT_EQ(message["opcode"], op(CREATED));
    EXPECT_EQ(message["name"], "link");
    EXPECT_EQ(message["node"], number("/watched/link"));
}

TEST_F(Monitor, TellsMovesWithinAndBetweenWatchedDirectories)
{
    std::string from = number("/watched"), to = number("/other");
    std::string file = number("/watched/file");

    watch("/watched", DIRECTORY);
    EXPECT_EQ(team.call("rename", -1, "/watched/file", -1, "/watched/renamed"),
              HK_B_OK);
    expect_move(from, "file", from, "renamed", file);
    watch("/other", DIRECTORY, 8);
    EXPECT_EQ(team.call("rename", -1, "/watched/renamed", -1, "/other/moved"),
              HK_B_OK);
    for (const char *token : {"7", "8"}) {
        Message message = next();
        EXPECT_EQ(message["token"], token);
        EXPECT_EQ(message["opcode"], op(MOVED));
        EXPECT_EQ(message["from directory"], from);
        EXPECT_EQ(message["to directory"], to);
        EXPECT_EQ(message["node"], file);
        EXPECT_EQ(message["name"], "moved");
    }
}

// Also between one that is watched and one that is not.
TEST_F(Monitor, TellsMovesToAndFromElsewhere)
{
    std::string from = number("/watched"), to = number("/other");
    std::string file = number("/watched/file");

    watch("/watched", DIRECTORY);
    EXPECT_EQ(team.call("rename", -1, "/watched/file", -1, "/other/moved"),
              HK_B_OK);
    expect_move(from, "file", to, "moved", file);
    EXPECT_EQ(team.call("rename", -1, "/other/moved", -1, "/watched/back"),
              HK_B_OK);
    expect_move(to, "moved", from, "back", file);
}

TEST_F(Monitor, TellsWhatOtherTeamsMove)
{
    hk::Team other(shared.config());

    watch("/watched", DIRECTORY);
    EXPECT_EQ(other.call("rename", -1, "/watched/file", -1, "/other/moved"),
              HK_B_OK);
    Message message = next();
    EXPECT_EQ(message["opcode"], op(MOVED));
    EXPECT_EQ(message["to directory"], number("/other"));
}

// What is gone before anybody looks has been there all the same.
TEST_F(Monitor, TellsWhatIsGoneAgainAtOnce)
{
    watch("/watched", DIRECTORY);
    probe_hold_monitors(team.harness, 1);
    EXPECT_EQ(team.call("create_dir", -1, "/watched/brief", 0755), HK_B_OK);
    std::string first = number("/watched/brief");
    /* As long as it is open its number is not another's. */
    EXPECT_GE(team.call("open_dir", -1, "/watched/brief"), 0);
    EXPECT_EQ(team.call("remove_dir", -1, "/watched/brief"), HK_B_OK);
    EXPECT_EQ(team.call("create_dir", -1, "/watched/brief", 0755), HK_B_OK);
    std::string second = number("/watched/brief");
    EXPECT_EQ(team.call("rename", -1, "/watched/brief", -1, "/watched/renamed"),
              HK_B_OK);
    probe_hold_monitors(team.harness, 0);
    EXPECT_NE(first, second);
    const std::pair<Opcode, std::string> expected[] = {
        {CREATED, first}, {REMOVED, first}, {CREATED, second}, {MOVED, second}};
    for (const auto &[opcode, node] : expected) {
        Message message = next();
        EXPECT_EQ(message["opcode"], op(opcode));
        EXPECT_EQ(message["node"], node);
    }
}

TEST_F(Monitor, FollowsAFileThatItWatches)
{
    std::string at = "/watched/file";

    watch("/watched/file", NAME);
    for (const char *to :
         {"/other/one", "/other/two", "/watched/inner/three"}) {
        EXPECT_EQ(team.call("rename", -1, at, -1, to), HK_B_OK);
        Message message = next();
        EXPECT_EQ(message["opcode"], op(MOVED)) << to;
        EXPECT_EQ("/" + message["name"],
                  std::string(to).substr(std::string(to).rfind('/')));
        at = to;
    }
    // However quickly it goes on.
    probe_hold_monitors(team.harness, 1);
    EXPECT_EQ(team.call("rename", -1, "/watched/inner/three", -1, "/other/x"),
              HK_B_OK);
    EXPECT_EQ(team.call("rename", -1, "/other/x", -1, "/other/three"), HK_B_OK);
    probe_hold_monitors(team.harness, 0);
    EXPECT_EQ(next()["name"], "x");
    EXPECT_EQ(next()["name"], "three");
    EXPECT_EQ(
        team.call("rename", -1, "/other/three", -1, "/watched/inner/three"),
        HK_B_OK);
    EXPECT_EQ(next()["name"], "three");
    // The host's moves, too.
    std::filesystem::rename(host("watched/inner/three"), host("other/four"));
    Message message = next();
    EXPECT_EQ(message["opcode"], op(MOVED));
    EXPECT_EQ(message["to directory"], number("/other"));
    EXPECT_EQ(message["name"], "four");
}

// The directory in which something happens is needed no more, meanwhile.
TEST_F(Monitor, FollowsAFileOutOfTheDirectoryOfItsEvent)
{
    std::string from = number("/watched"), to = number("/other");
    std::string file = number("/watched/file");

    watch("/watched/file", NAME);
    probe_hold_monitors(team.harness, 1);
    EXPECT_EQ(team.call("rename", -1, "/watched/file", -1, "/watched/renamed"),
              HK_B_OK);
    EXPECT_EQ(team.call("rename", -1, "/watched/renamed", -1, "/other/moved"),
              HK_B_OK);
    probe_hold_monitors(team.harness, 0);
    expect_move(from, "file", from, "renamed", file);
    expect_move(from, "renamed", to, "moved", file);
}

// Nobody knows where it has been before.
TEST_F(Monitor, TellsWhatTheHostMovesAndRemovesAsRemoved)
{
    std::string file = number("/watched/file");

    watch("/watched/file", NAME);
    probe_hold_monitors(team.harness, 1);
    std::filesystem::rename(host("watched/file"), host("other/moved"));
    std::filesystem::remove(host("other/moved"));
    probe_hold_monitors(team.harness, 0);
    EXPECT_EQ(next(), (Message{{"token", "7"},
                               {"opcode", std::to_string(REMOVED)},
                               {"directory", number("/watched")},
                               {"node", file},
                               {"name", "file"}}));
}

TEST_F(Monitor, LosesNothingInAFullPort)
{
    const int COUNT = 40;

    port = static_cast<int>(team.call("create_port", 2, "small"));
    watch("/watched", DIRECTORY);
    for (int i = 0; i < COUNT; i++)
        shared.root.make("watched/" + std::to_string(i));
    for (int i = 0; i < COUNT; i++)
        EXPECT_EQ(next()["name"], std::to_string(i));
    EXPECT_EQ(team.call("port_count", port), 0);
    EXPECT_EQ(team.call("delete_port", port), HK_B_OK);
    // What is deleted, or closed, takes them along.
    for (const char *end : {"delete_port", "close_port"}) {
        const unsigned before = probe_count(team.harness).chunks;
        const std::string prefix = host("watched/") + end;
        port = static_cast<int>(team.call("create_port", 1, "small"));
        watch("/watched", DIRECTORY);
        for (int i = 0; i < COUNT; i++)
            std::filesystem::create_directory(prefix + std::to_string(i));
        EXPECT_EQ(next()["name"], end + std::string("0"));
        while (probe_count(team.harness).chunks < before + COUNT - 1)
            ::usleep(1000);
        EXPECT_STREQ(probe_shared(team.harness), "");
        EXPECT_EQ(team.call(end, port), HK_B_OK);
        EXPECT_STREQ(probe_shared(team.harness), "");
        EXPECT_LT(probe_count(team.harness).chunks, before + 3);
    }
}

// As long as it watches any: others have more to do then.
TEST_F(Monitor, HasTeamsNoteWhatLeavesWhileItWatches)
{
    auto watchers = [this] { return probe_count(team.harness).node_watchers; };

    EXPECT_EQ(watchers(), 0u);
    watch("/watched", DIRECTORY);
    watch("/watched/file", NAME, 8);
    EXPECT_EQ(watchers(), 1u);
    EXPECT_EQ(unwatch("/watched"), HK_B_OK);
    EXPECT_EQ(watchers(), 1u);
    EXPECT_EQ(unwatch("/watched/file", 8), HK_B_OK);
    EXPECT_EQ(watchers(), 0u);
    watch("/", VOLUME | NAME);
    EXPECT_EQ(watchers(), 1u);
    EXPECT_EQ(team.call("stop_notifying", port, 7), HK_B_OK);
    EXPECT_EQ(watchers(), 0u);
    EXPECT_EQ(probe_count_monitors(team.harness), 0u);
}

// What was to be moved, and stayed, is not found by a number that none has.
TEST_F(Monitor, IsNotMisledWhenTheNumbersOfDeparturesBeginAnew)
{
    shared.root.make("watched/full/inner");
    watch("/", DIRECTORY, 8);
    probe_set_departures(team.harness, 4 * PROBE_DEPARTURES_MAX - 1);
    shared.root.make("other/moved");
    EXPECT_LT(team.call("rename", -1, "/other/moved", -1, "/watched/full"), 0);
    probe_set_departures(team.harness, UINT32_MAX - 1);
    watch("/watched", DIRECTORY);
    for (const char *name : {"once", "twice"}) {
        shared.root.write("other/" + std::string(name), "");
        EXPECT_EQ(team.call("unlink", -1, "/other/" + std::string(name)),
                  HK_B_OK);
    }
    std::filesystem::remove_all(host("watched/full"));
    EXPECT_EQ(next()["opcode"], op(REMOVED));
    std::filesystem::rename(host("other/moved"), host("watched/full"));
    EXPECT_EQ(next()["opcode"], op(CREATED));
}

TEST_F(Monitor, LooksAgainWhenTheHostHasLostEvents)
{
    int kept = 16384;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> kept;
    if (kept > 1000000)
        GTEST_SKIP() << "the host keeps too many events";
    int fd = ::open(host("watched/file").c_str(), O_WRONLY | O_CLOEXEC);

    watch("/watched", DIRECTORY);
    watch("/watched/file", NAME, 8);
    probe_hold_monitors(team.harness, 1);
    // The host tells of each twice, of the file and of what is in a directory.
    for (int i = 0; i < kept / 2 + 100; i++)
        EXPECT_EQ(::pwrite(fd, "x", 1, 0), 1);
    ::close(fd);
    shared.root.make("watched/new");
    std::filesystem::rename(host("watched/inner"), host("other/inner"));
    probe_hold_monitors(team.harness, 0);
    EXPECT_EQ(next()["name"], "inner");
    EXPECT_EQ(next()["name"], "new");
    nothing_else();
}

TEST_F(Monitor, TellsWhatLeavesForElsewhereAsRemoved)
{
    std::string file = number("/watched/file");

    watch("/watched", DIRECTORY);
    std::filesystem::rename(host("watched/file"), host("other/file"));
    Message message = next();
    EXPECT_EQ(message["opcode"], op(REMOVED));
    EXPECT_EQ(message["node"], file);
    std::filesystem::rename(host("other/file"), host("watched/back"));
    message = next();
    EXPECT_EQ(message["opcode"], op(CREATED));
    EXPECT_EQ(message["node"], file);
    EXPECT_EQ(message["name"], "back");
}

TEST_F(Monitor, TellsWhatIsReplacedByAMove)
{
    shared.root.write("watched/old", "old");
    std::string old = number("/watched/old");

    watch("/watched", DIRECTORY);
    std::filesystem::rename(host("watched/file"), host("watched/old"));
    Message message = next();
    EXPECT_EQ(message["opcode"], op(REMOVED));
    EXPECT_EQ(message["node"], old);
    EXPECT_EQ(next()["opcode"], op(MOVED));
}

TEST_F(Monitor, TellsANodesNewNameAndItsEnd)
{
    std::string file = number("/watched/file");
    int fd = static_cast<int>(team.call("open", -1, "/watched/file", 0, 0));

    ASSERT_GE(fd, 0);
    watch("/watched/file", NAME);
    EXPECT_EQ(team.call("rename", -1, "/watched/file", -1, "/watched/new"),
              HK_B_OK);
    Message message = next();
    EXPECT_EQ(message["opcode"], op(MOVED));
    EXPECT_EQ(message["node"], file);
    EXPECT_EQ(message["from name"], "file");
    EXPECT_EQ(message["name"], "new");
    EXPECT_EQ(team.call("unlink", -1, "/watched/new"), HK_B_OK);
    message = next();
    EXPECT_EQ(message["opcode"], op(REMOVED));
    EXPECT_EQ(message["node"], file);
}

TEST_F(Monitor, TellsWhatOfItsStatHasChanged)
{
    int fd = static_cast<int>(team.call("open", -1, "/watched/file", 2, 0));

    watch("/watched/file", STAT);
    EXPECT_EQ(::chmod(host("watched/file").c_str(), 0600), 0);
    Message message = next();
    EXPECT_EQ(message["opcode"], op(STAT_CHANGED));
    EXPECT_EQ(message["node"], number("/watched/file"));
    EXPECT_EQ(std::stoi(message["fields"]), 1 | 0x80);
    EXPECT_EQ(team.call("write", fd, int64_t{4}, "more", 4), 4);
    EXPECT_EQ(team.call("close", fd), HK_B_OK);
    EXPECT_EQ(std::stoi(next()["fields"]), 8 | 0x20 | 0x80);
}

// Before the file is closed.
TEST_F(Monitor, TellsASizeThatIsSet)
{
    int fd = static_cast<int>(team.call("open", -1, "/watched/file", 2, 0));
    Address stat = team.room(88);

    team.set<int64_t>(stat, 28, 1);
    watch("/watched/file", STAT);
    EXPECT_EQ(team.call("write_stat", fd, nullptr, 0, stat, 88, 8), HK_B_OK);
    EXPECT_EQ(std::stoi(next()["fields"]), 8 | 0x20 | 0x80);
}

// Although the host must not see the team close the file.
TEST_F(Monitor, TellsASizeThatIsSetOfALockedFile)
{
    int fd = static_cast<int>(team.call("open", -1, "/watched/file", 2, 0));
    Address stat = team.room(88), range = team.room(24);

    team.set<int16_t>(range, 0, 0x400); // F_WRLCK
    team.set<int64_t>(range, 12, 10);
    EXPECT_EQ(team.call("fcntl", fd, 0x80 /* F_SETLK */, range), HK_B_OK);
    watch("/watched/file", STAT);
    for (int64_t size : {1, 2}) {
        team.set<int64_t>(stat, 28, size);
        EXPECT_EQ(team.call("write_stat", -1, "/watched/file", 1, stat, 88, 8),
                  HK_B_OK);
        EXPECT_EQ(std::stoi(next()["fields"]), 8 | 0x20 | 0x80);
    }
}

TEST_F(Monitor, TellsOfWritingAsInterim)
{
    int fd = static_cast<int>(team.call("open", -1, "/watched/file", 2, 0));

    watch("/watched/file", INTERIM);
    EXPECT_EQ(team.call("write", fd, int64_t{4}, "more", 4), 4);
    EXPECT_EQ(std::stoi(next()["fields"]), 0x1000 | 8 | 0x20 | 0x80);
}

TEST_F(Monitor, TellsOfAttributes)
{
    int fd = static_cast<int>(team.call("open", -1, "/watched/file", 2, 0));
    Message message;

    if (team.call("write_attr", fd, "old", 1, int64_t{0}, "x", 1) ==
        HK_B_UNSUPPORTED)
        GTEST_SKIP() << "the host keeps no attributes here";
    watch("/watched/file", ATTR);
    EXPECT_EQ(team.call("write_attr", fd, "new", 1, int64_t{0}, "x", 1), 1);
    EXPECT_EQ(next(), (Message{{"token", "7"},
                               {"opcode", op(ATTRS)},
                               {"directory", number("/watched")},
                               {"node", number("/watched/file")},
                               {"attr", "new"},
                               {"cause", "1"}}));
    EXPECT_EQ(team.call("write_attr", fd, "new", 1, int64_t{0}, "y", 1), 1);
    EXPECT_EQ(next()["cause"], "5");
    EXPECT_EQ(team.call("remove_attr", fd, "old"), HK_B_OK);
    message = next();
    EXPECT_EQ(message["attr"], "old");
    EXPECT_EQ(message["cause"], "2");
}

// The time of change that an attribute's writer leaves is told, a remover's is
// not (BFS).
TEST_F(Monitor, TellsOfTheTimeOfAnAttribute)
{
    int fd = static_cast<int>(team.call("open", -1, "/watched/file", 2, 0));

    if (team.call("write_attr", fd, "old", 1, int64_t{0}, "x", 1) ==
        HK_B_UNSUPPORTED)
        GTEST_SKIP() << "the host keeps no attributes here";
    watch("/watched/file", STAT | ATTR);
    EXPECT_EQ(team.call("write_attr", fd, "old", 1, int64_t{0}, "y", 1), 1);
    EXPECT_EQ(next()["cause"], "5");
    Message message = next();
    EXPECT_EQ(message["opcode"], op(STAT_CHANGED));
    EXPECT_EQ(message["fields"], "128");
    EXPECT_EQ(team.call("remove_attr", fd, "old"), HK_B_OK);
    EXPECT_EQ(next()["cause"], "2");
    EXPECT_EQ(::chmod(host("watched/file").c_str(), 0600), 0);
    EXPECT_EQ(std::stoi(next()["fields"]) & 1, 1);
}

TEST_F(Monitor, TellsNoTimesOfADirectoryWithNewEntries)
{
    watch("/watched", STAT | DIRECTORY);
    EXPECT_EQ(team.call("create_dir", -1, "/watched/new", 0755), HK_B_OK);
    EXPECT_EQ(next()["opcode"], op(CREATED));
    EXPECT_EQ(team.call("remove_dir", -1, "/watched/new"), HK_B_OK);
    EXPECT_EQ(next()["opcode"], op(REMOVED));
    EXPECT_EQ(::chmod(host("watched").c_str(), 0700), 0);
    Message message = next();
    EXPECT_EQ(message["opcode"], op(STAT_CHANGED));
    EXPECT_EQ(std::stoi(message["fields"]) & ~0x80, 1);
}

TEST_F(Monitor, TellsOfADirectorysChildren)
{
    watch("/watched", CHILDREN | STAT);
    EXPECT_EQ(::chmod(host("watched/file").c_str(), 0600), 0);
    Message message = next();
    EXPECT_EQ(message["opcode"], op(STAT_CHANGED));
    EXPECT_EQ(message["node"], number("/watched/file"));
}

TEST_F(Monitor, TellsWhatOfAChildHasChanged)
{
    int fd = static_cast<int>(team.call("open", -1, "/watched/file", 2, 0));

    watch("/watched", CHILDREN | STAT | INTERIM);
    EXPECT_EQ(team.call("write", fd, int64_t{4}, "more", 4), 4);
    EXPECT_EQ(std::stoi(next()["fields"]), 0x1000 | 8 | 0x20 | 0x80);
    EXPECT_EQ(team.call("close", fd), HK_B_OK);
    EXPECT_EQ(std::stoi(next()["fields"]), 8 | 0x20 | 0x80);
    // A file that is itself watched is told of once to each.
    watch("/watched/file", STAT, 8);
    EXPECT_EQ(::chmod(host("watched/file").c_str(), 0600), 0);
    EXPECT_EQ(next()["token"], "7");
    EXPECT_EQ(next()["token"], "8");
    nothing_else();
}

TEST_F(Monitor, TellsOfAChildsAttributes)
{
    int fd = static_cast<int>(team.call("open", -1, "/watched/file", 2, 0));

    if (team.call("write_attr", fd, "old", 1, int64_t{0}, "x", 1) ==
        HK_B_UNSUPPORTED)
        GTEST_SKIP() << "the host keeps no attributes here";
    watch("/watched", CHILDREN | ATTR);
    EXPECT_EQ(team.call("write_attr", fd, "new", 1, int64_t{0}, "x", 1), 1);
    EXPECT_EQ(next(), (Message{{"token", "7"},
                               {"opcode", op(ATTRS)},
                               {"directory", number("/watched")},
                               {"node", number("/watched/file")},
                               {"attr", "new"},
                               {"cause", "1"}}));
    EXPECT_EQ(team.call("remove_attr", fd, "old"), HK_B_OK);
    EXPECT_EQ(next()["cause"], "2");
}

TEST_F(Monitor, TellsOfAFileThatIsCutByItsName)
{
    Address stat = team.room(88);

    team.set<int64_t>(stat, 28, 1);
    node("/watched");
    watch("/watched/file", STAT);
    EXPECT_EQ(team.call("write_stat", -1, "/watched/file", 1, stat, 88, 8),
              HK_B_OK);
    EXPECT_EQ(std::stoi(next()["fields"]), 8 | 0x20 | 0x80);
}

// ---- volumes ----

TEST_F(Monitor, TellsOfEntriesAnywhereOnAVolume)
{
    watch("/", VOLUME | NAME);
    std::filesystem::create_directory(host("watched/inner/new"));
    Message message = next();
    EXPECT_EQ(message["opcode"], op(CREATED));
    EXPECT_EQ(message["name"], "new");
    EXPECT_EQ(message["directory"], number("/watched/inner"));
    // Also in directories that have come since.
    shared.root.write("watched/inner/new/file", "text");
    EXPECT_EQ(next()["directory"], number("/watched/inner/new"));
    std::string file = number("/watched/inner/new/file");
    EXPECT_EQ(team.call("rename", -1, "/watched/inner/new/file", -1, "/moved"),
              HK_B_OK);
    message = next();
    EXPECT_EQ(message["opcode"], op(MOVED));
    EXPECT_EQ(message["node"], file);
    EXPECT_EQ(message["to directory"], number("/"));
    EXPECT_EQ(team.call("remove_dir", -1, "/watched/inner/new"), HK_B_OK);
    EXPECT_EQ(next()["opcode"], op(REMOVED));
}

TEST_F(Monitor, TellsWhatWasInATreeThatHasCome)
{
    hk::Directory elsewhere;

    elsewhere.make("tree/branch");
    elsewhere.write("tree/branch/leaf", "");
    watch("/", VOLUME | NAME);
    std::filesystem::rename(elsewhere.at("tree"), host("tree"));
    std::set<std::string> names;
    for (int i = 0; i < 3; i++)
        names.insert(next()["name"]);
    EXPECT_EQ(names, (std::set<std::string>{"tree", "branch", "leaf"}));
    // What has left is watched no more.
    std::filesystem::rename(host("tree"), elsewhere.at("tree"));
    EXPECT_EQ(next()["opcode"], op(REMOVED));
    elsewhere.write("tree/branch/unseen", "");
    shared.root.write("other/seen", "");
    EXPECT_EQ(next()["name"], "seen");
}

// The host has a descriptor less for each directory.
TEST_F(Monitor, WatchesNoVolumeThatLeavesTheTeamNoDescriptors)
{
    const rlim_t FEW = 400;
    auto [device, inode] = node("/");
    rlimit before, few;

    for (int i = 0; i < 350; i++)
        shared.root.make("other/" + std::to_string(i));
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    few = {FEW, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    EXPECT_EQ(team.call("start_watching", device, inode,
                        VOLUME | uint32_t{NAME}, port, 7),
              HK_B_NO_MEMORY);
    EXPECT_EQ(probe_count_monitors(team.harness), 0u);
    watch("/watched", DIRECTORY);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    std::filesystem::create_directory(host("watched/new"));
    EXPECT_EQ(next()["name"], "new");
}

// A directory that another one has replaced is watched no more.
TEST_F(Monitor, ForgetsADirectoryThatIsReplaced)
{
    shared.root.make("other/empty");
    watch("/", VOLUME | NAME);
    unsigned count = probe_count_monitors(team.harness);
    std::filesystem::rename(host("watched/inner"), host("other/empty"));
    EXPECT_EQ(next()["opcode"], op(REMOVED));
    EXPECT_EQ(next()["opcode"], op(MOVED));
    EXPECT_EQ(probe_count_monitors(team.harness), count - 1);
}

TEST_F(Monitor, TellsOfFilesAnywhereOnAVolume)
{
    watch("/", VOLUME | NAME | STAT | ATTR);
    EXPECT_EQ(::chmod(host("watched/file").c_str(), 0600), 0);
    Message message = next();
    EXPECT_EQ(message["opcode"], op(STAT_CHANGED));
    EXPECT_EQ(message["node"], number("/watched/file"));
    EXPECT_EQ(std::stoi(message["fields"]), 1 | 0x80);
    EXPECT_EQ(::chmod(host("other").c_str(), 0700), 0);
    EXPECT_EQ(next()["node"], number("/other"));
    shared.root.write("other/new", "");
    do
        message = next();
    while (message["name"] != "new");
    EXPECT_EQ(::chmod(host("other/new").c_str(), 0600), 0);
    do
        message = next();
    while (message["opcode"] != op(STAT_CHANGED) ||
           message["node"] != number("/other/new"));
    int fd = static_cast<int>(team.call("open", -1, "/other/new", 2, 0));
    if (team.call("write_attr", fd, "a", 1, int64_t{0}, "x", 1) ==
        HK_B_UNSUPPORTED)
        GTEST_SKIP() << "the host keeps no attributes here";
    do
        message = next();
    while (message["opcode"] != op(ATTRS));
    EXPECT_EQ(message["node"], number("/other/new"));
    EXPECT_EQ(message["directory"], number("/other"));
}

// An extracted Haiku: of three volumes below /boot.
class PackageMonitor : public Monitor
{
  protected:
    PackageMonitor()
        : Monitor({"boot/home", "boot/system/lib", "boot/system/settings"})
    {
    }
};

TEST_F(PackageMonitor, TellsOfOneVolume)
{
    watch("/boot", VOLUME | NAME);
    shared.root.write("boot/system/lib/unseen", "");
    shared.root.write("boot/system/settings/seen", "");
    Message message = hk::next_message(team, port, 0x4e444d4e);
    EXPECT_EQ(message["name"], "seen");
    EXPECT_EQ(message["device"], "3");
    EXPECT_EQ(message["directory"], number("/boot/system/settings"));
    watch("/boot/system", VOLUME | NAME, 8);
    shared.root.write("boot/system/lib/also seen", "");
    message = hk::next_message(team, port, 0x4e444d4e);
    EXPECT_EQ(message["name"], "also seen");
    EXPECT_EQ(message["token"], "8");
    EXPECT_EQ(message["device"], "4");
}

// The host's programs can do what the guest's cannot.
TEST_F(PackageMonitor, TellsOfNoMoveToAnotherVolume)
{
    shared.root.write("boot/home/file", "");
    watch("/boot/home", DIRECTORY);
    watch("/boot/system/lib", DIRECTORY);
    std::filesystem::rename(host("boot/home/file"),
                            host("boot/system/lib/file"));
    std::set<std::string> told;
    for (int i = 0; i < 2; i++) {
        Message message = hk::next_message(team, port, 0x4e444d4e);
        told.insert(message["opcode"] + " " + message["device"] + " " +
                    message["directory"]);
    }
    EXPECT_EQ(told, (std::set<std::string>{
                        op(REMOVED) + " 3 " + number("/boot/home"),
                        op(CREATED) + " 4 " + number("/boot/system/lib")}));
}

TEST_F(Monitor, StopsWatchingAVolume)
{
    auto [device, inode] = node("/watched");

    watch("/watched", VOLUME | NAME);
    watch("/watched", DIRECTORY, 8);
    EXPECT_EQ(unwatch("/other"), HK_B_OK); // any node of it
    EXPECT_EQ(unwatch("/other"), HK_B_BAD_VALUE);
    std::filesystem::create_directory(host("watched/new"));
    EXPECT_EQ(next()["token"], "8");
    EXPECT_EQ(unwatch("/watched", 8), HK_B_OK);
    // Both are one listener's flags when it is asked for twice.
    watch("/watched", VOLUME | ATTR);
    watch("/watched", VOLUME | NAME);
    std::filesystem::create_directory(host("other/new"));
    EXPECT_EQ(next()["name"], "new");
    EXPECT_EQ(team.call("stop_notifying", port, 7), HK_B_OK);
    nothing_else();
    // There is none of that number, and so nothing comes.
    EXPECT_EQ(team.call("start_watching", device + 1000, inode,
                        VOLUME | uint32_t{NAME}, port, 1),
              HK_B_OK);
    EXPECT_EQ(team.call("stop_watching", device + 1000, inode, port, 1),
              HK_B_OK);
}

TEST_F(Monitor, TellsOnlyWhatIsWatched)
{
    watch("/watched", ATTR);
    std::filesystem::create_directory(host("watched/new"));
    EXPECT_EQ(::chmod(host("watched").c_str(), 0700), 0);
    nothing_else();
}

TEST_F(Monitor, StopsWhenAsked)
{
    watch("/watched", DIRECTORY);
    watch("/watched/inner", DIRECTORY, 8);
    EXPECT_EQ(unwatch("/watched", 6), HK_B_BAD_VALUE);
    EXPECT_EQ(unwatch("/watched"), HK_B_OK);
    EXPECT_EQ(unwatch("/watched"), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("stop_notifying", port, 8), HK_B_OK);
    EXPECT_EQ(team.call("stop_notifying", port, 8), HK_B_ENTRY_NOT_FOUND);
    std::filesystem::create_directory(host("watched/new"));
    std::filesystem::create_directory(host("watched/inner/new"));
    nothing_else();
}

// Neither open nor a directory: it is looked for where the team has looked.
TEST_F(Monitor, FindsAFileInADirectoryThatWasLookedAt)
{
    node("/watched");
    watch("/watched/file", NAME);
    std::filesystem::remove(host("watched/file"));
    EXPECT_EQ(next()["opcode"], op(REMOVED));
}

TEST_F(Monitor, AsksForMoreOfTheSame)
{
    watch("/watched", ATTR);
    watch("/watched", DIRECTORY);
    std::filesystem::create_directory(host("watched/new"));
    EXPECT_EQ(next()["name"], "new");
    EXPECT_EQ(unwatch("/watched"), HK_B_OK);
    EXPECT_EQ(unwatch("/watched"), HK_B_BAD_VALUE);
}

TEST_F(Monitor, RefusesByName)
{
    auto [device, inode] = node("/watched");

    // As on Haiku nobody asks whether there is such a node.
    EXPECT_EQ(team.call("start_watching", device, inode + 12345678,
                        uint32_t{DIRECTORY}, port, 1),
              HK_B_OK);
    EXPECT_EQ(team.call("stop_watching", 77, inode, port, 1), HK_B_BAD_VALUE);
    // Mounts are watched without a node; none ever comes.
    EXPECT_EQ(
        team.call("start_watching", -1, int64_t{-1}, uint32_t{MOUNT}, port, 1),
        HK_B_OK);
    EXPECT_EQ(team.call("stop_watching", -1, int64_t{-1}, port, 1), HK_B_OK);
}

TEST_F(Monitor, AreAsManyAsTheLimitSays)
{
    enum { NOVMON = 7, MONITORS_MAX = 65536 };
    Address limit = team.room(8);
    auto [device, inode] = node("/other");

    team.set<uint32_t>(limit, 0, 1);
    team.set<uint32_t>(limit, 4, MONITORS_MAX);
    ASSERT_EQ(team.call("setrlimit", int{NOVMON}, limit), HK_B_OK);
    watch("/watched", DIRECTORY);
    EXPECT_EQ(team.call("start_watching", device, inode, uint32_t{DIRECTORY},
                        port, 7),
              HK_B_NO_MEMORY);
}

TEST_F(Monitor, AChildWatchesNothing)
{
    watch("/watched", DIRECTORY);
    int64_t child = team.call("fork");
    if (child == 0) {
        auto [device, inode] = node("/watched");
        bool none = team.call("stop_watching", device, inode, port, 7) ==
                    HK_B_BAD_VALUE;
        bool starts = team.call("start_watching", device, inode,
                                uint32_t{DIRECTORY}, port, 8) == HK_B_OK;
        std::filesystem::create_directory(host("watched/by child"));
        // What the child asked for comes to the parent's port.
        while (starts && team.call("port_count", port) < 2)
            ::usleep(1000);
        ::_exit(none && starts ? 0 : 1);
    }
    ASSERT_GT(child, 0);
    int status = -1;
    ASSERT_EQ(::waitpid(static_cast<pid_t>(child), &status, 0), child);
    EXPECT_EQ(status, 0);
    std::set<std::string> tokens = {next()["token"], next()["token"]};
    EXPECT_EQ(tokens, (std::set<std::string>{"7", "8"}));
}

} // namespace
