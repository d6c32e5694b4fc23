/* bad_input_test.cc -- what cannot run is told in one line. */
/* SPDX-License-Identifier: MIT */

#include "apps/uvm/test/uvm_case.h"
#include "libelfload/test/elf_builder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

extern "C" int find_program(const char *name);

namespace
{

/* exit_team(7): argument, skipped word, number of r1beta5. */
const Bytes exit_code = {0x6a, 7, 0x6a, 0, 0xb8, 41, 0, 0, 0, 0xcd, 99};

ElfBuilder program()
{
    ElfBuilder builder;
    builder.text = exit_code;
    builder.entry = builder.text_at();
    return builder;
}

Elf32_Phdr load_of(const Bytes &file, size_t index)
{
    Elf32_Phdr header;
    memcpy(&header, file.data() + sizeof(Elf32_Ehdr) + index * sizeof(header),
           sizeof(header));
    return header;
}

void set_load(Bytes &file, size_t index, const Elf32_Phdr &header)
{
    memcpy(file.data() + sizeof(Elf32_Ehdr) + index * sizeof(header), &header,
           sizeof(header));
}

Bytes with_load(size_t index, void (*change)(Elf32_Phdr &header))
{
    Bytes file = program().build();
    Elf32_Phdr header = load_of(file, index);
    change(header);
    set_load(file, index, header);
    return file;
}

Bytes with_header(void (*change)(Elf32_Ehdr &header))
{
    Bytes file = program().build();
    Elf32_Ehdr header;
    memcpy(&header, file.data(), sizeof(header));
    change(header);
    memcpy(file.data(), &header, sizeof(header));
    return file;
}

Bytes of_machine(uint16_t machine)
{
    ElfBuilder builder(true);
    builder.machine = machine;
    builder.entry = builder.text_at();
    return builder.build();
}

Bytes big_endian()
{
    ElfBuilder builder = program();
    builder.is_big = true;
    return builder.build();
}

Bytes with_bss(size_t size)
{
    ElfBuilder builder = program();
    builder.bss_size = size;
    return builder.build();
}

Bytes from_text(const char *text)
{
    return Bytes(text, text + strlen(text));
}

std::string many(const std::string &text, int count)
{
    std::string result;
    while (count-- > 0)
        result += text;
    return result;
}

const struct {
    const char *name;
    Bytes (*make)();
    const char *fault;
} bad_files[] = {
    {"empty", [] { return Bytes(); }, "empty file"},
    {"text", [] { return from_text("Hello!\n"); },
     "text file, not an ELF file"},
    {"binary", [] { return Bytes(300, 0xee); }, "not an ELF file"},
    {"class64", [] { return of_machine(EM_386); },
     "wrong class (found 64-bit, expected 32-bit)"},
    {"x86_64", [] { return of_machine(EM_X86_64); },
     "wrong machine (found x86-64, expected i386)"},
    {"riscv64", [] { return of_machine(EM_RISCV); },
     "wrong machine (found riscv64, expected i386)"},
    {"big", big_endian, "wrong byte order"},
    {"object",
     [] { return with_header([](Elf32_Ehdr &h) { h.e_type = ET_REL; }); },
     "wrong file type (found REL)"},
    {"no_segments",
     [] { return with_header([](Elf32_Ehdr &h) { h.e_phnum = 0; }); },
     "has no segments to load"},
    {"no_entry",
     [] { return with_header([](Elf32_Ehdr &h) { h.e_entry = 0; }); },
     "a library or add-on, which has no entry point"},
    {"entry_outside",
     [] { return with_header([](Elf32_Ehdr &h) { h.e_entry = 0x40000; }); },
     "entry point is in no segment"},
    {"headers_outside",
     [] { return with_header([](Elf32_Ehdr &h) { h.e_phoff = 0xfffffff0; }); },
     "program header"},
    {"beyond_4_gib",
     [] {
         return with_load(2, [](Elf32_Phdr &h) {
             h.p_vaddr = 0xfffffc00;
             h.p_memsz = 0x2000;
         });
     },
     "program header 2: ends beyond the address space (found 0x100001c00, "
     "expected 0xfffff000)"},
    {"overlap",
     [] { return with_load(2, [](Elf32_Phdr &h) { h.p_vaddr = 0x10c00; }); },
     "program header 2: overlaps the one before it"},
    {"wrong_order",
     [] {
         ElfBuilder builder(false, 0x100000);
         Bytes file = builder.build();
         Elf32_Phdr text = load_of(file, 1);
         text.p_vaddr = 0x1000 + text.p_offset;
         set_load(file, 1, text);
         return file;
     },
     "program header 1: not in ascending order of addresses"},
    {"file_larger",
     [] { return with_load(2, [](Elf32_Phdr &h) { h.p_memsz = 16; }); },
     "program header 2: larger in the file than in memory"},
    {"outside_file",
     [] {
         return with_load(
             2, [](Elf32_Phdr &h) { h.p_filesz = h.p_memsz = 0x10000; });
     },
     "program header 2 at offset 0xc00: file is truncated"},
    {"bss_2_gib", [] { return with_bss(0x80000000); },
     "needs more memory than a program can have"},
    {"bss_too_large", [] { return with_bss(0x7f000000); },
     "(Cannot allocate memory)"},
};

class BadInputTest : public UvmCase
{
  protected:
    /* status and one line: "uvm: NAME: ...FAULT...". */
    void expect_fault(const Outcome &outcome, int status,
                      const std::string &name, const std::string &fault)
    {
        EXPECT_EQ(outcome.status, status) << name;
        EXPECT_EQ(outcome.out, "") << name;
        EXPECT_TRUE(is_one_message(outcome.err)) << outcome.err;
        EXPECT_NE(outcome.err.find(name + ": "), std::string::npos)
            << outcome.err;
        EXPECT_NE(outcome.err.find(fault), std::string::npos) << outcome.err;
    }

