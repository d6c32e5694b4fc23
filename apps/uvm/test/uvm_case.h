/* uvm_case.h -- a test that runs the program uvm in a directory of its own. */
/* SPDX-License-Identifier: MIT */
#ifndef UVM_TEST_UVM_CASE_H
#define UVM_TEST_UVM_CASE_H

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

struct Outcome {
    int status; /* as a shell has it: 128 + n after signal n */
    std::string out, err;
};

/* Each test begins in an empty working directory. */
class UvmCase : public ::testing::Test
{
  protected:
    void SetUp() override;
    void TearDown() override;

    /* Runs uvm with these arguments and no variable UVM_ROOT. */
    Outcome run(const std::vector<std::string> &arguments,
                const std::string &input = "");

    /* The same with a terminal for standard input. */
    Outcome run_in_terminal(const std::vector<std::string> &arguments);

    /* As run, of utrace. */
    Outcome run_utrace(const std::vector<std::string> &arguments);

    /* Runs uvm without the right to read files whose mode forbids it, which
     * root has; status -1 when that cannot be given up. */
    Outcome run_unprivileged(const std::vector<std::string> &arguments);

    /* A file in the working directory, for its user to run. */
    void write(const std::string &name, const void *bytes, size_t size);
    void write(const std::string &name, const std::string &text)
    {
        write(name, text.data(), text.size());
    }
    void write(const std::string &name, const std::vector<uint8_t> &bytes)
    {
        write(name, bytes.data(), bytes.size());
    }

    /* Host path of a bundled guest. */
    static std::string guest(const std::string &name);

    std::string directory; /* absolute, the working directory */

  private:
    Outcome start(const char *program,
                  const std::vector<std::string> &arguments,
                  const std::string &input_path, bool may_read_all);
    std::string input_file(const std::string &text);
};

std::string contents(const std::string &path);

/* One line, with its newline, that uvm wrote. */
bool is_one_message(const std::string &text);

#endif
