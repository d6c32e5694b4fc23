/* symbol_parity_test.cc -- the same for symbols, relocations and versions. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/parity.h"

#include <set>

/* "name@VERSION (3)" as readelf ends its lines. */
static std::string versioned(const Json &symbol)
{
    std::string name = symbol["name"].text();
    if (!symbol["version"].is_null() &&
        (is_llvm() || symbol["version"].text() != name))
        name += (symbol["is_default_version"].is_true() ? "@@" : "@") +
                symbol["version"].text();
    return name;
}

/* A line without what readelf puts before the section: "[VARIANT_PCS]". */
static std::string without_brackets(const std::string &line)
{
    size_t start = line.find(" [<"), end = line.find("] ", start);
    if (start == std::string::npos)
        start = line.find(" [V"), end = line.find("] ", start);
    return start == std::string::npos || end == std::string::npos
               ? line
               : line.substr(0, start) + line.substr(end + 1);
}

/* A name of RISC-V's as readelf writes it: control characters with a
 * circumflex, and no space at the end. */
static std::string trimmed(const std::string &name)
{
    std::string result;
    for (char c : name.substr(0, name.find_last_not_of(' ') + 1)) {
        if (c > 0 && c < ' ' && !is_llvm())
            result += {'^', (char)(c + '@')};
        else
            result += c;
    }
    return result;
}

/* What readelf calls a section that has no number. */
static std::string section_index(const Json &symbol)
{
    uint64_t number = symbol["section_index"].number();
    return number == 0        ? "UND"
           : number == 0xfff1 ? "ABS"
           : number == 0xfff2 ? "COM"
                              : std::to_string(number);
}

TEST(SymbolParity, OfSymbolsAndTheirVersions)
{
    for (const auto &file : all_files()) {
        SCOPED_TRACE(file.first);
        Json symbols = elfinfo_json("-s " + file.second)["symbols"];
        size_t count = 0;
        if (symbols[(size_t)0]["table"].text() == "of the dynamic section")
            continue; /* readelf looks at sections only */
        for (const auto &line : readelf("-s " + file.second)) {
            auto words = words_of(without_brackets(line));
            if (is_llvm() && line.find("specific>") != std::string::npos) {
                count++; /* it has no name for the type */
                continue;
            }
            if (words.size() < 7 || words[0].back() != ':' ||
                !isdigit((unsigned char)words[0][0]))
                continue;
            Json symbol = symbols[count++];
            /* A section's symbol is shown by the section's name. */
            std::string name = words.size() > 7 ? words[7] : "";
            if (symbol["type"].text() == "SECTION")
                name = symbol["name"].text();
            EXPECT_EQ(symbol["index"].number(),
                      decimal(words[0].substr(0, words[0].size() - 1)));
            EXPECT_EQ(symbol["value"].number(), hex(words[1]));
            EXPECT_EQ(symbol["size"].number(), decimal(words[2]));
            EXPECT_EQ(symbol["type"].text(), words[3]);
            EXPECT_EQ(symbol["bind"].text(), words[4]);
            EXPECT_EQ(symbol["visibility"].text(), words[5]);
            EXPECT_EQ(section_index(symbol), words[6]);
            EXPECT_EQ(trimmed(versioned(symbol)), trimmed(name));
        }
        EXPECT_EQ(count, symbols.size());
    }
}

/* The psABI's name for what readelf calls otherwise. */
static std::string reloc_type(const std::string &name)
{
    static const std::map<std::string, std::string> names = {
        {"R_386_JUMP_SLOT", "R_386_JMP_SLOT"},
        {"R_68K_GOTPCREL32", "R_68K_GOT32"},
        {"R_68K_GOTPCREL16", "R_68K_GOT16"},
        {"R_68K_GOTPCREL8", "R_68K_GOT8"},
        {"R_68K_GOTOFF32", "R_68K_GOT32O"},
        {"R_68K_GOTOFF16", "R_68K_GOT16O"},
        {"R_68K_GOTOFF8", "R_68K_GOT8O"}};
    auto found = names.find(name);
    return found == names.end() ? name : found->second;
}

