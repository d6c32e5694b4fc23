// monitor_entries_test.cc -- entries of directories, as they were.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

extern "C" {
#include "libhaikuabi/src/monitor_entries.h"
#include "libhaikuabi/src/status.h"
}

namespace
{

class Entries : public testing::Test
{
  protected:
    ~Entries()
    {
        hk_entries_free(&entries);
    }
    std::map<std::string, int64_t> all() const
    {
        std::map<std::string, int64_t> found;
        for (size_t i = 0; i < entries.count; i++)
            found[entries.entries[i].name] = entries.entries[i].inode;
        EXPECT_EQ(found.size(), entries.count);
        return found;
    }

    hk_entries entries = {};
};

TEST_F(Entries, AreFoundHoweverTheyComeAndGo)
{
    std::map<std::string, int64_t> expected;
    std::mt19937 random(1);

    for (int i = 1; i < 3000; i++) {
        const std::string name = std::to_string(random() % 200);
        EXPECT_EQ(hk_entries_find(&entries, name.c_str()),
                  expected.count(name) != 0 ? expected[name] : 0);
        if (random() % 3 == 0) {
            hk_entries_take(&entries, name.c_str());
            expected.erase(name);
        } else {
            ASSERT_EQ(hk_entries_put(&entries, name.c_str(), i), HK_B_OK);
            expected[name] = i;
        }
    }
    EXPECT_EQ(all(), expected);
}

TEST_F(Entries, AreInOrderWhenAllHaveBeenRead)
{
    hk_entries_sort(&entries);
    EXPECT_EQ(entries.count, 0u);
    for (const char *name : {"c", "a", "d", "b", "a"})
        ASSERT_EQ(hk_entries_append(&entries, name, name[0]), HK_B_OK);
    hk_entries_sort(&entries);
    const std::map<std::string, int64_t> expected = {
        {"a", 'a'}, {"b", 'b'}, {"c", 'c'}, {"d", 'd'}};
    EXPECT_EQ(all(), expected);
    for (const auto &[name, inode] : expected)
        EXPECT_EQ(hk_entries_find(&entries, name.c_str()), inode);
    EXPECT_EQ(hk_entries_find(&entries, "e"), 0);
}

} // namespace
