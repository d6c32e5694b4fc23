/* decode_test.cc -- fields, lengths and refusals of xcpu_decode. */
/* SPDX-License-Identifier: MIT */
#include "x86cpu/decode.h"
#include "x86cpu/x86cpu.h"

extern "C" {
#include "libx86cpu/src/insns.h"
}

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace
{

std::vector<uint8_t> bytes_of(const char *hex)
{
    std::vector<uint8_t> bytes;
    unsigned value;
    int used;

    for (; sscanf(hex, "%2x %n", &value, &used) == 1; hex += used)
        bytes.push_back(static_cast<uint8_t>(value));
    return bytes;
}

std::string number(uint32_t value)
{
    char text[16];

    snprintf(text, sizeof text, "%#x", value);
    return text;
}

std::string memory(const xcpu_insn &insn)
{
    static const char *const segments[] = {"es", "cs", "ss", "ds", "fs", "gs"};
    static const char *const registers[] = {"eax", "ecx", "edx", "ebx",
                                            "esp", "ebp", "esi", "edi"};
    std::string text = segments[insn.segment] + std::string(":[");

    if (insn.base != XCPU_NO_REG)
        text += registers[insn.base] + std::string("+");
    if (insn.index != XCPU_NO_REG)
        text += registers[insn.index] + ("*" + number(1u << insn.scale)) + "+";
    return text + number(insn.disp) + "]";
}

/* What the row's letters make of the other fields, as text. */
std::string describe(const xcpu_insn &insn)
{
    const unsigned immediates =
        XE_IMM8 | XE_SIMM8 | XE_IMM16 | XE_IMMZ | XE_RELZ | XE_FAR;
    const xcpu_row &row = xcpu_rows[insn.op];
    std::string text;

    text += insn.lock ? "lock " : "";
    text += insn.rep == 0xf3 ? "rep " : insn.rep == 0xf2 ? "repne " : "";
    text += insn.operand_size == 2 ? "o16 " : "";
    text += insn.address_size == 2 ? "a16 " : "";
    text += xcpu_op_name(insn.op);
    if (row.attributes & A_COND)
        text += std::string(" ") + xcpu_condition_name(insn.cond);
    if (row.encoding & XE_MODRM)
        text += " /" + std::to_string(insn.reg);
    if ((row.encoding & XE_MOFFS) ||
        ((row.encoding & XE_MODRM) && insn.mod != 3))
        text += " " + memory(insn);
    else if (row.encoding & (XE_MODRM | XE_OPREG))
        text += " r" + std::to_string(insn.rm);
    if (row.encoding & immediates)
        text += " " + number(insn.imm);
    if ((row.encoding & XE_FAR) || row.operands[0] == XO_Iw)
        text += "," + number(insn.imm2);
    return text;
}

std::string decode(const char *hex)
{
    const std::vector<uint8_t> bytes = bytes_of(hex);
    xcpu_insn insn;
    const int length = xcpu_decode(bytes.data(), bytes.size(), &insn);

    switch (length) {
    case XCPU_DECODE_SHORT:
        return "short";
    case XCPU_DECODE_INVALID:
        return "invalid";
    case XCPU_DECODE_TOO_LONG:
        return "too long";
    }
    EXPECT_EQ(length, insn.length) << hex;
    EXPECT_EQ(static_cast<size_t>(length), bytes.size()) << hex;
    return describe(insn);
}

struct row {
    const char *bytes, *text;
};

void expect_rows(const std::vector<row> &rows)
{
    for (const row &r : rows)
        EXPECT_EQ(decode(r.bytes), r.text) << r.bytes;
}

TEST(Decode, OperandsComeFromModRm)
{
    expect_rows({
        {"00 c8", "ADD_Eb_Gb /1 r0"},
        {"03 1a", "ADD_Gv_Ev /3 ds:[edx+0]"},
        {"89 42 fc", "MOV_Ev_Gv /0 ds:[edx+0xfffffffc]"},
        {"89 82 00 01 00 80", "MOV_Ev_Gv /0 ds:[edx+0x80000100]"},
        {"89 05 78 56 34 12", "MOV_Ev_Gv /0 ds:[0x12345678]"},
        {"8d 74 26 00", "LEA_Gv_M /6 ds:[esi+0]"},
        {"8d 74 24 00", "LEA_Gv_M /6 ss:[esp+0]"},
        {"8d 45 00", "LEA_Gv_M /0 ss:[ebp+0]"},
        {"0f af c3", "IMUL_Gv_Ev /0 r3"},
        {"0f a4 c3 07", "SHLD_Ev_Gv_Ib /0 r3 0x7"},
        {"0f c7 0e", "CMPXCHG8B_Mq /1 ds:[esi+0]"},
        {"8c d8", "MOV_Rv_Sw /3 r0"},
        {"8c 18", "MOV_Mw_Sw /3 ds:[eax+0]"},
        {"8e e8", "MOV_Sw_Ew /5 r0"},
    });
}

TEST(Decode, SibBytesGiveBaseIndexAndScale)
{
    expect_rows({
        {"8b 04 24", "MOV_Gv_Ev /0 ss:[esp+0]"},
        {"8b 04 4b", "MOV_Gv_Ev /0 ds:[ebx+ecx*0x2+0]"},
        {"8b 04 c8", "MOV_Gv_Ev /0 ds:[eax+ecx*0x8+0]"},
        {"8b 04 2c", "MOV_Gv_Ev /0 ss:[esp+ebp*0x1+0]"},
        {"8b 04 8d 10 00 00 00", "MOV_Gv_Ev /0 ds:[ecx*0x4+0x10]"},
        {"8b 44 8d 10", "MOV_Gv_Ev /0 ss:[ebp+ecx*0x4+0x10]"},
        {"8b 84 ad 10 00 00 80", "MOV_Gv_Ev /0 ss:[ebp+ebp*0x4+0x80000010]"},
        {"8b 04 e0", "MOV_Gv_Ev /0 ds:[eax+0]"},
        {"8b 04 25 04 00 00 00", "MOV_Gv_Ev /0 ds:[0x4]"},
    });
}

TEST(Decode, AddressesOf16BitsHaveTheirOwnForms)
{
    expect_rows({
        {"67 8b 00", "a16 MOV_Gv_Ev /0 ds:[ebx+esi*0x1+0]"},
        {"67 8b 01", "a16 MOV_Gv_Ev /0 ds:[ebx+edi*0x1+0]"},
        {"67 8b 02", "a16 MOV_Gv_Ev /0 ss:[ebp+esi*0x1+0]"},
        {"67 8b 03", "a16 MOV_Gv_Ev /0 ss:[ebp+edi*0x1+0]"},
        {"67 8b 04", "a16 MOV_Gv_Ev /0 ds:[esi+0]"},
        {"67 8b 05", "a16 MOV_Gv_Ev /0 ds:[edi+0]"},
        {"67 8b 06 34 12", "a16 MOV_Gv_Ev /0 ds:[0x1234]"},
        {"67 8b 07", "a16 MOV_Gv_Ev /0 ds:[ebx+0]"},
        {"67 8b 46 fe", "a16 MOV_Gv_Ev /0 ss:[ebp+0xfffffffe]"},
        {"67 8b 86 00 80", "a16 MOV_Gv_Ev /0 ss:[ebp+0xffff8000]"},
        {"67 8b c4", "a16 MOV_Gv_Ev /0 r4"},
        {"67 a1 00 90", "a16 MOV_rAX_Ov ds:[0x9000]"},
        {"67 e3 fe", "a16 JCXZ_Jb 0xfffffffe"},
        {"66 67 c7 47 7f 34 12", "o16 a16 MOV_Ev_Iz /0 ds:[ebx+0x7f] 0x1234"},
    });
}

TEST(Decode, SegmentPrefixesOverrideTheDefault)
{
    expect_rows({
        {"26 8b 00", "MOV_Gv_Ev /0 es:[eax+0]"},
        {"2e 8b 00", "MOV_Gv_Ev /0 cs:[eax+0]"},
        {"36 8b 00", "MOV_Gv_Ev /0 ss:[eax+0]"},
        {"3e 8b 45 00", "MOV_Gv_Ev /0 ds:[ebp+0]"},
        {"64 a1 00 00 00 00", "MOV_rAX_Ov fs:[0]"},
        {"65 8b 04 24", "MOV_Gv_Ev /0 gs:[esp+0]"},
        {"64 65 8b 00", "MOV_Gv_Ev /0 gs:[eax+0]"},
        {"65 64 8b 00", "MOV_Gv_Ev /0 fs:[eax+0]"},
    });
}

TEST(Decode, ImmediatesFollowTheirLetters)
{
    expect_rows({
        {"04 ff", "ADD_AL_Ib 0xff"},
        {"05 78 56 34 92", "ADD_rAX_Iz 0x92345678"},
        {"66 05 78 96", "o16 ADD_rAX_Iz 0x9678"},
        {"83 c0 ff", "ADD_Ev_sIb /0 r0 0xffffffff"},
        {"6a 80", "PUSH_sIb 0xffffff80"},
        {"68 00 00 00 80", "PUSH_Iz 0x80000000"},
        {"66 68 00 80", "o16 PUSH_Iz 0x8000"},
        {"b3 7f", "MOV_Zb_Ib r3 0x7f"},
        {"bf 01 02 03 04", "MOV_Zv_Iv r7 0x4030201"},
        {"66 bf 01 f2", "o16 MOV_Zv_Iv r7 0xf201"},
        {"c8 34 92 1f", "ENTER_Iw_Ib 0x9234,0x1f"},
        {"c2 08 80", "RET_Iw 0x8008,0"},
        {"cd 63", "INT_Ib 0x63"},
        {"f6 c1 80", "TEST_Eb_Ib /0 r1 0x80"},
        {"f7 c1 80 00 00 00", "TEST_Ev_Iz /0 r1 0x80"},
        {"66 69 c1 ff ff", "o16 IMUL_Gv_Ev_Iz /0 r1 0xffff"},
        {"9a 04 03 02 01 23 00", "CALL_Ap 0x1020304,0x23"},
        {"66 ea 04 83 23 00", "o16 JMP_Ap 0x8304,0x23"},
        {"d4 0a", "AAM_Ib 0xa"},
        {"0f 70 c8 1b", "PSHUFW_Pq_Qq_Ib /1 r0 0x1b"},
    });
}

TEST(Decode, BranchesCarryADisplacementAndACondition)
{
    expect_rows({
        {"70 00", "JCC_Jb O 0"},
        {"75 fe", "JCC_Jb NZ 0xfffffffe"},
        {"7f 7f", "JCC_Jb NLE 0x7f"},
        {"0f 84 00 00 00 80", "JCC_Jz Z 0x80000000"},
        {"66 0f 8c 00 80", "o16 JCC_Jz L 0xffff8000"},
        {"0f 9a c1", "SETCC_Eb P /0 r1"},
        {"0f 47 c1", "CMOVCC_Gv_Ev NBE /0 r1"},
        {"e8 fb ff ff ff", "CALL_Jz 0xfffffffb"},
        {"66 e9 fb ff", "o16 JMP_Jz 0xfffffffb"},
        {"2e eb 80", "JMP_Jb 0xffffff80"},
        {"e2 fe", "LOOP_Jb 0xfffffffe"},
        {"ff 24 85 00 10 00 00", "JMP_Ev /4 ds:[eax*0x4+0x1000]"},
    });
}

TEST(Decode, MandatoryPrefixesSelectRows)
{
    expect_rows({
        {"0f 38 f0 08", "MOVBE_Gv_Mv /1 ds:[eax+0]"},
        {"66 f2 0f 38 f1 c1", "repne o16 CRC32_Gd_Ev /0 r1"},
        {"0f 58 c1", "ADDPS_Vps_Wps /0 r1"},
        {"66 0f 58 c1", "o16 ADDPD_Vpd_Wpd /0 r1"},
        {"f3 0f 58 c1", "rep ADDSS_Vss_Wss /0 r1"},
        {"f2 0f 58 c1", "repne ADDSD_Vsd_Wsd /0 r1"},
        {"66 f2 0f 58 c1", "repne o16 ADDSD_Vsd_Wsd /0 r1"},
        {"f3 66 0f 58 c1", "rep o16 ADDSS_Vss_Wss /0 r1"},
        {"f2 f3 0f 58 c1", "rep ADDSS_Vss_Wss /0 r1"},
        {"f3 f2 0f 58 c1", "repne ADDSD_Vsd_Wsd /0 r1"},
        {"f3 90", "rep PAUSE"},
        {"66 90", "o16 NOP"},
        {"f2 90", "repne NOP"},
        {"0f 10 c1", "MOVUPS_Vps_Wps /0 r1"},
        {"f3 0f 10 c1", "rep MOVSS_Vss_Uss /0 r1"},
        {"f3 0f 10 01", "rep MOVSS_Vss_Md /0 ds:[ecx+0]"},
        {"0f 12 c1", "MOVHLPS_Vq_Uq /0 r1"},
        {"f2 0f 54 c1", "invalid"},
        {"66 0f 77", "invalid"},
        {"f3 0f 60 c1", "invalid"},
    });
}

TEST(Decode, OtherInstructionsKeepOrIgnoreRepeatPrefixes)
{
    expect_rows({
        {"f3 a4", "rep MOVS_Yb_Xb"},
        {"66 f2 af", "repne o16 SCAS_rAX_Yv"},
        {"f2 f3 a6", "rep CMPS_Xb_Yb"},
        {"f3 c3", "rep RET"},
        {"f2 e8 00 00 00 00", "repne CALL_Jz 0"},
        {"f3 0f bc c1", "rep BSF_Gv_Ev /0 r1"},
        {"f3 0f 1e fb", "rep NOP_Ev /7 r3"},
    });
}

TEST(Decode, StringInstructionsAloneRepeat)
{
    const auto repeats = [](const char *hex) {
        const std::vector<uint8_t> bytes = bytes_of(hex);
        xcpu_insn insn;

        EXPECT_LT(0, xcpu_decode(bytes.data(), bytes.size(), &insn)) << hex;
        return xcpu_insn_repeats(&insn) != 0;
    };

    for (const char *hex : {"f3 a4", "66 f3 ab", "f2 ac", "f2 a6", "f3 67 af"})
        EXPECT_TRUE(repeats(hex)) << hex;
    for (const char *hex :
         {"a4", "f3 c3", "f3 9c", "f3 90", "f2 0f 10 c0", "f2 e8 00 00 00 00"})
        EXPECT_FALSE(repeats(hex)) << hex;
}

TEST(Decode, X87RegisterFormsAreFoundByTheirWholeModRmByte)
{
    expect_rows({
        {"d8 c3", "FADD_ST0_STi /0 r3"},
        {"dc e1", "FSUBR_STi_ST0 /4 r1"},
        {"dc d1", "FCOM_ST0_STi /2 r1"},
        {"d9 ee", "FLDZ /5 r6"},
        {"d9 d9", "FSTPNCE_STi /3 r1"},
        {"dd d9", "FSTP_STi /3 r1"},
        {"df c2", "FFREEP_STi /0 r2"},
        {"df e0", "FNSTSW_AX /4 r0"},
        {"db e4", "FNSETPM /4 r4"},
        {"db 2d 00 10 00 00", "FLD_Mt /5 ds:[0x1000]"},
        {"dd 45 08", "FLD_Mq /0 ss:[ebp+0x8]"},
        {"66 d9 75 00", "o16 FNSTENV_M /6 ss:[ebp+0]"},
        {"d9 d1", "invalid"},
        {"df e1", "invalid"},
        {"db 20", "invalid"},
    });
}

TEST(Decode, ExecutedButUndocumentedEncodingsAreRows)
{
    expect_rows({
        {"82 c0 01", "ADD_Eb_Ib /0 r0 0x1"},
        {"d6", "SALC"},
        {"f1", "INT1"},
        {"f6 c8 01", "TEST_Eb_Ib /1 r0 0x1"},
        {"f7 08 01 00 00 00", "TEST_Ev_Iz /1 ds:[eax+0] 0x1"},
        {"c0 f0 01", "SHL_Eb_Ib /6 r0 0x1"},
        {"d3 f0", "SHL_Ev_CL /6 r0"},
        {"0f 0b", "UD2"},
        {"0f b9 00", "UD1_Gv_Ev /0 ds:[eax+0]"},
        {"0f ff c0", "UD0_Gv_Ev /0 r0"},
        {"0f 18 38", "NOP_Ev /7 ds:[eax+0]"},
        {"0f 18 00", "PREFETCH_Mb /0 ds:[eax+0]"},
        {"0f 0d 08", "PREFETCH_Mb /1 ds:[eax+0]"},
        {"0f 0d c8", "NOP_Ev /1 r0"},
        {"0f 1f 44 00 00", "NOP_Ev /0 ds:[eax+eax*0x1+0]"},
        {"0f ae ea", "LFENCE /5 r2"},
    });
}

TEST(Decode, ControlRegisterMovesIgnoreMod)
{
    expect_rows({
        {"0f 20 04", "MOV_Rd_Cd /0 r4"},
        {"0f 22 5d", "MOV_Cd_Rd /3 r5"},
        {"0f 23 c7", "MOV_Dd_Rd /0 r7"},
        {"0f 20 c8", "invalid"},
    });
}

TEST(Decode, LockNeedsAMemoryDestinationOfItsList)
{
    expect_rows({
        {"f0 01 08", "lock ADD_Ev_Gv /1 ds:[eax+0]"},
        {"f0 01 c8", "invalid"},
        {"f0 03 08", "invalid"},
        {"f0 39 08", "invalid"},
        {"f0 81 38 00 00 00 00", "invalid"},
        {"f0 87 08", "lock XCHG_Ev_Gv /1 ds:[eax+0]"},
        {"f0 89 08", "invalid"},
        {"f0 90", "invalid"},
        {"f0 a4", "invalid"},
        {"f0 f7 10", "lock NOT_Ev /2 ds:[eax+0]"},
        {"f0 f7 20", "invalid"},
        {"f0 ff 00", "lock INC_Ev /0 ds:[eax+0]"},
        {"f0 ff 30", "invalid"},
        {"f0 0f a3 08", "invalid"},
        {"f0 0f ab 08", "lock BTS_Ev_Gv /1 ds:[eax+0]"},
        {"f0 0f ba 38 01", "lock BTC_Ev_Ib /7 ds:[eax+0] 0x1"},
        {"f0 0f c1 08", "lock XADD_Ev_Gv /1 ds:[eax+0]"},
        {"f0 0f c7 08", "lock CMPXCHG8B_Mq /1 ds:[eax+0]"},
        {"f0 82 00 01", "lock ADD_Eb_Ib /0 ds:[eax+0] 0x1"},
    });
}

TEST(Decode, FormsThatDoNotExistAreInvalid)
{
    for (const char *hex :
         {"62 c0",    "8d c0",    "8e c8",    "8e f0",       "8c f0",
          "8f c8",    "c4 c0",    "c5 c0",    "c6 c8 00",    "c7 08",
          "fe d0",    "ff d8",    "ff e8",    "ff f8",       "0f 04",
          "0f 0a",    "0f 24",    "0f 00 f0", "0f 01 28",    "0f 01 c1",
          "0f 13 c0", "0f 50 00", "0f 71 c0", "0f 71 10",    "0f a6",
          "0f ae 20", "0f ae e0", "0f b2 c0", "0f ba c0 00", "0f c7 c8",
          "0f d6 c0", "0f f7 00"}) {
        const std::vector<uint8_t> bytes = bytes_of(hex);
        xcpu_insn insn;

        EXPECT_EQ(xcpu_decode(bytes.data(), bytes.size(), &insn),
                  XCPU_DECODE_INVALID)
            << hex;
    }
}

TEST(Decode, FifteenBytesAreTheLimit)
{
    expect_rows({
        {"66 66 66 66 66 66 66 66 66 66 66 66 66 66 90", "o16 NOP"},
        {"66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90", "too long"},
        {"36 66 67 f0 36 66 67 f0 81 84 00 01 02 03",
         "lock o16 a16 ADD_Ev_Iz /0 ss:[esi+0x100] 0x302"},
        {"36 66 67 f0 36 66 67 f0 81 84 00 01 02", "short"},
        {"3e 3e 3e 3e 3e 3e 3e 3e c7 05 00 00 00 00 00", "too long"},
        {"2e 2e 2e 2e 2e c7 05 04 03 02 01 08 07 06 05",
         "MOV_Ev_Iz /0 cs:[0x1020304] 0x5060708"},
        {"26 26 26 26 26 26 26 26 26 26 26 26 26 26 0f", "too long"},
    });
}

TEST(Decode, LeavesTheResultAloneOnFailure)
{
    xcpu_insn insn, before;

    memset(&insn, 0xa5, sizeof insn);
    before = insn;
    for (const char *hex : {"", "66", "0f", "0f 04", "81 c0 00", "f0 90"}) {
        const std::vector<uint8_t> bytes = bytes_of(hex);

        EXPECT_LT(xcpu_decode(bytes.data(), bytes.size(), &insn), 0) << hex;
        EXPECT_EQ(memcmp(&insn, &before, sizeof insn), 0) << hex;
    }
}

TEST(Decode, RowsWithoutMemoryKeepTheStringSegment)
{
    xcpu_insn insn;
    const uint8_t lods[] = {0x64, 0xac};
    const uint8_t movs[] = {0xa5};

    ASSERT_EQ(xcpu_decode(lods, sizeof lods, &insn), 2);
    EXPECT_EQ(insn.segment, XCPU_FS);
    EXPECT_EQ(insn.segment_prefix, XCPU_FS);
    ASSERT_EQ(xcpu_decode(movs, sizeof movs, &insn), 1);
    EXPECT_EQ(insn.segment, XCPU_DS);
    EXPECT_EQ(insn.segment_prefix, XCPU_NO_SREG);
}

} // namespace
