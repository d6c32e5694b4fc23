/* fpu_silicon.h -- x87, MMX and SSE instructions on the host CPU and ours. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_TEST_FPU_SILICON_H
#define X86CPU_TEST_FPU_SILICON_H

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

/*
 * Instructions whose operands are registers and [ecx] have one encoding in
 * 32-bit and 64-bit mode. Each case is a random state; the host executes the
 * instruction between FXRSTOR and FXSAVE, and so does a cpu of the library.
 */
namespace fpu_silicon
{

/* What an instruction starts with and ends with. */
struct State {
    alignas(16) uint8_t fx[512];
    uint32_t gpr[8];
    uint32_t eflags;
    alignas(16) uint8_t memory[64]; /* at [ecx - 16] */
    int vector;                     /* of the exception, or -1 */
};

/* A row of the table made into bytes. */
struct Encoding {
    unsigned op;
    std::string name;
    std::vector<uint8_t> bytes;
    bool memory; /* has the operand [ecx] */
    unsigned group;
};

/* All encodings of rows in a group (XG_X87 ...), but for those that store
 * images of the whole state. */
std::vector<Encoding> encodings(unsigned group);

using Random = std::mt19937_64;

/* Where random values come from: corners of the formats as often as not. */
void fill_state(Random &random, const Encoding &encoding, State *state);

/* Both executors; false where the host cannot do it. */
class Executors
{
  public:
    Executors();
    ~Executors();
    Executors(const Executors &) = delete;
    Executors &operator=(const Executors &) = delete;

    bool usable() const;
    void on_host(const Encoding &encoding, const State &before, State *after);
    void on_ours(const Encoding &encoding, const State &before, State *after,
                 bool portable);

  private:
    struct Implementation;
    Implementation *implementation_;
};

/* Every difference by name, empty where there is none. */
std::string difference(const State &host, const State &ours);

/* A state in words, to reproduce a case by hand. */
std::string describe(const Encoding &encoding, const State &state);

/* FPU_SILICON_CASES and FPU_SILICON_SEED of the environment, or defaults. */
uint64_t wanted_cases(uint64_t otherwise);
uint64_t wanted_seed();

} // namespace fpu_silicon

#endif