TEST(SymbolParity, OfRelocations)
{
    for (const auto &file : all_files()) {
        SCOPED_TRACE(file.first);
        Json relocs = elfinfo_json("-r " + file.second)["relocs"];
        size_t count = 0;
        if (relocs[(size_t)0]["table"].text().compare(0, 3, "DT_") == 0)
            continue; /* readelf looks at sections only */
        Json header = elfinfo_json("-h " + file.second)["header"];
        bool is_64 = header["class"].text() == "ELF64";
        bool is_mips64 = header["machine"].text() == "mips64";
        for (const auto &line : readelf("-r " + file.second)) {
            auto words = words_of(line);
            if (is_llvm() && words.size() >= 3 && words[2] == "Unknown") {
                count++; /* it has no name for the type */
                continue;
            }
            /* RELR tables are printed in another way. */
            if (words.size() < 3 || words[2].compare(0, 2, "R_") != 0)
                continue;
            if (is_llvm() && relocs[count]["type"].text() == "RELR") {
                EXPECT_EQ(relocs[count++]["offset"].number(), hex(words[0]));
                continue;
            }
            while (relocs[count]["type"].text() == "RELR")
                count++;
            Json reloc = relocs[count++];
            uint64_t info = hex(words[1]);
            EXPECT_EQ(reloc["offset"].number(), hex(words[0]));
            EXPECT_EQ(reloc["type"].text(),
                      reloc_type(words[2].substr(0, words[2].find('/'))));
            if (!is_mips64) {
                EXPECT_EQ(reloc["symbol_index"].number(),
                          is_64 ? info >> 32 : info >> 8);
                EXPECT_EQ(reloc["type_number"].number(),
                          is_64 ? info & 0xffffffff : info & 0xff);
            }
            if (words.size() > 4) {
                EXPECT_EQ(trimmed(reloc["symbol"].text()), words[4]);
            }
        }
        while (relocs[count]["type"].text() == "RELR")
            count++;
        EXPECT_EQ(count, relocs.size());
    }
}

/* Every relocation type that we have a name for, in a file of its machine. */
TEST(SymbolParity, OfNamesOfRelocations)
{
    if (is_llvm())
        GTEST_SKIP() << "its names of rare types are its own";
    const struct {
        uint16_t machine;
        bool is_64, is_big;
        uint32_t first, last;
    } rows[] = {
        {EM_386, false, false, 0, 50},   {EM_X86_64, true, false, 0, 45},
        {EM_ARM, false, false, 0, 255},  {EM_AARCH64, true, false, 256, 1100},
        {EM_RISCV, true, false, 0, 70},  {EM_PPC, false, true, 0, 255},
        {EM_PPC64, true, true, 0, 255},  {EM_68K, false, true, 0, 60},
        {EM_SPARC, false, true, 0, 255}, {EM_MIPS, false, true, 0, 255},
        {EM_S390, true, true, 0, 80},
    };
    for (const auto &row : rows) {
        SCOPED_TRACE(row.machine);
        ElfBuilder builder(row.is_64);
        builder.is_big = row.is_big;
        builder.machine = row.machine;
        builder.text_offset = 0x8000; /* behind all the relocations */
        builder.data_offset = 0x8400;
        for (uint32_t type = row.first; type <= row.last; type++)
            builder.reloc(0, type);
        std::string path = write_file("types", builder.build());
        Json relocs = elfinfo_json("-r " + path)["relocs"];
        size_t count = 0;
        std::string differences;
        for (const auto &line : readelf("-r " + path)) {
            auto words = words_of(line);
            if (words.size() < 3 || words[0].size() < 8 ||
                words[0].find_first_not_of("0123456789abcdef") !=
                    std::string::npos)
                continue;
            std::string ours = relocs[count]["type"].text();
            if (words[2].compare(0, 2, "R_") == 0 &&
                ours != reloc_type(words[2]))
                differences += std::to_string(row.first + count) + ": " + ours +
                               " is " + words[2] + "\n";
            count++;
        }
        EXPECT_EQ(count, relocs.size());
        EXPECT_EQ(differences, "");
    }
}

