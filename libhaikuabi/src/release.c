/* release.c -- which Haiku a libroot.so belongs to. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "bytes.h"
#include "kernel.h"
#include "syscall_table.h"

/* A stub begins with `mov eax, number` (haiku-abi/x86-32.md, section 1). */
static int64_t stub_number(const uint8_t *bytes, size_t size, int64_t offset)
{
    enum { MOV_EAX = 0xb8, STUB_SIZE = 5 };

    if (offset < 0 || (uint64_t)offset > size ||
        size - (uint64_t)offset < STUB_SIZE || bytes[offset] != MOV_EAX)
        return -1;
    return hk_get32(bytes + offset + 1);
}

/* Every stub of a release that the file has must carry that release's number.
 * Returns how many there are, 0 when one differs. */
static int matches(enum hk_release release, const uint8_t *bytes, size_t size,
                   int64_t (*look_up)(void *context, const char *symbol),
                   void *context)
{
    const uint16_t *rows;
    uint32_t count;
    int found = 0;

    hk_release_rows(release, &rows, &count);
    for (uint32_t number = 0; number < count; number++) {
        const struct hk_syscall_row *row = &hk_syscall_rows[rows[number]];
        char symbol[64] = "_kern_";
        int64_t stub;

        strncat(symbol, row->name, (size_t)hk_row_name_length(row));
        stub = stub_number(bytes, size, look_up(context, symbol));
        if (stub >= 0 && stub != number)
            return 0;
        found += stub >= 0;
    }
    return found;
}

int hk_detect_release(const void *bytes, size_t size,
                      int64_t (*look_up)(void *context, const char *symbol),
                      void *context)
{
    int best = HK_ERR_REVISION, most = 0;

    for (int release = HK_R1BETA4; release <= HK_R1BETA6; release++) {
        int found =
            matches((enum hk_release)release, bytes, size, look_up, context);

        if (found > most) {
            most = found;
            best = release;
        }
    }
    return best;
}
