/* show_fuzz.c -- any bytes as a file to show: ELF, archive or package. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/elfinfo/elfinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libdw 0.188 forgets a few bytes of some broken files. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libdw";
}

/* Sends what elfinfo says nowhere. The fuzzer has taken its own stream before,
 * and the sanitizers write to the descriptor. */
static void be_silent(void)
{
    static FILE *nowhere;

    if (nowhere != NULL)
        return;
    nowhere = fopen("/dev/null", "w");
    if (nowhere == NULL)
        abort();
    stdout = stderr = nowhere;
}

/* All views, lines of the source and resources for the compiler. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[] = "file";
    uint64_t addresses[] = {0x1000, 0x10800};
    char *files[] = {name};
    struct inf_options options = {.addresses = addresses,
                                  .address_count = 2,
                                  .root = "/nothing",
                                  .demangling = INF_DEMANGLE_GCC2,
                                  .files = files,
                                  .file_count = 1,
                                  .is_rdef = 1};
    struct inf_input input = {malloc(size + 1), size};

    if (input.bytes == NULL)
        abort();
    be_silent();
    if (size > 0)
        memcpy(input.bytes, data, size);
    memset(options.views, 1, sizeof(options.views));
    struct inf_output *out = inf_output_new(0, 0);
    inf_show_file(name, &input, NULL, &options, out);
    inf_output_free(out);
    inf_free_input(&input);
    return 0;
}
