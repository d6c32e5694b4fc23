/* mutation_test.cc -- files changed at random, read and linked. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/fuzz/link_input.h"
#include "libelfload/fuzz/read_input.h"
#include "libelfload/test/corpus.h"
#include "libelfload/test/mutator.h"

#include <gtest/gtest.h>
#include <guestmem/guestmem.h>

#include <cstdlib>

/* ELD_MUTATIONS=N in the environment asks for N files of each kind. */
static long mutation_count()
{
    const char *text = getenv("ELD_MUTATIONS");
    return text != nullptr ? atol(text) : 10000;
}

TEST(Mutation, TheReaderSurvivesAnyFile)
{
    Mutator mutator(1);
    auto corpus = reader_corpus();
    long count = mutation_count() / (long)corpus.size();
    for (const auto &file : corpus) {
        for (long i = 0; i < count; i++) {
            Exact copy(mutator.mutate(file.second));
            read_input(copy.data.get(), copy.size);
        }
    }
}

TEST(Mutation, TheLinkerSurvivesAnyProgramAndLibrary)
{
    Mutator mutator(2);
    auto corpus = linker_corpus();
    long count = mutation_count() / (long)corpus.size(), linked = 0;
    struct gm_space *space;
    ASSERT_EQ(gm_space_new(32, &space), 0);
    for (const auto &file : corpus) {
        Exact original(file.second);
        EXPECT_EQ(link_input(space, original.data.get(), original.size), 0)
            << file.first;
        for (long i = 0; i < count; i++) {
            Exact copy(mutator.mutate(file.second));
            linked += link_input(space, copy.data.get(), copy.size) == 0;
        }
    }
    gm_space_free(space);
    /* Mutations must reach far: a good part of the files still links. */
    EXPECT_GT(linked, mutation_count() / 10);
}

TEST(Mutation, EveryLengthOfAFileIsSurvived)
{
    struct gm_space *space;
    ASSERT_EQ(gm_space_new(32, &space), 0);
    for (const auto &file : reader_corpus()) {
        for (size_t size = 0; size < file.second.size(); size++) {
            Exact copy(
                Bytes(file.second.begin(), file.second.begin() + (long)size));
            read_input(copy.data.get(), copy.size);
        }
    }
    for (const auto &file : linker_corpus()) {
        for (size_t size = 4; size < file.second.size(); size += 3) {
            Exact copy(
                Bytes(file.second.begin(), file.second.begin() + (long)size));
            link_input(space, copy.data.get(), copy.size);
        }
    }
    gm_space_free(space);
}

TEST(Mutation, EveryByteOfTheTablesIsTriedWithItsEdges)
{
    struct gm_space *space;
    ASSERT_EQ(gm_space_new(32, &space), 0);
    Bytes file = linker_corpus()["dynamic"];
    for (size_t i = 4; i < file.size(); i++) {
        for (int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
            Exact copy(file);
            copy.data[i] = (uint8_t)value;
            link_input(space, copy.data.get(), copy.size);
        }
    }
    gm_space_free(space);
}
