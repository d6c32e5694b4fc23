/* html_test.cc -- the page, in a real browser. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>

static std::string base()
{
    return getenv("TEST_TMPDIR");
}

static std::string page_of(const std::string &arguments)
{
    std::string path = base() + "/page.html";
    Result result = elfinfo("--html " + path + " " + arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "");
    return path;
}

/* Chromium with a profile of its own; what it says on the standard output. */
static Result browse(const std::string &arguments)
{
    return run("HOME=" + base() +
               " timeout 60 chromium --headless --no-sandbox "
               "--disable-gpu --disable-quic --no-first-run "
               "--disable-background-networking --disable-component-update "
               "--disable-sync --user-data-dir=" +
               base() + "/profile --virtual-time-budget=5000 " + arguments);
}

static bool has_browser()
{
    return run("command -v chromium").status == 0;
}

static size_t count(const std::string &text, const std::string &part)
{
    size_t n = 0;
    for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at++)
        n++;
    return n;
}

static uint32_t word(const std::string &bytes, size_t at)
{
    return (uint32_t)(uint8_t)bytes[at] << 24 |
           (uint32_t)(uint8_t)bytes[at + 1] << 16 |
           (uint32_t)(uint8_t)bytes[at + 2] << 8 | (uint8_t)bytes[at + 3];
}

/* How many pixels of a picture have each colour: RGB or RGBA of 8 bits. */
static std::map<uint32_t, size_t> colours(const std::string &png)
{
    std::string packed;
    uint32_t width = word(png, 16), height = word(png, 20);
    size_t depth = png[25] == 6 ? 4 : 3, line = width * depth;
    for (size_t at = 8; at + 12 <= png.size(); at += 12 + word(png, at))
        if (png.compare(at + 4, 4, "IDAT") == 0)
            packed += png.substr(at + 8, word(png, at));
    std::string raw((line + 1) * height, '\0');
    uLongf size = raw.size();
    EXPECT_EQ(uncompress((Bytef *)&raw[0], &size, (const Bytef *)packed.data(),
                         packed.size()),
              Z_OK);
    std::map<uint32_t, size_t> result;
    std::vector<uint8_t> before(line), row(line);
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *p = (const uint8_t *)&raw[(line + 1) * y];
        for (size_t i = 0; i < line; i++) {
            int a = i >= depth ? row[i - depth] : 0, b = before[i];
            int c = i >= depth ? before[i - depth] : 0, e = a + b - c;
            int da = abs(e - a), db = abs(e - b), dc = abs(e - c);
            int guess[] = {0, a, b, (a + b) / 2,
                           da <= db && da <= dc ? a
                           : db <= dc           ? b
                                                : c};
            row[i] = (uint8_t)(p[1 + i] + guess[p[0]]);
        }
        for (size_t i = 0; i < line; i += depth)
            result[(uint32_t)(row[i] << 16 | row[i + 1] << 8 | row[i + 2])]++;
        before = row;
    }
    return result;
}

TEST(Html, IsOnePageWithItsDocument)
{
    ElfBuilder builder;
    builder.function("</script><b>");
    std::string page = read_file(page_of(write_file("named", builder.build())));
    EXPECT_EQ(page.compare(0, 15, "<!DOCTYPE html>"), 0);
    EXPECT_EQ(count(page, "</script>"), 2u);
    EXPECT_NE(page.find("\\u003c/script>"), std::string::npos);
    EXPECT_EQ(page.find("http://", page.find("</svg>")),
              page.find("http://www.w3.org/2000/svg"));
    EXPECT_NE(elfinfo("--html /nothing/page named").status, 0);
}

TEST(Html, ABrowserDrawsAllParts)
{
    if (!has_browser())
        GTEST_SKIP() << "there is no chromium";
    std::string kBase = "testdata/haiku/lib/libbase.so";
    uint64_t entry = 0;
    Json symbols = elfinfo_json("-s " + kBase)["symbols"];
    std::string name;
    for (size_t i = 0; i < symbols.size() && name.empty(); i++)
        if (symbols[i]["type"].text() == "FUNC" &&
            symbols[i]["section_index"].number() != 0) {
            name = symbols[i]["name"].text();
            entry = symbols[i]["value"].number();
        }
    std::string path = page_of(kBase);
    Result result =
        browse("--dump-dom file://" + path + "#" + std::to_string(entry));
    ASSERT_EQ(result.status, 0) << result.err;
    std::string map = result.out.substr(result.out.find("id=\"map\""));
    EXPECT_GT(count(map.substr(0, map.find("</svg>")), "<rect"), 5u);
    std::string tree = result.out.substr(result.out.find("id=\"treemap\""));
    EXPECT_GT(count(tree.substr(0, tree.find("</svg>")), "<rect"), 2u);
    std::string graph = result.out.substr(result.out.find("id=\"graph\""));
    EXPECT_GE(count(graph.substr(0, graph.find("</svg>")), "<rect"), 1u);
    std::string found = result.out.substr(result.out.find("id=\"found\""));
    EXPECT_NE(found.substr(0, found.find("</span>")).find(" + 0x0"),
              std::string::npos)
        << name;
}

TEST(Html, APictureOfThePageHasAllParts)
{
    if (!has_browser())
        GTEST_SKIP() << "there is no chromium";
    std::string path = page_of("testdata/haiku/dynamic");
    std::string picture = base() + "/page.png";
    Result result = browse("--window-size=1100,1500 --screenshot=" + picture +
                           " file://" + path);
    ASSERT_EQ(result.status, 0) << result.err;
    auto pixels = colours(read_file(picture));
    EXPECT_GT(pixels[0xe07b39], 500u); /* code in the map */
    EXPECT_GT(pixels[0x72b7b2], 500u); /* read-only data there */
    EXPECT_GT(pixels[0xf58518] + pixels[0x54a24b], 5000u); /* the treemap */
    EXPECT_GT(pixels[0x2a6fdb], 2000u); /* nodes of the graph */
}
