/* cpu_test.cc -- cpus, and their registers from outside. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/guest.h"

#include <cstring>
#include <gtest/gtest.h>

namespace
{

using namespace guest;

TEST(Cpu, BeginsInItsResetState)
{
    Guest guest;
    guest::Cpu cpu(guest);
    const struct xcpu_regs regs = cpu.regs();
    static const uint16_t selectors[6] = {0x23, 0x1b, 0x23, 0x23, 0x23, 0x23};
    struct xcpu_fxstate fx;

    for (uint32_t gpr : regs.gpr)
        EXPECT_EQ(gpr, 0u);
    EXPECT_EQ(regs.eip, 0u);
    EXPECT_EQ(regs.eflags, 0x202u);
    EXPECT_EQ(memcmp(regs.sreg, selectors, sizeof(selectors)), 0);
    for (uint32_t base : regs.sreg_base)
        EXPECT_EQ(base, 0u);
    xcpu_get_fxstate(cpu.cpu(), &fx);
    EXPECT_EQ(fx.bytes[0] | fx.bytes[1] << 8, 0x37f);
    EXPECT_EQ(fx.bytes[4], 0);
    EXPECT_EQ(fx.bytes[24] | fx.bytes[25] << 8, 0x1f80);
}

TEST(Cpu, ASecondLifeIsAsGoodAsTheFirst)
{
    Guest guest;
    struct xcpu *first, *second;
    struct xcpu_regs regs, fresh;

    ASSERT_EQ(xcpu_new(guest.machine(), &first), 0);
    xcpu_get_regs(first, &fresh);
    regs = fresh;
    regs.gpr[XCPU_EDI] = 5;
    regs.eflags = 0x246;
    regs.sreg[XCPU_FS] = 0;
    xcpu_set_regs(first, &regs);
    xcpu_kick(first);
    xcpu_free(first);
    ASSERT_EQ(xcpu_new(guest.machine(), &second), 0);
    xcpu_get_regs(second, &regs);
    EXPECT_EQ(memcmp(&regs, &fresh, sizeof(regs)), 0);
    xcpu_free(second);
    xcpu_free(nullptr);
}

TEST(Cpu, RegistersAreKept)
{
    Guest guest;
    guest::Cpu cpu(guest);
    struct xcpu_regs regs = cpu.regs();

    for (uint32_t i = 0; i < 8; i++)
        regs.gpr[i] = 0x11111111 * (i + 1);
    regs.eip = 0x12345678;
    regs.eflags = 0x202 | 0x8d5 | XCPU_DF | XCPU_TF | XCPU_NT | XCPU_ID;
    cpu.set_regs(regs);
    const struct xcpu_regs back = cpu.regs();
    EXPECT_EQ(memcmp(&regs, &back, sizeof(regs)), 0);
    cpu.set(XCPU_EBP, 7);
    EXPECT_EQ(cpu.get(XCPU_EBP), 7u);
    EXPECT_EQ(cpu.regs().gpr[XCPU_EBP], 7u);
}

/* IF and bit 1 are always set, IOPL, VM and what is reserved never. */
TEST(Cpu, EflagsHoldWhatProgramsMayHave)
{
    Guest guest;
    guest::Cpu cpu(guest);
    struct xcpu_regs regs = cpu.regs();

    regs.eflags = 0;
    cpu.set_regs(regs);
    EXPECT_EQ(cpu.regs().eflags, 0x202u);
    regs.eflags = UINT32_MAX;
    cpu.set_regs(regs);
    EXPECT_EQ(cpu.regs().eflags, 0x202u | 0x8d5 | XCPU_DF | XCPU_TF | XCPU_NT |
                                     XCPU_RF | XCPU_AC | XCPU_ID);
}

TEST(Cpu, FloatingPointImagesComeBack)
{
    Guest guest;
    guest::Cpu cpu(guest);
    struct xcpu_fxstate fx, back;
    uint8_t image[108], again[108];

    memset(&fx, 0, sizeof(fx));
    fx.bytes[0] = 0x7f;
    fx.bytes[1] = 0x02;
    fx.bytes[3] = 0x28; /* TOP 5 */
    fx.bytes[4] = 0xe7;
    memcpy(fx.bytes + 24, "\x80\x9f", 2);
    for (int i = 0; i < 8; i++) {
        for (int k = 0; k < 8; k++)
            fx.bytes[32 + 16 * i + k] = static_cast<uint8_t>(i * 31 + k);
        fx.bytes[32 + 16 * i + 7] |= 0x80;
        fx.bytes[32 + 16 * i + 9] = 0x40;
        for (int k = 0; k < 16; k++)
            fx.bytes[160 + 16 * i + k] = static_cast<uint8_t>(i * 16 + k);
    }
    xcpu_set_fxstate(cpu.cpu(), &fx);
    xcpu_get_fxstate(cpu.cpu(), &back);
    EXPECT_EQ(memcmp(fx.bytes, back.bytes, 6), 0);
    EXPECT_EQ(memcmp(fx.bytes + 24, back.bytes + 24, 2), 0);
    EXPECT_EQ(memcmp(fx.bytes + 32, back.bytes + 32, 256), 0);
    /* FNSAVE's registers are the same ones, without the padding */
    xcpu_get_fnsave(cpu.cpu(), image);
    for (int i = 0; i < 8; i++)
        EXPECT_EQ(memcmp(image + 28 + 10 * i, fx.bytes + 32 + 16 * i, 10), 0);
    xcpu_reset_fpu(cpu.cpu());
    xcpu_set_fnsave(cpu.cpu(), image);
    xcpu_get_fnsave(cpu.cpu(), again);
    EXPECT_EQ(memcmp(image, again, sizeof(image)), 0);
    xcpu_reset_fpu(cpu.cpu());
    xcpu_get_fxstate(cpu.cpu(), &back);
    EXPECT_EQ(back.bytes[4], 0);
    EXPECT_EQ(memcmp(back.bytes + 160, std::string(128, '\0').data(), 128), 0);
}

} // namespace
