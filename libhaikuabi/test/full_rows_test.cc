// full_rows_test.cc -- every call of r1beta5 that says FULL or PART is made by
// a guest. SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

extern "C" {
#include "libhaikuabi/src/syscall_table.h"
}

namespace
{

// The first words of the lines of a list.
std::set<std::string> listed_in(const char *path)
{
    std::ifstream file(path);
    std::set<std::string> names;

    for (std::string line; std::getline(file, line);)
        names.insert(line.substr(0, line.find(' ')));
    return names;
}

// The list says which calls guests make and have fail; calls_test of
// testdata/haiku looks that they do.
TEST(FullRows, AreMadeByGuests)
{
    const uint16_t *rows = nullptr;
    uint32_t count = 0;
    const std::set<std::string> listed = listed_in("testdata/haiku/calls.txt");

    ASSERT_TRUE(listed.count("open"));
    hk_release_rows(HK_R1BETA5, &rows, &count);
    ASSERT_GT(count, 200u);
    for (uint32_t i = 0; i < count; i++) {
        const hk_syscall_row &row = hk_syscall_rows[rows[i]];
        if (row.status <= HK_PART && listed.count(row.name) == 0)
            ADD_FAILURE() << row.name << " is made by no guest";
    }
}

} // namespace