    void write_program(const ElfBuilder &made)
    {
        ElfBuilder builder = made;
        write("program", builder.build());
    }

    void write_library(const std::string &name, const ElfBuilder &made)
    {
        ElfBuilder builder = made;
        std::filesystem::create_directory("lib");
        write("lib/" + name, builder.build());
    }
};

TEST_F(BadInputTest, builder_makes_programs_that_run)
{
    write_program(program());
    EXPECT_EQ(run({"./program"}).status, 7);
    write("program", with_bss(0x10000000));
    EXPECT_EQ(run({"./program"}).status, 7);
}

TEST_F(BadInputTest, each_kind_of_bad_file_is_named)
{
    for (const auto &row : bad_files) {
        write(row.name, row.make());
        expect_fault(run({std::string("./") + row.name}), 126, row.name,
                     row.fault);
    }
}

TEST_F(BadInputTest, what_is_no_file_does_not_run)
{
    std::filesystem::create_directory("directory");
    ASSERT_EQ(mkfifo("fifo", 0600), 0);
    std::filesystem::create_symlink("loop", "loop");
    std::filesystem::create_symlink("nowhere", "dangling");
    write("text", "text\n");
    expect_fault(run({"./directory"}), 126, "./directory", "is a directory");
    expect_fault(run({"./fifo"}), 126, "./fifo", "not a regular file");
    expect_fault(run({"/dev/null"}), 126, "/dev/null", "not a regular file");
    expect_fault(run({"./loop"}), 126, "./loop", "Too many levels");
    expect_fault(run({"./dangling"}), 127, "./dangling", "No such file");
    expect_fault(run({"./none"}), 127, "./none", "No such file");
    expect_fault(run({"none"}), 127, "none", "No such file");
    expect_fault(run({""}), 127, "", "No such file");
    expect_fault(run({"./text/x"}), 126, "./text/x", "Not a directory");
    expect_fault(run({"./" + std::string(300, 'x')}), 126, "xxx",
                 "File name too long");
    expect_fault(run({"./" + many("x/", 1500)}), 127, "x/x/x/", "No such file");
}

TEST_F(BadInputTest, what_cannot_be_read_does_not_run)
{
    write_program(program());
    ASSERT_EQ(chmod("program", 0), 0);
    std::filesystem::create_directory("closed");
    write("closed/program", program().build());
    ASSERT_EQ(chmod("closed", 0), 0);
    Outcome file = run_unprivileged({"./program"});
    Outcome inside = run_unprivileged({"./closed/program"});
    chmod("closed", 0700);
    if (file.status == -1)
        GTEST_SKIP() << "the right to read all files cannot be given up";
    expect_fault(file, 126, "./program", "Permission denied");
    expect_fault(inside, 126, "./closed/program", "Permission denied");
}

/* Calls the check itself for each length, not the program. */
class CutTest : public BadInputTest
{
  protected:
    /* The status that uvm would end with, and what it says. */
    int check(const char *name, std::string *err)
    {
        int saved = dup(2),
            file = open("err", O_RDWR | O_CREAT | O_TRUNC, 0600);
        EXPECT_GE(dup2(file, 2), 0);
        int status = find_program(name);
        EXPECT_GE(dup2(saved, 2), 0);
        close(saved);
        close(file);
        *err = contents("err");
        return status;
    }

