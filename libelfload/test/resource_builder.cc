/* resource_builder.cc -- resources behind a built file. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/resource_builder.h"

static void add(Bytes &bytes, uint64_t value, size_t size, bool is_big)
{
    for (size_t i = 0; i < size; i++)
        bytes.push_back((uint8_t)(value >> 8 * (is_big ? size - 1 - i : i)));
}

static void add_text(Bytes &bytes, const std::string &text)
{
    bytes.insert(bytes.end(), text.begin(), text.end());
}

static Bytes infos_of(const std::vector<BuiltResource> &resources, bool is_big)
{
    Bytes infos;
    for (size_t i = 0; i < resources.size(); i++) {
        const BuiltResource &one = resources[i];
        if (i == 0 || resources[i - 1].type != one.type) {
            if (i > 0)
                add(infos, ~0ull, 8, is_big);
            uint32_t type = 0;
            for (char letter : one.type)
                type = type << 8 | (uint8_t)letter;
            add(infos, type, 4, is_big);
        }
        add(infos, (uint32_t)one.id, 4, is_big);
        add(infos, i + 1, 4, is_big);
        add(infos, one.name.empty() ? 0 : one.name.size() + 1, 2, is_big);
        if (!one.name.empty())
            add_text(infos, one.name + '\0');
    }
    add(infos, ~0ull, 8, is_big);
    add(infos, 0x12345678, 4, is_big); /* the check sum is not looked at */
    add(infos, 0, 4, is_big);
    return infos;
}

Bytes add_resources(Bytes file, const std::vector<BuiltResource> &resources,
                    bool is_big, size_t align)
{
    file.resize((file.size() + align - 1) / align * align);
    size_t start = file.size(), index_size = 0x600, unknown = 0x168;
    size_t data = 68 + index_size + unknown, size = data;
    for (const auto &one : resources)
        size += one.data.size();
    Bytes infos = infos_of(resources, is_big);
    add(file, 0x444f1000, 4, is_big);
    add(file, resources.size(), 4, is_big);
    add(file, 68, 4, is_big);
    add(file, 68 + index_size, 4, is_big);
    file.resize(start + 68);
    add(file, 68, 4, is_big);
    add(file, index_size, 4, is_big);
    file.resize(start + 68 + 30 * 4);
    add(file, size, 4, is_big);
    add(file, infos.size(), 4, is_big);
    file.resize(start + 68 + 132);
    size_t offset = data;
    for (const auto &one : resources) {
        add(file, offset, 4, is_big);
        add(file, one.data.size(), 4, is_big);
        add(file, 0, 4, is_big);
        offset += one.data.size();
    }
    file.resize(start + data);
    for (const auto &one : resources)
        add_text(file, one.data);
    file.insert(file.end(), infos.begin(), infos.end());
    return file;
}
