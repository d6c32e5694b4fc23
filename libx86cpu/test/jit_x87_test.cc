/* jit_x87_test.cc -- the x87's control word in translated code. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/jit_guest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

namespace
{

using namespace jit_guest;

constexpr uint32_t values_at = data_at, words_at = data_at + 0x800,
                   results_at = data_at + 0x1000;
constexpr uint32_t data_end = data_at + data_size;
constexpr uint16_t nearest = 0x37f, chop = 0xf7f, down = 0x77f, single = 0x07f,
                   single_chop = 0xc7f, unmasked = 0x37e, unmasked_chop = 0xf7e;

/* What one conversion loads around FISTP. */
struct Words {
    uint16_t first, second;
};

/* What a program leaves. */
struct Outcome {
    xcpu_exit exit = {};
    xcpu_regs regs = {};
    xcpu_fxstate fx = {};
    std::vector<uint8_t> data;
    uint64_t translated = 0, flushes = 0, entries = 0;
};

/* What is between two FLDCW, and behind them. */
struct Form {
    std::vector<uint8_t> between, behind;
};

/* Conversions of values to integers, from ESI to EDI, with words at EBX, and
 * what FNSTSW and FNSTCW say behind each. */
std::vector<uint8_t> program(const Form &form)
{
    std::vector<uint8_t> code = {0xdd, 0x06,             /* 1: fldl (%esi) */
                                 0xd9, 0x2b};            /* fldcw (%ebx) */
    const std::vector<uint8_t> rest = {0xd9, 0x6b, 0x02, /* fldcw 2(%ebx) */
                                       0xdf, 0xe0,       /* fnstsw %ax */
                                       0x66, 0x89, 0x47,
                                       0x08,             /* mov %ax, 8(%edi) */
                                       0xd9, 0x7f, 0x0a, /* fnstcw 10(%edi) */
                                       0xdb, 0xe2,       /* fnclex */
                                       0x83, 0xc6, 0x08, /* add $8, %esi */
                                       0x83, 0xc7, 0x10, /* add $16, %edi */
                                       0x83, 0xc3, 0x04, /* add $4, %ebx */
                                       0x49, 0x75};      /* dec %ecx; jnz 1b */

    code.insert(code.end(), form.between.begin(), form.between.end());
    code.insert(code.end(), {0xd9, 0x6b, 0x02}); /* fldcw 2(%ebx) */
    code.insert(code.end(), form.behind.begin(), form.behind.end());
    code.insert(code.end(), rest.begin(), rest.end());
    code.push_back(static_cast<uint8_t>(0u - (code.size() + 1)));
    code.insert(code.end(), {0xcd, 0x80});
    return code;
}

std::vector<double> interesting()
{
    std::vector<double> values = {0.0,
                                  -0.0,
                                  0.5,
                                  -0.5,
                                  1.5,
                                  -1.5,
                                  2.5,
                                  0.999999,
                                  -0.999999,
                                  32767.5,
                                  -32768.5,
                                  2147483647.5,
                                  -2147483648.5,
                                  9.2e18,
                                  -9.3e18,
                                  1e300,
                                  std::numeric_limits<double>::infinity(),
                                  std::nan(""),
                                  std::numeric_limits<double>::denorm_min(),
                                  123456789.25};
    for (int i = 0; values.size() < 100; i++)
        values.push_back(std::ldexp(i % 2 ? 1.7 : -1.3, i % 66));
    return values;
}

enum engine { INTERPRETED, TRANSLATED, COUNTED };

struct xcpu_config config_of(enum engine engine)
{
    return config_for(engine == INTERPRETED ? XCPU_ENGINE_INTERP
                                            : XCPU_ENGINE_JIT,
                      engine == COUNTED);
}

/* Each guest, made for the engine, is given its registers by prepare. */
template <typename Prepare>
Outcome execute(enum engine engine, const Form &form,
                const std::vector<Words> &words, Prepare prepare)
{
    Memory memory(config_of(engine));
    Outcome outcome;
    if (!memory.machine)
        return outcome;
    Guest guest(memory);
    const std::vector<double> values = interesting();
    xcpu_jit_stats stats;

    memory.place(code_at, program(form));
    memcpy(memory.window + values_at, values.data(), values.size() * 8);
    memcpy(memory.window + words_at, words.data(),
           words.size() * sizeof(words[0]));
    guest.regs.gpr[XCPU_ECX] = 100;
    guest.regs.gpr[XCPU_ESI] = values_at;
    guest.regs.gpr[XCPU_EDI] = results_at;
    guest.regs.gpr[XCPU_EBX] = words_at;
    prepare(memory, guest.regs);
    guest.run();
    outcome.exit = guest.exit;
    outcome.regs = guest.regs;
    xcpu_get_fxstate(guest.cpu, &outcome.fx);
    outcome.data.assign(memory.window + data_at, memory.window + data_end);
    outcome.translated = guest.translated();
    xcpu_get_jit_stats(guest.cpu, &stats);
    outcome.flushes = stats.flushes;
    return outcome;
}

