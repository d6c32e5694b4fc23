/* areas.c -- how calls of areas and of memory fail. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { PAGE = 4096, CLONE_ADDRESS = 3, ANY_KERNEL = 4, NO_SPEC = 99 };
/* More than user memory has, and more than it has in one piece. */
enum { TOO_MUCH = 0x7fff0000, TOO_LARGE = 0x70000000 };
enum { NO_LOCK = 0, BAD_LOCK = 8, BAD_PROTECTION = 0x10000 };
enum { KERNEL_READ_AREA = 0x10, CLONEABLE_AREA = 0x100 };
enum { SHARED_MAP = 0, PRIVATE_MAP = 1, BOTH = READ_AREA | WRITE_AREA };
enum { MS_ASYNC = 1, MS_SYNC = 2, MADV_NORMAL = 1 };

static uint8_t info[72];
static int32_t cookie;
static long area, kernel_area; /* kernel_area: where the thread's data is */
static char *memory;
static char *hole; /* reserved: no area has it */
static char *user_thread;

/* Where an area is wanted, as calls take it. */
static void **at(void *address)
{
    static void *wanted;

    wanted = address;
    return &wanted;
}

#define ANYWHERE at(0)
#define LOW      at((void *)PAGE) /* below what user memory can have */
#define KERNEL   at(KERNEL_POINTER)
#define LAST     ((char *)0x7ffef000) /* page of user memory */

static void creating(void)
{
    FAILS(B_BAD_VALUE, create_area, "x", ANYWHERE, ANY_KERNEL, PAGE, NO_LOCK,
          READ_AREA);
    FAILS(B_BAD_VALUE, create_area, "x", ANYWHERE, NO_SPEC, PAGE, NO_LOCK,
          READ_AREA);
    FAILS(B_BAD_VALUE, create_area, "x", ANYWHERE, CLONE_ADDRESS, PAGE, NO_LOCK,
          READ_AREA);
    FAILS(B_BAD_VALUE, create_area, "x", ANYWHERE, ANY_ADDRESS, 0, NO_LOCK,
          READ_AREA);
    FAILS(B_BAD_VALUE, create_area, "x", ANYWHERE, ANY_ADDRESS, 0xfffffff0u,
          NO_LOCK, READ_AREA);
    FAILS(B_BAD_VALUE, create_area, "x", ANYWHERE, ANY_ADDRESS, PAGE, BAD_LOCK,
          READ_AREA);
    FAILS(B_BAD_VALUE, create_area, "x", ANYWHERE, ANY_ADDRESS, PAGE, NO_LOCK,
          BAD_PROTECTION);
    FAILS(B_BAD_VALUE, create_area, "x", ANYWHERE, ANY_ADDRESS, PAGE, NO_LOCK,
          KERNEL_READ_AREA);
    FAILS(B_BAD_VALUE, create_area, "x", at(memory), EXACT_ADDRESS, PAGE,
          NO_LOCK, READ_AREA);
    FAILS(B_BAD_VALUE, create_area, "x", KERNEL, EXACT_ADDRESS, PAGE, NO_LOCK,
          READ_AREA);
    FAILS(B_BAD_ADDRESS, create_area, "x", LOW, EXACT_ADDRESS, PAGE, NO_LOCK,
          READ_AREA);
    FAILS(B_BAD_ADDRESS, create_area, (void *)0, ANYWHERE, ANY_ADDRESS, PAGE,
          NO_LOCK, READ_AREA);
    FAILS(B_BAD_ADDRESS, create_area, "x", (void *)0, ANY_ADDRESS, PAGE,
          NO_LOCK, READ_AREA);
    FAILS(B_NO_MEMORY, create_area, "x", ANYWHERE, ANY_ADDRESS, TOO_LARGE,
          NO_LOCK, READ_AREA);
    FAILS(B_BAD_ADDRESS, create_area, "x", ANYWHERE, ANY_ADDRESS, TOO_MUCH,
          NO_LOCK, READ_AREA);
    FAILS(B_BAD_ADDRESS, create_area, "x", at(LAST), BASE_ADDRESS, 2 * PAGE,
          NO_LOCK, READ_AREA);
    FAILS(B_BAD_ADDRESS, create_area, "x", at(LAST), EXACT_ADDRESS, 2 * PAGE,
          NO_LOCK, READ_AREA);
    FAILS(B_BAD_ADDRESS, create_area, "x", KERNEL, BASE_ADDRESS, PAGE, NO_LOCK,
          READ_AREA);
    /* Not all of it is reserved. */
    FAILS(B_BAD_VALUE, create_area, "x", at(hole + PAGE), EXACT_ADDRESS,
          2 * PAGE, NO_LOCK, READ_AREA);
    /* The order. */
    FAILS(B_BAD_VALUE, create_area, "x", ANYWHERE, NO_SPEC, TOO_MUCH, NO_LOCK,
          READ_AREA);
    FAILS(B_BAD_VALUE, create_area, "x", LOW, EXACT_ADDRESS, PAGE, BAD_LOCK,
          READ_AREA);
    FAILS(B_BAD_VALUE, create_area, BAD_POINTER, ANYWHERE, ANY_KERNEL, PAGE,
          NO_LOCK, READ_AREA);
    FAILS(B_BAD_VALUE, create_area, BAD_POINTER, ANYWHERE, ANY_ADDRESS, PAGE,
          NO_LOCK, BAD_PROTECTION);
    FAILS(B_BAD_ADDRESS, create_area, BAD_POINTER, ANYWHERE, NO_SPEC, 0,
          BAD_LOCK, READ_AREA);
}

