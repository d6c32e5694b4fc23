// query_test.cc -- formulas of queries, read and applied.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <haikuabi/host_attr.h>

extern "C" {
#include "libhaikuabi/src/query.h"
#include "libhaikuabi/src/status.h"
}

namespace
{

class Query : public testing::Test
{
  protected:
    Query()
    {
        directory.write("a file.txt", "0123456789");
        fd = ::open(directory.path.c_str(), O_RDONLY | O_DIRECTORY);
        int file = ::open(directory.at("a file.txt").c_str(), O_RDWR);
        set(file, "BEOS:APP_SIG", 0x4d494d53, "application/x-vnd.some-app");
        set(file, "text", 0x43535452, std::string("a text", 7));
        set(file, "utf8", 0x43535452, std::string("\u00e4x", 4));
        set(file, "int32", 0x4c4f4e47, std::string("\xfe\xff\xff\xff", 4));
        set(file, "uint32", 0x554c4e47, std::string("\xfe\xff\xff\xff", 4));
        float real = 1.5;
        set(file, "float", 0x464c4f54,
            std::string(reinterpret_cast<char *>(&real), 4));
        double longer = 1.5;
        set(file, "double", 0x44424c45,
            std::string(reinterpret_cast<char *>(&longer), 8));
        set(file, "time", 0x54494d45, std::string("\7\0\0\0\0\0\0\0", 8));
        set(file, "short", 0x53485254, std::string("\1", 2));
        ::close(file);
        ::fstatat(fd, "a file.txt", &info, 0);
    }
    ~Query() override
    {
        ::close(fd);
    }
    void set(int file, const char *name, uint32_t type, std::string bytes)
    {
        hk_attr_value value = {type, static_cast<uint32_t>(bytes.size()),
                               reinterpret_cast<uint8_t *>(bytes.data())};
        has_attributes &= hk_host_attr_write(file, name, &value) == 0;
    }

    // 1, 0, or -1 for what is no formula.
    int holds(const std::string &text)
    {
        hk_query *query = nullptr;
        int32_t status = hk_query_parse(text.c_str(), SIZE_MAX, &query);
        if (status != HK_B_OK) {
            EXPECT_EQ(status, HK_B_BAD_VALUE);
            return -1;
        }
        int result =
            hk_query_ask(query, nullptr, fd, "a file.txt", &info).holds;
        hk_query_free(query);
        return result;
    }

    hk::Directory directory;
    bool has_attributes = true;
    int fd;
    struct stat info;
};

TEST_F(Query, ComparesWhatEveryFileHas)
{
    std::string time = std::to_string(info.st_mtim.tv_sec);
    struct {
        std::string text;
        int result;
    } rows[] = {
        {"name==\"a file.txt\"", 1},
        {"name='a file.txt'", 1},
        {"name=\"*.txt\"", 1},
        {"name==*.txt", 1},
        {"name==a\\ file.txt", 1},
        {"name==\"[a-c]*t\"", 1},
        {"name==\"a?file.txt\"", 1},
        {"name==\"*.c\"", 0},
        {"name!=\"*.c\"", 1},
        {"name!=\"*.txt\"", 0},
        {"name==\"a\\*file.txt\"", 1}, // a star all the same
        {"name==a file.txt && size==10", 1},
        {"name==a*fi*t", 1},
        {"name==a*fi*c", 0},
        {"name==[^b-z]*", 1},
        {"name==[!ab]*", 0},
        {"name==[^]", 0},
        {"name!=[^]", 1},
        {"name==a file.tx", 0},
        {"name=", 0},
        {"size==10 size==10", 1}, // a value is read as far as it goes
        {"size=<10", 0},
        {"size>9k", 1},
        {"name>\"a\"", 1},
        {"name<\"a\"", 0},
        {"size==10", 1},
        {"size==0xa", 1},
        {" size >= 10 ", 1},
        {"size>10", 0},
        {"size<=10", 1},
        {"size!=10", 0},
        {"size<11", 1},
        {"size==ten", 0},
        {"last_modified==" + time, 1},
        {"last_modified>" + time, 0},
    };

    for (const auto &row : rows)
        EXPECT_EQ(holds(row.text), row.result) << row.text;
}

TEST_F(Query, ComparesAttributesByType)
{
    struct {
        const char *text;
        int result;
    } rows[] = {
        {"BEOS:APP_SIG==\"application/x-vnd.some-app\"", 1},
        {"BEOS:APP_SIG==\"application/*\"", 1},
        {"BEOS:APP_SIG==\"image/*\"", 0},
        {"BEOS:APP_SIG!=\"image/*\"", 1},
        {"text==\"a text\"", 1},
        {"int32==-2", 1},
        {"int32<0", 1},
        {"uint32==4294967294", 1},
        {"uint32<0", 0},
        {"float==1.5", 1},
        {"float>1.4", 1},
        {"double>1.4", 1},
        {"time==7", 1},
        {"short==1", 0}, // a type that queries do not compare
        {"short!=1", 0},
        {"none==1", 0},
        {"none!=1", 0},
        {"!(none==1)", 0},
        {"!(none!=1)", 0},
        {"!(int32==-2&&none==1)", 0},
        {"!(int32==-3)", 1},
        {"utf8==?x", 1},
        {"utf8==??x", 0},
        {"utf8==[\u00e0-\u00ef]x", 1},
    };

    if (!has_attributes)
        GTEST_SKIP() << "the host keeps no attributes here";
    for (const auto &row : rows)
        EXPECT_EQ(holds(row.text), row.result) << row.text;
}

TEST_F(Query, CombinesAsTheOperatorsBind)
{
    struct {
        const char *text;
        int result;
    } rows[] = {
        {"size=10&&name=*.txt", 1},
        {"size=10&&name=*.c", 0},
        {"size=1||name=*.txt", 1},
        {"size=1||name=*.c", 0},
        {"!(size=1)", 1},
        {"!(size=10)", 0},
        {"!(!(size=10))", 1},
        {"!(size<10)", 1},
        {"!(size>=10)", 0},
        {"size=10||size=1&&size=1", 1},
        {"(size=10||size=1)&&size=1", 0},
        {"size=1&&size=1||size=10", 1},
        {"!(size=1||size=10)&&size=10", 0},
        {"((size==10)&&((name==\"a*\")||(name==\"b*\")))", 1},
        {"size=10 && ( name=*.txt ) ", 1},
    };

    for (const auto &row : rows)
        EXPECT_EQ(holds(row.text), row.result) << row.text;
}

TEST_F(Query, RefusesWhatIsNoFormula)
{
    for (const char *text :
         {"", " ", "name", "=1", "!!(size=10)", "!size=1", "name==[]",
          "name==[a", "name==[a--c]", "size==10&&", "&&size==10", "(size==10",
          "size==10)", "()", "!", "size==10&size==10", "name=\"open", "(",
          ")("})
        EXPECT_EQ(holds(text), -1) << text;
}

TEST_F(Query, TakesAnyDepth)
{
    std::string text = "size==10";

    for (int i = 0; i < 5000; i++)
        text = "!(" + text + ")";
    EXPECT_EQ(holds(text), 1);
    text = "size==10";
    for (int i = 0; i < 5000; i++)
        text += "&&size==10";
    EXPECT_EQ(holds(text), 1);
}

} // namespace
