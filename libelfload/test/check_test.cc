/* check_test.cc -- what can be started, and what is said of the rest. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

#include <elfload/elf_check.h>

/* "" when the file can be started, else the line. */
static std::string check(const Bytes &bytes, bool is_library = false)
{
    const eld_target *target = eld_target_of(EM_386);
    eld_fault fault = {};
    eld_elf elf;
    char line[512] = "";
    auto function = is_library ? eld_check_library : eld_check_program;
    int error = function(bytes.data(), bytes.size(), target, &elf, &fault);
    EXPECT_EQ(function(bytes.data(), bytes.size(), target, nullptr, nullptr),
              error);
    if (error < 0)
        eld_fault_format(&fault, line, sizeof(line));
    return line;
}

static ElfBuilder program(bool is_64 = false)
{
    ElfBuilder builder(is_64, 0x400000);
    builder.type = ET_EXEC;
    builder.is_dynamic = false;
    builder.entry = builder.text_at();
    return builder;
}

/* Program header i of a 32-bit file. */
static uint8_t *header(Bytes &bytes, size_t i, size_t field)
{
    return bytes.data() + 52 + 32 * i + 4 * field;
}

enum { TYPE, OFFSET, VADDR, PADDR, FILESZ, MEMSZ };

static void set(Bytes &bytes, size_t i, size_t field, uint32_t value)
{
    memcpy(header(bytes, i, field), &value, 4);
}

TEST(Check, AProgramPassesAndIsRead)
{
    Bytes bytes = program().build();
    eld_elf elf;
    EXPECT_EQ(check(bytes), "");
    ASSERT_EQ(eld_check_program(bytes.data(), bytes.size(),
                                eld_target_of(EM_386), &elf, nullptr),
              0);
    EXPECT_EQ(elf.entry, program().text_at());
}

TEST(Check, ALibraryNeedsNoEntryPoint)
{
    ElfBuilder builder;
    for (uint64_t base : {0, 0x1000}) { /* its first segment may be at 0 */
        builder.base = base;
        EXPECT_EQ(check(builder.build(), true), "");
        EXPECT_EQ(check(builder.build()),
                  "a library or add-on, which has no entry point");
    }
}

TEST(Check, OtherFilesAreNamedForWhatTheyAre)
{
    std::string script = "#!/bin/sh\n", zeros(100, '\0');
    EXPECT_EQ(check({}), "empty file");
    EXPECT_EQ(check(Bytes(script.begin(), script.end())),
              "text file, not an ELF file");
    EXPECT_EQ(check(Bytes(zeros.begin(), zeros.end())), "not an ELF file");
}

TEST(Check, OtherMachinesAreNamed)
{
    struct {
        uint16_t machine;
        bool is_64;
        const char *line;
    } rows[] = {
        {EM_X86_64, true, "wrong machine (found x86-64, expected i386)"},
        {EM_RISCV, true, "wrong machine (found riscv64, expected i386)"},
        {EM_AARCH64, true, "wrong machine (found aarch64, expected i386)"},
        {EM_68K, false, "wrong machine (found m68k, expected i386)"},
        {EM_386, true,
         "ELF header: wrong class (found 64-bit, expected "
         "32-bit)"},
        {0x7777, false, "wrong machine (found 0x7777, expected i386)"},
    };
    for (const auto &row : rows) {
        ElfBuilder builder = program(row.is_64);
        builder.machine = row.machine;
        EXPECT_EQ(check(builder.build()), row.line);
    }
    ElfBuilder builder = program();
    builder.is_big = true;
    EXPECT_EQ(check(builder.build()),
              "ELF header: wrong byte order (found 0x2, expected 0x1)");
}

TEST(Check, OnlyProgramsAndLibrariesCanBeLoaded)
{
    ElfBuilder builder = program();
    builder.type = ET_REL;
    EXPECT_EQ(check(builder.build()),
              "ELF header: wrong file type (found REL)");
    builder.type = ET_CORE;
    EXPECT_EQ(check(builder.build()),
              "ELF header: wrong file type (found CORE)");
    Bytes bytes = program().build();
    bytes[20] = 2;
    EXPECT_EQ(check(bytes),
              "ELF header: unknown version (found 0x2, expected 0x1)");
}