    void cut(const std::string &name)
    {
        std::string bytes = contents(guest(name)), err;
        write("cut", bytes);
        EXPECT_EQ(check("./cut", &err), 0) << err;
        for (size_t size = bytes.size(); size-- > 0;) {
            const char *fault = size == 0 ? "empty file" : "file is truncated";
            ASSERT_EQ(truncate("cut", (off_t)size), 0);
            ASSERT_EQ(check("./cut", &err), 126) << size;
            ASSERT_TRUE(is_one_message(err)) << size << err;
            ASSERT_EQ(err.compare(0, 12, "uvm: ./cut: "), 0) << err;
            ASSERT_NE(err.find(fault), std::string::npos) << size << err;
        }
    }
};

TEST_F(CutTest, a_static_program_is_found_cut_at_every_length)
{
    cut("hello_static");
}

TEST_F(CutTest, a_dynamic_program_is_found_cut_at_every_length)
{
    cut("hello_dynamic");
}

/* ---- libraries ---- */

TEST_F(BadInputTest, a_missing_library_is_named)
{
    ElfBuilder builder = program();
    builder.needed = {"libnone.so"};
    write_program(builder);
    expect_fault(run({"./program"}), 126, "/program",
                 "libnone.so: library not found (there is no root: --root or "
                 "UVM_ROOT names one)");
    std::filesystem::create_directory("empty");
    expect_fault(run({"--root", "empty", "./program"}), 126, "/program",
                 "libnone.so: library not found (the root has no Haiku: see "
                 "'uvm root --help')");
    // Who runs a Haiku's program by its path on the host is told of the rest.
    std::filesystem::create_directories("haiku/boot/system/bin");
    std::filesystem::rename("program", "haiku/boot/system/bin/program");
    write("haiku/boot/system/runtime_loader", "");
    expect_fault(run({"haiku/boot/system/bin/program"}), 126, "/program",
                 "(--root '" + directory + "/haiku' has one)");
}

TEST_F(BadInputTest, haikus_libroot_without_haikus_loader_is_told)
{
    ElfBuilder builder = program(), library;
    builder.needed = {"libroot.so"};
    library.soname = "libroot.so";
    library.object("__gRuntimeLoader", 0);
    write_program(builder);
    write_library("libroot.so", library);
    expect_fault(run({"./program"}), 126, "/program",
                 "its libroot.so wants Haiku's loader, "
                 "/boot/system/runtime_loader (there is no root: ");
}

TEST_F(BadInputTest, a_command_without_a_root_is_told)
{
    expect_fault(run({"uname"}), 127, "uvm: uname",
                 "No such file or directory (there is no root with commands: "
                 "--root or UVM_ROOT names one)");
    Outcome told = run({"./uname"});
    EXPECT_EQ(told.err, "uvm: ./uname: No such file or directory\n");
}

TEST_F(BadInputTest, a_library_that_a_library_lacks_is_named_with_its_user)
{
    ElfBuilder builder = program(), library;
    builder.needed = {"liba.so"};
    library.soname = "liba.so";
    library.needed = {"libb.so"};
    write_program(builder);
    write_library("liba.so", library);
    expect_fault(run({"./program"}), 126, "/lib/liba.so",
                 "libb.so: library not found");
}

TEST_F(BadInputTest, a_missing_symbol_is_named_with_its_user)
{
    ElfBuilder builder = program(), library;
    builder.needed = {"liba.so"};
    library.soname = "liba.so";
    library.undefined("nobodys", STT_FUNC).reloc(0x10, R_386_32, "nobodys");
    write_program(builder);
    write_library("liba.so", library);
    expect_fault(run({"./program"}), 126, "/lib/liba.so",
                 "nobodys: symbol not found");
}

TEST_F(BadInputTest, a_missing_version_is_named)
{
    ElfBuilder builder = program(), library;
    builder.needed = {"liba.so"};
    builder.undefined("call", STT_FUNC).version("V2", "liba.so");
    builder.reloc(0x10, R_386_32, "call");
    library.soname = "liba.so";
    library.versions = {"V1"};
    library.function("call").version("V1");
    write_program(builder);
    write_library("liba.so", library);
    expect_fault(run({"./program"}), 126, "/program", "V2");
}

TEST_F(BadInputTest, an_unknown_relocation_is_named)
{
    ElfBuilder builder = program();
    builder.reloc(0x10, 200);
    write_program(builder);
    expect_fault(run({"./program"}), 126, "/program",
                 "relocation type is not supported");
}

/* A library is looked at as a program is. */
TEST_F(BadInputTest, a_bad_library_is_named)
{
    ElfBuilder builder = program();
    builder.needed = {"liba.so"};
    write_program(builder);
    for (const auto &row : bad_files) {
        if (strstr(row.name, "entry") != nullptr)
            continue; /* as it should be */
        std::filesystem::create_directory("lib");
        write("lib/liba.so", row.make());
        expect_fault(run({"./program"}), 126, "/lib/liba.so", row.fault);
    }
}

/* On Haiku such libraries load, each before the other. */
TEST_F(BadInputTest, libraries_in_a_circle_run)
{
    ElfBuilder builder = program(), a, b;
    builder.needed = {"liba.so"};
    a.soname = "liba.so";
    a.needed = {"libb.so"};
    a.undefined("of_b", STT_FUNC).reloc(0x10, R_386_32, "of_b");
    a.function("of_a");
    b.soname = "libb.so";
    b.needed = {"liba.so", "libb.so"};
    b.undefined("of_a", STT_FUNC).reloc(0x10, R_386_32, "of_a");
    b.function("of_b");
    write_program(builder);
    write_library("liba.so", a);
    write_library("libb.so", b);
    EXPECT_EQ(run({"./program"}).status, 7);
}

/* ---- from within a guest ---- */

/* What the guest `exec` and uvm say of one program that it starts twice. */
class ExecTest : public BadInputTest
{
  protected:
    void expect_end(const std::string &name, const std::string &exec,
                    const std::string &load_image, const std::string &fault)
    {
        Outcome outcome = run({"--quiet", guest("exec"), name});
        size_t at = outcome.err.find(fault);
        EXPECT_EQ(outcome.status, 0) << name;
        EXPECT_EQ(outcome.out, name + ": exec: " + exec + "\n" + name +
                                   ": load_image: " + load_image + "\n");
        EXPECT_NE(at, std::string::npos) << outcome.err;
        if (!fault.empty() && at != std::string::npos) {
            EXPECT_NE(outcome.err.find(fault, at + 1), std::string::npos)
                << outcome.err;
            EXPECT_EQ(outcome.err.compare(0, 5, "uvm: "), 0) << outcome.err;
        }
    }
};

TEST_F(ExecTest, a_program_runs)
{
    write_program(program());
    expect_end("program", "exited 7", "exited 7", "");
    expect_end("./program", "exited 7", "exited 7", "");
}

static std::string exited(int32_t status)
{
    return "exited " + std::to_string(status);
}

enum : int32_t {
    NO_MEMORY = INT32_MIN,
    NOT_AN_EXECUTABLE = INT32_MIN + 0x1302,
    ENTRY_NOT_FOUND = INT32_MIN + 0x6003,
    MISSING_LIBRARY = INT32_MIN + 0x1303,
    MISSING_SYMBOL = INT32_MIN + 0x1304
};

TEST_F(ExecTest, each_kind_of_bad_file_ends_the_new_team_with_haikus_error)
{
    for (const auto &row : bad_files) {
        bool is_memory = strcmp(row.name, "bss_too_large") == 0;
        write(row.name, row.make());
        expect_end(row.name, exited(is_memory ? NO_MEMORY : NOT_AN_EXECUTABLE),
                   is_memory ? "failed: B_NO_MEMORY"
                             : "failed: B_NOT_AN_EXECUTABLE",
                   row.fault);
    }
    std::filesystem::create_directory("directory");
    write("script", "#!./program\n");
    expect_end("none", exited(ENTRY_NOT_FOUND), "failed: B_ENTRY_NOT_FOUND",
               "No such file");
    expect_end("none/x", exited(ENTRY_NOT_FOUND), "failed: B_ENTRY_NOT_FOUND",
               "No such file");
    expect_end("directory", exited(NOT_AN_EXECUTABLE),
               "failed: B_NOT_AN_EXECUTABLE", "Is a directory");
    /* Scripts are libroot's business, before it calls exec. */
    expect_end("script", exited(NOT_AN_EXECUTABLE),
               "failed: B_NOT_AN_EXECUTABLE", "text file, not an ELF file");
}

TEST_F(ExecTest, a_program_that_does_not_link_ends_with_haikus_error)
{
    ElfBuilder builder = program();
    builder.needed = {"libnone.so"};
    write_program(builder);
    expect_end("program", exited(MISSING_LIBRARY), "failed: B_MISSING_LIBRARY",
               "libnone.so: library not found");
    builder = program();
    builder.undefined("nobodys", STT_FUNC).reloc(0x10, R_386_32, "nobodys");
    write_program(builder);
    expect_end("program", exited(MISSING_SYMBOL), "failed: B_MISSING_SYMBOL",
               "nobodys: symbol not found");
}

/* ---- a root that is broken ---- */

class BadRootTest : public BadInputTest
{
  protected:
    void SetUp() override
    {
        BadInputTest::SetUp();
        std::filesystem::create_directories("root/boot/system/lib");
        write_program(program());
    }

