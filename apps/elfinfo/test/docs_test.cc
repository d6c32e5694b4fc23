/* docs_test.cc -- the manual page and the completion know every option. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <set>

/* The long options that --help lists. */
static std::set<std::string> options()
{
    std::set<std::string> list;
    for (const auto &line : lines_of(elfinfo("--help").out)) {
        size_t at = line.find("--");
        if (line.compare(0, 2, "  ") == 0 && at != std::string::npos && at <= 6)
            list.insert(line.substr(
                at, line.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at) -
                        at));
    }
    return list;
}

TEST(Docs, TheManualPageHasEveryOption)
{
    std::string page;
    for (char c : read_file("apps/elfinfo/elfinfo.1"))
        if (c != '\\')
            page += c;
    ASSERT_GT(options().size(), 30u);
    for (const auto &option : options())
        EXPECT_NE(page.find(option), std::string::npos) << option;
}

/* LINT(4, NO_HASH, ERROR, "no DT_HASH"), as the page has it. */
static std::string code_of(const std::string &lint)
{
    char code[32];
    size_t severity = lint.find(", ", lint.find(", ") + 2) + 2;
    size_t start = lint.find('"') + 1;
    std::string text = lint.substr(start, lint.rfind('"') - start), name;
    for (size_t i = severity; lint[i] != ','; i++)
        name += (char)tolower(lint[i]);
    text[0] = (char)toupper(text[0]);
    snprintf(code, sizeof(code), "H%03d", atoi(lint.c_str() + 5));
    return ".BR " + std::string(code) + " \" (" + name + ")\"\n" + text + ".\n";
}

TEST(Docs, TheManualPageHasEveryCodeOfCheck)
{
    const std::string page = read_file("apps/elfinfo/elfinfo.1");
    size_t count = 0;
    for (const auto &line : lines_of(read_file("libelfload/src/lints.def"))) {
        if (line.compare(0, 5, "LINT(") != 0)
            continue;
        EXPECT_NE(page.find(code_of(line)), std::string::npos) << line;
        count++;
    }
    EXPECT_GT(count, 10u);
}

/* What bash would offer for the last of some words. */
static std::set<std::string> completions(const std::string &words)
{
    Result result = run(
        "PATH=$PWD/apps/elfinfo:$PATH bash -c '. apps/elfinfo/elfinfo.bash; "
        "COMP_WORDS=(elfinfo " +
        words +
        "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _elfinfo; "
        "printf \"%s\\n\" \"${COMPREPLY[@]}\"'");
    EXPECT_EQ(result.status, 0) << result.err;
    auto lines = lines_of(result.out);
    return {lines.begin(), lines.end()};
}

TEST(Docs, BashCompletesOptionsAndViews)
{
    EXPECT_EQ(completions("--"), options());
    EXPECT_EQ(completions("--res"), (std::set<std::string>{"--resources"}));
    EXPECT_EQ(completions("harde"), (std::set<std::string>{"hardening"}));
    EXPECT_EQ(completions("--demangle g"), (std::set<std::string>{"gcc2"}));
}

TEST(Colours, AreForTerminalsAndThoseWhoAsk)
{
    const std::string escape = "\x1b[";
    std::string plain = elfinfo("-h /bin/true").out;
    EXPECT_EQ(plain.find(escape), std::string::npos);
    std::string coloured = elfinfo("--color=always -h -S /bin/true").out;
    EXPECT_NE(coloured.find(escape + "1mELF header:"), std::string::npos);
    EXPECT_EQ(elfinfo("--color=never -h /bin/true").out, plain);
    EXPECT_EQ(elfinfo("--color=red -h /bin/true").status, 2);
    /* Without them the text is the same. */
    std::string stripped;
    for (size_t i = 0; i < coloured.size(); i++) {
        if (coloured.compare(i, 2, escape) == 0)
            i = coloured.find('m', i);
        else
            stripped += coloured[i];
    }
    EXPECT_EQ(stripped, elfinfo("-h -S /bin/true").out);
    EXPECT_EQ(elfinfo("--color=always --json -h /bin/true").out,
              elfinfo("--json -h /bin/true").out);
}

TEST(Colours, ATerminalGetsThem)
{
    if (run("command -v script").status != 0)
        GTEST_SKIP() << "there is no script(1)";
    std::string command = "script -qec 'apps/elfinfo/elfinfo -h /bin/true' "
                          "/dev/null";
    EXPECT_NE(run("TERM=xterm " + command).out.find("\x1b[1m"),
              std::string::npos);
    EXPECT_EQ(run("TERM=xterm NO_COLOR=1 " + command).out.find("\x1b[1m"),
              std::string::npos);
}
