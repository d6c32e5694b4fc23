/* silicon_encode.cc -- rows of the instruction table made into bytes. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/silicon_encode.h"
#include "libx86cpu/test/silicon_tested.h"

extern "C" {
#include "libx86cpu/src/insns.h"
}

#include <algorithm>
#include <cstdlib>

namespace silicon
{
namespace
{

const Form forms[] = {
#define XCPU_ROW(id, mnemonic, a, b, c, map, first, last, prefix, mod, reg,    \
                 ...)                                                          \
    {XCPU_OP_##id, #map, first, last, #prefix, #mod, #reg},
#define XCPU_ALIAS(id, map, first, last, prefix, mod, reg)                     \
    {XCPU_OP_##id, #map, first, last, #prefix, #mod, #reg},
#include "libx86cpu/src/x86_insns.def"
};

/* AMD refuses the register forms of PREFETCH. */
bool is_hosts_own(const Form &form)
{
    return silicon_tested_by(form.op) ||
           (form.op == XCPU_OP_NOP_Ev && form.first == 0x0d);
}

bool is(const char *text, const char *other)
{
    return strcmp(text, other) == 0;
}

/* Register forms that are looked up by ModRM byte. */
bool is_register_map(const char *map)
{
    return map[0] == 'D' || is(map, "0F01");
}

uint8_t byte_of(uint32_t value)
{
    return static_cast<uint8_t>(value);
}

/* Prefixes that a form may have; repeat says that F2 and F3 do. */
std::vector<uint8_t> random_prefixes(Random &random, const Form &form,
                                     bool memory)
{
    const struct xcpu_row &row = xcpu_rows[form.op];
    const bool repeat = (row.attributes & (A_REP | A_REPCC)) != 0;
    const bool used = memory || repeat || form.op == XCPU_OP_XLAT;
    std::vector<uint8_t> out;

    if (is(form.prefix, "66") || is(form.prefix, "F2") || is(form.prefix, "F3"))
        out.push_back(
            byte_of(static_cast<uint32_t>(strtoul(form.prefix, nullptr, 16))));
    else if (!is(form.prefix, "np") && random.one_in(4))
        out.push_back(0x66);
    if (is(form.prefix, "any") && random.one_in(repeat ? 2 : 24))
        out.push_back(random.pick<uint8_t>({0xf2, 0xf3}));
    if (random.one_in(used ? 4 : 32))
        out.push_back(
            random.pick<uint8_t>({0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65}));
    if (random.one_in(used ? 8 : 32))
        out.push_back(0x67);
    if (random.one_in(memory && (row.attributes & A_LOCK) ? 4 : 100))
        out.push_back(0xf0);
    if (!out.empty() && random.one_in(64))
        out.insert(out.end(), random.below(14), out.back());
    for (size_t i = out.size(); i > 1; i--)
        std::swap(out[i - 1], out[random.below(static_cast<uint32_t>(i))]);
    return out;
}

/* A value of ModRM.reg: "r", "5" or "2to4". */
uint32_t random_reg(Random &random, const char *reg)
{
    if (reg[0] == 'r')
        return random.below(8);
    const uint32_t first = static_cast<uint32_t>(reg[0] - '0');
    return reg[1] ? first + random.below(static_cast<uint32_t>(reg[3] - '0') -
                                         first + 1)
                  : first;
}

/* In a program EAX, ECX and EDX hold values, and as bytes all but BL and BH;
 * what is no general register is any. */
uint32_t value_register(Random &random, bool byte)
{
    return byte ? random.pick<uint32_t>({0, 1, 2, 4, 5, 6}) : random.below(3);
}

struct Registers {
    bool general, byte;
};

Registers registers_of(unsigned letter)
{
    switch (letter) {
    case XO_Eb:
    case XO_Gb:
    case XO_Zb:
        return {true, true};
    case XO_Ew:
    case XO_Ed:
    case XO_Ev:
    case XO_Gw:
    case XO_Gd:
    case XO_Gv:
    case XO_Rw:
    case XO_Rd:
    case XO_Rv:
    case XO_Zv:
        return {true, false};
    default:
        return {false, false};
    }
}

bool is_reg_field(unsigned letter)
{
    return letter == XO_Gb || letter == XO_Gw || letter == XO_Gd ||
           letter == XO_Gv;
}

