/* versions.c -- GNU version definitions and needs. */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"
#include "fault.h"

#include <elf.h>

/* The fields of Verdef and Verneed, and of Verdaux and Vernaux, that matter
 * here; they are alike in both classes (LSB, Symbol Versioning). */
struct record {
    uint16_t revision, flags, index, count;
    uint32_t hash, file, aux, next;
};

struct aux {
    uint32_t hash, name, next;
    uint16_t flags, index;
};

enum {
    VERDEF_SIZE = 20,
    VERNEED_SIZE = 16,
    VERDAUX_SIZE = 8,
    VERNAUX_SIZE = 16
};

static const char what[] = "version record";

static const uint8_t *bytes_in(const struct eld_elf *elf,
                               const struct eld_versions *versions,
                               uint64_t offset, uint64_t size,
                               struct eld_fault *fault)
{
    if (!eld_fits(offset, size, versions->part.size)) {
        eld_fail_value(fault, ELD_ERR_TRUNCATED, what, ELD_NONE,
                       versions->part.size, eld_add_clamped(offset, size));
        return NULL;
    }
    return eld_bytes_at(elf, versions->part.offset + offset, size, what,
                        ELD_NONE, fault);
}

static int read_record(const struct eld_elf *elf,
                       const struct eld_versions *versions, uint64_t offset,
                       struct record *record, struct eld_fault *fault)
{
    int is_definition = versions->kind == ELD_VERSION_DEFINED;
    const uint8_t *p =
        bytes_in(elf, versions, offset,
                 is_definition ? VERDEF_SIZE : VERNEED_SIZE, fault);

    if (p == NULL)
        return ELD_ERR_TRUNCATED;
    *record = (struct record){.revision = eld_load16(elf, p)};
    if (is_definition) {
        record->flags = eld_load16(elf, p + 2);
        record->index = eld_load16(elf, p + 4);
        record->count = eld_load16(elf, p + 6);
        record->hash = eld_load32(elf, p + 8);
        record->aux = eld_load32(elf, p + 12);
        record->next = eld_load32(elf, p + 16);
    } else {
        record->count = eld_load16(elf, p + 2);
        record->file = eld_load32(elf, p + 4);
        record->aux = eld_load32(elf, p + 8);
        record->next = eld_load32(elf, p + 12);
    }
    if (record->revision != 1)
        return eld_fail_value(fault, ELD_ERR_VERSION, what, ELD_NONE,
                              record->revision, 1);
    return 0;
}

static int read_aux(const struct eld_elf *elf,
                    const struct eld_versions *versions, uint64_t offset,
                    struct aux *aux, struct eld_fault *fault)
{
    int is_definition = versions->kind == ELD_VERSION_DEFINED;
    const uint8_t *p =
        bytes_in(elf, versions, offset,
                 is_definition ? VERDAUX_SIZE : VERNAUX_SIZE, fault);

    if (p == NULL)
        return ELD_ERR_TRUNCATED;
    if (is_definition) {
        *aux = (struct aux){.name = eld_load32(elf, p),
                            .next = eld_load32(elf, p + 4)};
    } else {
        *aux = (struct aux){.hash = eld_load32(elf, p),
                            .flags = eld_load16(elf, p + 4),
                            .index = eld_load16(elf, p + 6),
                            .name = eld_load32(elf, p + 8),
                            .next = eld_load32(elf, p + 12)};
    }
    return 0;
}

static void next_record(const struct eld_versions *versions,
                        const struct record *record,
                        struct eld_version_cursor *cursor)
{
    cursor->aux = 0;
    cursor->record++;
    cursor->record_offset += record->next;
    if (record->next == 0)
        cursor->record = versions->count;
}

/* Puts the cursor on a record that has an aux left: 1, or 0 at the end. */
static int find_aux(const struct eld_elf *elf,
                    const struct eld_versions *versions,
                    struct eld_version_cursor *cursor, struct record *record,
                    struct eld_fault *fault)
{
    while (cursor->record < versions->count) {
        int error =
            read_record(elf, versions, cursor->record_offset, record, fault);

        if (error < 0)
            return error;
        /* No two auxiliary records share their bytes: more steps than that
         * are a file that leads its reader in circles. */
        if (++cursor->steps > versions->part.size / VERDAUX_SIZE)
            return eld_fail(fault, ELD_ERR_LOOP, what, cursor->record,
                            ELD_NONE);
        if (cursor->aux < record->count) {
            if (cursor->aux == 0)
                cursor->aux_offset = cursor->record_offset + record->aux;
            return 1;
        }
        next_record(versions, record, cursor);
    }
    return 0;
}

int eld_next_version(const struct eld_elf *elf,
                     const struct eld_versions *versions,
                     struct eld_version_cursor *cursor,
                     struct eld_version *version, struct eld_fault *fault)
{
    int is_definition = versions->kind == ELD_VERSION_DEFINED;
    struct eld_version result = {0};
    struct record record;
    struct aux aux;
    int error = find_aux(elf, versions, cursor, &record, fault);

    if (error <= 0)
        return error;
    if ((error = read_aux(elf, versions, cursor->aux_offset, &aux, fault)) <
            0 ||
        (error = eld_read_string(elf, &versions->strings, aux.name,
                                 &result.name, fault)) < 0)
        return error;
    if (!is_definition &&
        (error = eld_read_string(elf, &versions->strings, record.file,
                                 &result.file, fault)) < 0)
        return error;
    result.hash = is_definition ? record.hash : aux.hash;
    result.index = (is_definition ? record.index : aux.index) & 0x7fff;
    result.flags = is_definition ? record.flags : aux.flags;
    result.is_parent = is_definition && cursor->aux > 0;
    result.offset = versions->part.offset + cursor->record_offset;

    cursor->aux++;
    cursor->aux_offset += aux.next;
    if (aux.next == 0)
        next_record(versions, &record, cursor);
    *version = result;
    return 1;
}
