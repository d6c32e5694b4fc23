// full_rows_test.cc -- every call that says FULL is called by some test.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

extern "C" {
#include "libhaikuabi/src/syscall_table.h"
}

namespace
{

using Names = std::set<std::string>;

std::string read_file(const std::filesystem::path &path)
{
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

void add_matches(const std::string &text, const char *pattern,
                 const std::string &suffix, Names *names)
{
    const std::regex regex(pattern);

    for (std::sregex_iterator at(text.begin(), text.end(), regex), end;
         at != end; ++at)
        names->insert((*at)[1].str() + suffix);
}

// Calls of the harness, and the first word of a row of such calls. What a
// file with a release's name calls is also called as that release has it.
void add_test(const std::string &text, Names *names)
{
    const char *const patterns[] = {
        R"re(\bcall\(\s*"(\w+)")re",
        R"re(\bcall_as\([^;]*?,\s*"(\w+)")re",
        R"re(\bharness_call(?:_as)?\([^;]*?,\s*"(\w+)")re",
        R"re(\{\s*"(\w+)",)re",
    };
    std::vector<std::string> suffixes = {""};

    if (text.find("HK_R1BETA4") != std::string::npos)
        suffixes.push_back("__r1beta4");
    if (text.find("HK_R1BETA6") != std::string::npos)
        suffixes.push_back("__r1beta6");
    for (const char *pattern : patterns)
        for (const std::string &suffix : suffixes)
            add_matches(text, pattern, suffix, names);
}

Names called()
{
    Names names;

    for (const auto &entry :
         std::filesystem::directory_iterator("libhaikuabi/test"))
        if (entry.path().extension() == ".cc" &&
            entry.path().filename() != "full_rows_test.cc")
            add_test(read_file(entry.path()), &names);
    for (const auto &entry :
         std::filesystem::recursive_directory_iterator("testdata/haiku"))
        if (entry.is_regular_file())
            add_matches(read_file(entry.path()), R"(\bSYS_(\w+))", "", &names);
    return names;
}

// Calls whose tests are to come.
const Names untested = {
    "block_thread",
    "cancel_thread",
    "close_port",
    "create_port",
    "delete_port",
    "delete_timer",
    "exit_thread",
    "find_port",
    "get_image_info",
    "get_next_port_info",
    "get_port_info",
    "get_port_message_info_etc",
    "get_team_usage_info",
    "get_thread_affinity",
    "get_timer",
    "getrlimit",
    "image_relocated",
    "kill_team",
    "loading_app_failed",
    "mutex_sem_acquire",
    "mutex_sem_release",
    "mutex_sem_release__r1beta4",
    "mutex_switch_lock",
    "mutex_switch_lock__r1beta4",
    "mutex_unlock",
    "port_buffer_size_etc",
    "port_count",
    "read_port_etc",
    "register_image",
    "rename_thread",
    "set_port_owner",
    "set_thread_affinity",
    "set_thread_priority",
    "setpgid",
    "setsid",
    "sigwait",
    "unblock_thread",
    "unblock_threads",
    "unregister_image",
    "wait_for_team",
    "write_port_etc",
    "writev_port_etc",
};

TEST(FullRows, AreCalledByATest)
{
    const Names names = called();

    ASSERT_TRUE(names.count("open"));
    EXPECT_FALSE(names.count("shutdown"));
    for (const auto &row : hk_syscall_rows)
        if (row.status == HK_FULL && names.count(row.name) == 0 &&
            untested.count(row.name) == 0)
            ADD_FAILURE() << row.name << " is called by no test";
}

TEST(FullRows, LeaveTheListWhenTheyAreTested)
{
    const Names names = called();

    for (const std::string &name : untested)
        if (names.count(name) != 0)
            ADD_FAILURE() << name << " is called: take it off the list";
}

} // namespace
