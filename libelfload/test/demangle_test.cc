/* demangle_test.cc -- C++ names of gcc 2. */
/* SPDX-License-Identifier: MIT */

#include <elfload/elf_demangle.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

static std::string demangle(const std::string &mangled)
{
    char text[4096];
    int length = eld_demangle_gcc2(mangled.c_str(), text, sizeof(text));
    if (length < 0)
        return eld_error_text(length);
    EXPECT_EQ((size_t)length, strlen(text));
    return text;
}

struct Row {
    const char *mangled, *text;
};

static const Row kCorpus[] = {
    /* Functions and members, as Haiku's libraries export them. */
    {"Bounds__6BShape", "BShape::Bounds()"},
    {"AddList__5BListP5BListl", "BList::AddList(BList*, long)"},
    {"AddString__8BMessagePCcT1",
     "BMessage::AddString(char const*, char const*)"},
    {"GetStat__C5BNodeP4stat", "BNode::GetStat(stat*) const"},
    {"InsetByCopy__5BRectG6BPoint", "BRect::InsetByCopy(BPoint)"},
    {"InsetByCopy__5BRectff", "BRect::InsetByCopy(float, float)"},
    {"Flag__C8DateMaskUc", "DateMask::Flag(unsigned char) const"},
    {"Launch__C7BRosterP9entry_refiPPcPl",
     "BRoster::Launch(entry_ref*, int, char**, long*) const"},
    {"Launch__C7BRosterPCciPPcPl",
     "BRoster::Launch(char const*, int, char**, long*) const"},
    {"ReadFrames__11BMediaTrackPcPxP12media_header",
     "BMediaTrack::ReadFrames(char*, long long*, media_header*)"},
    {"CreateTrack__10BMediaFileP12media_formatPC16media_codec_info",
     "BMediaFile::CreateTrack(media_format*, media_codec_info const*)"},
    {"Init__17EnvironmentFilterPCcPCPCcUl",
     "EnvironmentFilter::Init(char const*, char const* const*, unsigned "
     "long)"},
    {"FSGetDeskDir__FP10BDirectoryl", "FSGetDeskDir(BDirectory*, long)"},
    {"HMAC_SHA256_Update__FP15HMAC_SHA256_CTXPCvUl",
     "HMAC_SHA256_Update(HMAC_SHA256_CTX*, void const*, unsigned long)"},
    {"InvalidateLayout__4BBoxb", "BBox::InvalidateLayout(bool)"},
    {"_ReservedShelf1__6BShelfFv", "BShelf::_ReservedShelf1()"},
    /* Namespaces look like classes. */
    {"Digest__Q28BPrivate6SHA256", "BPrivate::SHA256::Digest()"},
    {"LoadBackend__Q38BPrivate7Libroot13LocaleBackend",
     "BPrivate::Libroot::LocaleBackend::LoadBackend()"},
    {"GetCurrentLocaleInfo__Q28BPrivate7Librootv",
     "BPrivate::Libroot::GetCurrentLocaleInfo()"},
    {"CreateBackend__Q38BPrivate7Libroot13LocaleBackendRPQ38BPrivate7Libroot"
     "13LocaleBackend",
     "BPrivate::Libroot::LocaleBackend::CreateBackend("
     "BPrivate::Libroot::LocaleBackend*&)"},
    /* Repeated types: the class is the first. */
    {"FSCopyAttributesAndStats__8BPrivateP5BNodeT1",
     "BPrivate::FSCopyAttributesAndStats(BNode*, BNode*)"},
    {"PBKDF2_SHA256__FPCUcUlT0UlUxPUcUl",
     "PBKDF2_SHA256(unsigned char const*, unsigned long, unsigned char "
     "const*, unsigned long, unsigned long long, unsigned char*, unsigned "
     "long)"},
    {"_AllocateSpace__Q28BPrivate8KMessagelbT2PPvPl",
     "BPrivate::KMessage::_AllocateSpace(long, bool, bool, void**, long*)"},
    {"SendReply__Q28BPrivate8KMessagePQ28BPrivate8KMessageT1xxl",
     "BPrivate::KMessage::SendReply(BPrivate::KMessage*, "
     "BPrivate::KMessage*, long long, long long, long)"},
    {"Lock__Q211LocalRWLock7LockingP11LocalRWLock",
     "LocalRWLock::Locking::Lock(LocalRWLock*)"},
    {"f__FPCcN20", "f(char const*, char const*, char const*)"},
    {"g__1CPT0", "C::g(C*)"},
    {"h__FPciT0RT1", "h(char*, int, char*, int&)"},
    {"many__FcsilxfdrbwUlT10_",
     "many(char, short, int, long, long long, float, double, long double, "
     "bool, wchar_t, unsigned long, unsigned long)"},
    {"many__FcsT10", "not found"},
    /* Constructors, destructors, operators. */
    {"__5BView", "BView::BView()"},
    {"__7BWindowG5BRectPCc11window_typeUlT4",
     "BWindow::BWindow(BRect, char const*, window_type, unsigned long, "
     "unsigned long)"},
    {"__5BRectRC5BRect", "BRect::BRect(BRect const&)"},
    {"__Q25Outer5Inneri", "Outer::Inner::Inner(int)"},
    {"_._7BWindow", "BWindow::~BWindow()"},
    {"_$_Q28BPrivate6SHA256", "BPrivate::SHA256::~SHA256()"},
    {"__as__5BRectRC5BRect", "BRect::operator=(BRect const&)"},
    {"__pl__C6BPointRC6BPoint", "BPoint::operator+(BPoint const&) const"},
    {"__apl__7BStringPCc", "BString::operator+=(char const*)"},
    {"__vc__C7BStringl", "BString::operator[](long) const"},
    {"__cl__1Ai", "A::operator()(int)"},
    {"__nw__FUl", "operator new(unsigned long)"},
    {"__builtin_vec_new__FUl", "__builtin_vec_new(unsigned long)"},
    {"__opPCc__C1A", "A::operator char const*() const"},
    {"__opb__1A", "A::operator bool()"},
    {"__ls__7ostreamPFR7ostream_R7ostream",
     "ostream::operator<<(ostream& (*)(ostream&))"},
    /* Tables and data. */
    {"_vt.5BView", "vtable for BView"},
    {"__vt_5BView", "vtable for BView"},
    {"_vt$5BView$8BHandler", "vtable for BView::BHandler"},
    {"_vt.Q28BPrivate6SHA256", "vtable for BPrivate::SHA256"},
    {"_8BHandler.sMessage", "BHandler::sMessage"},
    {"_Q28BPrivate1A$x", "BPrivate::A::x"},
    {"__tf8BHandler", "typeinfo fn for BHandler"},
    {"__ti8BHandler", "typeinfo for BHandler"},
    {"__tiPCc", "typeinfo for char const*"},
    {"_GLOBAL_.I.be_app", "global constructors keyed to be_app"},
    {"_GLOBAL_$D$f__Fv", "global destructors keyed to f()"},
    {"__thunk_4_f__1A", "virtual function thunk (-4) to A::f()"},
    /* Types. */
    {"f__Fv", "f()"},
    {"f__Fe", "f(...)"},
    {"printf__FPCce", "printf(char const*, ...)"},
    {"f__FSc", "f(signed char)"},
    {"f__FCPc", "f(char* const)"},
    {"f__FPVCi", "f(int const volatile*)"},
    {"f__FPA2_i", "f(int (*) [3])"},
    {"qsort__FPvUlUlPFPCvPCv_i",
     "qsort(void*, unsigned long, unsigned long, int (*)(void const*, void "
     "const*))"},
    {"f__FPFPFi_v_Pc", "f(char* (*)(void (*)(int)))"},
    {"f__FPFi_vT0", "f(void (*)(int), void (*)(int))"},
    {"f__FPM1AFi_v", "f(void (A::*)(int))"},
    {"f__FPM1ACFv_Pc", "f(char* (A::*)() const)"},
    {"f__FPO1A_i", "f(int A::*)"},
    /* Templates. */
    {"add__t4List1Zii", "List<int>::add(int)"},
    {"__t4List1ZPCc", "List<char const*>::List()"},
    {"_._t4List2Zii12", "List<int, 12>::~List()"},
    {"f__t1A1ib1", "not found"},
    {"f__t1A3im5b1c65", "A<-5, true, 65>::f()"},
    {"f__t1A1RC1B1b", "A<&b>::f()"},
    {"f__t6vector1Zt4pair2ZiZc", "vector<pair<int, char> >::f()"},
    {"f__Q23std6vector", "std::vector::f()"},
    {"f__Q23stdt6vector1Zi", "std::vector<int>::f()"},
    {"h__Q2t1A1i0_2InPt1A1i0", "A<0>::In::h(A<0>*)"},
    {"g__Q32nst1X1im3_1YRQ2t1C2i5i66_2In", "ns::X<-3>::Y::g(C<5, 66>::In&)"},
    {"grab__Q2t12basic_string3ZcZt18string_char_traits1ZcZt23__malloc_alloc_"
     "template1i0_3Rep",
     "basic_string<char, string_char_traits<char>, "
     "__malloc_alloc_template<0> >::Rep::grab()"},
    {"f__Q2t1A1i0_", "not found"},
    {"max__H1Zi_X01X01_X01", "int max<int>(int, int)"},
    {"tf__H1i8_Gt1A1iY01G1B_v", "void tf<8>(A<8>, B)"},
    {"tg__H2Zii3_RAY11X01P1B_i", "int tg<int, 3>(int (&) [3], B*)"},
    {"g__H1Z1B_1ARCX01_v", "void A::g<B>(B const&)"},
    {"f__Q_2_1A1B", "A::B::f()"},
    {"f__Q226_GLOBAL_.N.file.cpp.abcdef1A", "(anonymous namespace)::A::f()"},
    /* Underscores. */
    {"_foo_bar__5BView", "BView::_foo_bar()"},
    {"a__b__5BView", "BView::a__b()"},
    {"end___5BView", "BView::end_()"},
    /* Not mangled. */
    {"main", "not found"},
    {"", "not found"},
    {"__", "not found"},
    {"_", "not found"},
    {"__5", "not found"},
    {"__5BVie", "not found"},
    {"_._", "not found"},
    {"_vt.", "not found"},
    {"f__F", "f()"},
    {"f__FT0", "not found"},
    {"f__FPz", "not found"},
    {"f__99999999999A", "not found"},
    {"f__Q0", "not found"},
    {"f__Q21A", "not found"},
    {"f__FA3i", "not found"},
    {"f__FPFi", "not found"},
    {"_ZN5BView4DrawEv", "not found"},
    {"DP_LANE_SET__0DB_0_4V", "not found"},
    {"_PACKAGE__PRIVATE__FETCH_UTILS_H_", "not found"},
    {"__libc_start_main", "not found"},
    {"__init_tls", "not found"},
};

