/* lint_test.cc -- what would go wrong with a file on Haiku. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

#include <elfload/elf_haiku.h>
#include <elfload/elf_lint.h>

#include <functional>

struct Findings {
    std::string codes; /* by blanks */
    std::map<int, eld_finding> by_code;
    int result;
};

static Findings lint(const Bytes &bytes)
{
    Opened file(bytes);
    Findings findings;
    EXPECT_EQ(file.error, 0);
    findings.result = eld_lint(
        file.get(),
        [](void *context, const eld_finding *finding) {
            auto *found = static_cast<Findings *>(context);
            found->codes += (found->codes.empty() ? "" : " ") +
                            std::to_string(finding->code);
            found->by_code[finding->code] = *finding;
        },
        &findings);
    return findings;
}

/* A library that Haiku has nothing to say against. */
static ElfBuilder good(bool is_64)
{
    ElfBuilder builder(is_64);
    builder.soname = "libx.so";
    builder.object("_gSharedObjectHaikuABI", 0);
    builder.words = {{0, ELD_ABI_GCC4}};
    builder.reloc(16, is_64 ? (uint32_t)R_X86_64_RELATIVE
                            : (uint32_t)R_386_RELATIVE);
    return builder;
}

TEST(Lint, AGoodFileHasNoFindings)
{
    for (bool is_64 : {false, true}) {
        Findings findings = lint(good(is_64).build());
        EXPECT_EQ(findings.codes, "");
        EXPECT_EQ(findings.result, 0);
    }
}

struct LintRow {
    const char *codes;
    int errors;
    const char *detail; /* of the first; nullptr: any */
    bool is_64;
    std::function<void(ElfBuilder &)> change;
};

TEST(Lint, EachThingHasItsCode)
{
    const LintRow rows[] = {
        {"1", 1, nullptr, false, [](ElfBuilder &b) { b.type = ET_REL; }},
        {"4", 1, "", false,
         [](ElfBuilder &b) {
             b.has_hash = false;
             b.has_gnu_hash = true;
         }},
        {"5", 1, nullptr, false, [](ElfBuilder &b) { b.is_rela = true; }},
        {"5", 1, nullptr, true, [](ElfBuilder &b) { b.is_rela = false; }},
        {"6", 1, "R_386_IRELATIVE (0x2a) of address 0x20c18", false,
         [](ElfBuilder &b) {
             b.reloc(24, R_386_IRELATIVE).reloc(28, R_386_SIZE32);
         }},
        {"6", 1, nullptr, true,
         [](ElfBuilder &b) { b.reloc(24, R_X86_64_COPY); }},
        {"7", 1, "", false,
         [](ElfBuilder &b) {
             b.tags = {{DT_FLAGS, DF_STATIC_TLS}};
         }},
        {"8", 1, nullptr, false,
         [](ElfBuilder &b) { b.relr = {b.data_at(16)}; }},
        {"20", 0, nullptr, false,
         [](ElfBuilder &b) { b.reloc(24, R_386_COPY); }},
        {"21", 0, "gcc 2, before 2.95 (BeOS)", false,
         [](ElfBuilder &b) { b.words.clear(); }},
        {"22", 0, "", false,
         [](ElfBuilder &b) {
             b.tags = {{DT_TEXTREL, 0}};
         }},
        {"24", 0, "", false, [](ElfBuilder &b) { b.runpath = "/boot"; }},
        {"41", 0, "", false, [](ElfBuilder &b) { b.soname = ""; }},
        {"", 0, nullptr, false,
         [](ElfBuilder &b) {
             b.soname = "";
             b.entry = b.text_at();
         }},
    };
    for (const auto &row : rows) {
        SCOPED_TRACE(row.codes);
        ElfBuilder builder = good(row.is_64);
        row.change(builder);
        Findings findings = lint(builder.build());
        EXPECT_EQ(findings.codes, row.codes);
        EXPECT_EQ(findings.result, row.errors);
        if (row.detail != nullptr && !findings.by_code.empty()) {
            EXPECT_STREQ(findings.by_code.begin()->second.detail, row.detail);
        }
    }
}

TEST(Lint, FindingsOfAKindAreCounted)
{
    ElfBuilder builder = good(false);
    builder.reloc(24, R_386_IRELATIVE).reloc(28, R_386_SIZE32);
    Findings findings = lint(builder.build());
    EXPECT_EQ(findings.by_code[6].count, 2u);
    EXPECT_EQ(findings.by_code[6].severity, ELD_LINT_ERROR);
    EXPECT_STREQ(findings.by_code[6].text,
                 "relocation that the loader does not apply");
}

/* Changes a word of the program headers. */
static Bytes with_segment(uint32_t index, size_t field, uint32_t value)
{
    Bytes bytes = good(false).build();
    Opened file(bytes);
    size_t at = file->segments_offset + index * 32 + field;
    memcpy(&bytes[at], &value, 4);
    return bytes;
}

TEST(Lint, SegmentsAreLookedAt)
{
    Opened file(good(false).build());
    uint32_t note = 0, load = ~0u;
    for (uint32_t i = 0; i < file->segment_count; i++) {
        eld_segment segment;
        ASSERT_EQ(eld_read_segment(file.get(), i, &segment, nullptr), 0);
        if (segment.type == PT_LOAD && load == ~0u)
            load = i;
        if (segment.type != PT_LOAD && segment.type != PT_DYNAMIC)
            note = i;
    }
    EXPECT_EQ(lint(with_segment(load, 24, PF_R | PF_W | PF_X)).codes, "23");
    if (note != 0) {
        Findings findings = lint(with_segment(note, 0, PT_GNU_PROPERTY));
        EXPECT_EQ(findings.codes, "2");
        EXPECT_EQ(lint(with_segment(note, 0, PT_INTERP)).codes, "40");
    }
}

TEST(Lint, OtherMachinesAreNotHaikus)
{
    ElfBuilder builder = good(false);
    builder.machine = EM_68K;
    EXPECT_EQ(lint(builder.build()).result, ELD_ERR_MACHINE);
}
