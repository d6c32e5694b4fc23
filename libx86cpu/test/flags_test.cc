/* flags_test.cc -- flags and conditions behind every kind of instruction. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/guest.h"

#include <cstring>
#include <gtest/gtest.h>

namespace
{

using namespace guest;

constexpr uint32_t code = 0x10000;

/* What an instruction on EAX and ECX leaves, written down a second time from
 * the definitions (SDM 1, 3.4.3.1), a bit at a time. */
struct Result {
    uint32_t value;
    uint32_t flags;
};

uint32_t mask_of(unsigned bits)
{
    return UINT32_MAX >> (32 - bits);
}

uint32_t when(enum xcpu_flag flag, bool set)
{
    return set ? flag : 0;
}

uint32_t result_flags(uint32_t value, unsigned bits)
{
    uint32_t ones = 0;

    for (unsigned i = 0; i < 8; i++)
        ones += value >> i & 1;
    return when(XCPU_PF, ones % 2 == 0) |
           when(XCPU_ZF, (value & mask_of(bits)) == 0) |
           when(XCPU_SF, value >> (bits - 1) & 1);
}

/* a + b + carry by full adders; subtraction adds the complement. */
Result add(uint32_t a, uint32_t b, unsigned carry, unsigned bits)
{
    uint32_t sum = 0, flags = 0;
    unsigned into = 0;

    for (unsigned i = 0; i < bits; i++) {
        const unsigned x = a >> i & 1, y = b >> i & 1;

        into = carry;
        sum |= (x ^ y ^ carry) << i;
        carry = (x & y) | (x & carry) | (y & carry);
        if (i == 3 && carry)
            flags |= XCPU_AF;
    }
    if (carry)
        flags |= XCPU_CF;
    if (carry != into)
        flags |= XCPU_OF;
    return {sum, flags | result_flags(sum, bits)};
}

Result subtract(uint32_t a, uint32_t b, unsigned borrow, unsigned bits)
{
    Result result = add(a, ~b, borrow ^ 1, bits);

    result.flags ^= XCPU_CF | XCPU_AF;
    return result;
}

Result logic(uint32_t value, unsigned bits)
{
    return {value & mask_of(bits), result_flags(value, bits)};
}

enum Op { ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, INC, DEC, NEG, TEST, OPS };

Result expected(Op op, uint32_t a, uint32_t b, uint32_t before, unsigned bits)
{
    const unsigned carry = before & XCPU_CF;
    Result result = {};

    switch (op) {
    case ADD:
        return add(a, b, 0, bits);
    case ADC:
        return add(a, b, carry, bits);
    case SUB:
    case CMP:
        result = subtract(a, b, 0, bits);
        break;
    case SBB:
        return subtract(a, b, carry, bits);
    case OR:
        return logic(a | b, bits);
    case AND:
    case TEST:
        result = logic(a & b, bits);
        break;
    case XOR:
        return logic(a ^ b, bits);
    case INC:
        result = add(a, 1, 0, bits);
        result.flags = (result.flags & ~uint32_t{XCPU_CF}) | carry;
        break;
    case DEC:
        result = subtract(a, 1, 0, bits);
        result.flags = (result.flags & ~uint32_t{XCPU_CF}) | carry;
        break;
    case NEG:
        return subtract(0, a, 0, bits);
    case OPS:
        break;
    }
    if (op == CMP || op == TEST)
        result.value = a & mask_of(bits);
    return result;
}

/* Bytes of an instruction on AL, AX or EAX, and CL, CX or ECX. */
std::string encode(Op op, unsigned bits)
{
    static const char *const binary[8] = {"00", "08", "10", "18",
                                          "20", "28", "30", "38"};
    const std::string prefix = bits == 16 ? "66" : "";
    const bool byte = bits == 8;
    std::string opcode;

    switch (op) {
    case INC:
        return prefix + (byte ? "fe c0" : "ff c0");
    case DEC:
        return prefix + (byte ? "fe c8" : "ff c8");
    case NEG:
        return prefix + (byte ? "f6 d8" : "f7 d8");
    case TEST:
        return prefix + (byte ? "84 c8" : "85 c8");
    default:
        opcode = binary[op];
        if (!byte)
            opcode[1] = static_cast<char>(opcode[1] + 1);
        return prefix + opcode + "c8";
    }
}

