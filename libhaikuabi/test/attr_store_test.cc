// attr_store_test.cc -- attributes that the host's files cannot keep.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/messages.h"
#include "libhaikuabi/test/shared_teams.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <memory>
#include <sched.h>
#include <set>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/attr_store.h"

// Whether the host's file system has extended attributes.
static bool has_attributes = true;

ssize_t __real_getxattr(const char *, const char *, void *, size_t);
ssize_t __real_listxattr(const char *, char *, size_t);
int __real_removexattr(const char *, const char *);
int __real_setxattr(const char *, const char *, const void *, size_t, int);

ssize_t __wrap_getxattr(const char *path, const char *name, void *value,
                        size_t size)
{
    if (has_attributes)
        return __real_getxattr(path, name, value, size);
    errno = EOPNOTSUPP;
    return -1;
}

ssize_t __wrap_listxattr(const char *path, char *list, size_t size)
{
    if (has_attributes)
        return __real_listxattr(path, list, size);
    errno = EOPNOTSUPP;
    return -1;
}

int __wrap_removexattr(const char *path, const char *name)
{
    if (has_attributes)
        return __real_removexattr(path, name);
    errno = EOPNOTSUPP;
    return -1;
}

int __wrap_setxattr(const char *path, const char *name, const void *value,
                    size_t size, int flags)
{
    if (has_attributes)
        return __real_setxattr(path, name, value, size, flags);
    errno = EOPNOTSUPP;
    return -1;
}
}

namespace
{

using hk::Address;

enum { ICON = 0x56494349, TEXT = 0x43535452, BIG = 100 * 1024 };
enum { NOTRAVERSE = 0x2000 };

class AttrStore : public testing::TestWithParam<bool>
{
  protected:
    AttrStore()
    {
        has_attributes = GetParam();
        root.write("file", "text");
        begin();
    }
    ~AttrStore() override
    {
        has_attributes = true;
    }
    void begin()
    {
        store = elsewhere.at("deep/attributes");
        hk_config config = hk::make_config(root.path.c_str());
        config.attributes_directory = store.c_str();
        team = std::make_unique<hk::Team>(config);
    }
    int open(const std::string &path, int flags = 0)
    {
        int fd = static_cast<int>(team->call("open", -1, path, flags, 0));
        EXPECT_GE(fd, 0) << path;
        return fd;
    }
    int64_t write(const std::string &path, const std::string &name,
                  const std::string &value, int type = TEXT, int flags = 0)
    {
        int fd = open(path, flags);
        Address bytes = team->room(static_cast<uint32_t>(value.size()) + 1);
        std::memcpy(harness_host(team->harness, bytes.value), value.data(),
                    value.size());
        int64_t result = team->call("write_attr", fd, name, type, int64_t{0},
                                    bytes, static_cast<int>(value.size()));
        team->call("close", fd);
        return result;
    }
    std::string read(const std::string &path, const std::string &name,
                     uint32_t *type = nullptr, int flags = 0)
    {
        int fd = open(path, flags);
        Address info = team->room(12);
        int64_t result = team->call("stat_attr", fd, name, info);
        std::string value;
        if (result == HK_B_OK) {
            auto size = static_cast<uint32_t>(team->get<int64_t>(info, 4));
            Address bytes = team->room(size + 1);
            if (type != nullptr)
                *type = team->get<uint32_t>(info);
            EXPECT_EQ(team->call("read_attr", fd, name, int64_t{0}, bytes,
                                 static_cast<int>(size)),
                      size);
            value.assign(reinterpret_cast<char *>(
                             harness_host(team->harness, bytes.value)),
                         size);
        } else {
            value = result == HK_B_ENTRY_NOT_FOUND ? "none" : "error";
        }
        team->call("close", fd);
        return value;
    }
    int64_t set_mode(const std::string &path, uint32_t mode)
    {
        enum { MODE = 1 };
        Address stat = team->room(88);

        team->set(stat, 12, mode);
        return team->call("write_stat", -1, path, 0, stat, 88, int{MODE});
    }
    uint32_t mode_of(const std::string &path)
    {
        Address stat = team->room(88);

        EXPECT_EQ(team->call("read_stat", -1, path, 0, stat, 88), HK_B_OK);
        return team->get<uint32_t>(stat, 12);
    }
    std::set<std::string> list(const std::string &path, int traverse = 1)
    {
        int fd =
            static_cast<int>(team->call("open_attr_dir", -1, path, traverse));
        Address entries = team->room(4096);
        std::set<std::string> names;
        int64_t count;
        EXPECT_GE(fd, 0);
        while ((count = team->call("read_dir", fd, entries, 4096, 100)) > 0)
            for (uint32_t at = 0; count > 0; count--) {
                names.insert(team->text({entries.value + at + 26}));
                at += team->get<uint16_t>(entries, at + 24);
            }
        team->call("close", fd);
        return names;
    }
    int64_t remove(const std::string &path, const std::string &name)
    {
        int fd = open(path);
        int64_t result = team->call("remove_attr", fd, name);
        team->call("close", fd);
        return result;
    }
    // How many files and directories the store has.
    size_t kept() const
    {
        size_t count = 0;
        if (std::filesystem::exists(store))
            for (const auto &entry :
                 std::filesystem::recursive_directory_iterator(store)) {
                (void)entry;
                count++;
            }
        return count;
    }

