/* decode_zydis_test.cc -- the decoder against an independent one. */
/* SPDX-License-Identifier: MIT */
#include "x86cpu/decode.h"
#include "x86cpu/x86cpu.h"

#include <Zydis/Zydis.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace
{

using bytes = std::vector<uint8_t>;

const bytes legal_prefixes = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
                              0x66, 0x67, 0xf0, 0xf2, 0xf3};

/* Names that Zydis gives by operand size; 0 stands for both. */
const struct {
    const char *name;
    unsigned operand_size;
    const char *zydis;
} names[] = {
    {"CBW", 4, "cwde"},
    {"CWD", 4, "cdq"},
    {"PUSHA", 4, "pushad"},
    {"POPA", 4, "popad"},
    {"PUSHF", 4, "pushfd"},
    {"POPF", 4, "popfd"},
    {"IRET", 4, "iretd"},
    {"RETF", 0, "ret"},
    {"RETF_Iw", 0, "ret"},
    {"INS_Yb_DX", 0, "insb"},
    {"INS_Yv_DX", 2, "insw"},
    {"INS_Yv_DX", 4, "insd"},
    {"OUTS_DX_Xb", 0, "outsb"},
    {"OUTS_DX_Xv", 2, "outsw"},
    {"OUTS_DX_Xv", 4, "outsd"},
    {"MOVS_Yb_Xb", 0, "movsb"},
    {"MOVS_Yv_Xv", 2, "movsw"},
    {"MOVS_Yv_Xv", 4, "movsd"},
    {"CMPS_Xb_Yb", 0, "cmpsb"},
    {"CMPS_Xv_Yv", 2, "cmpsw"},
    {"CMPS_Xv_Yv", 4, "cmpsd"},
    {"STOS_Yb_AL", 0, "stosb"},
    {"STOS_Yv_rAX", 2, "stosw"},
    {"STOS_Yv_rAX", 4, "stosd"},
    {"LODS_AL_Xb", 0, "lodsb"},
    {"LODS_rAX_Xv", 2, "lodsw"},
    {"LODS_rAX_Xv", 4, "lodsd"},
    {"SCAS_AL_Yb", 0, "scasb"},
    {"SCAS_rAX_Yv", 2, "scasw"},
    {"SCAS_rAX_Yv", 4, "scasd"},
    {"WAIT", 0, "fwait"},
    {"PREFETCH_Mb", 0, "prefetch"},
    {"PREFETCH_Mb", 0, "prefetchnta"},
    {"PREFETCH_Mb", 0, "prefetcht0"},
    {"PREFETCH_Mb", 0, "prefetcht1"},
    {"PREFETCH_Mb", 0, "prefetcht2"},
    {"PREFETCH_Mb", 0, "prefetchw"},
    {"PREFETCH_Mb", 0, "prefetchwt1"},
};

/*
 * Rows that Zydis calls by other names, or refuses, because it knows later
 * extensions. Without the CPUID bit of the extension the encoding executes as
 * the row: hint NOPs (SDM 2, NOP, and SDM 1, the chapters on CET and MPX),
 * TZCNT (SDM 2, its description). What only an 8087 or 287 obeyed
 * does nothing since, and does not wait (SDM 3, the chapter on compatibility).
 */
const struct {
    const char *name, *zydis;
} differences[] = {
    {"NOP_Ev", "bndcl"},          {"NOP_Ev", "bndcn"},
    {"NOP_Ev", "bndcu"},          {"NOP_Ev", "bndldx"},
    {"NOP_Ev", "bndmk"},          {"NOP_Ev", "bndmov"},
    {"NOP_Ev", "bndstx"},         {"NOP_Ev", "cldemote"},
    {"NOP_Ev", "endbr32"},        {"NOP_Ev", "endbr64"},
    {"NOP_Ev", "rdsspd"},         {"NOP_Ev", "invalid"},
    {"BSF_Gv_Ev", "tzcnt"},       {"FNSETPM", "feni8087_nop"},
    {"FNSETPM", "fdisi8087_nop"}, {"FNSETPM", "fsetpm287_nop"},
};

/*
 * Extensions, by Zydis' names, of which the table has every encoding: only
 * what Zydis files under another one may be invalid here.
 */
const char *const known_sets[] = {
    "AES",           "LZCNT",        "MOVBE",    "PCLMULQDQ",
    "POPCNT",        "RDTSCP",       "SSE3",     "SSE3X87",
    "SSE4",          "SSE42",        "SSSE3",    "SSSE3MMX",
    "AMD",           "CLFSH",        "CMOV",     "FAT_NOP",
    "FCMOV",         "FCOMI",        "FXSAVE",   "I186",
    "I286PROTECTED", "I286REAL",     "I386",     "I486",
    "I486REAL",      "I86",          "LONGMODE", "PAUSE",
    "PENTIUMMMX",    "PENTIUMREAL",  "PPRO",     "PREFETCH_NOP",
    "RDPMC",         "SSE",          "SSE2",     "SSE2MMX",
    "SSEMXCSR",      "SSE_PREFETCH", "X87",
};

