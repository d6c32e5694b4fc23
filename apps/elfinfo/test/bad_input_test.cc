/* bad_input_test.cc -- files that are wrong, and what is said of them. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <iterator>

/* One line that begins with the file's name, and status 1. */
static void expect_error(const std::string &options, const std::string &path,
                         const std::string &line)
{
    SCOPED_TRACE(line);
    Result result = elfinfo(options + " " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "elfinfo: " + path + ": " + line + "\n");
    result = elfinfo("--json " + options + " " + path);
    EXPECT_EQ(result.status, 1);
    Json file = Json::parse(result.out)["files"][(size_t)0];
    EXPECT_EQ(file["errors"].join(), line);
}

TEST(BadInput, FilesThatAreNoElf)
{
    expect_error("-a", write_file("empty", std::string()), "empty file");
    expect_error("-a", write_file("text", std::string("hello\n")),
                 "text file, not an ELF file");
    expect_error("-a", write_file("binary", std::string("\1\2\3\0\0", 5)),
                 "not an ELF file");
    expect_error("-a", write_file("magic", std::string("\177ELF")),
                 "ELF header: file is truncated (found 0x4, expected 0x10)");
    mkdir((std::string(getenv("TEST_TMPDIR")) + "/directory").c_str(), 0700);
    expect_error("-a", std::string(getenv("TEST_TMPDIR")) + "/directory",
                 "Is a directory");
    expect_error("-a", "/nothing/there", "No such file or directory");
}

static Bytes changed(Bytes bytes, size_t offset, std::vector<uint8_t> values)
{
    std::copy(values.begin(), values.end(), bytes.begin() + (long)offset);
    return bytes;
}

TEST(BadInput, NamesTheFaultAndItsPlace)
{
    ElfBuilder builder;
    builder.soname = "libx.so";
    builder.function("f").reloc(0, R_386_RELATIVE);
    Bytes good = builder.build();
    ASSERT_EQ(elfinfo("-a " + write_file("good", good)).status, 0);
    const struct {
        const char *options;
        size_t offset; /* in the ELF header */
        std::vector<uint8_t> values;
        const char *line;
    } rows[] = {
        {"-h", 4, {9}, "ELF header: unknown class (found 0x9)"},
        {"-h", 5, {0}, "ELF header: unknown byte order (found 0x0)"},
        {"-h", 6, {2}, "ELF header: unknown version (found 0x2, expected 0x1)"},
        {"-l",
         42,
         {8, 0},
         "program headers: wrong size of a table entry (found 0x8, expected "
         "0x20)"},
        {"-S",
         46,
         {8, 0},
         "section headers: wrong size of a table entry (found 0x8, expected "
         "0x28)"},
    };
    for (const auto &row : rows)
        expect_error(row.options,
                     write_file("bad", changed(good, row.offset, row.values)),
                     row.line);
}

TEST(BadInput, ManyFaultsOfAKindAreOneLine)
{
    ElfBuilder builder;
    builder.function("first").function("second").function("third");
    Bytes bytes = builder.build();
    std::string path = write_file("good", bytes);
    Json section =
        elfinfo_json("-S " + path)["sections"].with("name", ".dynsym");
    size_t offset = (size_t)section["offset"].number();
    for (size_t i = 1; i <= 3; i++)
        bytes = changed(bytes, offset + 16 * i, {0xff, 0xff, 0xff, 0x7f});
    path = write_file("bad", bytes);
    Result result = elfinfo("--dyn-syms " + path);
    EXPECT_EQ(result.status, 1);
    auto lines = lines_of(result.err);
    ASSERT_EQ(lines.size(), 1u) << result.err;
    EXPECT_NE(lines[0].find("offset of a string: number out of range (found "
                            "0x7fffffff"),
              std::string::npos);
    EXPECT_NE(lines[0].find(", and 2 more"), std::string::npos);
    /* The symbol without a name is still there. */
    EXPECT_EQ(lines_of(result.out).size(), 4u) << result.out;
}

TEST(BadInput, AFileCutOffShowsWhatIsThere)
{
    Bytes bytes = ElfBuilder().build();
    bytes.resize(bytes.size() - 41);
    std::string path = write_file("cut", bytes);
    Result result = elfinfo("-h -l -S " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(lines_of(result.out)[0], "ELF header:");
    EXPECT_NE(result.out.find("Program headers:"), std::string::npos);
    EXPECT_NE(result.err.find("section header"), std::string::npos);
    EXPECT_NE(result.err.find("file is truncated"), std::string::npos);
}

/* The reader of the pipe has seen the first line when it cuts the file off: the
 * rest does not fit into a pipe. */
TEST(BadInput, AFileThatIsCutOffWhileItIsReadEndsWithAMessage)
{
    std::string path = std::string(getenv("TEST_TMPDIR")) + "/cut";
    run("cp /bin/bash " + path);
    Result result =
        run("(apps/elfinfo/elfinfo -x .text " + path +
            "; echo $? >&2) | (read line; : >" + path + "; cat >/dev/null)");
    EXPECT_EQ(result.err,
              "elfinfo: a file became shorter while it was read\n1\n");
}

TEST(BadInput, HeadersThatAreTooManyDoNotTakeForever)
{
    /* 65534 program headers and as many section headers, all the same. */
    Bytes bytes(52 + 40 * 65534);
    const uint8_t header[] = {0x7f, 'E', 'L', 'F', 1, 1, 1};
    std::copy(std::begin(header), std::end(header), bytes.begin());
    bytes = changed(bytes, 16, {3, 0, 3, 0, 1, 0, 0, 0});
    bytes = changed(bytes, 28, {52, 0, 0, 0, 52, 0, 0, 0});
    bytes =
        changed(bytes, 40, {52, 0, 32, 0, 0xfe, 0xff, 40, 0, 0xfe, 0xff, 0, 0});
    std::string path = write_file("many", bytes);
    Result result = elfinfo("-l " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(lines_of(result.out).size(), 65534u + 3);
    EXPECT_EQ(result.err, "elfinfo: " + path +
                              ": program headers: too many for a list of the "
                              "sections of each\n");
}
