/* message_builder.h -- flattened messages made of a few lines, for tests. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_TEST_MESSAGE_BUILDER_H
#define ELFLOAD_TEST_MESSAGE_BUILDER_H

#include <cstdint>
#include <string>
#include <vector>

struct BuiltField {
    std::string name, type; /* four characters */
    std::vector<std::string> items;
    bool is_fixed = true;
};

class MessageBuilder
{
  public:
    bool is_big = false, is_r5 = false;
    uint32_t what = 0;
    std::vector<BuiltField> fields;

    std::string number(uint64_t value, size_t size = 4) const
    {
        std::string text(size, '\0');
        for (size_t i = 0; i < size; i++)
            text[is_big ? size - 1 - i : i] = (char)(value >> 8 * i);
        return text;
    }
    std::string build() const
    {
        return is_r5 ? build_r5() : build_haiku();
    }

  private:
    std::string code(const std::string &type) const
    {
        uint32_t value = 0;
        for (char letter : type)
            value = value << 8 | (uint8_t)letter;
        return number(value);
    }
    std::string items_of(const BuiltField &field) const
    {
        std::string bytes;
        for (const auto &item : field.items) {
            if (!field.is_fixed)
                bytes += number(item.size());
            bytes += item;
            while (!field.is_fixed && is_r5 && bytes.size() % 8 != 0)
                bytes += '\0';
        }
        return bytes;
    }
    std::string build_haiku() const
    {
        std::string headers, data;
        for (const auto &field : fields) {
            std::string items = items_of(field);
            headers += number(field.is_fixed ? 3 : 1, 2) +
                       number(field.name.size() + 1, 2) + code(field.type) +
                       number(field.items.size()) + number(items.size()) +
                       number(data.size()) + number(~0ull);
            data += field.name + '\0' + items;
        }
        return (is_big ? "1FMH" : "HMF1") + number(what) + number(1) +
               std::string(24, '\0') + number(data.size()) +
               number(fields.size()) + number(5) + std::string(20, '\xff') +
               headers + data;
    }
    std::string build_r5() const
    {
        std::string bytes = (is_big ? "FOB1" : "1BOF") + number(0) + number(0) +
                            number(what) + "\x07" + number(9) +
                            std::string(16, '\0');
        for (const auto &field : fields) {
            std::string items = items_of(field);
            bool is_small = items.size() < 256,
                 is_one = field.items.size() == 1;
            bytes += (char)(1 | (is_small ? 2 : 0) | (field.is_fixed ? 4 : 0) |
                            (is_one ? 8 : 0));
            bytes += code(field.type);
            if (!is_one)
                bytes += number(field.items.size(), is_small ? 1 : 4);
            bytes += number(items.size(), is_small ? 1 : 4);
            bytes += (char)field.name.size();
            bytes += field.name + items;
        }
        return bytes + '\0';
    }
};

#endif
