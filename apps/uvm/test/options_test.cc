/* options_test.cc -- the command line of uvm. */
/* SPDX-License-Identifier: MIT */

#include "apps/uvm/test/uvm_case.h"

#include <haikuabi/version.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <sys/resource.h>
#include <unistd.h>

namespace
{

std::set<std::string> perf_maps()
{
    std::set<std::string> found;
    for (const auto &entry : std::filesystem::directory_iterator("/tmp"))
        if (entry.path().filename().string().rfind("perf-", 0) == 0)
            found.insert(entry.path().string());
    return found;
}

class OptionsTest : public UvmCase
{
  protected:
    const std::string hello = guest("hello_static");
    const std::string arguments = guest("arguments");

    /* Status 2 and, without regard to what getopt words, the fault. */
    void expect_misuse(const std::vector<std::string> &words,
                       const std::string &fault)
    {
        Outcome outcome = run(words);
        EXPECT_EQ(outcome.status, 2) << fault;
        EXPECT_EQ(outcome.out, "") << fault;
        EXPECT_EQ(outcome.err.compare(0, 5, "uvm: "), 0) << outcome.err;
        EXPECT_NE(outcome.err.find(fault), std::string::npos) << outcome.err;
    }
};

TEST_F(OptionsTest, version_is_one_line)
{
    Outcome outcome = run({"--version"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, "uvm " HK_VERSION "\n");
    EXPECT_EQ(outcome.err, "");
}

TEST_F(OptionsTest, version_tells_the_roots_release)
{
    Outcome outcome = run({"--root", ".", "--version"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, "uvm " HK_VERSION "\n.: Haiku r1beta5\n");
    setenv("UVM_ROOT", directory.c_str(), 1);
    outcome = run({"--version"});
    EXPECT_EQ(outcome.out,
              "uvm " HK_VERSION "\n" + directory + ": Haiku r1beta5\n");
    EXPECT_EQ(run({"--root", "none", "--version"}).status, 2);
}

TEST_F(OptionsTest, help_names_every_option)
{
    Outcome outcome = run({"--help"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(outcome.out.compare(0, 11, "usage: uvm "), 0);
    for (const char *option :
         {"--root",   "-r",          "-E",       "--engine", "--cpu",
          "--strace", "--quiet",     "--aslr",   "--bind",   "--no-network",
          "--alone",  "--boot-time", "--seed",   "--stats",  "--perf-map",
          "--help",   "--version",   "UVM_ROOT", "125",      "126",
          "127"})
        EXPECT_NE(outcome.out.find(option), std::string::npos) << option;
}

TEST_F(OptionsTest, without_a_program_the_usage_goes_to_stderr)
{
    for (const auto &words : std::vector<std::vector<std::string>>{
             {}, {"--quiet"}, {"-E", "A=1"}, {"--"}}) {
        Outcome outcome = run(words);
        EXPECT_EQ(outcome.status, 2);
        EXPECT_EQ(outcome.out, "");
        EXPECT_EQ(outcome.err, run({"--help"}).out);
    }
}

TEST_F(OptionsTest, stats_tell_what_was_translated)
{
    Outcome outcome =
        run({"--stats", "--engine", "jit", "--translate-after", "1", hello});
    unsigned long blocks = 0, guest_bytes = 0, host_bytes = 0;
    EXPECT_EQ(outcome.status, 0);
    ASSERT_EQ(sscanf(outcome.err.c_str(),
                     "uvm: %lu blocks translated\n"
                     "uvm: %lu bytes of guest code\n"
                     "uvm: %lu bytes of host code\n",
                     &blocks, &guest_bytes, &host_bytes),
              3)
        << outcome.err;
    EXPECT_GT(blocks, 0u);
    EXPECT_GT(guest_bytes, blocks);
    EXPECT_GT(host_bytes, guest_bytes);
}
/* perf looks for it there, by the number of the process. */
TEST_F(OptionsTest, perf_map_names_translated_code)
{
    const std::set<std::string> before = perf_maps();
    Outcome outcome =
        run({"--perf-map", "--engine", "jit", "--translate-after", "1", hello});
    EXPECT_EQ(outcome.status, 0);
    std::string names;
    for (const std::string &path : perf_maps()) {
        if (before.count(path))
            continue;
        names += contents(path);
        unlink(path.c_str());
    }
    unsigned long host;
    unsigned size;
    EXPECT_EQ(sscanf(names.c_str(), "%lx %x ", &host, &size), 2) << names;
    EXPECT_NE(names.find(" hello_static+0x"), std::string::npos) << names;
}
TEST_F(OptionsTest, mistakes_are_named)
{
    expect_misuse({"--nonsense", hello}, "'--nonsense'");
    expect_misuse({"-x", hello}, "'x'");
    expect_misuse({"--root"}, "'--root'");
    expect_misuse({"-r"}, "'r'");
    expect_misuse({"-E"}, "'E'");
    expect_misuse({"--strace=yes", hello}, "'--strace'");
    expect_misuse({"--engine", "steam", hello}, "unknown engine 'steam'");
    expect_misuse({"--engine", "", hello}, "unknown engine ''");
    expect_misuse({"--cpu", "z80", hello}, "unknown cpu 'z80'");
    expect_misuse({"--level", "full", hello}, "--level wants --record");
    expect_misuse({"--record", "t", "--level", "most", hello},
                  "unknown level 'most'");
    expect_misuse({"-E", "=1", hello}, "-E wants NAME=VALUE, not '=1'");
    expect_misuse({"-E", "", hello}, "-E wants NAME=VALUE, not ''");
}

TEST_F(OptionsTest, a_root_must_be_a_directory)
{
    write("file", "");
    expect_misuse({"--root", "none", hello},
                  "root 'none': No such file or directory");
    expect_misuse({"--root", "file", hello}, "root 'file': not a directory");
    setenv("UVM_ROOT", "none", 1);
    expect_misuse({hello}, "root 'none': No such file or directory");
    /* The option goes before the variable. */
    EXPECT_EQ(run({"--root", ".", hello}).status, 0);
    setenv("UVM_ROOT", "", 1);
    EXPECT_EQ(run({hello}).status, 0);
}

TEST_F(OptionsTest, options_in_their_forms_run_the_program)
{
    for (const auto &words :
         std::vector<std::vector<std::string>>{{"--engine", "interp"},
                                               {"--engine=interp"},
                                               {"--cpu", "pentium"},
                                               {"--cpu=sse2"},
                                               {"--cpu=sse4"},
                                               {"--quiet"},
                                               {"--aslr"},
                                               {"-r", "."},
                                               {"-r."},
                                               {"--"}}) {
        std::vector<std::string> all = words;
        all.push_back(hello);
        Outcome outcome = run(all);
        EXPECT_EQ(outcome.status, 0) << words[0];
        EXPECT_EQ(outcome.out, "Hello, Haiku!\n") << words[0];
        EXPECT_EQ(outcome.err, "") << words[0];
    }
}

TEST_F(OptionsTest, what_follows_the_program_is_its_own)
{
    Outcome outcome = run({arguments, "--version", "-E", "--", "x"});
    EXPECT_EQ(outcome.status, 5);
    EXPECT_NE(outcome.out.find("argc 5\n"
                               "argv[1] '--version'\n"
                               "argv[2] '-E'\n"
                               "argv[3] '--'\n"
                               "argv[4] 'x'\n"),
              std::string::npos)
        << outcome.out;
}

TEST_F(OptionsTest, variables_are_set_replaced_and_taken_over)
{
    setenv("GUEST_HOST", "from outside", 1);
    unsetenv("GUEST_UNSET");
    Outcome outcome =
        run({"-E", "GUEST_A=1", "-EGUEST_B=", "-E", "GUEST_HOST", "-E",
             "GUEST_UNSET", "-E", "GUEST_A=2", "-E", "HOME=/x", arguments});
    EXPECT_EQ(outcome.out, "argc 1\n"
                           "HOME=/x\n"
                           "GUEST_A=2\n"
                           "GUEST_B=\n"
                           "GUEST_HOST=from outside\n");
    /* Nothing else of the host's comes in. */
    EXPECT_EQ(run({arguments}).out, "argc 1\nHOME=/boot/home\n");
}

TEST_F(OptionsTest, a_terminals_kind_is_taken_over)
{
    setenv("TERM", "vt100", 1);
    EXPECT_EQ(run({arguments}).out, "argc 1\nHOME=/boot/home\n");
    EXPECT_EQ(run_in_terminal({arguments}).out,
              "argc 1\nHOME=/boot/home\nTERM=vt100\n");
    EXPECT_EQ(run_in_terminal({"-E", "TERM=beterm", arguments}).out,
              "argc 1\nHOME=/boot/home\nTERM=beterm\n");
    unsetenv("TERM");
    EXPECT_EQ(run_in_terminal({arguments}).out, "argc 1\nHOME=/boot/home\n");
}

TEST_F(OptionsTest, arguments_that_are_too_long_are_refused)
{
    Outcome outcome = run({hello, std::string(100000, 'x'),
                           std::string(100000, 'y'), std::string(100000, 'z')});
    EXPECT_EQ(outcome.status, 126);
    EXPECT_TRUE(is_one_message(outcome.err)) << outcome.err;
    EXPECT_NE(outcome.err.find("arguments too long"), std::string::npos);
    EXPECT_EQ(run({hello, std::string(100000, 'x')}).status, 0);
}

TEST_F(OptionsTest, a_program_is_found_by_the_hosts_path)
{
    std::filesystem::create_directory("sub");
    write("sub/program", contents(hello));
    std::filesystem::create_symlink("sub/program", "link");
    EXPECT_EQ(run({"sub/program"}).status, 0);
    EXPECT_EQ(run({"./link"}).status, 0);
    EXPECT_EQ(run({directory + "/sub/program"}).status, 0);
}

TEST_F(OptionsTest, a_program_is_found_in_the_root)
{
    std::filesystem::create_directories("root/boot/system/bin");
    write("root/boot/system/bin/hello", contents(hello));
    std::filesystem::create_symlink("boot/system/bin", "root/bin");
    EXPECT_EQ(run({"-r", "root", "hello"}).status, 0);
    EXPECT_EQ(run({"-r", "root", "/boot/system/bin/hello"}).status, 0);
    EXPECT_EQ(run({"-r", "root", "/bin/hello"}).status, 0);
    EXPECT_EQ(run({"-r", "root", "/bin/none"}).status, 127);
    EXPECT_EQ(run({"hello"}).status, 127);
}

/* ---- what the host gives ---- */

TEST_F(OptionsTest, a_program_has_all_descriptors_that_the_host_gives)
{
    struct rlimit before, few;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 64;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    Outcome outcome = run({guest("information")});
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(outcome.out, "information checked\n") << outcome.err;
    EXPECT_EQ(outcome.status, 0);
}

/* ---- how a program ends ---- */

TEST_F(OptionsTest, exit_statuses_reach_the_caller)
{
    const std::string ending = guest("ending");
    for (int status : {0, 1, 7, 125, 126, 127, 128, 255})
        EXPECT_EQ(run({ending, "exit", std::to_string(status)}).status, status);
    /* Eight bits of it, as everywhere. */
    EXPECT_EQ(run({ending, "exit", "256"}).status, 0);
    EXPECT_EQ(run({ending, "exit", "300"}).status, 44);
    EXPECT_EQ(run({ending, "exit", "-1"}).status, 255);
    EXPECT_EQ(run({ending, "exit", "-2147483642"}).status, 6);
}

TEST_F(OptionsTest, a_death_by_a_signal_is_one_of_the_hosts_same)
{
    /* Haiku's numbers and the host's. */
    const struct {
        const char *name, *haiku;
        int host;
    } signals[] = {{"HUP", "1", 1},      {"INT", "2", 2},    {"QUIT", "3", 3},
                   {"ILL", "4", 4},      {"ABRT", "6", 6},   {"PIPE", "7", 13},
                   {"FPE", "8", 8},      {"KILL", "9", 9},   {"SEGV", "11", 11},
                   {"ALRM", "14", 14},   {"TERM", "15", 15}, {"USR1", "18", 10},
                   {"USR2", "19", 12},   {"BUS", "30", 7},   {"TRAP", "22", 5},
                   {"VTALRM", "27", 26}, {"XCPU", "28", 24}};
    for (const auto &signal : signals)
        EXPECT_EQ(run({guest("ending"), "signal", signal.haiku}).status,
                  128 + signal.host)
            << signal.name;
}

TEST_F(OptionsTest, the_end_of_any_thread_but_the_last_is_not_the_programs)
{
    EXPECT_EQ(run({guest("ending"), "thread", "9"}).status, 9);
    EXPECT_EQ(run({guest("ending"), "return", "11"}).status, 11);
    EXPECT_EQ(run({guest("ending"), "main_thread", "12"}).status, 12);
}

} // namespace
