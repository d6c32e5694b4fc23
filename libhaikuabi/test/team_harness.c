/* team_harness.c -- a team without a processor: calls made by the test. */
/* SPDX-License-Identifier: MIT */
#include "libhaikuabi/test/team_harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libhaikuabi/src/kernel.h"
#include "libhaikuabi/src/syscall_table.h"
#include "libhaikuabi/src/thread.h"
#include "libhaikuabi/src/wait.h"

struct harness {
    struct gm_space *space;
    struct hk_kernel *kernel;
    struct hk_thread *thread;
    struct hk_config config;
    struct hk_host host;
    struct hk_cpu_ops cpu;
};

/* The page that is watched, for the handler; one test runs at a time. */
static struct gm_space *watched_space;
static uint32_t watched_page;

/* As an application's: a store to watched code is let through, and then
 * come the copies of libguestmem. */
static void on_fault(int signo, siginfo_t *info, void *context)
{
    if (watched_space != NULL) {
        uint8_t *page = gm_space_base(watched_space) + watched_page;
        uint8_t *at = info->si_addr;

        if (at >= page && at < page + HK_PAGE_SIZE) {
            gm_watch_writes(watched_space, watched_page, HK_PAGE_SIZE, 0);
            watched_space = NULL;
            return;
        }
    }
    if (!gm_on_fault(info, context))
        signal(signo, SIG_DFL);
}

static void report(void *host, const char *line)
{
    (void)host;
    fprintf(stderr, "%s\n", line);
}

static void *new_cpu(void *host)
{
    return host;
}

static void free_cpu(void *cpu)
{
    (void)cpu;
}

static int start(struct harness *harness)
{
    struct gm_mapping memory = {
        .address = HARNESS_MEMORY,
        .size = HARNESS_SIZE,
        .prot = GM_PROT_READ | GM_PROT_WRITE,
        .fd = -1,
    };
    int error = gm_space_new(32, &harness->space);

    if (error < 0 || gm_map(harness->space, &memory) < 0)
        return HK_ERR_NOMEM;
    harness->cpu.new_cpu = new_cpu;
    harness->cpu.free_cpu = free_cpu;
    harness->cpu.kick = free_cpu; /* nothing runs */
    harness->host.cpu = &harness->cpu;
    harness->host.host = harness;
    harness->host.report = report;
    harness->config.host = &harness->host;
    harness->config.space = harness->space;
    error = hk_kernel_new(&harness->config, &harness->kernel);
    if (error < 0)
        return error;
    harness->thread = hk_thread_new(harness->kernel->team);
    if (harness->thread == NULL)
        return HK_ERR_NOMEM;
    hk_thread_add(harness->thread);
    return 0;
}

static void ignore(int signo)
{
    (void)signo;
}

/* Signals as the application sees to them: faults to libguestmem; those that
 * interrupt calls do nothing else; SIGPIPE is told by the call. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};

    action.sa_sigaction = on_fault;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    action.sa_flags = 0;
    action.sa_handler = ignore;
    sigaction(hk_interrupt_signal(), &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

struct harness *harness_new(const struct hk_config *config, int *error)
{
    struct harness *harness = calloc(1, sizeof(*harness));

    catch_signals();
    if (harness == NULL)
        return NULL;
    harness->config = *config;
    *error = start(harness);
    if (*error == 0)
        return harness;
    harness_free(harness);
    return NULL;
}

void harness_free(struct harness *harness)
{
    if (harness == NULL)
        return;
    hk_kernel_free(harness->kernel);
    gm_space_free(harness->space);
    free(harness);
}

static int find_row(const struct harness *harness, const char *name)
{
    for (int row = 0; row < HK_ROW_COUNT; row++) {
        const struct hk_syscall_row *call = &hk_syscall_rows[row];
        size_t length = (size_t)hk_row_name_length(call);

        if (strlen(name) == length && memcmp(name, call->name, length) == 0 &&
            hk_row_number(harness->config.release, (enum hk_row)row) >= 0)
            return row;
    }
    return -1;
}

int64_t harness_call(struct harness *harness, const char *name,
                     const uint32_t *words, size_t count)
{
    int row = find_row(harness, name);

    if (row < 0 || hk_syscall_rows[row].call == NULL ||
        hk_row_words[row] != count) {
        fprintf(stderr, "no call %s of %zu words\n", name, count);
        abort();
    }
    return hk_syscall_rows[row].call(harness->thread, words);
}

uint8_t *harness_host(struct harness *harness, uint32_t address)
{
    return gm_space_base(harness->space) + address;
}

void harness_watch(struct harness *harness, uint32_t address)
{
    watched_space = harness->space;
    watched_page = address;
    gm_watch_writes(harness->space, address, HK_PAGE_SIZE, 1);
}

int harness_protect(struct harness *harness, uint32_t address, uint32_t size,
                    unsigned prot)
{
    return gm_protect(harness->space, address, size, prot);
}

struct hk_kernel *harness_kernel(struct harness *harness)
{
    return harness->kernel;
}

struct hk_fds *harness_fds(struct harness *harness)
{
    return harness->kernel->team->fds;
}

void harness_signal(struct harness *harness, int signal)
{
    hk_signal_self(harness->thread, signal);
}

void harness_block_signals(struct harness *harness, uint64_t mask)
{
    hk_signals_set_mask(harness->thread, mask);
}

uint64_t harness_pending(struct harness *harness)
{
    return hk_signals_pending(harness->thread);
}
