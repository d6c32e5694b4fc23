/* make_vector_corpus.cc -- writes the corpus of vector_fuzz to a folder. */
/* SPDX-License-Identifier: MIT */
#include "apps/elfinfo/test/vector_icon.h"

#include <fstream>

/* make_vector_corpus apps/elfinfo/fuzz/corpus/vector_fuzz */
int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    const Bytes icon = with_magic(every_form());
    std::ofstream out(std::string(argv[1]) + "/all", std::ios::binary);
    out.write(reinterpret_cast<const char *>(icon.data()),
              static_cast<std::streamsize>(icon.size()));
    return out.flush() ? 0 : 1;
}
