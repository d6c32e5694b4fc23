/* script_test.cc -- `#!` scripts, as Haiku's libroot starts them. */
/* SPDX-License-Identifier: MIT */

#include "apps/uvm/test/uvm_case.h"

#include <filesystem>

namespace
{

class ScriptTest : public UvmCase
{
  protected:
    const std::string arguments = guest("arguments");

    void SetUp() override
    {
        UvmCase::SetUp();
        write("interpreter", contents(arguments));
    }

    /* What the guest `arguments` prints for these. */
    static std::string printed(const std::vector<std::string> &words)
    {
        std::string text = "argc " + std::to_string(words.size() + 1) + "\n";
        for (size_t i = 0; i < words.size(); i++)
            text += "argv[" + std::to_string(i + 1) + "] '" + words[i] + "'\n";
        return text + "HOME=/boot/home\n";
    }

    /* Runs a script of one line and checks what its interpreter gets. */
    void expect_words(const std::string &line,
                      const std::vector<std::string> &words)
    {
        std::vector<std::string> all = words;
        all.push_back("/host" + directory + "/script");
        all.push_back("an argument");
        write("script", line + "\nrest of it\n");
        Outcome outcome = run({"./script", "an argument"});
        EXPECT_EQ(outcome.out, printed(all)) << line;
        EXPECT_EQ(outcome.status, (int)all.size() + 1) << line;
        EXPECT_EQ(outcome.err, "") << line;
    }

    void expect_fault(const std::string &text, const std::string &fault,
                      int status = 126)
    {
        write("script", text);
        Outcome outcome = run({"./script"});
        EXPECT_EQ(outcome.status, status) << text;
        EXPECT_EQ(outcome.out, "") << text;
        EXPECT_TRUE(is_one_message(outcome.err)) << outcome.err;
        EXPECT_EQ(outcome.err.compare(0, 15, "uvm: ./script: "), 0)
            << outcome.err;
        EXPECT_NE(outcome.err.find(fault), std::string::npos) << outcome.err;
    }
};

TEST_F(ScriptTest, the_interpreter_gets_the_script_and_its_arguments)
{
    expect_words("#!./interpreter", {});
    expect_words("#!" + directory + "/interpreter", {});
}

TEST_F(ScriptTest, words_are_split_as_libroot_splits_them)
{
    expect_words("#! \t./interpreter", {});
    expect_words("#!./interpreter -a -b", {"-a", "-b"});
    expect_words("#!./interpreter   -a   ", {"-a"});
    expect_words("#!./interpreter 'one word' \"and two\" three",
                 {"one word", "and two", "three"});
    expect_words("#!./interpreter \"it's\" 'open end", {"it's", "open end"});
    expect_words("#!'./interpreter' ''x", {"", "x"});
    /* Neither tabs nor a backslash nor a carriage return mean anything. */
    expect_words("#!./interpreter a\tb", {"a\tb"});
    expect_words("#!./interpreter a\\ b\r", {"a\\", "b\r"});
}

TEST_F(ScriptTest, an_interpreter_is_a_file_of_its_own_directory)
{
    std::filesystem::create_directories("scripts");
    std::filesystem::create_directories("tools");
    std::filesystem::create_directories("elsewhere");
    write("tools/interpreter", contents(arguments));
    write("scripts/script", "#!" + directory + "/tools/interpreter\n");
    std::filesystem::current_path("elsewhere");
    EXPECT_EQ(run({"../scripts/script"}).out,
              printed({"/host" + directory + "/scripts/script"}));
}

TEST_F(ScriptTest, commands_of_a_root_are_found_in_it)
{
    std::filesystem::create_directories("root/boot/system/bin");
    std::filesystem::create_symlink("boot/system/bin", "root/bin");
    write("root/bin/tool", contents(arguments));
    for (const char *line :
         {"#!/bin/tool\n", "#!/usr/bin/tool\n", "#!tool\n"}) {
        write("script", line);
        EXPECT_EQ(run({"-r", "root", "./script"}).out,
                  printed({"/host" + directory + "/script"}))
            << line;
        write("root/bin/script", line);
        EXPECT_EQ(run({"-r", "root", "script"}).out,
                  printed({"/boot/system/bin/script"}))
            << line;
    }
}

TEST_F(ScriptTest, what_is_wrong_with_a_script_is_named)
{
    expect_fault("#!/none/at/all\n", "interpreter /none/at/all: No such file");
    expect_fault("#!none -x\n", "interpreter none: No such file");
    expect_fault("#!\n", "the #! line names no interpreter");
    expect_fault("#!  \t \n", "the #! line names no interpreter");
    expect_fault("#!' \n", "interpreter  : No such file");
    expect_fault("#!.\n", "interpreter .: is a directory");
    expect_fault("#!/dev/null\n", "interpreter /dev/null: not a regular file");
}

TEST_F(ScriptTest, the_line_must_end_within_254_bytes)
{
    const std::string line = "#!./interpreter ";

    expect_fault("#!./interpreter", "does not end within 254 bytes");
    expect_fault("#!", "does not end within 254 bytes");
    expect_fault(line + std::string(300, 'x') + "\n",
                 "does not end within 254 bytes");
    expect_fault(line + std::string(254 - line.size(), 'x') + "\n",
                 "does not end within 254 bytes");
    std::string longest(253 - line.size(), 'x');
    expect_words(line + longest, {longest});
}

TEST_F(ScriptTest, an_interpreter_cannot_be_a_script)
{
    write("other", "#!./interpreter\n");
    expect_fault("#!./other\n",
                 "interpreter ./other: text file, not an ELF file");
    expect_fault("#!./script\n",
                 "interpreter ./script: text file, not an ELF file");
    write("other", "#!./script\n");
    expect_fault("#!./other\n", "interpreter ./other: ");
}

TEST_F(ScriptTest, an_interpreter_must_be_able_to_run)
{
    expect_fault("#!/bin/sh\n",
                 "interpreter /bin/sh: wrong machine (found x86-64");
    write("other", contents(arguments).substr(0, 5000));
    expect_fault("#!./other\n", "interpreter ./other: ");
}

} // namespace
