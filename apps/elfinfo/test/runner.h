/* runner.h -- runs programs, and takes their output to pieces. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_TEST_RUNNER_H
#define ELFINFO_TEST_RUNNER_H

#include "libelfload/test/elf_builder.h"

#include <cjson/cJSON.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct Result {
    int status; /* as a shell gives it */
    std::string out, err;
};

/* Runs a command of the shell; input is its standard input. */
Result run(const std::string &command, const std::string &input = "");

/* elfinfo with these arguments. */
Result elfinfo(const std::string &arguments, const std::string &input = "");

/* Writes a file below the test's directory, and returns its path. */
std::string write_file(const std::string &name, const Bytes &bytes);
std::string write_file(const std::string &name, const std::string &text);

std::string read_file(const std::string &path);

std::vector<std::string> lines_of(const std::string &text);
std::vector<std::string> words_of(const std::string &line);

/* A value of a JSON document; missing ones are null, and everything below. */
class Json
{
  public:
    static Json parse(const std::string &text);

    bool is_null() const;
    bool is_array() const;
    size_t size() const;
    Json operator[](const char *key) const;
    Json operator[](size_t index) const;
    std::string text() const; /* "" unless it is a string */
    uint64_t number() const;  /* exact to 53 bits */
    bool is_true() const;
    std::string join(const std::string &separator = " ") const; /* strings */

    /* The first object of an array that has this string under a key. */
    Json with(const char *key, const std::string &value) const;

  private:
    std::shared_ptr<cJSON> document;
    const cJSON *value = nullptr;
};

/* "files"[0] of what elfinfo --json says with these arguments. */
Json elfinfo_json(const std::string &arguments);

/* Files to look at: built ones of every class and byte order, bundled
 * guests, what any Debian has and libraries of other machines where they are
 * installed, and those that the file named by ELFINFO_FILES lists. */
std::map<std::string, std::string> built_files();
std::map<std::string, std::string> guest_files();
std::map<std::string, std::string> host_files();
std::map<std::string, std::string> listed_files();

#endif
