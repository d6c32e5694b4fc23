/* silicon_values.cc -- random values, corners of the formats among them. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/silicon.h"

extern "C" {
#include "libx86cpu/src/insns.h"
}

namespace silicon
{

uint64_t Random::operator()()
{
    uint64_t value = state_ += 0x9e3779b97f4a7c15;

    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
}

uint32_t random_integer(Random &random)
{
    uint32_t value = static_cast<uint32_t>(random());

    switch (random.below(8)) {
    case 0:
        return random.pick<uint32_t>(
            {0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000,
             0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0xffff8000,
             0xffffff80, 0x80808080, 0x7f7f7f7f});
    case 1:
        return value % 64;
    case 2:
        return 0 - value % 64;
    case 3:
        return value >> random.below(32);
    case 4:
        return 1u << random.below(32);
    default:
        return value;
    }
}

namespace
{

uint64_t random_mantissa(Random &random)
{
    uint64_t value = random();

    switch (random.below(6)) {
    case 0:
        return random.pick<uint64_t>({0, 1, 1ull << 63, 3ull << 62, ~0ull,
                                      ~0ull >> 1, (1ull << 63) | 1,
                                      3ull << 62 | 1, 1ull << 62});
    case 1:
        return value << random.below(64) | 1ull << 63;
    case 2:
        return value >> random.below(64);
    default:
        return value | 1ull << 63;
    }
}

void random_f80(Random &random, uint8_t *bytes)
{
    uint64_t mantissa = random_mantissa(random);
    uint32_t exponent;

    switch (random.below(8)) {
    case 0:
        exponent = random.pick<uint32_t>({0, 0, 0, 1, 2, 0x3ffe, 0x3fff, 0x4000,
                                          0x7ffe, 0x7fff, 0x7fff, 0x3fff + 62,
                                          0x3fff + 63, 0x3fff + 64});
        break;
    case 1:
        exponent = random.below(0x8000);
        break;
    case 2: /* limits of double and single */
        exponent =
            random.pick<uint32_t>({0x3fff - 1022, 0x3fff + 1023, 0x3fff - 126,
                                   0x3fff + 127, 0x3fff - 1074, 0x3fff - 149}) +
            random.below(5) - 2;
        break;
    default:
        exponent = 0x3fff + random.below(72) - 8;
        break;
    }
    exponent |= random.below(2) << 15;
    if ((exponent & 0x7fff) == 0 && !random.one_in(4))
        mantissa &= ~0ull >> 1;
    memcpy(bytes, &mantissa, 8);
    memcpy(bytes + 8, &exponent, 2);
}

uint64_t random_double(Random &random)
{
    uint64_t sign = uint64_t{random.below(2)} << 63;
    uint64_t fraction = random_mantissa(random) << 1 >> 12;

    switch (random.below(8)) {
    case 0:
        return sign |
               random.pick<uint64_t>({0, 1, 0x3ff0000000000000,
                                      0x7ff0000000000000, 0x7fefffffffffffff,
                                      0x000fffffffffffff, 0x0010000000000000,
                                      0x41dfffffffc00000, 0x41e0000000000000,
                                      0x41dfffffffe00000, 0x3fe0000000000000});
    case 1:
        return sign | fraction;
    case 2:
        return sign | 0x7ffull << 52 | fraction;
    case 3:
        return random();
    case 4: /* around what single can hold */
        return sign |
               (1023 + random.pick<uint64_t>({0, 127, 0, 32}) +
                random.below(3) - (random.one_in(2) ? 150 : 1))
                   << 52 |
               fraction;
    default:
        return sign | (1023 + uint64_t{random.below(40)} - 4) << 52 | fraction;
    }
}

uint32_t random_single(Random &random)
{
    uint32_t sign = random.below(2) << 31;
    uint32_t fraction =
        static_cast<uint32_t>(random_mantissa(random) << 1 >> 41);

    switch (random.below(8)) {
    case 0:
        return sign | random.pick<uint32_t>(
                          {0, 1, 0x3f800000, 0x7f800000, 0x7f7fffff, 0x007fffff,
                           0x00800000, 0x4effffff, 0x4f000000, 0x3f000000});
    case 1:
        return sign | fraction;
    case 2:
        return sign | 0xffu << 23 | fraction;
    case 3:
        return static_cast<uint32_t>(random());
    default:
        return sign | (127 + random.below(40) - 4) << 23 | fraction;
    }
}

void put16(uint8_t *bytes, uint32_t value)
{
    bytes[0] = static_cast<uint8_t>(value);
    bytes[1] = static_cast<uint8_t>(value >> 8);
}

void random_x87(Random &random, uint8_t *fx)
{
    uint32_t control = 0x37f, status;

    if (random.one_in(2))
        control = random.below(16) << 8 | 0x7f;
    if (random.one_in(6))
        control &= ~random.below(0x40);
    status = static_cast<uint32_t>(random()) & 0x7f00;
    if (random.one_in(3))
        status |= random.below(0x80);
    if (!random.one_in(8)) /* nothing pending */
        status &= control | ~0x3fu;
    put16(fx, control);
    put16(fx + 2, status);
    fx[4] = static_cast<uint8_t>(random.one_in(4) ? random() : 0xff);
    if (random.one_in(2)) /* room for a push */
        fx[4] = static_cast<uint8_t>(0xff & ~(1 << ((status >> 11) + 7) % 8));
    for (int i = 0; i < 8; i++)
        random_f80(random, fx + 32 + 16 * i);
}

} // namespace

void random_vector(Random &random, uint8_t *bytes)
{
    uint64_t doubles[2] = {random(), random()};
    uint32_t singles[4];

    memcpy(bytes, doubles, 16);
    switch (random.below(8)) {
    case 0:
        break;
    case 1:
        random_f80(random, bytes);
        break;
    case 2: /* small counts for shifts, few integers */
        doubles[0] %= 80;
        memcpy(bytes, doubles, 16);
        break;
    case 3:
    case 4:
        for (uint64_t &value : doubles)
            value = random_double(random);
        memcpy(bytes, doubles, 16);
        break;
    default:
        for (uint32_t &value : singles)
            value = random_single(random);
        memcpy(bytes, singles, 16);
        break;
    }
}

void random_bcd(Random &random, uint8_t *bytes)
{
    for (int i = 0; i < 9; i++)
        bytes[i] =
            static_cast<uint8_t>(random.below(10) * 16 + random.below(10));
    bytes[9] = random.one_in(2) ? 0x80 : 0;
}

void random_fxstate(Random &random, unsigned group, uint8_t *fx)
{
    uint32_t mxcsr = 0x1f80;

    memset(fx, 0, 512);
    put16(fx, 0x37f);
    if (group == XG_X87 || group == XG_MMX)
        random_x87(random, fx);
    if (group == XG_MMX && random.one_in(2))
        fx[4] = 0xff;
    if (group == XG_SSE || group == XG_MMX) {
        if (random.one_in(2))
            mxcsr = 0x1f80 | (static_cast<uint32_t>(random()) & 0xe07f);
        if (random.one_in(6))
            mxcsr = static_cast<uint32_t>(random()) & 0xffff;
        for (int i = 0; i < 8; i++)
            random_vector(random, fx + 160 + 16 * i);
    }
    memcpy(fx + 24, &mxcsr, 4);
}

} // namespace silicon