static void cloning(void)
{
    FAILS(B_BAD_VALUE, clone_area, "x", ANYWHERE, ANY_KERNEL, READ_AREA, area);
    FAILS(B_BAD_VALUE, clone_area, "x", ANYWHERE, NO_SPEC, READ_AREA, area);
    FAILS(B_BAD_VALUE, clone_area, "x", ANYWHERE, ANY_ADDRESS, BAD_PROTECTION,
          area);
    FAILS(B_BAD_VALUE, clone_area, "x", ANYWHERE, ANY_ADDRESS, READ_AREA,
          NO_ID);
    FAILS(B_BAD_VALUE, clone_area, "x", ANYWHERE, ANY_ADDRESS, READ_AREA, -1);
    FAILS(B_BAD_VALUE, clone_area, "x", at(memory), EXACT_ADDRESS, READ_AREA,
          area);
    FAILS(B_NOT_ALLOWED, clone_area, "x", ANYWHERE, ANY_ADDRESS, READ_AREA,
          kernel_area);
    FAILS(B_BAD_ADDRESS, clone_area, "x", LOW, EXACT_ADDRESS, READ_AREA, area);
    FAILS(B_BAD_ADDRESS, clone_area, BAD_POINTER, ANYWHERE, NO_SPEC, READ_AREA,
          NO_ID);
}

/* Of two that are more than half of what there is the second has no room. */
static void cloning_the_big(void)
{
    const uint32_t more_than_half = 0x48000000;
    char *bytes;
    long big = sys(SYS_create_area, "big", &bytes, ANY_ADDRESS, more_than_half,
                   NO_LOCK, READ_AREA);

    CHECK(big > 0);
    FAILS(B_NO_MEMORY, clone_area, "x", ANYWHERE, ANY_ADDRESS, READ_AREA, big);
    FAILS(B_NO_MEMORY, transfer_area, big, ANYWHERE, ANY_ADDRESS,
          sys(SYS_get_current_team));
    FAILS(B_BAD_ADDRESS, clone_area, "x", at(LAST), BASE_ADDRESS, READ_AREA,
          big);
    CHECK_STATUS(sys(SYS_delete_area, big), HK_B_OK);
}

