/* view_ready.c -- will a program run under uvm, and what would stop it? */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_check.h>
#include <elfload/elf_names.h>
#include <haikuabi/syscall_info.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"
#include "elfinfo.h"
#include "root.h"

static const struct inf_column columns[] = {
    {"answer", "Runs under uvm", 0},
    {"release", "System calls of", 0},
    {"insn_count", "Instructions", 0},
    {"call_count", "System calls", 0},
    {NULL, NULL, 0},
};

static const struct inf_column call_columns[] = {
    {"number", "Number", 6},  {"name", "System call", -28},
    {"status", "Status", -6}, {"through", "Through", 0},
    {NULL, NULL, 0},
};

static const struct inf_column obstacle_columns[] = {
    {"kind", "Obstacle", -12},
    {"text", "What", 0},
    {"is_certain", NULL, 0},
    {NULL, NULL, 0},
};

/* What stands behind parts of names, of either compiler. */
static const struct {
    const char *part, *text;
} servers[] = {
    {"12BApplication", "BApplication talks to app_server and the registrar"},
    {"7BWindow", "BWindow talks to app_server"},
    {"12BMediaRoster", "BMediaRoster talks to media_server"},
    {"13BNetworkRoster", "BNetworkRoster talks to net_server"},
};

/* What is found out of a program. */
struct ready {
    struct inf_file *file;
    enum hk_release release;
    struct inf_census census;
    char *through[INF_CALLS_MAX]; /* the first import that leads to a call */
    struct inf_input libroot;
    struct eld_elf elf; /* of the libroot */
    struct eld_dynamic dynamic;
    int has_libroot, is_doubtful, is_refused;
};

static void put_obstacle(struct ready *ready, int is_certain, const char *kind,
                         const char *text)
{
    struct inf_output *out = ready->file->out;

    inf_put_text(out, kind);
    inf_put_text(out, text);
    inf_put_bool(out, is_certain);
    inf_end_row(out);
}

/* ---- the root's libroot ---- */

static int64_t look_up(void *context, const char *name)
{
    struct ready *ready = context;
    struct eld_symbol symbol;
    struct eld_part part;

    if (eld_find_symbol(&ready->elf, &ready->dynamic, name, &symbol, NULL) <
            0 ||
        eld_find_address(&ready->elf, symbol.value, 1, &part, NULL) < 0)
        return -1;
    return (int64_t)part.offset;
}

static void open_libroot(struct ready *ready)
{
    struct inf_root *root =
        inf_root_open(ready->file, ready->file->options->root);
    char real_path[4096];
    int error = inf_root_read(root, "/boot/system/lib/libroot.so",
                              &ready->libroot, real_path, sizeof(real_path));

    inf_root_close(root);
    ready->release = HK_R1BETA5;
    if (error < 0)
        return;
    if (eld_read_header(ready->libroot.bytes, ready->libroot.size, &ready->elf,
                        NULL) < 0 ||
        ready->elf.machine != EM_386 ||
        eld_read_dynamic(&ready->elf, &ready->dynamic, NULL) < 0) {
        inf_free_input(&ready->libroot);
        return;
    }
    ready->has_libroot = 1;
    int release = hk_detect_release(ready->libroot.bytes, ready->libroot.size,
                                    look_up, ready);
    if (release >= 0)
        ready->release = (enum hk_release)release;
}

/* ---- system calls ---- */

static void follow_imports(struct ready *ready)
{
    const struct inf_file *file = ready->file;
    struct inf_reach *reach = inf_reach_new(&ready->elf, &ready->dynamic);
    uint64_t count = eld_count_symbols(&file->elf, &file->dynamic);
    struct eld_symbol symbol;

    for (uint64_t i = 1; i < count; i++) {
        uint8_t calls[INF_CALLS_MAX] = {0};

        if (eld_read_symbol(&file->elf, &file->dynamic.symbols, i, &symbol,
                            NULL) < 0 ||
            symbol.section != SHN_UNDEF ||
            !inf_reach_from(reach, symbol.name, calls))
            continue;
        for (int number = 0; number < INF_CALLS_MAX; number++) {
            if (!calls[number] || ready->census.calls[number])
                continue;
            ready->census.calls[number] = 1;
            ready->through[number] = strdup(symbol.name);
        }
    }
    inf_reach_free(reach);
}

static const char *status_name(enum hk_row_status status)
{
    switch (status) {
    case HK_FULL:
        return "FULL";
    case HK_PART:
        return "PART";
    case HK_STUB:
        return "STUB";
    case HK_NONE:
        break;
    }
    return "NONE";
}

static uint64_t put_calls(struct ready *ready)
{
    struct inf_output *out = ready->file->out;
    struct hk_syscall_info info;
    uint64_t count = 0;
    char name[64];

    inf_begin_table(out, "calls", "System calls", call_columns);
    for (uint32_t i = 0; i < INF_CALLS_MAX; i++) {
        if (!ready->census.calls[i])
            continue;
        int is_known = hk_describe_syscall(ready->release, i, &info) == 0;
        snprintf(name, sizeof(name), "%.*s", is_known ? info.name_size : 0,
                 is_known ? info.name : "");
        inf_put_decimal(out, i);
        inf_put_text(out, is_known ? name : NULL);
        inf_put_text(out, is_known ? status_name(info.status) : "NONE");
        inf_put_text(out, ready->through[i]);
        inf_end_row(out);
        count++;
    }
    inf_end_table(out);
    return count;
}

