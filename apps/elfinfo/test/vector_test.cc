/* vector_test.cc -- vector icons as SVG and as PNG. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/vector_icon.h"
#include "apps/elfinfo/vector.h"

#include <cairo/cairo.h>
#include <gtest/gtest.h>

#include <algorithm>
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
    inf_vector *vector = inf_vector_read(bytes.data(), bytes.size());
    if (vector == nullptr)
        return "";
    char *text = inf_vector_to_svg(vector, &size);
    inf_vector_free(vector);
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

/* ---- PNG ---- */

/* An icon as cairo reads its picture. */
class Picture
{
  public:
    explicit Picture(const Bytes &icon)
    {
        Bytes bytes = with_magic(icon);
        inf_vector *vector = inf_vector_read(bytes.data(), bytes.size());
        EXPECT_NE(vector, nullptr);
        size_t size = 0;
        uint8_t *png = inf_vector_to_png(vector, &size);
        inf_vector_free(vector);
        if (png == nullptr)
            return;
        rest.assign(png, png + size);
        free(png);
        surface = cairo_image_surface_create_from_png_stream(read, this);
        EXPECT_EQ(cairo_image_surface_get_width(surface), 64);
        EXPECT_EQ(cairo_image_surface_get_height(surface), 64);
    }
    ~Picture()
    {
        if (surface != nullptr)
            cairo_surface_destroy(surface);
    }
    bool is_drawn() const
    {
        return surface != nullptr;
    }
    /* 0xaarrggbb */
    uint32_t at(int x, int y) const
    {
        uint32_t pixel;
        memcpy(&pixel,
               cairo_image_surface_get_data(surface) +
                   y * cairo_image_surface_get_stride(surface) + 4 * x,
               4);
        return pixel;
    }

  private:
    static cairo_status_t read(void *context, unsigned char *to, unsigned size)
    {
        Bytes &rest = static_cast<Picture *>(context)->rest;
        if (size > rest.size())
            return CAIRO_STATUS_READ_ERROR;
        std::copy_n(rest.begin(), size, to);
        rest.erase(rest.begin(), rest.begin() + size);
        return CAIRO_STATUS_SUCCESS;
    }
    Bytes rest;
    cairo_surface_t *surface = nullptr;
};

/* A square of a style's colour between two corners. */
static Bytes square(uint8_t low, uint8_t high)
{
    auto at = [](int number) { return (uint8_t)(number + 32); };
    return {1,       2 | 8,    4,        at(low), at(low), at(high),
            at(low), at(high), at(high), at(low), at(high)};
}

static const uint32_t kOpaqueRed = 0xffff0000;

TEST(VectorPicture, ShapesAreFilledDrawnGrownAndShrunk)
{
    const Bytes start = kRed + square(20, 40) + Bytes{1, 10, 0, 1, 0};
    const struct {
        Bytes shape;
        bool has_inside, has_edge, has_outside; /* 30, 22 and 18 of x */
    } rows[] = {
        {{0}, true, true, false},
        {{16, 1, 23, 128 + 8, 1, 4}, false, true, true},
        {{16, 1, 21, 128 + 8, 1, 4}, true, true, true},
        {{16, 1, 21, 128 - 8, 1, 4}, true, false, false},
    };
    for (const auto &row : rows) {
        Picture picture(start + row.shape);
        EXPECT_EQ(picture.at(30, 30), row.has_inside ? kOpaqueRed : 0u);
        EXPECT_EQ(picture.at(22, 30), row.has_edge ? kOpaqueRed : 0u);
        EXPECT_EQ(picture.at(18, 30), row.has_outside ? kOpaqueRed : 0u);
        EXPECT_EQ(picture.at(12, 30), 0u);
    }
    /* Moved by 10, -1. */
    Picture moved(start + Bytes{32, 42, 31});
    EXPECT_EQ(moved.at(25, 30), 0u);
    EXPECT_EQ(moved.at(45, 19), kOpaqueRed);
}

TEST(VectorPicture, CurvesAndTransparency)
{
    /* Twice half transparent; drawn along a curve to 53, 30. */
    Bytes style = {1, 1, 0, 0, 255, 128};
    Bytes path = {1, 0, 2, 52, 32, 52, 32, 96, 32, 52, 92, 96, 92, 52, 92};
    Picture picture(style + path + Bytes{2, 10, 0, 1, 0, 0, 10, 0, 1, 0, 0});
    EXPECT_NEAR((int)(picture.at(50, 30) >> 24), 128 + 127 * 128 / 255, 1);
    EXPECT_EQ(picture.at(50, 30) & 0xffff00, 0u);
    EXPECT_EQ(picture.at(56, 30), 0u);
    EXPECT_EQ(picture.at(50, 3), 0u);
}

