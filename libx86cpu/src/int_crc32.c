/* int_crc32.c -- handlers of CRC32. */
/* SPDX-License-Identifier: MIT */
#include "interp.h"

/* The polynomial 11EDC6F41 with its bits reversed (SDM 2, CRC32). */
#define POLYNOMIAL UINT32_C(0x82f63b78)

/* Bits of the operand enter from the lowest one on. */
static inline uint32_t crc_of(uint32_t crc, uint32_t value, int bits)
{
    crc ^= value;
    for (int i = 0; i < bits; i++)
        crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
    return crc;
}

#define CRC32_BODIES(bits)                                                     \
    static inline void CRC32_##bits##_r(struct xcpu *cpu,                      \
                                        const struct xcpu_slot *slot)          \
    {                                                                          \
        uint32_t *crc = xcpu_reg32(cpu, slot->reg);                            \
        *crc = crc_of(*crc, *xcpu_reg##bits(cpu, slot->rm), bits);             \
    }                                                                          \
    static inline void CRC32_##bits##_m(struct xcpu *cpu,                      \
                                        const struct xcpu_slot *slot,          \
                                        uint8_t *memory, uint32_t address)     \
    {                                                                          \
        uint32_t value = xcpu_load##bits(cpu, slot, memory, address);          \
        uint32_t *crc = xcpu_reg32(cpu, slot->reg);                            \
        *crc = crc_of(*crc, value, bits);                                      \
    }                                                                          \
    XCPU_REG_HANDLER(CRC32_##bits##_r)                                         \
    XCPU_MEM_HANDLERS(CRC32_##bits##_m)

CRC32_BODIES(8)
CRC32_BODIES(16)
CRC32_BODIES(32)
XCPU_FORMS(CRC32_Gd_Eb) = {XCPU_REG(CRC32_8_r), XCPU_MEM(CRC32_8_m),
                           .harmless = 1};
XCPU_FORMS(CRC32_Gd_Ev) = {XCPU_REG(CRC32_32_r), XCPU_REG16(CRC32_16_r),
                           XCPU_MEM(CRC32_32_m), XCPU_MEM16(CRC32_16_m),
                           .harmless = 1};
