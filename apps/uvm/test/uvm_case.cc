/* uvm_case.cc -- a test that runs the program uvm in a directory of its own. */
/* SPDX-License-Identifier: MIT */

#include "apps/uvm/test/uvm_case.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace
{

/* Where the test was started: Bazel's runfiles. */
const std::string runfiles = std::filesystem::current_path();

std::string output_path(const std::string &directory, const char *name)
{
    return directory + "." + name;
}

void redirect(int descriptor, const std::string &path, int flags)
{
    int fd = open(path.c_str(), flags, 0600);

    if (fd < 0 || dup2(fd, descriptor) < 0)
        _exit(99);
    close(fd);
}

bool give_up_reading()
{
    return prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) == 0 &&
           prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0) == 0;
}

} // namespace

std::string contents(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);

    return {std::istreambuf_iterator<char>(file), {}};
}

bool is_one_message(const std::string &text)
{
    return text.compare(0, 5, "uvm: ") == 0 && text.back() == '\n' &&
           std::count(text.begin(), text.end(), '\n') == 1;
}

void UvmCase::SetUp()
{
    const char *base = getenv("TEST_TMPDIR");
    std::string name = (base != nullptr ? base : "/tmp");

    name += "/uvm.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory = std::filesystem::canonical(name);
    std::filesystem::current_path(directory);
    unsetenv("UVM_ROOT");
}

void UvmCase::TearDown()
{
    std::filesystem::current_path(runfiles);
    std::filesystem::remove_all(directory);
    for (const char *name : {"in", "out", "err"})
        std::filesystem::remove(output_path(directory, name));
}

Outcome UvmCase::start(const char *name,
                       const std::vector<std::string> &arguments,
                       const std::string &input_path, bool may_read_all)
{
    const std::string program = runfiles + "/apps/" + name;
    std::vector<char *> words = {const_cast<char *>(program.c_str())};
    Outcome outcome;
    int status = 0;

    for (const auto &argument : arguments)
        words.push_back(const_cast<char *>(argument.c_str()));
    words.push_back(nullptr);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit none = {0, 0};

        setrlimit(RLIMIT_CORE, &none);
        redirect(0, input_path, O_RDONLY);
        redirect(1, output_path(directory, "out"),
                 O_WRONLY | O_CREAT | O_TRUNC);
        redirect(2, output_path(directory, "err"),
                 O_WRONLY | O_CREAT | O_TRUNC);
        if (!may_read_all && !give_up_reading() && getuid() == 0)
            _exit(98);
        execv(program.c_str(), words.data());
        _exit(99);
    }
    EXPECT_EQ(waitpid(child, &status, 0), child);
    outcome.status =
        WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    EXPECT_NE(outcome.status, 99) << program;
    outcome.out = contents(output_path(directory, "out"));
    outcome.err = contents(output_path(directory, "err"));
    return outcome;
}

std::string UvmCase::input_file(const std::string &text)
{
    const std::string path = output_path(directory, "in");

    std::ofstream(path) << text;
    return path;
}

Outcome UvmCase::run(const std::vector<std::string> &arguments,
                     const std::string &input)
{
    return start("uvm/uvm", arguments, input_file(input), true);
}

Outcome UvmCase::run_in_terminal(const std::vector<std::string> &arguments)
{
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    EXPECT_EQ(unlockpt(terminal), 0);
    Outcome outcome = start("uvm/uvm", arguments, ptsname(terminal), true);
    close(terminal);
    return outcome;
}

Outcome UvmCase::run_utrace(const std::vector<std::string> &arguments)
{
    return start("utrace/utrace", arguments, input_file(""), true);
}

Outcome UvmCase::run_unprivileged(const std::vector<std::string> &arguments)
{
    Outcome outcome = start("uvm/uvm", arguments, input_file(""), false);

    if (outcome.status == 98)
        outcome.status = -1;
    return outcome;
}

void UvmCase::write(const std::string &name, const void *bytes, size_t size)
{
    std::ofstream file(name, std::ios::binary | std::ios::trunc);

    file.write(static_cast<const char *>(bytes), (std::streamsize)size);
    file.close();
    ASSERT_TRUE(file) << name;
    std::filesystem::permissions(name, std::filesystem::perms(0755));
}

std::string UvmCase::guest(const std::string &name)
{
    return std::filesystem::canonical(runfiles + "/testdata/haiku/" + name);
}
