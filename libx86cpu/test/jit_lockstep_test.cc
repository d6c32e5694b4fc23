/* jit_lockstep_test.cc -- random programs on the translator and on the
 * interpreter. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/jit_guest.h"

#include <x86cpu/decode.h>
#include <x86cpu/x86cpu.h>

extern "C" {
#include "libx86cpu/src/insns.h"
}

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace
{

using namespace jit_guest;

constexpr uint64_t budget = 2000;

using Random = std::mt19937_64;

/* The code is around the end of the first page. */
constexpr uint32_t pages = 0x2000;

struct xcpu_config with_small_cache(enum xcpu_engine engine, bool counted)
{
    struct xcpu_config config = config_for(engine, counted);

    config.code_size = 256 << 10;
    return config;
}

struct Engine {
    explicit Engine(enum xcpu_engine engine, bool counted = false)
        : memory(with_small_cache(engine, counted), pages), guest(memory)
    {
    }
    /* known: the cpu has code of the second page, so that blocks go on there.
     */
    void load(const std::vector<uint8_t> &code, uint32_t at,
              const std::vector<uint8_t> &data, const xcpu_regs &start,
              const xcpu_fxstate &fx, bool known = false)
    {
        std::vector<uint8_t> all(pages, 0xcc);
        std::copy(code.begin(), code.end(), all.begin() + (at - code_at));
        memory.place(code_at, all);
        if (known) {
            guest.regs.eip = code_at + pages - 1;
            guest.regs.eflags = 0x202;
            guest.run(1);
        }
        xcpu_machine_forget(memory.machine, data_at, data_size);
        memcpy(memory.window + data_at, data.data(), data_size);
        guest.regs = start;
        xcpu_set_fxstate(guest.cpu, &fx);
    }
    void run(uint64_t insns)
    {
        guest.run(insns);
        xcpu_get_fxstate(guest.cpu, &fxstate);
    }

    Memory memory;
    Guest guest;
    xcpu_fxstate fxstate = {};
};

/* ---- programs ---- */

bool is_pointer(unsigned reg)
{
    return reg == XCPU_EBX || reg >= XCPU_ESP;
}

/* Whether an operand will probably be in the data. */
bool is_tame(Random &random, const xcpu_insn &insn)
{
    const unsigned encoding = xcpu_rows[insn.op].encoding;
    if (xcpu_rows[insn.op].group == XG_PRIV ||
        xcpu_rows[insn.op].group == XG_UD)
        return random() % 50 == 0;
    if (!(encoding & XE_MODRM) || insn.mod == 3)
        return !(encoding & XE_MOFFS) || random() % 20 == 0;
    if (insn.base == XCPU_NO_REG || !is_pointer(insn.base) ||
        (insn.index != XCPU_NO_REG && is_pointer(insn.index)))
        return random() % 50 == 0;
    return insn.disp + 0x400 < 0x800 || random() % 50 == 0;
}

void append_insn(Random &random, std::vector<uint8_t> *code)
{
    static const uint8_t prefixes[] = {0x66, 0x66, 0x66, 0xf2, 0xf3, 0xf3,
                                       0x67, 0xf0, 0x64, 0x65, 0x26, 0x36};
    static const uint8_t compare[] = {0x39, 0xd8}; /* all flags defined */
    for (;;) {
        uint8_t bytes[XCPU_INSN_MAX] = {};
        size_t size = 0;
        if (random() % 3 == 0)
            bytes[size++] = prefixes[random() % sizeof(prefixes)];
        if (random() % 8 == 0)
            bytes[size++] = prefixes[random() % sizeof(prefixes)];
        if (random() % 2)
            bytes[size++] = 0x0f;
        while (size < sizeof(bytes))
            bytes[size++] = static_cast<uint8_t>(random());
        /* Small displacements and immediates more often. */
        if (random() % 2)
            memset(bytes + 6, random() % 2 ? 0 : 0xff, sizeof(bytes) - 6);
        xcpu_insn insn;
        if (xcpu_decode(bytes, sizeof(bytes), &insn) <= 0 ||
            !is_tame(random, insn) || (xcpu_rows[insn.op].encoding & XE_RELZ) ||
            insn.op == XCPU_OP_JMP_Jb ||
            (xcpu_rows[insn.op].attributes & A_JCC) == A_JCC)
            continue;
        code->insert(code->end(), bytes, bytes + insn.length);
        if (xcpu_rows[insn.op].undefined)
            code->insert(code->end(), compare, compare + sizeof(compare));
        return;
    }
}

void append32(std::vector<uint8_t> *code, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        code->push_back(static_cast<uint8_t>(value >> 8 * i));
}

