/* stats.c -- what the translator has done, and the names of what it made. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>

#include "uvm.h"

void uvm_print_stats(const struct uvm *uvm)
{
    struct xcpu_jit_stats stats;

    xcpu_machine_get_jit_stats(uvm->machine, &stats);
    const struct {
        const char *what;
        uint64_t count;
    } rows[] = {
        {"blocks translated", stats.blocks},
        {"bytes of guest code", stats.guest_bytes},
        {"bytes of host code", stats.host_bytes},
        {"bytes of tables, now", stats.table_bytes},
        {"microseconds translating", stats.nanoseconds / 1000},
        {"entries into translated code", stats.entries},
        {"blocks interpreted", stats.interpreted},
        {"jumps linked", stats.links},
        {"translations dropped", stats.drops},
        {"changes of compared code", stats.changes},
        {"faults of translated code", stats.faults},
        {"flushes of all code", stats.flushes},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        uvm_message("%12llu %s", (unsigned long long)rows[i].count,
                    rows[i].what);
}

/* ---- /tmp/perf-PID.map, where perf looks for names ---- */

/* What a fork's child has of its parent's translations. */
static void copy_names(int from, int to)
{
    char bytes[65536];
    off_t at = 0;
    ssize_t size;

    while ((size = pread(from, bytes, sizeof(bytes), at)) > 0 &&
           write(to, bytes, (size_t)size) == size)
        at += size;
}

void uvm_open_perf_map(struct uvm *uvm)
{
    int inherited = uvm->perf_map;
    char path[64];

    snprintf(path, sizeof(path), "/tmp/perf-%ld.map", (long)getpid());
    unlink(path);
    uvm->perf_map =
        open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (uvm->perf_map < 0)
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s", path, strerror(errno));
    if (inherited >= 0) {
        copy_names(inherited, uvm->perf_map);
        close(inherited);
    }
}

void uvm_name_translation(struct uvm *uvm, const void *host, uint32_t size,
                          uint32_t eip)
{
    char name[HK_CODE_NAME_SIZE], line[HK_CODE_NAME_SIZE + 64];
    struct hk_thread *thread = uvm_current_thread();
    int length;

    if (thread == NULL || !hk_name_code(thread, eip, name))
        snprintf(name, sizeof(name), "guest_%08x", eip);
    length = snprintf(line, sizeof(line), "%lx %x %s\n",
                      (unsigned long)(uintptr_t)host, size, name);
    (void)!write(uvm->perf_map, line, (size_t)length); /* or a name less */
}
