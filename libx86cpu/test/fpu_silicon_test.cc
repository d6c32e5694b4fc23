/* fpu_silicon_test.cc -- the host CPU is the judge of x87, MMX and SSE. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/fpu_silicon.h"

extern "C" {
#include "libx86cpu/src/insns.h"
}

#include <gtest/gtest.h>

namespace
{

using namespace fpu_silicon;

constexpr uint64_t cases_each = 25000;

bool is_transcendental(const Encoding &encoding)
{
    switch (encoding.op) {
    case XCPU_OP_F2XM1:
    case XCPU_OP_FYL2X:
    case XCPU_OP_FYL2XP1:
    case XCPU_OP_FPATAN:
    case XCPU_OP_FPTAN:
    case XCPU_OP_FSIN:
    case XCPU_OP_FCOS:
    case XCPU_OP_FSINCOS:
        return true;
    default:
        return false;
    }
}

/* 1 when two registers differ by one unit in the last place. */
bool is_close(const uint8_t *a, const uint8_t *b)
{
    uint64_t mantissa[2];
    uint16_t exponent[2];

    memcpy(&mantissa[0], a, 8);
    memcpy(&mantissa[1], b, 8);
    memcpy(&exponent[0], a + 8, 2);
    memcpy(&exponent[1], b + 8, 2);
    if (exponent[0] == exponent[1])
        return mantissa[0] - mantissa[1] + 1 <= 2;
    const int low = exponent[0] < exponent[1] ? 0 : 1;
    return exponent[1 - low] - exponent[low] == 1 &&
           mantissa[low] == ~uint64_t{0} &&
           mantissa[1 - low] == uint64_t{1} << 63;
}

/* Transcendental functions differ between processors: by one unit in the last
 * place, and C1, which tells whether it was rounded up. */
void forgive_last_place(const State &before, const State &host, State *ours)
{
    if ((before.fx[2] & 0x40) || !(host.fx[2] & 0x40))
        ours->fx[3] =
            static_cast<uint8_t>((ours->fx[3] & ~2) | (host.fx[3] & 2));
    for (int i = 0; i < 2; i++)
        if (is_close(host.fx + 32 + 16 * i, ours->fx + 32 + 16 * i))
            memcpy(ours->fx + 32 + 16 * i, host.fx + 32 + 16 * i, 10);
}

void expect_same(unsigned group, bool portable)
{
    Executors executors;
    const std::vector<Encoding> all = encodings(group);
    Random random(wanted_seed());
    const uint64_t cases = wanted_cases(cases_each);
    int failures = 0;

    if (!executors.usable())
        GTEST_SKIP() << "the host executes no x86";
    for (uint64_t i = 0; i < cases && failures < 20; i++) {
        const Encoding &encoding = all[random() % all.size()];
        State before, host, ours;

        fill_state(random, encoding, &before);
        executors.on_host(encoding, before, &host);
        executors.on_ours(encoding, before, &ours, portable);
        if (portable && is_transcendental(encoding))
            forgive_last_place(before, host, &ours);
        const std::string text = difference(host, ours);

        EXPECT_TRUE(text.empty())
            << encoding.name << text << "\n"
            << describe(encoding, before) << "\n  case " << i;
        failures += !text.empty();
    }
}

TEST(FpuSilicon, X87AgreesWhereTheHostComputes)
{
    expect_same(XG_X87, false);
}

TEST(FpuSilicon, X87AgreesWhereIntegersCompute)
{
    expect_same(XG_X87, true);
}

TEST(FpuSilicon, MmxAgrees)
{
    expect_same(XG_MMX, false);
}

TEST(FpuSilicon, SseAgreesWhereTheHostComputes)
{
    expect_same(XG_SSE, false);
}

TEST(FpuSilicon, SseAgreesWhereIntegersCompute)
{
    expect_same(XG_SSE, true);
}

} // namespace
