/* coverage.c -- prints docs/coverage/syscalls.md from the system call table. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "libhaikuabi/src/syscall_table.h"

enum { RELEASES = HK_R1BETA6 + 1, STATUSES = HK_NONE + 1 };

static const char *const status_names[STATUSES] = {
    [HK_FULL] = "FULL",
    [HK_PART] = "PART",
    [HK_STUB] = "STUB",
    [HK_NONE] = "NONE",
};

static const char *const result_names[] = {
    [HK_RESULT_STATUS] = "STATUS", [HK_RESULT_INT] = "INT",
    [HK_RESULT_ID] = "ID",         [HK_RESULT_BOOL] = "BOOL",
    [HK_RESULT_INT64] = "INT64",   [HK_RESULT_VOID] = "VOID",
};

static const char *const kind_names[] = {
    [HK_ARG_I32] = "I32",     [HK_ARG_U32] = "U32",   [HK_ARG_I64] = "I64",
    [HK_ARG_SIZE] = "SIZE",   [HK_ARG_BOOL] = "BOOL", [HK_ARG_ADDR] = "ADDR",
    [HK_ARG_STR] = "STR",     [HK_ARG_IN] = "IN",     [HK_ARG_OUT] = "OUT",
    [HK_ARG_INOUT] = "INOUT",
};

static void print_totals(enum hk_release release)
{
    unsigned counts[STATUSES] = {0};
    const uint16_t *rows;
    uint32_t count;

    hk_release_rows(release, &rows, &count);
    for (uint32_t i = 0; i < count; i++)
        counts[hk_syscall_rows[rows[i]].status]++;
    printf("| %s | %u |", hk_release_name(release), count);
    for (int status = 0; status < STATUSES; status++)
        printf(" %u |", counts[status]);
    printf("\n");
}

static void print_row(enum hk_row row)
{
    const struct hk_syscall_row *call = &hk_syscall_rows[row];

    printf("| %.*s | %s |", hk_row_name_length(call), call->name,
           status_names[call->status]);
    for (int release = 0; release < RELEASES; release++) {
        int number = hk_row_number((enum hk_release)release, row);

        if (number < 0)
            printf(" |");
        else
            printf(" %d |", number);
    }
    printf(" %s |", result_names[call->result]);
    for (int i = 0; i < call->arg_count; i++)
        printf("%s %s %s", i == 0 ? "" : ",", kind_names[call->args[i].kind],
               call->args[i].name);
    printf(" |\n");
}

int main(void)
{
    printf("# System calls of libhaikuabi\n\n"
           "Printed from `libhaikuabi/src/syscalls.def` and "
           "`libhaikuabi/src/numbers/` by\n`libhaikuabi/test/coverage.c`; "
           "`//libhaikuabi:coverage_test` keeps it equal. The\ntable's own "
           "comment explains results and kinds of arguments.\n\n"
           "FULL: all of what Haiku does; PART: the handler's comment says "
           "what is missing;\nSTUB: a fixed answer that callers can live "
           "with; NONE: answered with\nB_NOT_SUPPORTED and told once a "
           "team. A call whose arguments differ between\nreleases has a "
           "line for each form.\n\n"
           "| Release | Calls | FULL | PART | STUB | NONE |\n"
           "|---|---:|---:|---:|---:|---:|\n");
    for (int release = 0; release < RELEASES; release++)
        print_totals((enum hk_release)release);
    printf("\n| Call | Status | r1beta4 | r1beta5 | r1beta6 | Result | "
           "Arguments |\n|---|---|---:|---:|---:|---|---|\n");
    for (int row = 0; row < HK_ROW_COUNT; row++)
        print_row((enum hk_row)row);
    return 0;
}
