/* mutation_test.cc -- files changed at random, read and linked. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/fuzz/link_input.h"
#include "libelfload/fuzz/read_input.h"
#include "libelfload/test/corpus.h"

#include <gtest/gtest.h>
#include <guestmem/guestmem.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>

/* ELD_MUTATIONS=N in the environment asks for N files of each kind. */
static long mutation_count()
{
    const char *text = getenv("ELD_MUTATIONS");
    return text != nullptr ? atol(text) : 10000;
}

/* Changes a few bytes, words or runs; sometimes cuts the file off. */
class Mutator
{
  public:
    explicit Mutator(uint32_t seed) : random(seed) {}

    Bytes mutate(Bytes bytes)
    {
        size_t changes = 1 + below(4);
        for (size_t i = 0; i < changes && !bytes.empty(); i++)
            change(bytes);
        return bytes;
    }

  private:
    size_t below(size_t limit)
    {
        return random() % limit;
    }

    /* Values that lie at the edges of what a field may be. */
    uint32_t interesting()
    {
        static const uint32_t values[] = {
            0,          1,          2,          0xff,       0x7f,
            0x1000,     0xfff,      0x7fffffff, 0x80000000, 0xffffffff,
            0xfffff000, 0x7fff0000, 0x10000,    4,          8};
        return below(3) != 0 ? values[below(std::size(values))]
                             : (uint32_t)random();
    }

    void change(Bytes &bytes)
    {
        size_t at = below(bytes.size());
        /* Headers and tables come first: look there more often. */
        if (below(2) == 0)
            at = below(std::min<size_t>(bytes.size(), 512));
        switch (below(6)) {
        case 0:
            bytes[at] ^= (uint8_t)(1u << below(8));
            break;
        case 1:
            bytes[at] = (uint8_t)interesting();
            break;
        case 2:
        case 3: {
            uint32_t value = interesting();
            at &= ~(size_t)3;
            memcpy(&bytes[at], &value, std::min<size_t>(4, bytes.size() - at));
            break;
        }
        case 4: {
            size_t from = below(bytes.size()), size = 1 + below(32);
            for (size_t i = 0;
                 i < size && at + i < bytes.size() && from + i < bytes.size();
                 i++)
                bytes[at + i] = bytes[from + i];
            break;
        }
        case 5:
            if (below(4) == 0)
                bytes.resize(at);
            else
                bytes[at] = (uint8_t)random();
            break;
        }
    }

    std::mt19937 random;
};

/* An exact copy, so that a sanitizer sees a read behind the end. */
class Exact
{
  public:
    explicit Exact(const Bytes &bytes)
        : size(bytes.size()), data(new uint8_t[bytes.size()])
    {
        std::copy(bytes.begin(), bytes.end(), data.get());
    }
    size_t size;
    std::unique_ptr<uint8_t[]> data;
};

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
