/* translate.c -- guest code to blocks of slots. */
/* SPDX-License-Identifier: MIT */
#include "translate.h"
#include "align.h"
#include "bind.h"
#include "frame.h"
#include "fuse.h"
#include "interp.h"
#include "machine.h"
#include "model.h"

/* The instructions' own, each with checks of its segment and its alignment,
 * one in front, one behind. */
#define SLOTS_MAX (3 * XCPU_BLOCK_INSNS + 2)

/* What the bytes of an instruction that the model lacks are to it. */
static void fall_back(struct xcpu_insn *insn)
{
    if (insn->op == XCPU_OP_LZCNT_Gv_Ev)
        insn->op = XCPU_OP_BSR_Gv_Ev;
}

static int is_known(enum xcpu_model model, struct xcpu_insn *insn)
{
    if (xcpu_model_has(model, xcpu_rows[insn->op].feature))
        return 1;
    fall_back(insn);
    return xcpu_model_has(model, xcpu_rows[insn->op].feature);
}

static void exit_exception(struct xcpu *cpu, uint32_t vector, uint32_t code,
                           uint32_t address)
{
    cpu->exit.reason = XCPU_EXIT_EXCEPTION;
    cpu->exit.vector = vector;
    cpu->exit.error_code = code;
    cpu->exit.address = address;
}

static void fetch_page_fault(struct xcpu *cpu, uint32_t address, int present)
{
    exit_exception(cpu, XCPU_VECTOR_PF, 16 | 4 | (present ? 1u : 0u), address);
}

/* Fetches size bytes from the block's start on; 0 or < 0. */
static int fetch(struct xcpu_draft *draft, size_t size)
{
    struct xcpu *cpu = draft->cpu;
    const struct xcpu_memory *memory = &cpu->machine->config.memory;
    uint32_t eip = draft->block->eip;
    size_t before = draft->code_size;
    int present = 0;
    draft->code_size =
        memory->fetch(memory->owner, eip, draft->code, size, &present);
    if (draft->code_size > before)
        return 0;
    fetch_page_fault(cpu, eip + (uint32_t)draft->code_size, present);
    return -1;
}

/* Of an instruction's offset in its block, and of the end's: they are kept in
 * eight bits. */
#define OFFSET_MAX (XCPU_DRAFT_CODE - 1)

static int fetch_first_page(struct xcpu_draft *draft)
{
    uint32_t eip = draft->block->eip;
    size_t size = XCPU_PAGE_SIZE - eip % XCPU_PAGE_SIZE;
    draft->page_state[0] =
        xcpu_page_prepare(draft->cpu->machine, eip >> XCPU_PAGE_SHIFT);
    draft->block->pages = 1;
    return fetch(draft, size < OFFSET_MAX ? size : OFFSET_MAX);
}

/* The first instruction is not whole in its page. */
static int fetch_second_page(struct xcpu_draft *draft)
{
    uint32_t page = (draft->block->eip >> XCPU_PAGE_SHIFT) + 1;
    draft->page_state[1] =
        xcpu_page_prepare(draft->cpu->machine, page % XCPU_PAGES);
    draft->block->pages = 2;
    return fetch(draft, XCPU_INSN_MAX);
}

/*
 * Goes on in the second page, if the cpu has code of it already, as it is now,
 * and is told of stores to both: then the block can be put there as well. What
 * was fetched before stays what was decoded. 1, or 0 when it ends before.
 */
static int fetch_more(struct xcpu_draft *draft)
{
    const struct xcpu_machine *machine = draft->cpu->machine;
    const struct xcpu_memory *memory = &machine->config.memory;
    struct xcpu_block *block = draft->block;
    uint32_t page = (block->eip >> XCPU_PAGE_SHIFT) + 1;
    size_t page_left = XCPU_PAGE_SIZE - block->eip % XCPU_PAGE_SIZE;
    size_t size = draft->code_size;
    if (!draft->extended || size < page_left || size == OFFSET_MAX ||
        page == XCPU_PAGES)
        return 0;
    uint32_t state = xcpu_page_state(machine, page);
    if (!(draft->page_state[0] & state & XCPU_PAGE_WATCHED) ||
        state != xcpu_block_page_state(draft->cpu, page))
        return 0;
    draft->page_state[1] = state;
    draft->code_size +=
        memory->fetch(memory->owner, block->eip + (uint32_t)size,
                      draft->code + size, OFFSET_MAX - size, NULL);
    if (draft->code_size == size)
        return 0;
    block->pages = 2;
    return 1;
}

