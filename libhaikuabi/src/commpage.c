/* commpage.c -- the page of code and facts that each team sees. */
/* SPDX-License-Identifier: MIT */
#include "commpage.h"

#include <assert.h>
#include <string.h>

#include "bytes.h"
#include "clock.h"
#include "syscall_table.h"

/*
 * Offsets into the frame that signal_frame.c writes: haiku-abi/x86-32.md,
 * section 9. The handlers below reach its fields from EBX.
 */

static const uint8_t syscall_code[] = {
    0xcd, 99, /* int 99 */
    0xc3,     /* ret */
};

/* void *memcpy(void *to, const void *from, size_t size) */
static const uint8_t memcpy_code[] = {
    0x57,                   /* push edi */
    0x56,                   /* push esi */
    0x8b, 0x7c, 0x24, 0x0c, /* mov edi, [esp + 12] */
    0x8b, 0x74, 0x24, 0x10, /* mov esi, [esp + 16] */
    0x8b, 0x4c, 0x24, 0x14, /* mov ecx, [esp + 20] */
    0x89, 0xf8,             /* mov eax, edi */
    0xf3, 0xa4,             /* rep movsb */
    0x5e,                   /* pop esi */
    0x5f,                   /* pop edi */
    0xc3,                   /* ret */
};

/* void *memset(void *to, int byte, size_t size) */
static const uint8_t memset_code[] = {
    0x57,                   /* push edi */
    0x8b, 0x7c, 0x24, 0x08, /* mov edi, [esp + 8] */
    0x8b, 0x44, 0x24, 0x0c, /* mov eax, [esp + 12] */
    0x8b, 0x4c, 0x24, 0x10, /* mov ecx, [esp + 16] */
    0x89, 0xfa,             /* mov edx, edi */
    0xf3, 0xaa,             /* rep stosb */
    0x89, 0xd0,             /* mov eax, edx */
    0x5f,                   /* pop edi */
    0xc3,                   /* ret */
};

/*
 * void handler(struct signal_frame_data *frame), entered with the stack as
 * after a call; ends in restore_signal_frame and never returns.
 */
static const uint8_t signal_code[] = {
    0x8b, 0x5c, 0x24, 0x04,                   /* mov ebx, [esp + 4] */
    0x80, 0xbb, 0x74, 0x02, 0x00, 0x00, 0x00, /* cmp byte [ebx + 628], 0 */
    0x74, 0x18,                               /* je plain */
    0x83, 0xec, 0x0c,                         /* sub esp, 12: alignment */
    0xff, 0xb3, 0x6c, 0x02, 0x00, 0x00,       /* push [ebx + 620] user data */
    0x8d, 0x43, 0x24,                         /* lea eax, [ebx + 36] */
    0x50,                                     /* push eax: the context */
    0x53,                                     /* push ebx: the siginfo */
    0xff, 0x33,                               /* push [ebx]: the signal */
    0xff, 0x93, 0x70, 0x02, 0x00, 0x00,       /* call [ebx + 624] */
    0xeb, 0x12,                               /* jmp done */
    0x8d, 0x43, 0x3c,                         /* plain: lea eax, [ebx + 60] */
    0x50,                                     /* push eax: the registers */
    0xff, 0xb3, 0x6c, 0x02, 0x00, 0x00,       /* push [ebx + 620] user data */
    0xff, 0x33,                               /* push [ebx]: the signal */
    0xff, 0x93, 0x70, 0x02, 0x00, 0x00,       /* call [ebx + 624] */
    0x53,                                     /* done: push ebx */
    0x53,                                     /* push ebx: the skipped word */
    0xb8, 0x00, 0x00, 0x00, 0x00,             /* mov eax, number */
    0xcd, 99,                                 /* int 99 */
};

/* The same for BeOS's handlers, which take the registers by value. */
static const uint8_t signal_beos_code[] = {
    0x8b, 0x5c, 0x24, 0x04,             /* mov ebx, [esp + 4] */
    0x81, 0xec, 0x34, 0x02, 0x00, 0x00, /* sub esp, 564: 560 and alignment */
    0x8d, 0x73, 0x3c,                   /* lea esi, [ebx + 60] */
    0x89, 0xe7,                         /* mov edi, esp */
    0xb9, 0x8c, 0x00, 0x00, 0x00,       /* mov ecx, 560 / 4 */
    0xf3, 0xa5,                         /* rep movsd */
    0xff, 0xb3, 0x6c, 0x02, 0x00, 0x00, /* push [ebx + 620]: user data */
    0xff, 0x33,                         /* push [ebx]: the signal */
    0xff, 0x93, 0x70, 0x02, 0x00, 0x00, /* call [ebx + 624] */
    0x83, 0xc4, 0x08,                   /* add esp, 8 */
    0x89, 0xe6,                         /* mov esi, esp */
    0x8d, 0x7b, 0x3c,                   /* lea edi, [ebx + 60] */
    0xb9, 0x8c, 0x00, 0x00, 0x00,       /* mov ecx, 560 / 4 */
    0xf3, 0xa5,                         /* rep movsd */
    0x53,                               /* push ebx */
    0x53,                               /* push ebx: the skipped word */
    0xb8, 0x00, 0x00, 0x00, 0x00,       /* mov eax, number */
    0xcd, 99,                           /* int 99 */
};

