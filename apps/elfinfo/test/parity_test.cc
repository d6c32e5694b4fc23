/* parity_test.cc -- elfinfo's JSON against what readelf prints: headers. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/parity.h"

TEST(Parity, OfHeaders)
{
    const struct {
        const char *label, *key;
    } numbers[] = {
        {"Entry point address", "entry"},
        {"Start of program headers", "segments_offset"},
        {"Start of section headers", "sections_offset"},
        {"Flags", "flags"},
        {"Size of this header", "header_size"},
        {"Size of program headers", "segment_size"},
        {"Number of program headers", "segment_count"},
        {"Size of section headers", "section_size"},
        {"Number of section headers", "section_count"},
        {"Section header string table index", "names_section"},
        {"ABI Version", "abi_version"},
    };
    for (const auto &file : all_files()) {
        SCOPED_TRACE(file.first);
        auto lines = readelf("-h " + file.second);
        Json header = elfinfo_json("-h " + file.second)["header"];
        for (const auto &row : numbers)
            EXPECT_EQ(header[row.key].number(),
                      decimal(field(lines, row.label)))
                << row.key;
        EXPECT_EQ(header["class"].text(), field(lines, "Class"));
        EXPECT_NE(field(lines, "Data")
                      .find(header["data"].text() == "big-endian"
                                ? "big endian"
                                : "little endian"),
                  std::string::npos);
        EXPECT_EQ(header["type"].text(), words_of(field(lines, "Type"))[0]);
    }
}

/* readelf's own names of some types. */
static std::string section_type(const std::string &name)
{
    static const std::map<std::string, std::string> names = {
        {"GNU_versym", "VERSYM"},
        {"GNU_verdef", "VERDEF"},
        {"GNU_verneed", "VERNEED"},
        {"GNU_ATTRIBUTES", is_llvm() ? "ATTRIBUTES" : "GNU_ATTRIBUTES"}};
    auto found = names.find(name);
    return found == names.end() ? name : found->second;
}

/* Retained sections are the system's own for readelf unless the file says
 * that it is GNU's. */
static std::string flag_letters(std::string letters)
{
    size_t at = letters.find('R');
    if (at != std::string::npos)
        letters[at] = 'o';
    return letters;
}

TEST(Parity, OfSections)
{
    for (const auto &file : all_files()) {
        SCOPED_TRACE(file.first);
        Json sections = elfinfo_json("-S " + file.second)["sections"];
        size_t count = 0;
        for (const auto &line : readelf("-S " + file.second)) {
            size_t bracket = line.find(']');
            if (line.compare(0, 3, "  [") != 0 || line.find("Nr]") < bracket)
                continue;
            size_t index = strtoul(line.c_str() + 3, nullptr, 10);
            Json section = sections[index];
            auto words = words_of(line.substr(bracket + 1));
            if (section["name"].text() != "")
                EXPECT_EQ(words[0], section["name"].text());
            else
                words.insert(words.begin(), "");
            EXPECT_EQ(section["index"].number(), index);
            EXPECT_EQ(section_type(section["type"].text()), words[1]);
            EXPECT_EQ(section["address"].number(), hex(words[2]));
            EXPECT_EQ(section["offset"].number(), hex(words[3]));
            EXPECT_EQ(section["size"].number(), hex(words[4]));
            EXPECT_EQ(section["entry_size"].number(), hex(words[5]));
            if (words.size() == 9)
                words.insert(words.begin() + 6, "");
            EXPECT_EQ(flag_letters(section["flag_letters"].text()),
                      flag_letters(words[6]));
            EXPECT_EQ(section["link"].number(), decimal(words[7]));
            EXPECT_EQ(section["info"].number(), decimal(words[8]));
            EXPECT_EQ(section["align"].number(), decimal(words[9]));
            count++;
        }
        EXPECT_EQ(count, sections.size());
    }
}