/* Ids that are none: three of the calls speak of the team that an area has. */
static void bad_ids(void)
{
    for (int i = 0; i < 2; i++) {
        const long id = i == 0 ? -1 : NO_ID;

        FAILS(B_BAD_VALUE, delete_area, id);
        FAILS(B_BAD_TEAM_ID, get_area_info, id, info);
        FAILS(B_BAD_TEAM_ID, resize_area, id, PAGE);
        FAILS(B_BAD_TEAM_ID, set_area_protection, id, READ_AREA);
        FAILS(B_BAD_TEAM_ID, transfer_area, id, ANYWHERE, ANY_ADDRESS, 0);
    }
    FAILS(B_NOT_ALLOWED, delete_area, kernel_area);
    FAILS(B_NOT_ALLOWED, resize_area, kernel_area, 64 * PAGE);
    FAILS(B_NOT_ALLOWED, set_area_protection, kernel_area, READ_AREA);
    FAILS(B_NOT_ALLOWED, transfer_area, kernel_area, ANYWHERE, ANY_ADDRESS, 0);
    FAILS(B_BAD_ADDRESS, get_area_info, area, hole);
    FAILS(B_BAD_ADDRESS, get_area_info, NO_ID, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, get_area_info, NO_ID, (void *)PAGE);
    FAILS(B_BAD_ADDRESS, get_area_info, NO_ID, (void *)0);
    FAILS(B_BAD_TEAM_ID, get_area_info, NO_ID, hole);
    FAILS(B_ERROR, area_for, BAD_POINTER);
    FAILS(B_ERROR, area_for, hole);
    FAILS(B_NAME_NOT_FOUND, find_area, "nobody's");
    FAILS(B_BAD_ADDRESS, find_area, (void *)0);
    cookie = 0;
    FAILS(B_BAD_TEAM_ID, get_next_area_info, NO_ID, &cookie, info);
    FAILS(B_BAD_TEAM_ID, get_next_area_info, -1, &cookie, info);
    FAILS(B_ENTRY_NOT_FOUND, get_next_area_info, KERNEL_TEAM, &cookie, info);
    FAILS(B_BAD_ADDRESS, get_next_area_info, 0, (void *)0, info);
    FAILS(B_BAD_ADDRESS, get_next_area_info, NO_ID, &cookie, (void *)PAGE);
    FAILS(B_BAD_TEAM_ID, get_next_area_info, NO_ID, &cookie, hole);
    FAILS(B_BAD_ADDRESS, get_next_area_info, 0, &cookie, hole);
    CHECK(cookie > 0); /* which is written first */
    cookie = -1;
    FAILS(B_ENTRY_NOT_FOUND, get_next_area_info, 0, &cookie, info);
    FAILS(B_ENTRY_NOT_FOUND, get_next_area_info, NO_ID, &cookie, info);
    cookie = 0x7ffffff0;
    FAILS(B_ENTRY_NOT_FOUND, get_next_area_info, 0, &cookie, info);
}

static uint32_t told_protection(long id)
{
    uint32_t words[sizeof(info) / 4];

    CHECK_STATUS(sys(SYS_get_area_info, id, words), HK_B_OK);
    return words[11];
}

/* What could not be transferred has become cloneable and shared. */
static void transferring(void)
{
    void *place;
    long id =
        sys(SYS_create_area, "kept", at(0), ANY_ADDRESS, PAGE, NO_LOCK, BOTH);

    FAILS(B_BAD_ADDRESS, transfer_area, id, LOW, EXACT_ADDRESS,
          sys(SYS_get_current_team));
    FAILS(B_BAD_ADDRESS, transfer_area, id, BAD_POINTER, ANY_ADDRESS, NO_ID);
    CHECK(told_protection(id) == 0x33 + 0x2100);
    FAILS(B_BAD_VALUE, transfer_area, id, ANYWHERE, NO_SPEC,
          sys(SYS_get_current_team));
    CHECK_STATUS(sys(SYS_delete_area, id), HK_B_OK);
    place = at((void *)0x20000000);
    id = sys(SYS_create_area, "empty", place, EXACT_ADDRESS, PAGE, NO_LOCK,
             BOTH);
    CHECK_STATUS(sys(SYS_resize_area, id, 0), HK_B_OK);
    FAILS(B_BAD_VALUE, clone_area, "x", ANYWHERE, ANY_ADDRESS, BOTH, id);
    FAILS(B_BAD_VALUE, transfer_area, id, ANYWHERE, ANY_ADDRESS,
          sys(SYS_get_current_team));
    CHECK_STATUS(sys(SYS_delete_area, id), HK_B_OK);
}

