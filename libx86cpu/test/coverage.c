/* coverage.c -- prints docs/coverage/x86.md from the instruction table. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/src/insns.h"
#include "libx86cpu/test/silicon_tested.h"

#include <stdio.h>
#include <string.h>

/* A line of the table as it is written. */
struct line {
    int alias;
    unsigned op;
    const char *id, *map;
    unsigned first, last;
    const char *prefix, *mod, *reg;
    const char *read, *written, *undefined, *attributes, *group, *feature;
    unsigned opcode_register; /* a Zb or Zv operand */
};

/* The first letter of an operand tells registers in the opcode. */
#define IN_OPCODE(a, b) ((#a)[0] == 'Z' || (#b)[0] == 'Z')

static const struct line lines[] = {
#define XCPU_ROW(row, mnemonic, a, b, c, map_, first_, last_, prefix_, mod_,   \
                 reg_, read_, written_, undefined_, attributes_, group_,       \
                 feature_)                                                     \
    {                                                                          \
        .op = XCPU_OP_##row,                                                   \
        .id = #row,                                                            \
        .map = #map_,                                                          \
        .first = first_,                                                       \
        .last = last_,                                                         \
        .prefix = #prefix_,                                                    \
        .mod = #mod_,                                                          \
        .reg = #reg_,                                                          \
        .read = #read_,                                                        \
        .written = #written_,                                                  \
        .undefined = #undefined_,                                              \
        .attributes = #attributes_,                                            \
        .group = #group_,                                                      \
        .feature = #feature_,                                                  \
        .opcode_register = IN_OPCODE(a, b),                                    \
    },
#define XCPU_ALIAS(row, map_, first_, last_, prefix_, mod_, reg_)              \
    {                                                                          \
        .alias = 1,                                                            \
        .id = #row,                                                            \
        .map = #map_,                                                          \
        .first = first_,                                                       \
        .last = last_,                                                         \
        .prefix = #prefix_,                                                    \
        .mod = #mod_,                                                          \
        .reg = #reg_,                                                          \
        .attributes = "",                                                      \
        .group = "",                                                           \
    },
#include "libx86cpu/src/x86_insns.def"
};

enum { LINES = sizeof lines / sizeof *lines };

static const char *const features[] = {
#define X(name) #name,
    XCPU_FEATURES(X)
#undef X
};

static int is(const char *text, const char *other)
{
    return strcmp(text, other) == 0;
}

/* Register forms behind an x87 escape or 0F 01: keyed by the ModRM byte. */
static int is_register_map(const struct line *l)
{
    return l->map[0] == 'D' || is(l->map, "0F01");
}

static void print_prefix(const struct line *l)
{
    if (is(l->prefix, "np"))
        printf("NP ");
    else if (is(l->prefix, "npo"))
        printf("no F2, F3: ");
    else if (is(l->prefix, "nF3"))
        printf("no F3: ");
    else if (!is(l->prefix, "any"))
        printf("%s ", l->prefix);
}

/* "C0+i" for eight of one register, "C0..CF" for other ranges. */
static void print_range(const struct line *l)
{
    printf("%02X", l->first);
    if (l->last == l->first)
        return;
    if (l->last - l->first == 7 && l->map[0] == 'D')
        printf("+i");
    else if (l->opcode_register)
        printf("+r");
    else if (l->last - l->first == 15 && strstr(l->attributes, "A_COND"))
        printf("+cc");
    else
        printf("..%02X", l->last);
}

static void print_encoding(const struct line *l)
{
    print_prefix(l);
    if (l->map[0] == '0' && l->map[2]) /* 0F01, 0F38, 0F3A */
        printf("0F %s ", l->map + 2);
    else if (!is(l->map, "1B"))
        printf("%s ", l->map);
    print_range(l);
    if (is_register_map(l))
        return;
    if (!is(l->reg, "r"))
        printf(" /%s", l->reg);
    if (!is(l->mod, "any"))
        printf(" %s", l->mod);
}

/* Attributes without their A_ and the bars between them. */
static void print_attributes(const char *attributes)
{
    const char *at = attributes;

    while ((at = strstr(at, "A_")) != NULL) {
        const int length = (int)strcspn(at + 2, " |");

        printf("%s%.*s", at == attributes ? "" : " ", length, at + 2);
        at += 2 + length;
    }
}

static const char *outcome(const char *group)
{
    if (is(group, "PRIV"))
        return "#GP(0)";
    return is(group, "UD") ? "#UD" : "yes";
}

static void print_test(unsigned op)
{
    const char *other = silicon_tested_by(op);
    const unsigned long long cases = silicon_count(op);

    if (other)
        printf("%s | |\n", other);
    else
        printf("%s | %llu |\n", cases ? "silicon" : "UNTESTED", cases);
}

static void print_line(const struct line *l)
{
    printf("| ");
    print_encoding(l);
    if (l->alias) {
        printf(" | %s | | | | | | alias | | |\n", l->id);
        return;
    }
    printf(" | %s | %s | %s | %s | ", l->id, l->read, l->written, l->undefined);
    print_attributes(l->attributes);
    printf(" | %s | %s | ", l->feature, outcome(l->group));
    print_test(l->op);
}

static void print_summary(void)
{
    unsigned rows = 0, aliases = 0;

    printf("| Feature | Rows | Executed | #GP(0) | #UD |\n"
           "|---|---:|---:|---:|---:|\n");
    for (size_t f = 0; f < sizeof features / sizeof *features; f++) {
        unsigned all = 0, privileged = 0, undefined = 0;

        for (int i = 0; i < LINES; i++) {
            if (lines[i].alias || !is(lines[i].feature, features[f]))
                continue;
            all++;
            privileged += is(lines[i].group, "PRIV") != 0;
            undefined += is(lines[i].group, "UD") != 0;
        }
        rows += all;
        printf("| %s | %u | %u | %u | %u |\n", features[f], all,
               all - privileged - undefined, privileged, undefined);
    }
    for (int i = 0; i < LINES; i++)
        aliases += lines[i].alias != 0;
    printf("\n%u rows and %u further encodings of them.\n", rows, aliases);
}

int main(void)
{
    printf(
        "# Instructions of libx86cpu\n\n"
        "Printed from `libx86cpu/src/x86_insns.def` by "
        "`libx86cpu/test/coverage.c`;\n`//libx86cpu:coverage_test` keeps "
        "it equal. The table's own comment explains\nnames, operand letters, "
        "flags and attributes. What is in no line raises #UD.\n"
        "A row that is executed has a handler, or the library does not "
        "link.\n\n");
    print_summary();
    printf("\n`+cc` a condition, `+r` a register in the low bits, `+i` an "
           "x87 register, `/0` a\ndigit in ModRM.reg, `mem` and `reg` what "
           "ModRM.mod must say, NP no mandatory\nprefix. Tested is how: "
           "silicon, by cases of `silicon_test` that the host's CPU\nexecutes "
           "as well, so many of them in each run; or the test that has it "
           "where no\nhost can be asked.\n\n"
           "| Encoding | Row | Reads | Writes | Undefined | Attributes | "
           "Feature | Executed | Tested | Cases |\n"
           "|---|---|---|---|---|---|---|---|---|---:|\n");
    for (int i = 0; i < LINES; i++)
        print_line(&lines[i]);
    return 0;
}