/* Where a thread's first function returns to, its result in EAX. */
static const uint8_t thread_exit_code[] = {
    0x50,                         /* push eax */
    0x50,                         /* push eax: the skipped word */
    0xb8, 0x00, 0x00, 0x00, 0x00, /* mov eax, number */
    0xcd, 99,                     /* int 99 */
};

/* From the end of a piece back to the immediate of its `mov eax, number`. */
enum { NUMBER_FROM_END = 6, NO_NUMBER = HK_ROW_COUNT };

static const struct {
    enum hk_commpage_entry entry;
    uint32_t offset;
    const uint8_t *code;
    size_t size;
    int row; /* of the number to fill in */
} pieces[] = {
#define PIECE(entry, offset, code, row)                                        \
    {                                                                          \
        entry, offset, code, sizeof(code), row                                 \
    }
    PIECE(HK_COMMPAGE_SYSCALL, 0x110, syscall_code, NO_NUMBER),
    PIECE(HK_COMMPAGE_MEMCPY, 0x118, memcpy_code, NO_NUMBER),
    PIECE(HK_COMMPAGE_MEMSET, 0x140, memset_code, NO_NUMBER),
    PIECE(HK_COMMPAGE_SIGNAL_HANDLER, 0x160, signal_code,
          HK_ROW_restore_signal_frame),
    PIECE(HK_COMMPAGE_SIGNAL_HANDLER_BEOS, 0x1a8, signal_beos_code,
          HK_ROW_restore_signal_frame),
    PIECE(HK_COMMPAGE_THREAD_EXIT, 0x1e8, thread_exit_code, HK_ROW_exit_thread),
#undef PIECE
};

static_assert(sizeof(memcpy_code) <= 0x140 - 0x118, "pieces overlap");
static_assert(sizeof(memset_code) <= 0x160 - 0x140, "pieces overlap");
static_assert(sizeof(signal_code) <= 0x1a8 - 0x160, "pieces overlap");
static_assert(sizeof(signal_beos_code) <= 0x1e8 - 0x1a8, "pieces overlap");

enum { REAL_TIME_DATA = 0x100, PIECE_COUNT = sizeof(pieces) / sizeof(*pieces) };

uint32_t hk_commpage_offset(enum hk_commpage_entry entry)
{
    if (entry == HK_COMMPAGE_REAL_TIME_DATA)
        return REAL_TIME_DATA;
    for (int i = 0; i < PIECE_COUNT; i++)
        if (pieces[i].entry == entry)
            return pieces[i].offset;
    return 0;
}

static void fill_real_time_data(const struct hk_shared *shared, uint8_t *data)
{
    hk_put64(data, (uint64_t)(hk_boot_time(shared)));
    hk_put32(data + 8, HK_TSC_FACTOR);
}

void hk_commpage_fill(const struct hk_kernel *kernel, uint8_t *page)
{
    hk_put32(page + 4 * HK_COMMPAGE_MAGIC, 0x434f4d4d);
    hk_put32(page + 4 * HK_COMMPAGE_VERSION, 1);
    for (int i = HK_COMMPAGE_REAL_TIME_DATA; i < HK_COMMPAGE_ENTRIES; i++)
        hk_put32(page + 4 * i, hk_commpage_offset((enum hk_commpage_entry)i));
    fill_real_time_data(kernel->team->shared, page + REAL_TIME_DATA);
    for (int i = 0; i < PIECE_COUNT; i++) {
        uint8_t *end = page + pieces[i].offset + pieces[i].size;

        memcpy(page + pieces[i].offset, pieces[i].code, pieces[i].size);
        if (pieces[i].row != NO_NUMBER)
            hk_put32(end - NUMBER_FROM_END,
                     (uint32_t)hk_row_number(kernel->config.release,
                                             (enum hk_row)pieces[i].row));
    }
}