/* Before a range that it was not made in an area does not grow. */
static void growing(void)
{
    char *const place = (char *)0x20000000;
    const long id = sys(SYS_create_area, "before", at(place), EXACT_ADDRESS,
                        PAGE, NO_LOCK, BOTH);

    CHECK_STATUS(
        sys(SYS_reserve_address_range, at(place + PAGE), EXACT_ADDRESS, PAGE),
        HK_B_OK);
    FAILS(B_ERROR, resize_area, id, 2 * PAGE);
    CHECK_STATUS(sys(SYS_unreserve_address_range, place + PAGE, PAGE - 1),
                 HK_B_OK);
    FAILS(B_ERROR, resize_area, id, 2 * PAGE);
    CHECK_STATUS(sys(SYS_unreserve_address_range, place + PAGE, PAGE), HK_B_OK);
    CHECK_STATUS(sys(SYS_resize_area, id, 2 * PAGE), HK_B_OK);
    CHECK_STATUS(sys(SYS_delete_area, id), HK_B_OK);
}

static void changing(void)
{
    FAILS(B_BAD_VALUE, resize_area, area, PAGE + 1);
    FAILS(B_BAD_VALUE, resize_area, NO_ID, PAGE + 1);
    FAILS(B_ERROR, resize_area, area, 0x7f000000);
    FAILS(B_BAD_VALUE, set_area_protection, area, BAD_PROTECTION);
    FAILS(B_BAD_VALUE, set_area_protection, NO_ID, BAD_PROTECTION);
    FAILS(B_BAD_VALUE, set_area_protection, area, KERNEL_READ_AREA);
    FAILS(B_BAD_VALUE, transfer_area, area, ANYWHERE, ANY_KERNEL, 0);
    FAILS(B_BAD_VALUE, transfer_area, area, ANYWHERE, ANY_ADDRESS, NO_ID);
    FAILS(B_BAD_ADDRESS, transfer_area, NO_ID, (void *)0, ANY_ADDRESS, 0);
    FAILS(B_BAD_VALUE, reserve_address_range, ANYWHERE, ANY_KERNEL, PAGE);
    FAILS(B_BAD_VALUE, reserve_address_range, ANYWHERE, NO_SPEC, PAGE);
    FAILS(B_BAD_VALUE, reserve_address_range, ANYWHERE, ANY_ADDRESS, 0);
    FAILS(B_BAD_VALUE, reserve_address_range, at(memory), EXACT_ADDRESS, PAGE);
    FAILS(B_NO_MEMORY, reserve_address_range, ANYWHERE, ANY_ADDRESS, TOO_LARGE);
    FAILS(B_BAD_ADDRESS, reserve_address_range, ANYWHERE, ANY_ADDRESS,
          TOO_MUCH);
    FAILS(B_BAD_ADDRESS, reserve_address_range, at(LAST), BASE_ADDRESS,
          2 * PAGE);
    FAILS(B_BAD_ADDRESS, reserve_address_range, LOW, EXACT_ADDRESS, PAGE);
    FAILS(B_BAD_ADDRESS, reserve_address_range, KERNEL, EXACT_ADDRESS, PAGE);
    FAILS(B_BAD_ADDRESS, reserve_address_range, (void *)0, ANY_ADDRESS, PAGE);
    FAILS(B_BAD_VALUE, reserve_address_range, (void *)0, ANY_KERNEL, PAGE);
}

static void others(void)
{
    /* The parent's, that is to say. */
    FAILS(B_BAD_VALUE, delete_area, area);
    FAILS(B_NOT_ALLOWED, set_area_protection, area, READ_AREA);
    FAILS(B_NOT_ALLOWED, clone_area, "x", ANYWHERE, ANY_ADDRESS, READ_AREA,
          area);
    FAILS(B_PERMISSION_DENIED, transfer_area, area, ANYWHERE, ANY_ADDRESS, 0);
}

/* ---- files ---- */

