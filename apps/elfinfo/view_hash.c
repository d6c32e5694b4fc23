/* view_hash.c -- how long the chains of the symbols' hash tables are. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"table", NULL, 0},    {"length", "Length", 7},  {"count", "Buckets", 8},
    {"share", "Share", 7}, {"coverage", "Found", 7}, {NULL, NULL, 0},
};

/* Chains that are longer count as this long. */
enum { LENGTH_MAX = 1024 };

struct chains {
    uint64_t counts[LENGTH_MAX + 1]; /* buckets by their chain's length */
    uint64_t bucket_count, symbol_count, longest;
};

static int measure(struct inf_file *file, enum eld_hash_kind kind,
                   struct chains *chains, struct eld_fault *fault)
{
    struct eld_chain_cursor cursor = {0, 0};
    uint64_t length;
    int found;

    *chains = (struct chains){.bucket_count = 0};
    while ((found = eld_next_chain(&file->elf, &file->dynamic, kind, &cursor,
                                   &length, fault)) == 1) {
        if (length > LENGTH_MAX)
            length = LENGTH_MAX;
        if (length > chains->longest)
            chains->longest = length;
        chains->counts[length]++;
        chains->bucket_count++;
        chains->symbol_count += length;
    }
    return found;
}

/* For readers only: machines divide for themselves. */
static void put_percent(struct inf_output *out, uint64_t part, uint64_t whole)
{
    char text[32];

    snprintf(text, sizeof(text), "%.1f%%",
             whole > 0 ? 100.0 * (double)part / (double)whole : 0);
    inf_put_texts(out, text, NULL);
}

static void show_table(struct inf_file *file, const char *name,
                       enum eld_hash_kind kind)
{
    struct chains chains;
    struct eld_fault fault;
    uint64_t covered = 0;
    char title[100];

    if (measure(file, kind, &chains, &fault) < 0) {
        inf_report(file, &fault);
        return;
    }
    snprintf(title, sizeof(title), "Chains of %s (%llu buckets)", name,
             (unsigned long long)chains.bucket_count);
    inf_begin_table(file->out, "hash_chains", title, columns);
    for (uint64_t i = 0; i <= chains.longest && chains.bucket_count > 0; i++) {
        covered += i * chains.counts[i];
        inf_put_text(file->out, name);
        inf_put_decimal(file->out, i);
        inf_put_decimal(file->out, chains.counts[i]);
        put_percent(file->out, chains.counts[i], chains.bucket_count);
        put_percent(file->out, covered, chains.symbol_count);
        inf_end_row(file->out);
    }
    inf_end_table(file->out);
}

void inf_show_hash(struct inf_file *file)
{
    if (!file->is_dynamic)
        return;
    show_table(file, "DT_HASH", ELD_HASH_SYSV);
    show_table(file, "DT_GNU_HASH", ELD_HASH_GNU);
}
