// root_kill_test.cc -- processes killed while they change a root.
// root_kill_test [ROUNDS]: half as many processes are killed in each test.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/root_case.h"

#include <signal.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <functional>
#include <random>

namespace
{

using namespace hk;

constexpr int WRONLY = 1, RDWR = 2, CREAT = 0x200, TRUNC = 0x400;
int rounds = 100; // of each test

class RootKill : public RootCase
{
  protected:
    // Runs something in a process of its own and kills it at a random moment
    // of the time that it takes. Whether it was killed.
    bool kill_in(
        const std::function<void()> &run,
        const std::function<void()> &afterwards = [] {})
    {
        team.reset();
        hk_root_close(root);
        root = nullptr;
        pid_t child = fork();
        if (child == 0) {
            run();
            _exit(0);
        }
        usleep(random() % longest);
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        bool was_killed = WIFSIGNALED(status);
        // Half of the processes are to be killed.
        longest =
            was_killed ? longest + longest / 16 + 1 : longest * 15 / 16 + 1;
        killed += was_killed;
        EXPECT_TRUE(was_killed || WEXITSTATUS(status) == 0)
            << WEXITSTATUS(status);
        afterwards();
        EXPECT_EQ(reopen(), 0) << fault.text;
        return was_killed;
    }
    void TearDown() override
    {
        EXPECT_GT(killed, rounds / 4);
        RecordProperty("killed", killed);
    }

    // A packaged file, read as the guest would.
    std::string content(const std::string &name)
    {
        int fd = ::open(file(name).c_str(), O_RDONLY);
        if (fd < 0)
            return strerror(errno);
        EXPECT_EQ(hk_root_fill(root, fd), 0) << name;
        std::string bytes(static_cast<size_t>(stat(name).st_size), '\0');
        EXPECT_EQ(::read(fd, bytes.data(), bytes.size()),
                  static_cast<ssize_t>(bytes.size()));
        close(fd);
        return bytes;
    }
    void expect_metadata(const std::string &name, int64_t mtime, mode_t mode,
                         size_t size)
    {
        struct stat st = stat(name);
        EXPECT_EQ(st.st_mtime, mtime) << name;
        EXPECT_EQ(st.st_mode & 07777, mode) << name;
        EXPECT_EQ(st.st_size, static_cast<off_t>(size)) << name;
    }

    // For a team in a process that is to be killed: the root, opened there.
    hk_config own_layer() const
    {
        hk_root *own;
        if (hk_root_open(path.c_str(), nullptr, &own, nullptr) < 0)
            _exit(9);
        hk_config config = make_config(hk_root_files(own));
        config.layer = own;
        return config;
    }

