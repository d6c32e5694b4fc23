/* turn_test.cc -- one thread at a time, in the order of asking. */
/* SPDX-License-Identifier: MIT */
#include "apps/trace/test/turn_case.h"

#include <gtest/gtest.h>

namespace
{

TEST(Turn, ThreadsRunOneAtATime)
{
    EXPECT_EQ(turn_case_count(5000), 5000u);
}

TEST(Turn, WhoAsksFirstIsServedFirst)
{
    for (int i = 0; i < 20; i++)
        ASSERT_TRUE(turn_case_is_in_order());
}

} // namespace
