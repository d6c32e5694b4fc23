/* resource_builder.h -- resources behind a built file. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_TEST_RESOURCE_BUILDER_H
#define ELFLOAD_TEST_RESOURCE_BUILDER_H

#include "libelfload/test/elf_builder.h"

#include <string>
#include <vector>

struct BuiltResource {
    std::string type; /* four characters */
    int32_t id;
    std::string name; /* "" for none */
    std::string data;
};

/* Resources in order, those of one type in a row; align: where they begin. */
Bytes add_resources(Bytes file, const std::vector<BuiltResource> &resources,
                    bool is_big = false, size_t align = 4096);

#endif