bool is_prefix(uint8_t byte)
{
    return std::find(legal_prefixes.begin(), legal_prefixes.end(), byte) !=
           legal_prefixes.end();
}

std::string lower(std::string text)
{
    for (char &c : text)
        c = static_cast<char>(tolower(c));
    return text;
}

std::string hex(const bytes &code)
{
    std::string text;
    char digits[4];

    for (uint8_t byte : code) {
        snprintf(digits, sizeof digits, "%02x ", byte);
        text += digits;
    }
    return text;
}

/* What Zydis may call an instruction: several names at most. */
std::vector<std::string> admitted_names(const xcpu_insn &insn)
{
    const std::string name = xcpu_op_name(insn.op);
    std::string mnemonic = xcpu_op_mnemonic(insn.op);
    std::vector<std::string> found;

    for (const auto &n : names)
        if (name == n.name &&
            (n.operand_size == 0 || n.operand_size == insn.operand_size))
            found.push_back(n.zydis);
    if (name == "JCXZ_Jb" && insn.address_size == 4)
        found.push_back("jecxz");
    if (found.empty()) {
        if (mnemonic.size() > 2 &&
            mnemonic.compare(mnemonic.size() - 2, 2, "CC") == 0)
            mnemonic = mnemonic.substr(0, mnemonic.size() - 2) +
                       xcpu_condition_name(insn.cond);
        found.push_back(lower(mnemonic));
    }
    for (const auto &d : differences)
        if (name == d.name)
            found.push_back(d.zydis);
    return found;
}

class DecodeZydis : public testing::Test
{
  protected:
    DecodeZydis()
    {
        ZydisDecoderInit(&decoder_, ZYDIS_MACHINE_MODE_LEGACY_32,
                         ZYDIS_STACK_WIDTH_32);
    }

    bool decode_theirs(const bytes &code, ZydisDecodedInstruction *insn)
    {
        return ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
            &decoder_, nullptr, code.data(), XCPU_INSN_MAX, insn));
    }

    /* Both decode the code's first 15 bytes; tells what differs. */
    void compare(const bytes &code)
    {
        ZydisDecodedInstruction theirs;
        xcpu_insn ours;
        const int length = xcpu_decode(code.data(), XCPU_INSN_MAX, &ours);
        const bool valid = decode_theirs(code, &theirs);

        if (length > 0) {
            const char *name =
                valid ? ZydisMnemonicGetString(theirs.mnemonic) : "invalid";

            if (!admits(ours, name))
                report(xcpu_op_name(ours.op), name, code);
            else if (valid && !same_fields(ours, theirs))
                report(xcpu_op_name(ours.op), "other fields", code);
        } else if (valid && is_known(theirs)) {
            report("invalid", ZydisMnemonicGetString(theirs.mnemonic), code);
        }
    }

    /* The opcodes of all maps, after a prefix sequence. */
    void compare_opcodes(const bytes &prefix, const bytes &modrms)
    {
        for (unsigned opcode = 0; opcode < 1024; opcode++) {
            const uint8_t byte = opcode & 0xff;

            if ((opcode < 256 && (byte == 0x0f || is_prefix(byte))) ||
                opcode == 0x138 || opcode == 0x13a)
                continue;
            for (uint8_t modrm : modrms)
                compare_sibs(prefix, opcode, modrm);
        }
    }

    void TearDown() override
    {
        for (const auto &d : reports_)
            ADD_FAILURE() << d.first << ": " << d.second.count
                          << " times, as in " << hex(d.second.example);
    }

  private:
    struct example {
        bytes example;
        unsigned long count;
    };

    static bool same_fields(const xcpu_insn &ours,
                            const ZydisDecodedInstruction &theirs)
    {
        const auto &raw = theirs.raw;
        const unsigned bits0 = raw.imm[0].size, bits1 = raw.imm[1].size;
        const auto same = [](uint64_t a, uint64_t b, unsigned bits) {
            return bits == 0 || ((a ^ b) << (64 - bits)) == 0;
        };

        return theirs.length == ours.length &&
               theirs.address_width == ours.address_size * 8 &&
               same(static_cast<uint64_t>(raw.disp.value), ours.disp,
                    raw.disp.size) &&
               same(raw.imm[0].value.u, ours.imm, bits0) &&
               same(raw.imm[1].value.u, ours.imm2, bits1);
    }

    static bool is_known(const ZydisDecodedInstruction &theirs)
    {
        const char *set = ZydisISASetGetString(theirs.meta.isa_set);

        for (const char *known : known_sets)
            if (strcmp(set, known) == 0)
                return true;
        return false;
    }

    /* Cached: the names of a row depend on few of its fields. */
    bool admits(const xcpu_insn &insn, const char *name)
    {
        const unsigned key = insn.op * 64u + insn.cond * 4u +
                             (insn.operand_size == 2) * 2u +
                             (insn.address_size == 2);
        auto found = admitted_.find(key);

        if (found == admitted_.end())
            found = admitted_.emplace(key, admitted_names(insn)).first;
        for (const std::string &admitted : found->second)
            if (admitted == name)
                return true;
        return false;
    }

    void compare_sibs(const bytes &prefix, unsigned opcode, uint8_t modrm)
    {
        static const bytes sibs = {0x65, 0x4b, 0x9c};

        for (uint8_t sib : sibs) {
            static const bytes maps[] = {
                {}, {0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}};
            bytes code = prefix;

            for (uint8_t byte : maps[opcode / 256])
                code.push_back(byte);
            code.push_back(opcode & 0xff);
            code.push_back(modrm);
            code.push_back(sib);
            while (code.size() < XCPU_INSN_MAX)
                code.push_back(static_cast<uint8_t>(0x71 + code.size() * 19));
            compare(code);
            if (modrm >= 0xc0 || (modrm & 7) != 4)
                return;
        }
    }

    void report(const std::string &ours, const std::string &theirs,
                const bytes &code)
    {
        auto &r = reports_[ours + " is " + theirs + " for Zydis"];

        if (r.count++ == 0)
            r.example = code;
    }

    ZydisDecoder decoder_;
    std::map<unsigned, std::vector<std::string>> admitted_;
    std::map<std::string, example> reports_;
};