/* AF is undefined behind logic. */
uint32_t defined(Op op)
{
    const bool logical = op == OR || op == AND || op == XOR || op == TEST;

    return 0x8d5u & (logical ? ~uint32_t{XCPU_AF} : UINT32_MAX);
}

bool holds(unsigned condition, uint32_t flags)
{
    const bool carry = flags & XCPU_CF, zero = flags & XCPU_ZF;
    const bool sign = flags & XCPU_SF, overflow = flags & XCPU_OF;
    const bool parity = flags & XCPU_PF;
    const bool values[8] = {overflow,
                            carry,
                            zero,
                            carry || zero,
                            sign,
                            parity,
                            sign != overflow,
                            zero || sign != overflow};

    return values[condition >> 1] != (condition & 1);
}

const uint32_t values[] = {
    0,      1,      0x7f,       0x80,       0xff,       0x100,      0x7fff,
    0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x12345678, 0xfffffff0};

class Flags : public testing::Test
{
  protected:
    Flags() : cpu(guest)
    {
        guest.map(code, 0x1000, PROT_READ | PROT_EXEC);
    }

    void start(uint32_t a, uint32_t b, uint32_t eflags)
    {
        struct xcpu_regs regs = cpu.regs();

        memset(regs.gpr, 0, sizeof(regs.gpr));
        regs.gpr[XCPU_EAX] = a;
        regs.gpr[XCPU_ECX] = b;
        regs.eflags = eflags;
        cpu.set_regs(regs);
        ASSERT_EQ(text_of(cpu.run(code)), "#BP");
    }

    Guest guest;
    Cpu cpu;
};

template <class Visit> void for_each_case(Visit visit)
{
    for (int op = 0; op < OPS; op++)
        for (unsigned bits : {8u, 16u, 32u})
            visit(static_cast<Op>(op), bits);
}

TEST_F(Flags, AreThoseOfTheDefinition)
{
    for_each_case([&](Op op, unsigned bits) {
        guest.write(code, encode(op, bits) + "cc");
        for (uint32_t a : values)
            for (uint32_t b : values)
                for (uint32_t before : {0x202u, 0xad7u}) {
                    const Result result = expected(op, a, b, before, bits);
                    const uint32_t mask = mask_of(bits);

                    start(a, b, before);
                    ASSERT_EQ(cpu.regs().eflags & defined(op),
                              result.flags & defined(op))
                        << op << " " << bits << " " << std::hex << a << " " << b
                        << " " << before;
                    ASSERT_EQ(cpu.get(XCPU_EAX),
                              (a & ~mask) | (result.value & mask));
                }
    });
}

/* Each condition right behind each instruction: as a branch, which may become
 * one with the instruction, and as SETcc and CMOVcc. */
void expect_conditions(Guest &guest, Cpu &cpu, Op op, unsigned bits,
                       unsigned condition)
{
    char tail[80];

    /* jcc +2; jmp +2; mov dl, 1; int3 -- and setcc dh; cmovcc ebx, ebp */
    snprintf(tail, sizeof(tail), "%02x 02 eb 02 b2 01 cc", 0x70 + condition);
    guest.write(code, encode(op, bits) + tail);
    snprintf(tail, sizeof(tail), "0f %02x c6 0f %02x dd cc", 0x90 + condition,
             0x40 + condition);
    guest.write(code + 0x100, encode(op, bits) + tail);
    for (uint32_t a : values)
        for (uint32_t b : {values[0], values[1], values[4], values[9],
                           values[10], values[11], a}) {
            const Result result = expected(op, a, b, 0x203, bits);
            const uint32_t want = holds(condition, result.flags);
            struct xcpu_regs regs = cpu.regs();

            memset(regs.gpr, 0, sizeof(regs.gpr));
            regs.gpr[XCPU_EAX] = a;
            regs.gpr[XCPU_ECX] = b;
            regs.gpr[XCPU_EBP] = 1;
            regs.eflags = 0x203;
            cpu.set_regs(regs);
            ASSERT_EQ(text_of(cpu.run(code)), "#BP");
            ASSERT_EQ(cpu.get(XCPU_EDX), want)
                << op << " " << bits << " cc " << condition << std::hex << " "
                << a << " " << b;
            cpu.set_regs(regs);
            ASSERT_EQ(text_of(cpu.run(code + 0x100)), "#BP");
            ASSERT_EQ(cpu.get(XCPU_EDX), want << 8);
            ASSERT_EQ(cpu.get(XCPU_EBX), want);
        }
}