    std::minstd_rand random{1};
    unsigned longest = 5000; // microseconds
    int killed = 0;
};

std::string name_of(int i)
{
    return "file" + std::to_string(i);
}

// A package of some files, different in each version.
std::string version_of(const std::string &name, unsigned version, int count,
                       size_t size, uint64_t mode = 0444)
{
    std::vector<Node> files;
    for (int i = 0; i < count; i++)
        files.push_back(File(name_of(i),
                             pattern(size + static_cast<size_t>(i), version),
                             version, {Node(HK_PACKAGE_PERMISSIONS, mode)}));
    PackageBuilder made(ZLIB);
    made.toc = {Directory(name, std::move(files))};
    made.info = package_info(name);
    return made.build();
}

int add_to(const std::string &path, const std::string &host_file)
{
    hk_root *root;
    int error = hk_root_open(path.c_str(), nullptr, &root, nullptr);
    if (error < 0)
        return 1;
    const std::string name = host_file.substr(host_file.rfind('/') + 1);
    error = Additions{{name, host_file}}.come(root, nullptr);
    return error < 0 ? 2 : 0;
}

TEST_F(RootKill, ActivationIsDoneOrDoneAgain)
{
    for (unsigned version = 1; version <= 3; version++)
        host.write("one-" + std::to_string(version) + ".hpkg",
                   version_of("one", version, 20, 100));
    ASSERT_EQ(add("two.hpkg", version_of("two", 9, 3, 50)), 0) << fault.text;
    ASSERT_EQ(write("/boot/home/mine", "mine", WRONLY | CREAT), 4);
    ASSERT_EQ(guest().call("unlink", -1, "/boot/system/two/file1"), 0);
    for (int round = 0; round < rounds && !HasFailure(); round++) {
        unsigned version = 1 + random() % 3;
        std::string added = host.at("one-" + std::to_string(version) + ".hpkg");
        // Sometimes the user takes the packages away before anybody has ended
        // what was begun.
        kill_in([&] { _exit(add_to(path, added)); },
                [&] {
                    for (int i = 1; round % 3 == 0 && i <= 3; i++)
                        unlink(file("boot/system/packages/one-" +
                                    std::to_string(i) + ".hpkg")
                                   .c_str());
                });
        EXPECT_EQ(check(), std::vector<std::string>());
        // What is shown is what the packages hold that are there.
        hk_root_package listed;
        unsigned shown = 0;
        for (size_t i = 0; hk_root_list(root, i, &listed); i++) {
            EXPECT_TRUE(listed.is_active);
            unsigned at = 0;
            if (sscanf(listed.file_name, "one-%u.hpkg", &at) == 1 && at > shown)
                shown = at;
        }
        for (int i = 0; i < 20; i++) {
            std::string name = "boot/system/one/" + name_of(i);
            EXPECT_EQ(has(name), shown != 0) << name;
            if (shown == 0)
                continue;
            size_t size = 100 + static_cast<size_t>(i);
            expect_metadata(name, shown, 0444, size);
            EXPECT_EQ(content(name), pattern(size, shown)) << name;
            expect_metadata(name, shown, 0444, size);
        }
        EXPECT_EQ(content("boot/home/mine"), "mine");
        EXPECT_EQ(content("boot/system/two/file0"), pattern(50, 9));
        EXPECT_FALSE(has("boot/system/two/file1"));
    }
}

// In a file of the same name, so that one gives way for the other.
TEST_F(RootKill, APackageIsReplacedOrNot)
{
    for (unsigned version = 1; version <= 3; version++)
        host.write("v" + std::to_string(version) + "/one.hpkg",
                   version_of("one", version, 20, 100));
    ASSERT_EQ(add("one.hpkg", version_of("one", 1, 20, 100)), 0) << fault.text;
    unsigned shown = 1;
    for (int round = 0; round < rounds && !HasFailure(); round++) {
        unsigned version = 1 + random() % 3;
        std::string added =
            host.at("v" + std::to_string(version) + "/one.hpkg");
        kill_in([&] { _exit(add_to(path, added)); });
        EXPECT_EQ(check(), std::vector<std::string>());
        ASSERT_TRUE(has("boot/system/packages/one.hpkg"));
        int64_t now = stat("boot/system/one/file0").st_mtime;
        EXPECT_TRUE(now == shown || now == version) << now;
        shown = static_cast<unsigned>(now);
        for (int i = 0; i < 20; i++) {
            std::string name = "boot/system/one/" + name_of(i);
            size_t size = 100 + static_cast<size_t>(i);
            EXPECT_EQ(content(name), pattern(size, shown)) << name;
            expect_metadata(name, shown, 0444, size);
        }
        EXPECT_FALSE(std::filesystem::exists(path + "/state/replaced"));
    }
}

// Files of it that a guest has moved or written to are the guest's, whatever
// becomes of the package; trim takes no content that is needed.
TEST_F(RootKill, RemovalIsDoneOrDoneAgain)
{
    const std::string two = version_of("two", 5, 30, 3000, 0600);
    ASSERT_EQ(add("one.hpkg", version_of("one", 4, 3, 3000)), 0) << fault.text;
    ASSERT_EQ(add("two.hpkg", two), 0) << fault.text;
    ASSERT_EQ(guest().call("rename", -1, "/boot/system/two/file0", -1,
                           "/boot/system/moved"),
              0);
    ASSERT_EQ(write("/boot/system/two/file1", "own", WRONLY | TRUNC), 3);
    longest = 3000;
    for (int round = 0; round < rounds && !HasFailure(); round++) {
        const bool is_trim = round % 4 == 3;
        for (int i = 2; i < 10; i++)
            if (has("boot/system/two/" + name_of(i)))
                content("boot/system/two/" + name_of(i));
        kill_in([&] {
            hk_root *own;
            const char *name = "two";
            uint64_t freed;
            if (hk_root_open(path.c_str(), nullptr, &own, nullptr) < 0)
                _exit(1);
            if (is_trim ? hk_root_trim(own, &freed, nullptr) != 0
                        : hk_root_remove(own, &name, 1, nullptr) != 0)
                _exit(2);
        });
        EXPECT_EQ(check(), std::vector<std::string>());
        const bool is_there = has("boot/system/packages/two.hpkg");
        EXPECT_TRUE(is_there || !is_trim);
        for (int i = 2; i < 30; i++) {
            std::string name = "boot/system/two/" + name_of(i);
            EXPECT_EQ(has(name), is_there) << name;
            if (is_there && i > 5) {
                EXPECT_EQ(content(name),
                          pattern(3000 + static_cast<size_t>(i), 5));
            }
        }
        EXPECT_FALSE(has("boot/system/two/file0"));
        EXPECT_EQ(content("boot/system/moved"), pattern(3000, 5));
        EXPECT_EQ(content("boot/system/two/file1"), "own");
        EXPECT_EQ(content("boot/system/one/file1"), pattern(3001, 4));
        if (!is_there) {
            ASSERT_EQ(add("two.hpkg", two), 0) << fault.text;
            if (has("boot/system/two/file0")) // the package is another one
                unlink(file("boot/system/two/file0").c_str());
        }
    }
}

TEST_F(RootKill, ContentIsPendingOrWhole)
{
    constexpr int FILES = 40;
    constexpr size_t SIZE = 150000;
    std::string bytes = version_of("big", 7, FILES, SIZE);
    int round = 0;
    while (round < rounds && !HasFailure()) {
        ASSERT_EQ(add("big.hpkg", bytes), 0) << fault.text;
        // Until every file has its content.
        bool was_killed = true;
        for (; was_killed && round < rounds; round++) {
            was_killed = kill_in([&] {
                hk_root *own;
                if (hk_root_open(path.c_str(), nullptr, &own, nullptr) < 0)
                    _exit(1);
                for (int i = 0; i < FILES; i++) {
                    int fd =
                        ::open(file("boot/system/big/" + name_of(i)).c_str(),
                               O_RDONLY);
                    if (fd < 0 || hk_root_fill(own, fd) != 0)
                        _exit(2);
                    close(fd);
                }
            });
            EXPECT_EQ(check(), std::vector<std::string>());
            for (int i = 0; i < FILES; i++)
                expect_metadata("boot/system/big/" + name_of(i), 7, 0444,
                                SIZE + static_cast<size_t>(i));
        }
        for (int i = 0; i < FILES; i++)
            EXPECT_EQ(content("boot/system/big/" + name_of(i)),
                      pattern(SIZE + static_cast<size_t>(i), 7))
                << i;
    }
}

TEST_F(RootKill, PiecesAreThereOrCome)
{
    constexpr size_t SIZE = 5000000;
    const std::string all = pattern(SIZE, 7);
    ASSERT_EQ(add("big.hpkg", version_of("big", 7, 1, SIZE)), 0) << fault.text;
    for (int round = 0; round < rounds && !HasFailure(); round++) {
        if (round % 4 == 0) {
            uint64_t freed = 0;
            ASSERT_EQ(hk_root_trim(root, &freed, &fault), 0) << fault.text;
        }
        kill_in([&] {
            Team reader(own_layer());
            Address buffer = reader.room(4096);
            for (unsigned i = 0; i < 100; i++) {
                size_t at = (static_cast<size_t>(round) * 7 + i * 5) * 262144 %
                            (SIZE - 4096);
                int fd = static_cast<int>(
                    reader.call("open", -1, "/boot/system/big/file0", 0, 0));
                if (reader.call("read", fd, static_cast<int64_t>(at), buffer,
                                4096) != 4096 ||
                    reader.bytes(buffer, 4096) != all.substr(at, 4096))
                    _exit(2);
                reader.call("close", fd);
            }
        });
        EXPECT_EQ(check(), std::vector<std::string>());
        expect_metadata("boot/system/big/file0", 7, 0444, SIZE);
    }
    EXPECT_EQ(content("boot/system/big/file0"), all);
}

// What a guest does: replaces a packaged file by a rename, writes into one,
// gives one an attribute, moves one and a directory to and fro.
void use_layer(Team &team, int round)
{
    const std::string text = pattern(5000, 100 + round % 7);
    auto open = [&](const char *name, int mode) {
        return static_cast<int>(team.call("open", -1, name, mode, 0644));
    };
    int fd = open("/boot/system/one/new", WRONLY | CREAT | TRUNC);
    if (fd < 0 || team.call("write", fd, INT64_C(-1), text,
                            static_cast<int>(text.size())) !=
                      static_cast<int64_t>(text.size()))
        _exit(1);
    team.call("close", fd);
    if (team.call("rename", -1, "/boot/system/one/new", -1,
                  "/boot/system/one/file0") != 0)
        _exit(2);
    fd = open("/boot/system/one/file1", RDWR);
    if (fd < 0 || team.call("write", fd, INT64_C(3000), "changed", 7) != 7)
        _exit(3);
    team.call("close", fd);
    fd = open("/boot/system/one/file2", RDWR);
    std::string value = "round " + std::to_string(round % 7);
    int attribute = static_cast<int>(team.call(
        "open_attr", fd, nullptr, "META:round", 0x43535452, RDWR | CREAT));
    if (attribute < 0 || team.call("write", attribute, INT64_C(0), value,
                                   static_cast<int>(value.size())) < 0)
        _exit(4);
    team.call("close", attribute);
    team.call("close", fd);
    team.call("rename", -1, "/boot/system/one/file3", -1, "/boot/system/moved");
    team.call("rename", -1, "/boot/system/moved", -1, "/boot/system/one/file3");
    team.call("rename", -1, "/boot/system/two", -1, "/boot/system/other");
    team.call("rename", -1, "/boot/system/other", -1, "/boot/system/two");
}

// Some of them more than the host's files keep.
TEST_F(RootKill, AttributesAreOldOrNew)
{
    const std::string values[] = {"small", pattern(20000, 1),
                                  pattern(100000, 2)};

    ASSERT_EQ(add("one.hpkg", version_of("one", 5, 1, 5000, 0600)), 0)
        << fault.text;
    for (int round = 0; round < rounds && !HasFailure(); round++) {
        kill_in([&] {
            Team killed(own_layer());
            int fd = static_cast<int>(
                killed.call("open", -1, "/boot/system/one/file0", RDWR, 0));
            for (int i = 0; i < 6; i++) {
                const std::string &value = values[i % 3];
                if (killed.call("write_attr", fd, "META:value", 0x43535452,
                                INT64_C(0), value,
                                static_cast<int>(value.size())) < 0)
                    _exit(1);
            }
        });
        EXPECT_EQ(check(), std::vector<std::string>());
        int fd = open("/boot/system/one/file0");
        Address bytes = guest().room(200000);
        int64_t size = guest().call("read_attr", fd, "META:value", INT64_C(0),
                                    bytes, 200000);
        guest().call("close", fd);
        if (size == HK_B_ENTRY_NOT_FOUND)
            continue; // killed before the first one
        ASSERT_GE(size, 0);
        std::string value = guest().bytes(bytes, static_cast<size_t>(size));
        EXPECT_TRUE(value == values[0] || value == values[1] ||
                    value == values[2])
            << value.size();
    }
    EXPECT_EQ(content("boot/system/one/file0"), pattern(5000, 5));
}

// Of a packaged one, while the guest gives it others.
TEST_F(RootKill, ModesOfSymlinksAreOldOrNew)
{
    enum { MODE = 1, AT = 12 };
    PackageBuilder made(ZLIB);
    made.toc = {Link("link", "file", {Node(HK_PACKAGE_PERMISSIONS, 0750)})};
    made.info = package_info("one");

    ASSERT_EQ(add("one.hpkg", made.build()), 0) << fault.text;
    for (int round = 0; round < rounds && !HasFailure(); round++) {
        kill_in([&] {
            Team killed(own_layer());
            Address stat = killed.room(88);
            for (uint32_t mode : {0700u, 0777u, 0640u, 0777u, 0750u}) {
                killed.set(stat, AT, mode);
                if (killed.call("write_stat", -1, "/boot/system/link", 0, stat,
                                88, int{MODE}) != 0)
                    _exit(1);
            }
        });
        EXPECT_EQ(check(), std::vector<std::string>());
        Address stat = guest().room(88);
        EXPECT_EQ(
            guest().call("read_stat", -1, "/boot/system/link", 0, stat, 88), 0);
        uint32_t mode = guest().get<uint32_t>(stat, AT);
        EXPECT_TRUE(mode == 0120750 || mode == 0120700 || mode == 0120640 ||
                    mode == 0120777)
            << mode;
    }
}

// Over each other, into other directories and back: of a packaged file that
// nobody has read, one that was written to, and a directory.
TEST_F(RootKill, RenamesLeaveOneName)
{
    const char *const places[] = {"/boot/system/one/", "/boot/system/",
                                  "/boot/system/two/"};

    ASSERT_EQ(add("one.hpkg", version_of("one", 5, 3, 5000, 0600)), 0)
        << fault.text;
    ASSERT_EQ(add("two.hpkg", version_of("two", 6, 1, 100)), 0) << fault.text;
    ASSERT_EQ(write("/boot/system/one/file1", pattern(700, 3), WRONLY | TRUNC),
              700);
    ASSERT_EQ(write("/boot/home/old", "old", WRONLY | CREAT), 3);
    ASSERT_EQ(guest().call("create_dir", -1, "/boot/system/moved", 0755), 0);
    for (int round = 0; round < rounds && !HasFailure(); round++) {
        kill_in([&] {
            Team killed_team(own_layer());
            for (int i = 0; i < 60; i++)
                for (const char *name : {"file0", "file1", "moved"}) {
                    std::string from = places[i % 3], to = places[(i + 1) % 3];
                    killed_team.call("rename", -1, from + name, -1, to + name);
                }
            killed_team.call("rename", -1, "/boot/home/old", -1, "/boot/new");
        });
        EXPECT_EQ(check(), std::vector<std::string>());
        const std::pair<std::string, std::string> files[] = {
            {"file1", pattern(700, 3)}, {"file0", pattern(5000, 5)}};
        for (const auto &[name, bytes] : files) {
            int found = 0;
            for (std::string place : places)
                if (has(place.substr(1) + name) &&
                    stat(place.substr(1) + name).st_size ==
                        static_cast<off_t>(bytes.size())) {
                    found++;
                    EXPECT_EQ(content(place.substr(1) + name), bytes);
                }
            EXPECT_EQ(found, 1) << name;
        }
        int directories = 0;
        for (std::string place : places)
            directories += has(place.substr(1) + "moved");
        EXPECT_EQ(directories, 1);
        EXPECT_NE(has("boot/new"), has("boot/home/old"));
        EXPECT_EQ(content(has("boot/new") ? "boot/new" : "boot/home/old"),
                  "old");
        if (has("boot/new"))
            guest().call("rename", -1, "/boot/new", -1, "/boot/home/old");
    }
}

TEST_F(RootKill, WritesIntoTheLayerLoseNothing)
{
    const std::string one = version_of("one", 5, 5, 5000, 0600);
    const std::string two = version_of("two", 6, 2, 5000, 0400);
    ASSERT_EQ(add("one.hpkg", one), 0) << fault.text;
    ASSERT_EQ(add("two.hpkg", two), 0) << fault.text;
    longest = 20000;
    for (int round = 0; round < rounds && !HasFailure(); round++) {
        kill_in([&] {
            Team killed_team(own_layer());
            use_layer(killed_team, round);
        });
        EXPECT_EQ(check(), std::vector<std::string>());
        std::string first = content("boot/system/one/file0");
        bool is_one = first == pattern(5000, 5);
        for (unsigned i = 0; i < 7; i++)
            is_one |= first == pattern(5000, 100 + i);
        EXPECT_TRUE(is_one);
        std::string second = content("boot/system/one/file1");
        if (second.substr(3000, 7) == "changed")
            second.replace(3000, 7, pattern(5001, 5).substr(3000, 7));
        EXPECT_EQ(second, pattern(5001, 5));
        char value[64] = "";
        ssize_t size = getxattr(file("boot/system/one/file2").c_str(),
                                "user.haiku.META:round", value, sizeof(value));
        if (size > 4) {
            EXPECT_EQ(std::string(value + 4, 6), "round ");
            EXPECT_EQ(size, 4 + 7);
        }
        EXPECT_EQ(content("boot/system/one/file2"), pattern(5002, 5));
        EXPECT_TRUE(has("boot/system/one/file3") != has("boot/system/moved"));
        EXPECT_EQ(content(has("boot/system/moved") ? "boot/system/moved"
                                                   : "boot/system/one/file3"),
                  pattern(5003, 5));
        expect_metadata("boot/system/one/file4", 5, 0600, 5004);
        std::string directory =
            has("boot/system/other") ? "boot/system/other" : "boot/system/two";
        EXPECT_EQ(content(directory + "/file1"), pattern(5001, 6));
        EXPECT_EQ(host.read("root/files/boot/system/packages/one.hpkg"), one);
        EXPECT_EQ(host.read("root/files/boot/system/packages/two.hpkg"), two);
    }
}

} // namespace

int main(int argc, char **argv)
{
    testing::InitGoogleTest(&argc, argv);
    if (argc > 1)
        rounds = std::stoi(argv[1]);
    return RUN_ALL_TESTS();
}
