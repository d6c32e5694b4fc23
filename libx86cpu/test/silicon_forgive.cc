/* silicon_forgive.cc -- what processors do each in their own way. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/silicon_encode.h"

extern "C" {
#include "libx86cpu/src/insns.h"
}

#include <algorithm>
#include <cmath>
#include <limits>

namespace silicon
{
namespace
{

bool is_mnemonic(const struct xcpu_insn &insn,
                 std::initializer_list<const char *> names)
{
    for (const char *name : names)
        if (strcmp(xcpu_op_mnemonic(insn.op), name) == 0)
            return true;
    return false;
}

bool is_among(unsigned op, std::initializer_list<unsigned> ops)
{
    return std::find(ops.begin(), ops.end(), op) != ops.end();
}

unsigned operand_bits(const struct xcpu_insn &insn)
{
    return has_operand(insn, XO_Eb) ? 8 : insn.operand_size * 8u;
}

/* Flags that a shift or rotate by count leaves undefined: those of the row
 * are what any count may (SDM 2, SAL and RCL and SHLD). */
uint32_t undefined_by_count(const struct xcpu_insn &insn, unsigned count)
{
    const uint32_t any = xcpu_rows[insn.op].undefined;

    if (count == 0)
        return 0;
    if (is_mnemonic(insn, {"SHLD", "SHRD"}) && count > operand_bits(insn))
        return XF_OSZAPC;
    if (count == 1)
        return any & XF_A;
    return count >= operand_bits(insn) ? any : any & ~uint32_t{XF_C};
}

bool is_shift_by_count(const struct xcpu_insn &insn)
{
    return (xcpu_rows[insn.op].attributes & A_KEEP) && !is_string(insn);
}

unsigned count_of(const struct xcpu_insn &insn, const State &state)
{
    return (has_operand(insn, XO_CL) ? state.gpr[XCPU_ECX] : insn.imm) & 31;
}

/* ---- faults ---- */

bool pushes_selector(unsigned op)
{
    return is_among(op, {XCPU_OP_PUSH_CS, XCPU_OP_PUSH_DS, XCPU_OP_PUSH_ES,
                         XCPU_OP_PUSH_FS, XCPU_OP_PUSH_GS, XCPU_OP_PUSH_SS});
}

bool pops_selector(unsigned op)
{
    return is_among(op, {XCPU_OP_POP_DS, XCPU_OP_POP_ES, XCPU_OP_POP_FS,
                         XCPU_OP_POP_GS, XCPU_OP_POP_SS});
}

bool stores_mmx(unsigned op)
{
    return is_among(op, {XCPU_OP_MASKMOVQ_Pq_Nq, XCPU_OP_MOVD_Ed_Pd,
                         XCPU_OP_MOVNTQ_Mq_Pq, XCPU_OP_MOVQ_Qq_Pq});
}

/* Whose operands need no alignment; whether #AC checks it all the same is the
 * processor's choice (SDM 2, MOVUPS). */
bool may_be_unaligned(const struct xcpu_insn &insn)
{
    return is_mnemonic(insn,
                       {"MOVUPS", "MOVUPD", "MOVDQU", "LDDQU", "PCMPESTRI",
                        "PCMPESTRM", "PCMPISTRI", "PCMPISTRM"});
}

bool is_segment_fault(int vector)
{
    return vector == XCPU_GP || vector == XCPU_VECTOR_SS;
}

/* An operand that wraps around at 4 GiB: its segment ends there or does not
 * (SDM 3, Limit Checking). */
bool wraps(const State &host, const State &ours)
{
    return host.vector == XCPU_VECTOR_PF && host.address >= 0xffffff00 &&
           is_segment_fault(ours.vector);
}

/* More than 15 bytes, of which some behind those 15 are not there: whether they
 * are fetched first (SDM 3, Priority Among Simultaneous Exceptions). */
bool is_too_long(const State &host, const State &ours)
{
    return host.vector == XCPU_VECTOR_PF && ours.vector == XCPU_GP &&
           host.address == code_end && host.address - ours.eip >= 15;
}

/* Nothing to store, for an exception that is not masked: whether the operand
 * is looked at. */