/* mov $imm32, reg: into the data for pointers, small for others. */
void append_load(Random &random, std::vector<uint8_t> *code, unsigned reg)
{
    uint32_t value = static_cast<uint32_t>(random()) % 64;
    if (is_pointer(reg))
        value = data_at + static_cast<uint32_t>(random()) % (data_size - 8);
    code->push_back(static_cast<uint8_t>(0xb8 | reg));
    append32(code, value);
}

void append_straight(Random &random, std::vector<uint8_t> *code)
{
    if (random() % 4 == 0)
        append_load(random, code, random() % 8);
    append_insn(random, code);
}

/* Instructions with a branch over them, or back to their start. */
void append_branch(Random &random, std::vector<uint8_t> *code, uint32_t at)
{
    std::vector<uint8_t> body;
    for (uint64_t i = random() % 3; i < 3; i++)
        append_straight(random, &body);
    const uint32_t size = static_cast<uint32_t>(body.size());
    const uint32_t here = at + static_cast<uint32_t>(code->size());
    const uint8_t cc = static_cast<uint8_t>(random() % 16);
    std::vector<uint8_t> before, behind;
    switch (random() % 8) {
    case 0: /* jcc */
        before = {static_cast<uint8_t>(0x70 | cc), static_cast<uint8_t>(size)};
        break;
    case 1:
        before = {0x0f, static_cast<uint8_t>(0x80 | cc)};
        append32(&before, size);
        break;
    case 2: /* jmp, call */
        before = {static_cast<uint8_t>(random() % 2 ? 0xe9 : 0xe8)};
        append32(&before, size);
        break;
    case 3: /* push $; ret */
        before = {0x68};
        append32(&before, here + 6 + size);
        before.push_back(0xc3);
        break;
    case 4: /* mov $, reg; jmp *reg or call *reg */
        before = {static_cast<uint8_t>(0xb8 | (cc & 7))};
        append32(&before, here + 7 + size);
        before.push_back(0xff);
        before.push_back(
            static_cast<uint8_t>((random() % 2 ? 0xe0 : 0xd0) | (cc & 7)));
        break;
    case 5: /* loopne, loope, loop, jecxz */
        before = {static_cast<uint8_t>(0xe0 | (cc & 3)),
                  static_cast<uint8_t>(size)};
        break;
    default: /* mov $8, %ecx; body; push %ecx... loop or jcc back */
        before = {0xb9, 8, 0, 0, 0};
        behind = {static_cast<uint8_t>(cc & 1 ? 0xe2 : 0x70 | cc),
                  static_cast<uint8_t>(0 - size - 2)};
    }
    code->insert(code->end(), before.begin(), before.end());
    code->insert(code->end(), body.begin(), body.end());
    code->insert(code->end(), behind.begin(), behind.end());
}

std::vector<uint8_t> make_program(Random &random, size_t insns, uint32_t at)
{
    std::vector<uint8_t> code;
    for (size_t i = 0; i < insns; i++) {
        if (insns > 1 && random() % 6 == 0)
            append_branch(random, &code, at);
        else
            append_straight(random, &code);
    }
    code.push_back(0xcd);
    code.push_back(0x80);
    return code;
}

xcpu_regs make_regs(Random &random, const xcpu_regs &now, uint32_t eip)
{
    xcpu_regs regs = now;
    for (unsigned i = 0; i < 8; i++) {
        regs.gpr[i] = static_cast<uint32_t>(random()) % 256;
        if (is_pointer(i))
            regs.gpr[i] =
                data_at + (static_cast<uint32_t>(random()) % data_size);
        if (random() % 8 == 0)
            regs.gpr[i] &= ~15u;
    }
    regs.eip = eip;
    regs.eflags = 0x202 | (static_cast<uint32_t>(random()) & XF_OSZAPC);
    if (random() % 16 == 0)
        regs.eflags |= XCPU_DF;
    if (random() % 32 == 0)
        regs.eflags |= XCPU_TF;
    regs.sreg[XCPU_FS] = 0x33;
    regs.sreg_base[XCPU_FS] = random() % 2 ? 0 : 0x100;
    regs.sreg[XCPU_ES] = random() % 16 ? 0x23 : 0x0;
    return regs;
}

xcpu_fxstate make_fxstate(Random &random)
{
    xcpu_fxstate fx = {};
    const uint16_t control = static_cast<uint16_t>(
        (random() & 0xf00) | (random() % 8 ? 0x7f : 0x40));
    const uint32_t mxcsr =
        (random() & 0xe000) |
        (random() % 8 ? 0x1f80u : static_cast<uint32_t>(random()) & 0x1f80);
    memcpy(fx.bytes, &control, 2);
    fx.bytes[3] = static_cast<uint8_t>(random() & 0x38);
    fx.bytes[4] = static_cast<uint8_t>(random() % 3 ? random() : 0);
    memcpy(fx.bytes + 24, &mxcsr, 4);
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 10; j++)
            fx.bytes[32 + 16 * i + j] = static_cast<uint8_t>(random());
    for (int i = 160; i < 288; i++)
        fx.bytes[i] = static_cast<uint8_t>(random());
    return fx;
}

