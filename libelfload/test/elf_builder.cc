/* elf_builder.cc -- ELF files made of a few lines, for tests. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/elf_builder.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

/* Buckets of DT_GNU_HASH; undefined symbols come first. */
constexpr uint32_t kGnuBuckets = 3;

void ElfBuilder::sort_symbols()
{
    auto bucket = [](const BuiltSymbol &symbol) {
        return eld_gnu_hash_name(symbol.name.c_str()) % kGnuBuckets;
    };
    std::vector<BuiltSymbol> sorted;
    for (const auto &symbol : symbols)
        if (!symbol.is_defined)
            sorted.push_back(symbol);
    for (uint32_t i = 0; i < kGnuBuckets; i++)
        for (const auto &symbol : symbols)
            if (symbol.is_defined && bucket(symbol) == i)
                sorted.push_back(symbol);
    symbols = sorted;
}

void ElfBuilder::number_versions()
{
    uint16_t next = 2;
    for (const auto &name : versions)
        version_numbers["/" + name] = next++;
    for (const auto &symbol : symbols) {
        std::string key = symbol.file + "/" + symbol.version;
        if (!symbol.file.empty() && version_numbers.count(key) == 0)
            version_numbers[key] = next++;
    }
}

void ElfBuilder::add_symbols()
{
    start(".dynsym", SHT_DYNSYM, 2, 1, symbol_size());
    size_t at = file.size();
    file.resize(at + symbol_size() * (symbols.size() + 1));
    for (const auto &symbol : symbols) {
        at += symbol_size();
        uint64_t info = (uint64_t)(symbol.bind << 4 | symbol.type);
        put(at, string(symbol.name), 4);
        put(at + (is64 ? 4 : 12), info, 1);
        put(at + (is64 ? 6 : 14), symbol.is_defined ? 1 : 0, 2);
        put(at + (is64 ? 8 : 4), symbol.value, word());
        put(at + (is64 ? 16 : 8), symbol.size, word());
    }
    dynamic.push_back({DT_SYMTAB, finish()});
    dynamic.push_back({DT_SYMENT, symbol_size()});
}

void ElfBuilder::add_hash()
{
    constexpr uint32_t buckets = 3;
    std::vector<uint32_t> heads(buckets), chains(symbols.size() + 1);
    for (uint32_t i = 1; i <= symbols.size(); i++) {
        uint32_t &head =
            heads[eld_hash_name(symbols[i - 1].name.c_str()) % buckets];
        chains[i] = head;
        head = i;
    }
    start(".hash", SHT_HASH, 1, 0, 4);
    add(buckets, 4);
    add(chains.size(), 4);
    for (uint32_t head : heads)
        add(head, 4);
    for (uint32_t chain : chains)
        add(chain, 4);
    dynamic.push_back({DT_HASH, finish()});
}

void ElfBuilder::add_gnu_hash()
{
    const unsigned bits = is64 ? 64 : 32, shift = 5;
    std::vector<uint32_t> heads(kGnuBuckets), chains;
    uint64_t filter = 0;
    uint32_t first = 1;
    while (first <= symbols.size() && !symbols[first - 1].is_defined)
        first++;
    for (uint32_t i = first; i <= symbols.size(); i++) {
        uint32_t hash = eld_gnu_hash_name(symbols[i - 1].name.c_str());
        uint32_t bucket = hash % kGnuBuckets;
        filter |= 1ull << (hash % bits) | 1ull << ((hash >> shift) % bits);
        if (heads[bucket] == 0)
            heads[bucket] = i;
        bool is_last =
            i == symbols.size() ||
            eld_gnu_hash_name(symbols[i].name.c_str()) % kGnuBuckets != bucket;
        chains.push_back((hash & ~1u) | is_last);
    }
    start(".gnu.hash", SHT_GNU_HASH, 1, 0, 0);
    for (uint32_t value : {kGnuBuckets, first, 1u, shift})
        add(value, 4);
    add_word(filter);
    for (uint32_t head : heads)
        add(head, 4);
    for (uint32_t chain : chains)
        add(chain, 4);
    dynamic.push_back({DT_GNU_HASH, finish()});
}

