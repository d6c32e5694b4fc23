/* floats.c -- results of x87, MMX and SSE, to the bit. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

/* Exact and inexact, in the formats that memory has. */
static void x87_arithmetic(void)
{
    volatile double third = 1.0 / 3.0, root;
    volatile float single;
    uint64_t bits;
    uint8_t extended[10];

    memcpy(&bits, (const void *)&third, 8);
    CHECK(bits == 0x3fd5555555555555ull);
    __asm__ volatile("fld1\n\tfadd %%st(0)\n\tfsqrt\n\tfstpl %0" : "=m"(root));
    memcpy(&bits, (const void *)&root, 8);
    CHECK(bits == 0x3ff6a09e667f3bcdull);
    __asm__ volatile("fldpi\n\tfstps %0" : "=m"(single));
    memcpy(&bits, (const void *)&single, 4);
    CHECK((uint32_t)bits == 0x40490fdbu);
    __asm__ volatile("fldpi\n\tfstpt %0" : "=m"(extended));
    CHECK(memcmp(extended, "\x35\xc2\x68\x21\xa2\xda\x0f\xc9\x00\x40", 10) ==
          0);
    __asm__ volatile("fldl2t\n\tfld %%st(0)\n\tfmulp\n\tfstpt %0"
                     : "=m"(extended));
    CHECK(memcmp(extended, "\x14\x8a\x6f\x7f\x72\x34\x90\xb0\x02\x40", 10) ==
          0);
}

/* Control, status and tag words; what an exception leaves behind. */
static void x87_state(void)
{
    static const uint16_t down = 0x077f, normal = 0x037f;
    uint16_t status;
    int32_t rounded;

    __asm__ volatile("fninit\n\tfnstcw %0" : "=m"(status));
    CHECK(status == 0x037f);
    __asm__ volatile("fldcw %1\n\tfld1\n\tfldpi\n\tfchs\n\tfistpl %0\n\t"
                     "fstp %%st(0)\n\tfldcw %2"
                     : "=m"(rounded)
                     : "m"(down), "m"(normal));
    CHECK(rounded == -4);
    __asm__ volatile("fnclex\n\tfldz\n\tfld1\n\tfdivp\n\tfstp %%st(0)\n\t"
                     "fnstsw %0"
                     : "=m"(status));
    CHECK((status & 0x3f) == 0x04); /* zero divide */
    __asm__ volatile("fnclex\n\tfld1\n\tfchs\n\tfsqrt\n\tfstp %%st(0)\n\t"
                     "fnstsw %0"
                     : "=m"(status));
    CHECK((status & 0x3f) == 0x01); /* invalid */
    __asm__ volatile("fnclex\n\tfldz\n\tfld1\n\tfucompp\n\tfnstsw %0"
                     : "=m"(status));
    CHECK((status & 0x4500) == 0); /* greater */
}

static uint32_t cpuid_features(void)
{
    uint32_t eax = 1, ebx, ecx, edx;

    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    return edx;
}

static void mmx(void)
{
    uint64_t a = 0x7fff00010080ff00ull, b = 0x0001ffff00800100ull, sum, packed;

    __asm__ volatile("movq %2, %%mm0\n\tmovq %%mm0, %%mm1\n\t"
                     "paddsw %3, %%mm0\n\tmovq %%mm0, %0\n\t"
                     "packuswb %3, %%mm1\n\tmovq %%mm1, %1\n\temms"
                     : "=m"(sum), "=m"(packed)
                     : "m"(a), "m"(b));
    CHECK(sum == 0x7fff000001000000ull);
    CHECK(packed == 0x010080ffff018000ull);
}

__attribute__((target("sse2"))) static void sse(void)
{
    float a[4] __attribute__((aligned(16))) = {1, 2, 3, 4};
    float b[4] __attribute__((aligned(16))) = {3, 5, 7, 9};
    float quotient[4] __attribute__((aligned(16)));
    double wide[2] __attribute__((aligned(16)));
    uint32_t control = 0, integers[4] __attribute__((aligned(16)));
    static const uint32_t quotients[4] = {0x3eaaaaabu, 0x3ecccccdu, 0x3edb6db7u,
                                          0x3ee38e39u};
    uint64_t bits;

    __asm__ volatile("movaps %4, %%xmm0\n\tdivps %5, %%xmm0\n\t"
                     "movaps %%xmm0, %0\n\t"
                     "cvtps2pd %5, %%xmm1\n\tsqrtpd %%xmm1, %%xmm1\n\t"
                     "movapd %%xmm1, %1\n\t"
                     "cvttps2dq %5, %%xmm2\n\tpaddd %%xmm2, %%xmm2\n\t"
                     "movdqa %%xmm2, %2\n\tstmxcsr %3"
                     : "=m"(quotient), "=m"(wide), "=m"(integers), "=m"(control)
                     : "m"(a), "m"(b)
                     : "xmm0", "xmm1", "xmm2");
    CHECK(memcmp(quotient, quotients, sizeof(quotients)) == 0);
    memcpy(&bits, wide, 8);
    CHECK(bits == 0x3ffbb67ae8584caaull); /* root of 3 */
    CHECK(integers[0] == 6 && integers[3] == 18);
    CHECK((control & 0x20) != 0); /* inexact */
    CHECK((control & 0x1f80) == 0x1f80);
}

int main(int argc, char **argv, char **environment)
{
    enum { MMX = 1 << 23, SSE2 = 1 << 26 };
    uint32_t features = cpuid_features();

    (void)argc, (void)argv, (void)environment;
    x87_arithmetic();
    x87_state();
    if ((features & MMX) != 0)
        mmx();
    if ((features & SSE2) != 0)
        sse();
    printf("x87%s%s\n", (features & MMX) != 0 ? " MMX" : "",
           (features & SSE2) != 0 ? " SSE2" : "");
    return 0;
}
