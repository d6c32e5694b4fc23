/* unwind.c -- .eh_frame, .debug_frame and ARM's index. */
/* SPDX-License-Identifier: MIT */

#include "fault.h"
#include "leb.h"

#include <elf.h>
#include <elfload/elf_unwind.h>
#include <string.h>

static const char what[] = "unwind record";

enum {
    ARM_ENTRY = 8,
    ARM_CANNOT_UNWIND = 1,
    VERSION_MAX = 4,
    /* DW_EH_PE_*: LSB, DWARF Exception Header Encoding. */
    PE_OMIT = 0xff,
    PE_FORMAT = 0x0f,
    PE_RELATIVE_TO = 0x70,
    PE_TO_PLACE = 0x10,
    PE_TO_TABLE = 0x30
};

/* ---- encoded addresses ---- */

/* A number in a format; formats that there are not end the stream. */
static uint64_t take_format(struct eld_stream *stream, uint8_t format)
{
    switch (format) {
    case 0x0:
        return eld_take_word(stream);
    case 0x1:
        return eld_take_uleb(stream);
    case 0x2:
        return eld_take16(stream);
    case 0x3:
        return eld_take32(stream);
    case 0x4:
    case 0xc:
        return eld_take64(stream);
    case 0x8:
        return stream->elf->is_64 ? eld_take64(stream)
                                  : (uint64_t)(int32_t)eld_take32(stream);
    case 0x9:
        return (uint64_t)eld_take_sleb(stream);
    case 0xa:
        return (uint64_t)(int16_t)eld_take16(stream);
    case 0xb:
        return (uint64_t)(int32_t)eld_take32(stream);
    default:
        stream->is_short = 1;
        return 0;
    }
}

/* The addresses that encoded ones are relative to. */
struct bases {
    const uint8_t *start; /* the byte whose address is place */
    uint64_t place, table;
};

static uint64_t take_address(struct eld_stream *stream, uint8_t encoding,
                             const struct bases *bases)
{
    uint64_t place = bases->place + (uint64_t)(stream->p - bases->start);
    uint64_t value = take_format(stream, encoding & PE_FORMAT);

    if ((encoding & PE_RELATIVE_TO) == PE_TO_PLACE)
        value += place;
    else if ((encoding & PE_RELATIVE_TO) == PE_TO_TABLE)
        value += bases->table;
    return stream->elf->is_64 ? value : (uint32_t)value;
}

/* ---- where the tables are ---- */

int eld_section_unwind(const struct eld_elf *elf,
                       const struct eld_section *section,
                       struct eld_unwind *unwind, struct eld_fault *fault)
{
    struct eld_unwind result = {.address = section->address};
    const char *name = "";

    eld_section_name(elf, section, &name, NULL);
    if (elf->machine == EM_ARM && section->type == SHT_ARM_EXIDX)
        result.kind = ELD_UNWIND_ARM_INDEX;
    else if (strcmp(name, ".eh_frame") == 0)
        result.kind = ELD_UNWIND_EH_FRAME;
    else if (strcmp(name, ".debug_frame") == 0)
        result.kind = ELD_UNWIND_DEBUG_FRAME;
    else
        return eld_fail(fault, ELD_ERR_INVALID, "section", section->index,
                        ELD_NONE);
    if (section->flags & SHF_COMPRESSED)
        return eld_fail(fault, ELD_ERR_INVALID, "compressed section",
                        section->index, section->offset);
    int error = eld_section_part(elf, section, &result.part, fault);
    if (error < 0)
        return error;
    *unwind = result;
    return 0;
}

/* The stream of PT_GNU_EH_FRAME and the addresses in it. */
static int open_header(const struct eld_elf *elf, struct eld_stream *stream,
                       struct bases *bases, uint64_t *offset,
                       struct eld_fault *fault)
{
    struct eld_segment segment;

    for (uint32_t i = 0; i < elf->segment_count; i++) {
        int error = eld_read_segment(elf, i, &segment, fault);

        if (error < 0)
            return error;
        if (segment.type != PT_GNU_EH_FRAME)
            continue;
        const uint8_t *p = eld_bytes_at(elf, segment.offset, segment.file_size,
                                        "program header", i, fault);
        if (p == NULL)
            return ELD_ERR_TRUNCATED;
        *stream = (struct eld_stream){elf, p, p + segment.file_size, 0};
        *bases = (struct bases){p, segment.vaddr, segment.vaddr};
        *offset = segment.offset;
        return 0;
    }
    return eld_fail(fault, ELD_ERR_NOT_FOUND, "PT_GNU_EH_FRAME", ELD_NONE,
                    ELD_NONE);
}

