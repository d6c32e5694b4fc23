/* mutation_test.cc -- files cut off and changed at random, shown in full. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/elfinfo.h"
#include "apps/elfinfo/test/runner.h"
#include "libelfload/test/corpus.h"
#include "libelfload/test/mutator.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

/* libdw 0.188 forgets a few bytes of some broken files. */
extern "C" const char *__lsan_default_suppressions();

extern "C" const char *__lsan_default_suppressions()
{
    return "leak:libdw";
}

/* INF_MUTATIONS=N in the environment asks for N files. */
static long mutation_count()
{
    const char *text = getenv("INF_MUTATIONS");
    return text != nullptr ? atol(text) : 4000;
}

/* Lets what is written to a descriptor go to a file instead. */
class Redirect
{
  public:
    Redirect(int descriptor, const std::string &path)
        : fd(descriptor), saved(dup(descriptor))
    {
        fflush(stdout);
        int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
        dup2(file, fd);
        close(file);
    }
    ~Redirect()
    {
        fflush(stdout);
        dup2(saved, fd);
        close(saved);
    }

  private:
    int fd, saved;
};

static void show(const Bytes &bytes, bool is_json, bool has_lines = false)
{
    Exact copy(bytes);
    inf_options options = {};
    inf_dump dumps[] = {{".dynstr", 0}, {"1", 1}};
    for (auto &view : options.views)
        view = 1;
    options.dumps = dumps;
    options.dump_count = 2;
    const char *codes[] = {"f", "0x10800+64"};
    uint64_t addresses[] = {4, 0x10800};
    options.addresses = addresses;
    options.address_count = has_lines ? 2 : 0;
    options.debug_directory = "/nothing";
    options.is_decompressing = 1;
    char *files[] = {const_cast<char *>("file")};
    options.codes = codes;
    options.code_count = 2;
    options.files = files;
    options.root = "/nothing";
    options.demangling = INF_DEMANGLE_GCC2;
    options.is_json = is_json;
    options.file_count = 1;
    inf_input input = {copy.data.get(), copy.size, -1};
    inf_output *out = inf_output_new(is_json, 0);
    inf_show_file("file", &input, nullptr, &options, out);
    inf_output_free(out);
}

class Mutation : public testing::Test
{
  protected:
    std::string path = std::string(getenv("TEST_TMPDIR")) + "/out";

    /* What elfinfo writes about a file. */
    std::string output(const Bytes &bytes, bool is_json)
    {
        {
            Redirect out(STDOUT_FILENO, path), err(STDERR_FILENO, "/dev/null");
            show(bytes, is_json);
        }
        return read_file(path);
    }
};

TEST_F(Mutation, EveryLengthOfAFileIsShown)
{
    Redirect out(STDOUT_FILENO, "/dev/null"), err(STDERR_FILENO, "/dev/null");
    for (const auto &file : reader_corpus()) {
        for (size_t size = 0; size < file.second.size(); size++)
            show(Bytes(file.second.begin(), file.second.begin() + (long)size),
                 size % 2);
    }
}

/* Of debugging information, as it is and compressed. */
TEST_F(Mutation, EveryLengthOfAFileWithLinesIsShown)
{
    write_file("lines.c",
               "struct s { int first, second, third, fourth; };\n"
               "int f(struct s *p) { return p->first + p->second; }\n"
               "int g(struct s *p) { return p->third * p->fourth; }\n");
    for (const char *kind : {"none", "zlib", "zstd"}) {
        Result built = run("cd $TEST_TMPDIR && cc -Os -g -c lines.c && "
                           "objcopy --compress-debug-sections=" +
                           std::string(kind) + " lines.o");
        ASSERT_EQ(built.status, 0) << built.err;
        std::string text =
            read_file(std::string(getenv("TEST_TMPDIR")) + "/lines.o");
        Redirect out(STDOUT_FILENO, "/dev/null"),
            err(STDERR_FILENO, "/dev/null");
        for (size_t size = 0; size < text.size(); size++)
            show(Bytes(text.begin(), text.begin() + (long)size), size % 2,
                 true);
    }
}

TEST_F(Mutation, AnyFileIsShown)
{
    Redirect out(STDOUT_FILENO, "/dev/null"), err(STDERR_FILENO, "/dev/null");
    Mutator mutator(3);
    auto corpus = reader_corpus();
    long count = mutation_count() / (long)corpus.size();
    for (const auto &file : corpus) {
        for (long i = 0; i < count; i++)
            show(mutator.mutate(file.second), i % 2);
    }
}

TEST_F(Mutation, OutputOfAnyFileIsOneJsonDocument)
{
    Mutator mutator(4);
    long count = mutation_count() / 100, shown = 0;
    for (const auto &file : reader_corpus()) {
        for (long i = 0; i < count; i++) {
            std::string text = output(mutator.mutate(file.second), true);
            Json document = Json::parse(text);
            ASSERT_EQ(document["files"].size(), 1u) << text;
            Json shown_file = document["files"][(size_t)0];
            EXPECT_TRUE(shown_file["errors"].is_array());
            shown += !shown_file["header"].is_null();
        }
    }
    EXPECT_GT(shown, 0);
}
