/* insns_zydis_test.cc -- the table's columns against an independent table. */
/* SPDX-License-Identifier: MIT */
#include "x86cpu/accesses.h"

extern "C" {
#include "libx86cpu/src/insns.h"
}

#include <Zydis/Zydis.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace
{

using bytes = std::vector<uint8_t>;
using names = std::set<std::string>;

struct line {
    unsigned op;
    const char *map;
    unsigned first;
    const char *prefix, *mod, *reg;
    const char *letters[3];
};

/* Plain data: constructors of a thousand lines take minutes to compile. */
const line lines[] = {
#define XCPU_ROW(id, mnemonic, a, b, c, map, first, last, prefix, mod, reg,    \
                 ...)                                                          \
    {XCPU_OP_##id, #map, first, #prefix, #mod, #reg, {#a, #b, #c}},
#include "libx86cpu/src/x86_insns.def"
};

bool is(const char *column, const char *token)
{
    return strcmp(column, token) == 0;
}

/* One encoding of a line, with memory at [ecx] or with registers 1. */
bytes encoding(const line &l, bool memory, bool operand_16)
{
    bytes code;

    if (is(l.prefix, "66") || operand_16)
        code.push_back(0x66);
    if (is(l.prefix, "F2") || is(l.prefix, "F3"))
        code.push_back(is(l.prefix, "F2") ? 0xf2 : 0xf3);
    if (l.map[0] == '0') {
        code.push_back(0x0f);
        if (l.map[2] != 0) /* 0F01, 0F38, 0F3A */
            code.push_back(strtoul(l.map + 2, nullptr, 16) & 0xff);
    } else if (!is(l.map, "1B")) {
        code.push_back(strtoul(l.map, nullptr, 16) & 0xff);
    }
    code.push_back(l.first & 0xff);
    if (l.map[0] != 'D' && !is(l.map, "0F01")) {
        const int reg = is(l.reg, "r") ? 1 : l.reg[0] - '0';

        code.push_back(static_cast<uint8_t>((memory ? 0x01 : 0xc1) | reg << 3));
    }
    code.resize(XCPU_INSN_MAX, 0x01);
    return code;
}

/* One encoding of a line, decoded by both. */
struct pair {
    const line &l;
    const xcpu_row &row;
    xcpu_insn ours;
    ZydisDecodedInstruction theirs;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    bool memory; /* has a ModRM operand in memory */

    std::string mnemonic() const
    {
        return xcpu_op_mnemonic(ours.op);
    }
};

template <typename Visit> void for_each_encoding(Visit visit)
{
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_32,
                     ZYDIS_STACK_WIDTH_32);
    for (const line &l : lines)
        for (bool memory : {false, true})
            for (bool operand_16 : {false, true}) {
                pair p = {l, xcpu_rows[l.op], {}, {}, {}, false};

                if (is(l.mod, memory ? "reg" : "mem") ||
                    (operand_16 && !is(l.prefix, "any") &&
                     !is(l.prefix, "npo")))
                    continue;

                const bytes code = encoding(l, memory, operand_16);

                SCOPED_TRACE(xcpu_op_name(l.op));
                ASSERT_GT(xcpu_decode(code.data(), code.size(), &p.ours), 0);
                ASSERT_EQ(p.ours.op, l.op);
                ASSERT_TRUE(ZYAN_SUCCESS(
                    ZydisDecoderDecodeFull(&decoder, code.data(), code.size(),
                                           &p.theirs, p.operands)));
                p.memory = (p.row.encoding & XE_MODRM) && p.ours.mod != 3;
                visit(p);
            }
}

/* The ModRM or moffs operand in memory, NULL without. */
const ZydisDecodedOperand *memory_operand(const pair &p)
{
    for (unsigned i = 0; i < p.theirs.operand_count; i++) {
        const ZydisDecodedOperand &o = p.operands[i];

        if (o.type == ZYDIS_OPERAND_TYPE_MEMORY &&
            (o.encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM ||
             o.encoding == ZYDIS_OPERAND_ENCODING_DISP16_32_64))
            return &o;
    }
    return nullptr;
}

