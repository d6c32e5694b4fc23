/* archive.c -- static libraries: archives of object files. */
/* SPDX-License-Identifier: MIT */
/*
 * "!<arch>\n", then members: a header of 60 characters (name 16, date 12,
 * owner 6, group 6, mode 8, size 10, "`\n"), the data, a newline if their
 * size is odd. GNU ends names with '/', and keeps long ones in a member "//",
 * as "/offset"; BSD writes "#1/size", and the name before the data. "/",
 * "/SYM64/" and "__.SYMDEF" are indices of symbols.
 */

#include "bytes.h"
#include "fault.h"

#include <elfload/elf_archive.h>
#include <string.h>

enum { MAGIC_SIZE = 8, HEADER_SIZE = 60, NAME_SIZE = 16, SIZE_AT = 48 };

static const char magic[] = "!<arch>\n", thin_magic[] = "!<thin>\n";

/* Digits with blanks behind them. */
static int parse_number(const uint8_t *p, size_t size, uint64_t *number)
{
    size_t i = 0;

    *number = 0;
    for (; i < size && p[i] >= '0' && p[i] <= '9'; i++)
        *number = *number * 10 + (uint64_t)(p[i] - '0');
    size_t digits = i;
    while (i < size && p[i] == ' ')
        i++;
    return digits > 0 && digits < 16 && i == size;
}

static int is_named(const struct eld_member *member, const char *name)
{
    return member->name_size == strlen(name) &&
           memcmp(member->name, name, member->name_size) == 0;
}

static int fail_at(int error, const char *what, uint64_t offset,
                   struct eld_fault *fault)
{
    return eld_fail(fault, error, what, ELD_NONE, offset);
}

/* The member as its header has it, its name unchanged. */
static int read_header(const struct eld_archive *archive, uint64_t offset,
                       struct eld_member *member, struct eld_fault *fault)
{
    static const char what[] = "archive header";

    if (!eld_fits(offset, HEADER_SIZE, archive->size))
        return fail_at(ELD_ERR_TRUNCATED, what, offset, fault);
    const uint8_t *p = archive->bytes + offset;
    if (p[58] != '`' || p[59] != '\n' ||
        !parse_number(p + SIZE_AT, 10, &member->data.size))
        return fail_at(ELD_ERR_RANGE, what, offset, fault);
    member->offset = offset;
    member->name = (const char *)p;
    member->name_size = NAME_SIZE;
    while (member->name_size > 0 && p[member->name_size - 1] == ' ')
        member->name_size--;
    member->data.offset = offset + HEADER_SIZE;
    return 0;
}

static int is_index(const struct eld_member *member)
{
    return is_named(member, "/") || is_named(member, "/SYM64/") ||
           is_named(member, "__.SYMDEF") ||
           is_named(member, "__.SYMDEF SORTED") ||
           is_named(member, "__.SYMDEF_64");
}

static int is_names(const struct eld_member *member)
{
    return is_named(member, "//");
}

/* What stands in the archive even if it is thin. */
static int is_inside(const struct eld_archive *archive,
                     const struct eld_member *member)
{
    return !archive->is_thin || is_index(member) || is_names(member);
}

static int check_data(const struct eld_archive *archive,
                      const struct eld_member *member, struct eld_fault *fault)
{
    if (eld_fits(member->data.offset, member->data.size, archive->size))
        return 0;
    eld_fail_value(fault, ELD_ERR_TRUNCATED, "archive member", ELD_NONE,
                   archive->size,
                   eld_add_clamped(member->data.offset, member->data.size));
    eld_fault_add_offset(fault, member->offset);
    return ELD_ERR_TRUNCATED;
}

/* ---- names ---- */

static int find_long_name(const struct eld_archive *archive,
                          struct eld_member *member, struct eld_fault *fault)
{
    uint64_t at;

