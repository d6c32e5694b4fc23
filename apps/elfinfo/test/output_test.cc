/* output_test.cc -- records, tables and lists as text and as JSON. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/output.h"
#include "apps/elfinfo/test/runner.h"
#include "apps/elfinfo/utf8.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>

static const inf_column kColumns[] = {
    {"number", "Nr", 4}, {"name", "Name", -6},  {"hidden", nullptr, 0},
    {"list", "List", 0}, {nullptr, nullptr, 0},
};

/* What write leaves on stdout. */
static std::string output(bool is_json,
                          const std::function<void(inf_output *)> &write)
{
    std::string path = std::string(getenv("TEST_TMPDIR")) + "/out";
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(file, STDOUT_FILENO);
    close(file);
    inf_output *out = inf_output_new(is_json, 0);
    inf_begin_file(out, "a.out", 1);
    write(out);
    inf_end_file(out);
    EXPECT_EQ(inf_output_free(out), 0);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    return read_file(path);
}

static void put_values(inf_output *out, uint64_t number, const char *name)
{
    inf_put_decimal(out, number);
    inf_put_text(out, name);
    inf_put_bool(out, 1);
    inf_begin_list(out, ", ");
    inf_add_item(out, "x");
    inf_add_item(out, "y");
    inf_end_list(out);
}

static void put_table(inf_output *out, const char *key)
{
    inf_begin_table(out, key, "Title", kColumns);
    for (uint64_t i = 1; i <= 2; i++) {
        put_values(out, i, i == 1 ? "one" : nullptr);
        inf_end_row(out);
    }
    inf_end_table(out);
}

static void put_record(inf_output *out, const char *key)
{
    inf_begin_record(out, key, "Record", kColumns);
    put_values(out, 7, "seven");
    inf_end_record(out);
}

TEST(Output, TablesHaveTheirColumnsInText)
{
    EXPECT_EQ(output(false, [](inf_output *out) { put_table(out, "t"); }),
              "Title:\n"
              "    Nr Name   List\n"
              "     1 one    x, y\n"
              "     2 -      x, y\n"
              "\n");
}

TEST(Output, RecordsHaveTheirLabelsInText)
{
    EXPECT_EQ(output(false, [](inf_output *out) { put_record(out, "r"); }),
              "Record:\n"
              "  Nr:   7\n"
              "  Name: seven\n"
              "  List: x, y\n"
              "\n");
}

TEST(Output, AnEmptyTableIsAnEmptyArrayAndNoText)
{
    auto empty = [](inf_output *out) {
        inf_begin_table(out, "t", "Title", kColumns);
        inf_end_table(out);
    };
    EXPECT_EQ(output(false, empty), "");
    Json file = Json::parse(output(true, empty))["files"][(size_t)0];
    EXPECT_TRUE(file["t"].is_array());
    EXPECT_EQ(file["t"].size(), 0u);
}

TEST(Output, TablesOfOneKeyAreOneArray)
{
    std::string text = output(true, [](inf_output *out) {
        put_table(out, "t");
        put_table(out, "t");
        put_record(out, "r");
        put_table(out, "u");
    });
    Json file = Json::parse(text)["files"][(size_t)0];
    EXPECT_EQ(file["file"].text(), "a.out");
    EXPECT_EQ(file["t"].size(), 4u);
    EXPECT_EQ(file["u"].size(), 2u);
    EXPECT_EQ(file["t"][3]["number"].number(), 2u);
    EXPECT_TRUE(file["t"][3]["name"].is_null());
    EXPECT_TRUE(file["r"]["hidden"].is_true());
    EXPECT_EQ(file["r"]["list"].join("+"), "x+y");
    EXPECT_EQ(file["errors"].size(), 0u);
}

TEST(Output, NumbersOfListsAreExact)
{
    static const inf_column columns[] = {{"list", "List", 0},
                                         {nullptr, nullptr, 0}};
    auto write = [](inf_output *out) {
        inf_begin_record(out, "r", nullptr, columns);
        inf_begin_list(out, " ");
        inf_add_number(out, 7);
        inf_add_number(out, UINT64_MAX);
        inf_end_list(out);
        inf_end_record(out);
    };
    EXPECT_NE(output(true, write).find("[7,18446744073709551615]"),
              std::string::npos);
    EXPECT_NE(output(false, write).find("List: 7 18446744073709551615\n"),
              std::string::npos);
}

TEST(Output, TitlesAndNotesAreMadeHarmless)
{
    EXPECT_EQ(output(false,
                     [](inf_output *out) {
                         inf_begin_table(out, "t", "a\x1b[m", kColumns);
                         put_values(out, 1, "\x07");
                         inf_end_row(out);
                         inf_end_table(out);
                         inf_note(out, "%s: x\n\n", "b\nc");
                     }),
              "a\\x1b[m:\n"
              "    Nr Name   List\n"
              "     1 \\x07   x, y\n"
              "\n"
              "b\\x0ac: x\n"
              "\n");
}

TEST(Output, ErrorsGoToTheirFile)
{
    std::string text = output(true, [](inf_output *out) {
        inf_add_error(out, "bad \"\xff\"");
        put_table(out, "t");
    });
    Json file = Json::parse(text)["files"][(size_t)0];
    EXPECT_EQ(file["errors"].join(), "bad \"\xef\xbf\xbd\"");
}

TEST(Utf8, SizesAreThoseOfWellFormedCharacters)
{
    const struct {
        const char *text;
        size_t size;
    } rows[] = {
        {"", 0},
        {"a", 1},
        {"\x1b", 1},
        {"\x80", 0},
        {"\xc1\x81", 0}, /* overlong */
        {"\xc3\xa9", 2},
        {"\xc3", 0},
        {"\xe0\x9f\x80", 0}, /* overlong */
        {"\xe2\x82\xac", 3},
        {"\xe2\x82", 0},
        {"\xed\xa0\x80", 0}, /* a surrogate */
        {"\xf0\x9f\x90\x9f", 4},
        {"\xf0\x8f\x90\x9f", 0}, /* overlong */
        {"\xf4\x90\x80\x80", 0}, /* beyond U+10FFFF */
        {"\xf5\x80\x80\x80", 0},
    };
    for (const auto &row : rows)
        EXPECT_EQ(inf_utf8_size((const uint8_t *)row.text), row.size)
            << row.text;
}

TEST(Utf8, ControlCharactersAreNotPrintable)
{
    for (const char *text : {"\x01", "\x1b", "\x7f", "\xc2\x80", "\xc2\x9f"})
        EXPECT_FALSE(inf_utf8_is_printable((const uint8_t *)text)) << text;
    for (const char *text : {" ", "~", "\xc2\xa0", "\xe2\x82\xac"})
        EXPECT_TRUE(inf_utf8_is_printable((const uint8_t *)text)) << text;
}