bool stores_nothing(const struct xcpu_insn &insn, const State &host,
                    const State &ours)
{
    const struct xcpu_row &row = xcpu_rows[insn.op];

    return host.eip != ours.eip && (host.fx[2] & 0x80) && row.group == XG_X87 &&
           (row.attributes & A_WM);
}

/* #AC on one of them alone: beside another fault, or for an operand whose size
 * or alignment is the processor's matter. */
bool is_unclear_alignment(const struct xcpu_insn &insn, const State &host,
                          const State &ours)
{
    const bool host_checks = host.vector == XCPU_VECTOR_AC;
    const bool ours_checks = ours.vector == XCPU_VECTOR_AC;

    if (ours_checks && host.eip != ours.eip &&
        (may_be_unaligned(insn) || pushes_selector(insn.op) ||
         pops_selector(insn.op)))
        return true;
    return host_checks != ours_checks && host.vector != XCPU_BP &&
           ours.vector != XCPU_BP;
}

/* Whether there is all of an operand to read. */
bool is_readable(uint32_t address, uint32_t size)
{
    const uint32_t last = address + size - 1;

    return (address >= data_begin && last < data_end) ||
           (address >= code_begin && last < code_end);
}

/* Which operand of CMPS is looked at first. */
bool has_two_faults(const struct xcpu_insn &insn, const State &state)
{
    const uint32_t mask = insn.address_size == 2 ? 0xffff : UINT32_MAX;
    const uint32_t size = has_operand(insn, XO_Yb) ? 1 : insn.operand_size;
    const uint32_t from =
        (state.gpr[XCPU_ESI] & mask) + base_of(state.sreg[insn.segment]);
    const uint32_t to =
        (state.gpr[XCPU_EDI] & mask) + base_of(state.sreg[XCPU_ES]);

    return (insn.op == XCPU_OP_CMPS_Xb_Yb || insn.op == XCPU_OP_CMPS_Xv_Yv) &&
           !is_readable(from, size) && !is_readable(to, size);
}

/* Where an instruction has two reasons to fault and no order is prescribed,
 * or only part of its work done: takes the host's word for it. */
void forgive_fault(const struct xcpu_insn &insn, const State &host, State *ours)
{
    const bool page_fault = host.vector == XCPU_VECTOR_PF;

    /* The x87 registers may have been made ready: by AMD for MASKMOVQ, by
     * Intel for the others. */
    if (host.vector != XCPU_BP && stores_mmx(insn.op))
        memcpy(ours->fx, host.fx, 160);
    /* AMD has loaded some of the registers. */
    if (page_fault && insn.op == XCPU_OP_POPA)
        memcpy(ours->gpr, host.gpr, sizeof(host.gpr));
    if (page_fault && ours->vector == host.vector && has_two_faults(insn, host))
        ours->address = host.address;
    /* A page of one operand, the segment of another. */
    if (page_fault && ours->vector == XCPU_GP && is_string(insn)) {
        ours->vector = host.vector;
        ours->error_code = host.error_code;
        ours->address = host.address;
    }
}

/* Comparisons that a fault or single step interrupts between two elements:
 * AMD shows the flags of the last, Intel those before the first. */
bool is_interrupted_comparison(const Case &test, const State &host)
{
    if (host.vector != XCPU_VECTOR_PF &&
        !(host.vector == XCPU_DB && host.eip == test.before.eip))
        return false;
    return std::any_of(
        test.insns.begin(), test.insns.end(), [](const struct xcpu_insn &insn) {
            return (xcpu_rows[insn.op].attributes & A_REPCC) && insn.rep;
        });
}

/* ---- values ---- */

bool is_transcendental(const struct xcpu_insn &insn)
{
    const struct xcpu_row &row = xcpu_rows[insn.op];

    return row.group == XG_X87 && (row.attributes & A_VARIES);
}

bool is_approximation(const struct xcpu_insn &insn)
{
    return is_mnemonic(insn, {"RCPPS", "RCPSS", "RSQRTPS", "RSQRTSS"});
}

