/* resources_test.cc -- resources behind a file. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"
#include "libelfload/test/resource_builder.h"

#include <elfload/elf_resources.h>

class Resources : public AnyKind
{
  protected:
    std::vector<BuiltResource> list = {
        {"MIMS", 1, "BEOS:APP_SIG", "application/x-vnd.Test"},
        {"CSTR", 7, "", "hello"},
        {"CSTR", -2, "second", ""},
    };
    Bytes build()
    {
        return add_resources(builder.build(), list, GetParam().is_big,
                             GetParam().is_64 ? 8 : 4096);
    }
};
FOR_ALL_KINDS(Resources);

static std::string data_of(const Opened &file, const eld_resource &resource)
{
    return std::string((const char *)file.bytes.get() + resource.data.offset,
                       resource.data.size);
}

TEST_P(Resources, AreReadWithTypeIdNameAndData)
{
    Opened file(build());
    eld_resources resources;
    eld_resource_cursor cursor = {};
    eld_resource resource;
    ASSERT_EQ(eld_find_resources(file.get(), &resources, &file.fault), 0)
        << file.line();
    EXPECT_EQ(resources.index.count, 3u);
    for (const auto &expected : list) {
        ASSERT_EQ(eld_next_resource(file.get(), &resources, &cursor, &resource,
                                    &file.fault),
                  1)
            << file.line();
        uint32_t type = 0;
        for (char letter : expected.type)
            type = type << 8 | (uint8_t)letter;
        EXPECT_EQ(resource.type, type);
        EXPECT_EQ(resource.id, expected.id);
        EXPECT_EQ(std::string(resource.name, resource.name_size),
                  expected.name);
        EXPECT_EQ(data_of(file, resource), expected.data);
    }
    EXPECT_EQ(eld_next_resource(file.get(), &resources, &cursor, &resource,
                                &file.fault),
              0);
    EXPECT_EQ(eld_find_resource(file.get(), &resources, 0x43535452, 7,
                                &resource, nullptr),
              0);
    EXPECT_EQ(data_of(file, resource), "hello");
    EXPECT_EQ(eld_find_resource(file.get(), &resources, 0x43535452, 8,
                                &resource, &file.fault),
              ELD_ERR_NOT_FOUND);
}

TEST_P(Resources, ByteOrderIsTheirOwn)
{
    Opened file(add_resources(builder.build(), list, !GetParam().is_big,
                              GetParam().is_64 ? 8 : 4096));
    eld_resources resources;
    eld_resource resource;
    ASSERT_EQ(eld_find_resources(file.get(), &resources, nullptr), 0);
    EXPECT_EQ(resources.is_big, !GetParam().is_big);
    EXPECT_EQ(eld_find_resource(file.get(), &resources, 0x4d494d53, 1,
                                &resource, nullptr),
              0);
}

TEST_P(Resources, AFileMayHaveNone)
{
    Bytes bytes = builder.build();
    Opened plain(bytes);
    eld_resources resources;
    EXPECT_EQ(eld_find_resources(plain.get(), &resources, &plain.fault),
              ELD_ERR_NOT_FOUND);
    EXPECT_EQ(plain.line(), "resources: not found");
    /* Something else may follow the file. */
    bytes.resize((bytes.size() / 4096 + 2) * 4096, 'x');
    Opened other(bytes);
    EXPECT_EQ(eld_find_resources(other.get(), &resources, &other.fault),
              ELD_ERR_NOT_FOUND);
    EXPECT_EQ(other.line().compare(0, 20, "resources at offset "), 0);
    list.clear();
    Opened empty(build());
    eld_resource_cursor cursor = {};
    eld_resource resource;
    ASSERT_EQ(eld_find_resources(empty.get(), &resources, nullptr), 0);
    EXPECT_EQ(
        eld_next_resource(empty.get(), &resources, &cursor, &resource, nullptr),
        0);
}

/* Reads all that there is; 0 or the error. */
static int read_all(const Opened &file)
{
    eld_resources resources;
    eld_resource_cursor cursor = {};
    eld_resource resource;
    int found = eld_find_resources(file.get(), &resources, nullptr);
    while (found >= 0 &&
           (found = eld_next_resource(file.get(), &resources, &cursor,
                                      &resource, nullptr)) == 1) {
        EXPECT_LE(resource.data.size, file.size);
        EXPECT_LE(resource.data.offset, file.size - resource.data.size);
        EXPECT_LE(cursor.offset, resources.infos.size);
    }
    return found;
}

TEST_P(Resources, EveryLengthIsSurvivedAndNoticed)
{
    Bytes whole = build();
    ASSERT_EQ(read_all(Opened(whole)), 0);
    size_t start = builder.build().size();
    for (size_t size = start + 4096; size < whole.size(); size += 7)
        EXPECT_LT(
            read_all(Opened(Bytes(whole.begin(), whole.begin() + (long)size))),
            0)
            << size;
}

TEST_P(Resources, WrongNumbersAreErrorsOrPassedOver)
{
    Bytes whole = build();
    eld_resources resources;
    Opened good(whole);
    ASSERT_EQ(eld_find_resources(good.get(), &resources, nullptr), 0);
    size_t start = resources.part.offset, infos = resources.infos.offset;
    for (size_t at : {start + 4, start + 8, start + 68 + 120, start + 68 + 124,
                      start + 200, infos + 4, infos + 8, infos + 12}) {
        for (uint8_t value : {0x7f, 0xff}) {
            Bytes changed = whole;
            for (int i = 0; i < 4; i++)
                changed[at + (size_t)i] = value;
            read_all(Opened(changed));
        }
    }
    /* An info whose number is none of the index belongs to no data. */
    Bytes changed = whole;
    for (size_t i = 0; i < 4; i++)
        changed[infos + 8 + i] = 0;
    Opened file(changed);
    eld_resource resource;
    ASSERT_EQ(eld_find_resources(file.get(), &resources, nullptr), 0);
    EXPECT_EQ(eld_find_resource(file.get(), &resources, 0x4d494d53, 1,
                                &resource, nullptr),
              ELD_ERR_NOT_FOUND);
    EXPECT_EQ(eld_find_resource(file.get(), &resources, 0x43535452, 7,
                                &resource, nullptr),
              0);
}