/* ---- comparison ---- */

std::string hex(uint64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%llx",
             static_cast<unsigned long long>(value));
    return text;
}

/* A repeated comparison that faults has its flags of before (SDM 2, REP), but
 * those of the iterations so far on some CPUs, and then in translated code.
 * Which of its operands is read first depends on the CPU, too. */
bool ended_in_comparison(const Engine &engine)
{
    xcpu_insn insn;
    const uint32_t eip = engine.guest.regs.eip;

    return engine.guest.exit.reason == XCPU_EXIT_EXCEPTION &&
           eip - code_at < pages - XCPU_INSN_MAX &&
           xcpu_decode(engine.memory.window + eip, XCPU_INSN_MAX, &insn) > 0 &&
           (xcpu_rows[insn.op].attributes & A_REPCC) && insn.rep;
}

/* flags: whether these are defined; counted: instructions are counted. */
std::string difference(const Engine &a, const Engine &b, bool flags,
                       bool counted)
{
    std::string text;
    auto compare = [&](const char *what, uint64_t x, uint64_t y,
                       uint32_t i = 0) {
        if (x != y)
            text +=
                std::string(" ") + what + hex(i) + " " + hex(x) + "/" + hex(y);
    };
    auto compare_bytes = [&](const char *what, const uint8_t *x,
                             const uint8_t *y, uint32_t size) {
        for (uint32_t i = 0; memcmp(x, y, size) != 0 && i < size; i++)
            compare(what, x[i], y[i], i);
    };
    if (counted)
        compare("executed", a.guest.exit.executed, b.guest.exit.executed);
    compare("reason", a.guest.exit.reason, b.guest.exit.reason);
    compare("vector", a.guest.exit.vector, b.guest.exit.vector);
    compare("error", a.guest.exit.error_code, b.guest.exit.error_code);
    if (!ended_in_comparison(a))
        compare("address", a.guest.exit.address, b.guest.exit.address);
    for (uint32_t i = 0; i < 8; i++)
        compare("r", a.guest.regs.gpr[i], b.guest.regs.gpr[i], i);
    compare("eip", a.guest.regs.eip, b.guest.regs.eip);
    if (flags && !ended_in_comparison(a))
        compare("eflags", a.guest.regs.eflags, b.guest.regs.eflags);
    for (uint32_t i = 0; i < 6; i++)
        compare("s", a.guest.regs.sreg[i], b.guest.regs.sreg[i], i);
    compare_bytes("fx", a.fxstate.bytes, b.fxstate.bytes, 288);
    compare_bytes("data+", a.memory.window + data_at, b.memory.window + data_at,
                  data_size);
    compare_bytes("code+", a.memory.window + code_at, b.memory.window + code_at,
                  pages);
    return text.substr(0, 400);
}

std::string describe(const std::vector<uint8_t> &code)
{
    std::string text;
    size_t at = 0;
    while (at < code.size()) {
        xcpu_insn insn;
        const int length =
            xcpu_decode(code.data() + at, code.size() - at, &insn);
        if (length <= 0)
            break;
        text += "\n   ";
        for (int i = 0; i < length; i++)
            text += " " + hex(code[at + static_cast<size_t>(i)]);
        text += std::string("  ") + xcpu_op_name(insn.op);
        at += static_cast<size_t>(length);
    }
    return text;
}

/* Whether a repeated string instruction was written over: it goes on as it was
 * or as it is then, whichever way it was interrupted (SDM 3, 8.1.3). */
bool has_lost_string(const Engine &engine, const std::vector<uint8_t> &code,
                     uint32_t at)
{
    for (size_t i = 0; i < code.size();) {
        xcpu_insn insn;
        const int length = xcpu_decode(code.data() + i, code.size() - i, &insn);
        if (length <= 0)
            return false;
        if (insn.rep && (xcpu_rows[insn.op].attributes & (A_REP | A_REPCC)) &&
            memcmp(engine.memory.window + at + i, code.data() + i,
                   static_cast<size_t>(length)) != 0)
            return true;
        i += static_cast<size_t>(length);
    }
    return false;
}

uint64_t wanted(const char *name, uint64_t usual)
{
    const char *text = getenv(name);
    return text ? strtoull(text, nullptr, 0) : usual;
}

/* Programs with unpredictable branches are first run with a budget: one that
 * uses it up is left out. counted: ends somewhere, after as many
 * instructions. */
