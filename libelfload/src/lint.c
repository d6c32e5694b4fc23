/* lint.c -- what would go wrong with a file on Haiku. */
/* SPDX-License-Identifier: MIT */

#include <elf.h>
#include <elfload/elf_check.h>
#include <elfload/elf_haiku.h>
#include <elfload/elf_lint.h>
#include <elfload/elf_names.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum lint {
#define LINT(code, name, severity, text) LINT_##name,
#include "lints.def"
#undef LINT
    LINT_COUNT
};

static const struct {
    int code;
    enum eld_severity severity;
    const char *text;
} rows[] = {
#define LINT(code, name, severity, text) {code, ELD_LINT_##severity, text},
#include "lints.def"
#undef LINT
};

/* A file being looked at. */
struct linter {
    const struct eld_elf *elf;
    struct eld_dynamic dynamic;
    int is_dynamic;
    struct eld_finding findings[LINT_COUNT]; /* count 0: not found */
};

/* Counts one more; returns the room for its detail, NULL if there was one. */
static char *find(struct linter *linter, enum lint lint)
{
    struct eld_finding *finding = &linter->findings[lint];

    return finding->count++ == 0 ? finding->detail : NULL;
}

static void add(struct linter *linter, enum lint lint, const char *what,
                uint64_t number)
{
    char *detail = find(linter, lint);

    if (detail != NULL)
        snprintf(detail, sizeof(linter->findings[lint].detail), "%s 0x%" PRIx64,
                 what, number);
}

static void add_fault(struct linter *linter, const struct eld_fault *fault)
{
    char *detail = find(linter, LINT_IMAGE);

    if (detail != NULL)
        eld_fault_format(fault, detail,
                         sizeof(linter->findings[LINT_IMAGE].detail));
}

/* ---- segments ---- */

static int is_accepted(uint32_t type)
{
    static const uint32_t types[] = {
        PT_NULL, PT_LOAD, PT_DYNAMIC,      PT_INTERP,    PT_NOTE,     PT_SHLIB,
        PT_PHDR, PT_TLS,  PT_GNU_EH_FRAME, PT_GNU_STACK, PT_GNU_RELRO};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i] == type)
            return 1;
    }
    return 0;
}

static void lint_segment(struct linter *linter, uint32_t index,
                         const struct eld_segment *segment)
{
    uint16_t machine = linter->elf->machine;

    if (!is_accepted(segment->type)) {
        char *detail = find(linter, LINT_SEGMENT_TYPE);
        const char *name = eld_segment_type_name(machine, segment->type);

        if (detail != NULL)
            snprintf(detail, sizeof(linter->findings[0].detail),
                     "program header %u: %s (0x%x)", index,
                     name != NULL ? name : "unknown", segment->type);
    }
    if (segment->type == PT_LOAD && (segment->flags & PF_W) &&
        (segment->flags & PF_X))
        add(linter, LINT_WRITABLE_CODE, "at address", segment->vaddr);
    if (segment->type == PT_INTERP)
        add(linter, LINT_INTERPRETER, "at offset", segment->offset);
}

static void lint_segments(struct linter *linter)
{
    enum { HEADERS_MAX = 4096 };
    const struct eld_elf *elf = linter->elf;
    uint64_t size = (uint64_t)elf->segment_count * elf->segment_size;

    if (size > HEADERS_MAX)
        add(linter, LINT_HEADERS_SIZE, "bytes:", size);
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        struct eld_segment segment;

        if (eld_read_segment(elf, i, &segment, NULL) < 0)
            break;
        lint_segment(linter, i, &segment);
    }
}

/* ---- relocations ---- */

static int is_applied(uint16_t machine, uint32_t type)
{
    static const uint8_t i386[] = {
        R_386_NONE,     R_386_32,       R_386_PC32,         R_386_GLOB_DAT,
        R_386_JMP_SLOT, R_386_RELATIVE, R_386_TLS_DTPMOD32, R_386_TLS_DTPOFF32};
    static const uint8_t x86_64[] = {
        R_X86_64_NONE,     R_X86_64_64,        R_X86_64_PC32,
        R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT, R_X86_64_RELATIVE,
        R_X86_64_DTPMOD64, R_X86_64_DTPOFF64,  R_X86_64_DTPOFF32};
    int is_i386 = machine == EM_386;
    const uint8_t *types = is_i386 ? i386 : x86_64;
    size_t count = is_i386 ? sizeof(i386) : sizeof(x86_64);

    for (size_t i = 0; i < count; i++) {
        if (types[i] == type)
            return 1;
    }
    return 0;
}