void expect_same(const Outcome &outcome, const Outcome &wanted)
{
    EXPECT_EQ(outcome.exit.reason, wanted.exit.reason);
    EXPECT_EQ(outcome.exit.vector, wanted.exit.vector);
    EXPECT_EQ(outcome.exit.error_code, wanted.exit.error_code);
    EXPECT_EQ(outcome.exit.address, wanted.exit.address);
    EXPECT_EQ(outcome.regs.eip, wanted.regs.eip);
    EXPECT_EQ(outcome.regs.eflags, wanted.regs.eflags);
    for (int i = 0; i < 8; i++)
        EXPECT_EQ(outcome.regs.gpr[i], wanted.regs.gpr[i]) << i;
    for (size_t i = 0; i < sizeof(wanted.fx.bytes); i++)
        EXPECT_EQ(outcome.fx.bytes[i], wanted.fx.bytes[i]) << i;
    for (size_t i = 0; i < wanted.data.size(); i++)
        ASSERT_EQ(outcome.data[i], wanted.data[i]) << i;
}

class Translator : public testing::Test
{
  protected:
    void SetUp() override
    {
        if (!Memory(XCPU_ENGINE_JIT).machine)
            GTEST_SKIP() << "no translator for this host";
        install_handlers();
    }
};

class JitX87 : public Translator,
               public testing::WithParamInterface<std::tuple<int, enum engine>>
{
  protected:
    static bool rounds()
    {
        return std::get<0>(GetParam()) == 3;
    }

    /* On both engines alike; what translated code leaves. */
    template <typename Prepare>
    Outcome compare(const std::vector<Words> &words, Prepare prepare)
    {
        static const Form forms[] = {
            {{0xdf, 0x1f}, {}},            /* fistp m16 */
            {{0xdb, 0x1f}, {}},            /* fistp m32 */
            {{0xdf, 0x3f}, {}},            /* fistp m64 */
            {{0xd9, 0xfc}, {0xdd, 0x1f}}}; /* frndint; fstp m64 */
        const Form &form = forms[std::get<0>(GetParam())];
        const Outcome made =
            execute(std::get<1>(GetParam()), form, words, prepare);

        expect_same(made, execute(INTERPRETED, form, words, prepare));
        EXPECT_LT(0u, made.translated);
        return made;
    }

    Outcome compare(const std::vector<Words> &words)
    {
        return compare(words, [](Memory &, xcpu_regs &) {});
    }
};

std::vector<Words> hundred(Words words)
{
    return std::vector<Words>(100, words);
}

TEST_P(JitX87, ConversionsByTruncation)
{
    const Outcome made = compare(hundred({chop, nearest}));
    EXPECT_EQ(made.exit.reason, XCPU_EXIT_INT);
    EXPECT_EQ(made.flushes, 0u);
}

/* Few: the next one truncates again. */
TEST_P(JitX87, SomeWordsRoundInOtherWays)
{
    const Words others[] = {{down, nearest}, {nearest, nearest},
                            {chop, down},    {single_chop, nearest},
                            {chop, single},  {single, single_chop},
                            {chop, chop},    {0xffff, nearest},
                            {chop, 0x033f},  {0x0f3f, nearest}};

    for (const Words &other : others) {
        std::vector<Words> words = hundred({chop, nearest});
        words[50] = words[60] = words[61] = other;
        EXPECT_EQ(compare(words).exit.reason, XCPU_EXIT_INT);
        words = hundred(other);
        words[40] = words[41] = {chop, nearest};
        EXPECT_EQ(compare(words).exit.reason, XCPU_EXIT_INT);
    }
}

TEST_P(JitX87, WordsThatUnmaskWhatHappens)
{
    for (const Words &other :
         {Words{unmasked_chop, nearest}, Words{chop, unmasked},
          Words{0xf5f, nearest}, Words{chop, 0x35f}}) {
        std::vector<Words> words = hundred({chop, nearest});
        words[14] = words[55] = other;
        compare(words);
    }
}

/* Where many do, no translation is made that leaves for each. */
TEST_P(JitX87, ManyWordsRoundInOtherWays)
{
    const Outcome made = compare(hundred({down, nearest}));
    EXPECT_EQ(made.flushes, rounds() ? 0u : 1u);
}