void ElfBuilder::add_versions()
{
    if (version_numbers.empty())
        return;
    start(".gnu.version", SHT_GNU_versym, 1, 0, 2);
    add(0, 2);
    for (const auto &symbol : symbols) {
        auto found = version_numbers.find(symbol.file + "/" + symbol.version);
        uint32_t number = found == version_numbers.end() ? 1 : found->second;
        add(number | (symbol.is_hidden ? 0x8000 : 0), 2);
    }
    dynamic.push_back({DT_VERSYM, finish()});

    if (!versions.empty()) {
        start(".gnu.version_d", SHT_GNU_verdef, 2,
              (uint32_t)versions.size() + 1, 0);
        for (size_t i = 0; i <= versions.size(); i++) {
            const std::string &name = i == 0 ? soname : versions[i - 1];
            add(1, 2);
            add(i == 0 ? VER_FLG_BASE : 0, 2);
            add(i + 1, 2);
            add(1, 2);
            add(eld_hash_name(name.c_str()), 4);
            add(20, 4);
            add(i == versions.size() ? 0 : 28, 4);
            add(string(name), 4);
            add(0, 4);
        }
        dynamic.push_back({DT_VERDEF, finish()});
        dynamic.push_back({DT_VERDEFNUM, versions.size() + 1});
    }

    std::map<std::string, std::vector<std::string>> files;
    for (const auto &entry : version_numbers) {
        size_t slash = entry.first.find('/');
        if (slash > 0)
            files[entry.first.substr(0, slash)].push_back(
                entry.first.substr(slash + 1));
    }
    if (files.empty())
        return;
    start(".gnu.version_r", SHT_GNU_verneed, 2, (uint32_t)files.size(), 0);
    size_t left = files.size();
    for (const auto &entry : files) {
        size_t count = entry.second.size();
        add(1, 2);
        add(count, 2);
        add(string(entry.first), 4);
        add(16, 4);
        add(--left == 0 ? 0 : 16 + 16 * count, 4);
        for (size_t i = 0; i < count; i++) {
            const std::string &name = entry.second[i];
            add(eld_hash_name(name.c_str()), 4);
            add(0, 2);
            add(version_numbers[entry.first + "/" + name], 2);
            add(string(name), 4);
            add(i + 1 == count ? 0 : 16, 4);
        }
    }
    dynamic.push_back({DT_VERNEED, finish()});
    dynamic.push_back({DT_VERNEEDNUM, files.size()});
}

void ElfBuilder::add_relocs(const std::vector<BuiltReloc> &list, bool is_plt)
{
    if (list.empty())
        return;
    std::string name = is_rela ? ".rela" : ".rel";
    size_t size = (is_rela ? 3 : 2) * word();
    start(name + (is_plt ? ".plt" : ".dyn"), is_rela ? SHT_RELA : SHT_REL, 1, 0,
          size);
    for (const auto &reloc : list) {
        uint64_t symbol = symbol_index(reloc.symbol);
        add_word(reloc.place);
        add_word(is64 ? symbol << 32 | reloc.type
                      : symbol << 8 | (reloc.type & 0xff));
        if (is_rela)
            add_word((uint64_t)reloc.addend);
    }
    uint64_t address = finish(), bytes = sections.back().size;
    if (is_plt) {
        dynamic.push_back({DT_JMPREL, address});
        dynamic.push_back({DT_PLTRELSZ, bytes});
        dynamic.push_back({DT_PLTREL, is_rela ? DT_RELA : DT_REL});
    } else {
        dynamic.push_back({is_rela ? DT_RELA : DT_REL, address});
        dynamic.push_back({is_rela ? DT_RELASZ : DT_RELSZ, bytes});
        dynamic.push_back({is_rela ? DT_RELAENT : DT_RELENT, size});
    }
}

