/* silicon_compare.cc -- what differs, what may, and what it takes. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/silicon_encode.h"

extern "C" {
#include "libx86cpu/src/model.h"
}

#include <algorithm>
#include <cstdio>

namespace silicon
{
namespace
{

/* ---- what is undefined ---- */

bool is_mnemonic(const struct xcpu_insn &insn,
                 std::initializer_list<const char *> names)
{
    for (const char *name : names)
        if (strcmp(xcpu_op_mnemonic(insn.op), name) == 0)
            return true;
    return false;
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

/* ---- text ---- */

void append_hex(std::string *text, const uint8_t *bytes, size_t size)
{
    char buffer[4];

    for (size_t i = 0; i < size; i++) {
        snprintf(buffer, sizeof(buffer), "%02x", bytes[i]);
        *text += buffer;
    }
}

std::string hex(uint32_t value)
{
    char buffer[16];

    snprintf(buffer, sizeof(buffer), "%x", value);
    return buffer;
}

void compare_values(std::string *text, const char *what, uint32_t host,
                    uint32_t ours)
{
    if (host != ours)
        *text += std::string(" ") + what + " " + hex(host) + "!=" + hex(ours);
}

void compare_bytes(std::string *text, const std::string &what,
                   const uint8_t *host, const uint8_t *ours, size_t size)
{
    if (memcmp(host, ours, size) == 0)
        return;
    *text += " " + what + " ";
    append_hex(text, host, size);
    *text += "!=";
    append_hex(text, ours, size);
}

const char *const gpr_names[8] = {"eax", "ecx", "edx", "ebx",
                                  "esp", "ebp", "esi", "edi"};
const char *const sreg_names[6] = {"es", "cs", "ss", "ds", "fs", "gs"};

uint16_t usual_selector(int sreg)
{
    return sreg == XCPU_CS ? selector_code : selector_data;
}

/* Bytes that are not the usual ones. */
void append_part(std::string *text, const std::string &name,
                 const uint8_t *bytes, const char *usual, size_t size)
{
    if (memcmp(bytes, usual, size) == 0)
        return;
    *text += " " + name + "=";
    append_hex(text, bytes, size);
}

/* ---- transcendental functions, computed by us ---- */

bool is_transcendental(const struct xcpu_insn &insn)
{
    return is_mnemonic(insn, {"F2XM1", "FYL2X", "FYL2XP1", "FPATAN", "FPTAN",
                              "FSIN", "FCOS", "FSINCOS"});
}

/* Whether two registers differ by one unit in the last place at most. */
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
        return mantissa[0] - mantissa[1] + 1 <= 2;
    const int low = exponent[0] < exponent[1] ? 0 : 1;
    return exponent[1 - low] - exponent[low] == 1 &&
           mantissa[low] == ~uint64_t{0} &&
           mantissa[1 - low] == uint64_t{1} << 63;
}

/* They differ between processors: by one unit in the last place, and C1,
 * which tells whether it was rounded up. */
void forgive_last_place(const State &before, const State &host, State *ours)
{
    if ((before.fx[2] & 0x40) || !(host.fx[2] & 0x40))
        ours->fx[3] =
            static_cast<uint8_t>((ours->fx[3] & ~2) | (host.fx[3] & 2));
    for (int i = 0; i < 2; i++)
        if (is_close(host.fx + 32 + 16 * i, ours->fx + 32 + 16 * i))
            memcpy(ours->fx + 32 + 16 * i, host.fx + 32 + 16 * i, 10);
}

/* ---- differences ---- */

/* Flags that cases decide about; RF is the host's matter. */
constexpr uint32_t compared_flags =
    XF_OSZAPC | XF_D | XF_I | XCPU_TF | XCPU_NT | XCPU_AC | XCPU_ID;

/* With several accesses it is not said which one comes first, or where in it
 * a page's absence is noticed: the page alone counts, or one page of two. */