/*
 * Decodes the next instruction. Returns 1, 0 where the block has to end
 * before it, or < 0 after setting the exception.
 */
static int decode_next(struct xcpu_draft *draft, struct xcpu_insn *insn)
{
    struct xcpu *cpu = draft->cpu;
    size_t at = draft->eip - draft->block->eip;
    int length = xcpu_decode(draft->code + at, draft->code_size - at, insn);
    if (length == XCPU_DECODE_SHORT && at == 0) {
        if (fetch_second_page(draft) < 0)
            return -1;
        length = xcpu_decode(draft->code, draft->code_size, insn);
    }
    if (length == XCPU_DECODE_SHORT && at > 0 && fetch_more(draft))
        length = xcpu_decode(draft->code + at, draft->code_size - at, insn);
    if (length > 0 && is_known(cpu->machine->config.model, insn))
        return 1;
    if (at > 0)
        return 0;
    if (length == XCPU_DECODE_SHORT)
        fetch_page_fault(cpu, draft->eip + (uint32_t)draft->code_size, 0);
    else
        exit_exception(cpu, length == XCPU_DECODE_TOO_LONG ? XCPU_GP : XCPU_UD,
                       0, 0);
    return -1;
}

int xcpu_goes_on(const struct xcpu_insn *insn)
{
    return (xcpu_rows[insn->op].attributes & A_JCC) == A_JCC ||
           (insn->op == XCPU_OP_CALL_Jz && !insn->imm &&
            insn->operand_size == 4);
}

static int ends_block(const struct xcpu_draft *draft,
                      const struct xcpu_insn *insn)
{
    if (draft->extended && xcpu_goes_on(insn))
        return 0;
    return (xcpu_rows[insn->op].attributes & A_END) ||
           xcpu_forms_of(insn)->ends;
}

/* Decodes instructions until the block ends. 0, or < 0 when there is none. */
static int decode_block(struct xcpu_draft *draft, unsigned count)
{
    struct xcpu_block *block = draft->block;
    uint32_t page_left = XCPU_PAGE_SIZE - block->eip % XCPU_PAGE_SIZE;
    while (block->insns < count) {
        struct xcpu_insn *insn = &draft->insns[block->insns];
        int found = decode_next(draft, insn);
        if (found < 0)
            return found;
        if (!found)
            break;
        block->insns++;
        draft->eip += insn->length;
        if (ends_block(draft, insn) ||
            (((draft->page_state[0] | draft->page_state[1]) &
              XCPU_PAGE_COMPARED) &&
             xcpu_insn_stores(insn)) ||
            (!draft->extended && draft->eip - block->eip >= page_left))
            break;
    }
    block->size = (uint16_t)(draft->eip - block->eip);
    return 0;
}

/* A bit for each instruction whose flags are not wanted. */
static uint64_t find_quiet(const struct xcpu_draft *draft)
{
    uint32_t wanted = XF_OSZAPC;
    uint64_t quiet = 0;
    for (unsigned i = draft->block->insns; i-- > 0;) {
        if (xcpu_is_quiet(&draft->insns[i], wanted))
            quiet |= UINT64_C(1) << i;
        wanted = xcpu_flags_before(&draft->insns[i], wanted);
    }
    return quiet;
}

static struct xcpu_slot *put_slot(struct xcpu_slot *slot, xcpu_handler *run,
                                  uint32_t eip, unsigned left)
{
    *slot = (struct xcpu_slot){.run = run, .eip = eip, .left = (int8_t)left};
    return slot + 1;
}

/* Needs no slot: what pads loops and functions. */
static int is_nothing(const struct xcpu_insn *insn)
{
    return insn->op == XCPU_OP_NOP || insn->op == XCPU_OP_NOP_Ev;
}