/* Whether two registers differ by one unit in the last place. */
bool is_close(const uint8_t *a, const uint8_t *b)
{
    uint64_t mantissa[2];
    uint16_t exponent[2];

    memcpy(&mantissa[0], a, 8);
    memcpy(&mantissa[1], b, 8);
    memcpy(&exponent[0], a + 8, 2);
    memcpy(&exponent[1], b + 8, 2);
    for (uint16_t &each : exponent)
        each |= (each & 0x7fff) == 0; /* what is denormal has that of 1 */
    if (exponent[0] == exponent[1])
        return mantissa[0] - mantissa[1] == 1 || mantissa[1] - mantissa[0] == 1;
    const int low = exponent[0] < exponent[1] ? 0 : 1;
    return exponent[1 - low] - exponent[low] == 1 &&
           mantissa[low] == ~uint64_t{0} &&
           mantissa[1 - low] == uint64_t{1} << 63;
}

/* Whether a register is below what is normal, or the least that is. */
bool is_tiny(const uint8_t *st)
{
    return (st[9] & 0x7f) == 0 && st[8] <= 1;
}

void take_bits(uint8_t *to, uint8_t from, uint8_t bits)
{
    *to = static_cast<uint8_t>((*to & ~bits) | (from & bits));
}

/* They differ between processors: by one unit in the last place, which may be
 * that between what underflows and what does not; and in C1, which tells
 * whether it was rounded up. An underflow that is not masked has a result of
 * its own. */
void forgive_last_place(const State &before, const State &host, State *ours)
{
    const uint8_t underflow = 0x10;
    const bool differ = (host.fx[2] ^ ours->fx[2]) & underflow;

    if ((before.fx[2] & 0x40) || !(host.fx[2] & 0x40))
        take_bits(&ours->fx[3], host.fx[3], 0x02);
    for (size_t st = 32; st < 64; st += 16) {
        if (is_tiny(host.fx + st) && differ && !(before.fx[0] & underflow))
            memcpy(ours->fx, host.fx, 160);
        if (!is_close(host.fx + st, ours->fx + st))
            continue;
        if (is_tiny(host.fx + st))
            take_bits(&ours->fx[2], host.fx[2], underflow);
        memcpy(ours->fx + st, host.fx + st, 10);
    }
}

/* Two approximations of one value are each within 1.5 / 2^12 of it, or one is
 * the least normal number where the other is zero (SDM 2, RCPPS). */
void forgive_approximations(const uint8_t *host, uint8_t *ours)
{
    const float least = std::numeric_limits<float>::min();
    float value[2];

    for (size_t i = 0; i < 16; i += sizeof(float)) {
        memcpy(&value[0], host + i, sizeof(float));
        memcpy(&value[1], ours + i, sizeof(float));
        const float apart = std::fabs(value[0] - value[1]);
        if (apart <= 3 * std::fabs(value[0]) / 4096 || apart <= least)
            memcpy(ours + i, host + i, sizeof(float));
    }
}

/* Which of several NaNs a dot product gives, and in which lane, is the
 * processor's choice (SDM 2, DPPS). */
template <class Lane>
void forgive_nans(Lane infinity, const uint8_t *host, uint8_t *ours)
{
    const Lane absolute = static_cast<Lane>(~Lane{0} >> 1);
    Lane value[2];

    for (size_t i = 0; i < 16; i += sizeof(Lane)) {
        memcpy(&value[0], host + i, sizeof(Lane));
        memcpy(&value[1], ours + i, sizeof(Lane));
        if ((value[0] & absolute) > infinity &&
            (value[1] & absolute) > infinity)
            memcpy(ours + i, host + i, sizeof(Lane));
    }
}

} // namespace

void find_undefined(Case *test)
{
    for (const struct xcpu_insn &insn : test->insns) {
        const bool single = test->insns.size() == 1;
        const unsigned count = count_of(insn, test->before);

        if (single && is_shift_by_count(insn))
            test->undefined_flags |= undefined_by_count(insn, count);
        else
            test->undefined_flags |= xcpu_rows[insn.op].undefined;
        if (!single || insn.operand_size != 2)
            continue;
        if (is_mnemonic(insn, {"BSWAP"}) ||
            (is_mnemonic(insn, {"SHLD", "SHRD"}) && count > 16))
            test->undefined_result = true;
    }
}

