/* names_test.cc -- names of numbers. */
/* SPDX-License-Identifier: MIT */

#include <elf.h>
#include <elfload/elf_haiku.h>
#include <elfload/elf_names.h>
#include <gtest/gtest.h>

#include <iterator>
#include <string>
#include <utility>

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
    EXPECT_EQ(or_none(eld_symbol_type_name(EM_386, STT_TLS)), "TLS");
    EXPECT_EQ(or_none(eld_symbol_type_name(EM_386, 9)), "(none)");
    EXPECT_EQ(or_none(eld_symbol_visibility_name(STV_HIDDEN)), "HIDDEN");
    EXPECT_EQ(or_none(eld_symbol_visibility_name(4)), "(none)");
    EXPECT_EQ(or_none(eld_dynamic_tag_name(EM_386, DT_NEEDED)), "NEEDED");
    EXPECT_EQ(or_none(eld_dynamic_tag_name(EM_386, DT_VERNEEDNUM)),
              "VERNEEDNUM");
    EXPECT_EQ(or_none(eld_dynamic_tag_name(EM_386, -1)), "(none)");
    EXPECT_EQ(or_none(eld_dynamic_tag_name(EM_MIPS, DT_MIPS_FLAGS)),
              "MIPS_FLAGS");
    EXPECT_EQ(or_none(eld_dynamic_tag_name(EM_386, DT_MIPS_FLAGS)), "(none)");
    EXPECT_EQ(or_none(eld_symbol_type_name(EM_SPARCV9, 13)), "REGISTER");
    EXPECT_EQ(or_none(eld_symbol_type_name(EM_386, 13)), "(none)");
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
}

TEST(Names, OfNotesDependOnTheirOwner)
{
    EXPECT_EQ(or_none(eld_note_type_name("GNU", ET_DYN, 3)), "NT_GNU_BUILD_ID");
    EXPECT_EQ(or_none(eld_note_type_name("CORE", ET_CORE, 3)), "NT_PRPSINFO");
    EXPECT_EQ(or_none(eld_note_type_name("CORE", ET_EXEC, 3)), "(none)");
    EXPECT_EQ(or_none(eld_note_type_name("nobody", ET_DYN, 3)), "(none)");
}

