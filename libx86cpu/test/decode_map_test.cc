/* decode_map_test.cc -- every row of the table is found, in every form. */
/* SPDX-License-Identifier: MIT */
#include "x86cpu/decode.h"

extern "C" {
#include "libx86cpu/src/insns.h"
}

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <set>
#include <vector>

namespace
{

/* A line of the table, as text and numbers: nothing of the map's code. */
struct line {
    unsigned op;
    const char *map;
    unsigned first, last;
    const char *prefix, *mod, *reg;
};

/* Plain data: constructors of a thousand lines take minutes to compile. */
const line lines[] = {
#define XCPU_ROW(id, mnemonic, a, b, c, map, first, last, prefix, mod, reg,    \
                 ...)                                                          \
    {XCPU_OP_##id, #map, first, last, #prefix, #mod, #reg},
#define XCPU_ALIAS(id, map, first, last, prefix, mod, reg)                     \
    {XCPU_OP_##id, #map, first, last, #prefix, #mod, #reg},
#include "libx86cpu/src/x86_insns.def"
};

using bytes = std::vector<uint8_t>;

bool is(const char *column, const char *token)
{
    return strcmp(column, token) == 0;
}

/* Prefix bytes that a line's column admits, each alone. */
std::vector<bytes> prefixes(const line &l)
{
    static const struct {
        const char *name;
        std::vector<bytes> admitted;
    } columns[] = {
        {"any", {{}, {0x66}, {0xf2}, {0xf3}}},
        {"np", {{}}},
        {"66", {{0x66}}},
        {"F2", {{0xf2}, {0x66, 0xf2}, {0xf2, 0x66}, {0xf3, 0xf2}}},
        {"F3", {{0xf3}, {0x66, 0xf3}, {0xf3, 0x66}, {0xf2, 0xf3}}},
        {"npo", {{}, {0x66}}},
        {"nF3", {{}, {0x66}, {0xf2}}},
    };

    for (const auto &column : columns)
        if (is(l.prefix, column.name))
            return column.admitted;
    ADD_FAILURE() << "prefix column " << l.prefix;
    return {};
}

bool in_digits(const char *column, unsigned reg)
{
    const unsigned first = static_cast<unsigned>(column[0] - '0');
    const unsigned last =
        static_cast<unsigned>(column[strlen(column) - 1] - '0');

    return is(column, "r") || (first <= reg && reg <= last);
}

/* Opcode bytes of a line up to, not including, its ModRM byte. */
bytes opcode_bytes(const line &l, unsigned value)
{
    if (is(l.map, "1B"))
        return {static_cast<uint8_t>(value)};
    if (is(l.map, "0F"))
        return {0x0f, static_cast<uint8_t>(value)};
    if (is(l.map, "0F01"))
        return {0x0f, 0x01};
    if (is(l.map, "0F38"))
        return {0x0f, 0x38, static_cast<uint8_t>(value)};
    if (is(l.map, "0F3A"))
        return {0x0f, 0x3a, static_cast<uint8_t>(value)};
    return {static_cast<uint8_t>(strtoul(l.map, nullptr, 16))};
}

/* ModRM bytes of a line; one of any value where it has none. */
std::vector<uint8_t> modrm_bytes(const line &l, unsigned value)
{
    std::vector<uint8_t> found;

    if (l.map[0] == 'D' || is(l.map, "0F01"))
        return {static_cast<uint8_t>(value)};
    for (unsigned modrm = 0; modrm < 256; modrm++) {
        if (is(l.mod, "mem") && modrm >= 0xc0)
            continue;
        if (is(l.mod, "reg") && modrm < 0xc0)
            continue;
        if (in_digits(l.reg, modrm >> 3 & 7))
            found.push_back(static_cast<uint8_t>(modrm));
    }
    return found;
}

/* Calls visit(bytes) for every form of a line, padded to 15 bytes. */
template <typename Visit> void for_each_form(const line &l, Visit visit)
{
    for (unsigned value = l.first; value <= l.last; value++)
        for (uint8_t modrm : modrm_bytes(l, value))
            for (bytes form : prefixes(l)) {
                for (uint8_t byte : opcode_bytes(l, value))
                    form.push_back(byte);
                form.push_back(modrm);
                form.resize(XCPU_INSN_MAX, 0x24);
                visit(form);
                if (testing::Test::HasFailure())
                    return;
            }
}

int decode(const bytes &form, size_t size, xcpu_insn *insn)
{
    return xcpu_decode(form.data(), size, insn);
}

bool is_prefix(uint8_t byte)
{
    static const std::set<uint8_t> prefixes = {
        0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};

    return prefixes.count(byte) != 0;
}

TEST(DecodeMap, EveryFormOfEveryRowDecodesToIt)
{
    for (const line &l : lines)
        for_each_form(l, [&](const bytes &form) {
            xcpu_insn insn;

            ASSERT_GT(decode(form, form.size(), &insn), 0)
                << xcpu_op_name(l.op);
            ASSERT_STREQ(xcpu_op_name(insn.op), xcpu_op_name(l.op));
        });
}

TEST(DecodeMap, EveryTruncationOfEveryFormIsShort)
{
    for (const line &l : lines)
        for_each_form(l, [&](const bytes &form) {
            xcpu_insn insn;
            const int length = decode(form, form.size(), &insn);

            for (int size = 0; size < length; size++)
                ASSERT_EQ(decode(form, static_cast<size_t>(size), &insn),
                          XCPU_DECODE_SHORT)
                    << xcpu_op_name(l.op) << " cut to " << size;
            ASSERT_EQ(decode(form, static_cast<size_t>(length), &insn), length);
        });
}

TEST(DecodeMap, WhatDecodesHasExactlyOneLine)
{
    std::set<bytes> forms;

    for (const line &l : lines)
        for_each_form(l, [&](const bytes &form) {
            ASSERT_TRUE(forms.insert(form).second) << xcpu_op_name(l.op);
        });

    for (unsigned opcode = 0; opcode < 1024; opcode++)
        for (unsigned modrm = 0; modrm < 256; modrm++) {
            static const bytes maps[] = {
                {}, {0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}};
            xcpu_insn insn;
            bytes form = maps[opcode / 256];

            if (opcode == 0x0f || opcode == 0x138 || opcode == 0x13a ||
                (opcode < 256 && is_prefix(opcode & 0xff)))
                continue;
            form.push_back(opcode & 0xff);
            form.push_back(static_cast<uint8_t>(modrm));
            form.resize(XCPU_INSN_MAX, 0x24);
            if (decode(form, form.size(), &insn) > 0) {
                EXPECT_EQ(forms.count(form), 1u) << xcpu_op_name(insn.op);
            }
        }
}

} // namespace