void ElfBuilder::add_relr()
{
    if (relr.empty())
        return;
    start(".relr.dyn", 19, 0, 0, word());
    for (uint64_t value : relr)
        add_word(value);
    dynamic.push_back({36, finish()});
    dynamic.push_back({35, relr.size() * word()});
    dynamic.push_back({37, word()});
}

void ElfBuilder::add_notes()
{
    if (notes.empty())
        return;
    start(".note", SHT_NOTE, 0, 0, 0);
    note_offset = file.size();
    for (const auto &note : notes) {
        add(4, 4);
        add(note.second.size(), 4);
        add(note.first, 4);
        for (char c : std::string("GNU", 4) + note.second)
            add((uint8_t)c, 1);
        align(4);
    }
    finish();
    note_size = file.size() - note_offset;
}

/* The strings go last: everything else adds to them. */
void ElfBuilder::add_dynamic()
{
    for (const auto &name : needed)
        dynamic.push_back({DT_NEEDED, string(name)});
    if (!soname.empty())
        dynamic.push_back({DT_SONAME, string(soname)});
    if (!runpath.empty())
        dynamic.push_back({DT_RUNPATH, string(runpath)});
    if (!rpath.empty())
        dynamic.push_back({DT_RPATH, string(rpath)});
    start("", SHT_STRTAB, 0, 0, 0);
    for (char c : strings)
        add((uint8_t)c, 1);
    uint64_t address = finish();
    sections[1].address = address;
    sections[1].offset = sections.back().offset;
    sections[1].size = sections.back().size;
    sections.pop_back();
    dynamic.push_back({DT_STRTAB, address});
    dynamic.push_back({DT_STRSZ, strings.size()});
    for (const auto &tag : tags)
        dynamic.push_back(tag);
}

void ElfBuilder::put_header()
{
    const uint8_t ident[] = {0x7f,
                             'E',
                             'L',
                             'F',
                             (uint8_t)(is64 ? ELFCLASS64 : ELFCLASS32),
                             (uint8_t)(is_big ? ELFDATA2MSB : ELFDATA2LSB),
                             EV_CURRENT};
    size_t tail = 24 + 3 * word();
    memcpy(file.data(), ident, sizeof(ident));
    put(16, type, 2);
    put(18, machine, 2);
    put(20, EV_CURRENT, 4);
    put(24, entry, word());
    put(24 + word(), is64 ? 64 : 52, word());
    put(24 + 2 * word(), section_headers, word());
    put(tail + 4, is64 ? 64 : 52, 2);
    put(tail + 6, is64 ? 56 : 32, 2);
    put(tail + 10, is64 ? 64 : 40, 2);
    if (has_sections) {
        put(tail + 12, sections.size() + 1, 2);
        put(tail + 14, sections.size(), 2);
    }
}

void ElfBuilder::put_segments()
{
    size_t at = is64 ? 64 : 52, size = is64 ? 56 : 32, count = 0;
    auto segment = [&](uint32_t kind, uint32_t flags, uint64_t offset,
                       uint64_t address, uint64_t bytes, uint64_t memory,
                       uint64_t alignment) {
        size_t fields = at + (is64 ? 8 : 4);
        put(at, kind, 4);
        put(at + (is64 ? 4 : 24), flags, 4);
        put(fields, offset, word());
        put(fields + word(), address, word());
        put(fields + 2 * word(), address, word());
        put(fields + 3 * word(), bytes, word());
        put(fields + 4 * word(), memory, word());
        put(at + (is64 ? 48 : 28), alignment, word());
        at += size;
        count++;
    };
    size_t data_bytes = data_size + dynamic_room();
    segment(PT_LOAD, PF_R, 0, base, text_offset, text_offset, 0x1000);
    segment(PT_LOAD, PF_R | PF_X, text_offset, text_at(), text.size(),
            text.size(), 0x1000);
    segment(PT_LOAD, PF_R | PF_W, data_offset, data_at(), data_bytes,
            data_bytes + bss_size, 0x1000);
    if (is_dynamic)
        segment(PT_DYNAMIC, PF_R | PF_W, dynamic_offset, data_at(data_size),
                dynamic_size, dynamic_size, word());
    if (note_size != 0)
        segment(PT_NOTE, PF_R, note_offset, address_of(note_offset), note_size,
                note_size, 4);
    if (!tls.empty() || tls_bss != 0)
        segment(PT_TLS, PF_R, data_offset, data_at(), tls.size(),
                tls.size() + tls_bss, 16);
    if (relro_size != 0)
        segment(PT_GNU_RELRO, PF_R, data_offset, data_at(), relro_size,
                relro_size, 1);
    put(24 + 3 * word() + 8, count, 2);
}

