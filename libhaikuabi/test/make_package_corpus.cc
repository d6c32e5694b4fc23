// make_package_corpus.cc -- writes fuzz/corpus/package_fuzz into a folder.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/package_builder.h"

#include <fstream>

using namespace hk;

static std::string sample(Compression compression)
{
    PackageBuilder made(compression);
    made.toc = {
        Directory("bin", {File("tool", std::string(100, 'a') + "bcdefghijkl"),
                          Link("alias", "tool")}),
        File("typed", "text", 1000,
             {Node(HK_PACKAGE_ATTRIBUTE, "BEOS:TYPE",
                   {Node(HK_PACKAGE_ATTRIBUTE_TYPE, 0x4d494d53),
                    Node::Data("text/plain")})})};
    made.info = {Node(HK_PACKAGE_NAME, "sample"),
                 Node(HK_PACKAGE_VERSION_MAJOR, "1",
                      {Node(HK_PACKAGE_VERSION_MINOR, "2")}),
                 Node(HK_PACKAGE_REQUIRES, "sample")};
    return made.build();
}

int main(int argc, char **argv)
{
    const struct {
        const char *name;
        Compression compression;
    } files[] = {{"stored", STORED}, {"zlib", ZLIB}, {"zstd", ZSTD}};
    if (argc != 2)
        return 2;
    for (const auto &file : files) {
        std::ofstream out(std::string(argv[1]) + "/" + file.name,
                          std::ios::binary);
        out << sample(file.compression);
        if (!out.flush())
            return 1;
    }
    return 0;
}
