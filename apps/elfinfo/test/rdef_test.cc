/* rdef_test.cc -- resources as text of the compiler, files and pictures. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/icon.h"
#include "apps/elfinfo/test/runner.h"
#include "libelfload/test/message_builder.h"
#include "libelfload/test/resource_builder.h"

#include <gtest/gtest.h>

#include <cstdlib>

static std::string resourceful()
{
    MessageBuilder inner, message;
    inner.fields = {{"n", "LONG", {inner.number(7)}}};
    message.what = 0x68656c6f;
    message.fields = {{"types", "CSTR", {std::string("a\"b", 4)}, false},
                      {"inner", "MSGG", {inner.build()}, false}};
    return write_file(
        "resourceful",
        add_resources(
            ElfBuilder().build(),
            {{"MIMS", 1, "BEOS:APP_SIG",
              std::string("application/x-vnd.T", 20)},
             {"LONG", -3, "", std::string("\xfe\xff\xff\xff")},
             {"SHRT", 2, "short", std::string("\x05\0", 2)},
             {"MSGG", 1, "BEOS:FILE_TYPES", message.build()},
             {"MICN", 101, "BEOS:M:STD_ICON", std::string(256, '\x2a')},
             {"RAWT", 4, "../x", "abc"},
             {"VICN", 101, "", std::string("ncif\0\0\0", 7)}},
            false));
}

TEST(Rdef, IsTheCompilersLanguage)
{
    Result result = elfinfo("--rdef " + resourceful());
    EXPECT_EQ(result.status, 0) << result.err;
    std::string icon;
    for (int i = 0; i < 8; i++) {
        icon += "    $\"";
        for (int j = 0; j < 32; j++)
            icon += "2A";
        icon += "\"\n";
    }
    EXPECT_EQ(result.out,
              "resource(1, \"BEOS:APP_SIG\") #'MIMS' "
              "\"application/x-vnd.T\";\n\n"
              "resource(-3) -2;\n\n"
              "resource(2, \"short\") (int16)5;\n\n"
              "resource(1, \"BEOS:FILE_TYPES\") message('helo') {\n"
              "    \"types\" = \"a\\\"b\",\n"
              "    \"inner\" = message {\n"
              "        \"n\" = 7\n"
              "    }\n"
              "};\n\n"
              "resource(101, \"BEOS:M:STD_ICON\") #'MICN' array {\n" +
                  icon +
                  "};\n\n"
                  "resource(4, \"../x\") $\"616263\";\n\n"
                  "resource(101) #'VICN' $\"6E636966000000\";\n\n");
}

TEST(Extract, WritesEachResourceAndPicturesOfIcons)
{
    std::string directory = std::string(getenv("TEST_TMPDIR")) + "/extracted";
    run("rm -rf " + directory + "; mkdir " + directory);
    Result result = elfinfo("--extract " + directory + " " + resourceful());
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(read_file(directory + "/RAWT-4-___x"), "abc");
    EXPECT_EQ(read_file(directory + "/MICN-101-BEOS_M_STD_ICON"),
              std::string(256, '\x2a'));
    std::string png = read_file(directory + "/MICN-101-BEOS_M_STD_ICON.png");
    EXPECT_EQ(png.compare(0, 8, "\x89PNG\r\n\x1a\n"), 0);
    EXPECT_EQ(read_file(directory + "/VICN-101.svg").compare(0, 5, "<svg "), 0);
    EXPECT_EQ(
        read_file(directory + "/VICN-101.png").compare(0, 8, png.substr(0, 8)),
        0);
    /* A second time nothing is overwritten. */
    result = elfinfo("--extract " + directory + " " + resourceful());
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("File exists"), std::string::npos);
}

TEST(Palette, HasGreysRampsAndACube)
{
    const struct {
        uint8_t index, rgba[4];
    } rows[] = {{0, {0, 0, 0, 255}},         {31, {248, 248, 248, 255}},
                {33, {0, 0, 229, 255}},      {42, {255, 0, 0, 255}},
                {61, {0, 30, 0, 255}},       {63, {255, 255, 255, 255}},
                {67, {203, 255, 102, 255}},  {152, {230, 134, 0, 255}},
                {219, {255, 203, 255, 255}}, {254, {255, 255, 203, 255}},
                {255, {255, 255, 255, 0}}};
    for (const auto &row : rows) {
        uint8_t rgba[4];
        inf_palette_colour(row.index, rgba);
        for (int i = 0; i < 4; i++)
            EXPECT_EQ(rgba[i], row.rgba[i]) << (int)row.index << " " << i;
    }
}