static void lint_reloc(struct linter *linter, const struct eld_reloc *reloc)
{
    uint16_t machine = linter->elf->machine;
    uint32_t copy = machine == EM_386 ? R_386_COPY : R_X86_64_COPY;
    enum lint lint = LINT_RELOC_TYPE;

    if (is_applied(machine, reloc->type))
        return;
    /* The loader for i386 passes over copies, the other refuses them. */
    if (machine == EM_386 && reloc->type == copy)
        lint = LINT_COPY;
    char *detail = find(linter, lint);
    const char *name = eld_reloc_name(machine, reloc->type);
    if (detail != NULL)
        snprintf(detail, sizeof(linter->findings[0].detail),
                 "%s (0x%x) of address 0x%" PRIx64,
                 name != NULL ? name : "unknown", reloc->type, reloc->offset);
}

static void lint_table(struct linter *linter, const struct eld_relocs *relocs)
{
    struct eld_reloc_cursor cursor = {0, 0, 0, 0};
    struct eld_reloc reloc;

    while (eld_next_reloc(linter->elf, relocs, &cursor, &reloc, NULL) == 1)
        lint_reloc(linter, &reloc);
}

static void lint_relocs(struct linter *linter)
{
    const struct eld_dynamic *dynamic = &linter->dynamic;
    int is_i386 = linter->elf->machine == EM_386;
    const struct eld_relocs *wrong = is_i386 ? &dynamic->rela : &dynamic->rel;

    if (wrong->table.count > 0)
        add(linter, LINT_RELOCS_KIND,
            is_i386 ? "DT_RELA at offset" : "DT_REL at offset",
            wrong->table.offset);
    if (dynamic->relr.table.count > 0)
        add(linter, LINT_RELR, "at offset", dynamic->relr.table.offset);
    lint_table(linter, &dynamic->rel);
    lint_table(linter, &dynamic->rela);
    lint_table(linter, &dynamic->plt);
}

/* ---- the dynamic section ---- */

static void lint_dynamic(struct linter *linter)
{
    const struct eld_dynamic *dynamic = &linter->dynamic;

    if (dynamic->hash.address == ELD_NONE)
        find(linter, LINT_NO_HASH);
    if (dynamic->flags & DF_STATIC_TLS)
        find(linter, LINT_STATIC_TLS);
    if (dynamic->has_text_relocs)
        find(linter, LINT_TEXT_RELOCS);
    if (dynamic->runpath != ELD_NONE)
        find(linter, LINT_RUNPATH);
    if (dynamic->soname == ELD_NONE && linter->elf->entry == 0)
        find(linter, LINT_NO_SONAME);
    lint_relocs(linter);
}

static void lint_markers(struct linter *linter)
{
    struct eld_haiku_version version;

    eld_read_haiku_version(
        linter->elf, linter->is_dynamic ? &linter->dynamic : NULL, &version);
    if (version.is_guess) {
        char *detail = find(linter, LINT_NO_MARKER);
        const char *name = eld_haiku_abi_name(version.abi);

        if (detail != NULL && name != NULL)
            snprintf(detail, sizeof(linter->findings[0].detail), "%s", name);
    }
}

static int report_all(const struct linter *linter, eld_report_finding *report,
                      void *context)
{
    int error_count = 0;

    for (int i = 0; i < LINT_COUNT; i++) {
        struct eld_finding finding = linter->findings[i];

        if (finding.count == 0)
            continue;
        finding.code = rows[i].code;
        finding.severity = rows[i].severity;
        finding.text = rows[i].text;
        report(context, &finding);
        error_count += finding.severity == ELD_LINT_ERROR;
    }
    return error_count;
}

int eld_lint(const struct eld_elf *elf, eld_report_finding *report,
             void *context)
{
    const struct eld_target *target = eld_target_of(elf->machine);
    struct linter linter;
    struct eld_fault fault;
    int error;

    if (target == NULL)
        return ELD_ERR_MACHINE;
    memset(&linter, 0, sizeof(linter));
    linter.elf = elf;
    if (eld_check_library(elf->bytes, elf->size, target, NULL, &fault) < 0)
        add_fault(&linter, &fault);
    error = eld_read_dynamic(elf, &linter.dynamic, &fault);
    if (error < 0)
        add_fault(&linter, &fault);
    linter.is_dynamic = error == 0;
    lint_segments(&linter);
    if (linter.is_dynamic)
        lint_dynamic(&linter);
    lint_markers(&linter);
    return report_all(&linter, report, context);
}