/* Bits that a letter's size means; 0: the instruction says, or none. */
unsigned bits(const std::string &letter, unsigned operand_size)
{
    static const std::map<std::string, unsigned> sizes = {
        {"b", 8},    {"w", 16},   {"d", 32},   {"q", 64},
        {"dq", 128}, {"ps", 128}, {"pd", 128}, {"ss", 32},
        {"sd", 64},  {"t", 80},   {"s", 48}};
    const std::string size = letter.substr(1);
    const auto found = sizes.find(size);

    if (found != sizes.end())
        return found->second;
    if (size == "v" || size == "z")
        return operand_size * 8;
    if (size == "p")
        return operand_size * 8 + 16;
    return size == "a" ? operand_size * 16 : 0;
}

TEST(InsnsZydis, FlagColumnsAgree)
{
    /* Undefined by count: the table's are the union over all counts, and
     * shifts by 1 define OF. */
    const names counted = {"ROL", "ROR", "RCL",  "RCR", "SHL",
                           "SHR", "SAR", "SHLD", "SHRD"};
    /* Zydis describes the kernel's entry and exit as well. */
    const names entries = {"INT",    "INT3",     "INTO", "SYSCALL",
                           "SYSRET", "SYSENTER", "RSM"};
    const unsigned mask = XF_ALL;

    for_each_encoding([&](const pair &p) {
        const ZydisAccessedFlags none = {};
        const ZydisAccessedFlags &flags =
            p.theirs.cpu_flags != nullptr ? *p.theirs.cpu_flags : none;
        const unsigned written =
            (flags.modified | flags.set_0 | flags.set_1) & mask;

        if (p.row.attributes & A_COND) {
            EXPECT_EQ(flags.tested & mask & ~p.row.read, 0u);
        } else {
            EXPECT_EQ(flags.tested & mask, p.row.read);
        }
        if (entries.count(p.mnemonic()))
            return;
        if (counted.count(p.mnemonic())) {
            EXPECT_EQ(written & ~p.row.written, 0u);
            return;
        }
        /* SBB sets AF (SDM 2, SBB); Zydis calls it undefined in some. */
        if (p.mnemonic() == "SBB")
            return;
        EXPECT_EQ(written, p.row.written);
        EXPECT_EQ(flags.undefined & mask, p.row.undefined);
    });
}

TEST(InsnsZydis, PrefixAttributesAgree)
{
    for_each_encoding([](const pair &p) {
        const uint64_t attributes = p.theirs.attributes;

        if (p.memory) {
            EXPECT_EQ((attributes & ZYDIS_ATTRIB_ACCEPTS_LOCK) != 0,
                      (p.row.attributes & A_LOCK) != 0);
        }
        EXPECT_EQ((attributes & ZYDIS_ATTRIB_ACCEPTS_REP) != 0,
                  (p.row.attributes & A_REP) != 0);
        EXPECT_EQ((attributes & ZYDIS_ATTRIB_ACCEPTS_REPE) != 0,
                  (p.row.attributes & A_REPCC) != 0);
    });
}

TEST(InsnsZydis, PrivilegeAndBranchKindsAgree)
{
    /* By IOPL or CR4.PCE (SDM 1, 19.5.1; SDM 2, RDPMC); Zydis forgets LGDT. */
    const names by_permission = {"IN",  "OUT", "INS",   "OUTS",
                                 "CLI", "STI", "RDPMC", "LGDT"};

    for_each_encoding([&](const pair &p) {
        const bool privileged =
            (p.theirs.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) != 0;
        const unsigned kinds = A_JCC | A_JMP | A_CALL | A_RET;
        const bool branches = p.theirs.meta.branch_type != 0;
        const bool far = p.theirs.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;

        if (p.row.group != XG_UD) {
            EXPECT_EQ(privileged || by_permission.count(p.mnemonic()),
                      p.row.group == XG_PRIV);
        }
        EXPECT_EQ(branches || p.mnemonic() == "IRET",
                  (p.row.attributes & kinds & ~A_END) != 0);
        EXPECT_EQ(far || p.mnemonic() == "IRET",
                  (p.row.attributes & A_FAR & ~A_END) != 0);
    });
}