/* ModRM and SIB; displacements are among the random bytes that follow. */
void put_modrm(Random &random, const Form &form, bool memory, bool in_program,
               std::vector<uint8_t> *out)
{
    const struct xcpu_row &row = xcpu_rows[form.op];
    uint32_t mod = memory ? random.below(3) : 3;
    uint32_t reg = random_reg(random, form.reg), rm = random.below(8);

    for (unsigned letter : row.operands) {
        const Registers kind = registers_of(letter);

        if (!in_program || !kind.general)
            continue;
        if (is_reg_field(letter))
            reg = value_register(random, kind.byte);
        else if (!memory)
            rm = value_register(random, kind.byte);
    }
    if (in_program && memory) {
        mod = 1;
        rm = random.pick<uint32_t>({3, 4, 5, 6, 7});
    }
    out->push_back(byte_of(mod << 6 | reg << 3 | rm));
    if (memory && rm == 4) /* a SIB byte, or not with 16-bit addressing */
        out->push_back(
            byte_of(in_program ? (4 << 3 | random.pick<uint32_t>({3, 5, 6, 7}))
                               : static_cast<uint32_t>(random())));
}

/* Everything up to the opcode, and ModRM. */
std::vector<uint8_t> random_start(Random &random, const Form &form,
                                  bool in_program)
{
    const struct xcpu_row &row = xcpu_rows[form.op];
    const bool modrm = (row.encoding & XE_MODRM) != 0;
    const bool registers = is_register_map(form.map);
    const bool memory = modrm && !registers && !is(form.mod, "reg") &&
                        (is(form.mod, "mem") || !random.one_in(3));
    uint32_t last = form.first + random.below(form.last - form.first + 1);
    std::vector<uint8_t> out =
        random_prefixes(random, form, memory || row.encoding & XE_MOFFS);

    if (in_program) /* address and operand sizes would leave the data */
        out.erase(std::remove_if(out.begin(), out.end(),
                                 [](uint8_t byte) {
                                     return byte == 0x2e || byte == 0x67 ||
                                            byte == 0xf0 || byte == 0x64 ||
                                            byte == 0x65;
                                 }),
                  out.end());
    if (in_program && row.encoding & XE_OPREG)
        last = form.first + value_register(random, row.operands[0] == XO_Zb);
    if (form.map[0] == '0')
        out.push_back(0x0f);
    if (form.map[0] == '0' && form.map[2]) /* 0F01, 0F38, 0F3A */
        out.push_back(
            byte_of(static_cast<uint32_t>(strtoul(form.map + 2, nullptr, 16))));
    else if (registers)
        out.push_back(byte_of(
            0xd0 + static_cast<uint32_t>(strtoul(form.map + 1, nullptr, 16))));
    out.push_back(byte_of(last));
    if (modrm && !registers)
        put_modrm(random, form, memory, in_program, &out);
    return out;
}

void put32(uint8_t *bytes, uint32_t value, size_t size)
{
    memcpy(bytes, &value, size);
}

/* Displacements without a base: to the data. */
void edit_displacement(Random &random, const struct xcpu_insn &insn,
                       bool in_program, uint8_t *end)
{
    const bool moffs = (xcpu_rows[insn.op].encoding & XE_MOFFS) != 0;
    uint8_t *at = end - immediate_size(insn);
    uint32_t to = data_begin + random.below(0x1ff0);

    if (in_program && insn.mod == 1)
        at[-1] = byte_of(random.below(60) * 2);
    if (insn.mod == 1 || insn.mod == 2 || (!moffs && insn.base < 8) ||
        (!moffs && insn.mod == 3))
        return;
    if (insn.segment >= XCPU_FS || insn.address_size == 2)
        to -= near_base;
    if (random.one_in(16))
        return;
    put32(at - insn.address_size, to, insn.address_size);
}

/* Far pointers and returns go to these. */
uint16_t code_selector(Random &random)
{
    return random.pick<uint16_t>({selector_code, selector_code, selector_code_2,
                                  selector_code_2 & ~3, 0, selector_data,
                                  selector_none});
}

void edit_branch(Random &random, const struct xcpu_insn &insn, uint8_t *end)
{
    const unsigned encoding = xcpu_rows[insn.op].encoding;

    if (encoding & XE_RELZ && !random.one_in(16))
        put32(end - insn.operand_size, random.below(200) - 100,
              insn.operand_size);
    if (encoding & XE_RELZ && end[-1] == 0xff && end[-2] >= 0xf0)
        end[-1] = 0; /* not into itself */
    if ((xcpu_rows[insn.op].attributes & A_JCC & ~A_END ||
         insn.op == XCPU_OP_JMP_Jb) &&
        encoding & XE_SIMM8 && end[-1] >= 0xf0)
        end[-1] = byte_of(random.below(100));
    if (encoding & XE_FAR) {
        const uint16_t selector = code_selector(random);

        memcpy(end - 2, &selector, 2);
    }
}

