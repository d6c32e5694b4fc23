/* view_check.c -- what would go wrong with a file on Haiku. */
/* SPDX-License-Identifier: MIT */
#include <elfload/elf_lint.h>
#include <elfload/elf_names.h>
#include <stdio.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"code", "Code", -5}, {"severity", "Severity", -8}, {"text", "Finding", 0},
    {"detail", NULL, 0},  {"count", NULL, 0},           {NULL, NULL, 0},
};

static const char *severity_name(enum eld_severity severity)
{
    switch (severity) {
    case ELD_LINT_ERROR:
        return "error";
    case ELD_LINT_WARNING:
        return "warning";
    case ELD_LINT_NOTE:
        break;
    }
    return "note";
}

static void put_finding(void *context, const struct eld_finding *finding)
{
    struct inf_file *file = context;
    struct inf_output *out = file->out;
    const char *colon = finding->detail[0] != '\0' ? ": " : "";
    char code[16], text[600], more[64] = "";

    if (finding->count > 1)
        snprintf(more, sizeof(more), ", and %llu more",
                 (unsigned long long)finding->count - 1);
    snprintf(code, sizeof(code), "H%03d", finding->code);
    snprintf(text, sizeof(text), "%s%s%s%s", finding->text, colon,
             finding->detail, more);
    inf_put_text(out, code);
    inf_put_text(out, severity_name(finding->severity));
    inf_put_texts(out, text, finding->text);
    inf_put_text(out, finding->detail[0] != '\0' ? finding->detail : NULL);
    inf_put_decimal(out, finding->count);
    inf_end_row(out);
    file->finding_count++;
}

void inf_show_check(struct inf_file *file)
{
    inf_begin_table(file->out, "findings", "Findings", columns);
    int error_count = eld_lint(&file->elf, put_finding, file);
    inf_end_table(file->out);
    if (error_count < 0) {
        const char *name = eld_machine_name(file->elf.machine, file->elf.is_64);
        inf_report_text(file, "check: Haiku has no programs for %s",
                        name != NULL ? name : "this machine");
    } else if (file->finding_count == 0) {
        inf_note(file->out, "Nothing found.\n\n");
    }
    if (error_count > 0)
        file->is_incomplete = 1;
}
