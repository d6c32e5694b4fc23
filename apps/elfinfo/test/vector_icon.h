/* vector_icon.h -- an icon with each form that there is, for vector_test and
 * as the corpus of vector_fuzz. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_TEST_VECTOR_ICON_H
#define ELFINFO_TEST_VECTOR_ICON_H

#include <cstdint>
#include <string>
#include <vector>

using Bytes = std::vector<uint8_t>;

inline Bytes operator+(Bytes a, const Bytes &b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

inline Bytes with_magic(const Bytes &icon)
{
    const std::string magic = "ncif";
    return Bytes(magic.begin(), magic.end()) + icon;
}

inline Bytes every_form()
{
    return Bytes{2, 2, 0, 2, 1} + Bytes(18, 0x40) +
           Bytes{0, 1, 2, 3, 4, 1, 1, 2, 3, 4} +
           Bytes{2,  4,  2,  0x0e, 33, 34,   35, 36, 37,
                 38, 39, 40, 8,    1,  0xff, 1,  2} +
           Bytes{2, 99, 1, 0, 7, 10, 0, 1, 0, 2 | 8 | 16} + Bytes(18, 0x40) +
           Bytes{0, 255, 2, 22, 23, 1, 2, 3};
}

#endif
