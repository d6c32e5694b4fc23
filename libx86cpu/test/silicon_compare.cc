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

/* ---- differences ---- */

/* Flags that cases decide about; RF is the host's matter. */
constexpr uint32_t compared_flags =
    XF_OSZAPC | XF_D | XF_I | XCPU_TF | XCPU_NT | XCPU_AC | XCPU_ID;

/* With several accesses it is not said which one comes first, or where in it
 * a page's absence is noticed: another page counts as well. */
bool faults_elsewhere(const Case &test, const State &host, const State &ours)
{
    if (test.insns.size() > 1 || host.vector != XCPU_VECTOR_PF)
        return false;
    switch (test.insns[0].op) {
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
        return host.address != ours.address &&
               host.address - ours.address + 512 < 1024;
    default:
        return false;
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
    case XCPU_OP_FSTP_Mt:
    case XCPU_OP_FBSTP_Mt:
    case XCPU_OP_MASKMOVQ_Pq_Nq:
    case XCPU_OP_MASKMOVDQU_Vdq_Udq:
        return true;
    default:
        return false;
    }
}

void compare_memory(std::string *text, const Case &test, bool half_done,
                    Memory host, Memory ours)
{
    const uint32_t size = data_end - data_begin;
    Span hidden = {0, 0};
    uint32_t mxcsr_mask = 0;

    if (memcmp(host, ours, size) == 0 || test.undefined_result || half_done)
        return;
    if (test.insns.size() == 1) {
        hidden = undefined_stored(test.insns[0], test.before);
        if (test.insns[0].op == XCPU_OP_FXSAVE_M) /* AMD has a bit more */
            mxcsr_mask = operand_address(test.insns[0], test.before) + 28;
    }
    for (uint32_t i = 0; i < size; i++) {
        const uint32_t at = data_begin + i;

        if (host[i] == ours[i] || at - mxcsr_mask < 4 ||
            at - hidden.begin < hidden.end - hidden.begin)
            continue;
        compare_bytes(text, "[" + hex(at) + "]", host + i, ours + i,
                      std::min<uint32_t>(16, size - i));
        return;
    }
}

} // namespace

std::string difference(const Case &test, const State &host, const State &result,
                       Memory host_memory, Memory our_memory, bool portable)
{
    std::string text;
    State ours = result;
    const uint32_t flags = compared_flags & ~test.undefined_flags;

    forgive(test, host, portable, &ours);
    compare_values(&text, "vector", static_cast<uint32_t>(host.vector),
                   static_cast<uint32_t>(ours.vector));
    if (host.vector == ours.vector && has_error_code(host.vector) &&
        !faults_elsewhere(test, host, ours)) {
        compare_values(&text, "error", host.error_code, ours.error_code);
        if (host.vector == XCPU_VECTOR_PF)
            compare_values(&text, "address", host.address, ours.address);
    }
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
            stores_in_parts(insn_at(test, host.eip)),
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

static std::string compare_once(Executors &executors, const Case &test,
                                bool portable, State *host)
{
    State ours;

    executors.on_host(test, host);
    executors.on_ours(test, &ours, portable);
    const std::string text =
        compare_with(executors, test, *host, ours, portable);
    if (!text.empty() || ours.vector == -1 || !executors.translates())
        return text;
    executors.on_ours(test, &ours, portable, true);
    const std::string other =
        compare_with(executors, test, *host, ours, portable);
    return other.empty() ? other : " translated:" + other;
}

/* Whether the host does the same again. */
static bool host_repeats(Executors &executors, const Case &test,
                         const State &first)
{
    const std::vector<uint8_t> memory(executors.host_memory(),
                                      executors.host_memory() + data_end -
                                          data_begin);
    State again;

    executors.on_host(test, &again);
    return difference(test, first, again, memory.data(),
                      executors.host_memory(), false)
        .empty();
}

std::string compare(Executors &executors, const Case &test, bool portable)
{
    State host;

    if (!host_has(test))
        return "";
    for (;;) {
        const std::string text = compare_once(executors, test, portable, &host);

        if (text.empty() || host_repeats(executors, test, host))
            return text;
        executors.lapses++;
    }
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
