/* elf_builder.h -- ELF files made of a few lines, for tests. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_TEST_ELF_BUILDER_H
#define ELFLOAD_TEST_ELF_BUILDER_H

#include <elf.h>
#include <elfload/elf_dynamic.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

using Bytes = std::vector<uint8_t>;

struct BuiltSymbol {
    std::string name;
    uint64_t value = 0, size = 0;
    uint8_t bind = STB_GLOBAL, type = STT_NOTYPE;
    bool is_defined = true;
    std::string version; /* "" for none */
    std::string file;    /* of an undefined symbol's version */
    bool is_hidden = false;
};

struct BuiltReloc {
    uint64_t place;
    uint32_t type;
    std::string symbol; /* "" for none */
    int64_t addend = 0; /* with REL: already stored in the place */
};

/*
 * A file of three segments: tables (read only) at the start of the file,
 * text, and data, at fixed addresses from base:
 *
 *     offset 0              base              headers and tables
 *     offset text_offset    base + kText      text
 *     offset data_offset    base + kData      data, then .dynamic; bss
 *
 * Text and data are filled in by the test; the rest follows from the lists.
 */
class ElfBuilder
{
  public:
    static constexpr uint64_t kText = 0x10000, kData = 0x20000;

    explicit ElfBuilder(bool is_64 = false, uint64_t image_base = 0)
        : is64(is_64), base(image_base), machine(is_64 ? EM_X86_64 : EM_386),
          is_rela(is_64)
    {
    }

    bool is64, is_big = false;
    uint64_t base;
    uint16_t machine, type = ET_DYN;
    bool is_rela;
    bool has_hash = true, has_gnu_hash = false, has_sections = true;
    bool is_dynamic = true;
    size_t text_offset = 0x800, data_offset = 0xc00;
    size_t data_size = 0x100; /* of the file, without .dynamic */
    size_t bss_size = 0;
    uint64_t entry = 0;
    Bytes text = {0xc3};
    std::map<size_t, uint64_t> words; /* in data: offset to value */
    Bytes tls;                        /* its image; at the start of data */
    size_t tls_bss = 0;
    std::vector<std::string> needed;
    std::string soname, runpath, rpath;
    std::vector<BuiltSymbol> symbols;
    std::vector<BuiltReloc> relocs, plt_relocs;
    std::vector<uint64_t> relr;
    std::vector<std::string> versions;                   /* defined */
    std::vector<std::pair<int64_t, uint64_t>> tags;      /* further ones */
    std::vector<std::pair<uint32_t, std::string>> notes; /* of owner GNU */
    std::string comment;
    size_t relro_size = 0; /* from the start of data */

    uint64_t text_at(uint64_t offset = 0) const
    {
        return base + kText + text_offset + offset;
    }
    uint64_t data_at(uint64_t offset = 0) const
    {
        return base + kData + data_offset + offset;
    }
    uint64_t bss_at() const
    {
        return data_at(data_size + dynamic_room());
    }

    ElfBuilder &function(const std::string &name, uint64_t offset = 0)
    {
        BuiltSymbol symbol;
        symbol.name = name;
        symbol.value = text_at(offset);
        symbol.size = 1;
        symbol.type = STT_FUNC;
        symbols.push_back(symbol);
        return *this;
    }
    ElfBuilder &object(const std::string &name, uint64_t offset,
                       uint64_t size = 4)
    {
        BuiltSymbol symbol;
        symbol.name = name;
        symbol.value = data_at(offset);
        symbol.size = size;
        symbol.type = STT_OBJECT;
        symbols.push_back(symbol);
        return *this;
    }
    ElfBuilder &undefined(const std::string &name, uint8_t symbol_type,
                          uint8_t bind = STB_GLOBAL)
    {
        BuiltSymbol symbol;
        symbol.name = name;
        symbol.type = symbol_type;
        symbol.bind = bind;
        symbol.is_defined = false;
        symbols.push_back(symbol);
        return *this;
    }
    /* Changes the symbol added last. */
    ElfBuilder &weak()
    {
        symbols.back().bind = STB_WEAK;
        return *this;
    }
    ElfBuilder &version(const std::string &name, const std::string &file = "",
                        bool is_hidden = false)
    {
        symbols.back().version = name;
        symbols.back().file = file;
        symbols.back().is_hidden = is_hidden;
        return *this;
    }
    ElfBuilder &reloc(uint64_t data, uint32_t reloc_type,
                      const std::string &symbol = "", int64_t addend = 0)
    {
        relocs.push_back({data_at(data), reloc_type, symbol, addend});
        if (!is_rela && addend != 0)
            words[data] = (uint64_t)addend;
        return *this;
    }

    Bytes build();

  private:
    struct Section {
        std::string name;
        uint32_t type;
        uint64_t flags, address, offset, size;
        uint32_t link, info;
        uint64_t entry_size;
    };

    size_t word() const
    {
        return is64 ? 8 : 4;
    }
    size_t symbol_size() const
    {
        return is64 ? 24 : 16;
    }
    size_t dynamic_room() const
    {
        return 40 * 2 * word();
    }

    void put(size_t at, uint64_t value, size_t size)
    {
        if (file.size() < at + size)
            file.resize(at + size);
        for (size_t i = 0; i < size; i++)
            file[at + (is_big ? size - 1 - i : i)] = (uint8_t)(value >> 8 * i);
    }
    void add(uint64_t value, size_t size)
    {
        put(file.size(), value, size);
    }
    void add_word(uint64_t value)
    {
        add(value, word());
    }
    void align(size_t to)
    {
        while (file.size() % to != 0)
            file.push_back(0);
    }
    uint64_t address_of(size_t offset) const
    {
        return base + offset;
    }
    uint32_t string(const std::string &text)
    {
        auto found = string_offsets.find(text);
        if (found != string_offsets.end())
            return found->second;
        uint32_t offset = (uint32_t)strings.size();
        strings += text;
        strings += '\0';
        return string_offsets[text] = offset;
    }
    void start(const std::string &name, uint32_t section_type, uint32_t link,
               uint32_t info, uint64_t entry_size)
    {
        align(word());
        sections.push_back({name, section_type, SHF_ALLOC,
                            address_of(file.size()), file.size(), 0, link, info,
                            entry_size});
    }
    uint64_t finish()
    {
        sections.back().size = file.size() - sections.back().offset;
        return sections.back().address;
    }
    uint32_t symbol_index(const std::string &name) const
    {
        for (size_t i = 0; i < symbols.size(); i++)
            if (symbols[i].name == name)
                return (uint32_t)i + 1;
        return 0;
    }

    void sort_symbols();
    void number_versions();
    void add_symbols();
    void add_hash();
    void add_gnu_hash();
    void add_versions();
    void add_relocs(const std::vector<BuiltReloc> &list, bool is_plt);
    void add_relr();
    void add_notes();
    void add_dynamic();
    void add_section_headers();
    void put_header();
    void put_segments();

    Bytes file;
    std::string strings;
    std::map<std::string, uint32_t> string_offsets;
    std::vector<Section> sections;
    std::vector<std::pair<int64_t, uint64_t>> dynamic;
    std::map<std::string, uint16_t> version_numbers; /* "file/version" */
    size_t dynamic_offset = 0, dynamic_size = 0, note_offset = 0, note_size = 0,
           section_headers = 0;
};

#endif
