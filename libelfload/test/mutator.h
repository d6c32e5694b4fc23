/* mutator.h -- files changed at random. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_TEST_MUTATOR_H
#define ELFLOAD_TEST_MUTATOR_H

#include "libelfload/test/elf_builder.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <random>

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

#endif
