/* show_fuzz.c -- any bytes as a file to show: ELF, archive or package. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/elfinfo/elfinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                               unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room)
    __attribute__((weak));
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

/* What to show of a file: a view, or what is no view; or all, which takes ten
 * times as long. */
enum { LINES = INF_VIEW_COUNT, RDEF, DUMP, CHOICES, ALL = 127 };

/* The lower bits say what, the highest one: as JSON. */
static void choose(struct inf_options *options, unsigned choice)
{
    unsigned number = choice & 127, what = number % CHOICES;
    int is_all = number == ALL;

    for (unsigned i = 0; i < INF_VIEW_COUNT; i++)
        options->views[i] = is_all || what == i;
    if (!is_all && what != LINES)
        options->address_count = 0;
    if (!is_all && what != DUMP)
        options->dump_count = 0;
    options->is_rdef = is_all || what == RDEF;
    options->is_json = (int)(choice >> 7);
}

/* Mutates the file, and shows something else of it: what is interesting is
 * found first where all is shown, and would be all that is tried then. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                               unsigned seed)
{
    unsigned what = seed % (2 * CHOICES);

    if (size > 0)
        size--;
    size = LLVMFuzzerMutate(data, size, room - 1);
    data[size] = (uint8_t)(what == 0 ? ALL : what / 2);
    data[size] |= (uint8_t)(seed / (2 * CHOICES) % 2 << 7);
    return size + 1;
}

/* The last byte says what to show of the others. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[] = "file";
    uint64_t addresses[] = {0x1000, 0x10800};
    char *files[] = {name};
    struct inf_dump dumps[] = {{"1", 0}, {".debug_str", 1}};
    struct inf_options options = {.addresses = addresses,
                                  .address_count = 2,
                                  .dumps = dumps,
                                  .dump_count = 2,
                                  .is_decompressing = 1,
                                  .root = "/nothing",
                                  .debug_directory = "/nothing",
                                  .demangling = INF_DEMANGLE_GCC2,
                                  .files = files,
                                  .file_count = 1};

    if (size == 0)
        return 0;
    size--;
    struct inf_input input = {malloc(size + 1), size, -1};
    if (input.bytes == NULL)
        abort();
    be_silent();
    memcpy(input.bytes, data, size);
    choose(&options, data[size]);
    struct inf_output *out = inf_output_new(options.is_json, 0);
    inf_show_file(name, &input, NULL, &options, out);
    inf_output_free(out);
    inf_free_input(&input);
    return 0;
}