/* The number or word that follows a label in a line. */
static std::string after(const std::string &line, const std::string &label)
{
    size_t at = line.find(label);
    return at == std::string::npos
               ? ""
               : words_of(line.substr(at + label.size()))[0];
}

TEST(SymbolParity, OfVersions)
{
    for (const auto &file : all_files()) {
        SCOPED_TRACE(file.first);
        if (file.first == "gnu_hash_alone")
            continue; /* it has no sections, and readelf looks at those only */
        std::multiset<std::string> expected, actual;
        for (const auto &line : readelf("-V " + file.second)) {
            if (line.find("Name: ") == std::string::npos)
                continue;
            std::string index = after(line, "Version: ");
            if (index.empty())
                index = after(line, "Index: ");
            if (!index.empty() && index != "1")
                expected.insert(index + " " + after(line, "Name: "));
        }
        Json versions = elfinfo_json("-V " + file.second)["versions"];
        for (size_t i = 0; i < versions.size(); i++) {
            Json version = versions[i];
            if (!version["is_parent"].is_true() &&
                version["index"].number() > 1)
                actual.insert(std::to_string(version["index"].number()) + " " +
                              version["name"].text());
        }
        EXPECT_EQ(actual, expected);
    }
}

TEST(SymbolParity, OfBuildIds)
{
    for (const auto &file : all_files()) {
        SCOPED_TRACE(file.first);
        std::string id = field(readelf("-n " + file.second), "Build ID");
        Json note = elfinfo_json("-n " + file.second)["notes"].with(
            "type", "NT_GNU_BUILD_ID");
        EXPECT_EQ(note["bytes"].text(), id);
        EXPECT_EQ(note["text"].text(), id);
    }
}

TEST(SymbolParity, OfHashTables)
{
    for (const auto &file : all_files()) {
        SCOPED_TRACE(file.first);
        if (file.first == "gnu_hash_alone")
            continue; /* it has no sections, and readelf looks at those only */
        Json chains = elfinfo_json("-I " + file.second)["hash_chains"];
        std::vector<std::pair<uint64_t, uint64_t>> expected, actual;
        for (const auto &line : readelf("-I " + file.second)) {
            auto words = words_of(line);
            if (words.size() >= 2 && isdigit((unsigned char)words[0][0]))
                expected.emplace_back(decimal(words[0]), decimal(words[1]));
        }
        for (size_t i = 0; i < chains.size(); i++)
            actual.emplace_back(chains[i]["length"].number(),
                                chains[i]["count"].number());
        EXPECT_EQ(actual, expected);
    }
}

TEST(SymbolParity, OfUnwindTables)
{
    if (is_llvm())
        GTEST_SKIP() << "it prints them in a way of its own";
    for (const auto &file : all_files()) {
        SCOPED_TRACE(file.first);
        Json shown = elfinfo_json("-h -u " + file.second);
        Json frames = shown["frames"];
        if (shown["header"]["type"].text() == "REL" ||
            frames[(size_t)0]["table"].text() == ".ARM.exidx")
            continue; /* readelf relocates them first, or needs another option
                       */
        size_t count = 0;
        for (const auto &line : readelf("-wfN " + file.second)) {
            auto words = words_of(line);
            if (words.size() < 4 || (words[3] != "CIE" && words[3] != "FDE"))
                continue;
            Json frame = frames[count++];
            EXPECT_EQ(frame["kind"].text(),
                      words[3] == "CIE" ? "common" : "function");
            if (words[3] == "CIE")
                continue;
            std::string range = words.back().substr(3); /* pc=A..B */
            uint64_t start = hex(range);
            EXPECT_EQ(frame["address"].number(), start);
            EXPECT_EQ(frame["code_size"].number(),
                      hex(range.substr(range.find("..") + 2)) - start);
        }
        EXPECT_EQ(count, frames.size());
    }
}
