/* info.c -- what a program can ask about the system. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "area.h"
#include "bytes.h"
#include "clock.h"
#include "image.h"
#include "processors.h"
#include "signals.h"
#include "syscalls.h"
#include "syslog.h"

/* A computer is on when it answers. libroot calls this when it has stopped
 * deferring signals, to be given those that wait. */
int64_t hk_sys_is_computer_on(struct hk_thread *self)
{
    if (hk_signals_has_effect(self))
        atomic_store_explicit(&self->attention, 1, memory_order_release);
    return 1;
}

/* Numbers that follow from the seed: SplitMix64, of a sequence for each team.
 */
static void fill_by_seed(struct hk_thread *self, uint8_t *bytes, size_t size)
{
    struct hk_team *team = self->team;
    uint64_t seed = team->kernel->config.seed + ((uint64_t)team->id << 32);

    for (size_t i = 0; i < size; i++) {
        uint64_t x = seed + atomic_fetch_add(&team->random_count, 1) *
                                UINT64_C(0x9e3779b97f4a7c15);

        x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
        bytes[i] = (uint8_t)(x >> 56);
    }
}

static int fill_random(struct hk_thread *self, uint8_t *bytes, size_t size)
{
    if (self->team->kernel->config.seed == 0)
        return getentropy(bytes, size);
    fill_by_seed(self, bytes, size);
    return 0;
}

/* "random": function 1 fills the buffer that (buffer, length) names. */
static int64_t random_call(struct hk_thread *self, uint32_t function,
                           gm_addr buffer, uint32_t buffer_size)
{
    enum { GET_ENTROPY = 1, MAX_CHUNK = 256 };
    uint8_t request[8], chunk[MAX_CHUNK];
    uint32_t to, left;

    if (function != GET_ENTROPY || buffer_size != sizeof(request))
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, request, buffer, sizeof(request)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    to = hk_get32(request);
    left = hk_get32(request + 4);
    if (!hk_is_user_range(to, left))
        return HK_B_BAD_ADDRESS;
    while (left > 0) {
        uint32_t size = left < MAX_CHUNK ? left : MAX_CHUNK;

        if (fill_random(self, chunk, size) != 0)
            return HK_B_IO_ERROR;
        if (hk_write_user(self, to, chunk, size) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
        to += size;
        left -= size;
    }
    return HK_B_OK;
}

/* Which version a subsystem has; the first one, so that none is too old. */
static int64_t tell_version(struct hk_thread *self, gm_addr buffer,
                            uint32_t buffer_size)
{
    enum { VERSION = 1 };
    uint8_t word[4];

    if (buffer_size != sizeof(word))
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, word, buffer, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    hk_put32(word, VERSION);
    return hk_write_user(self, buffer, word, sizeof(word));
}

/* The other subsystems of Haiku's kernel serve drivers and debugging. */
int64_t hk_sys_generic_syscall(struct hk_thread *self, gm_addr subsystem,
                               uint32_t function, gm_addr buffer,
                               uint32_t buffer_size)
{
    const uint32_t reserved = 0x80000000; /* B_SYSCALL_INFO, first of more */
    char name[HK_FILE_NAME_LENGTH];

    if (hk_read_user_string(self, name, subsystem, sizeof(name)) < 0)
        return HK_B_BAD_ADDRESS;
    if (strcmp(name, "random") != 0 || function > reserved)
        return HK_B_NAME_NOT_FOUND;
    if (function == reserved)
        return tell_version(self, buffer, buffer_size);
    return random_call(self, function, buffer, buffer_size);
}

/* Facts of each release: haiku-abi/structs.md, "system_info". The ABI is
 * that of the system's own libraries: gcc 4 and later. */
enum { SYSTEM_INFO_SIZE = 452, ABI_GCC4 = 0x00040000 };
enum { KERNEL_VERSION = 1, KERNEL_VERSION_R1BETA6 = 0xa00 };

static uint64_t pages(unsigned long bytes, unsigned unit)
{
    return (uint64_t)bytes * unit / HK_PAGE_SIZE;
}

/* To whom is alone, what others use of the machine is free. */
static void forget_others(struct sysinfo *host)
{
    host->freeram = host->totalram;
    host->freeswap = host->totalswap;
    host->bufferram = 0;
}

/* How many there may be of each kind, and are: semaphores, ports, threads and
 * teams. */
static void fill_objects(struct hk_shared *shared, uint8_t bytes[32])
{
    static const struct {
        enum hk_pool pool;
        uint32_t most;
    } rows[] = {
        {HK_POOL_SEMS, HK_SEMS_MAX},
        {HK_POOL_PORTS, HK_PORTS_MAX},
        {HK_POOL_THREADS, HK_THREADS_LIMIT},
        {HK_POOL_TEAMS, HK_TEAMS_LIMIT},
    };

    hk_shared_lock(shared);
    hk_shared_reap(shared);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        hk_put32(bytes + i * 8, rows[i].most);
        hk_put32(bytes + i * 8 + 4, hk_items_used(shared, rows[i].pool));
    }
    hk_shared_unlock(shared);
}