TEST(Demangle, CorpusReadsAsItsSources)
{
    for (const auto &row : kCorpus)
        EXPECT_EQ(demangle(row.mangled), row.text) << row.mangled;
}

TEST(Demangle, RepeatedTypesCannotRunAway)
{
    /* Each argument is a function of the one before, twice. */
    std::string mangled = "f__Fi";
    for (int i = 0; i < 30; i++)
        mangled += "PFT" + std::to_string(i) + (i > 9 ? "_" : "") + "T" +
                   std::to_string(i) + (i > 9 ? "_" : "") + "_v";
    EXPECT_EQ(demangle(mangled), "name is too long");
    std::string deep = "f__F";
    for (int i = 0; i < 1000; i++)
        deep += "t1A1Z";
    EXPECT_EQ(demangle(deep), "name is too long");
    EXPECT_EQ(demangle("f__F" + std::string(5000, 'P') + "c"),
              "name is too long");
    EXPECT_EQ(demangle(std::string(5000, 'n') + "__5BView"), "not found");
}

TEST(Demangle, TheRoomIsRespected)
{
    char text[16];
    EXPECT_EQ(eld_demangle_gcc2("f__1AUl", text, 6), ELD_ERR_TOO_LONG);
    EXPECT_EQ(eld_demangle_gcc2("Bounds__6BShape", text, 16), ELD_ERR_TOO_LONG);
    EXPECT_EQ(eld_demangle_gcc2("Bound__6BShape", text, 16), 15);
    EXPECT_EQ(eld_demangle_gcc2("f__Fv", text, 0), ELD_ERR_TOO_LONG);
}

TEST(Demangle, SurvivesChangedNames)
{
    std::mt19937 random(5);
    static const char letters[] = "0123456789_.$PRCVUSAFMOQtTNHXZGebcilxvfdm";
    for (int i = 0; i < 300000; i++) {
        std::string name = kCorpus[random() % std::size(kCorpus)].mangled;
        for (unsigned j = 0; j <= random() % 4 && !name.empty(); j++)
            name[random() % name.size()] =
                letters[random() % (sizeof(letters) - 1)];
        if (random() % 4 == 0)
            name += kCorpus[random() % std::size(kCorpus)].mangled;
        char text[256];
        int length = eld_demangle_gcc2(name.c_str(), text, sizeof(text));
        if (length >= 0) {
            EXPECT_EQ(strlen(text), (size_t)length);
        }
    }
}