static void mapping(void)
{
    long readable = sys(SYS_open, AT_FDCWD, "mapped", O_RDWR | O_CREAT, 0600);
    long writable = sys(SYS_open, AT_FDCWD, "mapped", O_WRONLY, 0);
    long directory = sys(SYS_open_dir, AT_FDCWD, ".");
    long queue = sys(SYS_event_queue_create, 0);
    char *mapped, *const kept = (char *)0x20000000;
    long id;

    CHECK_STATUS(sys(SYS_write, readable, 0LL, info, 64), 64);
    sys(SYS_close, readable);
    readable = sys(SYS_open, AT_FDCWD, "mapped", O_RDONLY, 0);
    FAILS(B_BAD_VALUE, map_file, "x", ANYWHERE, ANY_ADDRESS, PAGE,
          BAD_PROTECTION, SHARED_MAP, 0, readable, 0LL);
    FAILS(B_BAD_VALUE, map_file, "x", ANYWHERE, NO_SPEC, PAGE, READ_AREA,
          SHARED_MAP, 0, readable, 0LL);
    FAILS(B_BAD_VALUE, map_file, "x", ANYWHERE, ANY_ADDRESS, 0, READ_AREA,
          SHARED_MAP, 0, -1, 0LL);
    FAILS(B_BAD_VALUE, map_file, "x", ANYWHERE, ANY_ADDRESS, PAGE, READ_AREA,
          SHARED_MAP, 0, readable, -4096LL);
    FAILS(B_BAD_VALUE, map_file, "x", at(memory + 1), EXACT_ADDRESS, PAGE,
          READ_AREA, SHARED_MAP, 0, readable, 0LL);
    FAILS(B_BAD_VALUE, map_file, "x", at(memory), EXACT_ADDRESS, 0xfffff000u,
          READ_AREA, SHARED_MAP, 0, readable, 0LL);
    FAILS(B_BAD_VALUE, map_file, "x", at(memory), EXACT_ADDRESS, PAGE,
          READ_AREA, SHARED_MAP, 0, readable, 0LL);
    FAILS(B_BAD_VALUE, map_file, "x", ANYWHERE, ANY_ADDRESS, PAGE, READ_AREA,
          SHARED_MAP, 0, directory, 0LL);
    FAILS(B_BAD_ADDRESS, map_file, "x", KERNEL, EXACT_ADDRESS, PAGE, READ_AREA,
          SHARED_MAP, 0, readable, 0LL);
    FAILS(B_BAD_ADDRESS, map_file, "x", LOW, EXACT_ADDRESS, PAGE, READ_AREA,
          SHARED_MAP, 0, NO_FD, 0LL);
    FAILS(B_BAD_ADDRESS, map_file, "x", at(LAST), EXACT_ADDRESS, 2 * PAGE,
          READ_AREA, SHARED_MAP, 0, NO_FD, 0LL);
    FAILS(B_BAD_ADDRESS, map_file, "x", at(LAST), BASE_ADDRESS, 2 * PAGE,
          READ_AREA, SHARED_MAP, 0, readable, 0LL);
    FAILS(B_BAD_ADDRESS, map_file, "x", ANYWHERE, ANY_ADDRESS, TOO_MUCH,
          READ_AREA, PRIVATE_MAP, 0, readable, 0LL);
    FAILS(B_FILE_ERROR, map_file, "x", ANYWHERE, ANY_ADDRESS, PAGE, READ_AREA,
          SHARED_MAP, 0, queue, 0LL);
    FAILS(B_BAD_ADDRESS, map_file, (void *)0, ANYWHERE, ANY_ADDRESS, PAGE,
          READ_AREA, SHARED_MAP, 0, readable, 0LL);
    FAILS(B_FILE_ERROR, map_file, "x", ANYWHERE, ANY_ADDRESS, PAGE, READ_AREA,
          SHARED_MAP, 0, NO_FD, 0LL);
    FAILS(B_PERMISSION_DENIED, map_file, "x", ANYWHERE, ANY_ADDRESS, PAGE,
          READ_AREA, SHARED_MAP, 0, writable, 0LL);
    FAILS(B_PERMISSION_DENIED, map_file, "x", ANYWHERE, ANY_ADDRESS, PAGE,
          READ_AREA, PRIVATE_MAP, 0, writable, 0LL);
    FAILS(B_PERMISSION_DENIED, map_file, "x", ANYWHERE, ANY_ADDRESS, PAGE, BOTH,
          SHARED_MAP, 0, readable, 0LL);
    FAILS(B_NOT_ALLOWED, map_file, "x",
          at((void *)((uint32_t)user_thread & ~(PAGE - 1u))), EXACT_ADDRESS,
          PAGE, READ_AREA, SHARED_MAP, 1, readable, 0LL);
    FAILS(B_NO_MEMORY, map_file, "x", ANYWHERE, ANY_ADDRESS, TOO_LARGE,
          READ_AREA, SHARED_MAP, 0, readable, 0LL);
    FAILS(B_NO_MEMORY, map_file, "x", ANYWHERE, ANY_ADDRESS, TOO_LARGE,
          READ_AREA, PRIVATE_MAP, 0, -1, 0LL);
    id = sys(SYS_map_file, "x", at(kept), EXACT_ADDRESS, PAGE, READ_AREA,
             SHARED_MAP, 0, readable, 0LL);
    CHECK(id > 0);
    mapped = kept;
    /* What was opened for reading is not stored to. */
    FAILS(B_NOT_ALLOWED, set_area_protection, id, BOTH);
    FAILS(B_NOT_ALLOWED, set_memory_protection, mapped, PAGE, BOTH);
    FAILS(B_NOT_ALLOWED, resize_area, id, 2 * PAGE);
    FAILS(B_NOT_ALLOWED, resize_area, id, 0);
    /* The order is that of the addresses. */
    FAILS(B_NOT_ALLOWED, set_memory_protection, mapped, 2 * PAGE, BOTH);
    FAILS(B_NO_MEMORY, set_memory_protection, mapped - PAGE, 2 * PAGE, BOTH);
    /* What is locked is to be stored to. */
    FAILS(B_PERMISSION_DENIED, mlock, mapped, 2 * PAGE);
    FAILS(B_PERMISSION_DENIED, munlock, mapped, PAGE);
    CHECK_STATUS(sys(SYS_delete_area, id), HK_B_OK);
    sys(SYS_close, readable);
    readable = sys(SYS_open, AT_FDCWD, "mapped", O_RDWR, 0);
    id = sys(SYS_map_file, "x", at(kept), EXACT_ADDRESS, PAGE, BOTH, SHARED_MAP,
             0, readable, 0LL);
    CHECK(id > 0);
    FAILS(B_BAD_VALUE, mlock, mapped, 2 * PAGE);
    FAILS(B_BAD_VALUE, munlock, mapped, PAGE);
    CHECK_STATUS(sys(SYS_delete_area, id), HK_B_OK);
    sys(SYS_close, queue);
    sys(SYS_close, readable);
    sys(SYS_close, writable);
    sys(SYS_close, directory);
}

