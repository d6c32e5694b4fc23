/* silicon_encode.h -- what the parts of the harness know of each other. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_TEST_SILICON_ENCODE_H
#define X86CPU_TEST_SILICON_ENCODE_H

#include "libx86cpu/test/silicon.h"

namespace silicon
{

/* A row, or a further encoding of one, as the table writes it. */
struct Form {
    unsigned op;
    const char *map;
    unsigned first, last;
    const char *prefix, *mod, *reg;
};

/* All that the host executes as a guest would. */
std::vector<Form> all_forms();

/* Random bytes of a form; false: these were of no use. In a program, registers
 * are kept that point to data, and branches go on. */
bool encode(Random &random, const Form &form, bool in_program,
            std::vector<uint8_t> *bytes, struct xcpu_insn *insn);

/* ---- what is known of a decoded instruction ---- */

bool has_memory_operand(const struct xcpu_insn &insn);
bool has_operand(const struct xcpu_insn &insn, unsigned letter);
bool is_string(const struct xcpu_insn &insn);

/* Bytes of immediates at its end. */
unsigned immediate_size(const struct xcpu_insn &insn);

/* The instruction of a case at an address; of any other address its last. */
const struct xcpu_insn &insn_at(const Case &test, uint32_t eip);

/* Where its memory operand begins. */
uint32_t operand_address(const struct xcpu_insn &insn, const State &state);

/* ---- where processors disagree ---- */

struct Span {
    uint32_t begin, end;
};

/* What an instruction stores that is the processor's own matter: bytes of an
 * x87 image that hold those; the upper half of a selector's slot, which AMD
 * clears and Intel keeps (SDM 2, PUSH). */
Span undefined_stored(const struct xcpu_insn &insn, const State &before);

/* Takes the host's word for what is the processor's own choice. portable: ours
 * has computed transcendental functions itself. */
void forgive(const Case &test, const State &host, bool portable, State *ours);

} // namespace silicon

#endif