    hk::Directory root, elsewhere;
    std::string store;
    std::unique_ptr<hk::Team> team;
};

INSTANTIATE_TEST_SUITE_P(With, AttrStore, testing::Values(true));
INSTANTIATE_TEST_SUITE_P(Without, AttrStore, testing::Values(false));

TEST_P(AttrStore, KeepsWhatIsBigWithItsType)
{
    const std::string icon(BIG, 'i'), bigger(3 << 20, 'b');
    uint32_t type = 0;

    EXPECT_EQ(write("/file", "BEOS:ICON", icon, ICON), BIG);
    EXPECT_EQ(write("/file", "BEOS:TYPE", "text/plain"), 10);
    EXPECT_EQ(read("/file", "BEOS:ICON", &type), icon);
    EXPECT_EQ(type, uint32_t{ICON});
    EXPECT_EQ(read("/file", "BEOS:TYPE"), "text/plain");
    EXPECT_EQ(list("/file"), (std::set<std::string>{"BEOS:ICON", "BEOS:TYPE"}));
    EXPECT_EQ(write("/file", "BEOS:ICON", bigger, ICON), bigger.size());
    begin();
    EXPECT_EQ(read("/file", "BEOS:ICON"), bigger);
    // Nothing is left in the directory of the file.
    size_t entries = 0;
    for (const auto &entry : std::filesystem::directory_iterator(root.path)) {
        EXPECT_EQ(entry.path().filename(), "file");
        entries++;
    }
    EXPECT_EQ(entries, 1u);
}

TEST_P(AttrStore, HasOneValueWhateverItsSize)
{
    const std::string big(BIG, 'i');

    EXPECT_EQ(write("/file", "a", "small"), 5);
    EXPECT_EQ(write("/file", "a", big), BIG);
    EXPECT_EQ(read("/file", "a"), big);
    EXPECT_EQ(list("/file").size(), 1u);
    EXPECT_EQ(write("/file", "a", "again"), 5);
    EXPECT_EQ(read("/file", "a"), "again");
    EXPECT_EQ(list("/file").size(), 1u);
    EXPECT_EQ(write("/file", "a", big), BIG);
    EXPECT_EQ(remove("/file", "a"), HK_B_OK);
    EXPECT_EQ(read("/file", "a"), "none");
    EXPECT_EQ(remove("/file", "a"), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(kept(), 0u);
}

TEST_P(AttrStore, GrowsAndShrinksInPlace)
{
    int fd = open("/file", 2);
    int attribute = static_cast<int>(
        team->call("open_attr", fd, nullptr, "a", TEXT, 0x200 | 1));
    Address piece = team->room(65536), stat = team->room(88);

    ASSERT_GE(attribute, 0);
    std::memset(harness_host(team->harness, piece.value), 'p', 65536);
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(
            team->call("write", attribute, int64_t{i} * 65536, piece, 65536),
            65536);
    EXPECT_EQ(team->call("write", attribute, int64_t{300000}, piece, 1), 1);
    EXPECT_EQ(read("/file", "a").substr(0, 262144), std::string(262144, 'p'));
    EXPECT_EQ(read("/file", "a").size(), 300001u);
    EXPECT_EQ(read("/file", "a")[299999], '\0');
    team->set<int64_t>(stat, 28, 3);
    EXPECT_EQ(team->call("write_stat", attribute, nullptr, 0, stat, 88, 8),
              HK_B_OK);
    EXPECT_EQ(read("/file", "a"), "ppp");
    EXPECT_EQ(team->call("write", attribute, int64_t{16} << 20, piece, 1),
              HK_B_DEVICE_FULL);
}

TEST_P(AttrStore, GoesWithTheFile)
{
    const std::string big(BIG, 'i');

    EXPECT_EQ(write("/file", "a", big), BIG);
    EXPECT_EQ(team->call("create_link", -1, "/link", -1, "/file", 0), HK_B_OK);
    EXPECT_EQ(read("/link", "a"), big);
    EXPECT_EQ(team->call("rename", -1, "/file", -1, "/renamed"), HK_B_OK);
    EXPECT_EQ(read("/renamed", "a"), big);
    EXPECT_EQ(write("/renamed", "a", big + "more"), BIG + 4);
    EXPECT_EQ(team->call("unlink", -1, "/renamed"), HK_B_OK);
    EXPECT_EQ(read("/link", "a"), big + "more");
    // Others do not inherit them, also when they get the inode's number.
    EXPECT_EQ(team->call("unlink", -1, "/link"), HK_B_OK);
    for (int i = 0; i < 20; i++) {
        root.write("file" + std::to_string(i), "");
        EXPECT_EQ(read("/file" + std::to_string(i), "a"), "none");
    }
}

TEST_P(AttrStore, TakesAnyName)
{
    const std::string big(BIG, 'i'), longest(255, 'n');
    const std::set<std::string> names = {".",        "..",  ".hidden", "a/b",
                                         "per%cent", "%.x", "plain",   longest};

    for (const std::string &name : names)
        EXPECT_EQ(write("/file", name, name + big), name.size() + BIG) << name;
    for (const std::string &name : names)
        EXPECT_EQ(read("/file", name), name + big);
    EXPECT_EQ(list("/file"), names);
}

// The host's have none of the user's, whatever the file system.
TEST_P(AttrStore, KeepsThoseOfSymlinks)
{
    root.link("link", "nowhere");
    EXPECT_EQ(write("/link", "a", "value", TEXT, NOTRAVERSE), 5);
    EXPECT_EQ(read("/link", "a", nullptr, NOTRAVERSE), "value");
}

TEST_P(AttrStore, KeepsModesOfSymlinks)
{
    root.link("link", "nowhere");
    EXPECT_EQ(mode_of("/link"), 0120777u);
    EXPECT_EQ(set_mode("/link", 0777), HK_B_OK);
    EXPECT_EQ(kept(), 0u); // as it was
    EXPECT_EQ(set_mode("/link", 0100640), HK_B_OK);
    EXPECT_EQ(mode_of("/link"), 0120640u);
    EXPECT_EQ(write("/link", "mode", "of a guest", TEXT, NOTRAVERSE), 10);
    EXPECT_EQ(write("/link", ".mode", "another", TEXT, NOTRAVERSE), 7);
    EXPECT_EQ(mode_of("/link"), 0120640u);
    EXPECT_EQ(list("/link", 0), (std::set<std::string>{"mode", ".mode"}));
    EXPECT_EQ(team->call("rename", -1, "/link", -1, "/moved"), HK_B_OK);
    EXPECT_EQ(team->call("create_link", -1, "/link", -1, "/moved", 0), HK_B_OK);
    EXPECT_EQ(team->call("unlink", -1, "/moved"), HK_B_OK);
    begin();
    EXPECT_EQ(mode_of("/link"), 0120640u);
    root.link("other", "nowhere");
    EXPECT_EQ(mode_of("/other"), 0120777u);
    EXPECT_EQ(set_mode("/link", 0777), HK_B_OK);
    EXPECT_EQ(mode_of("/link"), 0120777u);
    EXPECT_EQ(set_mode("/link", 0), HK_B_OK);
    EXPECT_EQ(mode_of("/link"), 0120000u);
    EXPECT_EQ(team->call("unlink", -1, "/link"), HK_B_OK);
    EXPECT_EQ(kept(), 0u);
}

// By the entry, and by a descriptor.
TEST_P(AttrStore, KeepsTimesOfCreationOfWhatIsNoFile)
{
    enum { CREATION_TIME = 0x40 };
    Address stat = team->room(88);

    root.link("link", "nowhere");
    ASSERT_EQ(::mkfifo(root.at("fifo").c_str(), 0600), 0);
    EXPECT_EQ(set_mode("/link", 0700), HK_B_OK);
    for (const char *path : {"/link", "/fifo"}) {
        team->set(stat, 68, 1000);
        team->set(stat, 72, 5);
        EXPECT_EQ(
            team->call("write_stat", -1, path, 0, stat, 88, int{CREATION_TIME}),
            HK_B_OK);
        EXPECT_EQ(team->call("read_stat", -1, path, 0, stat, 88), HK_B_OK);
        EXPECT_EQ(team->get<int32_t>(stat, 68), 1000) << path;
        EXPECT_EQ(team->get<int32_t>(stat, 72), 5) << path;
    }
    team->set(stat, 68, 0);
    int link = open("/link", NOTRAVERSE);
    EXPECT_EQ(team->call("read_stat", link, nullptr, 0, stat, 88), HK_B_OK);
    EXPECT_EQ(team->get<int32_t>(stat, 68), 1000);
    EXPECT_EQ(team->get<uint32_t>(stat, 12), 0120700u);
    EXPECT_EQ(team->get<uint32_t>(stat, 12), mode_of("/link"));
}

// A store that comes is seen at once by who has forked from its maker, also
// when there was none a moment ago.
TEST_P(AttrStore, IsSeenByForksWhenItComes)
{
    root.link("link", "nowhere");
    EXPECT_EQ(mode_of("/link"), 0120777u);
    pid_t child = ::fork();
    if (child == 0)
        ::_exit(set_mode("/link", 0700) == HK_B_OK ? 0 : 1);
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(mode_of("/link"), 0120700u);
}

TEST_P(AttrStore, NeedsADirectory)
{
    const hk_config config = hk::make_config(root.path.c_str());

    team = std::make_unique<hk::Team>(config);
    EXPECT_EQ(write("/file", "a", std::string(BIG, 'i')),
              GetParam() ? HK_B_DEVICE_FULL : HK_B_UNSUPPORTED);
}

// Whoever is killed leaves the old value or the new one.
TEST_P(AttrStore, IsNeverTorn)
{
    const std::string values[] = {"small", std::string(BIG, 'i'),
                                  std::string(BIG / 2, 'h')};
    std::set<std::string> good(values, values + 3);

    ASSERT_EQ(write("/file", "a", values[0]), 5);
    for (int round = 0; round < 100; round++) {
        pid_t child = ::fork();
        if (child == 0)
            for (int i = 0;; i++)
                write("/file", "a", values[i % 3]);
        ::usleep(static_cast<useconds_t>(round * 37 % 1000));
        ::kill(child, SIGKILL);
        ASSERT_EQ(::waitpid(child, nullptr, 0), child);
        EXPECT_EQ(good.count(read("/file", "a")), 1u);
    }
    EXPECT_EQ(remove("/file", "a"), HK_B_OK);
    EXPECT_EQ(read("/file", "a"), "none");
}

TEST_P(AttrStore, IsFoundByQueries)
{
    enum { NON_INDEXED = 2 };
    const std::string query = "(big==iii*)";
    Address entries = team->room(4096);

    EXPECT_EQ(write("/file", "big", std::string(BIG, 'i')), BIG);
    int fd = static_cast<int>(team->call("open_query", 3, query,
                                         static_cast<int>(query.size()),
                                         NON_INDEXED, -1, 0));
    ASSERT_GE(fd, 0);
    EXPECT_EQ(team->call("read_dir", fd, entries, 4096, 10), 1);
}

TEST_P(AttrStore, TellsNodeMonitors)
{
    enum { WATCH_ATTR = 4, NODE_MONITOR = 0x4e444d4e };
    Address stat = team->room(88);
    int port = static_cast<int>(team->call("create_port", 50, "changes"));

    EXPECT_EQ(team->call("read_stat", -1, "/", 1, stat, 88), HK_B_OK);
    EXPECT_EQ(team->call("read_stat", -1, "/file", 1, stat, 88), HK_B_OK);
    ASSERT_EQ(team->call("start_watching", team->get<int32_t>(stat),
                         team->get<int64_t>(stat, 4), int{WATCH_ATTR}, port, 7),
              HK_B_OK);
    EXPECT_EQ(write("/file", "a", std::string(BIG, 'i')), BIG);
    EXPECT_EQ(hk::next_message(*team, port, NODE_MONITOR)["attr"], "a");
    EXPECT_EQ(remove("/file", "a"), HK_B_OK);
    hk::Message message = hk::next_message(*team, port, NODE_MONITOR);
    EXPECT_EQ(message["attr"], "a");
    EXPECT_EQ(message["cause"], "2");
}

TEST_P(AttrStore, TellsNodeMonitorsOfSymlinks)
{
    enum { WATCH_STAT = 2, WATCH_ATTR = 4, NODE_MONITOR = 0x4e444d4e };
    Address stat = team->room(88);
    int port = static_cast<int>(team->call("create_port", 50, "changes"));

    root.link("link", "nowhere");
    EXPECT_EQ(team->call("read_stat", -1, "/", 1, stat, 88), HK_B_OK);
    EXPECT_EQ(team->call("read_stat", -1, "/link", 0, stat, 88), HK_B_OK);
    ASSERT_EQ(team->call("start_watching", team->get<int32_t>(stat),
                         team->get<int64_t>(stat, 4), WATCH_STAT | WATCH_ATTR,
                         port, 7),
              HK_B_OK);
    EXPECT_EQ(set_mode("/link", 0700), HK_B_OK);
    EXPECT_EQ(hk::next_message(*team, port, NODE_MONITOR)["fields"],
              std::to_string(0x81)); // mode and time of change
    EXPECT_EQ(write("/link", "a", "value", TEXT, NOTRAVERSE), 5);
    EXPECT_EQ(hk::next_message(*team, port, NODE_MONITOR)["attr"], "a");
}

TEST_P(AttrStore, DropsWhatItKeepsForAName)
{
    EXPECT_EQ(write("/file", "a", std::string(BIG, 'i')), BIG);
    hk_attr_store *opened;
    ASSERT_EQ(hk_attr_store_new(store.c_str(), &opened), 0);
    int file = ::open(root.at("file").c_str(), O_PATH | O_CLOEXEC);
    char key[HK_ATTR_KEY_SIZE];
    std::set<std::string> keys;
    auto visit = [](void *context, const char *name) {
        static_cast<std::set<std::string> *>(context)->insert(name);
        return 0;
    };

    ASSERT_EQ(hk_attr_store_key(file, key), 0);
    ASSERT_EQ(hk_attr_store_visit(opened, visit, &keys), 0);
    EXPECT_EQ(keys, std::set<std::string>{key});
    uint64_t freed = 0;
    EXPECT_EQ(hk_attr_store_drop(opened, key, &freed), 0);
    EXPECT_GE(freed, uint64_t{BIG});
    EXPECT_EQ(read("/file", "a"), "none");
    EXPECT_EQ(kept(), 0u);
    ::close(file);
    hk_attr_store_free(opened);
}

// Removed, replaced, and the directory, too; not while there is another name.
TEST_P(AttrStore, DropsWhatItKeepsWithTheLastName)
{
    const std::string big(BIG, 'i');

    root.make("dir");
    EXPECT_EQ(write("/file", "a", big), BIG);
    EXPECT_EQ(write("/dir", "a", big), BIG);
    EXPECT_EQ(team->call("create_link", -1, "/link", -1, "/file", 0), HK_B_OK);
    EXPECT_EQ(team->call("unlink", -1, "/file"), HK_B_OK);
    EXPECT_EQ(team->call("remove_dir", -1, "/dir"), HK_B_OK);
    EXPECT_EQ(kept(), 2u); // a directory, and what is in it
    EXPECT_EQ(read("/link", "a"), big);
    root.write("new", "");
    EXPECT_EQ(write("/new", "a", "n" + big), BIG + 1);
    EXPECT_EQ(kept(), 4u);
    EXPECT_EQ(team->call("rename", -1, "/new", -1, "/link"), HK_B_OK);
    EXPECT_EQ(kept(), 2u);
    EXPECT_EQ(read("/link", "a"), "n" + big);
    // Moved onto itself, or onto what cannot be replaced, nothing is lost.
    EXPECT_EQ(team->call("rename", -1, "/link", -1, "/link"), HK_B_OK);
    EXPECT_EQ(read("/link", "a"), "n" + big);
    EXPECT_EQ(team->call("unlink", -1, "/link"), HK_B_OK);
    EXPECT_EQ(kept(), 0u);
}

TEST_P(AttrStore, DropsWhatItKeepsRightAfterThereWasNoStore)
{
    root.write("other", "");
    EXPECT_EQ(team->call("unlink", -1, "/other"), HK_B_OK);
    EXPECT_EQ(write("/file", "a", std::string(BIG, 'i')), BIG);
    EXPECT_EQ(kept(), 2u);
    EXPECT_EQ(team->call("unlink", -1, "/file"), HK_B_OK);
    EXPECT_EQ(kept(), 0u);
}

// What is known of a store that has not changed for long is right.
TEST_P(AttrStore, DropsWhatItKeepsBehindManyOthers)
{
    const timespec long_ago[2] = {{1000000000, 0}, {1000000000, 0}};

    EXPECT_EQ(write("/file", "a", std::string(BIG, 'i')), BIG);
    EXPECT_EQ(::utimensat(AT_FDCWD, store.c_str(), long_ago, 0), 0);
    for (int i = 0; i < 200; i++) {
        root.write("other", "");
        EXPECT_EQ(team->call("unlink", -1, "/other"), HK_B_OK);
    }
    EXPECT_EQ(kept(), 2u);
    EXPECT_EQ(team->call("unlink", -1, "/file"), HK_B_OK);
    EXPECT_EQ(kept(), 0u);
}

// A file system that really has none.
TEST(AttrStoreOnRamfs, KeepsAttributes)
{
    hk::Directory root, elsewhere;
    int status = -1;
    pid_t child = ::fork();

    if (child == 0) {
        if (!hk::enter_namespace() ||
            ::mount("none", root.path.c_str(), "ramfs", 0, nullptr) != 0)
            ::_exit(77);
        root.write("file", "text");
        std::string store = elsewhere.at("attributes");
        hk_config config = hk::make_config(root.path.c_str());
        config.attributes_directory = store.c_str();
        hk::Team team(config);
        int fd = static_cast<int>(team.call("open", -1, "/file", 2, 0));
        Address bytes = team.room(16);
        bool is_good =
            team.call("write_attr", fd, "a", TEXT, int64_t{0}, "value", 5) ==
                5 &&
            team.call("rename", -1, "/file", -1, "/new") == HK_B_OK &&
            team.call("read_attr", fd, "a", int64_t{0}, bytes, 16) == 5 &&
            team.text(bytes) == "value";
        ::_exit(is_good ? 0 : 1);
    }
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        GTEST_SKIP() << "no file system may be mounted here";
    EXPECT_EQ(status, 0);
}

} // namespace
