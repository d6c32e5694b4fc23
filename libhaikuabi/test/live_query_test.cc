// live_query_test.cc -- queries that go on telling of what comes and goes.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/messages.h"
#include "libhaikuabi/test/shared_teams.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace
{

using hk::Address;
using hk::Message;

constexpr int LIVE = 1;

class LiveQuery : public testing::Test
{
  protected:
    explicit LiveQuery(hk_release release = HK_R1BETA5,
                       const std::vector<std::string> &more = {})
        : team(config(shared, release, more))
    {
        port = static_cast<int>(team.call("create_port", 50, "changes"));
    }
    static hk_config config(hk::SharedRoot &shared,
                            hk_release release = HK_R1BETA5,
                            const std::vector<std::string> &more = {})
    {
        for (const std::string &directory : more)
            shared.root.make(directory);
        shared.root.write("a/one.txt", "1");
        shared.root.write("a/deep/two.txt", "22");
        shared.root.write("b/three.c", "333");
        hk_config made = shared.config();
        made.release = release;
        return made;
    }
    std::string at(const std::string &name)
    {
        return shared.root.at(name);
    }
    int open(const std::string &query, int flags = LIVE)
    {
        int fd = static_cast<int>(team.call("open_query", 3, query,
                                            static_cast<int>(query.size()),
                                            flags, port, 9));
        EXPECT_GE(fd, 0) << query;
        return fd;
    }
    // Opcode and name of the next message, whose other fields are right.
    std::string next()
    {
        Message message = hk::next_message(team, port, 0x51555044);
        EXPECT_EQ(message["token"], "9");
        EXPECT_EQ(message["device"], "3");
        EXPECT_NE(message["directory"], "");
        EXPECT_NE(message["node"], "");
        return message["opcode"] + " " + message["name"];
    }
    // Nothing that came before is told of after this.
    void expect_nothing_else(const std::string &mark)
    {
        shared.root.write("a/" + mark, "");
        EXPECT_EQ(next(), "1 " + mark);
        unlink(at("a/" + mark).c_str());
        EXPECT_EQ(next(), "2 " + mark);
    }
    void move(const std::string &from, const std::string &to)
    {
        ASSERT_EQ(rename(at(from).c_str(), at(to).c_str()), 0);
    }

    hk::SharedRoot shared;
    hk::Team team;
    int port;
};

TEST_F(LiveQuery, FindsWhatIsThereAndTellsNothingOfIt)
{
    int fd = open("name==*.txt");
    Address entries = team.room(1024);
    EXPECT_EQ(team.call("read_dir", fd, entries, 1024, 10), 2);
    expect_nothing_else("mark.txt");
}

// An extracted Haiku: /boot/system is another volume than /boot.
class LiveQueryOfOneVolume : public LiveQuery
{
  protected:
    LiveQueryOfOneVolume()
        : LiveQuery(HK_R1BETA5,
                    {"boot/home", "boot/system/lib", "boot/system/settings"})
    {
    }
};

TEST_F(LiveQueryOfOneVolume, TellsOfItsFiles)
{
    open("name==*.txt");
    shared.root.write("boot/system/lib/unseen.txt", "");
    shared.root.write("boot/system/settings/seen.txt", "");
    EXPECT_EQ(next(), "1 seen.txt");
    shared.root.write("boot/home/seen too.txt", "");
    EXPECT_EQ(next(), "1 seen too.txt");
}

TEST_F(LiveQuery, TellsOfFilesThatComeAndGo)
{
    open("name==*.txt");
    shared.root.write("b/four.txt", "4");
    EXPECT_EQ(next(), "1 four.txt");
    shared.root.write("b/five.c", "5");
    move("b/five.c", "b/five.txt");
    EXPECT_EQ(next(), "1 five.txt");
    move("b/five.txt", "b/six.txt");
    EXPECT_EQ(next(), "2 five.txt");
    EXPECT_EQ(next(), "1 six.txt");
    move("b/six.txt", "b/six.c");
    EXPECT_EQ(next(), "2 six.txt");
    unlink(at("a/one.txt").c_str());
    EXPECT_EQ(next(), "2 one.txt");
    expect_nothing_else("mark.txt");
}

TEST_F(LiveQuery, TellsWhereAFileIs)
{
    struct stat directory, file;
    open("name==*.txt");
    shared.root.write("b/four.txt", "4");
    Message message = hk::next_message(team, port, 0x51555044);
    ASSERT_EQ(stat(at("b").c_str(), &directory), 0);
    ASSERT_EQ(stat(at("b/four.txt").c_str(), &file), 0);
    EXPECT_EQ(message["directory"], std::to_string(directory.st_ino));
    EXPECT_EQ(message["node"], std::to_string(file.st_ino));
    EXPECT_GE(team.call("open_entry_ref", 3, int64_t(directory.st_ino),
                        "four.txt", 0, 0),
              0);
}

TEST_F(LiveQuery, TellsOfAttributesAndSizesThatChange)
{
    if (setxattr(at("b/three.c").c_str(), "user.haiku.x", "", 0, 0) != 0)
        GTEST_SKIP() << "no attributes on this file system";
    open("BEOS:APP_SIG==application/x* || size > 10 || name==mark");
    setxattr(at("b/three.c").c_str(), "user.haiku.BEOS:APP_SIG",
             "SMIMapplication/x-test", 23, 0);
    EXPECT_EQ(next(), "1 three.c");
    removexattr(at("b/three.c").c_str(), "user.haiku.BEOS:APP_SIG");
    EXPECT_EQ(next(), "2 three.c");
    shared.root.write("a/one.txt", "longer than ten");
    EXPECT_EQ(next(), "1 one.txt");
    shared.root.write("a/one.txt", "short");
    EXPECT_EQ(next(), "2 one.txt");
    expect_nothing_else("mark");
}

TEST_F(LiveQuery, FollowsDirectories)
{
    open("name==*.txt");
    shared.root.make("made/new");
    shared.root.write("made/new/four.txt", "4");
    EXPECT_EQ(next(), "1 four.txt");
    // What is in a directory goes and comes with it.
    move("a/deep", "b/deep");
    std::multiset<std::string> told = {next(), next()};
    const std::multiset<std::string> both = {"1 two.txt", "2 two.txt"};
    EXPECT_EQ(told, both);
    // And is told of at its new place.
    shared.root.write("b/deep/five.txt", "5");
    EXPECT_EQ(next(), "1 five.txt");
    std::filesystem::remove_all(at("made"));
    EXPECT_EQ(next(), "2 four.txt");
    expect_nothing_else("mark.txt");
}

// Two directories of one path are two.
TEST_F(LiveQuery, FollowsDirectoriesThatChangePlaces)
{
    shared.root.make("b/other");
    open("name==*.txt");
    if (renameat2(AT_FDCWD, at("a/deep").c_str(), AT_FDCWD,
                  at("b/other").c_str(), RENAME_EXCHANGE) != 0)
        GTEST_SKIP() << "directories cannot change places here";
    const std::multiset<std::string> both = {"1 two.txt", "2 two.txt"};
    EXPECT_EQ((std::multiset<std::string>{next(), next()}), both);
    for (const char *name : {"a/deep/three.txt", "b/other/three.txt"}) {
        shared.root.write(name, "");
        EXPECT_EQ(next(), "1 three.txt");
    }
}

TEST_F(LiveQuery, EndsWithItsDescriptor)
{
    int fd = open("name==*.txt");
    EXPECT_EQ(team.call("close", fd), HK_B_OK);
    shared.root.write("b/four.txt", "4");
    open("name==mark");
    shared.root.write("a/mark", "");
    EXPECT_EQ(next(), "1 mark");
}

// As applications until r1beta5 asked for it: the entry, not the attribute.
TEST_F(LiveQuery, TellsThatAMatchHasChanged)
{
    if (setxattr(at("b/three.c").c_str(), "user.haiku.x", "RTSC", 4, 0) != 0)
        GTEST_SKIP() << "no attributes on this file system";
    open("name==three*", LIVE | 0xf000);
    setxattr(at("b/three.c").c_str(), "user.haiku.x", "RTSC1", 5, 0);
    EXPECT_EQ(next(), "5 three.c");
    move("b/three.c", "a/three.c");
    const std::multiset<std::string> both = {"1 three.c", "2 three.c"};
    EXPECT_EQ((std::multiset<std::string>{next(), next()}), both);
}

class LiveQueryOfR1Beta6 : public LiveQuery
{
  protected:
    LiveQueryOfR1Beta6() : LiveQuery(HK_R1BETA6) {}

    Message message()
    {
        return hk::next_message(team, port, 0x51555044);
    }
};

TEST_F(LiveQueryOfR1Beta6, TellsOfEachAttributeAndOfMoves)
{
    enum { WATCH_ALL = 4 };

    open("name==three*", LIVE | WATCH_ALL);
    shared.root.write("b/three.c", "longer");
    std::set<std::string> attributes = {message()["attr"], message()["attr"]};
    EXPECT_EQ(attributes, (std::set<std::string>{"size", "last_modified"}));
    move("b/three.c", "a/three.h");
    Message moved = message();
    EXPECT_EQ(moved["opcode"], "3");
    EXPECT_EQ(moved["from name"], "three.c");
    EXPECT_EQ(moved["name"], "three.h");
    EXPECT_NE(moved["from directory"], moved["to directory"]);
    move("a/three.h", "a/four");
    EXPECT_EQ(message()["opcode"], "2");
    if (setxattr(at("a/four").c_str(), "user.haiku.x", "RTSC", 4, 0) != 0)
        GTEST_SKIP() << "no attributes on this file system";
    move("a/four", "a/three");
    EXPECT_EQ(message()["opcode"], "1");
    removexattr(at("a/three").c_str(), "user.haiku.x");
    Message removed = message();
    EXPECT_EQ(removed["opcode"], "5");
    EXPECT_EQ(removed["attr"], "x");
    EXPECT_EQ(removed["cause"], "2");
}

// Without a port it is a query like any other.
TEST_F(LiveQuery, NeedsAPort)
{
    EXPECT_GE(team.call("open_query", 3, "name==*.txt", 11, LIVE, -1, 0), 0);
}

} // namespace