/* A mapping stays when its address cannot be told; an area does not. */
static void telling(void)
{
    void **place;
    const long id =
        sys(SYS_create_area, "place", &place, ANY_ADDRESS, PAGE, NO_LOCK, BOTH);

    *place = 0;
    CHECK_STATUS(sys(SYS_set_area_protection, id, READ_AREA), HK_B_OK);
    FAILS(B_BAD_ADDRESS, map_file, "stays", place, ANY_ADDRESS, PAGE, READ_AREA,
          PRIVATE_MAP, 0, -1, 0LL);
    CHECK_STATUS(sys(SYS_delete_area, sys(SYS_find_area, "stays")), HK_B_OK);
    FAILS(B_BAD_ADDRESS, create_area, "goes", place, ANY_ADDRESS, PAGE, NO_LOCK,
          READ_AREA);
    FAILS(B_BAD_ADDRESS, clone_area, "goes", place, ANY_ADDRESS, READ_AREA,
          area);
    FAILS(B_NAME_NOT_FOUND, find_area, "goes");
    FAILS(B_BAD_ADDRESS, reserve_address_range, place, ANY_ADDRESS, PAGE);
    FAILS(B_PERMISSION_DENIED, mlock, place, PAGE);
    CHECK_STATUS(sys(SYS_delete_area, id), HK_B_OK);
}

/* ---- ranges of memory ---- */

