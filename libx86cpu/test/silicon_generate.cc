/* silicon_generate.cc -- cases: instructions and the state before them. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/silicon_encode.h"

extern "C" {
#include "libx86cpu/src/insns.h"
}

#include <algorithm>

namespace silicon
{

/* A case's code begins some way into its slot, which reaches from the middle
 * of one 512 bytes into the next: code crosses pages now and then. */
constexpr uint32_t slot_shift = 256;
constexpr uint32_t slots = (code_end - code_begin) / code_slot - 1;

constexpr size_t program_bytes = 300;

struct Generator::Implementation {
    Options options;
    std::vector<Form> forms;
    std::vector<Form> program_forms;
};

namespace
{

/* What would leave a program, or blur what its other instructions are
 * compared by. */
bool fits_program(const Form &form)
{
    const struct xcpu_row &row = xcpu_rows[form.op];

    switch (form.op) {
    case XCPU_OP_INT_Ib:
    case XCPU_OP_INT3:
    case XCPU_OP_INT1:
    case XCPU_OP_BSWAP_Zv:
    case XCPU_OP_FLDENV_M:
    case XCPU_OP_FNSTENV_M:
    case XCPU_OP_FNSAVE_M:
    case XCPU_OP_FRSTOR_M:
    case XCPU_OP_FXSAVE_M:
    case XCPU_OP_FXRSTOR_M:
    case XCPU_OP_POPA:
    case XCPU_OP_POPF:
    case XCPU_OP_ENTER_Iw_Ib:
    case XCPU_OP_LEAVE:
    case XCPU_OP_MOV_Sw_Ew:
    case XCPU_OP_POP_DS:
    case XCPU_OP_POP_ES:
    case XCPU_OP_POP_FS:
    case XCPU_OP_POP_GS:
    case XCPU_OP_POP_SS:
    case XCPU_OP_LDS_Gv_Mp:
    case XCPU_OP_LES_Gv_Mp:
    case XCPU_OP_LFS_Gv_Mp:
    case XCPU_OP_LGS_Gv_Mp:
    case XCPU_OP_LSS_Gv_Mp:
    case XCPU_OP_LAR_Gv_Ew:
    case XCPU_OP_LSL_Gv_Ew:
    case XCPU_OP_VERR_Ew:
    case XCPU_OP_VERW_Ew:
    case XCPU_OP_MASKMOVQ_Pq_Nq:
    case XCPU_OP_LDMXCSR_Md:      /* AMD has a bit more */
    case XCPU_OP_DPPD_Vpd_Wpd_Ib: /* which NaN */
    case XCPU_OP_DPPS_Vps_Wps_Ib:
    case XCPU_OP_PUSH_CS: /* Intel keeps the upper half of the slot */
    case XCPU_OP_PUSH_DS:
    case XCPU_OP_PUSH_ES:
    case XCPU_OP_PUSH_FS:
    case XCPU_OP_PUSH_GS:
    case XCPU_OP_PUSH_SS:
        return false;
    default:
        return row.group != XG_PRIV && row.group != XG_UD &&
               !(row.attributes & (A_CALL | A_JMP | A_RET) & ~A_END) &&
               !(row.attributes & (A_IND | A_FAR) & ~A_END) &&
               strcmp(xcpu_op_mnemonic(form.op), "SHLD") != 0 &&
               strcmp(xcpu_op_mnemonic(form.op), "SHRD") != 0;
    }
}

/* ---- places ---- */

/* Mostly in the middle of the data, aligned as often as not. */
uint32_t random_address(Random &random)
{
    const uint32_t inside = data_begin + random.below(0x1f80);

    switch (random.below(32)) {
    case 0:
        return data_begin + 0x1000 - random.below(24);
    case 1:
        return data_readonly - random.below(24);
    case 2:
        return data_readonly + random.below(0xf80);
    case 3:
        return data_end - random.below(24);
    case 4:
        return random.one_in(4) ? data_begin - random.below(24)
                                : code_begin + random.below(0x1000);
    default:
        return random.one_in(4) ? inside : inside & ~15u;
    }
}

uint32_t random_stack(Random &random)
{
    if (random.one_in(24))
        return random_address(random);
    return data_begin + 0x100 + random.below(0x1c00) / 4 * 4 +
           (random.one_in(8) ? random.below(4) : 0);
}

/* Before or behind an instruction at eip, inside of what its slot reaches. */
uint32_t random_target(Random &random, uint32_t eip)
{
    if (random.one_in(12))
        return random_address(random);
    return random.one_in(3) ? eip - 1 - random.below(40)
                            : eip + XCPU_INSN_MAX + random.below(80);
}

Patch &add_patch(Case *test, uint32_t address, const void *bytes, size_t size)
{
    Patch patch = {};

    patch.address = address;
    patch.size = static_cast<uint8_t>(size);
    memcpy(patch.bytes, bytes, size);
    test->patches.push_back(patch);
    return test->patches.back();
}

/* ---- the state before one instruction ---- */

void set_low(uint32_t *reg, uint32_t value, bool narrow)
{
    *reg = narrow ? (*reg & 0xffff0000) | (value & 0xffff) : value;
}

/* Makes registers such that the operand's address is about to. */
void aim(const struct xcpu_insn &insn, uint32_t to, State *state)
{
    const bool narrow = insn.address_size == 2;
    uint32_t offset = to - base_of(state->sreg[insn.segment]) - insn.disp;
    uint32_t *gpr = state->gpr;

    if (insn.base >= 8 && insn.index >= 8)
        return;
    if (insn.base >= 8) {
        gpr[insn.index] = offset >> insn.scale;
        return;
    }
    if (insn.index == insn.base) {
        gpr[insn.base] = offset / (1 + (1u << insn.scale));
        return;
    }
    if (insn.index < 8)
        offset -= gpr[insn.index] << insn.scale;
    set_low(&gpr[insn.base], offset, narrow);
}

uint16_t random_data_selector(Random &random)
{
    return random.pick<uint16_t>(
        {selector_data, selector_flat, selector_near, selector_near,
         selector_odd, selector_code,
         random.one_in(8) ? uint16_t{0} : uint16_t{selector_data}});
}

/* Any that the host's kernel has no segments for, and those of the cases. */
uint16_t random_selector(Random &random)
{
    return random.pick<uint16_t>({selector_data, selector_flat, selector_near,
                                  selector_odd, selector_code, selector_code_2,
                                  0, 1, 3, selector_none, selector_data & ~3,
                                  selector_near & ~2, selector_code & ~1,
                                  0x57f8, 0x1007});
}

void fill_segments(Random &random, State *state)
{
    for (uint16_t &selector : state->sreg)
        selector = selector_data;
    state->sreg[XCPU_CS] = random.one_in(8) ? selector_code_2 : selector_code;
    state->sreg[XCPU_FS] = random_data_selector(random);
    state->sreg[XCPU_GS] = random_data_selector(random);
    if (random.one_in(8)) {
        state->sreg[XCPU_DS] = random_data_selector(random);
        state->sreg[XCPU_ES] = random_data_selector(random);
    }
}

uint32_t random_eflags(Random &random)
{
    uint32_t eflags = 0x202 | (static_cast<uint32_t>(random()) & 0x8d5);

    if (random.one_in(4))
        eflags |= XCPU_DF;
    if (random.one_in(4))
        eflags |= XCPU_ID;
    if (random.one_in(64))
        eflags |= XCPU_NT;
    if (random.one_in(24))
        eflags |= XCPU_TF;
    if (random.one_in(24))
        eflags |= XCPU_AC;
    return eflags;
}

void fill_state(Random &random, unsigned group, State *state)
{
    *state = State();
    random_fxstate(random, group, state->fx);
    for (uint32_t &gpr : state->gpr)
        gpr = random_integer(random);
    state->gpr[XCPU_ESP] = random_stack(random);
    state->eflags = random_eflags(random);
    fill_segments(random, state);
}

/* ---- operands in memory ---- */

void patch_vectors(Random &random, uint32_t address, Case *test)
{
    uint8_t bytes[64];

    for (int i = 0; i < 64; i += 16)
        random_vector(random, bytes + i);
    add_patch(test, address, bytes, sizeof(bytes));
}

void patch_integers(Random &random, uint32_t address, Case *test)
{
    uint32_t values[4];

    for (uint32_t &value : values)
        value = random_integer(random);
    add_patch(test, address, values, sizeof(values));
}

void patch_image(Random &random, uint32_t address, Case *test)
{
    uint8_t fx[512];
    uint16_t mxcsr_high = static_cast<uint16_t>(random.one_in(8));

    random_fxstate(random, random.one_in(2) ? XG_MMX : XG_SSE, fx);
    memcpy(fx + 26, &mxcsr_high, 2);
    for (uint32_t i = 0; i < 512; i += 64)
        add_patch(test, address + i, fx + i, 64);
}

/* An offset and a selector. */
void patch_far(Random &random, uint32_t address, unsigned size, uint32_t target,
               uint16_t selector, Case *test)
{
    uint8_t bytes[16] = {};
    const uint32_t flags =
        random_eflags(random) |
        static_cast<uint32_t>(random.one_in(4) ? random() : 0);

    memcpy(bytes, &target, size);
    memcpy(bytes + size, &selector, 2);
    memcpy(bytes + 2 * size, &flags, size);
    add_patch(test, address, bytes, 3 * size);
}

uint16_t random_code_selector(Random &random)
{
    return random.pick<uint16_t>({selector_code, selector_code, selector_code,
                                  selector_code_2, selector_code & ~3, 0,
                                  selector_data, selector_near, selector_none});
}

void patch_bounds(Random &random, const struct xcpu_insn &insn,
                  uint32_t address, Case *test)
{
    uint32_t index = test->before.gpr[insn.reg];
    uint32_t low = index - random.below(20) + 2;
    uint32_t high = index + random.below(20) - 2;
    uint8_t bytes[8];

    memcpy(bytes, &low, insn.operand_size);
    memcpy(bytes + insn.operand_size, &high, insn.operand_size);
    add_patch(test, address, bytes, 2u * insn.operand_size);
}

void patch_operand(Random &random, const struct xcpu_insn &insn, Case *test)
{
    const uint32_t address = operand_address(insn, test->before);
    const unsigned group = xcpu_rows[insn.op].group;
    uint8_t bcd[10];
    uint16_t selector = random_selector(random);

    switch (insn.op) {
    case XCPU_OP_FBLD_Mt:
        random_bcd(random, bcd);
        add_patch(test, address, bcd, 10);
        return;
    case XCPU_OP_FXRSTOR_M:
        patch_image(random, address, test);
        return;
    case XCPU_OP_LDMXCSR_Md:
        patch_vectors(random, address, test);
        /* Not the bit that AMD has for misaligned operands. */
        add_patch(test, address + 2, random.one_in(8) ? "\5" : "\0", 2);
        return;
    case XCPU_OP_BOUND_Gv_Ma:
        patch_bounds(random, insn, address, test);
        return;
    case XCPU_OP_CALL_Mp:
    case XCPU_OP_JMP_Mp:
        patch_far(random, address, insn.operand_size,
                  random_target(random, test->before.eip),
                  random_code_selector(random), test);
        return;
    case XCPU_OP_LDS_Gv_Mp:
    case XCPU_OP_LES_Gv_Mp:
    case XCPU_OP_LFS_Gv_Mp:
    case XCPU_OP_LGS_Gv_Mp:
    case XCPU_OP_LSS_Gv_Mp:
        if (insn.op == XCPU_OP_LSS_Gv_Mp && base_of(selector))
            selector = selector_flat;
        patch_far(random, address, insn.operand_size, random_integer(random),
                  selector, test);
        return;
    case XCPU_OP_CALL_Ev:
    case XCPU_OP_JMP_Ev: {
        const uint32_t target = random_target(random, test->before.eip);

        add_patch(test, address, &target, 4);
        return;
    }
    case XCPU_OP_LAR_Gv_Ew:
    case XCPU_OP_LSL_Gv_Ew:
    case XCPU_OP_VERR_Ew:
    case XCPU_OP_VERW_Ew:
    case XCPU_OP_MOV_Sw_Ew:
        if (insn.reg == XCPU_SS && insn.op == XCPU_OP_MOV_Sw_Ew &&
            base_of(selector))
            selector = selector_flat;
        add_patch(test, address, &selector, 2);
        return;
    default:
        if (group == XG_INT)
            patch_integers(random, address, test);
        else
            patch_vectors(random, address, test);
    }
}

/* ---- what single instructions need to do something ---- */

void prepare_string(Random &random, const struct xcpu_insn &insn, Case *test)
{
    State &state = test->before;
    const bool narrow = insn.address_size == 2;
    const uint32_t from = random_address(random), to = random_address(random);
    uint8_t bytes[64];
    uint32_t count = random.below(48);

    set_low(&state.gpr[XCPU_ESI], from - base_of(state.sreg[insn.segment]),
            narrow);
    set_low(&state.gpr[XCPU_EDI], to - base_of(state.sreg[XCPU_ES]), narrow);
    if (random.one_in(16))
        count = random.one_in(4) ? random_integer(random) : random.below(4000);
    set_low(&state.gpr[XCPU_ECX], count, narrow);
    if (random.one_in(2))
        state.eflags ^= XCPU_DF;
    /* Equal for a while, for CMPS and SCAS. */
    memset(bytes, static_cast<int>(state.gpr[XCPU_EAX] & 0xff), sizeof(bytes));
    bytes[random.below(64)] ^= 1;
    if (random.one_in(2)) {
        state.gpr[XCPU_EAX] = bytes[0] * 0x01010101u;
        add_patch(test, from, bytes, sizeof(bytes));
        add_patch(test, to, bytes, sizeof(bytes));
    }
}

/* Dividends whose quotients are no errors. */
void prepare_division(Random &random, const struct xcpu_insn &insn,
                      State *state)
{
    const bool is_signed = xcpu_op_mnemonic(insn.op)[0] == 'I';
    uint32_t *eax = &state->gpr[XCPU_EAX], *edx = &state->gpr[XCPU_EDX];

    if (random.one_in(4))
        return;
    if (has_operand(insn, XO_Eb))
        *eax = random.below(0x400) - (is_signed ? 0x200 : 0);
    else if (insn.operand_size == 2)
        set_low(edx, is_signed && *eax & 0x8000 ? 0xffff : 0, true);
    else
        *edx = is_signed && *eax >> 31 ? UINT32_MAX : 0;
}

void prepare_exchange(Random &random, const struct xcpu_insn &insn, Case *test)
{
    const uint32_t address = operand_address(insn, test->before);
    uint32_t values[2] = {test->before.gpr[XCPU_EAX],
                          test->before.gpr[XCPU_EDX]};

    if (random.one_in(2))
        add_patch(test, address, values, 8);
}

/* Bit numbers reach memory far away. */
void prepare_bit(Random &random, const struct xcpu_insn &insn, State *state)
{
    if (!has_operand(insn, XO_Gv) || insn.reg == insn.base ||
        insn.reg == insn.index || insn.reg == XCPU_ESP || random.one_in(8))
        return;
    state->gpr[insn.reg] = random.below(20000) - 10000;
}

/* What is popped: a return address, a selector, flags. */
void prepare_stack(Random &random, const struct xcpu_insn &insn, Case *test)
{
    const uint32_t target = random_target(random, test->before.eip);
    const uint32_t esp = test->before.gpr[XCPU_ESP];
    uint16_t selector = random_selector(random);
    uint32_t flags = random.one_in(4) ? static_cast<uint32_t>(random())
                                      : random_eflags(random);

    switch (insn.op) {
    case XCPU_OP_RET:
    case XCPU_OP_RET_Iw:
        add_patch(test, esp, &target, 4);
        return;
    case XCPU_OP_RETF:
    case XCPU_OP_RETF_Iw:
    case XCPU_OP_IRET:
        patch_far(random, esp, insn.operand_size, target,
                  random_code_selector(random), test);
        return;
    case XCPU_OP_POPF:
        add_patch(test, esp, &flags, 4);
        return;
    case XCPU_OP_POP_SS:
        if (base_of(selector))
            selector = selector_flat;
        add_patch(test, esp, &selector, 2);
        return;
    case XCPU_OP_POP_DS:
    case XCPU_OP_POP_ES:
    case XCPU_OP_POP_FS:
    case XCPU_OP_POP_GS:
        add_patch(test, esp, &selector, 2);
        return;
    case XCPU_OP_ENTER_Iw_Ib:
    case XCPU_OP_LEAVE:
        if (!random.one_in(8))
            test->before.gpr[XCPU_EBP] = random_stack(random);
        return;
    default:
        return;
    }
}

/* Operands in registers that are addresses or selectors. */
void prepare_registers(Random &random, const struct xcpu_insn &insn, Case *test)
{
    State &state = test->before;
    uint16_t selector = random_selector(random);

    switch (insn.op) {
    case XCPU_OP_XLAT:
        set_low(&state.gpr[XCPU_EBX],
                random_address(random) - base_of(state.sreg[insn.segment]) -
                    (state.gpr[XCPU_EAX] & 0xff),
                insn.address_size == 2);
        return;
    case XCPU_OP_MASKMOVQ_Pq_Nq:
    case XCPU_OP_MASKMOVDQU_Vdq_Udq:
        set_low(&state.gpr[XCPU_EDI],
                random_address(random) - base_of(state.sreg[insn.segment]),
                insn.address_size == 2);
        return;
    case XCPU_OP_CALL_Ev:
    case XCPU_OP_JMP_Ev:
        if (insn.mod == 3 && insn.rm != XCPU_ESP)
            state.gpr[insn.rm] = random_target(random, state.eip);
        return;
    case XCPU_OP_LAR_Gv_Ew:
    case XCPU_OP_LSL_Gv_Ew:
    case XCPU_OP_VERR_Ew:
    case XCPU_OP_VERW_Ew:
    case XCPU_OP_MOV_Sw_Ew:
        if (insn.op == XCPU_OP_MOV_Sw_Ew && insn.reg == XCPU_SS &&
            base_of(selector))
            selector = selector_flat;
        if (insn.mod == 3)
            state.gpr[insn.rm] = random_integer(random) << 16 | selector;
        return;
    default:
        return;
    }
}

void prepare(Random &random, const struct xcpu_insn &insn, Case *test)
{
    const char *mnemonic = xcpu_op_mnemonic(insn.op);
    State &state = test->before;

    if (is_string(insn))
        prepare_string(random, insn, test);
    prepare_registers(random, insn, test);
    if (strstr(mnemonic, "DIV") == mnemonic + (mnemonic[0] == 'I') &&
        xcpu_rows[insn.op].group == XG_INT)
        prepare_division(random, insn, &state);
    if (mnemonic[0] == 'L' && strncmp(mnemonic, "LOOP", 4) == 0)
        state.gpr[XCPU_ECX] = random.below(4);
    if (insn.op == XCPU_OP_JCXZ_Jb && random.one_in(2))
        set_low(&state.gpr[XCPU_ECX], 0, random.one_in(2));
    if (mnemonic[0] == 'B' && mnemonic[1] == 'T')
        prepare_bit(random, insn, &state);
    if (has_memory_operand(insn)) {
        aim(insn, random_address(random), &state);
        patch_operand(random, insn, test);
        if (strncmp(mnemonic, "CMPXCHG", 7) == 0)
            prepare_exchange(random, insn, test);
    }
    prepare_stack(random, insn, test);
}

/* ---- cases ---- */

uint32_t slot_of(uint64_t number)
{
    return code_begin + slot_shift +
           static_cast<uint32_t>(number % slots) * code_slot;
}

/* Every form in its turn: none is rare. */
void make_single(Random &random, const std::vector<Form> &forms,
                 uint64_t number, Case *test)
{
    struct xcpu_insn insn;
    const Form *form = &forms[number % forms.size()];

    do
        test->bytes.clear();
    while (!encode(random, *form, false, &test->bytes, &insn));
    fill_state(random, xcpu_rows[form->op].group, &test->before);
    test->before.eip = slot_of(number) + 160 + random.below(100);
    if (random.one_in(1000)) /* some of it where no code is */
        test->before.eip =
            code_end - 1 -
            random.below(static_cast<uint32_t>(test->bytes.size()));
    if (insn.length)
        prepare(random, insn, test);
    test->insns.push_back(insn);
}

/* Registers that point to data, and values; the FPU as the last group to use
 * it wants it. */
void fill_program_state(Random &random, Case *test)
{
    State &state = test->before;

    fill_state(random, XG_MMX, &state);
    if (random.one_in(2))
        random_fxstate(random, XG_X87, state.fx);
    for (int reg : {XCPU_EBX, XCPU_ESP, XCPU_EBP, XCPU_ESI, XCPU_EDI})
        state.gpr[reg] = data_begin + 0x80 + random.below(0x1e00) / 16 * 16;
    state.gpr[XCPU_ECX] %= 64;
    state.sreg[XCPU_DS] = state.sreg[XCPU_ES] = selector_data;
    if (!random.one_in(16))
        state.eflags &= ~uint32_t{XCPU_TF};
    for (int i = 0; i < 4; i++)
        patch_vectors(random, data_begin + random.below(0x1f00), test);
}

struct Branch {
    size_t end;    /* offset behind it */
    unsigned size; /* of the displacement before that */
    size_t target; /* number of an instruction */
};

void make_program(Random &random, const std::vector<Form> &forms,
                  uint64_t number, Case *test)
{
    const unsigned wanted = 4 + random.below(17);
    std::vector<size_t> starts;
    std::vector<Branch> branches;
    uint32_t doubtful = 0; /* flags that may be undefined by now */

    while (test->insns.size() < wanted && test->bytes.size() < program_bytes) {
        const Form &form =
            forms[random.below(static_cast<uint32_t>(forms.size()))];
        const struct xcpu_row &row = xcpu_rows[form.op];
        const size_t start = test->bytes.size();
        struct xcpu_insn insn;

        if ((row.read & doubtful) ||
            !encode(random, form, true, &test->bytes, &insn))
            continue;
        doubtful |= row.undefined;
        starts.push_back(start);
        test->insns.push_back(insn);
        if ((row.attributes & A_JCC) == A_JCC)
            branches.push_back({test->bytes.size(), immediate_size(insn),
                                starts.size() + random.below(4)});
    }
    starts.push_back(test->bytes.size());
    for (const Branch &branch : branches) {
        const uint32_t by = static_cast<uint32_t>(
            starts[std::min(branch.target, starts.size() - 1)] - branch.end);

        memcpy(&test->bytes[branch.end - branch.size], &by, branch.size);
    }
    fill_program_state(random, test);
    test->before.eip = slot_of(number) + 64;
}

} // namespace

Generator::Generator(const Options &options) : me_(new Implementation)
{
    me_->options = options;
    for (const Form &form : all_forms()) {
        if ((options.group >= 0 && xcpu_rows[form.op].group !=
                                       static_cast<unsigned>(options.group)) ||
            (options.op && form.op != options.op))
            continue;
        me_->forms.push_back(form);
        if (fits_program(form))
            me_->program_forms.push_back(form);
    }
}

Generator::~Generator() = default;

Case Generator::make(uint64_t number) const
{
    Random start(me_->options.seed);
    Random random(start() ^ number * 0xd1342543de82ef95);
    Case test = {};

    if (me_->options.programs)
        make_program(random, me_->program_forms, number, &test);
    else
        make_single(random, me_->forms, number, &test);
    find_undefined(&test);
    return test;
}

} // namespace silicon
