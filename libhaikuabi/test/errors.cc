// errors.cc -- prints docs/coverage/errors.md from the guests' own rows.
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

extern "C" {
#include "libhaikuabi/src/syscall_table.h"
}

namespace
{

using Errors = std::map<std::string, std::set<std::string>>; // by call
using Reasons = std::map<std::string, std::string>;

std::string read_file(const std::filesystem::path &path)
{
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// Adds what a pattern finds; call and error are groups of it.
void add_errors(const std::string &text, const char *pattern, int call,
                int error, Errors *errors)
{
    const std::regex regex(pattern);

    for (std::sregex_iterator at(text.begin(), text.end(), regex), end;
         at != end; ++at)
        if ((*at)[error] != "B_OK")
            (*errors)[(*at)[call]].insert((*at)[error]);
}

// The rows of a macro are about `call`: who uses the macro names the call.
void add_macro(const std::string &text, Errors *errors)
{
    const std::regex regex(R"(\bBAD_PATHS\(\s*(\w+))");
    const std::set<std::string> rows = (*errors)["call"];

    for (std::sregex_iterator at(text.begin(), text.end(), regex), end;
         at != end; ++at)
        (*errors)[(*at)[1]].insert(rows.begin(), rows.end());
}

Errors provoked_by_guests()
{
    Errors errors;

    for (const auto &entry :
         std::filesystem::recursive_directory_iterator("testdata/haiku"))
        if (entry.path().extension() == ".c") {
            const std::string text = read_file(entry.path());
            add_errors(text, R"(\bFAILS\(\s*(\w+),\s*(\w+))", 2, 1, &errors);
            add_errors(text,
                       R"(CHECK_STATUS\(\s*sys\(SYS_(\w+)[^;]*?HK_(\w+)\);)", 1,
                       2, &errors);
            add_macro(text, &errors);
        }
    return errors;
}

// Lines "CALL  no error: REASON" of the list of calls.
Reasons reasons_for_none()
{
    const std::string text = read_file("testdata/haiku/calls.txt");
    const std::regex regex(R"((\w+) +no error: ([^\n]+))");
    Reasons reasons;

    for (std::sregex_iterator at(text.begin(), text.end(), regex), end;
         at != end; ++at)
        reasons[(*at)[1]] = (*at)[2];
    return reasons;
}

struct Unreached {
    std::string call, error, reason;
};

// Lines "CALL ERROR: REASON".
std::vector<Unreached> errors_unreached()
{
    const std::string text = read_file("testdata/haiku/errors/unreached.txt");
    const std::regex regex(R"(\n(\w+) +(\w+): ([^\n]+))");
    std::vector<Unreached> unreached;

    for (std::sregex_iterator at(text.begin(), text.end(), regex), end;
         at != end; ++at)
        unreached.push_back({(*at)[1], (*at)[2], (*at)[3]});
    return unreached;
}

// Whether there is either an error or a reason why there is none.
bool print_call(const std::string &name, const Errors &errors,
                const Reasons &reasons)
{
    const auto found = errors.find(name);
    const auto reason = reasons.find(name);
    const char *separator = "";

    if ((found == errors.end()) == (reason == reasons.end())) {
        std::fprintf(stderr, "%s: %s\n", name.c_str(),
                     reason == reasons.end()
                         ? "no guest has an error, calls.txt no reason"
                         : "calls.txt says that there is no error");
        return false;
    }
    std::printf("| %s | ", name.c_str());
    if (found == errors.end())
        std::printf("none: %s", reason->second.c_str());
    else
        for (const std::string &error : found->second) {
            std::printf("%s%s", separator, error.c_str());
            separator = ", ";
        }
    std::printf(" |\n");
    return true;
}

bool has_errors(const hk_syscall_row &row)
{
    return row.status == HK_FULL || row.status == HK_PART;
}

bool is_built(const std::string &name)
{
    for (const hk_syscall_row &row : hk_syscall_rows)
        if (row.name == name)
            return has_errors(row);
    return false;
}

// Whether it is a call that is built, and no guest brings the error about.
bool print_unreached(const Unreached &row, const Errors &errors)
{
    const auto found = errors.find(row.call);

    if (!is_built(row.call) ||
        (found != errors.end() && found->second.count(row.error) != 0)) {
        std::fprintf(stderr, "unreached.txt: %s %s: %s\n", row.call.c_str(),
                     row.error.c_str(),
                     is_built(row.call) ? "a guest does"
                                        : "no call is FULL or PART");
        return false;
    }
    std::printf("| %s | %s | %s |\n", row.call.c_str(), row.error.c_str(),
                row.reason.c_str());
    return true;
}

} // namespace

int main()
{
    const Errors errors = provoked_by_guests();
    const Reasons reasons = reasons_for_none();
    bool is_complete = true;

    std::printf(
        "# Errors of system calls\n\n"
        "What guests of `testdata/haiku` bring about and compare with "
        "Haiku's answer, for\neach call that is FULL or PART. Printed by "
        "`libhaikuabi/test/errors.cc` from\nthe guests' rows, `FAILS(error, "
        "call, arguments)` most of them in\n`testdata/haiku/errors/`, and "
        "from the reasons in `testdata/haiku/calls.txt` why a\ncall never "
        "fails; `//libhaikuabi:errors_test` keeps it equal, the guests' own "
        "tests\nthat the rows hold. Bad addresses in each argument are "
        "`pointers.c`'s as well.\n\n"
        "Errors that a kernel or a host without memory has, or a disk that "
        "breaks, are not\nhere; what else Haiku's sources have and no guest "
        "brings about stands at the end.\n\n"
        "| Call | Errors |\n|---|---|\n");
    for (const hk_syscall_row &row : hk_syscall_rows)
        if (has_errors(row))
            is_complete &= print_call(row.name, errors, reasons);
    std::printf("\n## Errors that no guest brings about\n\n"
                "| Call | Error | Why |\n|---|---|---|\n");
    for (const Unreached &row : errors_unreached())
        is_complete &= print_unreached(row, errors);
    return is_complete ? 0 : 1;
}
