// vfs_walk_test.cc -- paths, mounts, and attempts to get out of them.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;
using hk::Directory;
using hk::Team;

// Beside the root lie files that the guest must never see.
class Mounts : public testing::Test
{
  protected:
    Mounts()
    {
        host.write("secret", "secret");
        host.write("root/boot/file", "boot file");
        host.write("root/boot/deep/er/file", "deeper");
        host.write("data/shared", "shared");
        host.write("data/sub/file", "sub file");
        host.write("one", "a bound file");
        host.link("root/system", "/boot");
        host.link("root/boot/up", "..");
        start();
    }

    void start(std::vector<hk_bind> more = {})
    {
        root = host.at("root");
        data = host.at("data");
        one = host.at("one");
        binds = {{data.c_str(), "/host/data", 0},
                 {data.c_str(), "/boot/ro", 1},
                 {one.c_str(), "/etc/one", 0}};
        binds.insert(binds.end(), more.begin(), more.end());
        hk_config config = hk::make_config(root.c_str());
        config.binds = binds.data();
        config.bind_count = binds.size();
        team = std::make_unique<Team>(config);
        ASSERT_EQ(team->error, 0);
    }

    int64_t open(const std::string &path, int mode = 0, int dir = -1)
    {
        return team->call("open", dir, path, mode, 0644);
    }

    // What a guest reads from a path, or the name of the error.
    std::string read(const std::string &path, int dir = -1)
    {
        int64_t fd = open(path, 0, dir);
        if (fd < 0)
            return hk_status_name(static_cast<int32_t>(fd));
        Address buffer = team->room(100);
        int64_t count =
            team->call("read", static_cast<int>(fd), INT64_C(0), buffer, 100);
        team->call("close", static_cast<int>(fd));
        if (count < 0)
            return hk_status_name(static_cast<int32_t>(count));
        return team->bytes(buffer, static_cast<size_t>(count));
    }

    std::string normalize(const std::string &path, bool traverse = true)
    {
        Address buffer = team->room(1024);
        int64_t status =
            team->call("normalize_path", path, traverse ? 1 : 0, buffer);
        return status < 0 ? hk_status_name(static_cast<int32_t>(status))
                          : team->text(buffer);
    }

    Directory host;
    std::string root, data, one;
    std::vector<hk_bind> binds;
    std::unique_ptr<Team> team;
};

TEST_F(Mounts, FindsFilesOfTheRootAndOfBinds)
{
    EXPECT_EQ(read("/boot/file"), "boot file");
    EXPECT_EQ(read("//boot///deep/./er/file"), "deeper");
    EXPECT_EQ(read("/boot/deep/../deep/er/../er/file"), "deeper");
    EXPECT_EQ(read("/host/data/shared"), "shared");
    EXPECT_EQ(read("/boot/ro/sub/file"), "sub file");
    EXPECT_EQ(read("/etc/one"), "a bound file");
    EXPECT_EQ(read("/system/file"), "boot file");
    EXPECT_EQ(read("/boot/up/boot/file"), "boot file");
    EXPECT_EQ(read("/boot/up/host/data/shared"), "shared");
    EXPECT_EQ(read("/system/ro/shared"), "shared");
    EXPECT_EQ(read("/boot/ro/../file"), "boot file");
    EXPECT_EQ(read("/host/../boot/file"), "boot file");
    EXPECT_EQ(read("/host/data/sub/../../data/shared"), "shared");
    EXPECT_EQ(read("/dev/null"), "");
}

