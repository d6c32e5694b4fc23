/* insns_test.cc -- the columns of the instruction table agree. */
/* SPDX-License-Identifier: MIT */
#include "x86cpu/decode.h"

extern "C" {
#include "libx86cpu/src/insns.h"
}

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>

namespace
{

bool has_operand(const xcpu_row &row, const char *initials)
{
    static const char *const letters[] = {
#define XCPU_OPERAND(letter, encoding) #letter,
#include "libx86cpu/src/operands.def"
    };

    for (uint8_t operand : row.operands)
        if (strchr(initials, letters[operand][0]) != nullptr)
            return true;
    return false;
}

template <typename Visit> void for_each_row(Visit visit)
{
    for (unsigned op = XCPU_OP_NONE + 1; op < XCPU_OPS; op++) {
        SCOPED_TRACE(xcpu_op_name(op));
        visit(op, xcpu_rows[op]);
    }
}

TEST(Insns, NamesAreUniqueAndBeginWithTheMnemonic)
{
    std::set<std::string> names;

    for_each_row([&](unsigned op, const xcpu_row &) {
        const std::string name = xcpu_op_name(op);
        const std::string mnemonic = xcpu_op_mnemonic(op);

        EXPECT_TRUE(names.insert(name).second);
        EXPECT_EQ((name + "_").rfind(mnemonic + "_", 0), 0u);
    });
}

TEST(Insns, NumbersOutOfRangeHaveNoName)
{
    for (unsigned op : {0u, static_cast<unsigned>(XCPU_OPS), ~0u}) {
        EXPECT_EQ(xcpu_op_name(op), nullptr);
        EXPECT_EQ(xcpu_op_mnemonic(op), nullptr);
    }
    EXPECT_EQ(xcpu_condition_name(16), nullptr);
    EXPECT_STREQ(xcpu_condition_name(15), "NLE");
}

TEST(Insns, ConditionsStandInTheMnemonic)
{
    for_each_row([](unsigned op, const xcpu_row &row) {
        const std::string mnemonic = xcpu_op_mnemonic(op);
        const bool cc = mnemonic.size() > 2 &&
                        mnemonic.compare(mnemonic.size() - 2, 2, "CC") == 0;

        EXPECT_EQ(cc, (row.attributes & A_COND) != 0);
    });
}

TEST(Insns, OnlyCountsMakeAFlagBothWrittenAndUndefined)
{
    const std::set<std::string> by_count = {"ROL", "ROR", "RCL",  "RCR", "SHL",
                                            "SHR", "SAR", "SHLD", "SHRD"};

    for_each_row([&](unsigned op, const xcpu_row &row) {
        if (by_count.count(xcpu_op_mnemonic(op)) == 0) {
            EXPECT_EQ(row.written & row.undefined, 0);
        }
    });
}

TEST(Insns, OnlyWritersOfMemoryMayBeLocked)
{
    for_each_row([](unsigned, const xcpu_row &row) {
        if (row.attributes & A_LOCK) {
            EXPECT_TRUE(row.attributes & A_WM);
            EXPECT_TRUE(row.encoding & XE_MODRM);
        }
        if (row.attributes & A_WM) {
            EXPECT_TRUE(row.encoding & (XE_MODRM | XE_MOFFS));
        }
    });
}

TEST(Insns, BranchKindsEndBlocks)
{
    const unsigned kinds = (A_JCC | A_JMP | A_CALL | A_RET | A_IND | A_FAR) &
                           ~static_cast<unsigned>(A_END);

    for_each_row([&](unsigned, const xcpu_row &row) {
        const bool raises = row.group == XG_PRIV || row.group == XG_UD;

        if ((row.attributes & kinds) || raises) {
            EXPECT_TRUE(row.attributes & A_END);
        }
        if (row.encoding & XE_RELZ) {
            EXPECT_TRUE(row.attributes & kinds);
        }
    });
}

TEST(Insns, GroupsMatchTheRegistersTheirOperandsName)
{
    for_each_row([&](unsigned, const xcpu_row &row) {
        if (has_operand(row, "VWU")) {
            EXPECT_EQ(row.group, XG_SSE);
        } else if (has_operand(row, "PQN")) {
            EXPECT_EQ(row.group, XG_MMX);
        }
        if (row.group == XG_MMX || row.group == XG_SSE) {
            EXPECT_GE(row.feature, XT_MMX);
        }
    });
}

} // namespace
