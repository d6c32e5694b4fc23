// host_open_test.cc -- host files, opened without leaving a directory.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <csignal>

extern "C" {
#include "libhaikuabi/src/host_open.h"
}

namespace
{

class HostOpen : public testing::Test
{
  protected:
    HostOpen()
    {
        host.write("secret", "secret");
        host.write("in/file", "file");
        host.write("in/a/b/c", "deep");
        host.link("in/link", "file");
        host.link("in/dirlink", "a");
        host.link("in/up", "..");
        host.link("in/out", host.at("secret"));
        in = ::open(host.at("in").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    ~HostOpen() override
    {
        ::close(in);
    }

    // 0 or errno.
    int below(const std::string &path, int flags = O_RDONLY)
    {
        int fd = hk_host_open_below(in, path.c_str(), flags, 0644);
        if (fd < 0)
            return errno;
        EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        ::close(fd);
        return 0;
    }

    void check_paths()
    {
        const struct {
            const char *path;
            int flags, error;
        } rows[] = {
            {"file", O_RDONLY, 0},
            {"a/b/c", O_RDONLY, 0},
            {"a//b/./c", O_RDONLY, 0},
            {".", O_PATH | O_DIRECTORY, 0},
            {"none", O_RDONLY, ENOENT},
            {"a/none/c", O_RDONLY, ENOENT},
            {"file/c", O_RDONLY, ENOTDIR},
            {"link", O_RDONLY, ELOOP},
            {"link", O_PATH | O_NOFOLLOW, 0},
            {"link", O_PATH, ELOOP},
            {"link", O_WRONLY | O_CREAT, ELOOP},
            {"dirlink/b/c", O_RDONLY, ELOOP},
            {"out", O_RDONLY, ELOOP},
            {"up/secret", O_RDONLY, ELOOP},
            {"..", O_PATH, EXDEV},
            {"../secret", O_RDONLY, EXDEV},
            {"a/b/../../../secret", O_RDONLY, EXDEV},
            {"new", O_WRONLY | O_CREAT | O_EXCL, 0},
            {"file", O_WRONLY | O_CREAT | O_EXCL, EEXIST},
        };
        for (const auto &row : rows)
            EXPECT_EQ(below(row.path, row.flags), row.error)
                << row.path << " " << row.flags;
        EXPECT_EQ(below(std::string(NAME_MAX + 1, 'x')), ENAMETOOLONG);
        EXPECT_EQ(::unlink(host.at("in/new").c_str()), 0);
    }

    hk::Directory host;
    int in = -1;
};

TEST_F(HostOpen, NothingBelowLeadsOut)
{
    check_paths();
}

// The same when a filter refuses openat2, as in some containers.
TEST_F(HostOpen, NorDoesItStepByStep)
{
    pid_t child = ::fork();
    if (child == 0) {
        sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        sock_fprog program = {4, code};
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
            _exit(2);
        check_paths();
        _exit(HasFailure() ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(HostOpen, ALeafIsOneComponentAndNoLink)
{
    int fd = hk_host_open_leaf(in, "file", O_RDONLY, 0);
    EXPECT_GE(fd, 0);
    ::close(fd);
    EXPECT_LT(hk_host_open_leaf(in, "link", O_RDONLY, 0), 0);
    EXPECT_EQ(errno, ELOOP);
    fd = hk_host_open_leaf(in, "out", O_PATH, 0);
    struct stat info;
    ASSERT_EQ(fstat(fd, &info), 0);
    EXPECT_TRUE(S_ISLNK(info.st_mode));
    ::close(fd);
}

TEST_F(HostOpen, ADescriptorIsOpenedAgainWithOtherRights)
{
    int look = hk_host_open_leaf(in, "file", O_PATH, 0);
    int file = hk_host_reopen(look, O_RDWR);
    char text[4];

    ASSERT_GE(file, 0);
    EXPECT_EQ(::read(look, text, 4), -1);
    EXPECT_EQ(::read(file, text, 4), 4);
    ::close(file);
    ::close(look);
}

TEST_F(HostOpen, KnowsWhereADirectoryIsNow)
{
    char path[PATH_MAX];
    int a = hk_host_open_below(in, "a", O_PATH | O_DIRECTORY, 0);

    ssize_t length = hk_host_path_of(a, path, sizeof(path));
    EXPECT_EQ(length, static_cast<ssize_t>(strlen(path)));
    EXPECT_EQ(std::filesystem::path(path), host.path / "in/a");
    EXPECT_EQ(hk_host_path_of(a, path, 5), -1);
    EXPECT_EQ(errno, ENAMETOOLONG);
    std::filesystem::rename(host.path / "in/a", host.path / "moved");
    EXPECT_GT(hk_host_path_of(a, path, sizeof(path)), 0);
    EXPECT_EQ(std::filesystem::path(path), host.path / "moved");
    std::filesystem::remove_all(host.path / "moved");
    EXPECT_EQ(hk_host_path_of(a, path, sizeof(path)), -1);
    EXPECT_EQ(errno, ENOENT);
    length = hk_host_last_path_of(a, path, sizeof(path));
    EXPECT_EQ(length, static_cast<ssize_t>(strlen(path)));
    EXPECT_EQ(std::filesystem::path(path), host.path / "moved");
    ::close(a);
}

// The host tells a removed directory's path with " (deleted)" behind it.
TEST_F(HostOpen, ANameIsNotTakenForARemovedDirectory)
{
    char path[PATH_MAX];

    host.make("in/x (deleted)");
    int fd = hk_host_open_below(in, "x (deleted)", O_PATH | O_DIRECTORY, 0);
    EXPECT_GT(hk_host_path_of(fd, path, sizeof(path)), 0);
    EXPECT_EQ(std::filesystem::path(path), host.path / "in/x (deleted)");
    EXPECT_GT(hk_host_last_path_of(fd, path, sizeof(path)), 0);
    EXPECT_EQ(std::filesystem::path(path), host.path / "in/x (deleted)");
    ::close(fd);
}

TEST(HostLock, AFileIsLockedForTheProcessAlone)
{
    hk::Directory directory;
    const std::string path = directory.path / "locked";
    int fd = hk_host_lock_file(::open(path.c_str(), O_RDWR | O_CREAT, 0600));
    int other = ::open(path.c_str(), O_RDWR);

    ASSERT_GE(fd, 0);
    EXPECT_NE(::flock(other, LOCK_EX | LOCK_NB), 0);
    pid_t child = ::fork();
    if (child == 0)
        for (;;)
            ::pause();
    hk_host_unlock_file(fd);
    EXPECT_EQ(::flock(other, LOCK_EX | LOCK_NB), 0); // the child has fd, too
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(other);
}

TEST(HostLock, AFileThatCannotBeLockedIsClosed)
{
    errno = ENOENT;
    EXPECT_EQ(hk_host_lock_file(-1), -1);
    EXPECT_EQ(errno, ENOENT);
    int fd = ::open("/", O_PATH);
    EXPECT_EQ(hk_host_lock_file(fd), -1);
    EXPECT_EQ(errno, EBADF);
    EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
}

} // namespace
