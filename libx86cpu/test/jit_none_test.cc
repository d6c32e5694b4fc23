/* jit_none_test.cc -- a build for hosts without a translator. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/guest.h"

#include <gtest/gtest.h>

namespace
{

using namespace guest;

TEST(JitNone, EnginesThatTranslateAreRefused)
{
    uint8_t memory = 0;
    struct xcpu_config config = {};
    struct xcpu_machine *machine = nullptr;

    config.memory.base = &memory;
    config.memory.size = uint64_t{1} << 32;
    config.memory.fetch = [](void *, uint32_t, void *, size_t, int *) {
        return size_t{0};
    };
    config.memory.protection = [](void *, uint32_t) { return 0; };
    for (enum xcpu_engine engine : {XCPU_ENGINE_JIT, XCPU_ENGINE_LOCKSTEP}) {
        config.engine = engine;
        EXPECT_EQ(XCPU_ERR_UNSUPPORTED, xcpu_machine_new(&config, &machine));
        EXPECT_EQ(nullptr, machine);
    }
}

TEST(JitNone, NothingIsTranslated)
{
    Guest guest;
    Cpu cpu(guest);
    struct xcpu_jit_stats stats;

    guest.map(0x10000, 0x1000, PROT_READ | PROT_EXEC);
    guest.write(0x10000, "b9 00 10 00 00 e2 fe cd 80"); /* loop */
    EXPECT_EQ("INT 80", text_of(cpu.run(0x10000)));
    xcpu_get_jit_stats(cpu.cpu(), &stats);
    EXPECT_EQ(0u, stats.blocks + stats.entries);
    xcpu_machine_get_jit_stats(guest.machine(), &stats);
    EXPECT_EQ(0u, stats.blocks + stats.entries);
}

} // namespace
