/* runner.cc -- runs programs, and takes their output to pieces. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"
#include "libelfload/test/corpus.h"

#include <glob.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

static std::string directory()
{
    const char *text = getenv("TEST_TMPDIR");
    return text != nullptr ? text : "/tmp";
}

std::string write_file(const std::string &name, const std::string &text)
{
    std::string path = directory() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
}

std::string write_file(const std::string &name, const Bytes &bytes)
{
    return write_file(name, std::string(bytes.begin(), bytes.end()));
}

std::string read_file(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

Result run(const std::string &command, const std::string &input)
{
    std::string in = write_file("run.in", input);
    std::string out = directory() + "/run.out", err = directory() + "/run.err";
    int status =
        system(("(" + command + ") <" + in + " >" + out + " 2>" + err).c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            read_file(out), read_file(err)};
}

Result elfinfo(const std::string &arguments, const std::string &input)
{
    return run("apps/elfinfo/elfinfo " + arguments, input);
}

std::vector<std::string> lines_of(const std::string &text)
{
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

std::vector<std::string> words_of(const std::string &line)
{
    std::vector<std::string> words;
    std::istringstream stream(line);
    for (std::string word; stream >> word;)
        words.push_back(word);
    return words;
}

/* ---- JSON ---- */

Json Json::parse(const std::string &text)
{
    Json json;
    const char *end = nullptr;
    cJSON *value = cJSON_ParseWithOpts(text.c_str(), &end, 1);
    EXPECT_NE(value, nullptr)
        << "no JSON at: "
        << std::string(end != nullptr ? end : "").substr(0, 80);
    json.document.reset(value, cJSON_Delete);
    json.value = value;
    return json;
}

bool Json::is_null() const
{
    return value == nullptr || cJSON_IsNull(value);
}

bool Json::is_array() const
{
    return cJSON_IsArray(value);
}

size_t Json::size() const
{
    return value == nullptr ? 0 : (size_t)cJSON_GetArraySize(value);
}

Json Json::operator[](const char *key) const
{
    Json json;
    json.document = document;
    json.value = cJSON_GetObjectItemCaseSensitive(value, key);
    return json;
}

Json Json::operator[](size_t index) const
{
    Json json;
    json.document = document;
    json.value = cJSON_GetArrayItem(value, (int)index);
    return json;
}

std::string Json::text() const
{
    return cJSON_IsString(value) ? value->valuestring : "";
}

uint64_t Json::number() const
{
    return cJSON_IsNumber(value) ? (uint64_t)value->valuedouble : ~0ull;
}

bool Json::is_true() const
{
    return cJSON_IsTrue(value);
}

std::string Json::join(const std::string &separator) const
{
    std::string result;
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        if (item != value->child)
            result += separator;
        result += item->valuestring;
    }
    return result;
}

Json Json::with(const char *key, const std::string &text) const
{
    Json json;
    const cJSON *item;
    json.document = document;
    cJSON_ArrayForEach(item, value)
    {
        const cJSON *found = cJSON_GetObjectItemCaseSensitive(item, key);
        if (cJSON_IsString(found) && text == found->valuestring) {
            json.value = item;
            break;
        }
    }
    return json;
}

Json elfinfo_json(const std::string &arguments)
{
    Result result = elfinfo("--json " + arguments);
    EXPECT_EQ(result.status, 0) << arguments << ": " << result.err;
    return Json::parse(result.out)["files"][(size_t)0];
}

/* ---- files ---- */

std::map<std::string, std::string> built_files()
{
    std::map<std::string, std::string> files;
    for (const auto &file : reader_corpus())
        files[file.first] = write_file(file.first, file.second);
    return files;
}

std::map<std::string, std::string> guest_files()
{
    return {{"hello_static", "testdata/haiku/hello_static"},
            {"dynamic", "testdata/haiku/dynamic"},
            {"libbase.so", "testdata/haiku/lib/libbase.so"}};
}

/* A sample: compare_files.sh takes hundreds. */
#ifdef __SANITIZE_ADDRESS__
static const size_t kSample = 16; /* it is slower, and finds no more there */
#else
static const size_t kSample = 50;
#endif

std::map<std::string, std::string> host_files()
{
    std::map<std::string, std::string> files;
    std::vector<std::string> paths = {
        "/bin/true",         "/lib64/ld-linux-x86-64.so.2",
        "/usr/bin/readelf",  "/usr/lib/x86_64-linux-gnu/crt1.o",
        "/usr/lib32/crt1.o", "/usr/lib32/libm.so.6"};
    for (const char *machine :
         {"aarch64", "arm", "m68k", "powerpc", "riscv64", "s390x", "sparc64"}) {
        std::string triplet = std::string(machine) + "-linux-gnu" +
                              (machine == std::string("arm") ? "eabihf" : "");
        for (const char *name :
             {"libc.so.6", "libm.so.6", "libpthread.so.0", "libresolv.so.2",
              "libanl.so.1", "libBrokenLocale.so.1"})
            paths.push_back("/usr/" + triplet + "/lib/" + name);
    }
    for (const char *pattern :
         {"/usr/lib32/*.o", "/usr/lib32/*.so.*", "/usr/libx32/*.o",
          "/usr/libx32/*.so.*", "/usr/lib/gcc/x86_64-linux-gnu/*/*.o",
          "/usr/lib/gcc/x86_64-linux-gnu/*/*/*.o"}) {
        glob_t found = {};
        if (glob(pattern, 0, nullptr, &found) == 0)
            paths.insert(paths.end(), found.gl_pathv,
                         found.gl_pathv + found.gl_pathc);
        globfree(&found);
    }
    for (const std::string &path : paths) {
        if (access(path.c_str(), R_OK) == 0 && files.size() < kSample)
            files[path] = path;
    }
    return files;
}

std::map<std::string, std::string> listed_files()
{
    std::map<std::string, std::string> files;
    const char *list = getenv("ELFINFO_FILES");
    for (const auto &path : lines_of(read_file(list != nullptr ? list : "")))
        files[path] = path;
    return files;
}