TEST_F(Mounts, LinksLeadFromTheirOwnDirectory)
{
    host.link("root/boot/deep/down", "er");
    host.link("root/boot/deep/over", "er/../../file");
    host.link("root/boot/deep/er/back", "../down/file");
    host.link("data/sub/across", "../../../boot/deep/down");
    EXPECT_EQ(read("/boot/deep/down/file"), "deeper");
    EXPECT_EQ(read("/boot/deep/over"), "boot file");
    EXPECT_EQ(read("/boot/deep/er/back"), "deeper");
    EXPECT_EQ(read("/boot/deep/down/back"), "deeper");
    EXPECT_EQ(read("/host/data/sub/across/back"), "deeper");
    EXPECT_EQ(normalize("/boot/deep/down/back"), "/boot/deep/er/file");
    Address stat = team->room(88);
    EXPECT_EQ(team->call("read_stat", -1, "/boot/deep/down", 1, stat, 88), 0);
    EXPECT_TRUE(S_ISDIR(team->get<uint32_t>(stat, 12)));
    EXPECT_GE(team->call("open_dir", -1, "/boot/deep/down"), 0);
    EXPECT_EQ(team->call("setcwd", -1, "/system/deep/down"), 0);
    EXPECT_EQ(read("back"), "deeper");
    EXPECT_EQ(read("../over"), "boot file");
}