TEST_P(JitX87, FaultsFindTheWordOfTheirTime)
{
    static const uint32_t left[] = {1, 30, 99};

    for (uint32_t conversions : left) {
        /* FISTP stores behind the end. */
        Outcome made =
            compare(hundred({chop, nearest}), [&](Memory &, xcpu_regs &regs) {
                regs.gpr[XCPU_EDI] = data_end - 16 * conversions;
            });
        EXPECT_EQ(made.exit.reason, XCPU_EXIT_EXCEPTION);
        EXPECT_EQ(made.exit.address, data_end);
        EXPECT_EQ(made.fx.bytes[1], (rounds() ? nearest : chop) >> 8);
        /* The second word is behind the end, then the first is. */
        for (uint32_t first : {0u, 2u}) {
            made = compare(
                hundred({chop, nearest}), [&](Memory &memory, xcpu_regs &regs) {
                    const uint32_t at = data_end - 4 * conversions - 2 + first;
                    for (uint32_t word = at; word < data_end; word += 2)
                        memcpy(memory.window + word,
                               (word - at) % 4 ? &nearest : &chop, 2);
                    regs.gpr[XCPU_EBX] = at;
                });
            EXPECT_EQ(made.exit.reason, XCPU_EXIT_EXCEPTION);
            EXPECT_EQ(made.exit.address, data_end);
            EXPECT_EQ(made.fx.bytes[1], (first ? nearest : chop) >> 8);
        }
    }
}

/* ---- MXCSR ---- */

/* From ESI on words are loaded, and what is there behind a division is stored
 * from EDI on. */
const std::vector<uint8_t> loads_mxcsr = {
    0x0f, 0xae, 0x16,             /* 1: ldmxcsr (%esi) */
    0xf2, 0x0f, 0x10, 0x03,       /* movsd (%ebx), %xmm0 */
    0xf2, 0x0f, 0x5e, 0x43, 0x08, /* divsd 8(%ebx), %xmm0 */
    0x0f, 0xae, 0x1f,             /* stmxcsr (%edi) */
    0xf2, 0x0f, 0x11, 0x47, 0x08, /* movsd %xmm0, 8(%edi) */
    0x83, 0xc6, 0x04,             /* add $4, %esi */
    0x83, 0xc7, 0x10,             /* add $16, %edi */
    0x49, 0x75, 0xe3,             /* dec %ecx; jnz 1b */
    0xcd, 0x80};

Outcome load_mxcsr(enum engine engine, const std::vector<uint32_t> &words,
                   double dividend)
{
    Memory memory(config_of(engine));
    Guest guest(memory);
    const double values[] = {dividend, 3};
    xcpu_jit_stats stats;
    Outcome outcome;

    memory.place(code_at, loads_mxcsr);
    memcpy(memory.window + values_at, values, sizeof(values));
    memcpy(memory.window + words_at, words.data(), words.size() * 4);
    guest.regs.gpr[XCPU_ECX] = static_cast<uint32_t>(words.size());
    guest.regs.gpr[XCPU_ESI] = words_at;
    guest.regs.gpr[XCPU_EDI] = results_at;
    guest.regs.gpr[XCPU_EBX] = values_at;
    guest.run();
    outcome.exit = guest.exit;
    outcome.regs = guest.regs;
    xcpu_get_fxstate(guest.cpu, &outcome.fx);
    outcome.data.assign(memory.window + data_at, memory.window + data_end);
    xcpu_get_jit_stats(guest.cpu, &stats);
    outcome.entries = stats.entries;
    return outcome;
}

class JitMxcsr : public Translator
{
};

TEST_F(JitMxcsr, StaysInTranslatedCode)
{
    std::vector<uint32_t> words;

    for (uint32_t i = 0; i < 100; i++)
        words.push_back(0x1f80 | (i & 3) << 13 | (i & 4) << 13 | (i & 0x3f));
    for (double dividend : {1.0, 9.0, 0.0, 1e-310, std::nan("")})
        for (enum engine engine : {TRANSLATED, COUNTED}) {
            const Outcome made = load_mxcsr(engine, words, dividend);
            expect_same(made, load_mxcsr(INTERPRETED, words, dividend));
            EXPECT_EQ(made.exit.reason, XCPU_EXIT_INT);
            EXPECT_LT(made.entries, 20u);
        }
}

/* DAZ, exceptions that are not masked, and bits that there are not. */
TEST_F(JitMxcsr, WordsForTheInterpreter)
{
    for (uint32_t word : {0x1fc0u, 0x0f80u, 0x1f00u, 0x1d80u, 0x11f80u, 0u})
        for (double dividend : {1.0, 9.0, 1e-310}) {
            std::vector<uint32_t> words(100, 0x1f80);
            words[50] = words[70] = words[71] = word;
            for (enum engine engine : {TRANSLATED, COUNTED})
                expect_same(load_mxcsr(engine, words, dividend),
                            load_mxcsr(INTERPRETED, words, dividend));
        }
}

/* ---- FIP ---- */

