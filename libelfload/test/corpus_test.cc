/* corpus_test.cc -- the corpus in the tree is what its rule makes. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/corpus.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

/* Anew after a change: bazel run //libelfload:make_corpus
 * "$PWD/libelfload/fuzz/corpus" */
static void compare(const std::string &folder,
                    const std::map<std::string, Bytes> &files)
{
    for (const auto &file : files) {
        std::string path = "libelfload/fuzz/corpus/" + folder + file.first;
        std::ifstream in(path, std::ios::binary);
        ASSERT_TRUE(in.good()) << path;
        Bytes bytes((std::istreambuf_iterator<char>(in)), {});
        EXPECT_TRUE(bytes == file.second) << path << " is stale";
    }
}

TEST(Corpus, IsWhatItsRuleMakes)
{
    compare("read_fuzz/", reader_corpus());
    compare("link_fuzz/", linker_corpus());
}
