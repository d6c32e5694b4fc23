/* kernel.c -- what the kernel's services take, against the host's own. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "testdata/bench.h"

#define RUNS     7
#define ROWS_MAX 32

#define NATIVE "apps/uvm/kernel_linux"
#define GUEST  "apps/uvm/uvm testdata/haiku/kernel_times"

enum column { IS_NATIVE, IS_GUEST, COLUMNS };

static struct row {
    char name[64];
    double ns[COLUMNS][RUNS];
} rows[ROWS_MAX];

static int row_count;

static struct row *find_row(const char *name)
{
    for (int i = 0; i < row_count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    if (row_count == ROWS_MAX)
        exit(1);
    snprintf(rows[row_count].name, sizeof(rows[0].name), "%s", name);
    return &rows[row_count++];
}

/* One run of a program, which prints lines "NAME: NANOSECONDS". */
static void run(enum column column, int number)
{
    FILE *output = popen(column == IS_NATIVE ? NATIVE : GUEST, "r");
    char line[128], name[64];
    double ns;

    while (output != NULL && fgets(line, sizeof(line), output) != NULL)
        if (sscanf(line, "%63[^:]: %lf", name, &ns) == 2)
            find_row(name)->ns[column][number] = ns;
    if (output == NULL || pclose(output) != 0) {
        fprintf(stderr, "kernel: a program does not run\n");
        exit(1);
    }
}

int main(void)
{
    for (int i = 0; i < RUNS; i++)
        for (int column = 0; column < COLUMNS; column++)
            run((enum column)column, i);
    printf("%-22s %12s %12s %8s\n", "", "native ns", "uvm ns", "ratio");
    for (int i = 0; i < row_count; i++) {
        double native = median(rows[i].ns[IS_NATIVE], RUNS);
        double guest = median(rows[i].ns[IS_GUEST], RUNS);

        printf("%-22s %12.0f %12.0f %8.2f\n", rows[i].name, native, guest,
               native > 0 ? guest / native : 0);
    }
    return 0;
}