void run_programs(size_t insns, uint64_t cases, bool counted = false)
{
    Engine interp(XCPU_ENGINE_INTERP), jit(XCPU_ENGINE_JIT, counted);
    if (!jit.guest.usable())
        GTEST_SKIP() << "no translator for this host";
    ASSERT_TRUE(interp.guest.usable());
    install_handlers();
    Random random(wanted("XCPU_TEST_SEED", 1) * 1000 + insns);
    std::vector<uint8_t> data(data_size);
    int failures = 0;
    for (uint64_t i = 0; i < cases && failures < 10; i++) {
        const uint32_t at =
            code_at + 0x1000 - static_cast<uint32_t>(random()) % 64;
        const std::vector<uint8_t> code = make_program(random, insns, at);
        for (uint32_t j = 0; j < 64; j++)
            data[random() % data_size] = static_cast<uint8_t>(random());
        const xcpu_regs start = make_regs(random, interp.guest.regs, at);
        const xcpu_fxstate fx = make_fxstate(random);
        interp.load(code, at, data, start, fx);
        const uint64_t limit = counted ? 1 + random() % (3 * insns) : budget;
        interp.run(limit);
        const bool used_up = interp.guest.exit.reason == XCPU_EXIT_BUDGET;
        if ((used_up && !counted) || has_lost_string(interp, code, at))
            continue;
        jit.load(code, at, data, start, fx, i % 2);
        jit.run(counted ? limit : XCPU_BUDGET_UNLIMITED);
        /* One that has changed itself may have lost a comparison that stood
         * behind an instruction that leaves flags undefined; so has one that
         * ends before it. */
        const bool same = !used_up && memcmp(interp.memory.window + at,
                                             code.data(), code.size()) == 0;
        const std::string text = difference(interp, jit, same, counted);
        EXPECT_EQ("", text)
            << "case " << i << " at " << hex(at) << describe(code)
            << "\n    ended by " << interp.guest.exit.reason << " at "
            << hex(interp.guest.regs.eip) << ", eax " << hex(start.gpr[0])
            << ", eflags " << hex(start.eflags);
        failures += !text.empty();
    }
    EXPECT_GT(jit.guest.translated(), cases / 2);
}

/* The engine that compares by itself, and ends as the interpreter does. */
void run_compared(size_t insns, uint64_t cases)
{
    Engine interp(XCPU_ENGINE_INTERP), both(XCPU_ENGINE_LOCKSTEP, true);
    if (!both.guest.usable())
        GTEST_SKIP() << "no translator for this host";
    install_handlers();
    Random random(wanted("XCPU_TEST_SEED", 1) * 1000 + insns);
    std::vector<uint8_t> data(data_size);
    int failures = 0;
    for (uint64_t i = 0; i < cases && failures < 10; i++) {
        const uint32_t at =
            code_at + 0x1000 - static_cast<uint32_t>(random()) % 64;
        const std::vector<uint8_t> code = make_program(random, insns, at);
        for (uint32_t j = 0; j < 64; j++)
            data[random() % data_size] = static_cast<uint8_t>(random());
        const xcpu_regs start = make_regs(random, interp.guest.regs, at);
        const xcpu_fxstate fx = make_fxstate(random);
        interp.load(code, at, data, start, fx);
        interp.run(budget);
        if (has_lost_string(interp, code, at))
            continue;
        both.load(code, at, data, start, fx, i % 2);
        both.run(budget);
        const bool same =
            interp.guest.exit.reason != XCPU_EXIT_BUDGET &&
            memcmp(interp.memory.window + at, code.data(), code.size()) == 0;
        const std::string text = difference(interp, both, same, true);
        EXPECT_EQ("", text)
            << "case " << i << " at " << hex(at) << describe(code)
            << "\n    ended by " << both.guest.exit.reason << " at "
            << hex(both.guest.regs.eip);
        failures += !text.empty();
    }
    EXPECT_GT(both.guest.translated(), cases / 2);
}

TEST(JitLockstep, OneInstructionDoesTheSame)
{
    run_programs(1, wanted("XCPU_TEST_CASES", 40000));
}

TEST(JitLockstep, ProgramsDoTheSame)
{
    run_programs(8, wanted("XCPU_TEST_CASES", 20000));
    run_programs(30, wanted("XCPU_TEST_CASES", 20000));
}

TEST(JitLockstep, TheEngineThatComparesFindsNothing)
{
    run_compared(1, wanted("XCPU_TEST_CASES", 5000));
    run_compared(8, wanted("XCPU_TEST_CASES", 5000));
    run_compared(30, wanted("XCPU_TEST_CASES", 5000));
}

TEST(JitLockstep, CountedProgramsEndWhereTheirBudgetDoes)
{
    run_programs(8, wanted("XCPU_TEST_CASES", 10000), true);
    run_programs(30, wanted("XCPU_TEST_CASES", 10000), true);
}

} // namespace