// The host's kernel may be too old for openat2, or a filter may refuse it.
void refuse_openat2(int error)
{
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K,
                 SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    sock_fprog program = {4, filter};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

TEST_F(Mounts, PathsAreFoundWithoutOpenat2)
{
    host.link("root/dangling", "boot/made");
    for (int error : {ENOSYS, EPERM}) {
        pid_t child = ::fork();
        if (child == 0) {
            refuse_openat2(error);
            EXPECT_EQ(read("/boot/deep/../deep/er/../er/file"), "deeper");
            EXPECT_EQ(read("/system/ro/sub/file"), "sub file");
            EXPECT_EQ(read("/boot/up/host/data/shared"), "shared");
            EXPECT_EQ(read("/etc/one"), "a bound file");
            EXPECT_EQ(read("/none"), "B_ENTRY_NOT_FOUND");
            EXPECT_EQ(read("/boot/file/x"), "B_NOT_A_DIRECTORY");
            EXPECT_NE(read("/boot/up/../../secret"), "secret");
            EXPECT_EQ(open("/dangling", 0x301), HK_B_FILE_EXISTS);
            EXPECT_GE(open("/dangling", 0x201), 0);
            EXPECT_TRUE(host.has("root/boot/made"));
            EXPECT_EQ(normalize("/system/deep/.."), "/boot");
            ::_exit(HasFailure());
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(status, 0) << error;
    }
}

TEST_F(Mounts, SlashesBehindAFileAreNothing)
{
    EXPECT_EQ(read("/boot/file///"), "boot file");
    EXPECT_EQ(read("/boot/file/."), "B_NOT_A_DIRECTORY");
    EXPECT_EQ(read("/boot/file/.."), "B_NOT_A_DIRECTORY");
    EXPECT_EQ(read("/dev/null/.."), "B_NOT_A_DIRECTORY");
    EXPECT_EQ(read("/etc/one/x"), "B_NOT_A_DIRECTORY");
}

TEST_F(Mounts, ErrorsOfPathsAreHaikus)
{
    EXPECT_EQ(read(""), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("/boot/none"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("/none/none"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("/host/none"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("/boot/file/x"), "B_NOT_A_DIRECTORY");
    EXPECT_EQ(read(std::string(1024, 'x')), "B_NAME_TOO_LONG");
    EXPECT_EQ(read("/" + std::string(300, 'x')), "B_NAME_TOO_LONG");
    EXPECT_EQ(team->call("open", -1, nullptr, 0, 0), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team->call("open", -1, Address{0x90000000}, 0, 0),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(read("x", 77), "B_FILE_ERROR");
    host.link("root/loop", "loop");
    EXPECT_EQ(read("/loop"), "B_LINK_LIMIT");
    EXPECT_EQ(read("/loop/x"), "B_LINK_LIMIT");
}

TEST_F(Mounts, SixteenLinksAreTheLimit)
{
    host.link("root/link0", "boot/file");
    for (int i = 1; i <= 16; i++)
        host.link("root/link" + std::to_string(i),
                  "link" + std::to_string(i - 1));
    EXPECT_EQ(read("/link15"), "boot file");
    EXPECT_EQ(read("/link16"), "B_LINK_LIMIT");
}

TEST_F(Mounts, NoPathLeadsOut)
{
    const std::string out = host.path.string();
    const struct {
        const char *name;
        std::string target;
    } links[] = {
        {"absolute", out + "/secret"},
        {"relative", "../secret"},
        {"far", "../../../../../../../../../.." + out + "/secret"},
        {"self", "/proc/self/root" + out + "/secret"},
        {"fd", "/proc/self/fd/0"},
        {"cwd", "/proc/self/cwd"},
        {"passwd", "/etc/passwd"},
        {"dots", ".."},
        {"mixed", "boot/../../secret"},
        {"through", "/host/data/../../../secret"},
    };
    for (const auto &link : links) {
        host.link(std::string("root/") + link.name, link.target);
        host.link(std::string("data/") + link.name, link.target);
    }
    for (const auto &link : links)
        for (const char *from : {"/", "/host/data/", "/boot/ro/"}) {
            std::string path = from + std::string(link.name);
            EXPECT_NE(read(path), "secret") << path;
            EXPECT_NE(read(path + "/secret"), "secret") << path;
            EXPECT_NE(read(path + "/../secret"), "secret") << path;
            EXPECT_EQ(read(path).find("root:"), std::string::npos) << path;
        }
    for (const char *path : {"/../secret",
                             "/../../secret",
                             "/boot/../../secret",
                             "../secret",
                             "/host/data/../secret",
                             "/host/data/../../secret",
                             "/boot/ro/../../../secret",
                             "/host/../../secret",
                             "/etc/one/../secret",
                             "/dev/../../secret",
                             "/boot/up/../secret",
                             "/boot/up/../../secret",
                             "/boot/deep/er/../../../../secret",
                             "/proc/self/root/secret",
                             "/proc/1/root/etc/passwd",
                             "/etc/passwd",
                             "/dev/../etc/passwd",
                             "/./../secret",
                             "//..//secret",
                             "/dev/fd/0/../../../secret",
                             "/dev/mem",
                             "/dev/vda",
                             "/dev/pts/../../etc/passwd"}) {
        EXPECT_NE(read(path), "secret") << path;
        EXPECT_LT(open(path), 0) << path;
    }
    EXPECT_EQ(normalize("/../../boot"), "/boot");
}

TEST_F(Mounts, NoDescriptorLeadsOut)
{
    int boot = static_cast<int>(team->call("open_dir", -1, "/boot"));
    int ro = static_cast<int>(team->call("open_dir", -1, "/host/data/sub"));

    EXPECT_NE(read("../../secret", boot), "secret");
    EXPECT_NE(read("../secret", ro), "secret");
    EXPECT_NE(read("../../secret", ro), "secret");
    EXPECT_EQ(read("../shared", ro), "shared");
    EXPECT_EQ(read("../../../boot/file", ro), "boot file");
    // The standard descriptors and the library's own are no way in.
    for (int fd : {0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 500}) {
        EXPECT_NE(read("secret", fd), "secret") << fd;
        EXPECT_NE(read("../secret", fd), "secret") << fd;
    }
    int file = static_cast<int>(open("/boot/file"));
    EXPECT_EQ(read("..", file), "B_NOT_A_DIRECTORY");
    EXPECT_EQ(read("../boot/file", file), "B_NOT_A_DIRECTORY");
}

// A directory is moved up while it is open; what lay above it before lies
// outside now.
TEST_F(Mounts, ADirectoryMovedByTheHostIsNoWayOut)
{
    int er = static_cast<int>(team->call("open_dir", -1, "/boot/deep/er"));

    ASSERT_EQ(read("file", er), "deeper");
    std::filesystem::rename(host.at("root/boot/deep"), host.at("deep"));
    EXPECT_EQ(read("../../secret", er), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("../er/file", er), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(team->call("open_parent_dir", er, nullptr, 0),
              HK_B_ENTRY_NOT_FOUND);
}

// The same by the guest: one bind holds the other.
TEST_F(Mounts, ADirectoryMovedAcrossNestedBindsIsNoWayOut)
{
    std::string part = host.at("data/sub");
    host.make("data/sub/a/b");
    start({{part.c_str(), "/part", 0}});

    int b = static_cast<int>(team->call("open_dir", -1, "/part/a/b"));
    ASSERT_GE(b, 0);
    EXPECT_EQ(team->call("rename", -1, "/host/data/sub/a", -1, "/host/data/a"),
              HK_B_OK);
    EXPECT_EQ(read("../../../secret", b), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("../../shared", b), "B_ENTRY_NOT_FOUND");
}

TEST_F(Mounts, ASwappedLinkIsNoWayOut)
{
    host.make("root/swap");
    host.write("root/swap/secret", "harmless");
    std::atomic<bool> stop{false};
    std::string path = host.at("root/swap"), other = host.at("root/other");
    std::string link = host.at("root/link");
    host.link("root/link", "../");
    std::thread swapper([&] {
        while (!stop) {
            ::rename(path.c_str(), other.c_str());
            ::rename(link.c_str(), path.c_str());
            ::rename(path.c_str(), link.c_str());
            ::rename(other.c_str(), path.c_str());
        }
    });
    for (int i = 0; i < 5000; i++) {
        EXPECT_NE(read("/swap/secret"), "secret");
        EXPECT_NE(read("/swap/../../secret"), "secret");
    }
    stop = true;
    swapper.join();
}

TEST_F(Mounts, ReadOnlyBindsStayAsTheyAre)
{
    const char *file = "/boot/ro/shared";
    Address stat = team->room(88);

    EXPECT_EQ(open(file, 1), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(open(file, 2), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(open(file, 0x400), HK_B_READ_ONLY_DEVICE);
    EXPECT_GE(open(file, 0x200), 0);
    EXPECT_EQ(open(file, 0x300), HK_B_FILE_EXISTS);
    EXPECT_EQ(open("/boot/ro/new", 0x201), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("unlink", -1, file), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("create_dir", -1, "/boot/ro/new", 0777),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("create_dir", -1, "/boot/ro/sub", 0777),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("create_symlink", -1, file, "x", 0),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("remove_dir", -1, "/boot/ro/sub"),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("rename", -1, file, -1, "/boot/ro/new"),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("rename", -1, "/boot/file", -1, "/boot/ro/new"),
              HK_B_CROSS_DEVICE_LINK);
    EXPECT_EQ(team->call("create_symlink", -1, "/boot/ro/new", "x", 0),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("create_link", -1, "/boot/ro/new", -1, file, 1),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("create_link", -1, "/boot/stolen", -1, file, 1),
              HK_B_CROSS_DEVICE_LINK);
    EXPECT_EQ(team->call("create_fifo", -1, "/boot/ro/new", 0777),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("write_stat", -1, file, 1, stat, 88, 1),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("access", -1, file, 2, 0), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("access", -1, file, 4, 0), HK_B_OK);
    EXPECT_EQ(host.read("data/shared"), "shared");
    int fd = static_cast<int>(open(file));
    EXPECT_EQ(team->call("write_stat", fd, nullptr, 0, stat, 88, 1),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("write_attr", fd, "a", 1u, INT64_C(0), stat, 4),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("remove_attr", fd, "a"), HK_B_READ_ONLY_DEVICE);
    // A link inside may lead to where writing is allowed.
    host.link("data/way", "/boot/file");
    EXPECT_GE(open("/boot/ro/way", 1), 0);
}

TEST_F(Mounts, PlacesCannotBeReplaced)
{
    EXPECT_EQ(team->call("remove_dir", -1, "/host/data"), HK_B_BUSY);
    EXPECT_EQ(team->call("unlink", -1, "/dev/null"), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("rename", -1, "/boot/ro", -1, "/boot/x"), HK_B_BUSY);
    EXPECT_EQ(team->call("rename", -1, "/boot/file", -1, "/boot/ro"),
              HK_B_BUSY);
    EXPECT_EQ(team->call("create_dir", -1, "/dev", 0777), HK_B_FILE_EXISTS);
    EXPECT_EQ(team->call("create_dir", -1, "/dev/x", 0777),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("create_dir", -1, "/host/x", 0777),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(open("/host/x", 0x201), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(open("/dev/x", 0x201), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(open("/host", 1), HK_B_IS_A_DIRECTORY);
}

TEST_F(Mounts, ABindGoesWhereItsPathLeads)
{
    std::string target = host.at("data");
    start({{target.c_str(), "/system/linked", 0}});
    EXPECT_EQ(read("/boot/linked/shared"), "shared");
    EXPECT_EQ(read("/system/linked/shared"), "shared");
    EXPECT_EQ(normalize("/system/linked/sub"), "/boot/linked/sub");
}

TEST_F(Mounts, NormalizePathFreesOfLinksAndDots)
{
    EXPECT_EQ(normalize("/"), "/");
    EXPECT_EQ(normalize("/system/deep/.."), "/boot");
    EXPECT_EQ(normalize("/system/deep/../none"), "/boot/none");
    EXPECT_EQ(normalize("/system"), "/boot");
    EXPECT_EQ(normalize("/system", false), "/system");
    EXPECT_EQ(normalize("/system/.", false), "/boot");
    EXPECT_EQ(normalize("/none/none"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(normalize("/host/data/sub/file"), "/host/data/sub/file");
    EXPECT_EQ(normalize("/boot/ro/sub/.."), "/boot/ro");
    EXPECT_EQ(normalize("/boot/ro/.."), "/boot");
    EXPECT_EQ(normalize("boot/up/host"), "/host");
    EXPECT_EQ(normalize("/dev/null"), "/dev/null");
    EXPECT_EQ(normalize(""), "B_ENTRY_NOT_FOUND");
    host.link("root/loop", "loop");
    EXPECT_EQ(normalize("/loop"), "B_LINK_LIMIT");
    EXPECT_EQ(team->call("normalize_path", nullptr, 1, team->room(1024)),
              HK_B_BAD_VALUE);
}

TEST(Vfs, WithoutARootThereIsAnEmptyOne)
{
    Directory host;
    host.write("dir/file", "text");
    std::string path = host.at("dir");
    hk_bind bind{path.c_str(), "/host/dir", 0};
    hk_config config = hk::make_config(nullptr);
    config.binds = &bind;
    config.bind_count = 1;
    config.working_directory = "/host/dir";
    Team team(config);

    ASSERT_EQ(team.error, 0);
    EXPECT_GE(team.call("open", -1, "file", 0, 0), 0);
    EXPECT_GE(team.call("open", -1, "../dir/file", 0, 0), 0);
    EXPECT_GE(team.call("open", -1, "../../host/dir/file", 0, 0), 0);
    EXPECT_EQ(team.call("open", -1, "/file", 0, 0), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("open", -1, "/new", 0x201, 0), HK_B_READ_ONLY_DEVICE);
    Address buffer = team.room(100);
    EXPECT_EQ(team.call("getcwd", buffer, 100), HK_B_OK);
    EXPECT_EQ(team.text(buffer), "/host/dir");
}

TEST(Vfs, SaysWhatIsWrongWithAConfiguration)
{
    Directory host;
    host.write("file", "");
    std::string none = host.at("none"), file = host.at("file");
    std::string root = host.path.string();
    const struct {
        const char *name, *root, *bind, *guest, *cwd;
        int error;
    } rows[] = {
        {"no root", none.c_str(), nullptr, "", "/", HK_ERR_NOTFOUND},
        {"a file", file.c_str(), nullptr, "", "/", HK_ERR_INVALID},
        {"no bind", nullptr, none.c_str(), "/x", "/", HK_ERR_NOTFOUND},
        {"relative", nullptr, root.c_str(), "x", "/", HK_ERR_INVALID},
        {"dots", nullptr, root.c_str(), "/x/../y", "/", HK_ERR_INVALID},
        {"cwd", nullptr, root.c_str(), "/x", "/y", HK_ERR_NOTFOUND},
        {"cwd is a file", nullptr, root.c_str(), "/x", "/x/file",
         HK_ERR_NOTFOUND},
        {"good", root.c_str(), root.c_str(), "/x", "/x", 0},
    };
    for (const auto &row : rows) {
        hk_bind bind{row.bind, row.guest, 0};
        hk_config config = hk::make_config(row.root);
        config.binds = &bind;
        config.bind_count = row.bind != nullptr;
        config.working_directory = row.cwd;
        Team team(config);
        EXPECT_EQ(team.error, row.error) << row.name;
    }
}

} // namespace
