/* guestmem_bench.c -- what each call costs, in nanoseconds. */
/* SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <guestmem/guestmem.h>

enum { PAGE = GM_PAGE_SIZE, REGIONS = 1000, ROUNDS = 7 };

static const gm_addr memory = 0x100000;   /* 1 MiB of it, with a string */
static const gm_addr regions = 0x1000000; /* every second page */
static const gm_addr room = 0x8000000;    /* for changes */

struct bench {
    struct gm_space *space;
    char bytes[PAGE];
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void must(int result)
{
    if (result < 0) {
        fprintf(stderr, "guestmem_bench: %s\n", gm_error_text(result));
        exit(1);
    }
}

static void map(struct bench *bench, gm_addr address, uint64_t size)
{
    struct gm_mapping mapping = {.address = address,
                                 .size = size,
                                 .prot = GM_PROT_READ | GM_PROT_WRITE,
                                 .fd = -1};
    must(gm_map(bench->space, &mapping));
}

static void copy_in_8(struct bench *bench)
{
    must(gm_copy_in(bench->space, bench->bytes, memory + 24, 8));
}

static void copy_in_64(struct bench *bench)
{
    must(gm_copy_in(bench->space, bench->bytes, memory + 24, 64));
}

static void copy_in_4096(struct bench *bench)
{
    must(gm_copy_in(bench->space, bench->bytes, memory + 24, 4096));
}

static void copy_out_64(struct bench *bench)
{
    must(gm_copy_out(bench->space, memory + PAGE + 512, bench->bytes, 64));
}

static void copy_string_40(struct bench *bench)
{
    must(gm_copy_string_in(bench->space, bench->bytes, memory + 24, PAGE));
}

static void compare_exchange(struct bench *bench)
{
    uint32_t value = 0;
    must(gm_compare_exchange(bench->space, memory + 3 * PAGE, &value, 0));
}

static void query(struct bench *bench)
{
    struct gm_mapping region;
    must(gm_query(bench->space, regions + REGIONS * PAGE, &region));
}

static void find_free(struct bench *bench)
{
    gm_addr found;
    must(gm_find_free(bench->space, regions, room, 2 * PAGE, PAGE, &found));
}

static void map_unmap(struct bench *bench)
{
    map(bench, room, 16 * PAGE);
    must(gm_unmap(bench->space, room, 16 * PAGE));
}

static void map_unmap_in_the_middle(struct bench *bench)
{
    map(bench, regions + PAGE, PAGE);
    must(gm_unmap(bench->space, regions + PAGE, PAGE));
}

static void protect_twice(struct bench *bench)
{
    must(gm_protect(bench->space, memory + 8 * PAGE, PAGE, GM_PROT_READ));
    must(gm_protect(bench->space, memory + 8 * PAGE, PAGE,
                    GM_PROT_READ | GM_PROT_WRITE));
}

static void watch_on_off(struct bench *bench)
{
    must(gm_watch_writes(bench->space, memory + 8 * PAGE, 1, 1));
    must(gm_watch_writes(bench->space, memory + 8 * PAGE, 1, 0));
}

static void new_free(struct bench *bench)
{
    struct gm_space *space;
    (void)bench;
    must(gm_space_new(32, &space));
    gm_space_free(space);
}

static void clone_free(struct bench *bench)
{
    struct gm_space *copy;
    must(gm_space_clone(bench->space, &copy));
    gm_space_free(copy);
}

static const struct {
    const char *name;
    void (*run)(struct bench *bench);
    int times;
} rows[] = {
    {"copy_in 8 bytes", copy_in_8, 1000000},
    {"copy_in 64 bytes", copy_in_64, 1000000},
    {"copy_in 4096 bytes", copy_in_4096, 200000},
    {"copy_out 64 bytes", copy_out_64, 1000000},
    {"copy_string_in 40 bytes", copy_string_40, 1000000},
    {"compare_exchange", compare_exchange, 1000000},
    {"query", query, 1000000},
    {"find_free behind 1000 regions", find_free, 20000},
    {"map and unmap 16 pages", map_unmap, 20000},
    {"map and unmap before 1000 regions", map_unmap_in_the_middle, 20000},
    {"protect a page twice", protect_twice, 20000},
    {"watch a page, on and off", watch_on_off, 20000},
    {"new and free", new_free, 2000},
    {"clone and free, 1000 regions", clone_free, 10},
};

/* The fastest of some rounds: what else the machine does only adds. */
static double measure(struct bench *bench, size_t row)
{
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (int i = 0; i < rows[row].times; i++)
            rows[row].run(bench);
        double each = (now() - start) / rows[row].times;
        if (each < best)
            best = each;
    }
    return best;
}

int main(void)
{
    static struct bench bench;

    must(gm_space_new(32, &bench.space));
    map(&bench, memory, 0x100000);
    must(gm_fill(bench.space, memory, 'x', 0x100000));
    must(gm_fill(bench.space, memory + 24 + 40, 0, 1));
    must(gm_fill(bench.space, memory + 3 * PAGE, 0, 4));
    for (gm_addr i = 0; i < REGIONS; i++)
        map(&bench, regions + 2 * i * PAGE, PAGE);
    for (size_t row = 0; row < sizeof(rows) / sizeof(*rows); row++)
        printf("%-36s %10.1f ns\n", rows[row].name, measure(&bench, row));
    gm_space_free(bench.space);
    return 0;
}