/* Immediates that would be useless at random. */
void edit_immediate(Random &random, const struct xcpu_insn &insn, uint8_t *end)
{
    edit_branch(random, insn, end);
    if (insn.op == XCPU_OP_INT_Ib && end[-1] == 0x80)
        end[-1] = 0x81; /* the host's system calls */
    if (insn.op == XCPU_OP_ENTER_Iw_Ib) {
        if (!random.one_in(8))
            end[-2] = byte_of(random.below(2));
        if (!random.one_in(4))
            end[-1] = byte_of(random.below(6));
    }
    if (insn.op == XCPU_OP_RET_Iw || insn.op == XCPU_OP_RETF_Iw)
        end[-1] = byte_of(random.below(3));
}

} // namespace

std::vector<Form> all_forms()
{
    std::vector<Form> result;

    for (const Form &form : forms)
        if (!is_hosts_own(form))
            result.push_back(form);
    return result;
}

/* TZCNT of hosts that have it; repeat prefixes of LOOP, which AMD
 * takes for its condition; LOCK, by which AMD means CR8, and which it lets
 * pass before VERW. */
static bool is_other_on_host(const struct xcpu_insn &insn)
{
    switch (insn.op) {
    case XCPU_OP_BSF_Gv_Ev:
        return insn.rep == 0xf3;
    case XCPU_OP_LOOPE_Jb:
    case XCPU_OP_LOOPNE_Jb:
        return insn.rep != 0;
    case XCPU_OP_MOV_Rd_Cd:
    case XCPU_OP_MOV_Cd_Rd:
    case XCPU_OP_VERR_Ew:
    case XCPU_OP_VERW_Ew:
        return insn.length == 0; /* wrong by its prefix */
    default:
        return false;
    }
}

bool encode(Random &random, const Form &form, bool in_program,
            std::vector<uint8_t> *bytes, struct xcpu_insn *insn)
{
    std::vector<uint8_t> out = random_start(random, form, in_program);
    const size_t start = out.size();

    for (int i = 0; i < 12; i++)
        out.push_back(byte_of(static_cast<uint32_t>(random())));
    int length = xcpu_decode(out.data(), out.size(), insn);
    if (length < 0) { /* wrong as it is: so it must be on the host */
        *insn = xcpu_insn();
        insn->op = static_cast<uint16_t>(form.op);
        if (in_program || is_other_on_host(*insn))
            return false;
        bytes->insert(bytes->end(), out.begin(), out.end());
        return true;
    }
    if (insn->op != form.op || static_cast<size_t>(length) < start ||
        is_other_on_host(*insn))
        return false;
    uint8_t *end = out.data() + length;
    if (has_memory_operand(*insn))
        edit_displacement(random, *insn, in_program, end);
    edit_immediate(random, *insn, end);
    if (xcpu_decode(out.data(), out.size(), insn) != length)
        return false;
    bytes->insert(bytes->end(), out.data(), end);
    return true;
}

bool has_memory_operand(const struct xcpu_insn &insn)
{
    const unsigned encoding = xcpu_rows[insn.op].encoding;

    return (encoding & XE_MOFFS) || ((encoding & XE_MODRM) && insn.mod != 3);
}

bool has_operand(const struct xcpu_insn &insn, unsigned letter)
{
    const uint8_t *operands = xcpu_rows[insn.op].operands;

    return std::find(operands, operands + 3, letter) != operands + 3;
}

bool is_string(const struct xcpu_insn &insn)
{
    return (xcpu_rows[insn.op].attributes & (A_REP | A_REPCC)) != 0;
}

unsigned immediate_size(const struct xcpu_insn &insn)
{
    const unsigned encoding = xcpu_rows[insn.op].encoding;

    return (encoding & (XE_IMM8 | XE_SIMM8) ? 1u : 0u) +
           (encoding & XE_IMM16 ? 2u : 0u) +
           (encoding & (XE_IMMZ | XE_RELZ | XE_FAR) ? insn.operand_size : 0u) +
           (encoding & XE_FAR ? 2u : 0u);
}

uint32_t operand_address(const struct xcpu_insn &insn, const State &state)
{
    uint32_t offset = insn.disp;

    if (insn.base < 8)
        offset += state.gpr[insn.base];
    if (insn.index < 8)
        offset += state.gpr[insn.index] << insn.scale;
    if (insn.address_size == 2)
        offset &= 0xffff;
    return offset + base_of(state.sreg[insn.segment]);
}

} // namespace silicon
