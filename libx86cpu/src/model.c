/* model.c -- what the guest's processor has, and what the host's has. */
/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <stddef.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* ---- features of models ---- */

#define BIT(feature) (UINT32_C(1) << XT_##feature)

static const uint32_t features_of[] = {
    [XCPU_MODEL_SSE4] = BIT(SSE3) | BIT(SSSE3) | BIT(SSE4_1) | BIT(SSE4_2) |
                        BIT(POPCNT) | BIT(LZCNT) | BIT(MOVBE) | BIT(AES) |
                        BIT(PCLMULQDQ) | BIT(RDTSCP),
    [XCPU_MODEL_SSE2] = BIT(P6) | BIT(CMOV) | BIT(SEP) | BIT(MMX) | BIT(FXSR) |
                        BIT(SSE) | BIT(SSE2),
    [XCPU_MODEL_PENTIUM] = BIT(BASE) | BIT(X87) | BIT(TSC) | BIT(CX8),
};

/* A model has its own and those of the models behind it. */
static uint32_t features(enum xcpu_model model)
{
    uint32_t all = 0;
    for (size_t i = model; i < sizeof(features_of) / sizeof(*features_of); i++)
        all |= features_of[i];
    return all;
}

int xcpu_model_has(enum xcpu_model model, enum xcpu_feature feature)
{
    return (int)(features(model) >> feature & 1);
}

/* ---- where CPUID tells of them (SDM 2, CPUID) ---- */

enum { IN_ECX, IN_EDX };

static const struct {
    uint8_t feature, where, bit;
    uint32_t leaf;
} feature_bits[] = {
    {XT_X87, IN_EDX, 0, 1},
    {XT_TSC, IN_EDX, 4, 1},
    {XT_CX8, IN_EDX, 8, 1},
    {XT_SEP, IN_EDX, 11, 1},
    {XT_CMOV, IN_EDX, 15, 1},
    {XT_SSE2, IN_EDX, 19, 1}, /* CLFLUSH, which came with it */
    {XT_MMX, IN_EDX, 23, 1},
    {XT_FXSR, IN_EDX, 24, 1},
    {XT_SSE, IN_EDX, 25, 1},
    {XT_SSE2, IN_EDX, 26, 1},
    {XT_SSE3, IN_ECX, 0, 1},
    {XT_PCLMULQDQ, IN_ECX, 1, 1},
    {XT_SSSE3, IN_ECX, 9, 1},
    {XT_SSE4_1, IN_ECX, 19, 1},
    {XT_SSE4_2, IN_ECX, 20, 1},
    {XT_MOVBE, IN_ECX, 22, 1},
    {XT_POPCNT, IN_ECX, 23, 1},
    {XT_AES, IN_ECX, 25, 1},
    {XT_LZCNT, IN_ECX, 5, 0x80000001},
    {XT_RDTSCP, IN_EDX, 27, 0x80000001},
};

static void add_features(struct xcpu_leaf *leaf, uint32_t has)
{
    for (size_t i = 0; i < sizeof(feature_bits) / sizeof(*feature_bits); i++) {
        uint32_t bit = UINT32_C(1) << feature_bits[i].bit;
        if (feature_bits[i].leaf != leaf->number ||
            !(has >> feature_bits[i].feature & 1))
            continue;
        if (feature_bits[i].where == IN_ECX)
            leaf->ecx |= bit;
        else
            leaf->edx |= bit;
    }
}

/* ---- the rest of the leaves ---- */

/* "GenuineIntel" in EBX, EDX, ECX, here in the order of struct xcpu_leaf. */
#define VENDOR 0x756e6547, 0x6c65746e, 0x49656e69

/* "x86cpu" is the brand. */
#define BRAND                                                                  \
    {0x80000000, 0x80000004, 0, 0, 0},                                         \
        {0x80000002, 0x20363878, 0x75706378, 0x20202020, 0x20202020},          \
        {0x80000003, 0x20202020, 0x20202020, 0x20202020, 0x20202020},          \
    {                                                                          \
        0x80000004, 0x20202020, 0x20202020, 0x20202020, 0x00202020             \
    }

/* A cache line of 64 bytes for CLFLUSH, in EBX of leaf 1; leaf 2 tells of
 * caches. */
#define LINE   (8 << 8)
#define CACHES 0x02b3b001, 0xf0, 0, 0x2c04307d

/* Family 6 model 55, the last line without AVX, with MOVBE; PREFETCHW. */
static const struct xcpu_leaf leaves_sse4[] = {
    BRAND,          {0x80000001, 0, 0, 1 << 8, 0},
    {0, 2, VENDOR}, {1, 0x30678, LINE, 0, 0},
    {2, CACHES},
};

/* Family 6 model 13, the last one with SSE2 and without SSE3. */
static const struct xcpu_leaf leaves_sse2[] = {
    BRAND,          {0x80000001, 0, 0, 0, 0},
    {0, 2, VENDOR}, {1, 0x6d8, LINE, 0, 0},
    {2, CACHES},
};

/* Family 5 model 2: a Pentium before MMX. */
static const struct xcpu_leaf leaves_pentium[] = {
    {0, 1, VENDOR},
    {1, 0x52c, 0, 0, 0},
};

static const struct {
    const struct xcpu_leaf *leaves;
    size_t count;
} leaves_of[] = {
#define LEAVES(array)                                                          \
    {                                                                          \
        array, sizeof(array) / sizeof(*(array))                                \
    }
    [XCPU_MODEL_SSE4] = LEAVES(leaves_sse4),
    [XCPU_MODEL_SSE2] = LEAVES(leaves_sse2),
    [XCPU_MODEL_PENTIUM] = LEAVES(leaves_pentium),
#undef LEAVES
};

/* Beyond the last leaf, the last basic one answers. */
struct xcpu_leaf xcpu_model_leaf(enum xcpu_model model, uint32_t number)
{
    const struct xcpu_leaf *leaves = leaves_of[model].leaves;
    struct xcpu_leaf found = leaves[leaves_of[model].count - 1];
    for (size_t i = 0; i < leaves_of[model].count; i++)
        if (leaves[i].number == number)
            found = leaves[i];
    add_features(&found, features(model));
    return found;
}

/* ---- the host ---- */

#if defined(__x86_64__)

/* The features of one leaf. */
static uint32_t ask_host(uint32_t number)
{
    struct xcpu_leaf leaf = {.number = number};
    uint32_t has = 0;
    __get_cpuid(number, &leaf.eax, &leaf.ebx, &leaf.ecx, &leaf.edx);
    for (size_t i = 0; i < sizeof(feature_bits) / sizeof(*feature_bits); i++) {
        uint32_t word = feature_bits[i].where == IN_ECX ? leaf.ecx : leaf.edx;
        if (feature_bits[i].leaf == number)
            has |= (word >> feature_bits[i].bit & 1) << feature_bits[i].feature;
    }
    return has;
}

/* Everything through SSE2 is part of x86-64. */
uint32_t xcpu_host_features(void)
{
    return (BIT(SSE3) - 1) | ask_host(1) | ask_host(0x80000001);
}
#else
uint32_t xcpu_host_features(void)
{
    return 0;
}
#endif
