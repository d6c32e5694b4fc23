/* vector_test.cc -- vector icons as SVG. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/vector_icon.h"
#include "apps/elfinfo/vector.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

/* "" when it is refused. */
static std::string svg_of(const Bytes &icon)
{
    Bytes bytes = with_magic(icon);
    /* In a block of its exact size, whose end a sanitizer sees. */
    size_t size = 0;
    char *text = inf_vector_to_svg(bytes.data(), bytes.size(), &size);
    if (text == nullptr)
        return "";
    EXPECT_EQ(strlen(text), size);
    std::string svg(text, size);
    free(text);
    return svg;
}

static std::string document(const std::string &inside)
{
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\" "
           "width=\"64\" height=\"64\">\n" +
           inside + "</svg>\n";
}

/* A red style, and a closed path of the points 0,0, 10,0 and 10,20. */
static const Bytes kRed = {1, 3, 255, 0, 0};
static const Bytes kTriangle = {1, 2 | 8, 3, 32, 32, 42, 32, 42, 52};
static const std::string kOutline = "<path d=\"M0 0L10 0L10 20L0 0Z\"";
static const std::string kStays = " transform=\"matrix(1 0 0 1 0 0)\"";

TEST(Vector, AShapeFillsPathsWithAStyle)
{
    EXPECT_EQ(svg_of({0, 0, 0}), document(""));
    EXPECT_EQ(svg_of(kRed + kTriangle + Bytes{1, 10, 0, 1, 0, 0}),
              document(kOutline + kStays + " fill=\"#ff0000\"/>\n"));
    /* Paths that are not there are left out, styles must be there. */
    EXPECT_EQ(svg_of(kRed + kTriangle + Bytes{1, 10, 0, 2, 7, 0, 0}),
              document(kOutline + kStays + " fill=\"#ff0000\"/>\n"));
    EXPECT_EQ(svg_of(kRed + kTriangle + Bytes{1, 10, 1, 1, 0, 0}), "");
}

TEST(Vector, ColoursHaveFourForms)
{
    const struct {
        Bytes style;
        const char *paint;
    } rows[] = {
        {{1, 1, 1, 2, 3, 51}, " fill=\"#010203\" opacity=\"0.2\"/>\n"},
        {{1, 3, 1, 2, 3}, " fill=\"#010203\"/>\n"},
        {{1, 4, 9, 51}, " fill=\"#090909\" opacity=\"0.2\"/>\n"},
        {{1, 5, 9}, " fill=\"#090909\"/>\n"},
        /* One of an unknown type before it has no number. */
        {{2, 99, 2, 0, 1, 1, 5, 9}, " fill=\"#090909\"/>\n"},
    };
    for (const auto &row : rows)
        EXPECT_EQ(svg_of(row.style + kTriangle + Bytes{1, 10, 0, 1, 0, 0}),
                  document(kOutline + kStays + row.paint));
}

TEST(Vector, PathsHaveThreeForms)
{
    const struct {
        Bytes path;
        const char *outline;
    } rows[] = {
        {{1, 8, 2, 31, 32, 42, 42}, "M-1 0L10 10"},
        /* Two bytes: 0x3333 / 102 - 128. */
        {{1, 8, 2, 0xb3, 0x33, 32, 127, 42}, "M0.5 0L95 10"},
        /* Point, handle in, handle out. */
        {{1, 2, 2, 32, 32, 33, 32, 34, 32, 42, 42, 43, 42, 42, 42},
         "M0 0C2 0 11 10 10 10C10 10 1 0 0 0Z"},
        /* Across, down, line, curve; and across from there. */
        {{1, 4, 5, 0xe4, 0, 33, 34, 35, 36, 40, 40, 41, 41, 42, 42, 50},
         "M1 0L1 2L3 4C3 4 9 9 8 8C10 10 18 8 18 8"},
        {{1, 8, 1, 32, 32}, ""},
    };
    for (const auto &row : rows)
        EXPECT_EQ(svg_of(kRed + row.path + Bytes{1, 10, 0, 1, 0, 0}),
                  document("<path d=\"" + std::string(row.outline) + "\"" +
                           kStays + " fill=\"#ff0000\"/>\n"));
}

TEST(Vector, ShapesAreMovedStretchedAndHidden)
{
    /* 1, 2 and -0.5 in 24 bits. */
    Bytes matrix = {0x40, 0, 0, 0, 0, 0, 0,    0, 0,
                    0x42, 0, 0, 0, 0, 0, 0xbe, 0, 0};
    const struct {
        Bytes shape;
        const char *transform;
    } rows[] = {
        {{32, 42, 31}, "1 0 0 1 10 -1"},
        {Bytes{2} + matrix, "1 0 0 2 0 -0.5"},
        /* From the size 0 to 4, of which 1 is 64 pixels. */
        {{8, 0, 255}, "1 0 0 1 0 0"},
        {{8, 64, 255}, nullptr},
        {{8, 0, 63}, nullptr},
    };
    for (const auto &row : rows)
        EXPECT_EQ(svg_of(kRed + kTriangle + Bytes{1, 10, 0, 1, 0} + row.shape),
                  document(row.transform == nullptr
                               ? ""
                               : kOutline + " transform=\"matrix(" +
                                     row.transform +
                                     ")\" fill=\"#ff0000\"/>\n"));
    /* A further matrix, in floats, comes before the shape's: times 2, -1. */
    EXPECT_EQ(
        svg_of(kRed + kTriangle +
               Bytes{1, 10, 0,    1,    0, 32 | 16, 42,   31,   1, 20,       //
                     0, 0,  0,    0x40, 0, 0,       0,    0,    0, 0,  0, 0, //
                     0, 0,  0x80, 0xbf, 0, 0,       0x80, 0x3f, 0, 0,  0, 0}),
        document(kOutline + " transform=\"matrix(2 0 0 -1 11 -1)\" "
                            "fill=\"#ff0000\"/>\n"));
}