TEST(Check, AFileCutOffAtAnyLengthIsFoundOut)
{
    for (bool is_dynamic : {false, true}) {
        ElfBuilder builder = program();
        builder.is_dynamic = is_dynamic;
        builder.comment = "some comment at the end";
        Bytes bytes = builder.build();
        for (size_t size = 0; size < bytes.size(); size++) {
            std::string line =
                check(Bytes(bytes.begin(), bytes.begin() + (long)size));
            ASSERT_NE(line, "") << size;
            if (size > 0) {
                ASSERT_NE(line.find("truncated"), std::string::npos) << line;
            }
        }
        EXPECT_EQ(check(bytes), "");
    }
}

TEST(Check, SegmentsMustMakeAnImage)
{
    struct {
        const char *name;
        std::vector<std::array<uint32_t, 3>> changes; /* header field value */
        const char *line;
    } rows[] = {
        {"nothing to load",
         {{0, TYPE, PT_NOTE}, {1, TYPE, PT_NOTE}, {2, TYPE, PT_NOTE}},
         "has no segments to load"},
        {"beyond 4 GiB",
         {{2, VADDR, 0xfffffc00}, {2, MEMSZ, 0x1000}},
         "program header 2: ends beyond the address space (found "
         "0x100000c00, expected 0xfffff000)"},
        {"the last page",
         {{2, VADDR, 0xfffffc00}, {2, FILESZ, 0x100}, {2, MEMSZ, 0x100}},
         "program header 2: ends beyond the address space (found "
         "0xfffffd00, expected 0xfffff000)"},
        {"overlap",
         {{1, VADDR, 0x400800}},
         "program header 1: overlaps the one before it (found 0x400000, "
         "expected 0x401000)"},
        {"the same page",
         {{2, VADDR, 0x410c00}},
         "program header 2: overlaps the one before it (found 0x410000, "
         "expected 0x411000)"},
        {"order",
         {{2, VADDR, 0x300c00}},
         "program header 2: not in ascending order of addresses (found "
         "0x300000, expected 0x411000)"},
        {"larger in the file",
         {{2, MEMSZ, 4}},
         "program header 2: larger in the file than in memory (found "
         "0x240, expected 0x4)"},
        {"a 2 GiB bss",
         {{2, MEMSZ, 0x80000000}},
         "all segments: needs more memory than a program can have (found "
         "0x80021000, expected 0x7fef0000)"},
        {"memory of 4 GiB",
         {{2, MEMSZ, 0xffffffff}},
         "program header 2: needs more memory than a program can have "
         "(found 0xffffffff, expected 0xfffff000)"},
        {"into the kernel",
         {{2, MEMSZ, 0x7fe00000}},
         "all segments: ends beyond the address space (found 0x80221000, "
         "expected 0x7fff0000)"},
        {"offset within the page",
         {{2, OFFSET, 0xc10}},
         "program header 2: address and file offset differ within a page "
         "(found 0xc00, expected 0xc10)"},
        {"file range",
         {{2, OFFSET, 0xfffffc00}},
         "program header 2 at offset 0xfffffc00: file is truncated (found "},
        {"entry",
         {{1, VADDR, 0x413800}},
         "ELF header: entry point is in no "
         "segment (found 0x410800)"},
    };
    ElfBuilder builder = program();
    builder.is_dynamic = false;
    for (const auto &row : rows) {
        Bytes bytes = builder.build();
        for (const auto &change : row.changes)
            set(bytes, change[0], change[1], change[2]);
        std::string line = check(bytes);
        EXPECT_EQ(line.substr(0, strlen(row.line)), row.line) << row.name;
    }
}

TEST(Check, EmptySegmentsDoNotCount)
{
    Bytes bytes = program().build();
    set(bytes, 2, FILESZ, 0);
    set(bytes, 2, MEMSZ, 0);
    set(bytes, 2, VADDR, 0);
    EXPECT_EQ(check(bytes), "");
}

TEST(Check, LargeSegmentsThatFitAreAccepted)
{
    ElfBuilder builder = program();
    builder.bss_size = 0x70000000;
    EXPECT_EQ(check(builder.build()), "");
}

TEST(Check, TargetsAreThoseOfHaiku)
{
    const eld_target *i386 = eld_target_of(EM_386);
    const eld_target *x86_64 = eld_target_of(EM_X86_64);
    ASSERT_NE(i386, nullptr);
    ASSERT_NE(x86_64, nullptr);
    EXPECT_EQ(i386->high, 0x7fff0000u);
    EXPECT_TRUE(x86_64->is_64);
    EXPECT_EQ(eld_target_of(EM_ARM), nullptr);
    Bytes bytes = program(true).build();
    EXPECT_EQ(
        eld_check_program(bytes.data(), bytes.size(), x86_64, nullptr, nullptr),
        0);
}
