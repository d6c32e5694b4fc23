/* names_test.cc -- names of numbers. */
/* SPDX-License-Identifier: MIT */

#include <elf.h>
#include <elfload/elf_names.h>
#include <gtest/gtest.h>

#include <string>

static std::string or_none(const char *name)
{
    return name != nullptr ? name : "(none)";
}

TEST(Names, AgreeWithTheNumbersOfTheSystemsHeader)
{
    EXPECT_EQ(or_none(eld_machine_name(EM_386, 0)), "i386");
    EXPECT_EQ(or_none(eld_machine_name(EM_X86_64, 1)), "x86-64");
    EXPECT_EQ(or_none(eld_machine_name(EM_X86_64, 0)), "x32");
    EXPECT_EQ(or_none(eld_machine_name(EM_RISCV, 1)), "riscv64");
    EXPECT_EQ(or_none(eld_machine_name(EM_RISCV, 0)), "riscv32");
    EXPECT_EQ(or_none(eld_machine_name(EM_AARCH64, 1)), "aarch64");
    EXPECT_EQ(or_none(eld_machine_name(EM_68K, 0)), "m68k");
    EXPECT_EQ(or_none(eld_machine_name(0xfffe, 0)), "(none)");
    EXPECT_EQ(or_none(eld_os_abi_name(ELFOSABI_GNU)), "GNU");
    EXPECT_EQ(or_none(eld_os_abi_name(200)), "(none)");
    EXPECT_EQ(or_none(eld_type_name(ET_DYN)), "DYN");
    EXPECT_EQ(or_none(eld_type_name(0xff00)), "(none)");
    EXPECT_EQ(or_none(eld_symbol_bind_name(STB_WEAK)), "WEAK");
    EXPECT_EQ(or_none(eld_symbol_bind_name(9)), "(none)");
    EXPECT_EQ(or_none(eld_symbol_type_name(STT_TLS)), "TLS");
    EXPECT_EQ(or_none(eld_symbol_type_name(9)), "(none)");
    EXPECT_EQ(or_none(eld_symbol_visibility_name(STV_HIDDEN)), "HIDDEN");
    EXPECT_EQ(or_none(eld_symbol_visibility_name(4)), "(none)");
    EXPECT_EQ(or_none(eld_dynamic_tag_name(DT_NEEDED)), "NEEDED");
    EXPECT_EQ(or_none(eld_dynamic_tag_name(DT_VERNEEDNUM)), "VERNEEDNUM");
    EXPECT_EQ(or_none(eld_dynamic_tag_name(-1)), "(none)");
    EXPECT_EQ(or_none(eld_segment_type_name(EM_386, PT_GNU_RELRO)),
              "GNU_RELRO");
    EXPECT_EQ(or_none(eld_section_type_name(EM_386, SHT_GNU_verneed)),
              "GNU_verneed");
}

TEST(Names, OfProcessorsDependOnTheMachine)
{
    EXPECT_EQ(or_none(eld_segment_type_name(EM_ARM, 0x70000001)), "ARM_EXIDX");
    EXPECT_EQ(or_none(eld_segment_type_name(EM_RISCV, 0x70000003)),
              "RISCV_ATTRIBUTES");
    EXPECT_EQ(or_none(eld_segment_type_name(EM_386, 0x70000001)), "(none)");
    EXPECT_EQ(or_none(eld_section_type_name(EM_X86_64, 0x70000001)),
              "X86_64_UNWIND");
    EXPECT_EQ(or_none(eld_section_type_name(EM_386, 0x70000001)), "(none)");
}

TEST(Names, OfRelocationsAreThoseOfThePsabi)
{
#define ROW(type) EXPECT_EQ(or_none(eld_reloc_name(EM_386, type)), #type)
    ROW(R_386_NONE);
    ROW(R_386_32);
    ROW(R_386_PC32);
    ROW(R_386_COPY);
    ROW(R_386_GLOB_DAT);
    ROW(R_386_JMP_SLOT);
    ROW(R_386_RELATIVE);
    ROW(R_386_GOTOFF);
    ROW(R_386_GOTPC);
    ROW(R_386_TLS_TPOFF);
    ROW(R_386_TLS_DTPMOD32);
    ROW(R_386_TLS_DTPOFF32);
    ROW(R_386_TLS_TPOFF32);
    ROW(R_386_SIZE32);
    ROW(R_386_TLS_DESC);
    ROW(R_386_IRELATIVE);
#undef ROW
#define ROW(type) EXPECT_EQ(or_none(eld_reloc_name(EM_X86_64, type)), #type)
    ROW(R_X86_64_64);
    ROW(R_X86_64_PC32);
    ROW(R_X86_64_GLOB_DAT);
    ROW(R_X86_64_JUMP_SLOT);
    ROW(R_X86_64_32S);
    ROW(R_X86_64_DTPMOD64);
    ROW(R_X86_64_TPOFF64);
    ROW(R_X86_64_TLSDESC);
    ROW(R_X86_64_IRELATIVE);
    ROW(R_X86_64_REX_GOTPCRELX);
#undef ROW
    EXPECT_EQ(or_none(eld_reloc_name(EM_386, 200)), "(none)");
    EXPECT_EQ(or_none(eld_reloc_name(EM_ARM, 1)), "(none)");
}

TEST(Names, OfNotesDependOnTheirOwner)
{
    EXPECT_EQ(or_none(eld_note_type_name("GNU", ET_DYN, 3)), "NT_GNU_BUILD_ID");
    EXPECT_EQ(or_none(eld_note_type_name("CORE", ET_CORE, 3)), "NT_PRPSINFO");
    EXPECT_EQ(or_none(eld_note_type_name("CORE", ET_EXEC, 3)), "(none)");
    EXPECT_EQ(or_none(eld_note_type_name("nobody", ET_DYN, 3)), "(none)");
}
