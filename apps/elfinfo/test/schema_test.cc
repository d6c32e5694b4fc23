/* schema_test.cc -- that schema.json says what elfinfo's JSON is. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

static const cJSON *schema()
{
    static const std::unique_ptr<cJSON, void (*)(cJSON *)> document(
        cJSON_Parse(read_file("apps/elfinfo/schema.json").c_str()),
        cJSON_Delete);
    return document.get();
}

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* Of JSON Schema what schema.json uses: the first difference, or "". */
static std::string difference(const cJSON *value, const cJSON *rule)
{
    std::string type = member(rule, "type")->valuestring;
    if (type == "string")
        return cJSON_IsString(value) ? "" : "no string";
    if (type == "boolean")
        return cJSON_IsBool(value) ? "" : "no boolean";
    if (type == "integer")
        /* Those of 64 bits are kept as they are written. */
        return cJSON_IsNumber(value) || cJSON_IsRaw(value) ? "" : "no number";
    const cJSON *child;
    if (type == "array") {
        if (!cJSON_IsArray(value))
            return "no array";
        cJSON_ArrayForEach(child, value)
        {
            std::string found = difference(child, member(rule, "items"));
            if (!found.empty())
                return "[]: " + found;
        }
        return "";
    }
    if (!cJSON_IsObject(value))
        return "no object";
    cJSON_ArrayForEach(child, member(rule, "required"))
    {
        if (member(value, child->valuestring) == nullptr)
            return std::string("no ") + child->valuestring;
    }
    cJSON_ArrayForEach(child, value)
    {
        const cJSON *known = member(member(rule, "properties"), child->string);
        std::string found =
            known == nullptr ? "unknown key" : difference(child, known);
        if (!found.empty())
            return std::string(child->string) + ": " + found;
    }
    return "";
}

static std::string difference_of(const std::string &text)
{
    std::unique_ptr<cJSON, void (*)(cJSON *)> document(
        cJSON_Parse(text.c_str()), cJSON_Delete);
    return document == nullptr ? "no JSON"
                               : difference(document.get(), schema());
}

static const char kAll[] =
    "--json -a -C --dyn-syms --summary --hardening --check --resources "
    "--attributes --syscalls --deps --releases --ready --root /nothing "
    "--address 0x1000 -x 1 -p 1 ";

TEST(Schema, HoldsForEveryViewOfEveryFile)
{
    auto files = built_files();
    files.merge(guest_files());
    files.merge(host_files());
    for (const auto &file : files)
        EXPECT_EQ(difference_of(elfinfo(kAll + file.second).out), "")
            << file.first;
    EXPECT_EQ(difference_of(elfinfo("--json --compare /bin/true "
                                    "testdata/haiku/dynamic")
                                .out),
              "");
    EXPECT_EQ(difference_of(elfinfo("--json -D main -D _start "
                                    "testdata/haiku/hello_static")
                                .out),
              "");
    EXPECT_EQ(difference_of(elfinfo("--json releases --against "
                                    "testdata/haiku/lib/libbase.so "
                                    "testdata/haiku/dynamic")
                                .out),
              "");
}

TEST(Schema, RefusesWhatIsNotInIt)
{
    EXPECT_EQ(difference_of("{\"elfinfo\": \"1\", \"files\": []}"), "");
    EXPECT_EQ(difference_of("{\"files\": []}"), "no elfinfo");
    const std::string start = "{\"elfinfo\": \"1\", \"files\": [{\"file\": "
                              "\"x\", \"errors\": []",
                      end = "}]}";
    EXPECT_EQ(difference_of(start + end), "");
    EXPECT_EQ(difference_of(start + ", \"new\": 1" + end),
              "files: []: new: unknown key");
    EXPECT_EQ(difference_of(start + ", \"header\": {\"flags\": \"1\"}" + end),
              "files: []: header: flags: no number");
    EXPECT_EQ(difference_of(start + ", \"dynamic\": {}" + end),
              "files: []: dynamic: no array");
}

/* The text between two others behind a place, which moves on behind it; ""
 * and npos when there is none. */
static std::string between(const std::string &text, size_t &at,
                           const std::string &before, const std::string &after)
{
    size_t start = text.find(before, at);
    size_t end = start == std::string::npos
                     ? start
                     : text.find(after, start + before.size());
    at = end;
    return end == std::string::npos ? ""
                                    : text.substr(start + before.size(),
                                                  end - start - before.size());
}

/* struct inf_column NAME[] = {{"KEY", ...}, ...}; */
static std::map<std::string, std::set<std::string>>
lists_of(const std::string &text)
{
    std::map<std::string, std::set<std::string>> lists;
    for (size_t at = 0; at != std::string::npos;) {
        std::string name = between(text, at, "struct inf_column ", "[] = {");
        if (at == std::string::npos)
            break;
        std::string body = between(text, at, "", "};");
        for (size_t i = 0; i != std::string::npos;) {
            std::string key = between(body, i, "{\"", "\",");
            if (i != std::string::npos)
                lists[name].insert(key);
        }
    }
    return lists;
}

/* The columns that the sources declare, by the key of what has them:
 * inf_begin_table(out, "KEY", title, NAME); */
static std::map<std::string, std::set<std::string>> declared_columns()
{
    std::map<std::string, std::set<std::string>> views;
    for (const auto &path : lines_of(run("ls apps/elfinfo/*.c").out)) {
        const std::string text = read_file(path);
        auto lists = lists_of(text);
        for (const char *call : {"inf_begin_record(", "inf_begin_table("}) {
            for (size_t at = 0; at != std::string::npos;) {
                std::string use = between(text, at, call, ");");
                size_t quote = use.find('"'), name = use.find_last_of(" \n");
                if (quote != std::string::npos)
                    views[use.substr(quote + 1,
                                     use.find('"', quote + 1) - quote - 1)] =
                        lists[use.substr(name + 1)];
            }
        }
    }
    return views;
}

TEST(Schema, HasEveryColumnOfTheSourcesAndNoOther)
{
    std::map<std::string, std::set<std::string>> documented;
    const cJSON *file =
        member(member(member(member(schema(), "properties"), "files"), "items"),
               "properties");
    const cJSON *view, *property;
    cJSON_ArrayForEach(view, file)
    {
        const cJSON *items = member(view, "items");
        const cJSON *object = items != nullptr ? items : view;
        cJSON_ArrayForEach(property, member(object, "properties"))
        {
            EXPECT_NE(member(property, "description"), nullptr);
            documented[view->string].insert(property->string);
        }
    }
    auto declared = declared_columns();
    for (const char *text_only : {"share", "coverage"})
        EXPECT_EQ(declared["hash_chains"].erase(text_only), 1u);
    EXPECT_EQ(documented, declared);
    EXPECT_GT(declared.size(), 30u);
}