    Outcome run_in_root()
    {
        return run({"--root", "root", "./program"});
    }

    static constexpr char kLoader[] = "boot/system/runtime_loader";
    static constexpr char kLibroot[] = "boot/system/lib/libroot.so";
};

TEST_F(BadRootTest, each_kind_of_bad_loader_is_named)
{
    for (const auto &row : bad_files) {
        write(std::string("root/") + kLoader, row.make());
        expect_fault(run_in_root(), 126, kLoader, row.fault);
    }
    std::filesystem::remove(std::string("root/") + kLoader);
    std::filesystem::create_directory(std::string("root/") + kLoader);
    expect_fault(run_in_root(), 126, kLoader, "Is a directory");
}

TEST_F(BadRootTest, each_kind_of_bad_libroot_is_named)
{
    for (const auto &row : bad_files) {
        if (strncmp(row.name, "bss", 3) == 0 ||
            strstr(row.name, "entry") != nullptr)
            continue; /* fit for the numbers to be read from */
        write(std::string("root/") + kLibroot, row.make());
        expect_fault(run_in_root(), 126, kLibroot, row.fault);
    }
    write(std::string("root/") + kLibroot, program().build());
    expect_fault(run_in_root(), 126, kLibroot,
                 "libroot.so of an unknown Haiku release");
    std::filesystem::remove(std::string("root/") + kLibroot);
    std::filesystem::create_directory(std::string("root/") + kLibroot);
    expect_fault(run_in_root(), 126, kLibroot, "is a directory");
}

TEST_F(BadRootTest, without_a_loader_uvm_links)
{
    EXPECT_EQ(run_in_root().status, 7);
}

TEST_F(BadRootTest, links_out_of_the_root_lead_nowhere)
{
    std::filesystem::create_directories("root/bin");
    std::filesystem::create_symlink(directory + "/program", "root/bin/outside");
    std::filesystem::create_symlink("../../program", "root/bin/above");
    expect_fault(run({"--root", "root", "/bin/outside"}), 127, "/bin/outside",
                 "No such file");
    expect_fault(run({"--root", "root", "/bin/above"}), 127, "/bin/above",
                 "No such file");
}

} // namespace