TEST(InsnsZydis, MemoryOperandsAgreeInSizeAndDirection)
{
    for_each_encoding([](const pair &p) {
        const ZydisDecodedOperand *theirs = memory_operand(p);

        EXPECT_EQ(theirs != nullptr,
                  p.memory || (p.row.encoding & XE_MOFFS) != 0);
        /* UD0 and UD1 access nothing, CLFLUSH a line and no operand. */
        if (theirs == nullptr || p.row.group == XG_UD ||
            p.mnemonic() == "CLFLUSH")
            return;
        if ((p.row.attributes & A_NOMEM) == 0) {
            EXPECT_EQ((theirs->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0,
                      (p.row.attributes & A_WM) != 0);
        }
        for (const char *letter : p.l.letters) {
            const unsigned size = bits(letter, p.ours.operand_size);

            if (strchr("EMOQW", letter[0]) != nullptr && size != 0) {
                EXPECT_EQ(theirs->size, size);
            }
        }
    });
}

using access = std::tuple<uint32_t, uint32_t, bool>;

const xcpu_regs some_registers = {
    /* EAX ... */
    {0x10000012, 0x20001000, 0x30002000, 0x40003000, 0x50004000, 0x60005000,
     0x70006000, 0x80007000},
    0x1000,
    0x202,
    {0x2b, 0x23, 0x2b, 0x2b, 0x33, 0x2b},
    {0x100, 0x200, 0x300, 0x400, 0x500, 0x600}};

uint32_t value_of(ZydisRegister reg)
{
    if (reg == ZYDIS_REGISTER_NONE)
        return 0;
    return some_registers.gpr[ZydisRegisterGetId(reg)];
}

/* What Zydis says of a memory operand; what is pushed lies below ESP. */
access theirs_of(const ZydisDecodedOperand &o)
{
    const bool stores = (o.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    const uint32_t size = o.size / 8;
    uint32_t address =
        some_registers.sreg_base[ZydisRegisterGetId(o.mem.segment)] +
        value_of(o.mem.base) +
        value_of(o.mem.index) * (o.mem.scale != 0 ? o.mem.scale : 1) +
        static_cast<uint32_t>(o.mem.disp.value);

    if (o.visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && stores &&
        o.mem.base == ZYDIS_REGISTER_ESP)
        address -= size;
    return {address, size, stores};
}

TEST(InsnsZydis, AccessesAgree)
{
    const names no_data = {"NOP", "PREFETCH", "CLFLUSH"};
    /* Zydis does not say how much these push, pop or copy, or that AL counts,
     * or it says what they do to the kernel's memory; bits have a test below.
     */
    const names others = {"PUSHA", "POPA", "ENTER", "IRET", "RETF",
                          "INT",   "INT3", "INTO",  "BT",   "BTS",
                          "BTR",   "BTC",  "INT1",  "XLAT"};

    for_each_encoding([&](const pair &p) {
        std::multiset<access> ours, theirs;
        xcpu_access found[XCPU_ACCESSES_MAX];

        if (others.count(p.mnemonic()) || p.row.group == XG_UD ||
            p.row.group == XG_PRIV ||
            (p.mnemonic() == "CALL" && (p.row.attributes & A_FAR & ~A_END)))
            return;
        for (unsigned i = 0, count = xcpu_find_accesses(&p.ours,
                                                        &some_registers, found);
             i < count; i++)
            ours.insert(
                {found[i].address, found[i].size, found[i].is_store != 0});
        for (unsigned i = 0; i < p.theirs.operand_count; i++)
            if (p.operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
                p.operands[i].mem.type == ZYDIS_MEMOP_TYPE_MEM &&
                !no_data.count(p.mnemonic()))
                theirs.insert(theirs_of(p.operands[i]));
        EXPECT_EQ(ours, theirs);
    });
}

std::vector<access> accesses_of(bytes code,
                                const xcpu_regs &regs = some_registers)
{
    xcpu_access found[XCPU_ACCESSES_MAX];
    std::vector<access> all;
    xcpu_insn insn;

    code.resize(XCPU_INSN_MAX);
    EXPECT_GT(xcpu_decode(code.data(), code.size(), &insn), 0);
    for (unsigned i = 0, count = xcpu_find_accesses(&insn, &regs, found);
         i < count; i++)
        all.push_back(
            {found[i].address, found[i].size, found[i].is_store != 0});
    return all;
}

TEST(InsnsZydis, AccessesThatItDoesNotTell)
{
    using all = std::vector<access>;
    const uint32_t stack = 0x50004000 + 0x300;
    xcpu_regs regs = some_registers;

    EXPECT_EQ(accesses_of({0x60}), (all{{stack - 32, 32, true}}));
    EXPECT_EQ(accesses_of({0x61}), (all{{stack, 32, false}}));
    EXPECT_EQ(accesses_of({0x66, 0x60}), (all{{stack - 16, 16, true}}));
    EXPECT_EQ(accesses_of({0xc8, 8, 0, 0}), (all{{stack - 4, 4, true}}));
    EXPECT_EQ(accesses_of({0xcb}), (all{{stack, 8, false}}));
    EXPECT_EQ(accesses_of({0xcf}), (all{{stack, 12, false}}));
    EXPECT_EQ(accesses_of({0x9a}), (all{{stack - 8, 8, true}}));
    EXPECT_TRUE(accesses_of({0xcd, 99}).empty());
    EXPECT_EQ(accesses_of({0xd7}),
              (all{{0x40003000 + 0x12 + 0x400, 1, false}}));
    EXPECT_EQ(accesses_of({0x8f, 0x04, 0x24}), // pop (%esp)
              (all{{stack, 4, false}, {stack + 4, 4, true}}));
    /* Bits of [ecx], by their number in eax. */
    regs.gpr[XCPU_ECX] = 0x1000;
    regs.gpr[XCPU_EAX] = 33;
    EXPECT_EQ(accesses_of({0x0f, 0xa3, 0x01}, regs), (all{{0x1404, 4, false}}));
    EXPECT_EQ(accesses_of({0x66, 0x0f, 0xab, 0x01}, regs),
              (all{{0x1404, 2, true}}));
    regs.gpr[XCPU_EAX] = static_cast<uint32_t>(-1);
    EXPECT_EQ(accesses_of({0x0f, 0xa3, 0x01}, regs), (all{{0x13fc, 4, false}}));
    EXPECT_EQ(accesses_of({0x0f, 0xba, 0x21, 33}, regs),
              (all{{0x1400, 4, false}}));
    /* Strings, as long as there is something to repeat. */
    regs.gpr[XCPU_ESI] = 0x12000;
    regs.gpr[XCPU_EDI] = 0x23000;
    EXPECT_EQ(accesses_of({0xf3, 0xa4}, regs),
              (all{{0x23100, 1, true}, {0x12400, 1, false}}));
    EXPECT_EQ(accesses_of({0x67, 0xf3, 0xa5}, regs),
              (all{{0x3100, 4, true}, {0x2400, 4, false}}));
    regs.gpr[XCPU_ECX] = 0;
    EXPECT_TRUE(accesses_of({0xf3, 0xa4}, regs).empty());
}

TEST(InsnsZydis, RegisterOperandsAgreeInClass)
{
    static const struct {
        const char *initials;
        std::set<ZydisRegisterClass> classes;
    } kinds[] = {
        {"PN", {ZYDIS_REGCLASS_MMX}},
        {"VU", {ZYDIS_REGCLASS_XMM}},
        {"GRZ",
         {ZYDIS_REGCLASS_GPR8, ZYDIS_REGCLASS_GPR16, ZYDIS_REGCLASS_GPR32}},
    };

    for_each_encoding([](const pair &p) {
        if (p.row.group == XG_UD)
            return;
        for (size_t i = 0; i < 3; i++)
            for (const auto &kind : kinds) {
                const std::string letter = p.l.letters[i];
                const ZydisDecodedOperand &theirs = p.operands[i];

                if (letter == "GS" ||
                    strchr(kind.initials, letter[0]) == nullptr)
                    continue;
                ASSERT_EQ(theirs.type, ZYDIS_OPERAND_TYPE_REGISTER) << letter;
                EXPECT_EQ(
                    kind.classes.count(ZydisRegisterGetClass(theirs.reg.value)),
                    1u)
                    << letter;
                if (letter[0] == 'G') {
                    EXPECT_EQ(theirs.size, bits(letter, p.ours.operand_size));
                }
            }
    });
}

} // namespace