TEST(Vector, OutlinesAreDrawnGrownAndShrunk)
{
    Bytes start = kRed + kTriangle + Bytes{1, 10, 0, 1, 0, 16, 1};
    EXPECT_EQ(svg_of(start + Bytes{23, 130, 0x21, 4}),
              document(kOutline + kStays +
                       " fill=\"none\" stroke=\"#ff0000\" stroke-width=\"2\" "
                       "stroke-linejoin=\"miter\" stroke-linecap=\"round\" "
                       "stroke-miterlimit=\"4\"/>\n"));
    EXPECT_EQ(svg_of(start + Bytes{21, 131, 2, 4}),
              document(kOutline + kStays +
                       " fill=\"#ff0000\" stroke=\"#ff0000\" "
                       "stroke-width=\"3\" stroke-linejoin=\"round\" "
                       "stroke-linecap=\"butt\" stroke-miterlimit=\"4\"/>\n"));
    EXPECT_EQ(
        svg_of(start + Bytes{21, 126, 2, 4}),
        document("<mask id=\"mask0\" maskUnits=\"userSpaceOnUse\" x=\"-256\" "
                 "y=\"-256\" width=\"1024\" height=\"1024\">" +
                 kOutline +
                 " fill=\"#fff\" stroke=\"#000\" stroke-width=\"2\" "
                 "stroke-linejoin=\"round\" stroke-linecap=\"butt\" "
                 "stroke-miterlimit=\"4\"/></mask>\n" +
                 kOutline + kStays +
                 " fill=\"#ff0000\" mask=\"url(#mask0)\"/>\n"));
}

static size_t count(const std::string &text, const std::string &part)
{
    size_t n = 0;
    for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at++)
        n++;
    return n;
}

TEST(Vector, GradientsFollowHaikusCurve)
{
    /* White at the end stands before black at the start. */
    std::string svg =
        svg_of(Bytes{1, 2, 0, 4, 2, 255, 255, 255, 255, 0, 0, 0, 0} +
               kTriangle + Bytes{1, 10, 0, 1, 0, 0});
    EXPECT_NE(svg.find("<linearGradient id=\"style0\" "
                       "gradientUnits=\"userSpaceOnUse\" x1=\"-64\" y1=\"0\" "
                       "x2=\"64\" y2=\"0\" "
                       "gradientTransform=\"matrix(1 0 0 1 0 0)\">\n"
                       "<stop offset=\"0\" stop-color=\"#000000\"/>\n"),
              std::string::npos)
        << svg;
    EXPECT_NE(svg.find("<stop offset=\"0.25\" stop-color=\"#202020\"/>"),
              std::string::npos);
    EXPECT_NE(svg.find("<stop offset=\"0.5\" stop-color=\"#808080\"/>"),
              std::string::npos);
    EXPECT_NE(svg.find("<stop offset=\"1\" stop-color=\"#ffffff\"/>"),
              std::string::npos);
    EXPECT_EQ(count(svg, "<stop "), 9u);
    EXPECT_NE(svg.find(" fill=\"url(#style0)\"/>"), std::string::npos);
    /* Grey and half transparent, in a circle. */
    svg = svg_of(Bytes{1, 2, 1, 16, 1, 0, 7, 51} + kTriangle +
                 Bytes{1, 10, 0, 1, 0, 0});
    EXPECT_NE(svg.find("<radialGradient id=\"style0\" "
                       "gradientUnits=\"userSpaceOnUse\" cx=\"0\" cy=\"0\" "
                       "r=\"64\""),
              std::string::npos);
    EXPECT_NE(svg.find("<stop offset=\"0\" stop-color=\"#070707\" "
                       "stop-opacity=\"0.2\"/>"),
              std::string::npos);
}

TEST(Vector, EveryLengthOfACutIconIsRefused)
{
    const Bytes icon = every_form();
    EXPECT_NE(svg_of(icon), "");
    for (size_t size = 0; size < icon.size(); size++)
        EXPECT_EQ(svg_of(Bytes(icon.begin(), icon.begin() + (long)size)), "")
            << size;
    size_t size;
    EXPECT_EQ(inf_vector_to_svg((const uint8_t *)"ncix\0\0\0", 7, &size),
              nullptr);
}

/* bazel run //apps/elfinfo:make_vector_corpus -- FOLDER */
TEST(Vector, TheCorpusHasEveryForm)
{
    std::ifstream in("apps/elfinfo/fuzz/corpus/vector_fuzz/all",
                     std::ios::binary);
    const std::string kept((std::istreambuf_iterator<char>(in)),
                           std::istreambuf_iterator<char>());
    EXPECT_EQ(Bytes(kept.begin(), kept.end()), with_magic(every_form()));
}

TEST(Vector, AnIconThatGrowsWithoutEndIsRefused)
{
    /* 255 shapes, each of 255 times the same path of 255 points. */
    Bytes icon = kRed + Bytes{1, 8, 255} + Bytes(510, 40) + Bytes{255};
    for (int i = 0; i < 255; i++)
        icon = icon + Bytes{10, 0, 255} + Bytes(255, 0) + Bytes{0};
    EXPECT_EQ(svg_of(icon), "");
}
