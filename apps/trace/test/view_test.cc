/* view_test.cc -- ranges that show objects, cut and put together. */
/* SPDX-License-Identifier: MIT */
#include "apps/trace/view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace
{

/* What every page shows, page by page: (object, offset). */
using Model = std::map<uint64_t, std::pair<uint64_t, uint64_t>>;

constexpr uint64_t PAGES = 48;

void Expect(const tr_view *views, const Model &model)
{
    uint64_t page = 0;

    while (page < PAGES) {
        const tr_view piece = tr_views_piece(views, page, PAGES);

        ASSERT_EQ(piece.page, page);
        ASSERT_GE(piece.pages, 1u);
        ASSERT_LE(piece.page + piece.pages, PAGES);
        for (uint64_t i = 0; i < piece.pages; i++) {
            auto at = model.find(page + i);

            ASSERT_EQ(piece.object, at == model.end() ? 0 : at->second.first);
            if (at != model.end()) {
                ASSERT_EQ(piece.offset + i, at->second.second);
            }
        }
        page += piece.pages;
    }
}

TEST(View, IsWhatWasMappedLastWhateverWasThereBefore)
{
    std::mt19937 random(1);
    tr_view *views = nullptr;
    Model model;

    for (int round = 0; round < 20000; round++) {
        uint64_t page = random() % PAGES;
        uint64_t pages = 1 + random() % (PAGES - page);
        tr_view view = {page, pages, random() % 4, random() % 100, 0, nullptr};

        ASSERT_EQ(tr_views_remove(&views, page, pages), 0);
        if (view.object != 0) {
            ASSERT_EQ(tr_views_add(&views, &view), 0);
        }
        for (uint64_t i = 0; i < pages; i++) {
            model.erase(page + i);
            if (view.object != 0)
                model[page + i] = {view.object, view.offset + i};
        }
        Expect(views, model);
        for (uint64_t object = 1; object < 4; object++)
            EXPECT_EQ(tr_views_show(views, object) != 0,
                      std::any_of(model.begin(), model.end(), [&](auto &at) {
                          return at.second.first == object;
                      }));
    }
    tr_views_free(&views);
    EXPECT_EQ(views, nullptr);
}

} // namespace