TEST(Names, OfRelocationsOfOtherMachines)
{
#define ROW(machine, type)                                                     \
    EXPECT_EQ(or_none(eld_reloc_name(machine, type)), #type)
    ROW(EM_ARM, R_ARM_NONE);
    ROW(EM_ARM, R_ARM_TLS_DESC);
    ROW(EM_ARM, R_ARM_RELATIVE);
    ROW(EM_AARCH64, R_AARCH64_ABS64);
    ROW(EM_AARCH64, R_AARCH64_IRELATIVE);
    ROW(EM_RISCV, R_RISCV_JUMP_SLOT);
    ROW(EM_PPC, R_PPC_REL24);
    ROW(EM_PPC64, R_PPC64_JMP_IREL);
    ROW(EM_68K, R_68K_GLOB_DAT);
    ROW(EM_SPARC, R_SPARC_OLO10);
    ROW(EM_SPARCV9, R_SPARC_64);
    ROW(EM_MIPS, R_MIPS_REL32);
    ROW(EM_S390, R_390_64);
#undef ROW
    EXPECT_EQ(or_none(eld_reloc_name(EM_68K, 200)), "(none)");
    EXPECT_EQ(or_none(eld_reloc_name(EM_VAX, 1)), "(none)");
}

TEST(Names, OfRelocationsAscendInTheirTable)
{
    const uint32_t numbers[][2] = {
#define RELOC_NAME(machine, number, name) {machine, number},
#include "libelfload/src/reloc_names.def"
#undef RELOC_NAME
    };
    for (size_t i = 1; i < std::size(numbers); i++)
        EXPECT_LT(std::make_pair(numbers[i - 1][0], numbers[i - 1][1]),
                  std::make_pair(numbers[i][0], numbers[i][1]));
}

static std::string flags_of(uint32_t set, uint64_t flags, uint64_t *rest)
{
    std::string result;
    uint32_t cursor = 0;
    while (const char *name = eld_next_flag(set, flags, &cursor, rest))
        result += std::string(result.empty() ? "" : " ") + name;
    return result;
}

TEST(Names, OfFlagsLeaveTheRest)
{
    uint64_t rest = 1;
    EXPECT_EQ(flags_of(ELD_FLAGS_SEGMENT, PF_R | PF_X, &rest), "R X");
    EXPECT_EQ(rest, 0u);
    EXPECT_EQ(flags_of(ELD_FLAGS_SECTION, SHF_ALLOC | 0x10000000, &rest),
              "ALLOC");
    EXPECT_EQ(rest, 0x10000000u);
    EXPECT_EQ(flags_of(ELD_FLAGS_DYNAMIC, DF_TEXTREL, nullptr), "TEXTREL");
    EXPECT_EQ(flags_of(ELD_FLAGS_DYNAMIC_1, DF_1_NOW | DF_1_PIE, &rest),
              "NOW PIE");
    EXPECT_EQ(flags_of(ELD_FLAGS_VERSION, VER_FLG_BASE, &rest), "BASE");
    EXPECT_EQ(flags_of(EM_RISCV, 5, &rest), "RVC double-float ABI");
    EXPECT_EQ(flags_of(EM_ARM, 0x05000400, &rest),
              "EABI version 5 hard-float ABI");
    EXPECT_EQ(rest, 0u);
    EXPECT_EQ(flags_of(EM_386, 1, &rest), "");
    EXPECT_EQ(rest, 1u);
}

TEST(Names, DynamicEntriesSayWhatTheirValueIs)
{
    EXPECT_EQ(eld_dynamic_value(DT_NEEDED), ELD_VALUE_STRING);
    EXPECT_EQ(eld_dynamic_value(DT_HASH), ELD_VALUE_ADDRESS);
    EXPECT_EQ(eld_dynamic_value(DT_STRSZ), ELD_VALUE_SIZE);
    EXPECT_EQ(eld_dynamic_value(DT_RELCOUNT), ELD_VALUE_COUNT);
    EXPECT_EQ(eld_dynamic_value(DT_PLTREL), ELD_VALUE_TAG);
    EXPECT_EQ(eld_dynamic_value(DT_FLAGS), ELD_VALUE_FLAGS);
    EXPECT_EQ(eld_dynamic_value(DT_FLAGS_1), ELD_VALUE_FLAGS_1);
    EXPECT_EQ(eld_dynamic_value(0x12345), ELD_VALUE_NUMBER);
}

TEST(Names, OfPropertiesDependOnTheMachine)
{
    uint32_t x86 = GNU_PROPERTY_X86_FEATURE_1_AND;
    EXPECT_EQ(or_none(eld_property_name(EM_386, 1)), "STACK_SIZE");
    EXPECT_EQ(or_none(eld_property_name(EM_X86_64, x86)), "X86_FEATURE_1_AND");
    EXPECT_EQ(or_none(eld_property_name(EM_386, x86)), "X86_FEATURE_1_AND");
    EXPECT_EQ(or_none(eld_property_name(EM_ARM, x86)), "(none)");
    EXPECT_EQ(or_none(eld_property_name(EM_AARCH64, 0xc0000000)),
              "AARCH64_FEATURE_1_AND");
    EXPECT_EQ(flags_of(eld_property_flags(EM_X86_64, x86), 3, nullptr),
              "IBT SHSTK");
    EXPECT_EQ(flags_of(eld_property_flags(EM_AARCH64, 0xc0000000), 1, nullptr),
              "BTI");
    EXPECT_EQ(eld_property_flags(EM_X86_64, 1), 0u);
}

TEST(Names, OfHaikusAbisAndReleases)
{
    EXPECT_EQ(or_none(eld_haiku_abi_name(ELD_ABI_GCC2_HAIKU)),
              "gcc 2.95 (Haiku)");
    EXPECT_EQ(or_none(eld_haiku_abi_name(ELD_ABI_GCC4)),
              "gcc 4 or later, or clang");
    EXPECT_EQ(or_none(eld_haiku_abi_name(1)), "(none)");
    EXPECT_EQ(or_none(eld_haiku_api_name(0x900)), "Haiku R1/beta5");
    EXPECT_EQ(or_none(eld_haiku_api_name(1)), "BeOS");
    EXPECT_EQ(or_none(eld_haiku_api_name(0)), "(none)");
}