void ElfBuilder::add_section_headers()
{
    std::string names(1, '\0');
    auto extra = [&](const char *name, uint32_t kind, uint64_t flags,
                     uint64_t address, size_t offset, size_t size) {
        sections.push_back({name, kind, flags, address, offset, size, 0, 0, 0});
    };
    extra(".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, text_at(),
          text_offset, text.size());
    extra(".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, data_at(), data_offset,
          data_size);
    if (is_dynamic) {
        extra(".dynamic", SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE,
              data_at(data_size), dynamic_offset, dynamic_size);
        sections.back().link = 2;
        sections.back().entry_size = 2 * word();
    }
    if (!comment.empty()) {
        extra(".comment", SHT_PROGBITS, 0, 0, file.size(), comment.size());
        file.insert(file.end(), comment.begin(), comment.end());
    }
    extra(".shstrtab", SHT_STRTAB, 0, 0, 0, 0);
    std::vector<size_t> name_offsets;
    for (const auto &section : sections) {
        name_offsets.push_back(names.size());
        names += section.name + '\0';
    }
    sections.back().offset = file.size();
    sections.back().size = names.size();
    file.insert(file.end(), names.begin(), names.end());
    align(8);
    section_headers = file.size();
    file.resize(file.size() + (is64 ? 64 : 40));
    for (size_t i = 0; i < sections.size(); i++) {
        const Section &section = sections[i];
        add(name_offsets[i], 4);
        add(section.type, 4);
        add_word(section.flags);
        add_word(section.address);
        add_word(section.offset);
        add_word(section.size);
        add(section.link, 4);
        add(section.info, 4);
        add_word(section.type == SHT_NOTE ? 4 : word());
        add_word(section.entry_size);
    }
}

Bytes ElfBuilder::build()
{
    file.assign(is64 ? 64 + 8 * 56 : 52 + 8 * 32, 0);
    strings.assign(1, '\0');
    string_offsets = {{"", 0}};
    sections.clear();
    dynamic.clear();
    version_numbers.clear();
    sort_symbols();
    number_versions();
    if (is_dynamic) {
        add_symbols();
        sections.push_back(
            {".dynstr", SHT_STRTAB, SHF_ALLOC, 0, 0, 0, 0, 0, 0});
        if (has_hash)
            add_hash();
        if (has_gnu_hash)
            add_gnu_hash();
        add_versions();
        add_relocs(relocs, false);
        add_relocs(plt_relocs, true);
        add_relr();
    }
    add_notes();
    if (is_dynamic)
        add_dynamic();
    /* Addresses are known before the tables are: they must fit. */
    if (file.size() > text_offset || text.size() > data_offset - text_offset)
        abort();

    file.resize(text_offset);
    file.insert(file.end(), text.begin(), text.end());
    file.resize(data_offset + data_size + dynamic_room());
    std::copy(tls.begin(), tls.end(), file.begin() + (long)data_offset);
    for (const auto &entry : words)
        put(data_offset + entry.first, entry.second, word());
    dynamic_offset = data_offset + data_size;
    dynamic_size = (dynamic.size() + 1) * 2 * word();
    for (size_t i = 0; is_dynamic && i < dynamic.size(); i++) {
        put(dynamic_offset + 2 * i * word(), (uint64_t)dynamic[i].first,
            word());
        put(dynamic_offset + (2 * i + 1) * word(), dynamic[i].second, word());
    }
    if (has_sections)
        add_section_headers();
    put_header();
    put_segments();
    return file;
}
