/* int_string_test.cc -- repeated string instructions, by whole pages too. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/guest.h"

#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace
{

using namespace guest;

constexpr uint32_t code = 0x10000;
constexpr uint32_t data = 0x20000, size = 0x3000; /* and nothing around it */

/* One instruction for each size of an element, each with code of its own. */
struct Form {
    const char *bytes[3]; /* of 1, 2 and 4 bytes */
    uint32_t at;
};

const Form movs = {{"f3 a4", "66 f3 a5", "f3 a5"}, code};
const Form stos = {{"f3 aa", "66 f3 ab", "f3 ab"}, code + 0x100};
const Form repe_cmps = {{"f3 a6", "66 f3 a7", "f3 a7"}, code + 0x200};
const Form repne_scas = {{"f2 ae", "66 f2 af", "f2 af"}, code + 0x300};

/* What there is before and after. */
struct State {
    std::vector<uint8_t> bytes = std::vector<uint8_t>(size);
    uint32_t esi = 0, edi = 0, ecx = 0;
    std::string end = "#BP";
};

class IntString : public testing::Test
{
  protected:
    IntString() : cpu(make())
    {
        for (const Form &form : {movs, stos, repe_cmps, repne_scas})
            for (uint32_t i = 0; i < 3; i++)
                guest.write(form.at + 16 * i,
                            std::string(form.bytes[i]) + "cc");
    }

    Guest &make()
    {
        guest.map(code, 0x1000, PROT_READ | PROT_EXEC);
        guest.map(data, size, PROT_READ | PROT_WRITE);
        return guest;
    }

    State execute(const Form &form, uint32_t width, bool down, State state)
    {
        xcpu_regs regs = cpu.regs();

        memcpy(guest.at(data), state.bytes.data(), size);
        regs.eflags = down ? 0x602 : 0x202;
        regs.gpr[XCPU_EAX] = value;
        regs.gpr[XCPU_ECX] = state.ecx;
        regs.gpr[XCPU_ESI] = state.esi;
        regs.gpr[XCPU_EDI] = state.edi;
        cpu.set_regs(regs);
        state.end = text_of(cpu.run(form.at + 16 * (width / 2)));
        state.ecx = cpu.get(XCPU_ECX);
        state.esi = cpu.get(XCPU_ESI);
        state.edi = cpu.get(XCPU_EDI);
        memcpy(state.bytes.data(), guest.at(data), size);
        return state;
    }

    static constexpr uint32_t value = 0x8a7b6c5d;
    Guest guest;
    Cpu cpu;
};

/* Whether an element is there, or else how the access ends. */
bool is_there(uint32_t address, uint32_t width, const char *error,
              std::string *end)
{
    for (uint32_t at = address; at < address + width; at++) {
        if (at - data < size)
            continue;
        char text[32];
        snprintf(text, sizeof(text), "#PF %s at %x", error, at);
        *end = text;
        return false;
    }
    return true;
}

/* Element by element, as the SDM has it. */
State expected(bool moves, uint32_t width, bool down, State state)
{
    const uint32_t step = down ? 0 - width : width;
    const uint32_t eax = 0x8a7b6c5d;

    for (; state.ecx != 0; state.ecx--) {
        uint8_t element[4];
        if (moves && !is_there(state.esi, width, "4", &state.end))
            break;
        if (moves)
            memcpy(element, &state.bytes[state.esi - data], width);
        else
            memcpy(element, &eax, width);
        if (!is_there(state.edi, width, "6", &state.end))
            break;
        memcpy(&state.bytes[state.edi - data], element, width);
        state.esi += moves ? step : 0;
        state.edi += step;
    }
    return state;
}

State filled(uint32_t esi, uint32_t edi, uint32_t ecx)
{
    State state;

    for (uint32_t i = 0; i < size; i++)
        state.bytes[i] = static_cast<uint8_t>(i * 37 + i / 256);
    state.esi = esi;
    state.edi = edi;
    state.ecx = ecx;
    return state;
}

void expect_same(const State &state, const State &wanted,
                 const std::string &what)
{
    EXPECT_EQ(state.end, wanted.end) << what;
    EXPECT_EQ(state.ecx, wanted.ecx) << what;
    EXPECT_EQ(state.esi, wanted.esi) << what;
    EXPECT_EQ(state.edi, wanted.edi) << what;
    ASSERT_TRUE(state.bytes == wanted.bytes) << what;
}

/* Over ends of pages, into each other either way, and out of what is there. */
TEST_F(IntString, MovesAreThoseOfOneElementAfterAnother)
{
    for (uint32_t width : {1u, 2u, 4u})
        for (bool down : {false, true})
            for (int distance : {0, 1, 2, 3, 4, 7, 8, 12, 15, 16, 17, 31, 64,
                                 100, 4095, 4096, 5000})
                for (int sign : {-1, 1})
                    for (uint32_t from : {0x1000u, 0x17ffu, 0x1800u, 0x1ffeu})
                        for (uint32_t count :
                             {1u, 5u, 17u, 100u, 1500u, 4100u, 4200u}) {
                            const State state = filled(
                                data + from,
                                data + from +
                                    static_cast<uint32_t>(sign * distance),
                                count);
                            expect_same(execute(movs, width, down, state),
                                        expected(true, width, down, state),
                                        std::to_string(width) +
                                            (down ? " down by " : " up by ") +
                                            std::to_string(sign * distance) +
                                            " from " + std::to_string(from) +
                                            " times " + std::to_string(count));
                            if (HasFatalFailure())
                                return;
                        }
}