static void ranges(void)
{
    FAILS(B_BAD_VALUE, unmap_memory, memory + 1, PAGE);
    FAILS(B_BAD_VALUE, unmap_memory, memory, 0);
    FAILS(B_BAD_VALUE, unmap_memory, memory, 0xfffff000u);
    FAILS(B_BAD_ADDRESS, unmap_memory, KERNEL_POINTER, PAGE);
    FAILS(B_BAD_ADDRESS, unmap_memory, memory, 0x80000000u);
    FAILS(B_BAD_VALUE, set_memory_protection, memory + 1, PAGE, READ_AREA);
    FAILS(B_BAD_VALUE, set_memory_protection, memory, PAGE, BAD_PROTECTION);
    FAILS(B_NO_MEMORY, set_memory_protection, hole, PAGE, READ_AREA);
    FAILS(B_NO_MEMORY, set_memory_protection, KERNEL_POINTER, PAGE,
          BAD_PROTECTION);
    FAILS(B_BAD_VALUE, set_memory_protection, hole, PAGE, CLONEABLE_AREA);
    FAILS(B_NO_MEMORY, set_memory_protection, LAST + PAGE, 0, BAD_PROTECTION);
    FAILS(B_BAD_VALUE, sync_memory, memory + 1, PAGE, MS_SYNC);
    FAILS(B_BAD_VALUE, sync_memory, memory, PAGE, MS_SYNC | MS_ASYNC);
    FAILS(B_NO_MEMORY, sync_memory, hole, PAGE, MS_SYNC);
    FAILS(B_NO_MEMORY, sync_memory, hole, PAGE, MS_ASYNC);
    FAILS(B_NO_MEMORY, sync_memory, KERNEL_POINTER, PAGE, MS_SYNC | MS_ASYNC);
    FAILS(B_BAD_VALUE, memory_advice, memory + 1, PAGE, MADV_NORMAL);
    FAILS(B_BAD_VALUE, memory_advice, memory, PAGE, 0);
    FAILS(B_BAD_VALUE, memory_advice, memory, PAGE, 7);
    FAILS(B_NO_MEMORY, memory_advice, KERNEL_POINTER, PAGE, 7);
    FAILS(B_BAD_VALUE, mlock, memory + 1, PAGE);
    FAILS(B_BAD_VALUE, mlock, KERNEL_POINTER, PAGE);
    FAILS(B_BAD_VALUE, mlock, LAST + PAGE, 0);
    FAILS(B_BAD_ADDRESS, mlock, hole, PAGE);
    FAILS(B_BAD_VALUE, munlock, memory + 1, PAGE);
    FAILS(B_BAD_VALUE, munlock, KERNEL_POINTER, PAGE);
    FAILS(B_BAD_ADDRESS, munlock, hole, PAGE);
}

static void properties(void)
{
    const long team = sys(SYS_get_current_team);
    int32_t protection, lock;

    FAILS(B_NO_MEMORY, get_memory_properties, team, hole, &protection, &lock);
    FAILS(B_BAD_TEAM_ID, get_memory_properties, NO_ID, memory, &protection,
          &lock);
    FAILS(B_BAD_TEAM_ID, get_memory_properties, 0, memory, &protection, &lock);
    FAILS(B_BAD_ADDRESS, get_memory_properties, NO_ID, memory, KERNEL_POINTER,
          &lock);
    FAILS(B_BAD_ADDRESS, get_memory_properties, NO_ID, memory, &protection,
          (void *)PAGE);
    FAILS(B_BAD_TEAM_ID, get_memory_properties, NO_ID, memory, &protection,
          hole);
    FAILS(B_BAD_ADDRESS, get_memory_properties, team, memory, hole, &lock);
    protection = 0;
    FAILS(B_BAD_ADDRESS, get_memory_properties, team, memory, &protection,
          hole);
    CHECK(protection == 0x2133); /* told first; it was to be transferred */
    FAILS(B_NO_MEMORY, get_memory_properties, KERNEL_TEAM, memory, &protection,
          &lock);
}

static void kernels(void)
{
    char *page = (char *)((uint32_t)user_thread & ~(PAGE - 1u));

    FAILS(B_NOT_ALLOWED, unmap_memory, page, PAGE);
    FAILS(B_NOT_ALLOWED, set_memory_protection, page, PAGE, READ_AREA);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    area = sys(SYS_create_area, "area", &memory, ANY_ADDRESS, 2 * PAGE, NO_LOCK,
               BOTH);
    CHECK_STATUS(sys(SYS_reserve_address_range, &hole, ANY_ADDRESS, 2 * PAGE),
                 HK_B_OK);
    __asm__("movl %%fs:16, %0" : "=r"(user_thread));
    kernel_area = sys(SYS_area_for, user_thread);
    CHECK(kernel_area > 0);
    creating();
    cloning();
    cloning_the_big();
    bad_ids();
    in_child(others);
    changing();
    transferring();
    growing();
    mapping();
    telling();
    ranges();
    properties();
    kernels();
    print("errors checked\n");
    return 0;
}