int eld_read_unwind_header(const struct eld_elf *elf,
                           struct eld_unwind_header *header,
                           struct eld_fault *fault)
{
    struct eld_unwind_header result = {.frames_address = ELD_NONE};
    struct eld_stream stream;
    struct bases bases;
    int error = open_header(elf, &stream, &bases, &result.offset, fault);

    if (error < 0)
        return error;
    result.version = eld_take8(&stream);
    result.pointer_encoding = eld_take8(&stream);
    result.count_encoding = eld_take8(&stream);
    result.table_encoding = eld_take8(&stream);
    if (result.pointer_encoding != PE_OMIT)
        result.frames_address =
            take_address(&stream, result.pointer_encoding, &bases);
    if (result.count_encoding != PE_OMIT)
        result.count = take_address(&stream, result.count_encoding, &bases);
    if (stream.is_short)
        return eld_fail(fault, ELD_ERR_TRUNCATED, ".eh_frame_hdr", ELD_NONE,
                        result.offset);
    *header = result;
    return 0;
}

int eld_find_unwind(const struct eld_elf *elf, struct eld_unwind *unwind,
                    struct eld_fault *fault)
{
    struct eld_unwind_header header;
    struct eld_unwind result = {.kind = ELD_UNWIND_EH_FRAME};
    int error = eld_read_unwind_header(elf, &header, fault);

    if (error < 0)
        return error;
    result.address = header.frames_address;
    error = eld_find_address(elf, result.address, 1, &result.part, fault);
    if (error < 0)
        return error;
    *unwind = result;
    return 0;
}

/* ---- records ---- */

/* A record taken to pieces: what follows its id, and where it stands. */
struct record {
    struct eld_stream body; /* behind the id */
    const uint8_t *start;
    uint64_t size;      /* with the length */
    uint64_t id, id_at; /* the id's offset in the part */
    uint8_t is_wide;    /* 64-bit DWARF */
};

static int fail_at(const struct eld_unwind *unwind, uint64_t offset, int error,
                   struct eld_fault *fault)
{
    return eld_fail(fault, error, what, ELD_NONE, unwind->part.offset + offset);
}

/* 1, or 0 at the end of the table. */
static int open_record(const struct eld_elf *elf,
                       const struct eld_unwind *unwind, uint64_t offset,
                       struct record *record, struct eld_fault *fault)
{
    const uint8_t *bytes = eld_bytes_at(
        elf, unwind->part.offset, unwind->part.size, what, ELD_NONE, fault);

    if (bytes == NULL)
        return ELD_ERR_TRUNCATED;
    if (offset >= unwind->part.size)
        return 0;
    struct eld_stream stream = {elf, bytes + offset, bytes + unwind->part.size,
                                0};
    record->start = stream.p;
    uint64_t size = eld_take32(&stream);
    record->is_wide = size == UINT32_MAX;
    if (record->is_wide)
        size = eld_take64(&stream);
    if (stream.is_short)
        return fail_at(unwind, offset, ELD_ERR_TRUNCATED, fault);
    if (size == 0)
        return 0;
    uint64_t left = (uint64_t)(stream.end - stream.p);
    if (size > left) {
        eld_fail_value(fault, ELD_ERR_TRUNCATED, what, ELD_NONE, size, left);
        eld_fault_add_offset(fault, unwind->part.offset + offset);
        return ELD_ERR_TRUNCATED;
    }
    stream.end = stream.p + size;
    record->size = (uint64_t)(stream.end - record->start);
    record->id_at = (uint64_t)(stream.p - bytes);
    record->id = record->is_wide ? eld_take64(&stream) : eld_take32(&stream);
    record->body = stream;
    return stream.is_short ? fail_at(unwind, offset, ELD_ERR_TRUNCATED, fault)
                           : 1;
}

static int is_common(const struct eld_unwind *unwind,
                     const struct record *record)
{
    if (unwind->kind == ELD_UNWIND_EH_FRAME)
        return record->id == 0;
    return record->id == (record->is_wide ? UINT64_MAX : UINT32_MAX);
}

/* What the letters of "zPLR" stand for. */
static void take_augmentation(struct eld_stream *stream,
                              const struct bases *bases,
                              struct eld_frame *frame)
{
    const char *letter = frame->augmentation;

    if (*letter != 'z')
        return;
    eld_take_uleb(stream);
    while (*++letter != '\0') {
        if (*letter == 'R')
            frame->encoding = eld_take8(stream);
        else if (*letter == 'L')
            eld_take8(stream);
        else if (*letter == 'P')
            take_address(stream, eld_take8(stream), bases);
        else if (*letter == 'S')
            frame->is_signal = 1;
        else if (*letter != 'B' && *letter != 'G') /* AArch64 */
            return;
    }
}