bytes all_bytes()
{
    bytes all;

    for (unsigned byte = 0; byte < 256; byte++)
        all.push_back(static_cast<uint8_t>(byte));
    return all;
}

TEST_F(DecodeZydis, AgreesOnEveryOpcodeAndModRmBehindUpToTwoPrefixes)
{
    compare_opcodes({}, all_bytes());
    for (uint8_t first : legal_prefixes) {
        compare_opcodes({first}, all_bytes());
        for (uint8_t second : legal_prefixes)
            compare_opcodes({first, second}, all_bytes());
    }
}

TEST_F(DecodeZydis, AgreesOnEveryOpcodeBehindThreePrefixes)
{
    const bytes modrms = {0x01, 0x09, 0x11, 0x19, 0x21, 0x29, 0x31, 0x39,
                          0xc1, 0xc9, 0xd1, 0xd9, 0xe1, 0xe9, 0xf1, 0xf9};

    for (uint8_t first : legal_prefixes)
        for (uint8_t second : legal_prefixes)
            for (uint8_t third : legal_prefixes)
                compare_opcodes({first, second, third}, modrms);
}

TEST_F(DecodeZydis, AgreesOnEveryAddressForm)
{
    static const ZydisRegister registers[] = {
        ZYDIS_REGISTER_EAX, ZYDIS_REGISTER_ECX, ZYDIS_REGISTER_EDX,
        ZYDIS_REGISTER_EBX, ZYDIS_REGISTER_ESP, ZYDIS_REGISTER_EBP,
        ZYDIS_REGISTER_ESI, ZYDIS_REGISTER_EDI, ZYDIS_REGISTER_NONE};
    static const ZydisRegister registers_16[] = {
        ZYDIS_REGISTER_AX, ZYDIS_REGISTER_CX, ZYDIS_REGISTER_DX,
        ZYDIS_REGISTER_BX, ZYDIS_REGISTER_SP, ZYDIS_REGISTER_BP,
        ZYDIS_REGISTER_SI, ZYDIS_REGISTER_DI, ZYDIS_REGISTER_NONE};
    static const ZydisRegister segments[] = {
        ZYDIS_REGISTER_ES, ZYDIS_REGISTER_CS, ZYDIS_REGISTER_SS,
        ZYDIS_REGISTER_DS, ZYDIS_REGISTER_FS, ZYDIS_REGISTER_GS};
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_32,
                     ZYDIS_STACK_WIDTH_32);
    for (const bytes &prefix :
         {bytes{}, bytes{0x67}, bytes{0x36}, bytes{0x64, 0x67}})
        for (unsigned modrm = 0; modrm < 0xc0; modrm++)
            for (unsigned sib = 0; sib < 256; sib++) {
                bytes code = prefix;
                xcpu_insn ours;
                ZydisDecodedInstruction theirs;
                ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

                code.push_back(0x8b);
                code.push_back(static_cast<uint8_t>(modrm));
                code.push_back(static_cast<uint8_t>(sib));
                code.resize(XCPU_INSN_MAX, 0x93);
                ASSERT_TRUE(ZYAN_SUCCESS(ZydisDecoderDecodeFull(
                    &decoder, code.data(), code.size(), &theirs, operands)));
                ASSERT_EQ(xcpu_decode(code.data(), code.size(), &ours),
                          theirs.length)
                    << hex(code);

                const auto &memory = operands[1].mem;
                const auto &names =
                    ours.address_size == 2 ? registers_16 : registers;
                ASSERT_EQ(names[ours.base], memory.base) << hex(code);
                ASSERT_EQ(names[ours.index], memory.index) << hex(code);
                ASSERT_EQ(segments[ours.segment], memory.segment) << hex(code);
                if (memory.index != ZYDIS_REGISTER_NONE) {
                    ASSERT_EQ(1u << ours.scale, memory.scale) << hex(code);
                }
                ASSERT_EQ(static_cast<int32_t>(ours.disp),
                          memory.disp.has_displacement ? memory.disp.value : 0)
                    << hex(code);
            }
}

} // namespace