TEST_F(IntString, StoresAreThoseOfOneElementAfterAnother)
{
    for (uint32_t width : {1u, 2u, 4u})
        for (bool down : {false, true})
            for (uint32_t to : {0x0u, 0x1000u, 0x1ffdu, 0x1ffeu, 0x2ffcu})
                for (uint32_t count : {1u, 3u, 4u, 17u, 1500u, 13000u}) {
                    const State state = filled(1, data + to, count);
                    expect_same(execute(stos, width, down, state),
                                expected(false, width, down, state),
                                std::to_string(width) +
                                    (down ? " down from " : " up from ") +
                                    std::to_string(to) + " times " +
                                    std::to_string(count));
                    if (HasFatalFailure())
                        return;
                }
}

/* Where both are in one page, that may only be read. */
TEST_F(IntString, AStoreThatFaultsTellsWhere)
{
    guest.protect(data, size, PROT_READ);
    for (uint32_t width : {1u, 2u, 4u})
        for (bool down : {false, true})
            for (int distance : {-100, -20, -5, -2, -1, 0, 1, 2, 5, 20, 100}) {
                xcpu_regs regs = cpu.regs();

                regs.eflags = down ? 0x602 : 0x202;
                regs.gpr[XCPU_ECX] = 50;
                regs.gpr[XCPU_ESI] = data + 0x1800;
                regs.gpr[XCPU_EDI] =
                    data + 0x1800 + static_cast<uint32_t>(distance);
                cpu.set_regs(regs);
                const xcpu_exit exit = cpu.run(movs.at + 16 * (width / 2));
                EXPECT_EQ(exit.vector, XCPU_VECTOR_PF);
                EXPECT_EQ(exit.error_code, 7u);
                EXPECT_EQ(exit.address, regs.gpr[XCPU_EDI])
                    << width << down << distance;
                EXPECT_EQ(cpu.get(XCPU_ECX), 50u);
                EXPECT_EQ(cpu.get(XCPU_ESI), regs.gpr[XCPU_ESI]);
                EXPECT_EQ(cpu.get(XCPU_EDI), regs.gpr[XCPU_EDI]);
            }
}

/* The element that ends them lies behind so many. */
TEST_F(IntString, ComparisonsEndWhereTheyShould)
{
    for (uint32_t width : {1u, 2u, 4u})
        for (bool down : {false, true})
            for (uint32_t behind : {0u, 1u, 7u, 300u, 1200u}) {
                const uint32_t step = down ? 0 - width : width;
                State state = filled(data + (down ? 0x2f00 : 0x100),
                                     data + (down ? 0x2e00 : 0x80), 5000);
                state.bytes.assign(size, 0);
                memcpy(&state.bytes[state.edi + behind * step - data], &value,
                       width);
                State end = execute(repne_scas, width, down, state);
                EXPECT_EQ(end.ecx, 5000 - behind - 1);
                EXPECT_EQ(end.edi, state.edi + (behind + 1) * step);
                EXPECT_TRUE(cpu.regs().eflags & 0x40);
                end = execute(repe_cmps, width, down, state);
                /* The source comes by what the target holds there as well. */
                const uint32_t apart = (down ? 0x100 : 0x80) / width;
                const uint32_t first =
                    !down && behind >= apart ? behind - apart : behind;
                EXPECT_EQ(end.ecx, 5000 - first - 1);
                EXPECT_EQ(end.esi, state.esi + (first + 1) * step);
                EXPECT_EQ(end.edi, state.edi + (first + 1) * step);
                EXPECT_FALSE(cpu.regs().eflags & 0x40);
            }
}

/* From address 0 on there is the end of the window. */
TEST_F(IntString, GoesAroundTheEndOfMemory)
{
    State state = filled(0, 0, 40);

    guest.map(0, 0x1000, PROT_READ | PROT_WRITE);
    guest.map(0xfffff000, 0x1000, PROT_READ | PROT_WRITE);
    for (bool down : {false, true}) {
        memset(guest.at(0), 0, 0x100);
        memset(guest.at(0xffffff00), 0, 0x100);
        state.edi = down ? 19 : static_cast<uint32_t>(-20);
        const State end = execute(stos, 1, down, state);
        EXPECT_EQ(end.end, "#BP");
        EXPECT_EQ(end.ecx, 0u);
        EXPECT_EQ(end.edi, down ? static_cast<uint32_t>(-21) : 20u);
        for (int i = -21; i <= 20; i++)
            EXPECT_EQ(*guest.at(static_cast<uint32_t>(i)),
                      i >= -20 && i < 20 ? 0x5d : 0)
                << i;
    }
}

} // namespace
