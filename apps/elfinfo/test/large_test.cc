/* large_test.cc -- a library of 100 MB: how much memory it takes. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

static const size_t kSize = 100 << 20, kCount = 1000000;

template <class T> static void append(std::string &bytes, const T &record)
{
    bytes.append(reinterpret_cast<const char *>(&record), sizeof(record));
}

/* A million symbols and relocations, and a hole for the code. */
static std::string large()
{
    std::string text, symbols, names(1, '\0'), relocs;
    Elf64_Shdr sections[6] = {};
    const char section_names[] =
        "\0.text\0.symtab\0.strtab\0.rela.text\0.shstrtab";
    append(symbols, Elf64_Sym());
    for (size_t i = 1; i < kCount; i++) {
        Elf64_Sym symbol = {};
        symbol.st_name = (Elf64_Word)names.size();
        symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
        symbol.st_shndx = 1;
        symbol.st_value = 0x1000 + 16 * i;
        symbol.st_size = 16;
        append(symbols, symbol);
        names += "function_" + std::to_string(i) + '\0';
        Elf64_Rela reloc = {};
        reloc.r_offset = symbol.st_value;
        reloc.r_info = ELF64_R_INFO(i, R_X86_64_64);
        reloc.r_addend = (Elf64_Sxword)i;
        append(relocs, reloc);
    }
    Elf64_Ehdr header = {};
    memcpy(header.e_ident, ELFMAG "\2\1\1", 7);
    header.e_type = ET_DYN;
    header.e_machine = EM_X86_64;
    header.e_version = 1;
    header.e_ehsize = sizeof(header);
    header.e_shentsize = sizeof(sections[0]);
    header.e_shnum = 6;
    header.e_shstrndx = 5;
    header.e_shoff = sizeof(header);
    const std::string contents[] = {
        "",    "",     symbols,
        names, relocs, std::string(section_names, sizeof(section_names))};
    const uint32_t types[] = {0,          SHT_PROGBITS, SHT_SYMTAB,
                              SHT_STRTAB, SHT_RELA,     SHT_STRTAB};
    size_t offset = sizeof(header) + sizeof(sections), name = 1;
    for (int i = 1; i < 6; i++) {
        sections[i].sh_name = (Elf64_Word)name;
        name += strlen(section_names + name) + 1;
        sections[i].sh_type = types[i];
        sections[i].sh_offset = offset;
        sections[i].sh_size = contents[i].size();
        sections[i].sh_addralign = 1;
        offset += contents[i].size();
    }
    sections[1].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
    sections[1].sh_addr = 0x1000;
    sections[1].sh_offset = offset;
    sections[1].sh_size = kSize - offset;
    sections[2].sh_link = 3;
    sections[2].sh_entsize = sizeof(Elf64_Sym);
    sections[2].sh_info = 1;
    sections[4].sh_link = 2;
    sections[4].sh_info = 1;
    sections[4].sh_entsize = sizeof(Elf64_Rela);
    append(text, header);
    append(text, sections);
    for (const std::string &content : contents)
        text += content;
    std::string path = write_file("large.so", text);
    EXPECT_EQ(truncate(path.c_str(), (off_t)kSize), 0);
    return path;
}

/* What a program used, its output going nowhere. */
static rusage run_alone(std::vector<const char *> arguments)
{
    rusage usage = {};
    int status = 0;
    arguments.push_back(nullptr);
    pid_t child = fork();
    if (child == 0) {
        int fd = open("/dev/null", O_WRONLY);
        dup2(fd, STDOUT_FILENO);
        execvp(arguments[0], const_cast<char *const *>(arguments.data()));
        _exit(127);
    }
    EXPECT_EQ(wait4(child, &status, 0, &usage), child);
    EXPECT_EQ(status, 0) << arguments[0];
    return usage;
}

static double seconds(const rusage &usage)
{
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* An object file whose header says that it has 2^32 - 1 sections. */
TEST(Large, SectionsThatAreOnlyClaimedTakeNoMemory)
{
    Elf64_Ehdr header = {};
    memcpy(header.e_ident, ELFMAG "\2\1\1", 7);
    header.e_type = ET_REL;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_shoff = sizeof(header);
    header.e_ehsize = sizeof(header);
    header.e_shentsize = sizeof(Elf64_Shdr);
    Elf64_Shdr first = {};
    first.sh_size = UINT32_MAX;
    std::string text;
    append(text, header);
    append(text, first);
    std::string path = write_file("claims.o", text);
    Result result =
        run("ulimit -v 1000000; apps/elfinfo/elfinfo --address 1 " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("lines: "), std::string::npos) << result.err;
}

/* Times are only told: they are the machine's, and its load's. */
TEST(Large, ListsInTheMemoryOfTheFile)
{
    std::string path = large();
    rusage ours = run_alone({"apps/elfinfo/elfinfo", "-s", "-r", path.c_str()});
    /* Kilobytes: the file, and what does not depend on it. */
    EXPECT_LT((size_t)ours.ru_maxrss, (kSize >> 10) + 16384);
    rusage json =
        run_alone({"apps/elfinfo/elfinfo", "--json", "-s", "-r", path.c_str()});
    EXPECT_LT((size_t)json.ru_maxrss, (kSize >> 10) + 16384);
    std::string report = "elfinfo " + std::to_string(seconds(ours)) +
                         " s, as JSON " + std::to_string(seconds(json)) + " s";
    if (run("command -v llvm-readelf").status == 0) {
        rusage llvm = run_alone({"llvm-readelf", "-s", "-r", path.c_str()});
        report += ", llvm-readelf " + std::to_string(seconds(llvm)) + " s";
    }
    puts(report.c_str());
    unlink(path.c_str());
}