static void take_common(struct record *record, struct eld_frame *frame)
{
    struct eld_stream *stream = &record->body;
    const struct bases bases = {record->start, 0, 0};

    frame->version = eld_take8(stream);
    frame->augmentation = eld_take_string(stream);
    if (frame->augmentation == NULL || frame->version == 0 ||
        frame->version > VERSION_MAX) {
        stream->is_short = 1;
        return;
    }
    if (frame->version == VERSION_MAX)
        eld_take16(stream); /* sizes of an address and of a segment */
    if (strcmp(frame->augmentation, "eh") == 0)
        eld_take_word(stream); /* gcc 2's */
    frame->code_align = eld_take_uleb(stream);
    frame->data_align = eld_take_sleb(stream);
    frame->return_register =
        frame->version == 1 ? eld_take8(stream) : eld_take_uleb(stream);
    take_augmentation(stream, &bases, frame);
}

/* The CIE of an FDE: its place in the part. */
static int find_common(const struct eld_elf *elf,
                       const struct eld_unwind *unwind,
                       const struct record *record, uint64_t offset,
                       struct eld_frame *frame, struct eld_fault *fault)
{
    struct record common;
    uint64_t at = record->id;

    if (unwind->kind == ELD_UNWIND_EH_FRAME)
        at = record->id_at - record->id;
    if (at >= unwind->part.size ||
        open_record(elf, unwind, at, &common, NULL) != 1 ||
        !is_common(unwind, &common)) {
        eld_fail_value(fault, ELD_ERR_RANGE, "CIE of an unwind record",
                       ELD_NONE, record->id, ELD_NONE);
        eld_fault_add_offset(fault, unwind->part.offset + offset);
        return ELD_ERR_RANGE;
    }
    take_common(&common, frame);
    if (common.body.is_short)
        return fail_at(unwind, at, ELD_ERR_TRUNCATED, fault);
    frame->common = unwind->part.offset + at;
    return 0;
}

static int read_frame(const struct eld_elf *elf,
                      const struct eld_unwind *unwind, uint64_t offset,
                      struct record *record, struct eld_frame *frame,
                      struct eld_fault *fault)
{
    const struct bases bases = {record->start, unwind->address + offset, 0};

    frame->is_common = (uint8_t)is_common(unwind, record);
    if (frame->is_common) {
        take_common(record, frame);
    } else {
        int error = find_common(elf, unwind, record, offset, frame, fault);

        if (error < 0)
            return error;
        frame->address = take_address(&record->body, frame->encoding, &bases);
        frame->code_size =
            take_format(&record->body, frame->encoding & PE_FORMAT);
        if (!elf->is_64)
            frame->code_size &= UINT32_MAX;
    }
    if (record->body.is_short)
        return fail_at(unwind, offset, ELD_ERR_TRUNCATED, fault);
    return 1;
}

/* ---- ARM ---- */

static int next_arm(const struct eld_elf *elf, const struct eld_unwind *unwind,
                    uint64_t *offset, struct eld_frame *frame,
                    struct eld_fault *fault)
{
    const struct eld_table table = {unwind->part.offset,
                                    unwind->part.size / ARM_ENTRY, ARM_ENTRY};
    struct eld_frame result = {.common = ELD_NONE, .augmentation = ""};

    if (*offset / ARM_ENTRY >= table.count)
        return 0;
    const uint8_t *p =
        eld_record_at(elf, &table, *offset / ARM_ENTRY, ARM_ENTRY, what, fault);
    if (p == NULL)
        return ELD_ERR_TRUNCATED;
    /* 31 bits, relative to the place. */
    uint32_t distance = eld_load32(elf, p) & 0x7fffffff;
    distance |= (distance & 0x40000000) << 1;
    result.offset = table.offset + *offset;
    result.size = ARM_ENTRY;
    result.address = (uint32_t)(unwind->address + *offset + distance);
    result.cannot_unwind = eld_load32(elf, p + 4) == ARM_CANNOT_UNWIND;
    *frame = result;
    *offset += ARM_ENTRY;
    return 1;
}

int eld_next_frame(const struct eld_elf *elf, const struct eld_unwind *unwind,
                   uint64_t *offset, struct eld_frame *frame,
                   struct eld_fault *fault)
{
    struct eld_frame result = {.common = ELD_NONE, .augmentation = ""};
    struct record record;

    if (unwind->kind == ELD_UNWIND_ARM_INDEX)
        return next_arm(elf, unwind, offset, frame, fault);
    int found = open_record(elf, unwind, *offset, &record, fault);
    if (found <= 0)
        return found;
    result.offset = unwind->part.offset + *offset;
    result.size = record.size;
    found = read_frame(elf, unwind, *offset, &record, &result, fault);
    if (found < 0)
        return found;
    *offset += result.size;
    *frame = result;
    return 1;
}