const struct xcpu_insn &insn_at(const Case &test, uint32_t eip)
{
    uint32_t begin = test.before.eip;

    for (const struct xcpu_insn &insn : test.insns) {
        if (begin == eip)
            return insn;
        begin += insn.length;
    }
    return test.insns.back();
}

Span undefined_stored(const struct xcpu_insn &insn, const State &before)
{
    const uint32_t operand = operand_address(insn, before);
    const uint32_t esp = before.gpr[XCPU_ESP];

    switch (insn.op) {
    case XCPU_OP_FNSTENV_M:
    case XCPU_OP_FNSAVE_M:
        return insn.operand_size == 2 ? Span{operand + 6, operand + 14}
                                      : Span{operand + 12, operand + 28};
    case XCPU_OP_FXSAVE_M:
        return {operand + 6, operand + 24};
    default:
        return pushes_selector(insn.op) && insn.operand_size == 4
                   ? Span{esp - 2, esp}
                   : Span{0, 0};
    }
}

bool is_unspecified(const Case &test, const State &host, const State &ours)
{
    const struct xcpu_insn &insn = insn_at(test, ours.eip);
    const bool page_fault = host.vector == XCPU_VECTOR_PF;

    if (is_unclear_alignment(insn, host, ours) || wraps(host, ours) ||
        is_too_long(host, ours) ||
        (ours.vector != XCPU_BP && stores_nothing(insn, host, ours)))
        return true;
    switch (insn.op) {
    case XCPU_OP_ENTER_Iw_Ib: /* by the new ESP */
        return host.vector == XCPU_VECTOR_AC;
    case XCPU_OP_MASKMOVQ_Pq_Nq:
    case XCPU_OP_MASKMOVDQU_Vdq_Udq: /* of no byte */
        return page_fault;
    case XCPU_OP_UD0_Gv_Ev: /* AMD: without ModRM */
    case XCPU_OP_UD1_Gv_Ev:
        return host.vector == XCPU_UD;
    case XCPU_OP_RETF: /* the rest of a frame that is returned through */
    case XCPU_OP_RETF_Iw:
    case XCPU_OP_IRET:
        return page_fault ? ours.vector == XCPU_GP
                          : ours.vector == XCPU_VECTOR_PF;
    case XCPU_OP_POP_Ev:
        return page_fault && ours.vector == XCPU_GP;
    case XCPU_OP_FXRSTOR_M:
    case XCPU_OP_FXSAVE_M:
        return page_fault && insn.address_size == 2;
    case XCPU_OP_BOUND_Gv_Ma: /* by the first bound alone */
        return host.vector == XCPU_BR && ours.vector == XCPU_VECTOR_PF;
    default: /* the upper half of a slot */
        return (pushes_selector(insn.op) || pops_selector(insn.op)) &&
               !page_fault && ours.vector == XCPU_VECTOR_PF;
    }
}

void forgive(const Case &test, const State &host, bool portable, State *ours)
{
    const struct xcpu_insn &insn = test.insns[0];

    if (is_interrupted_comparison(test, host))
        ours->eflags = host.eflags;
    forgive_fault(insn_at(test, host.eip), host, ours);
    if (test.insns.size() > 1)
        return;
    if (portable && is_transcendental(insn))
        forgive_last_place(test.before, host, ours);
    if (portable && is_approximation(insn))
        forgive_approximations(host.fx + 160 + 16 * insn.reg,
                               ours->fx + 160 + 16 * insn.reg);
    if (insn.op == XCPU_OP_DPPS_Vps_Wps_Ib)
        forgive_nans<uint32_t>(0x7f800000, host.fx + 160 + 16 * insn.reg,
                               ours->fx + 160 + 16 * insn.reg);
    if (insn.op == XCPU_OP_DPPD_Vpd_Wpd_Ib)
        forgive_nans<uint64_t>(UINT64_C(0x7ff) << 52,
                               host.fx + 160 + 16 * insn.reg,
                               ours->fx + 160 + 16 * insn.reg);
}

} // namespace silicon
