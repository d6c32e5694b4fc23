/* areas.c -- areas, ranges, mappings and protections, errors included. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

enum { PAGE = 4096, SPEC_CLONE = 3, SPEC_KERNEL = 4, CLONEABLE_AREA = 0x100 };

struct area_info {
    int32_t area;
    char name[32];
    uint32_t size, lock, protection;
    int32_t team;
    uint32_t ram_size, copy_count, in_count, out_count;
    void *address;
};

static long create(const char *name, void **address, uint32_t spec,
                   uint32_t size, uint32_t protection)
{
    return sys(SYS_create_area, name, address, spec, size, 0, protection);
}

static void create_and_ask(void)
{
    struct area_info info;
    char *memory = 0;
    long id = create("an area", (void **)&memory, ANY_ADDRESS, 2 * PAGE - 1,
                     READ_AREA | WRITE_AREA);

    CHECK(id > 0);
    for (int i = 0; i < 2 * PAGE; i += 1000)
        CHECK(memory[i] == 0);
    memory[2 * PAGE - 1] = 7;
    CHECK_STATUS(sys(SYS_get_area_info, id, &info), HK_B_OK);
    CHECK(info.area == id && info.address == memory && info.size == 2 * PAGE);
    CHECK(strcmp(info.name, "an area") == 0);
    /* The kernel's own read and write bits show as well. */
    CHECK(info.protection == 0x33);
    CHECK(info.ram_size == info.size && info.lock == 0);
    CHECK_STATUS(sys(SYS_area_for, memory + PAGE), id);
    CHECK_STATUS(sys(SYS_area_for, BAD_POINTER), HK_B_ERROR);
    CHECK_STATUS(sys(SYS_find_area, "an area"), id);
    CHECK_STATUS(sys(SYS_find_area, "none"), HK_B_NAME_NOT_FOUND);
    CHECK_STATUS(sys(SYS_delete_area, id), HK_B_OK);
    CHECK_STATUS(sys(SYS_delete_area, id), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_get_area_info, id, &info), HK_B_BAD_TEAM_ID);
    CHECK_STATUS(sys(SYS_area_for, memory), HK_B_ERROR);
}