/* Makes slots of the instructions; returns the one behind them. */
static struct xcpu_slot *make_slots(struct xcpu_draft *draft)
{
    struct xcpu_block *block = draft->block;
    struct xcpu_slot *slot = block->slots;
    uint64_t quiet = find_quiet(draft);
    enum xcpu_flags_kind kind = XCPU_FLAGS_ANY;
    uint32_t eip = block->eip;
    if (block->compared)
        slot = put_slot(slot, xcpu_run_compare, eip, block->insns);
    for (unsigned i = 0; i < block->insns; i++) {
        const struct xcpu_insn *insn = &draft->insns[i];
        if (is_nothing(insn)) {
            eip += insn->length;
            continue;
        }
        if (xcpu_uses_bad_segment(draft->cpu, insn)) {
            slot = put_slot(slot, xcpu_run_bad_segment, eip, block->insns - i);
            if (xcpu_insn_repeats(insn))
                slot[-1].rep = insn->rep;
            slot[-1].narrow = insn->address_size == 2 ? 16 : 0;
        }
        if (draft->cpu->eflags & XCPU_AC) {
            put_slot(slot, xcpu_run_align, eip, block->insns - i);
            slot += xcpu_fill_align(slot, insn);
        }
        xcpu_fill_slot(slot, insn, eip);
        slot->left = (int8_t)(block->insns - i);
        /* What INC leaves of CF is still of the kind before a quiet slot. */
        if (!xcpu_bind_slot(draft->cpu, slot, insn, (int)(quiet >> i & 1),
                            kind))
            kind = xcpu_flags_after(insn, kind);
        eip += insn->length;
        slot++;
    }
    return slot;
}

/* Puts the links behind the slots: where a branch goes or else on, and on. */
static void make_links(struct xcpu_draft *draft, struct xcpu_slot *end)
{
    struct xcpu_block *block = draft->block;
    const struct xcpu_insn *last = &draft->insns[block->insns - 1];
    unsigned attributes = xcpu_rows[last->op].attributes;
    unsigned relative = xcpu_rows[last->op].encoding & (XE_RELZ | XE_SIMM8);
    uint32_t to = draft->eip;
    if (!(attributes & A_END))
        end = put_slot(end, xcpu_run_goto, draft->eip, 0);
    else if (relative)
        to += last->imm;
    if ((attributes & A_END) && relative && last->operand_size == 2)
        to &= 0xffff;
    block->links = (struct xcpu_link *)(void *)end;
    block->links[0] = (struct xcpu_link){.cost = XCPU_UNLINKED, .eip = to};
    block->links[1] =
        (struct xcpu_link){.cost = XCPU_UNLINKED, .eip = draft->eip};
    xcpu_fuse(draft->cpu->machine->fusions, block->slots,
              (size_t)(end - block->slots));
}

int xcpu_draft_make(struct xcpu_draft *draft, struct xcpu *cpu,
                    struct xcpu_block *block, uint32_t eip, unsigned insns,
                    int extended)
{
    draft->cpu = cpu;
    draft->block = block;
    draft->eip = eip;
    draft->page_state[0] = draft->page_state[1] = 0;
    draft->extended = (uint8_t)extended;
    draft->code_size = 0;
    memset(block, 0, sizeof(*block));
    block->eip = eip;
    if (fetch_first_page(draft) < 0)
        return -1;
    return decode_block(draft, insns);
}

struct xcpu_block *xcpu_translate(struct xcpu *cpu, uint32_t eip,
                                  unsigned insns, int insert)
{
    xcpu_fpu_leave(&cpu->fpu);
    struct xcpu_block *block = xcpu_block_room(cpu, SLOTS_MAX, XCPU_DRAFT_CODE);
    if (!block) {
        fetch_page_fault(cpu, eip, 1);
        return NULL;
    }
    struct xcpu_draft draft;
    if (xcpu_draft_make(&draft, cpu, block, eip, insns, 0) < 0)
        return NULL;
    block->compared = insert && ((draft.page_state[0] | draft.page_state[1]) &
                                 XCPU_PAGE_COMPARED);
    make_links(&draft, make_slots(&draft));
    char *end = (char *)(block->links + XCPU_BLOCK_LINKS);
    if (block->compared) {
        memcpy(end, draft.code, block->size);
        end += block->size;
    }
    if (insert && xcpu_block_insert(cpu, block, end, draft.page_state) < 0) {
        fetch_page_fault(cpu, eip, 1);
        return NULL;
    }
    return block;
}

int xcpu_decode_at(const struct xcpu *cpu, uint32_t eip, struct xcpu_insn *insn)
{
    const struct xcpu_memory *memory = &cpu->machine->config.memory;
    uint8_t bytes[XCPU_INSN_MAX];
    size_t size = memory->fetch(memory->owner, eip, bytes, sizeof(bytes), NULL);
    return xcpu_decode(bytes, size, insn) > 0;
}
