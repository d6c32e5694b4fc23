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

TEST(FullRows, AreCalledByATest)
{
    const Names names = called();

    ASSERT_TRUE(names.count("open"));
    EXPECT_FALSE(names.count("system_profiler_next_buffer"));
    for (const auto &row : hk_syscall_rows)
        if (row.status == HK_FULL && names.count(row.name) == 0)
            ADD_FAILURE() << row.name << " is called by no test";
}

// The list says which calls guests make and have fail; calls_test of
// testdata/haiku looks that they do.
TEST(FullRows, AreMadeByGuests)
{
    const uint16_t *rows = nullptr;
    uint32_t count = 0;
    Names listed;

    add_matches(read_file("testdata/haiku/calls.txt"), R"((?:^|\n)(\w+))", "",
                &listed);
    ASSERT_TRUE(listed.count("open"));
    hk_release_rows(HK_R1BETA5, &rows, &count);
    ASSERT_GT(count, 200u);
    for (uint32_t i = 0; i < count; i++) {
        const hk_syscall_row &row = hk_syscall_rows[rows[i]];
        if (row.status == HK_FULL && listed.count(row.name) == 0)
            ADD_FAILURE() << row.name << " is made by no guest";
    }
}

} // namespace