static void create_errors(void)
{
    void *address = 0;
    void *odd = (void *)0x20000001;
    void *kernel = KERNEL_POINTER;

    CHECK_STATUS(create("x", &address, ANY_ADDRESS, 0, READ_AREA),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(create("x", &address, ANY_ADDRESS, PAGE, 0x10000),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(create("x", &address, SPEC_CLONE, PAGE, READ_AREA),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(create("x", &address, SPEC_KERNEL, PAGE, READ_AREA),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(
        sys(SYS_delete_area, create("x", &odd, EXACT_ADDRESS, PAGE, READ_AREA)),
        HK_B_OK);
    CHECK(odd == (void *)0x20001000);
    CHECK_STATUS(create("x", &kernel, EXACT_ADDRESS, PAGE, READ_AREA),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(create("x", BAD_POINTER, ANY_ADDRESS, PAGE, READ_AREA),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(create(BAD_POINTER, &address, ANY_ADDRESS, PAGE, READ_AREA),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(create("x", &address, ANY_ADDRESS, 0x7fff0000, READ_AREA),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(create("x", &address, ANY_ADDRESS, 0x70000000, READ_AREA),
                 HK_B_NO_MEMORY);
}

/* Ranges take what is free and nothing of each other; areas take of them what
 * is not found elsewhere. */
static void ranges_until_full(void)
{
    void *range, *memory;
    long status = 0;

    for (unsigned size = 0x10000000; size >= PAGE; size /= 2) {
        do {
            range = (void *)0x60000000;
            status = sys(SYS_reserve_address_range, &range, BASE_ADDRESS, size);
        } while (status == HK_B_OK);
        CHECK_STATUS(status, HK_B_NO_MEMORY);
    }
    range = (void *)0x60000000;
    CHECK_STATUS(sys(SYS_reserve_address_range, &range, EXACT_ADDRESS, PAGE),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_delete_area, create("of a range", &memory, ANY_ADDRESS,
                                             PAGE, READ_AREA | WRITE_AREA)),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_unreserve_address_range, 0x100000, 0x7fef0000),
                 HK_B_OK);
    range = (void *)0x60000000;
    CHECK_STATUS(sys(SYS_reserve_address_range, &range, BASE_ADDRESS, PAGE),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_unreserve_address_range, range, PAGE), HK_B_OK);
}

static void reserve_and_resize(void)
{
    void *range = (void *)0x30000000;
    void *inside, *after;
    long id;

    CHECK_STATUS(
        sys(SYS_reserve_address_range, &range, EXACT_ADDRESS, 16 * PAGE),
        HK_B_OK);
    inside = range;
    id = create("inside", &inside, EXACT_ADDRESS, PAGE, READ_AREA | WRITE_AREA);
    CHECK(id > 0);
    after = range;
    CHECK_STATUS(create("again", &after, EXACT_ADDRESS, PAGE, READ_AREA),
                 HK_B_BAD_VALUE);
    after = range;
    CHECK(create("after", &after, BASE_ADDRESS, PAGE, READ_AREA) > 0);
    CHECK((char *)after >= (char *)range + 16 * PAGE);
    CHECK_STATUS(sys(SYS_resize_area, id, 4 * PAGE), HK_B_OK);
    ((char *)inside)[4 * PAGE - 1] = 1;
    CHECK_STATUS(sys(SYS_resize_area, id, PAGE + 1), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_resize_area, id, 17 * PAGE), HK_B_ERROR);
    CHECK_STATUS(sys(SYS_resize_area, id, PAGE), HK_B_OK);
    CHECK_STATUS(sys(SYS_resize_area, 9999, PAGE), HK_B_BAD_TEAM_ID);
    CHECK_STATUS(sys(SYS_unreserve_address_range, range, 16 * PAGE), HK_B_OK);
    ranges_until_full();
    CHECK_STATUS(
        sys(SYS_reserve_address_range, BAD_POINTER, EXACT_ADDRESS, PAGE),
        HK_B_BAD_ADDRESS);
}

/* Where no area can be is no memory of the team's to begin with. */
static void outside_user_memory(void)
{
    static char *const places[] = {0, (char *)0xff000, (char *)0x7fff0000,
                                   (char *)0x80000000};

    for (int i = 0; i < 4; i++) {
        CHECK_STATUS(sys(SYS_unmap_memory, places[i], PAGE), HK_B_BAD_ADDRESS);
        CHECK_STATUS(sys(SYS_set_memory_protection, places[i], PAGE, READ_AREA),
                     HK_B_NO_MEMORY);
        CHECK_STATUS(sys(SYS_sync_memory, places[i], PAGE, 1), HK_B_NO_MEMORY);
        CHECK_STATUS(sys(SYS_memory_advice, places[i], PAGE, 1),
                     HK_B_NO_MEMORY);
        CHECK_STATUS(sys(SYS_mlock, places[i], PAGE), HK_B_BAD_VALUE);
        CHECK_STATUS(sys(SYS_munlock, places[i], PAGE), HK_B_BAD_VALUE);
    }
}

static int is_readable(const void *address)
{
    /* A call tells without a crash. */
    return sys(SYS_find_area, address) != HK_B_BAD_ADDRESS;
}

static void protections(void)
{
    char *memory = 0;
    long id = create("pages", (void **)&memory, ANY_ADDRESS, 3 * PAGE,
                     READ_AREA | WRITE_AREA);

    CHECK_STATUS(sys(SYS_set_memory_protection, memory + PAGE, PAGE, 0),
                 HK_B_OK);
    CHECK(is_readable(memory));
    CHECK(!is_readable(memory + PAGE));
    CHECK(is_readable(memory + 2 * PAGE));
    CHECK_STATUS(sys(SYS_set_memory_protection, memory + 1, PAGE, READ_AREA),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_set_memory_protection, memory, 64 * PAGE, READ_AREA),
                 HK_B_NO_MEMORY);
    CHECK_STATUS(sys(SYS_set_area_protection, id, READ_AREA), HK_B_OK);
    CHECK(is_readable(memory + PAGE));
    CHECK_STATUS(sys(SYS_set_area_protection, id, 0x1000), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_set_area_protection, 9999, READ_AREA),
                 HK_B_BAD_TEAM_ID);
    CHECK_STATUS(sys(SYS_unmap_memory, memory + PAGE, PAGE), HK_B_OK);
    CHECK(!is_readable(memory + PAGE));
    CHECK(sys(SYS_area_for, memory) == id);
    CHECK(sys(SYS_area_for, memory + 2 * PAGE) > 0);
    CHECK(sys(SYS_area_for, memory + 2 * PAGE) != id);
    CHECK_STATUS(sys(SYS_unmap_memory, memory + 1, PAGE), HK_B_BAD_VALUE);
}

static uint32_t told(long id)
{
    struct area_info info;

    CHECK_STATUS(sys(SYS_get_area_info, id, &info), HK_B_OK);
    return info.protection;
}

static uint32_t told_at(void *address)
{
    uint32_t protection = 0, lock;

    CHECK_STATUS(sys(SYS_get_memory_properties, sys(SYS_get_current_team),
                     address, &protection, &lock),
                 HK_B_OK);
    return protection;
}

/* An area that is protected as a whole is so itself; what is cloned is shared;
 * kinds of locks that are another's. */
static void told_protections(void)
{
    static const struct {
        uint32_t lock, size, told;
    } locks[] = {
        {4, PAGE, 3},     {4, 2 * PAGE, 3}, {6, PAGE, 2}, {6, 2 * PAGE, 3},
        {5, 2 * PAGE, 2}, {3, PAGE, 2},     {1, PAGE, 1}, {7, PAGE, 7},
    };
    void *memory = 0, *clone = 0;
    long id = create("told", &memory, ANY_ADDRESS, 2 * PAGE,
                     READ_AREA | WRITE_AREA | CLONEABLE_AREA);
    long cloned;

    CHECK_STATUS(told(id), 0x133);
    CHECK_STATUS(told_at((char *)memory + PAGE), 0x133);
    cloned = sys(SYS_clone_area, "c", &clone, ANY_ADDRESS, READ_AREA, id);
    CHECK_STATUS(told(id), 0x2133);
    CHECK_STATUS(told(cloned), 0x2011);
    CHECK_STATUS(told_at(clone), 0x2011);
    CHECK_STATUS(sys(SYS_set_area_protection, id, READ_AREA), HK_B_OK);
    CHECK_STATUS(told(id), 0x11); /* not even shared */
    sys(SYS_set_memory_protection, clone, PAGE, 0);
    CHECK_STATUS(told(cloned), 0x2011);
    CHECK_STATUS(told_at(clone), 0);
    CHECK_STATUS(told_at((char *)clone + PAGE), 0x11);
    sys(SYS_delete_area, cloned);
    sys(SYS_delete_area, id);
    id = create("told", &memory, ANY_ADDRESS, 2 * PAGE, READ_AREA | WRITE_AREA);
    sys(SYS_set_memory_protection, memory, 2 * PAGE, READ_AREA);
    CHECK_STATUS(told(id), 0x11);
    sys(SYS_delete_area, id);
    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
        struct area_info info = {0};

        id = sys(SYS_create_area, "lock", &memory, ANY_ADDRESS, locks[i].size,
                 locks[i].lock, READ_AREA);
        CHECK_STATUS(sys(SYS_get_area_info, id, &info), HK_B_OK);
        CHECK_STATUS(info.lock, locks[i].told);
        if (info.lock == 2 || info.lock == 3)
            CHECK_STATUS(info.ram_size, info.size);
        sys(SYS_delete_area, id);
    }
}

static void files(void)
{
    long fd = sys(SYS_open, AT_FDCWD, "mapped", O_RDWR | O_CREAT, 0644);
    char *shared = 0, *private = 0;
    char byte = 0;
    long id;

    sys(SYS_write, fd, NO_POSITION, "0123456789", 10);
    id = sys(SYS_map_file, "shared", &shared, ANY_ADDRESS, PAGE,
             READ_AREA | WRITE_AREA, 0, 0, fd, 0LL);
    CHECK(id > 0);
    CHECK(sys(SYS_map_file, "private", &private, ANY_ADDRESS, PAGE,
              READ_AREA | WRITE_AREA, 1, 0, fd, 0LL) > 0);
    CHECK(memcmp(shared, "0123456789\0", 11) == 0);
    shared[0] = 'a';
    CHECK(private[0] == 'a');
    private[1] = 'b';
    CHECK(shared[1] == '1');
    CHECK_STATUS(sys(SYS_read, fd, 0LL, &byte, 1), 1);
    CHECK(byte == 'a');
    CHECK_STATUS(sys(SYS_sync_memory, shared, PAGE, 2), HK_B_OK);
    CHECK_STATUS(sys(SYS_sync_memory, shared, PAGE, 3), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_resize_area, id, 2 * PAGE), HK_B_NOT_ALLOWED);
    CHECK_STATUS(sys(SYS_map_file, "x", &shared, ANY_ADDRESS, PAGE, READ_AREA,
                     0, 0, 99, 0LL),
                 HK_B_FILE_ERROR);
    CHECK(sys(SYS_map_file, "x", &private, ANY_ADDRESS, PAGE, READ_AREA, 2, 0,
              fd, 0LL) > 0);
    CHECK(private[0] == 'a');
    sys(SYS_close, fd);
    fd = sys(SYS_open, AT_FDCWD, "mapped", O_RDONLY, 0);
    CHECK_STATUS(sys(SYS_map_file, "x", &shared, ANY_ADDRESS, PAGE,
                     READ_AREA | WRITE_AREA, 0, 0, fd, 0LL),
                 HK_B_PERMISSION_DENIED);
    sys(SYS_close, fd);
}

/* Cookies are addresses: each area comes once, in order. */
static void iterate(void)
{
    struct area_info info;
    int32_t cookie = 0, commpage = -1;
    char *last = 0;
    int count = 0;
    long status;

    while ((status = sys(SYS_get_next_area_info, 0, &cookie, &info)) == 0) {
        CHECK((char *)info.address > last);
        last = info.address;
        count++;
        if (strcmp(info.name, "commpage") == 0)
            commpage = info.area;
        CHECK(info.size > 0 && info.size % PAGE == 0);
        CHECK_STATUS(info.team, sys(SYS_get_current_team));
        CHECK(info.copy_count == 0 && info.in_count == 0 &&
              info.out_count == 0);
        CHECK(info.ram_size % PAGE == 0);
    }
    CHECK_STATUS(status, HK_B_ENTRY_NOT_FOUND);
    CHECK(count > 5);
    /* What belongs to the kernel stays; find_area() may find another team's. */
    CHECK_STATUS(sys(SYS_delete_area, commpage), HK_B_NOT_ALLOWED);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    create_and_ask();
    create_errors();
    reserve_and_resize();
    outside_user_memory();
    protections();
    told_protections();
    files();
    iterate();
    print("areas checked\n");
    return 0;
}