TEST_F(Flags, ConditionsHoldBehindEachInstruction)
{
    for_each_case([&](Op op, unsigned bits) {
        for (unsigned condition = 0; condition < 16; condition++)
            expect_conditions(guest, cpu, op, bits, condition);
    });
}

/* Behind shifts: by one, where all flags but AF are defined. */
TEST_F(Flags, ConditionsHoldBehindShifts)
{
    static const char *const shifts[] = {"d1 e0", "d1 e8", "d1 f8"};

    for (unsigned shift = 0; shift < 3; shift++)
        for (unsigned condition = 0; condition < 16; condition++) {
            char tail[40];

            snprintf(tail, sizeof(tail), "%02x 02 eb 02 b2 01 cc",
                     0x70 + condition);
            guest.write(code, std::string(shifts[shift]) + tail);
            for (uint32_t a : values) {
                const uint32_t moved =
                    shift == 0 ? a << 1
                    : shift == 1
                        ? a >> 1
                        : static_cast<uint32_t>(static_cast<int32_t>(a) >> 1);
                const bool carry = shift == 0 ? a >> 31 : a & 1;
                const bool overflow = shift == 0   ? (a ^ a << 1) >> 31
                                      : shift == 1 ? a >> 31
                                                   : 0;
                const uint32_t flags = result_flags(moved, 32) |
                                       when(XCPU_CF, carry) |
                                       when(XCPU_OF, overflow);

                start(a, 0, 0x202);
                ASSERT_EQ(cpu.get(XCPU_EAX), moved);
                ASSERT_EQ(cpu.get(XCPU_EDX), holds(condition, flags) ? 1u : 0u)
                    << shifts[shift] << " cc " << condition << std::hex << " "
                    << a;
            }
        }
}

/* The condition that a later instruction of the block hides. */
TEST_F(Flags, AreComputedWhenTheyAreAskedForLate)
{
    /* cmp eax, ecx; mov, lea and not change none; pushf by lahf */
    guest.write(code, "39 c8 89 c2 8d 58 01 f7 d3 9f cc");
    for (uint32_t a : values)
        for (uint32_t b : values) {
            const uint32_t flags = expected(CMP, a, b, 0x202, 32).flags & 0xd5u;

            start(a, b, 0x202);
            ASSERT_EQ(cpu.get(XCPU_EAX) >> 8 & 0xff, flags | 2);
        }
}

/* Those that instructions leave undefined and the next one stores: of hosts
 * each has its own. */
TEST_F(Flags, UndefinedOnesThatAreLookedAtAreTheSameOnEveryHost)
{
    static const struct {
        const char *insn;
        uint32_t flags;
    } rows[] = {
        {"c1 e0 05", 0x00},    /* shl eax, 5 */
        {"d3 e8", 0x04},       /* shr eax, cl */
        {"0f ac c8 05", 0x04}, /* shrd eax, ecx, 5 */
        {"f7 e1", 0x04},       /* mul ecx */
        {"0f af c1", 0x04},    /* imul eax, ecx */
        {"f7 f1", 0x95},       /* div ecx */
        {"0f bc c1", 0x95},    /* bsf eax, ecx */
        {"37", 0x11},          /* aaa */
    };

    guest.map(0x20000, 0x1000, PROT_READ | PROT_WRITE);
    for (const auto &row : rows) {
        /* mov esp, 20800; the instruction; pushf, pop ebx */
        guest.write(code,
                    "bc 00 08 02 00 " + std::string(row.insn) + " 9c 5b cc");
        start(0x12345687, 5, 0x202 | 0x95);
        EXPECT_EQ(cpu.get(XCPU_EBX) & 0x8d5, row.flags) << row.insn;
    }
}

} // namespace
