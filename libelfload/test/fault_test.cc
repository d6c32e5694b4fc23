/* fault_test.cc -- faults as text. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/src/fault.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

static std::string text_of(const eld_fault &fault)
{
    char line[1024];
    size_t length = eld_fault_format(&fault, line, sizeof(line));
    EXPECT_EQ(length, strlen(line));
    return line;
}

TEST(Fault, EveryErrorHasATextOfItsOwn)
{
    std::string seen = "|";
#define X(name, value, text)                                                   \
    EXPECT_STREQ(eld_error_text(ELD_ERR_##name), text);                        \
    EXPECT_EQ(seen.find("|" text "|"), std::string::npos) << text;             \
    seen += text "|";
    ELD_ERRORS(X)
#undef X
    EXPECT_STREQ(eld_error_text(0), "no error");
    EXPECT_STREQ(eld_error_text(-1000), "unknown error");
}

TEST(Fault, TheLineSaysWhatWhereAndWhy)
{
    eld_fault fault;
    EXPECT_EQ(eld_fail(&fault, ELD_ERR_LOOP, "DT_HASH", ELD_NONE, 0x40),
              ELD_ERR_LOOP);
    EXPECT_EQ(text_of(fault), "DT_HASH at offset 0x40: chain does not end");

    eld_fail_value(&fault, ELD_ERR_TRUNCATED, "program header", 3, 0x90, 0xa0);
    eld_fault_add_offset(&fault, 0x94);
    EXPECT_EQ(text_of(fault), "program header 3 at offset 0x94: file is "
                              "truncated (found 0x90, expected 0xa0)");

    eld_fail_value(&fault, ELD_ERR_TYPE, "ELF header", ELD_NONE, ET_REL,
                   ELD_NONE);
    EXPECT_EQ(text_of(fault), "ELF header: wrong file type (found REL)");

    eld_fail_value(&fault, ELD_ERR_WRONG_CLASS, nullptr, ELD_NONE, 1, 0);
    EXPECT_EQ(text_of(fault), "wrong class (found 64-bit, expected 32-bit)");

    eld_fail(&fault, ELD_ERR_NO_SYMBOL, "relocation", ELD_NONE, 0x2014);
    eld_fault_add_name(&fault, "getenv", "LIBROOT_BASE");
    EXPECT_EQ(text_of(fault), "relocation at offset 0x2014: "
                              "getenv@LIBROOT_BASE: symbol not found");

    eld_fail(&fault, ELD_ERR_HOST, "open", ELD_NONE, ELD_NONE);
    eld_fault_add_host(&fault, -EACCES);
    EXPECT_EQ(text_of(fault), "open: the host refused (Permission denied)");
}

TEST(Fault, NothingOfTheFaultBeforeRemains)
{
    eld_fault fault;
    eld_fail_value(&fault, ELD_ERR_RANGE, "symbol", 1, 2, 3);
    eld_fault_add_name(&fault, "name", "version");
    eld_fault_add_file(&fault, "/file");
    eld_fault_add_host(&fault, -EIO);
    eld_fail(&fault, ELD_ERR_EMPTY, nullptr, ELD_NONE, ELD_NONE);
    EXPECT_EQ(text_of(fault), "empty file");
    EXPECT_STREQ(fault.file, "");
    EXPECT_EQ(fault.host_error, 0);
}

TEST(Fault, ALineIsCutToItsRoomAndHoldsNoControlCharacters)
{
    eld_fault fault;
    char line[16];
    eld_fail(&fault, ELD_ERR_NO_SYMBOL, nullptr, ELD_NONE, ELD_NONE);
    eld_fault_add_name(&fault, "a\033[2J\nb\xff", nullptr);
    EXPECT_EQ(text_of(fault), "a?[2J?b?: symbol not found");
    EXPECT_EQ(eld_fault_format(&fault, line, sizeof(line)), 15u);
    EXPECT_STREQ(line, "a?[2J?b?: symbo");
    EXPECT_EQ(eld_fault_format(&fault, line, 1), 0u);
    EXPECT_STREQ(line, "");
    EXPECT_EQ(eld_fault_format(&fault, line, 0), 0u);
}

TEST(Fault, LongNamesAreCut)
{
    eld_fault fault;
    std::string name(5000, 'x');
    eld_fail(&fault, ELD_ERR_NO_SYMBOL, nullptr, ELD_NONE, ELD_NONE);
    eld_fault_add_name(&fault, name.c_str(), name.c_str());
    eld_fault_add_file(&fault, name.c_str());
    EXPECT_EQ(strlen(fault.name), sizeof(fault.name) - 1);
    EXPECT_EQ(strlen(fault.version), sizeof(fault.version) - 1);
    EXPECT_EQ(strlen(fault.file), sizeof(fault.file) - 1);
}

TEST(Fault, WithoutAFaultOnlyTheErrorIsGiven)
{
    EXPECT_EQ(eld_fail(nullptr, ELD_ERR_EMPTY, "x", 1, 2), ELD_ERR_EMPTY);
    EXPECT_EQ(eld_fail_value(nullptr, ELD_ERR_EMPTY, "x", 1, 2, 3),
              ELD_ERR_EMPTY);
    eld_fault_add_name(nullptr, "x", "y");
    eld_fault_add_offset(nullptr, 1);
    eld_fault_add_file(nullptr, "x");
    eld_fault_add_host(nullptr, -1);
}
