/* corpus.cc -- the files that fuzzing and mutation start from. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/corpus.h"
#include "libelfload/test/resource_builder.h"

/* Less room than usual: every byte of a corpus is one to be tried. */
static ElfBuilder small(bool is_64 = false, uint64_t base = 0)
{
    ElfBuilder builder(is_64, base);
    builder.text_offset = is_64 ? 0x700 : 0x500;
    builder.data_offset = builder.text_offset + 0x20;
    builder.data_size = 0x60;
    builder.entry = builder.text_at();
    return builder;
}

static ElfBuilder with_everything(bool is_64, bool is_big)
{
    ElfBuilder builder = small(is_64);
    builder.is_big = is_big;
    builder.has_gnu_hash = true;
    builder.soname = "libx.so";
    builder.versions = {"V1", "V2"};
    builder.function("f").version("V1", "", true);
    builder.function("f").version("V2");
    builder.object("o", 8).undefined("u", STT_FUNC);
    builder.version("W1", "liby.so");
    builder.needed = {"liby.so"};
    builder.reloc(0, 8).reloc(8, 1, "o");
    builder.plt_relocs.push_back({builder.data_at(16), 7, "u"});
    builder.relr = {builder.data_at(32), 5};
    builder.tls = {1, 2, 3, 4};
    builder.notes = {{3, "build-id"}, {1, "abcd"}};
    builder.comment = "GCC: (GNU) 4.1.2";
    builder.relro_size = 0x40;
    return builder;
}

std::map<std::string, Bytes> reader_corpus()
{
    std::map<std::string, Bytes> files;
    for (bool is_64 : {false, true}) {
        for (bool is_big : {false, true}) {
            std::string kind =
                std::string(is_big ? "big" : "little") + (is_64 ? "64" : "32");
            files[kind] = with_everything(is_64, is_big).build();
        }
    }
    ElfBuilder bare = small();
    bare.has_sections = false;
    bare.is_dynamic = false;
    files["bare"] = bare.build();
    ElfBuilder hashless = with_everything(false, false);
    hashless.has_hash = false;
    hashless.has_sections = false;
    files["gnu_hash_alone"] = hashless.build();
    ElfBuilder plain(true);
    files["resources"] = add_resources(
        plain.build(),
        {{"MIMS", 1, "BEOS:APP_SIG", "application/x"}, {"CSTR", 2, "", "text"}},
        false, 8);
    return files;
}

Bytes pack(const Bytes &program, const Bytes &library)
{
    Bytes bytes;
    for (int i = 0; i < 4; i++)
        bytes.push_back((uint8_t)(program.size() >> 8 * i));
    bytes.insert(bytes.end(), program.begin(), program.end());
    bytes.insert(bytes.end(), library.begin(), library.end());
    return bytes;
}

std::map<std::string, Bytes> linker_corpus()
{
    std::map<std::string, Bytes> files;
    ElfBuilder fixed = small(false, 0x400000);
    fixed.type = ET_EXEC;
    fixed.is_dynamic = false;
    files["fixed"] = pack(fixed.build(), {});

    ElfBuilder library = small();
    library.soname = "liby.so";
    library.versions = {"W1"};
    library.has_gnu_hash = true;
    library.function("u").version("W1").object("x", 8, 8);
    library.function("initialize_before");
    library.tls = {1, 2, 3, 4};
    library.object("t", 0).version("W1");
    library.symbols.back().value = 0;
    library.symbols.back().type = STT_TLS;
    library.reloc(8, R_386_RELATIVE, "", 5).reloc(12, R_386_32, "x");
    library.tags = {{DT_INIT, library.text_at()},
                    {DT_FINI_ARRAY, library.data_at(16)},
                    {DT_FINI_ARRAYSZ, 8}};

    ElfBuilder program = small();
    program.needed = {"liby.so"};
    program.runpath = "$ORIGIN/lib:%A/other;/boot";
    program.undefined("u", STT_FUNC).version("W1", "liby.so");
    program.undefined("x", STT_OBJECT).undefined("w", STT_FUNC, STB_WEAK);
    program.undefined("t", STT_TLS).version("W1", "liby.so");
    program.reloc(0, R_386_32, "x", 4)
        .reloc(4, R_386_PC32, "u")
        .reloc(8, R_386_GLOB_DAT, "w")
        .reloc(12, R_386_RELATIVE, "", 7)
        .reloc(16, R_386_TLS_DTPMOD32, "t")
        .reloc(20, R_386_TLS_DTPOFF32, "t")
        .reloc(24, R_386_SIZE32, "x")
        .reloc(28, R_386_16, "", 1);
    program.plt_relocs.push_back({program.data_at(32), R_386_JMP_SLOT, "u"});
    program.relr = {program.data_at(40), 3};
    program.bss_size = 0x1100;
    program.relro_size = 0x60;
    program.tags = {{DT_INIT_ARRAY, program.data_at(12)}, {DT_INIT_ARRAYSZ, 4}};
    files["dynamic"] = pack(program.build(), library.build());

    ElfBuilder copying = small(false, 0x400000);
    copying.type = ET_EXEC;
    copying.needed = {"liby.so"};
    copying.object("x", 8, 8).reloc(8, R_386_COPY, "x");
    copying.is_rela = true;
    copying.reloc(0, R_386_32, "x", -4);
    files["copy"] = pack(copying.build(), library.build());

    ElfBuilder circle = small();
    circle.needed = {"liby.so", "libz.so"};
    circle.soname = "liby.so";
    circle.function("u").reloc(0, R_386_GLOB_DAT, "u");
    circle.tags = {{DT_SYMBOLIC, 0}};
    files["circle"] = pack(circle.build(), {});
    return files;
}
