/* silicon.h -- the same cases on the host CPU and on ours. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_TEST_SILICON_H
#define X86CPU_TEST_SILICON_H

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <x86cpu/decode.h>
#include <x86cpu/x86cpu.h>

/*
 * A case is a few instructions with the state they begin in. An x86-64 host
 * executes them in 32-bit mode, at the addresses that they also have in the
 * guest: below 4 GiB the process holds nothing else. Code is surrounded by
 * INT3, so that every case ends in an exception, which is a part of the
 * result. A case follows from a seed and its number alone.
 */
namespace silicon
{

/* splitmix64: a generator is made for each case, and has to be cheap. */
class Random
{
  public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint64_t operator()();
    uint32_t below(uint32_t limit) /* limit > 0 */
    {
        return static_cast<uint32_t>((*this)() >> 32) % limit;
    }
    bool one_in(uint32_t n)
    {
        return below(n) == 0;
    }
    template <class T> T pick(std::initializer_list<T> values)
    {
        return values.begin()[below(static_cast<uint32_t>(values.size()))];
    }

  private:
    uint64_t state_;
};

/* ---- where things are ---- */

constexpr uint32_t code_begin = 0x20000000;
constexpr uint32_t code_end = 0x20100000;
constexpr uint32_t code_slot =
    512; /* bytes of a case and what its branches reach */
/* Three pages: two to write, one only to read. Nothing around them. */
constexpr uint32_t data_begin = 0x30000000;
constexpr uint32_t data_readonly = 0x30002000;
constexpr uint32_t data_end = 0x30003000;

/* Selectors a case may use: flat ones of the host's GDT, and of an LDT. */
enum Selector : uint16_t {
    selector_code = 0x23,
    selector_data = 0x2b,
    selector_flat = 0x07,
    selector_near = 0x0f, /* offsets of 16 bits reach the data */
    selector_odd = 0x17,
    selector_code_2 = 0x1f,
    selector_none = 0x47 /* beyond the table */
};
constexpr uint32_t near_base = data_begin - 0x8000;
constexpr uint32_t odd_base = 0x01234567;

/* Linear address where a data segment begins. */
uint32_t base_of(uint16_t selector);

/* ---- cases ---- */

constexpr int vector_mismatch = -2; /* engine lockstep: they differed */

struct State {
    alignas(16) uint8_t fx[512]; /* as FXSAVE stores it */
    uint32_t gpr[8];
    uint32_t eip;
    uint32_t eflags;
    uint16_t sreg[6];
    int vector; /* of the exception; -1: none, it ran on; vector_mismatch */
    uint32_t error_code;
    uint32_t address; /* of a page fault */
};

/* Bytes that the data holds when a case begins. */
struct Patch {
    uint32_t address;
    uint8_t size;
    uint8_t bytes[64];
};

struct Case {
    std::vector<struct xcpu_insn> insns;
    std::vector<uint8_t> bytes; /* at before.eip */
    State before;
    std::vector<Patch> patches;
    /* What is not compared. */
    uint32_t undefined_flags;
    bool undefined_result; /* of a 16-bit SHLD, BSWAP */
};

struct Options {
    uint64_t seed = 1;
    int group = -1;  /* enum xcpu_group, or all */
    unsigned op = 0; /* one row alone, or all */
    bool programs = false;
};

/* Cases that silicon_test compares. */
struct Sample {
    const char *name;
    Options options;
    uint64_t cases; /* from number 0 on */
    bool portable;
};

std::vector<Sample> samples();

/* What cases are made from; reading the table once. */
class Generator
{
  public:
    explicit Generator(const Options &options);
    ~Generator();
    Case make(uint64_t number) const;

  private:
    struct Implementation;
    std::unique_ptr<Implementation> me_;
};

/* ---- who executes them ---- */

/* A copy of the data when a case has ended. */
using Memory = const uint8_t *;

/* Both machines. One object at a time: it owns addresses below 4 GiB and the
 * handlers of several signals. */
class Executors
{
  public:
    explicit Executors(enum xcpu_engine engine = XCPU_ENGINE_INTERP);
    ~Executors();
    Executors(const Executors &) = delete;
    Executors &operator=(const Executors &) = delete;

    /* Why the host cannot execute cases, or NULL. */
    const char *host_refuses() const;
    void on_host(const Case &test, State *after);
    /* Does the engine translate; then a case that the interpreter has ended
     * may be translated, too. */
    bool translates() const;
    void on_ours(const Case &test, State *after, bool portable,
                 bool translated = false);
    Memory host_memory() const; /* from data_begin to data_end */
    Memory our_memory() const;
    struct xcpu *cpu();

    uint64_t lapses = 0; /* times the host has contradicted itself */

    struct Implementation;

  private:
    std::unique_ptr<Implementation> me_;
};

/* ---- values: corners of the formats as often as not ---- */

uint32_t random_integer(Random &random);
void random_vector(Random &random, uint8_t *bytes); /* 16 bytes */
void random_bcd(Random &random, uint8_t *bytes);    /* 10 bytes */
void random_fxstate(Random &random, unsigned group, uint8_t *fx);

/* ---- results ---- */

/* What may differ after the case: flags and results that are undefined. */
void find_undefined(Case *test);

/* Whether the case has no right answer, for processors disagree. */
bool is_unspecified(const Case &test, const State &host, const State &ours);

/* Every difference by name, empty where there is none. portable: ours has
 * computed transcendental functions itself. */
std::string difference(const Case &test, const State &host, const State &ours,
                       Memory host_memory, Memory our_memory, bool portable);

/* A case in one line, to put it into insn_rows.def. */
std::string describe(const Case &test);

/* Whether the host has all of its instructions. */
bool host_has(const Case &test);

/* Runs a case on both, on ours by each of its engines; the differences, empty
 * where there are none, the host has not come to an end, or it lacks an
 * instruction. A host that does not do the same again is asked once more: one
 * that loses the base of a segment of the LDT has been seen. */
std::string compare(Executors &executors, const Case &test, bool portable);

/* A case that differs as well and has less in it. */
Case minimise(Executors &executors, const Case &test, bool portable);

} // namespace silicon

#endif