/* ---- obstacles ---- */

static void put_call_obstacles(struct ready *ready)
{
    struct hk_syscall_info info;
    char text[256];

    for (uint32_t i = 0; i < INF_CALLS_MAX; i++) {
        if (!ready->census.calls[i])
            continue;
        int is_known = hk_describe_syscall(ready->release, i, &info) == 0;
        if (is_known && info.status != HK_NONE)
            continue;
        snprintf(text, sizeof(text), "%.*s (%u) is not built",
                 is_known ? info.name_size : 7,
                 is_known ? info.name : "unknown", i);
        put_obstacle(ready, 0, "system call", text);
        /* What only libroot may come to make is seldom made. */
        ready->is_doubtful |= ready->through[i] == NULL;
    }
}

static void put_insn_obstacles(struct ready *ready)
{
    char text[256];

    for (size_t i = 0; i < ready->census.unknown_count; i++) {
        const struct inf_unknown *unknown = &ready->census.unknown[i];

        snprintf(text, sizeof(text), "%s, %llu times, first at 0x%llx",
                 unknown->text, (unsigned long long)unknown->count,
                 (unsigned long long)unknown->first);
        put_obstacle(ready, 0, "instruction", text);
        ready->is_doubtful = 1;
    }
}

static void put_server_obstacles(struct ready *ready)
{
    const struct inf_file *file = ready->file;
    uint64_t count =
        file->is_dynamic ? eld_count_symbols(&file->elf, &file->dynamic) : 0;
    uint8_t is_said[sizeof(servers) / sizeof(servers[0])] = {0};
    struct eld_symbol symbol;

    for (uint64_t i = 1; i < count; i++) {
        if (eld_read_symbol(&file->elf, &file->dynamic.symbols, i, &symbol,
                            NULL) < 0 ||
            symbol.section != SHN_UNDEF)
            continue;
        for (size_t j = 0; j < sizeof(is_said); j++) {
            if (is_said[j] || strstr(symbol.name, servers[j].part) == NULL)
                continue;
            is_said[j] = 1;
            put_obstacle(ready, 0, "server", servers[j].text);
            ready->is_doubtful = 1;
        }
    }
}

static void put_obstacles(struct ready *ready)
{
    const struct eld_elf *elf = &ready->file->elf;
    struct eld_fault fault;
    char line[2048];

    inf_begin_table(ready->file->out, "obstacles", "Obstacles",
                    obstacle_columns);
    if (eld_check_program(elf->bytes, elf->size, eld_target_of(EM_386), NULL,
                          &fault) < 0) {
        eld_fault_format(&fault, line, sizeof(line));
        put_obstacle(ready, 1, "file", line);
        ready->is_refused = 1;
    }
    if (ready->file->is_incomplete) {
        put_obstacle(ready, 1, "missing", "libraries or symbols, see above");
        ready->is_refused = 1;
    }
    if (!ready->has_libroot && ready->file->is_dynamic) {
        put_obstacle(ready, 0, "root",
                     "without a root it is not known what libroot's functions "
                     "call");
        ready->is_doubtful = 1;
    }
    put_insn_obstacles(ready);
    put_call_obstacles(ready);
    put_server_obstacles(ready);
    inf_end_table(ready->file->out);
}

static void put_answer(struct ready *ready, uint64_t call_count)
{
    struct inf_output *out = ready->file->out;

    inf_begin_record(out, "ready", "Ready", columns);
    inf_put_text(out, ready->is_refused    ? "no"
                      : ready->is_doubtful ? "maybe"
                                           : "yes");
    inf_put_text(out, hk_release_name(ready->release));
    inf_put_decimal(out, ready->census.insn_count);
    inf_put_decimal(out, call_count);
    inf_end_record(out);
}

void inf_show_ready(struct inf_file *file)
{
    struct ready *ready = calloc(1, sizeof(*ready));
    uint64_t call_count = 0;

    if (ready == NULL)
        inf_fail("out of memory");
    ready->file = file;
    open_libroot(ready);
    if (file->elf.machine == EM_386) {
        inf_take_census(&file->elf, &ready->census);
        if (ready->has_libroot && file->is_dynamic) {
            if (!file->options->views[INF_VIEW_DEPS])
                inf_show_deps(file);
            follow_imports(ready);
        }
        call_count = put_calls(ready);
    }
    put_obstacles(ready);
    put_answer(ready, call_count);
    if (ready->is_refused)
        file->is_incomplete = 1;
    for (int i = 0; i < INF_CALLS_MAX; i++)
        free(ready->through[i]);
    if (ready->has_libroot)
        inf_free_input(&ready->libroot);
    free(ready);
}
