/* jit.c -- a cpu's translated blocks: memory, look-up, links. */
/* SPDX-License-Identifier: MIT */
#include "jit.h"
#include "machine.h"

#if XCPU_HAVE_JIT

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE_SIZE    ((size_t)XCPU_PAGE_SIZE)
#define CODE_DEFAULT ((uint32_t)32 << 20)
#define TABLE_SIZE   ((size_t)4 << 32) /* an entry for each guest address */
#define CLEARED_MAX  256               /* entries, each of a page at worst */
#define PURSE_SIZE   ((size_t)XCPU_JIT_PURSE)
#define PURSE_ROOM   (PAGE_SIZE + PURSE_SIZE)

/* ---- memory ---- */

static void *reserve(size_t size, int protection)
{
    void *at = mmap(NULL, size, protection,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* Maps new memory twice, in place of what is there from an offset on; what is
 * in use of that stays. It is of no file, for then perf asks who translates for
 * names. 0 or < 0. */
static int map_twice(struct xcpu_jit *jit, uint32_t from)
{
    size_t size = jit->size - from;
    uint8_t *writable = jit->writable + from, *code = jit->code + from;
    if (mmap(writable, size, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
             0) == MAP_FAILED)
        return -1;
    memcpy(writable, code, jit->used - from);
    if (mremap(writable, 0, size, MREMAP_MAYMOVE | MREMAP_FIXED, code) ==
        MAP_FAILED)
        return -1;
    return mprotect(code, size, PROT_READ | PROT_EXEC);
}

/* The code is behind the page that stops loops. */
static int map_code(struct xcpu_jit *jit)
{
    uint8_t *room = reserve(PAGE_SIZE + jit->size, PROT_READ);
    if (!room)
        return -1;
    jit->code = room + PAGE_SIZE;
    jit->writable = reserve(jit->size, PROT_NONE);
    return jit->writable ? map_twice(jit, 0) : -1;
}

/* Behind the page that a block reads that cannot be paid. */
static int map_purse(struct xcpu_jit *jit)
{
    uint8_t *room = reserve(PURSE_ROOM, PROT_READ);
    if (!room)
        return -1;
    jit->purse = room + PAGE_SIZE;
    return mprotect(room, PAGE_SIZE, PROT_NONE);
}

static void unmap(struct xcpu_jit *jit)
{
    if (jit->code)
        munmap(jit->code - PAGE_SIZE, PAGE_SIZE + jit->size);
    if (jit->writable)
        munmap(jit->writable, jit->size);
    if (jit->purse)
        munmap(jit->purse - PAGE_SIZE, PURSE_ROOM);
    if (jit->table)
        munmap(jit->table, TABLE_SIZE);
}

static void free_arenas(struct xcpu_jit *jit)
{
    struct xcpu_arena *arena = jit->arena;
    jit->arena = NULL; /* first: a fork may come between */
    xcpu_arena_free(arena);
}

static void free_list(struct xcpu_jit *jit)
{
    free(jit->list);
    free(jit);
}

static int is_counted(const struct xcpu *cpu)
{
    return cpu->machine->config.counted != 0;
}

/* The largest shift of an index that the guard is wide enough for. */
static int8_t window_scale(const struct xcpu *cpu)
{
    uint64_t guard = cpu->machine->config.memory.guard;
    uint64_t wanted = (UINT64_C(2) << 30) + PAGE_SIZE; /* a displacement */
    int8_t scale = -1;
    while (!is_counted(cpu) && scale < 3 && guard >= wanted) {
        scale++;
        wanted += UINT64_C(4) << scale << 30;
    }
    return scale;
}

int xcpu_jit_supported(void)
{
    return 1;
}

void xcpu_jit_new(struct xcpu *cpu)
{
    struct xcpu_jit *jit = calloc(1, sizeof(*jit));
    if (!jit)
        return;
    jit->size = cpu->machine->config.code_size;
    if (!jit->size)
        jit->size = CODE_DEFAULT;
    jit->window_scale = window_scale(cpu);
    jit->table = reserve(TABLE_SIZE, PROT_READ | PROT_WRITE);
    if (!jit->table || map_purse(jit) < 0 || map_code(jit) < 0 ||
        xcpu_jit_make_stubs(jit) < 0) {
        unmap(jit);
        free(jit);
        return;
    }
    cpu->no_sse = 1;
    cpu->jit = jit;
    atomic_store_explicit(&cpu->poll,
                          is_counted(cpu) ? jit->purse : jit->code - PAGE_SIZE,
                          memory_order_release);
}

/* With the machine: until then xcpu_jit_stop may use the page. */
void xcpu_jit_free(struct xcpu *cpu)
{
    if (!cpu->jit)
        return;
    unmap(cpu->jit);
    free_arenas(cpu->jit);
    free_list(cpu->jit);
    cpu->jit = NULL;
}

/* ---- forks ---- */

/* Code goes on at the next page, in other memory. */
static void share_up_to(struct xcpu_jit *jit, uint32_t end)
{
    jit->used = (end + PAGE_SIZE - 1) & ~(uint32_t)(PAGE_SIZE - 1);
    jit->shared = jit->used;
    jit->is_shared_behind = 1;
}

/*
 * What is there stays as it is from now on, for others run it: new code has
 * whole pages of its own, and what has to change becomes a copy of all.
 */
void xcpu_jit_before_fork(struct xcpu *cpu)
{
    struct xcpu_jit *jit = cpu->jit;
    if (jit)
        share_up_to(jit, jit->used);
}

static int copy_code(struct xcpu_jit *jit)
{
    if (map_twice(jit, 0) < 0)
        return 0;
    jit->shared = 0;
    jit->is_shared_behind = 0;
    jit->pieces = 0;
    return 1;
}

int xcpu_jit_may_add(struct xcpu_jit *jit)
{
    if (!jit->is_shared_behind)
        return 1;
    if (jit->pieces == XCPU_PIECES_MAX)
        return copy_code(jit);
    if (map_twice(jit, jit->shared) < 0)
        return 0;
    jit->is_shared_behind = 0;
    jit->pieces++;
    return 1;
}

/* Whether an exit may be linked: where that takes a copy, looking up what it
 * leads to does as well for some time. */
static int may_link(struct xcpu_jit *jit, const struct xcpu_jit_exit *exit)
{
    if (exit->site >= jit->shared)
        return 1;
    if (++jit->unlinked < XCPU_UNLINKED_MAX)
        return 0;
    jit->unlinked = 0;
    return copy_code(jit);
}

void xcpu_jit_abandon(struct xcpu *cpu)
{
    struct xcpu_jit *jit = cpu->jit;
    cpu->jit = NULL;
    atomic_store(&cpu->poll, NULL);
    atomic_store(&cpu->in_jit, 0);
    if (!jit)
        return;
    unmap(jit);
    free_arenas(jit);
}

void xcpu_jit_after_fork(struct xcpu *cpu)
{
    struct xcpu_jit *jit = cpu->jit;
    if (jit && jit->shared) {
        jit->stats =
            (struct xcpu_jit_stats){.table_bytes = jit->stats.table_bytes};
        atomic_store(&cpu->in_jit, 0);
    } else if (jit) {
        xcpu_jit_abandon(cpu);
        cpu->generation++;
        free_list(jit);
    }
    memset(cpu->cache->heat, 0, sizeof(cpu->cache->heat));
    cpu->young = XCPU_YOUNG_RUNS;
}

void *xcpu_jit_allocate(struct xcpu_jit *jit, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    jit->stats.table_bytes += size;
    if (!jit->arena || size > XCPU_ARENA_BYTES - jit->arena_used) {
        struct xcpu_arena *arena =
            size > XCPU_ARENA_BYTES ? NULL : xcpu_arena_new(jit->arena);
        if (!arena)
            return NULL;
        jit->arena = arena;
        jit->arena_used = 0;
    }
    void *at = jit->arena->bytes + jit->arena_used;
    jit->arena_used += size;
    return at;
}

/* ---- stopping ---- */

/* Bytes at cpu->poll: each block that counts reads somewhere in its purse. */
static size_t poll_size(const struct xcpu *cpu)
{
    return is_counted(cpu) ? PURSE_SIZE : PAGE_SIZE;
}

void xcpu_jit_stop(struct xcpu *cpu)
{
    uint8_t *poll = atomic_load_explicit(&cpu->poll, memory_order_acquire);
    /* In this order: with the entry, which sets in_jit and then looks. */
    if (poll && atomic_load_explicit(&cpu->in_jit, memory_order_seq_cst))
        mprotect(poll, poll_size(cpu), PROT_NONE);
}

int xcpu_jit_polled(struct xcpu *cpu, uintptr_t address)
{
    uint8_t *poll = atomic_load_explicit(&cpu->poll, memory_order_relaxed);
    if (!poll || address - (uintptr_t)poll >= poll_size(cpu))
        return 0;
    mprotect(poll, poll_size(cpu), PROT_READ);
    return 1;
}

int xcpu_jit_is_paid_out(const struct xcpu *cpu, uintptr_t address)
{
    return cpu->jit &&
           address - ((uintptr_t)cpu->jit->purse - PAGE_SIZE) < PAGE_SIZE;
}

/* ---- look-up by host address ---- */

struct xcpu_translation *xcpu_jit_block_of(const struct xcpu_jit *jit,
                                           uintptr_t host)
{
    uintptr_t offset = host - (uintptr_t)jit->code;
    uint32_t low = 0, high = jit->count;
    if (offset >= jit->used)
        return NULL;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (jit->list[middle]->code <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || offset >= jit->list[low - 1]->end)
        return NULL;
    return jit->list[low - 1];
}

const struct xcpu_jit_mark *
xcpu_jit_mark_of(const struct xcpu_jit *jit,
                 const struct xcpu_translation *translation, uintptr_t host)
{
    uintptr_t offset = host - (uintptr_t)jit->code - translation->code;
    const struct xcpu_jit_mark *mark = translation->marks;
    const struct xcpu_jit_mark *end = mark + translation->marks_count;
    while (mark + 1 < end && mark[1].host <= offset)
        mark++;
    return mark;
}

unsigned xcpu_jit_refund(const struct xcpu_jit *jit,
                         const struct xcpu_translation *translation,
                         const struct xcpu_jit_mark *mark, uintptr_t host)
{
    const struct xcpu_jit_mark *end =
        translation->marks + translation->marks_count;
    unsigned left = 1;
    if (!translation->counted ||
        host - (uintptr_t)jit->code < translation->paid)
        return 0;
    for (mark++; mark < end; mark++) {
        if (mark->guest == mark[-1].guest)
            continue;
        if (mark->state & XCPU_JIT_PAYS)
            break;
        left++;
    }
    return left;
}

/* ---- look-up by block ---- */

static struct xcpu_translation *translation_of(const struct xcpu *cpu,
                                               const struct xcpu_block *block)
{
    return block->generation == cpu->generation ? block->translation : NULL;
}

/* ---- links ---- */

static void patch(struct xcpu_jit *jit, const struct xcpu_jit_exit *exit,
                  uint32_t to)
{
    uint32_t relative = to - (exit->site + 4);
    memcpy(jit->writable + exit->site, &relative, 4);
    jit->modified = 1;
}

static void link_exit(struct xcpu_jit *jit, struct xcpu_jit_exit *exit,
                      struct xcpu_translation *to)
{
    exit->to = to;
    exit->incoming = to->incoming;
    jit->stats.links++;
    to->incoming = exit;
    patch(jit, exit, (to->needs & ~exit->known) ? to->code : to->entry);
}

static void cut_exit(struct xcpu_jit_exit *exit)
{
    if (!exit->to)
        return;
    struct xcpu_jit_exit **at = &exit->to->incoming;
    while (*at != exit)
        at = &(*at)->incoming;
    *at = exit->incoming;
    exit->to = NULL;
}

/* Whether what leads to a block may be cut; all is forgotten otherwise. A
 * fork's child whose code changes mostly becomes another program. */
static int may_cut(struct xcpu *cpu, const struct xcpu_translation *to)
{
    struct xcpu_jit *jit = cpu->jit;
    const struct xcpu_jit_exit *exit = to->incoming;
    while (exit && exit->site >= jit->shared)
        exit = exit->incoming;
    if (!exit || (!cpu->young && copy_code(jit)))
        return 1;
    xcpu_jit_clear(cpu);
    return 0;
}

/* 0: all is forgotten. */
static int cut(struct xcpu *cpu, struct xcpu_translation *translation)
{
    struct xcpu_jit *jit = cpu->jit;
    if (!may_cut(cpu, translation))
        return 0;
    for (unsigned i = 0; i < translation->exits_count; i++) {
        cut_exit(&translation->exits[i]);
        if (jit->from == &translation->exits[i])
            jit->from = NULL;
    }
    while (translation->incoming) {
        struct xcpu_jit_exit *exit = translation->incoming;
        translation->incoming = exit->incoming;
        exit->to = NULL;
        patch(jit, exit, exit->stub);
    }
    return 1;
}

void xcpu_jit_drop(struct xcpu *cpu, struct xcpu_block *block)
{
    struct xcpu_translation *translation = translation_of(cpu, block);
    struct xcpu_jit *jit = cpu->jit;
    if (!translation)
        return;
    block->translation = NULL;
    jit->stats.drops++;
    if (translation->listed)
        jit->table[translation->eip] = 0;
    translation->listed = 0;
    while (translation && cut(cpu, translation))
        translation = translation->copies;
}

/* To give the table's pages back takes long: a few entries are cleared one by
 * one, until that has left many pages behind. */
static void clear_table(struct xcpu_jit *jit)
{
    jit->cleared += jit->count;
    if (jit->cleared <= CLEARED_MAX) {
        for (uint32_t i = 0; i < jit->count; i++)
            if (jit->list[i]->listed)
                jit->table[jit->list[i]->eip] = 0;
        return;
    }
    madvise(jit->table, TABLE_SIZE, MADV_DONTNEED);
    jit->cleared = 0;
}

void xcpu_jit_clear(struct xcpu *cpu)
{
    struct xcpu_jit *jit = cpu->jit;
    if (jit->count) {
        clear_table(jit);
        jit->stats.flushes++;
    }
    jit->count = 0;
    cpu->generation++;
    jit->used = jit->first;
    if (jit->shared)
        share_up_to(jit, jit->first);
    jit->from = NULL;
    jit->modified = 1;
    jit->stats.table_bytes = 0;
    free_arenas(jit);
}

void xcpu_jit_release(struct xcpu *cpu)
{
    struct xcpu_jit *jit = cpu->jit;
    size_t first;
    if (!jit)
        return;
    xcpu_jit_clear(cpu);
    if (jit->cleared)
        madvise(jit->table, TABLE_SIZE, MADV_DONTNEED);
    jit->cleared = 0;
    if (jit->shared && !copy_code(jit))
        return;
    first = (jit->first + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
    madvise(jit->writable + first, jit->size - first, MADV_REMOVE);
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* As xcpu_jit_translate, with its time counted. */
static int translate(struct xcpu *cpu, struct xcpu_block *block)
{
    const struct xcpu_config *config = &cpu->machine->config;
    struct xcpu_jit *jit = cpu->jit;
    uint64_t before = now();
    int result = xcpu_jit_translate(cpu, block);
    jit->stats.nanoseconds += now() - before;
    const struct xcpu_translation *made = block->translation;
    if (result >= 0 && config->translated)
        config->translated(config->memory.owner, jit->code + made->code,
                           made->end - made->code, made->eip);
    return result;
}

void xcpu_machine_get_jit_stats(const struct xcpu_machine *machine,
                                struct xcpu_jit_stats *stats)
{
    const struct xcpu *cpu =
        atomic_load_explicit(&machine->cpus, memory_order_acquire);
    *stats = (struct xcpu_jit_stats){0};
    for (; cpu; cpu = cpu->next) {
        struct xcpu_jit_stats of;
        xcpu_get_jit_stats(cpu, &of);
        stats->blocks += of.blocks;
        stats->guest_bytes += of.guest_bytes;
        stats->host_bytes += of.host_bytes;
        stats->table_bytes += of.table_bytes;
        stats->nanoseconds += of.nanoseconds;
        stats->entries += of.entries;
        stats->interpreted += of.interpreted;
        stats->links += of.links;
        stats->drops += of.drops;
        stats->changes += of.changes;
        stats->faults += of.faults;
        stats->flushes += of.flushes;
    }
}

void xcpu_get_jit_stats(const struct xcpu *cpu, struct xcpu_jit_stats *stats)
{
    *stats = cpu->jit ? cpu->jit->stats : (struct xcpu_jit_stats){0};
}

/* ---- copies ---- */

/*
 * Hosts predict an indirect jump by where it is and what came before, and not
 * one that goes to many places. A return goes to all that call the function:
 * so a block that ends in an indirect jump has a copy for each exit that leads
 * to it, but for the first few.
 */
#define SHARED_BY  4  /* exits */
#define COPY_INSNS 32 /* at most, in a copy */
#define COPIES_MAX 250
#define DEPTH_MAX  4

static int wants_copy(const struct xcpu_jit *jit,
                      const struct xcpu_block *block,
                      const struct xcpu_translation *of)
{
    const struct xcpu_jit_exit *exit = of->incoming;
    unsigned sharing = 0;
    if (!of->jumps || of->insns > COPY_INSNS || block->compared ||
        of->copies_count == COPIES_MAX || jit->from_depth == DEPTH_MAX ||
        jit->used > jit->size / 2)
        return 0;
    for (; exit && sharing < SHARED_BY; exit = exit->incoming)
        sharing++;
    return sharing == SHARED_BY;
}

/* What jit->from is to lead to. */
static struct xcpu_translation *to_link(struct xcpu *cpu,
                                        struct xcpu_block *block)
{
    struct xcpu_translation *of = block->translation;
    if (!wants_copy(cpu->jit, block, of) || translate(cpu, block) < 0)
        return of;
    struct xcpu_translation *copy = block->translation;
    block->translation = of;
    copy->depth = (uint8_t)(cpu->jit->from_depth + 1);
    copy->copies = of->copies;
    of->copies = copy;
    of->copies_count++;
    return copy;
}

/* ---- the way in ---- */

/* Into a translation of the block at cpu->eip. Jumps go there by themselves
 * once one has led there. */
static const struct xcpu_slot *enter_at(struct xcpu *cpu,
                                        struct xcpu_block *block)
{
    struct xcpu_jit *jit = cpu->jit;
    struct xcpu_translation *to = block->translation;
    if (jit->from && jit->from->eip == to->eip && !jit->from->to &&
        may_link(jit, jit->from))
        link_exit(jit, jit->from, to_link(cpu, block));
    if (jit->wanted == to->eip) {
        jit->table[to->eip] = to->code;
        to->listed = 1;
    }
    jit->from = NULL;
    jit->entry = jit->code + to->code;
    jit->stats.entries++;
    return &jit->slot;
}

int xcpu_jit_can_pay(const struct xcpu *cpu, const struct xcpu_block *block)
{
    const struct xcpu_translation *in = translation_of(cpu, block);
    return !in || in->insns <= cpu->left;
}

/* How many runs of a block come before its translation; this is one. */
static unsigned runs_before(struct xcpu *cpu)
{
    unsigned after = cpu->machine->config.translate_after;
    if (after)
        return after;
    if (!cpu->young)
        return XCPU_TRANSLATE_AFTER;
    cpu->young--;
    return XCPU_YOUNG_TRANSLATE_AFTER;
}

/* Whether to translate a block now that has to be executed once more. */
static int is_hot(struct xcpu *cpu, struct xcpu_block *block)
{
    unsigned after = runs_before(cpu);
    const struct xcpu_jit_change *change =
        cpu->jit ? xcpu_jit_find_change(cpu->jit, block->eip) : NULL;
    uint8_t *heat = xcpu_block_heat(cpu, block->eip);
    if (xcpu_jit_is_hopeless(change)) {
        block->hopeless = 1;
        return 0;
    }
    if (++*heat < after && !change)
        return 0;
    *heat = 0;
    return 1;
}

const struct xcpu_slot *xcpu_jit_slot(struct xcpu *cpu,
                                      struct xcpu_block *block)
{
    if (translation_of(cpu, block))
        return enter_at(cpu, block);
    if (block->hopeless || !is_hot(cpu, block))
        return NULL;
    if (!cpu->jit)
        xcpu_jit_new(cpu);
    if (!cpu->jit || translate(cpu, block) < 0) {
        block->hopeless = 1;
        return NULL;
    }
    return enter_at(cpu, block);
}

#endif