int64_t hk_sys_get_system_info(struct hk_thread *self, gm_addr info)
{
    struct hk_team *team = self->team;
    uint8_t bytes[SYSTEM_INFO_SIZE] = {0};
    struct sysinfo host;

    if (sysinfo(&host) != 0)
        return HK_B_ERROR;
    if (team->kernel->config.alone)
        forget_others(&host);
    hk_put64(bytes, (uint64_t)(hk_boot_time(team->shared)));
    hk_put32(bytes + 8, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
    hk_put64(bytes + 12, pages(host.totalram, host.mem_unit));
    hk_put64(bytes + 20, pages(host.totalram - host.freeram, host.mem_unit));
    hk_put64(bytes + 28, pages(host.bufferram, host.mem_unit));
    hk_put64(bytes + 60, (uint64_t)host.freeram * host.mem_unit);
    hk_put64(bytes + 68, pages(host.totalswap, host.mem_unit));
    hk_put64(bytes + 76, pages(host.freeswap, host.mem_unit));
    fill_objects(team->shared, bytes + 88);
    snprintf((char *)bytes + 120, 256, "kernel_x86");
    snprintf((char *)bytes + 376, 32, "uvm");
    hk_put64(bytes + 440, team->kernel->config.release >= HK_R1BETA6
                              ? KERNEL_VERSION_R1BETA6
                              : KERNEL_VERSION);
    hk_put32(bytes + 448, ABI_GCC4);
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

/* cpu_info, 20 bytes each: active time (for who is not alone), enabled,
 * frequency in Hz. */
int64_t hk_sys_get_cpu_info(struct hk_thread *self, uint32_t first_cpu,
                            uint32_t cpu_count, gm_addr info)
{
    enum { CPU_INFO_SIZE = 20, CPUS_MAX = 1024 };
    uint32_t count = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
    int64_t times[CPUS_MAX] = {0};
    uint8_t bytes[CPU_INFO_SIZE];

    if (info == 0 || info >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (cpu_count == 0)
        return HK_B_OK;
    if (first_cpu >= count)
        return HK_B_BAD_VALUE;
    if (cpu_count > count - first_cpu)
        cpu_count = count - first_cpu;
    if (!hk_kernel_of(self)->config.alone)
        hk_processors_active(times, CPUS_MAX);
    for (uint32_t i = 0; i < cpu_count; i++) {
        memset(bytes, 0, sizeof(bytes));
        if (first_cpu + i < CPUS_MAX)
            hk_put64(bytes, (uint64_t)times[first_cpu + i]);
        bytes[8] = (uint8_t)hk_processor_is_enabled(hk_shared_of(self),
                                                    (int32_t)(first_cpu + i));
        hk_put64(bytes + 12, HK_TSC_FREQUENCY);
        if (hk_write_user(self, info + (gm_addr)i * CPU_INFO_SIZE, bytes,
                          sizeof(bytes)) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
    }
    return HK_B_OK;
}

/* The tree of cpu_topology_node_info: root, one package, a core and a thread
 * for each host processor. */
enum { TOPOLOGY_NODE_SIZE = 24 };

enum topology_level {
    LEVEL_SMT = 1 - 1,
    LEVEL_CORE,
    LEVEL_PACKAGE,
    LEVEL_ROOT
};

static void fill_node(uint8_t node[TOPOLOGY_NODE_SIZE], uint32_t id,
                      enum topology_level level)
{
    enum { TYPE_ROOT = 1, TYPE_SMT, TYPE_CORE, TYPE_PACKAGE };
    static const uint8_t types[] = {TYPE_SMT, TYPE_CORE, TYPE_PACKAGE,
                                    TYPE_ROOT};
    enum { CPU_X86 = 1, VENDOR_INTEL = 4, CACHE_LINE = 64, MODEL = 0x600 };

    memset(node, 0, TOPOLOGY_NODE_SIZE);
    hk_put32(node, id);
    hk_put32(node + 4, types[level]);
    hk_put32(node + 8, level);
    switch (level) {
    case LEVEL_ROOT:
        hk_put32(node + 12, CPU_X86);
        break;
    case LEVEL_PACKAGE:
        hk_put32(node + 12, VENDOR_INTEL);
        hk_put32(node + 16, CACHE_LINE);
        break;
    case LEVEL_CORE:
        hk_put32(node + 12, MODEL);
        hk_put64(node + 16, HK_TSC_FREQUENCY);
        break;
    case LEVEL_SMT:
        break;
    }
}

static void topology_node(uint8_t node[TOPOLOGY_NODE_SIZE], uint32_t i)
{
    if (i == 0)
        fill_node(node, 0, LEVEL_ROOT);
    else if (i == 1)
        fill_node(node, 0, LEVEL_PACKAGE);
    else
        fill_node(node, (i - 2) / 2, i % 2 == 0 ? LEVEL_CORE : LEVEL_SMT);
}

/* cpuid_info (haiku-abi/structs.md): the text of leaf 0 lies in one piece. */
int64_t hk_sys_get_cpuid(struct hk_thread *self, gm_addr info, uint32_t eax,
                         uint32_t cpu)
{
    const struct hk_host *host = hk_kernel_of(self)->config.host;
    static const uint8_t order[4] = {0, 1, 3, 2}; /* EAX, EBX, EDX, ECX */
    uint32_t registers[4];
    uint8_t bytes[16];

    if (info >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (cpu >= (uint32_t)sysconf(_SC_NPROCESSORS_ONLN))
        return HK_B_BAD_VALUE;
    host->cpu->identify(host->host, eax, registers);
    for (int i = 0; i < 4; i++)
        hk_put32(bytes + (size_t)i * 4, registers[order[i]]);
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

int64_t hk_sys_get_cpu_topology_info(struct hk_thread *self,
                                     gm_addr topology_infos,
                                     gm_addr topology_info_count)
{
    uint32_t total = 2 + 2 * (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
    uint8_t node[TOPOLOGY_NODE_SIZE], word[4];
    uint32_t room;

    if (hk_read_user(self, word, topology_info_count, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (topology_infos >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    room = hk_get32(word);
    if (topology_infos == 0)
        room = total;
    else if (room > total)
        room = total;
    for (uint32_t i = 0; topology_infos != 0 && i < room; i++) {
        topology_node(node, i);
        if (hk_write_user(self, topology_infos + (gm_addr)i * sizeof(node),
                          node, sizeof(node)) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
    }
    hk_put32(word, room);
    return hk_write_user(self, topology_info_count, word, sizeof(word));
}

int64_t hk_sys_get_cpu(struct hk_thread *self)
{
    int cpu = sched_getcpu();

    (void)self;
    return cpu < 0 ? 0 : cpu;
}

/* loadavg: three averages in units of 1 / 65536 and the scale. */
int64_t hk_sys_get_loadavg(struct hk_thread *self, gm_addr info, uint32_t size)
{
    enum { LOADAVG_SIZE = 16, SCALE_SHIFT = 16 };
    uint8_t bytes[LOADAVG_SIZE];
    struct sysinfo host;

    if (info == 0 || info >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (size != sizeof(bytes))
        return HK_B_BAD_VALUE;
    if (sysinfo(&host) != 0)
        return HK_B_ERROR;
    for (size_t i = 0; i < 3; i++)
        hk_put32(bytes + 4 * i,
                 (uint32_t)(host.loads[i] >> (SI_LOAD_SHIFT - SCALE_SHIFT)));
    hk_put32(bytes + 12, 1u << SCALE_SHIFT);
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

/* Each line of a text that ends with NUL; the text is cut into them. */
static void report_lines(const struct hk_kernel *kernel, char *text)
{
    char *rest = text;

    while (*rest != '\0') {
        size_t length = strcspn(rest, "\n");
        int is_last = rest[length] == '\0';

        rest[length] = '\0';
        hk_report(kernel, "%s", rest);
        rest += is_last ? length : length + 1;
    }
}

/* What the kernel writes to its log goes to the user as well, in lines; one
 * that is too long is told in parts. */
int64_t hk_sys_debug_output(struct hk_thread *self, gm_addr message)
{
    enum { CHUNK = 511 };
    char text[CHUNK + 1];
    int32_t length;

    do {
        length = hk_read_user_string(self, text, message, CHUNK);
        if (length == HK_B_BAD_ADDRESS)
            return HK_B_BAD_ADDRESS;
        text[CHUNK] = '\0';
        message += CHUNK;
        if (text[0] != '\0')
            hk_syslog_write(hk_shared_of(self), text, strlen(text));
        if (!hk_kernel_of(self)->config.quiet)
            report_lines(hk_kernel_of(self), text);
    } while (length == HK_B_NAME_TOO_LONG);
    return HK_B_OK;
}
