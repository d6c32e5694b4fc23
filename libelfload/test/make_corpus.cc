/* make_corpus.cc -- writes the corpus of the fuzz targets to a folder. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/corpus.h"

#include <cstdio>
#include <fstream>

static void write(const std::string &folder,
                  const std::map<std::string, Bytes> &files)
{
    for (const auto &file : files) {
        std::ofstream out(folder + "/" + file.first, std::ios::binary);
        out.write(reinterpret_cast<const char *>(file.second.data()),
                  static_cast<std::streamsize>(file.second.size()));
    }
}

/* make_corpus libelfload/fuzz/corpus */
int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_corpus FOLDER\n");
        return 2;
    }
    write(std::string(argv[1]) + "/read_fuzz", reader_corpus());
    write(std::string(argv[1]) + "/link_fuzz", linker_corpus());
    return 0;
}