TEST(VectorPicture, EachGradientIsMeasuredInItsWay)
{
    const struct {
        uint8_t type;
        int x, y;
        uint8_t grey;
    } rows[] = {
        {0, 0, 50, 0x80},  {0, 63, 0, 0xff},  {1, 1, 1, 0x00},
        {1, 45, 45, 0xff}, {1, 32, 0, 0x80},  {2, 32, 10, 0x80},
        {2, 16, 3, 0x20},  {3, 63, 0, 0x00},  {3, 0, 63, 0x80},
        {3, 32, 32, 0x20}, {4, 32, 32, 0x20}, {4, 63, 63, 0xff},
        {5, 32, 32, 0x80}, {5, 16, 16, 0x20},
    };
    for (const auto &row : rows) {
        SCOPED_TRACE(testing::Message()
                     << (int)row.type << " at " << row.x << ", " << row.y);
        Bytes style = {1, 2, row.type, 4, 2, 0, 0, 0, 0, 255, 255, 255, 255};
        Picture picture(style + square(0, 64) + Bytes{1, 10, 0, 1, 0, 0});
        uint32_t pixel = picture.at(row.x, row.y);
        EXPECT_EQ(pixel >> 24, 0xffu);
        EXPECT_NEAR((int)(pixel & 0xff), row.grey, 5);
        EXPECT_EQ(pixel & 0xff, pixel >> 8 & 0xff);
        EXPECT_EQ(pixel & 0xff, pixel >> 16 & 0xff);
    }
}

TEST(VectorPicture, GradientsHaveStopsAndAMatrixOfTheirOwn)
{
    /* Before the first stop, between two at one place, behind the last. */
    Bytes style = {1, 2, 0, 4 | 16, 4, 64, 10, 192, 20, 192, 30, 255, 40};
    Picture picture(style + square(0, 64) + Bytes{1, 10, 0, 1, 0, 2} +
                    /* -0.5 in x: from 64 at the left to 32 at the right */
                    Bytes{0xbe, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0} +
                    Bytes{0x4a, 0, 0, 0, 0, 0});
    EXPECT_TRUE(picture.is_drawn());
    Picture plain(style + square(0, 64) + Bytes{1, 10, 0, 1, 0, 0});
    EXPECT_EQ(plain.at(31, 5) & 0xff, 20u);
    EXPECT_EQ(plain.at(33, 5) & 0xff, 30u);
    EXPECT_EQ(plain.at(63, 5) & 0xff, 40u);
    /* Twice as long, from 0 on. */
    Bytes wide = {1, 2, 0, 2 | 4 | 16, 2};
    wide = wide +
           Bytes{0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0x42, 0, 0, 0, 0, 0, 0, 0, 0};
    Picture doubled(wide + Bytes{0, 0, 255, 255} + square(0, 64) +
                    Bytes{1, 10, 0, 1, 0, 0});
    EXPECT_NEAR((int)(doubled.at(0, 0) & 0xff), 0x80, 5);
    EXPECT_NEAR((int)(doubled.at(63, 0) & 0xff), 0xdf, 5); /* at 3/4 */
    /* Without stops nothing is seen. */
    Picture none(Bytes{1, 2, 0, 4, 0} + square(0, 64) +
                 Bytes{1, 10, 0, 1, 0, 0});
    EXPECT_EQ(none.at(30, 30), 0u);
}

TEST(VectorPicture, FlatShapesAreNotDrawnAndEndlessOnesRefused)
{
    const Bytes start = kRed + square(20, 40) + Bytes{1, 10, 0, 1, 0, 2};
    /* All zeros; then 2^31. */
    EXPECT_EQ(Picture(start + Bytes(18, 0)).at(30, 30), 0u);
    EXPECT_FALSE(Picture(start + Bytes{0x7e, 0, 0} + Bytes(15, 0)).is_drawn());
}

TEST(Vector, EveryLengthOfACutIconIsRefused)
{
    const Bytes icon = every_form();
    EXPECT_NE(svg_of(icon), "");
    for (size_t size = 0; size < icon.size(); size++)
        EXPECT_EQ(svg_of(Bytes(icon.begin(), icon.begin() + (long)size)), "")
            << size;
    EXPECT_EQ(inf_vector_read((const uint8_t *)"ncix\0\0\0", 7), nullptr);
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
