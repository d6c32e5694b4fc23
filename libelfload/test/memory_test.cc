/* memory_test.cc -- running out of memory anywhere. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/link_case.h"

/* The linker's --wrap puts these in front of what the linker allocates by;
 * the test's own containers use operator new. */
static int calls_left = -1; /* until one fails; -1: none does */
static int blocks = 0;      /* not freed yet */

static bool fails()
{
    return calls_left >= 0 && calls_left-- == 0;
}

extern "C" {
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

void *__wrap_calloc(size_t count, size_t size)
{
    if (fails())
        return nullptr;
    blocks++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    if (fails())
        return nullptr;
    blocks += block == nullptr;
    return __real_realloc(block, size);
}

void __wrap_free(void *block)
{
    blocks -= block != nullptr;
    __real_free(block);
}
}

static void fill(LinkCase &test)
{
    ElfBuilder a = library("a");
    a.versions = {"V1"};
    a.object("x", 0x10).version("V1");
    a.tls = Bytes(4, 1);
    a.tags = {{DT_INIT, a.text_at()}, {DT_FINI, a.text_at()}};
    test.add(a);
    test.program.undefined("x", STT_OBJECT).version("V1", "a");
    test.program.tls = Bytes(4, 1);
    test.program.reloc(0x20, R_386_32, "x");
    test.host.files["/prog"] = test.program.build();
}

TEST(Memory, EveryAllocationMayFail)
{
    for (int i = 0;; i++) {
        LinkCase test;
        fill(test);
        eld_host ops = test.host.host();
        int before = blocks;
        calls_left = i;
        int error =
            eld_link_program(&ops, &test.request, &test.result, &test.fault);
        bool is_done = calls_left >= 0;
        calls_left = -1;
        if (is_done) {
            EXPECT_EQ(error, 0);
            EXPECT_GT(i, 10);
            break;
        }
        /* The space allocates, too: then it is the host that refuses. */
        EXPECT_TRUE(error == ELD_ERR_NOMEM || error == ELD_ERR_HOST) << error;
        EXPECT_EQ(test.fault.error, error);
        EXPECT_EQ(test.host.open_count, 0);
        EXPECT_TRUE(test.host.is_empty());
        EXPECT_LE(blocks - before, 4) << "allocation " << i;
    }
}

TEST(Memory, AProgramFreesWhatItHas)
{
    LinkCase test;
    fill(test);
    int before = blocks;
    ASSERT_EQ(test.link(), "");
    int linked = blocks;
    eld_program_free(test.result);
    test.result = nullptr;
    EXPECT_GT(linked, before);
    /* What remains is the space's record of what is mapped. */
    EXPECT_LE(blocks - before, 4);
}
