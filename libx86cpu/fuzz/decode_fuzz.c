/* decode_fuzz.c -- what must hold for the decoder on any bytes. */
/* SPDX-License-Identifier: MIT */
#include "x86cpu/decode.h"
#include "x86cpu/x86cpu.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

static void check_fields(const struct xcpu_insn *insn)
{
    check(xcpu_op_name(insn->op) != NULL);
    check(xcpu_op_mnemonic(insn->op) != NULL);
    check(insn->operand_size == 2 || insn->operand_size == 4);
    check(insn->address_size == 2 || insn->address_size == 4);
    check(insn->segment <= XCPU_GS);
    check(insn->segment_prefix <= XCPU_NO_SREG);
    check(insn->rep == 0 || insn->rep == 0xf2 || insn->rep == 0xf3);
    check(insn->lock <= 1);
    check(insn->mod < 4 && insn->reg < 8 && insn->rm < 8);
    check(insn->base <= XCPU_NO_REG && insn->index <= XCPU_NO_REG);
    check(insn->scale < 4 && insn->cond < 16);
}

/* A decoded length is exact: no byte less will do, no byte more matters. */
static void check_length(const uint8_t *bytes, size_t size, int length)
{
    struct xcpu_insn insn;

    check(length > 0 && length <= XCPU_INSN_MAX && (size_t)length <= size);
    for (int cut = 0; cut < length; cut++)
        check(xcpu_decode(bytes, (size_t)cut, &insn) == XCPU_DECODE_SHORT);
    check(xcpu_decode(bytes, (size_t)length, &insn) == length);
    check(insn.length == length);
    check_fields(&insn);
}

/* Decodes the input as a stream; an undecodable byte is stepped over. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t offset = 0;

    while (offset < size) {
        const uint8_t *bytes = data + offset;
        const size_t left = size - offset;
        struct xcpu_insn insn;
        const int length = xcpu_decode(bytes, left, &insn);

        if (length > 0)
            check_length(bytes, left, length);
        else if (length == XCPU_DECODE_SHORT)
            check(left < XCPU_INSN_MAX);
        else if (length == XCPU_DECODE_TOO_LONG)
            check(left >= XCPU_INSN_MAX);
        else
            check(length == XCPU_DECODE_INVALID);
        offset += length > 0 ? (size_t)length : 1;
    }
    return 0;
}
