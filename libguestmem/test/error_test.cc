/* error_test.cc -- what the errors are called. */
/* SPDX-License-Identifier: MIT */

#include <gtest/gtest.h>
#include <guestmem/guestmem.h>

TEST(Error, EachHasAText)
{
#define X(name, value, text)                                                   \
    EXPECT_EQ(GM_ERR_##name, value);                                           \
    EXPECT_STREQ(gm_error_text(value), text);
    GM_ERRORS(X)
#undef X
}

TEST(Error, OtherNumbersHaveOneToo)
{
    EXPECT_STREQ(gm_error_text(0), "no error");
    EXPECT_STREQ(gm_error_text(7), "no error");
    EXPECT_STREQ(gm_error_text(-1000), "unknown error");
}