TEST(Parity, OfSegmentsAndTheirSections)
{
    for (const auto &file : all_files()) {
        SCOPED_TRACE(file.first);
        Json segments = elfinfo_json("-l " + file.second)["segments"];
        size_t count = 0;
        bool is_mapping = false;
        for (const auto &line : readelf("-l " + file.second)) {
            auto words = words_of(line);
            is_mapping |= line.find("Section to Segment") != std::string::npos;
            if (is_llvm() && line.find("<unknown>") != std::string::npos) {
                count++; /* it has no name for the type */
                continue;
            }
            if (!is_mapping && words.size() >= 7 &&
                words[1].compare(0, 2, "0x") == 0) {
                Json segment = segments[count++];
                std::string flags;
                for (size_t i = 6; i + 1 < words.size(); i++)
                    flags += words[i] == "E"     ? "X"
                             : words[i] == "RE"  ? "RX"
                             : words[i] == "RWE" ? "RWX"
                                                 : words[i];
                EXPECT_NE(segment["type"].text().find(words[0]),
                          std::string::npos) /* readelf shortens some */
                    << segment["type"].text() << " for " << words[0];
                EXPECT_EQ(segment["offset"].number(), hex(words[1]));
                EXPECT_EQ(segment["vaddr"].number(), hex(words[2]));
                EXPECT_EQ(segment["paddr"].number(), hex(words[3]));
                EXPECT_EQ(segment["file_size"].number(), hex(words[4]));
                EXPECT_EQ(segment["memory_size"].number(), hex(words[5]));
                EXPECT_EQ(segment["flag_names"].join(""), flags);
                EXPECT_EQ(segment["align"].number(), hex(words.back()));
            } else if (is_mapping && !words.empty() &&
                       isdigit((unsigned char)words[0][0])) {
                std::string names;
                for (size_t i = 1; i < words.size(); i++)
                    names += (i > 1 ? " " : "") + words[i];
                Json segment = segments[(size_t)atoi(words[0].c_str())];
                EXPECT_EQ(segment["sections"].join(), names) << words[0];
            }
        }
        EXPECT_EQ(count, segments.size());
    }
}

TEST(Parity, OfDynamicSections)
{
    for (const auto &file : all_files()) {
        SCOPED_TRACE(file.first);
        Json entries = elfinfo_json("-d " + file.second)["dynamic"];
        size_t count = 0;
        for (const auto &line : readelf("-d " + file.second)) {
            auto words = words_of(line);
            if (words.size() < 3 || words[0].compare(0, 2, "0x") != 0 ||
                words[1] == "(NULL)")
                continue;
            Json entry = entries[count++];
            EXPECT_EQ(entry["tag"].number(), hex(words[0]));
            if (!is_llvm() || words[1].find("<unknown") == std::string::npos) {
                EXPECT_EQ("(" + entry["name"].text() + ")", words[1]);
            }
            size_t bracket = line.find('[');
            if (bracket != std::string::npos) {
                EXPECT_EQ(
                    line.substr(bracket + 1, line.rfind(']') - bracket - 1),
                    entry["text"].text());
            } else if (words[2].compare(0, 2, "0x") == 0) {
                EXPECT_EQ(entry["value"].number(), hex(words[2]));
            } else if (words.back() == "(bytes)") {
                EXPECT_EQ(entry["value"].number(), decimal(words[2]));
            } else if (words[2] == "Flags:") {
                EXPECT_EQ(entry["text"].text(),
                          line.substr(line.find("Flags:") + 7));
            }
        }
        EXPECT_EQ(count, entries.size());
    }
}

/* "  Tag_CPU_arch: v7", and what readelf says in its own way. */
static std::string attribute_text(const Json &attribute)
{
    std::string tag = attribute["tag"].text(), text = attribute["text"].text();
    uint64_t number = attribute["value"].number();
    if (tag == "Tag_RISCV_stack_align")
        return tag + ": " + std::to_string(number) + "-bytes";
    if (!attribute["text"].is_null())
        return tag + ": \"" + text + "\"";
    return tag + ": " +
           (attribute["value_name"].is_null() ? std::to_string(number)
                                              : attribute["value_name"].text());
}

/* The files, and one of each machine that has attributes. */
static Files files_with_attributes()
{
    Files files = all_files();
    write_file("attributes.c", "float f(float a) { return a * 2; }\n");
    for (std::string target : {"arm-linux-gnueabihf -mcpu=cortex-a15",
                               "riscv64-linux-gnu", "riscv32-linux-gnu"}) {
        std::string name = target.substr(0, target.find('-')) + ".o";
        Result built = run("cd $TEST_TMPDIR && clang --target=" + target +
                           " -c -o " + name + " attributes.c");
        EXPECT_EQ(built.status, 0) << built.err;
        files[name] = std::string(getenv("TEST_TMPDIR")) + "/" + name;
    }
    return files;
}

TEST(Parity, OfBuildAttributes)
{
    if (is_llvm())
        GTEST_SKIP() << "it writes them in a way of its own";
    size_t count = 0;
    for (const auto &file : files_with_attributes()) {
        SCOPED_TRACE(file.first);
        Json document = elfinfo_json("-A " + file.second);
        std::string machine = document["arch"]["machine"].text();
        if (machine != "arm" && machine.compare(0, 5, "riscv") != 0)
            continue;
        std::vector<std::string> expected, actual;
        for (const auto &line : readelf("-A " + file.second)) {
            if (line.compare(0, 6, "  Tag_") == 0)
                expected.push_back(line.substr(2));
        }
        Json attributes = document["build_attributes"];
        for (size_t i = 0; i < attributes.size(); i++)
            actual.push_back(attribute_text(attributes[i]));
        EXPECT_EQ(actual, expected);
        count += actual.size();
    }
    EXPECT_GT(count, 20u);
}