bool is_same_address(const Case &test, uint32_t host, uint32_t ours)
{
    const struct xcpu_insn &insn = test.insns.back();

    if (test.insns.size() > 1)
        return host == ours;
    switch (insn.op) {
    case XCPU_OP_FXSAVE_M:
    case XCPU_OP_FXRSTOR_M:
    case XCPU_OP_FNSAVE_M:
    case XCPU_OP_FRSTOR_M:
    case XCPU_OP_FNSTENV_M:
    case XCPU_OP_FLDENV_M:
    case XCPU_OP_RETF:
    case XCPU_OP_RETF_Iw:
    case XCPU_OP_IRET:
    case XCPU_OP_CALL_Ap:
    case XCPU_OP_CALL_Mp:
    case XCPU_OP_JMP_Mp:
    case XCPU_OP_PUSHA:
    case XCPU_OP_POPA:
        return host - ours + 512 < 1024;
    default:
        return host == ours;
    }
}

bool has_error_code(int vector)
{
    return (vector >= XCPU_NP && vector <= XCPU_VECTOR_PF) ||
           vector == XCPU_VECTOR_AC;
}

/* Last instruction, operand and selectors are a matter of the processor. */
void compare_fx(std::string *text, const State &host, const State &ours)
{
    compare_bytes(text, "fcw", host.fx, ours.fx, 2);
    compare_bytes(text, "fsw", host.fx + 2, ours.fx + 2, 2);
    compare_bytes(text, "ftw", host.fx + 4, ours.fx + 4, 1);
    compare_bytes(text, "mxcsr", host.fx + 24, ours.fx + 24, 4);
    for (int i = 0; i < 8; i++) {
        compare_bytes(text, "st" + std::to_string(i), host.fx + 32 + 16 * i,
                      ours.fx + 32 + 16 * i, 10);
        compare_bytes(text, "xmm" + std::to_string(i), host.fx + 160 + 16 * i,
                      ours.fx + 160 + 16 * i, 16);
    }
}

/* Whether a fault may find a part of it done: ours has done nothing then. */
bool stores_in_parts(const struct xcpu_insn &insn)
{
    switch (insn.op) {
    case XCPU_OP_ENTER_Iw_Ib:
    case XCPU_OP_PUSHA:
    case XCPU_OP_CALL_Ap:
    case XCPU_OP_CALL_Mp:
    case XCPU_OP_FNSAVE_M:
    case XCPU_OP_FNSTENV_M:
    case XCPU_OP_FXSAVE_M:
    case XCPU_OP_MASKMOVQ_Pq_Nq:
    case XCPU_OP_MASKMOVDQU_Vdq_Udq:
        return true;
    default:
        return false;
    }
}

/* Bytes of an x87 image that hold those. */
struct Span {
    uint32_t begin, end;
};

Span undefined_of_image(const struct xcpu_insn &insn)
{
    switch (insn.op) {
    case XCPU_OP_FNSTENV_M:
    case XCPU_OP_FNSAVE_M:
        return insn.operand_size == 2 ? Span{6, 14} : Span{12, 28};
    case XCPU_OP_FXSAVE_M:
        return {6, 24};
    default:
        return {0, 0};
    }
}

