// package_builder.h -- packages made of a few lines, right ones and wrong ones.
// SPDX-License-Identifier: MIT
#ifndef PACKAGE_BUILDER_H
#define PACKAGE_BUILDER_H

#include <haikuabi/package.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hk
{

enum Compression { STORED, ZLIB, ZSTD };

// An attribute with its children; which constructor says its type.
struct Node {
    Node(unsigned id, uint64_t number, std::vector<Node> children = {})
        : id(id), type(HK_PACKAGE_UINT), number(number),
          children(std::move(children))
    {
    }
    Node(unsigned id, std::string text, std::vector<Node> children = {})
        : id(id), type(HK_PACKAGE_STRING), text(std::move(text)),
          children(std::move(children))
    {
    }
    static Node Data(std::string bytes)
    {
        Node node(HK_PACKAGE_DATA, std::move(bytes));
        node.type = HK_PACKAGE_RAW;
        return node;
    }

    unsigned id, type;
    uint64_t number = 0;
    std::string text;
    std::vector<Node> children;
};

inline Node File(std::string name, std::string content, uint64_t mtime = 1000,
                 std::vector<Node> more = {})
{
    std::vector<Node> children = {Node(HK_PACKAGE_MTIME, mtime),
                                  Node::Data(std::move(content))};
    children.insert(children.end(), more.begin(), more.end());
    return Node(HK_PACKAGE_ENTRY, std::move(name), std::move(children));
}

inline Node Directory(std::string name, std::vector<Node> children)
{
    children.insert(children.begin(), Node(HK_PACKAGE_FILE_TYPE, 1));
    return Node(HK_PACKAGE_ENTRY, std::move(name), std::move(children));
}

inline Node Link(std::string name, std::string target,
                 std::vector<Node> more = {})
{
    more.insert(more.begin(), Node(HK_PACKAGE_SYMLINK, std::move(target)));
    more.insert(more.begin(), Node(HK_PACKAGE_FILE_TYPE, 2));
    return Node(HK_PACKAGE_ENTRY, std::move(name), std::move(more));
}

class PackageBuilder
{
  public:
    explicit PackageBuilder(Compression compression = ZSTD)
        : compression(compression)
    {
    }

    // The whole file.
    std::string build()
    {
        std::string toc_bytes = section(toc, toc_strings);
        std::string info_bytes = section(info, info_strings);
        heap += toc_bytes + info_bytes;
        std::string packed = pack();
        std::string header;
        put(header, 0x68706b67, 4);
        put(header, 80, 2);
        put(header, 2, 2);
        put(header, 80 + packed.size(), 8);
        put(header, 1, 2);
        put(header, static_cast<uint64_t>(compression), 2);
        put(header, 65536, 4);
        put(header, packed.size(), 8);
        put(header, heap.size(), 8);
        put(header, info_bytes.size(), 4);
        put(header, info_strings.bytes.size(), 4);
        put(header, info_strings.count, 4);
        put(header, 0, 4);
        put(header, toc_bytes.size(), 8);
        put(header, toc_strings.bytes.size(), 8);
        put(header, toc_strings.count, 8);
        return header + packed;
    }

    static void put(std::string &to, uint64_t value, unsigned size)
    {
        for (unsigned i = size; i-- > 0;)
            to += static_cast<char>(value >> (8 * i));
    }

    static std::string leb128(uint64_t value)
    {
        std::string bytes;
        do {
            bytes +=
                static_cast<char>((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
            value >>= 7;
        } while (value != 0);
        return bytes;
    }

    static std::string tag(unsigned id, unsigned type, bool children,
                           unsigned encoding)
    {
        return leb128(
            (id | type << 7 | (children ? 1u : 0u) << 10 | encoding << 11) + 1);
    }

    std::vector<Node> toc, info;
    std::string heap; // uncompressed; contents go behind what is in it
    // Strings that occur twice and more go to the table.
    bool share_strings = true;

  private:
    struct Strings {
        std::map<std::string, uint64_t> index;
        std::string bytes;
        uint64_t count = 0;
    };

    static void count_strings(const std::vector<Node> &nodes,
                              std::map<std::string, int> &counts)
    {
        for (const Node &node : nodes) {
            if (node.type == HK_PACKAGE_STRING)
                counts[node.text]++;
            count_strings(node.children, counts);
        }
    }

    std::string section(const std::vector<Node> &nodes, Strings &strings)
    {
        std::map<std::string, int> counts;
        count_strings(nodes, counts);
        for (const auto &[text, uses] : counts) {
            if (uses < 2 || text.empty() || !share_strings)
                continue;
            strings.index[text] = strings.count++;
            strings.bytes += text + '\0';
        }
        strings.bytes += '\0';
        return strings.bytes + list(nodes, strings);
    }

    std::string list(const std::vector<Node> &nodes, const Strings &strings)
    {
        std::string bytes;
        for (const Node &node : nodes) {
            bytes += value(node, strings);
            if (!node.children.empty())
                bytes += list(node.children, strings);
        }
        return bytes + '\0';
    }

    std::string value(const Node &node, const Strings &strings)
    {
        bool children = !node.children.empty();
        if (node.type == HK_PACKAGE_RAW) {
            std::string size = leb128(node.text.size());
            if (node.text.size() <= 8)
                return tag(node.id, node.type, children, 0) + size + node.text;
            std::string offset = leb128(heap.size());
            heap += node.text;
            return tag(node.id, node.type, children, 1) + size + offset;
        }
        if (node.type == HK_PACKAGE_STRING) {
            auto found = strings.index.find(node.text);
            if (found != strings.index.end())
                return tag(node.id, node.type, children, 1) +
                       leb128(found->second);
            return tag(node.id, node.type, children, 0) + node.text + '\0';
        }
        unsigned encoding = node.number <= 0xff         ? 0
                            : node.number <= 0xffff     ? 1
                            : node.number <= 0xffffffff ? 2
                                                        : 3;
        std::string bytes = tag(node.id, node.type, children, encoding);
        put(bytes, node.number, 1u << encoding);
        return bytes;
    }

    std::string pack_chunk(const std::string &chunk) const
    {
        std::string packed(ZSTD_compressBound(chunk.size()) +
                               compressBound(chunk.size()),
                           '\0');
        uLongf size = packed.size();
        auto *to = reinterpret_cast<Bytef *>(packed.data());
        if (compression == ZSTD)
            size = ZSTD_compress(packed.data(), packed.size(), chunk.data(),
                                 chunk.size(), 3);
        else
            compress(to, &size, reinterpret_cast<const Bytef *>(chunk.data()),
                     chunk.size());
        packed.resize(size);
        return packed.size() < chunk.size() ? packed : chunk;
    }

    std::string pack() const
    {
        if (compression == STORED)
            return heap;
        std::string packed, table;
        for (size_t at = 0; at < heap.size(); at += 65536) {
            std::string chunk = pack_chunk(heap.substr(at, 65536));
            packed += chunk;
            if (at + 65536 < heap.size())
                put(table, chunk.size() - 1, 2);
        }
        return packed + table;
    }

    Compression compression;
    Strings toc_strings, info_strings;
};

} // namespace hk
#endif