/* Attributes of two sections, of a symbol, and of the file. */
static const char kParts[] = ".section .gnu.attributes, \"\", @0x6ffffff5\n"
                             ".byte 'A'\n"
                             "0: .long 4f-0b\n"
                             ".asciz \"gnu\"\n"
                             "1: .byte 2\n"
                             ".long 2f-1b\n"
                             ".byte 1, 0x81, 1, 0, 4, 16, 6, 1\n"
                             "2: .byte 3\n"
                             ".long 3f-2b\n"
                             ".byte 9, 0, 8, 2\n"
                             "3: .byte 1\n"
                             ".long 4f-3b\n"
                             ".byte 4, 8\n"
                             "4:\n";

/* readelf says "Section Attributes: 1 129" above their attributes. */
TEST(Parity, OfSectionsAndSymbolsWithBuildAttributes)
{
    if (is_llvm())
        GTEST_SKIP() << "it names the vendor only";
    const std::string path = write_file("parts.s", kParts),
                      object = path + ".o";
    ASSERT_EQ(run("cc -c -o " + object + " " + path).status, 0);
    std::vector<std::string> expected, actual;
    for (const auto &line : readelf("-A " + object)) {
        size_t end = line.find(" Attributes");
        if (end == std::string::npos || line.find("Section: ") == end + 11)
            continue;
        expected.push_back(line.substr(0, end));
        if (line.find(": ") != std::string::npos)
            for (const auto &part : words_of(line.substr(line.find(": ") + 1)))
                expected.back() += " " + part;
    }
    const std::map<std::string, std::string> titles = {
        {"sections", "Section"}, {"symbols", "Symbol"}, {"file", "File"}};
    Json attributes = elfinfo_json("-A " + object)["build_attributes"];
    std::string scope;
    for (size_t i = 0; i < attributes.size(); i++) {
        if (attributes[i]["scope"].text() == scope) {
            EXPECT_TRUE(attributes[i]["parts"].is_null());
            continue;
        }
        scope = attributes[i]["scope"].text();
        actual.push_back(titles.at(scope));
        for (size_t j = 0; j < attributes[i]["parts"].size(); j++)
            actual.back() +=
                " " + std::to_string(attributes[i]["parts"][j].number());
    }
    EXPECT_EQ(attributes.size(), 4u);
    EXPECT_EQ(actual, expected);
    EXPECT_EQ(actual.size(), 3u);
}

/* The files, and one with groups: they are in object files only. */
static Files files_with_groups()
{
    Files files = all_files();
    write_file("groups.cc", "template <class T> T f(T t) { return t; }\n"
                            "inline int g() { static int n; return n++; }\n"
                            "int h() { return f(1) + (int)f(2L) + g(); }\n");
    EXPECT_EQ(run("cd $TEST_TMPDIR && c++ -O0 -c groups.cc").status, 0);
    files["groups"] = std::string(getenv("TEST_TMPDIR")) + "/groups.o";
    return files;
}

TEST(Parity, OfSectionGroups)
{
    if (is_llvm())
        GTEST_SKIP() << "it numbers them in a way of its own";
    for (const auto &file : files_with_groups()) {
        SCOPED_TRACE(file.first);
        std::vector<std::string> expected, actual;
        /* "COMDAT group section [    1] `.group' [name] contains 2 sections:"
         * and a line for each section. */
        for (const auto &line : readelf("-g " + file.second)) {
            auto words = words_of(line);
            size_t name = line.rfind(" [") + 2;
            if (line.find("group section [") != std::string::npos)
                expected.push_back(line.substr(name, line.rfind(']') - name) +
                                   (words[0] == "COMDAT" ? " COMDAT" : ""));
            else if (!expected.empty() && words.size() > 1 &&
                     words[1] != "Name" && words[0][0] == '[')
                expected.back() += " " + words.back();
        }
        Json groups = elfinfo_json("-g " + file.second)["groups"];
        for (size_t i = 0; i < groups.size(); i++)
            actual.push_back(
                groups[i]["signature"].text() +
                (groups[i]["is_comdat"].is_true() ? " COMDAT " : " ") +
                groups[i]["sections"].join());
        EXPECT_EQ(actual, expected);
        EXPECT_GE(actual.size(), file.first == "groups" ? 3u : 0u);
    }
}