void compare_memory(std::string *text, const Case &test, bool half_done,
                    Memory host, Memory ours)
{
    const uint32_t size = data_end - data_begin;
    Span hidden = {0, 0};
    uint32_t mask = size;

    if (memcmp(host, ours, size) == 0 || test.undefined_result || half_done)
        return;
    if (test.insns.size() == 1 && has_memory_operand(test.insns[0])) {
        const uint32_t at =
            operand_address(test.insns[0], test.before) - data_begin;

        hidden = undefined_of_image(test.insns[0]);
        hidden.begin += at;
        hidden.end += at;
        if (test.insns[0].op == XCPU_OP_FXSAVE_M)
            mask = at + 28; /* of MXCSR: AMD has a bit more */
    }
    for (uint32_t i = 0; i < size; i++) {
        if (host[i] == ours[i] || i - mask < 4 ||
            i - hidden.begin < hidden.end - hidden.begin)
            continue;
        compare_bytes(text, "[" + hex(data_begin + i) + "]", host + i, ours + i,
                      std::min<uint32_t>(16, size - i));
        return;
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

/* Whether there is all of an operand to read. */
static bool is_readable(uint32_t address, uint32_t size)
{
    const uint32_t last = address + size - 1;

    return (address >= data_begin && last < data_end) ||
           (address >= code_begin && last < code_end);
}

/* Which operand of CMPS is looked at first. */
static bool has_two_faults(const struct xcpu_insn &insn, const State &state)
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

/* Cases without a right answer: an alignment check and another fault; a store
 * of no byte; the rest of a frame that is returned through. */
static bool is_unspecified(const Case &test, const State &host,
                           const State &ours)
{
    const struct xcpu_insn &insn = test.insns.back();
    const bool page_fault = host.vector == XCPU_VECTOR_PF;

    if (test.insns.size() > 1)
        return false;
    if (host.vector == XCPU_VECTOR_AC && insn.op == XCPU_OP_ENTER_Iw_Ib)
        return true; /* by the new ESP */
    if ((host.vector == XCPU_VECTOR_AC) != (ours.vector == XCPU_VECTOR_AC) &&
        host.vector != XCPU_BP && ours.vector != XCPU_BP)
        return true;
    switch (insn.op) {
    case XCPU_OP_MASKMOVQ_Pq_Nq:
    case XCPU_OP_MASKMOVDQU_Vdq_Udq:
        return page_fault;
    case XCPU_OP_UD0_Gv_Ev: /* AMD: without ModRM */
    case XCPU_OP_UD1_Gv_Ev:
        return host.vector == XCPU_UD;
    case XCPU_OP_RETF:
    case XCPU_OP_RETF_Iw:
    case XCPU_OP_IRET:
    case XCPU_OP_POP_Ev:
        return page_fault && ours.vector == XCPU_GP;
    case XCPU_OP_FXRSTOR_M:
    case XCPU_OP_FXSAVE_M:
        return page_fault && insn.address_size == 2;
    default:
        return false;
    }
}

/*
 * Where processors disagree, or an instruction has two reasons to fault and no
 * order is prescribed: takes the host's word for it.
 */
static void forgive_faults(const Case &test, const State &host, State *ours)
{
    const struct xcpu_insn &insn = test.insns.back();
    const bool page_fault = host.vector == XCPU_VECTOR_PF;

    /* AMD keeps the flags of comparisons before the fault. */
    for (const struct xcpu_insn &each : test.insns)
        if (page_fault && (xcpu_rows[each.op].attributes & A_REPCC) && each.rep)
            ours->eflags = host.eflags;
    if (test.insns.size() > 1)
        return;
    /* AMD has made the x87 registers ready when it faults. */
    if (insn.op == XCPU_OP_MASKMOVQ_Pq_Nq && host.vector != XCPU_BP)
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

std::string difference(const Case &test, const State &host, const State &result,
                       Memory host_memory, Memory our_memory, bool portable)
{
    std::string text;
    State ours = result;
    const uint32_t flags = compared_flags & ~test.undefined_flags;

    forgive_faults(test, host, &ours);
    if (portable && test.insns.size() == 1 && is_transcendental(test.insns[0]))
        forgive_last_place(test.before, host, &ours);
    compare_values(&text, "vector", static_cast<uint32_t>(host.vector),
                   static_cast<uint32_t>(ours.vector));
    if (host.vector == ours.vector && has_error_code(host.vector))
        compare_values(&text, "error", host.error_code, ours.error_code);
    if (host.vector == ours.vector && host.vector == XCPU_VECTOR_PF &&
        !is_same_address(test, host.address, ours.address))
        compare_values(&text, "address", host.address, ours.address);
    compare_values(&text, "eip", host.eip, ours.eip);
    compare_values(&text, "eflags", host.eflags & flags, ours.eflags & flags);
    for (int i = 0; i < 8; i++)
        if (!test.undefined_result || i != test.insns[0].rm)
            compare_values(&text, gpr_names[i], host.gpr[i], ours.gpr[i]);
    for (int i = 0; i < 6; i++)
        if ((host.sreg[i] | ours.sreg[i]) & ~3) /* the host's kernel clears */
            compare_values(&text, sreg_names[i], host.sreg[i], ours.sreg[i]);
    compare_fx(&text, host, ours);
    compare_memory(
        &text, test,
        (host.vector == XCPU_VECTOR_PF || host.vector == XCPU_VECTOR_SS) &&
            stores_in_parts(test.insns.back()),
        host_memory, our_memory);
    return text;
}

std::string describe(const Case &test)
{
    static const char nothing[16] = {};
    const State &before = test.before;
    std::string text;

    for (const struct xcpu_insn &insn : test.insns)
        if (insn.op != XCPU_OP_NOP || test.insns.size() == 1)
            text += std::string(xcpu_op_name(insn.op)) + " ";
    append_hex(&text, test.bytes.data(), test.bytes.size());
    text += " eip=" + hex(before.eip) + " eflags=" + hex(before.eflags);
    for (int i = 0; i < 8; i++)
        if (before.gpr[i])
            text += std::string(" ") + gpr_names[i] + "=" + hex(before.gpr[i]);
    for (int i = 0; i < 6; i++)
        if (before.sreg[i] != usual_selector(i))
            text +=
                std::string(" ") + sreg_names[i] + "=" + hex(before.sreg[i]);
    append_part(&text, "fcw", before.fx, "\x7f\x03", 2);
    append_part(&text, "fsw", before.fx + 2, nothing, 2);
    append_part(&text, "ftw", before.fx + 4, nothing, 1);
    append_part(&text, "mxcsr", before.fx + 24, "\x80\x1f\0", 4);
    for (int i = 0; i < 8; i++)
        append_part(&text, "st" + std::to_string(i), before.fx + 32 + 16 * i,
                    nothing, 10);
    for (int i = 0; i < 8; i++)
        append_part(&text, "xmm" + std::to_string(i), before.fx + 160 + 16 * i,
                    nothing, 16);
    for (const Patch &patch : test.patches) {
        text += " [" + hex(patch.address) + "]=";
        append_hex(&text, patch.bytes, patch.size);
    }
    return text;
}

bool host_has(const Case &test)
{
    static const uint32_t features = xcpu_host_features();

    return std::all_of(test.insns.begin(), test.insns.end(),
                       [](const struct xcpu_insn &insn) {
                           return features >> xcpu_rows[insn.op].feature & 1;
                       });
}

static std::string compare_with(Executors &executors, const Case &test,
                                const State &host, const State &ours,
                                bool portable)
{
    if (host.vector == -1 && ours.vector == -1)
        return "";
    if (is_unspecified(test, host, ours))
        return "";
    return difference(test, host, ours, executors.host_memory(),
                      executors.our_memory(), portable);
}

std::string compare(Executors &executors, const Case &test, bool portable)
{
    State host, ours;

    if (!host_has(test))
        return "";
    executors.on_host(test, &host);
    executors.on_ours(test, &ours, portable);
    const std::string text =
        compare_with(executors, test, host, ours, portable);
    if (!text.empty() || ours.vector == -1 || !executors.translates())
        return text;
    executors.on_ours(test, &ours, portable, true);
    const std::string other =
        compare_with(executors, test, host, ours, portable);
    return other.empty() ? other : " translated:" + other;
}

/* ---- less of a case ---- */

Case minimise(Executors &executors, const Case &test, bool portable)
{
    Case least = test;
    const auto attempt = [&](auto change) {
        Case less = least;

        change(less);
        if (!compare(executors, less, portable).empty())
            least = less;
    };

    /* Branches keep their targets. */
    for (size_t i = 0, at = 0; test.insns.size() > 1 && i < test.insns.size();
         at += test.insns[i++].length)
        attempt([&](Case &less) {
            std::fill_n(less.bytes.begin() + static_cast<long>(at),
                        test.insns[i].length, uint8_t{0x90});
            less.insns[i].op = XCPU_OP_NOP;
        });
    for (size_t i = least.patches.size(); i-- > 0;)
        attempt([&](Case &less) {
            less.patches.erase(less.patches.begin() + static_cast<long>(i));
        });
    for (int i = 0; i < 8; i++)
        attempt([&](Case &less) { less.before.gpr[i] = 0; });
    for (uint32_t bit = 1; bit <= XCPU_ID; bit <<= 1)
        attempt([&](Case &less) {
            less.before.eflags = (less.before.eflags & ~bit) | 0x202;
        });
    for (int i = 0; i < 6; i++)
        attempt([&](Case &less) { less.before.sreg[i] = usual_selector(i); });
    for (int i = 0; i < 16; i++)
        attempt(
            [&](Case &less) { memset(less.before.fx + 32 + 16 * i, 0, 16); });
    attempt([&](Case &less) { memcpy(less.before.fx, "\x7f\x03\0\0\0", 5); });
    attempt([&](Case &less) { memcpy(less.before.fx + 24, "\x80\x1f\0", 4); });
    return least;
}

} // namespace silicon
