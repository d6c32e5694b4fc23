/* damage_test.cc -- traces of programs, cut off and damaged at random.
 *
 * damage_test TRACE...; TR_DAMAGES: how many times each is damaged. */
/* SPDX-License-Identifier: MIT */
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "apps/trace/steps.h"
#include "apps/trace/trace.h"

namespace
{

std::vector<std::string> files;

std::string Load(const std::string &name)
{
    std::ifstream file(name, std::ios::binary);
    std::stringstream content;

    content << file.rdbuf();
    return content.str();
}

/* All that can be told from a trace. */
struct Content {
    std::vector<std::string> events; /* as text, by number; "": missing */
    size_t read = 0, faults = 0;
    bool ends = false;
};

std::string Text(const tr_event &event)
{
    std::string text = std::to_string(event.kind);

    for (int i = 0; i < tr_field_count(event.kind); i++)
        text += " " + std::to_string(event.fields[i]);
    return text + " " +
           std::string(reinterpret_cast<const char *>(event.bytes), event.size);
}

void ReadEvents(tr_reader *reader, Content *content)
{
    uint8_t page[TR_PAGE_SIZE];
    tr_event event;
    int result;

    while ((result = tr_read_event(reader, &event, nullptr)) != 0) {
        content->ends = result > 0 && event.kind == TR_FINISH;
        content->faults += result < 0;
        if (result < 0)
            continue;
        content->events.resize(tr_reader_position(reader));
        content->events.back() = Text(event);
        content->read++;
        if (event.kind == TR_IMAGE)
            content->faults +=
                tr_read_page(reader, TR_FIELD(&event, IMAGE, IMAGE), page,
                             nullptr) < 0;
    }
}

Content Read(const std::string &bytes)
{
    Content content;
    tr_reader *reader = nullptr;
    tr_summary summary;
    tr_step step;
    int result;

    if (tr_reader_open_memory(bytes.data(), bytes.size(), &reader, nullptr) <
        0) {
        content.faults = 1;
        return content;
    }
    ReadEvents(reader, &content);
    while ((result = tr_read_step(reader, &step, nullptr)) != 0)
        content.faults += result < 0;
    tr_reader_summary(reader, &summary);
    content.faults += summary.damages;
    for (uint64_t i = 0; i < summary.blocks; i++)
        content.faults += tr_reader_check_block(reader, i, nullptr) < 0;
    tr_reader_close(reader);
    return content;
}

/* What is read is what was there. */
void ExpectPart(const Content &found, const Content &whole)
{
    ASSERT_LE(found.events.size(), whole.events.size());
    for (size_t i = 0; i < found.events.size(); i++)
        if (!found.events[i].empty()) {
            ASSERT_EQ(found.events[i], whole.events[i]);
        }
}

TEST(DamageTest, WholeTracesAreWhole)
{
    for (const std::string &name : files) {
        const Content whole = Read(Load(name));

        EXPECT_EQ(whole.faults, 0u) << name;
        EXPECT_TRUE(whole.ends) << name;
    }
}

TEST(DamageTest, ATraceCutOffAnywhereSaysSoAndKeepsWhatIsBefore)
{
    for (const std::string &name : files) {
        const std::string bytes = Load(name);
        const Content whole = Read(bytes);
        size_t before = 0;

        for (size_t size = 0; size < bytes.size(); size++) {
            const Content found = Read(bytes.substr(0, size));

            ASSERT_TRUE(found.faults > 0 || !found.ends ||
                        found.read == whole.read)
                << name << " at " << size;
            ASSERT_GE(found.read, before) << name << " at " << size;
            before = found.read;
            ExpectPart(found, whole);
        }
    }
}

TEST(DamageTest, RandomDamageIsNoticedAndTheRestIsRight)
{
    const char *wanted = getenv("TR_DAMAGES");
    const int damages = wanted != nullptr ? atoi(wanted) : 200;
    std::mt19937 random(1);

    for (const std::string &name : files) {
        const std::string bytes = Load(name);
        const Content whole = Read(bytes);

        for (int i = 0; i < damages; i++) {
            std::string damaged = bytes;

            for (unsigned n = random() % 4; n < 4; n++)
                damaged[random() % damaged.size()] ^=
                    static_cast<char>(1 + random() % 255);
            if (damaged == bytes)
                continue;
            const Content found = Read(damaged);
            ASSERT_GT(found.faults, 0u) << name << ", " << i;
            ExpectPart(found, whole);
        }
    }
}

} // namespace

int main(int argc, char **argv)
{
    testing::InitGoogleTest(&argc, argv);
    files.assign(argv + 1, argv + argc);
    return RUN_ALL_TESTS();
}