/* A loop that has run through, and then once more with less memory left behind
 * ESI and EDI, of which each turn takes eight bytes. */
Outcome loop(enum engine engine, const std::vector<uint8_t> &body,
             uint32_t left_esi, uint32_t left_edi)
{
    Memory memory(config_of(engine));
    Guest guest(memory);
    std::vector<uint8_t> code = {0xd9, 0xe8, 0xdd, 0xd8}; /* fld1; fstp %st */
    Outcome outcome;

    code.insert(code.end(), body.begin(), body.end());
    code.insert(code.end(), {0x83, 0xc6, 8, /* add $8, %esi */
                             0x83, 0xc7, 8, /* add $8, %edi */
                             0x49, 0x75});  /* dec %ecx; jnz 1b */
    code.push_back(static_cast<uint8_t>(0u - (body.size() + 9)));
    code.insert(code.end(), {0xcd, 0x80});
    memory.place(code_at, code);
    for (bool first : {true, false}) {
        guest.regs.eip = code_at;
        guest.regs.gpr[XCPU_ESP] = data_at + 0x100;
        guest.regs.gpr[XCPU_ECX] = 60;
        guest.regs.gpr[XCPU_ESI] = first ? values_at + 0x200 : left_esi;
        guest.regs.gpr[XCPU_EDI] = first ? values_at + 0x200 : left_edi;
        guest.run();
    }
    outcome.exit = guest.exit;
    outcome.regs = guest.regs;
    xcpu_get_fxstate(guest.cpu, &outcome.fx);
    outcome.data.assign(memory.window + data_at, memory.window + data_end);
    outcome.translated = guest.translated();
    return outcome;
}

class JitLoop : public Translator
{
};

/* Whichever instruction faults in whichever turn. */
TEST_F(JitLoop, FipIsThatOfTheLastInstructionOfTheTurnBefore)
{
    static const std::vector<uint8_t> bodies[] = {
        /* fldl (%esi); faddl (%edi); fstpl (%esi) */
        {0xdd, 0x06, 0xdc, 0x07, 0xdd, 0x1e},
        /* mov (%edi), %eax; fldl (%esi); fstpl (%esi) */
        {0x8b, 0x07, 0xdd, 0x06, 0xdd, 0x1e},
        /* push %eax; fildl (%esp); faddl (%esi); pop %edx; fstpl (%edi) */
        {0x50, 0xdb, 0x04, 0x24, 0xdc, 0x06, 0x5a, 0xdd, 0x1f},
        /* add %eax, (%edi); fld1; fstp %st; mov (%esi), %edx */
        {0x01, 0x07, 0xd9, 0xe8, 0xdd, 0xd8, 0x8b, 0x16},
        /* fldl (%esi); fstpl (%esi); cmp $20, %ecx; je out; fld1; fstp %st */
        {0xdd, 0x06, 0xdd, 0x1e, 0x83, 0xf9, 20, 0x74, 13, 0xd9, 0xe8, 0xdd,
         0xd8},
        /* mov (%edi), %eax; fld1; fstps (%esi), the only one of memory */
        {0x8b, 0x07, 0xd9, 0xe8, 0xd9, 0x1e},
        /* fldl (%edi); fstp %st; fnstcw -8(%esp) */
        {0xdd, 0x07, 0xdd, 0xd8, 0xd9, 0x7c, 0x24, 0xf8},
        /* movl $-1, (%esi); fld1; fstp %st; ldmxcsr (%esi), interpreted */
        {0xc7, 0x06, 0xff, 0xff, 0xff, 0xff, 0xd9, 0xe8, 0xdd, 0xd8, 0x0f, 0xae,
         0x16}};
    const uint32_t turns[] = {0, 1, 2, 7, 30, 100};

    for (const std::vector<uint8_t> &body : bodies)
        for (uint32_t esi : turns)
            for (uint32_t edi : turns)
                for (enum engine engine : {TRANSLATED, COUNTED}) {
                    const Outcome made = loop(engine, body, data_end - 8 * esi,
                                              data_end - 8 * edi);
                    expect_same(made,
                                loop(INTERPRETED, body, data_end - 8 * esi,
                                     data_end - 8 * edi));
                    EXPECT_LT(0u, made.translated);
                }
}

std::string name_of(const testing::TestParamInfo<JitX87::ParamType> &info)
{
    static const char *const sizes[] = {"Word", "Long", "Quad", "Rounded"};
    return std::string(sizes[std::get<0>(info.param)]) +
           (std::get<1>(info.param) == COUNTED ? "Counted" : "");
}

INSTANTIATE_TEST_SUITE_P(Sizes, JitX87,
                         testing::Combine(testing::Values(0, 1, 2, 3),
                                          testing::Values(TRANSLATED, COUNTED)),
                         name_of);

} // namespace
