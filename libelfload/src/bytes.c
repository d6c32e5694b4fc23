/* bytes.c -- the only way to a file's bytes: by a checked range. */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"

#include "fault.h"

#include <string.h>

const uint8_t *eld_bytes_at(const struct eld_elf *elf, uint64_t offset,
                            uint64_t size, const char *what, uint64_t index,
                            struct eld_fault *fault)
{
    if (eld_fits(offset, size, elf->size))
        return elf->bytes + offset;
    eld_fail_value(fault, ELD_ERR_TRUNCATED, what, index, elf->size,
                   eld_add_clamped(offset, size));
    eld_fault_add_offset(fault, offset);
    return NULL;
}

int eld_table_of(const struct eld_part *part, uint64_t entry_size,
                 uint64_t record_size, const char *what,
                 struct eld_table *table, struct eld_fault *fault)
{
    if (entry_size == 0)
        entry_size = record_size;
    if (entry_size < record_size)
        return eld_fail_value(fault, ELD_ERR_ENTRY_SIZE, what, ELD_NONE,
                              entry_size, record_size);
    table->offset = part->offset;
    table->count = part->size / entry_size;
    table->entry_size = entry_size;
    return 0;
}

const uint8_t *eld_record_at(const struct eld_elf *elf,
                             const struct eld_table *table, uint64_t index,
                             uint64_t record_size, const char *what,
                             struct eld_fault *fault)
{
    if (index >= table->count) {
        eld_fail_value(fault, ELD_ERR_RANGE, what, ELD_NONE, index,
                       table->count);
        return NULL;
    }
    if (table->entry_size != 0 &&
        index > (UINT64_MAX - table->offset) / table->entry_size)
        return eld_bytes_at(elf, UINT64_MAX, record_size, what, index, fault);
    return eld_bytes_at(elf, table->offset + index * table->entry_size,
                        record_size, what, index, fault);
}

int eld_read_string(const struct eld_elf *elf, const struct eld_part *strings,
                    uint64_t offset, const char **string,
                    struct eld_fault *fault)
{
    const uint8_t *bytes = eld_bytes_at(elf, strings->offset, strings->size,
                                        "string table", ELD_NONE, fault);

    if (bytes == NULL)
        return ELD_ERR_TRUNCATED;
    if (offset >= strings->size)
        return eld_fail_value(fault, ELD_ERR_RANGE, "offset of a string",
                              ELD_NONE, offset, strings->size);
    if (memchr(bytes + offset, '\0', (size_t)(strings->size - offset)) == NULL)
        return eld_fail(fault, ELD_ERR_STRING, "string", ELD_NONE,
                        strings->offset + offset);
    *string = (const char *)bytes + offset;
    return 0;
}