    if (!parse_number((const uint8_t *)member->name + 1, member->name_size - 1,
                      &at) ||
        at >= archive->names.size)
        return fail_at(ELD_ERR_RANGE, "name of archive member", member->offset,
                       fault);
    const char *name =
        (const char *)archive->bytes + archive->names.offset + at;
    size_t room = (size_t)(archive->names.size - at);
    const char *end = memchr(name, '\n', room);
    member->name = name;
    member->name_size = end != NULL ? (size_t)(end - name) : room;
    if (member->name_size > 0 && name[member->name_size - 1] == '/')
        member->name_size--;
    return 0;
}

static int find_bsd_name(const struct eld_archive *archive,
                         struct eld_member *member, struct eld_fault *fault)
{
    uint64_t size;

    if (!parse_number((const uint8_t *)member->name + 3, member->name_size - 3,
                      &size) ||
        size > member->data.size)
        return fail_at(ELD_ERR_RANGE, "name of archive member", member->offset,
                       fault);
    member->name = (const char *)archive->bytes + member->data.offset;
    member->name_size = strnlen(member->name, (size_t)size);
    member->data.offset += size;
    member->data.size -= size;
    return 0;
}

static int find_name(const struct eld_archive *archive,
                     struct eld_member *member, struct eld_fault *fault)
{
    const char *name = member->name;
    size_t size = member->name_size;

    if (size > 1 && name[0] == '/' && name[1] >= '0' && name[1] <= '9')
        return find_long_name(archive, member, fault);
    if (size > 3 && memcmp(name, "#1/", 3) == 0)
        return find_bsd_name(archive, member, fault);
    if (size > 1 && name[size - 1] == '/')
        member->name_size--;
    return 0;
}

/* ---- the archive ---- */

/* Members that go before all others: the index and the names. */
static int find_names(struct eld_archive *archive, struct eld_fault *fault)
{
    uint64_t offset = MAGIC_SIZE;
    struct eld_member member;

    while (offset < archive->size) {
        int error = read_header(archive, offset, &member, fault);

        if (error < 0)
            return error;
        if (!is_index(&member) && !is_names(&member))
            return 0;
        if ((error = check_data(archive, &member, fault)) < 0)
            return error;
        if (is_names(&member)) {
            archive->names = member.data;
            return 0;
        }
        offset = member.data.offset + member.data.size + (member.data.size & 1);
    }
    return 0;
}

int eld_read_archive(const void *bytes, size_t size,
                     struct eld_archive *archive, struct eld_fault *fault)
{
    struct eld_archive result = {.bytes = bytes, .size = size};

    if (size < MAGIC_SIZE || (memcmp(bytes, magic, MAGIC_SIZE) != 0 &&
                              memcmp(bytes, thin_magic, MAGIC_SIZE) != 0))
        return eld_fail(fault, ELD_ERR_NOT_FOUND, "archive", ELD_NONE,
                        ELD_NONE);
    result.is_thin = memcmp(bytes, thin_magic, MAGIC_SIZE) == 0;
    int error = find_names(&result, fault);
    if (error == 0)
        *archive = result;
    return error;
}

int eld_next_member(const struct eld_archive *archive, uint64_t *offset,
                    struct eld_member *member, struct eld_fault *fault)
{
    uint64_t at = *offset == 0 ? MAGIC_SIZE : *offset;
    struct eld_member result;

    while (at < archive->size) {
        int error = read_header(archive, at, &result, fault);

        if (error < 0)
            return error;
        uint64_t size = 0;
        if (is_inside(archive, &result)) {
            if ((error = check_data(archive, &result, fault)) < 0)
                return error;
            size = result.data.size + (result.data.size & 1);
        } else {
            result.data.size = 0;
        }
        at = result.data.offset + size;
        if (is_index(&result) || is_names(&result))
            continue;
        if ((error = find_name(archive, &result, fault)) < 0)
            return error;
        /* BSD's index may have its name before its data. */
        if (is_index(&result))
            continue;
        *member = result;
        *offset = at;
        return 1;
    }
    return 0;
}
