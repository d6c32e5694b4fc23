/* insn_test.cc -- instructions by hand: state before, state after. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/silicon.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

namespace
{

using namespace silicon;

constexpr uint32_t start = code_begin + 0x1100;

/*
 * Both states are names with values in hexadecimal: registers, eflags,
 * [ADDRESS] with the bytes there; after: vector, error, address of a fault,
 * eip, "+" counting from the instruction. Before: what is not named is 0, ESP
 * in the middle of the data, flat segments. After: what is not named is as
 * before, EIP behind the instruction and the INT3 that follows.
 */
struct Row {
    const char *what, *code, *before, *after;
};

/* Behind INT3, which ends most rows. */
const Row rows[] = {
    /* Flags. */
    {"ADD carries out of every half", "00c8", "eax=81 ecx=7f",
     "eax=0 eflags=257"},
    {"SUB borrows", "29c8", "eax=0 ecx=1", "eax=ffffffff eflags=297"},
    {"NEG of the least is itself", "f7d8", "eax=80000000", "eflags=a87"},
    {"INC keeps CF", "40", "eax=7fffffff eflags=203",
     "eax=80000000 eflags=a97"},
    {"ADC adds CF", "15ffffffff", "eax=0 eflags=203", "eax=0 eflags=257"},
    {"SALC spreads CF", "d6", "eflags=203", "eax=ff"},
    {"LAHF shows bit 1 as set", "9f", "eflags=ad7", "eax=d700"},
    {"SAHF leaves OF alone", "9e", "eax=d500 eflags=a02", "eflags=ad7"},
    {"CMC", "f5", "eflags=203", "eflags=202"},
    {"DAA after 9+9", "27", "eax=12 eflags=212", "eax=18 eflags=216"},
    {"AAD in base 7", "d507", "eax=203", "eax=11 eflags=206"},
    {"AAM by zero is #DE", "d400", "eax=5", "vector=0 eip=+0"},

    /* Shifts: a count of zero changes nothing, counts are modulo 32. */
    {"SHL by 32", "d3e0", "eax=1 ecx=20 eflags=ad7", ""},
    {"SHL by 33", "d3e0", "eax=80000001 ecx=21", "eax=2 eflags=a03"},
    {"SAR by 31", "c1f81f", "eax=80000000", "eax=ffffffff eflags=286"},
    {"RCL of 8 bits by 9 is none", "c0d009", "eax=5a eflags=203", "eflags=203"},
    {"RCR through CF", "d1d8", "eax=1", "eax=0 eflags=203"},
    {"SHRD", "0facd004", "eax=10 edx=f", "eax=f0000001 eflags=282"},

    /* Multiplication and division. */
    {"MUL", "f7e1", "eax=ffffffff ecx=ffffffff",
     "eax=1 edx=fffffffe eflags=a03"},
    {"IMUL of bytes sign-extends", "f6e9", "eax=ff ecx=7f", "eax=ff81"},
    {"DIV by zero is #DE", "f7f1", "eax=1", "vector=0 eip=+0"},
    {"IDIV of the least by -1 is #DE", "f7f9",
     "eax=80000000 edx=ffffffff ecx=ffffffff", "vector=0 eip=+0"},
    {"IDIV truncates towards zero", "f7f9", "eax=fffffff9 edx=ffffffff ecx=2",
     "eax=fffffffd edx=ffffffff"},

    /* Bits reach memory beyond the operand. */
    {"BTS before the operand", "0fab01",
     "eax=ffffffff ecx=30000104 "
     "[30000100]=00000000",
     "[30000100]=00000080"},
    {"BTC with 16 bits", "660fbb01", "eax=10 ecx=30000100 [30000100]=00000000",
     "[30000100]=00000100"},
    {"BSF of zero leaves the destination", "0fbcc1", "eax=1234", "eflags=242"},
    {"BSR", "0fbdc1", "ecx=8000", "eax=f eflags=202"},

    /* Moves of all kinds. */
    {"BSWAP", "0fc8", "eax=12345678", "eax=78563412"},
    {"MOVSX of a byte into 16 bits", "660fbec1", "eax=11111111 ecx=80",
     "eax=1111ff80"},
    {"XCHG of AH and CL", "86e1", "eax=1200 ecx=34", "eax=3400 ecx=12"},
    {"CMPXCHG that fails loads", "0fb10b",
     "eax=1 ecx=2 ebx=30000100 "
     "[30000100]=05000000",
     "eax=5 eflags=297"},
    {"CMPXCHG8B touches ZF alone", "0fc70b",
     "eax=1 edx=2 ebx=30000100 "
     "ecx=4 eflags=ad7 [30000100]=0100000002000000",
     "[30000100]=0001003004000000"},
    {"XADD", "0fc10b", "ecx=1 ebx=30000100 [30000100]=ffffffff",
     "ecx=ffffffff eflags=257 [30000100]=00000000"},
    {"CWD", "6699", "eax=8000 edx=11110000", "edx=1111ffff"},
    {"LEA of 16-bit addressing wraps", "678d40ff", "ebx=1 esi=ffff",
     "eax=ffff"},
    {"XLAT adds AL without sign", "d7", "eax=ff ebx=30000001 [30000100]=2a",
     "eax=2a"},
    {"ARPL raises RPL", "63c8", "eax=10 ecx=3", "eax=13 eflags=242"},
    {"BOUND in bounds", "6201",
     "eax=5 ecx=30000100 "
     "[30000100]=0500000005000000",
     ""},
    {"BOUND out of bounds is #BR", "6201",
     "eax=6 ecx=30000100 "
     "[30000100]=0500000005000000",
     "vector=5 eip=+0"},

    /* Stack. */
    {"PUSH ESP pushes its old value", "54", "",
     "esp=30000ffc "
     "[30000ffc]=00100030"},
    {"POP ESP leaves what was popped", "5c", "[30001000]=44332211",
     "esp=11223344"},
    {"POP to [ESP] counts from the new one", "8f0424", "[30001000]=44332211",
     "esp=30001004 [30001004]=44332211"},
    {"PUSHA", "60", "eax=1 ecx=2 edx=3 ebx=4 ebp=5 esi=6 edi=7",
     "esp=30000fe0 [30000fe0]="
     "07000000060000000500000000100030040000000300000002000000010000"
     "00"},
    {"POPA skips ESP", "61",
     "[30001000]="
     "0700000006000000050000000000000004000000030000000200000001000000",
     "esp=30001020 eax=1 ecx=2 edx=3 ebx=4 ebp=5 esi=6 edi=7"},
    {"ENTER", "c8100000", "ebp=11223344",
     "ebp=30000ffc esp=30000fec [30000ffc]=44332211"},
    {"ENTER of level 2 copies a frame pointer", "c8080002",
     "ebp=30001100 [300010fc]=78563412",
     "ebp=30000ffc esp=30000fec [30000ff4]=fc0f00307856341200110030"},
    {"ENTER reads what it has pushed", "c8000003",
     "ebp=30001000 [30000ff8]=0000000000000000",
     "ebp=30000ffc esp=30000ff0 "
     "[30000ff0]=fc0f0030001000300010003000100030"},
    {"ENTER beyond the stack changes no register", "c8001001", "esp=30000010",
     "vector=e error=6 address=2ffff008 eip=+0 "
     "[30000008]=0c00003000000000"},
    {"ENTER reads before it runs out of its stack", "c8000016", "esp=30000010",
     "vector=e error=4 address=fffffffc eip=+0"},
    {"LEAVE", "c9", "ebp=30001100 [30001100]=44332211",
     "ebp=11223344 esp=30001104"},
    {"PUSHF has bit 1 and IF", "9c", "eflags=ad7",
     "esp=30000ffc [30000ffc]=d70a0000"},
    {"POPF cannot change IF, IOPL and VM", "9d", "[30001000]=003c0200",
     "esp=30001004 eflags=e02"}, /* DF, OF */
    {"POPF of 16 bits keeps the rest", "669d", "eflags=200202 [30001000]=0100",
     "esp=30001002 eflags=200203"},

    /* Branches. */
    {"JMP of 16 bits truncates EIP, also by 0", "66eb00", "",
     "vector=e error=14 address=1103 eip=1103"},
    {"JCXZ looks at CX with 16-bit addressing", "67e310", "ecx=10000",
     "eip=+14"},
    {"LOOP counts before it looks", "e210", "ecx=1", "ecx=0 eip=+3"},
    {"LOOPE with ZF", "e110", "ecx=2 eflags=242", "ecx=1 eip=+13"},
    {"CALL", "e810000000", "", "esp=30000ffc [30000ffc]=05110020 eip=+16"},
    {"RET frees arguments", "c20800", "[30001000]=80110020",
     "esp=3000100c eip=+81"},
    {"far JMP to another code segment", "ea801100201f00", "", "cs=1f eip=+81"},
    {"far JMP to data is #GP", "ea801100202b00", "",
     "vector=d error=28 eip=+0"},
    {"far JMP to null is #GP(0)", "ea801100200300", "", "vector=d eip=+0"},
    {"RETF", "cb", "[30001000]=801100201f000000", "esp=30001008 cs=1f eip=+81"},
    {"RETF below CPL is #GP", "cb", "[30001000]=801100202000",
     "vector=d error=20 eip=+0"},
    {"IRET pops flags", "cf", "[30001000]=8011002023000000d50a0000",
     "esp=3000100c eflags=ad7 eip=+81"},
    {"IRET with NT is #GP(0)", "cf",
     "eflags=4202 "
     "[30001000]=801100202300000002020000",
     "vector=d eip=+0"},

    {"IRET with NT looks at nothing else", "cf", "eflags=4202 esp=1000",
     "vector=d eip=+0"},

    /* Interrupts. */
    {"INTO without OF", "ce", "", ""},
    {"INTO with OF", "ce", "eflags=a02", "vector=4 eip=+1"},
    {"INT3", "cc", "", "eip=+1"},
    {"UD2", "0f0b", "", "vector=6 eip=+0"},
    {"UD1", "0fb9c0", "", "vector=6 eip=+0"},
    {"HLT", "f4", "", "vector=d eip=+0"},
    {"CLI", "fa", "", "vector=d eip=+0"},
    {"IN", "ec", "", "vector=d eip=+0"},
    {"RDMSR", "0f32", "", "vector=d eip=+0"},
    {"MOV from CR0", "0f20c0", "", "vector=d eip=+0"},
    {"LOCK of a register is #UD", "f001c8", "", "vector=6 eip=+0"},
    {"LOCK of a load is #UD", "f08b01", "ecx=30000100", "vector=6 eip=+0"},
    {"15 bytes are an instruction", "666666666666666666666666666690", "", ""},
    {"16 bytes are #GP", "66666666666666666666666666666690", "",
     "vector=d eip=+0"},

    /* Segments. */
    {"MOV to DS of null", "8ed8", "eax=0", "ds=0"},
    {"a load through null is #GP(0)", "8b01", "ds=0 ecx=30000100",
     "vector=d eip=+0"},
    {"PREFETCH through null", "0f1801", "ds=0", ""},
    {"MOV to SS of null is #GP(0)", "8ed0", "eax=0", "vector=d eip=+0"},
    {"MOV to SS of code is #GP", "8ed0", "eax=23", "vector=d error=20 eip=+0"},
    {"MOV to ES of no segment is #GP", "8ec0", "eax=47",
     "vector=d error=44 eip=+0"},
    {"MOV to CS is #UD", "8ec8", "eax=23", "vector=6 eip=+0"},
    {"code can be read",
     "2e8b05001100"
     "20",
     "", "eax=1100058b2e"},
    {"a store to code is #GP(0)", "2e8901", "ecx=30000100", "vector=d eip=+0"},
    {"a store through DS of code is #GP(0)", "8901", "ds=23 ecx=30000100",
     "vector=d eip=+0"},
    {"F2 and no count excuse no store", "f22e8901", "", "vector=d eip=+0"},
    {"no count excuses a string store", "f3ab", "es=0", ""},
    {"no count of 16 bits neither", "67f3ab", "es=23 ecx=10000", ""},
    {"a base is added", "8b01", "ds=f ecx=8100 [30000100]=44332211",
     "eax=11223344"},
    {"LDS", "c501", "ecx=30000100 [30000100]=443322110f00",
     "eax=11223344 ds=f"},
    {"POP of a selector moves ESP by 4", "1f", "[30001000]=0f000000",
     "ds=f esp=30001004"},
    {"PUSH of a selector with 16 bits", "660e", "",
     "esp=30000ffe "
     "[30000ffe]=2300"},
    {"LAR of code", "0f02c1", "ecx=23", "eax=cffb00 eflags=242"},
    {"LAR of data in 16 bits", "660f02c1", "eax=11110000 ecx=2b",
     "eax=1111f300 eflags=242"},
    {"LAR of nothing", "0f02c1", "eax=5 ecx=47 eflags=242", "eflags=202"},
    {"LSL", "0f03c1", "ecx=2b", "eax=ffffffff eflags=242"},
    {"VERR of code", "0f00e1", "ecx=23", "eflags=242"},
    {"VERW of code", "0f00e9", "ecx=23 eflags=242", "eflags=202"},
    {"VERW of data", "0f00e9", "ecx=2b", "eflags=242"},
    {"VERR of null", "0f00e1", "eflags=242", "eflags=202"},

    /* Single steps. */
    {"TF traps behind the instruction", "40", "eflags=302",
     "eax=1 vector=1 eip=+1"},
    {"TF traps at each iteration", "f3a4",
     "ecx=2 esi=30000100 edi=30000200 eflags=302 [30000100]=2a [30000200]=00",
     "ecx=1 esi=30000101 edi=30000201 vector=1 eip=+0 [30000200]=2a"},
    {"MOV SS puts the trap off", "8ed040", "eax=2b eflags=302",
     "eax=2c vector=1 eip=+3"},
    {"POPF sets TF for the one after it", "9d40", "[30001000]=02010000",
     "esp=30001004 eax=1 eflags=302 vector=1 eip=+2"},
    {"flags of a comparison that was interrupted", "f3a6",
     "ecx=2 esi=30000100 edi=30000200 eflags=302 [30000100]=2a [30000200]=2a",
     "ecx=1 esi=30000101 edi=30000201 eflags=346 vector=1 eip=+0"},

    /* String instructions. */
    {"MOVS downwards", "f3a5",
     "ecx=2 esi=30000104 edi=30000204 eflags=602 "
     "[30000100]=1122334455667788 [30000200]=0000000000000000",
     "ecx=0 esi=300000fc edi=300001fc [30000200]=1122334455667788"},
    {"overlapping MOVS repeats a byte", "f3a4",
     "ecx=4 esi=30000100 edi=30000101 [30000100]=2a00000000",
     "ecx=0 esi=30000104 edi=30000105 [30000100]=2a2a2a2a2a"},
    {"STOS with 16-bit addressing wraps DI", "67f3aa",
     "eax=2a ecx=10002 edi=1ffff es=0", "vector=d eip=+0"},
    {"SCAS finds", "f2ae", "eax=2a ecx=5 edi=30000100 [30000100]=00002a",
     "ecx=2 edi=30000103 eflags=246"},
    {"CMPS differs", "f3a6",
     "ecx=5 esi=30000100 edi=30000200 [30000100]=0102 [30000200]=0103",
     "ecx=3 esi=30000102 edi=30000202 eflags=297"},
    {"SCAS goes on in the next page", "f2ae",
     "eax=2a ecx=10 edi=30000ffa [30001002]=2a",
     "ecx=7 edi=30001003 eflags=246"},
    {"SCAS differs", "f3af",
     "eax=0 ecx=8 edi=30000100 "
     "[30000100]=00000000000000000000000005000000",
     "ecx=4 edi=30000110 eflags=293"},
    {"SCAS finds nothing", "f2ae", "eax=2a ecx=20 edi=30000100 [3000011f]=00",
     "ecx=0 edi=30000120 eflags=202"},
    {"CMPS goes on in the next page", "f3a6",
     "ecx=20 esi=30000ff0 edi=30000ff0",
     "ecx=0 esi=30001010 edi=30001010 eflags=246"},
    {"LODS of 16 bits", "66ad", "eax=11111111 esi=30000100 [30000100]=3322",
     "eax=11112233 esi=30000102"},
    {"segment overrides move the source alone", "64a4",
     "fs=f es=2b esi=8100 edi=30000200 [30000100]=2a [30000200]=00",
     "esi=8101 edi=30000201 [30000200]=2a"},
    {"a fault in the middle leaves it to be restarted", "f3a4",
     "ecx=4 esi=30000100 edi=30001ffe [30000100]=11223344 [30001ffe]=0000",
     "ecx=2 esi=30000102 edi=30002000 vector=e error=7 address=30002000 "
     "eip=+0 [30001ffe]=1122"},

    /* High bytes and the stack. */
    {"MOV of AH to the stack", "88642404", "eax=11223344 [30001004]=00000000",
     "[30001004]=33000000"},
    {"MOV of AH from the stack, with EAX in the address", "8a2404",
     "eax=4 [30001004]=5a", "eax=5a04"},
    {"XCHG of BH with the stack", "863c24", "ebx=11223344 [30001000]=5a",
     "ebx=11225a44 [30001000]=33"},
    {"XADD of CH with the stack", "0fc02c24", "ecx=1100 [30001000]=22",
     "ecx=2200 eflags=206 [30001000]=33"},
    {"CMPXCHG of DH with the stack", "0fb03424",
     "eax=11 edx=2200 [30001000]=11", "eflags=246 [30001000]=22"},
    {"ADC of the stack to AH", "122424", "eax=fe00 eflags=203 [30001000]=01",
     "eax=0 eflags=257"},
    {"TEST of AH with the stack", "842424", "eax=f000 [30001000]=80",
     "eflags=282"},
    {"a fault leaves AH where it was", "88a424001f0000", "eax=1234",
     "vector=e error=7 address=30002f00 eip=+0"},

    /* 16-bit addressing. */
    {"LEA by 16 bits", "678d4005", "ebx=1234fff0 esi=ffff0010", "eax=5"},
    {"16-bit addressing from a segment's base", "64678b07",
     "fs=f ebx=ffff8100 [30000100]=11223344", "eax=44332211"},
    {"MOV of AH by 16 bits", "64678827",
     "fs=f eax=3300 ebx=8100 [30000100]=0000", "[30000100]=3300"},
    {"PUSH and POP by 16 bits",
     "6467ff37"
     "64678f4704",
     "fs=f ebx=8100 [30000100]=1122334400000000",
     "[30000104]=11223344 [30000ffc]=11223344"},

    /* Page faults: address, code, nothing changed. */
    {"a load from nowhere", "8b01", "ecx=1000",
     "vector=e error=4 address=1000 eip=+0"},
    {"a store to nowhere", "8901", "ecx=1000",
     "vector=e error=6 address=1000 eip=+0"},
    {"a store to a page to read", "8901", "ecx=30002010",
     "vector=e error=7 address=30002010 eip=+0"},
    {"a load that runs out of a page", "8b01", "ecx=30002ffe",
     "vector=e error=4 address=30003000 eip=+0"},
    {"a store that runs into a page to read", "8901",
     "eax=ffffffff ecx=30001ffe [30001ffe]=0000",
     "vector=e error=7 address=30002000 eip=+0"},
    {"both pages refuse: the first counts", "0101", "ecx=30002ffe",
     "vector=e error=7 address=30002ffe eip=+0"},
    {"a bit in the page behind the operand", "0fbb01", "eax=20 ecx=30002ffc",
     "vector=e error=6 address=30003000 eip=+0"},
    {"a bit beyond the operand likewise", "0fbb01", "eax=20 ecx=30002ffa",
     "vector=e error=7 address=30002ffe eip=+0"},
    {"a large store that runs into a page to read", "0fae01", "ecx=30001e10",
     "vector=e error=7 address=30002000 eip=+0"},
    {"PUSH to nowhere leaves ESP", "50", "esp=30000000",
     "vector=e error=6 address=2ffffffc eip=+0"},
    {"ARPL only reads first", "6301", "ecx=1000",
     "vector=e error=4 address=1000 eip=+0"},
    {"code that is not there", "ffe0", "eax=1000",
     "vector=e error=14 address=1000 eip=1000"},
    {"code in data", "ffe0", "eax=30000100",
     "vector=e error=15 address=30000100 eip=30000100"},
    {"MASKMOVQ at the end of a page", "0ff7c8", "edi=30001ff8", "ftw=ff"},

    /* Alignment. */
    {"AC and a load that is not aligned", "8b01", "ecx=30000102 eflags=40202",
     "vector=11 eip=+0"},
    {"AC and one that is", "8b01",
     "ecx=30000104 eflags=40202 [30000104]=44332211", "eax=11223344"},
    {"AC and 16 bits", "668b01", "ecx=30000102 eflags=40202 [30000102]=2211",
     "eax=1122"},
    {"AC and 8 bytes", "dd01", "ecx=30000104 eflags=40202", "vector=11 eip=+0"},
    {"AC and the stack", "50", "esp=30001002 eflags=40202", "vector=11 eip=+0"},
    {"AC and no count", "f3ab", "edi=30000101 eflags=40202", ""},
    {"POPF sets AC for the one behind it", "9d8b01",
     "ecx=30000102 [30001000]=02020400",
     "esp=30001004 eflags=40202 vector=11 eip=+1"},
    {"a pending exception goes before alignment", "dd01",
     "ecx=30000104 eflags=40202 fcw=037e fsw=8081", "vector=10 eip=+0"},
    {"also of what converts to MMX", "0f2d01",
     "ecx=30000104 eflags=40202 fcw=037e fsw=8081", "vector=10 eip=+0"},
    {"and before a segment", "dd01", "ds=0 fcw=037e fsw=8081",
     "vector=10 eip=+0"},

    /* SSE3 to SSE4.2 and their like; vectors of AES by FIPS 197. */
    {"POPCNT", "f30fb8c1", "ecx=f0f eflags=ad7", "eax=8 eflags=202"},
    {"POPCNT of zero", "66f30fb8c1", "eax=11111111 ecx=10000",
     "eax=11110000 eflags=242"},
    {"LZCNT", "f30fbdc1", "ecx=8", "eax=1c eflags=202"},
    {"LZCNT of 16 bits of zero", "66f30fbdc1", "eax=11111111",
     "eax=11110010 eflags=203"},
    {"LZCNT of the highest bit", "f30fbdc1", "ecx=80000000",
     "eax=0 eflags=242"},
    {"CRC32 of a byte", "f20f38f0c1", "ecx=1", "eax=f26b8303"},
    {"CRC32 of AH", "f20f38f0cc", "eax=100 ecx=0", "ecx=f26b8303"},
    {"CRC32 of 16 bits", "66f20f38f1c1", "ecx=10000", "eax=0"},
    {"MOVBE loads", "0f38f001", "ecx=30000100 [30000100]=11223344",
     "eax=11223344"},
    {"MOVBE stores", "660f38f101", "eax=1122 ecx=30000100 [30000100]=0000",
     "[30000100]=1122"},
    {"MOVBE is of memory", "0f38f0c1", "", "vector=6 eip=+0"},
    {"HADDPS", "f20f7cc1",
     "xmm0=0000803f000000400000404000008040 "
     "xmm1=0000a0400000c0400000e04000000041",
     "xmm0=000040400000e0400000304100007041"},
    {"ADDSUBPD", "660fd0c1",
     "xmm0=000000000000f03f0000000000000040 "
     "xmm1=00000000000008400000000000001040",
     "xmm0=00000000000000c00000000000001840"},
    {"LDDQU need not be aligned", "f20ff001",
     "ecx=30000101 [30000101]=000102030405060708090a0b0c0d0e0f",
     "xmm0=000102030405060708090a0b0c0d0e0f"},
    {"PSHUFB needs alignment", "660f380001", "ecx=30000101", "vector=d eip=+0"},
    {"PSHUFB", "660f3800c1",
     "xmm0=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf "
     "xmm1=0f80037f000102030405060708090a0b",
     "xmm0=af00a3afa0a1a2a3a4a5a6a7a8a9aaab"},
    {"PALIGNR", "660f3a0fc105",
     "xmm0=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf "
     "xmm1=000102030405060708090a0b0c0d0e0f",
     "xmm0=05060708090a0b0c0d0e0fa0a1a2a3a4"},
    {"PTEST finds no common bit", "660f3817c1",
     "eflags=ad7 xmm0=f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0 "
     "xmm1=0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
     "eflags=242"},
    {"PTEST finds no other bit", "660f3817c1",
     "xmm0=ffffffffffffffffffffffffffffffff "
     "xmm1=01000000000000000000000000000000",
     "eflags=203"},
    {"ROUNDPS up, quietly", "660f3a08c10a",
     "xmm1=0000003f000000bf0000c03f00000040",
     "xmm0=0000803f000000800000004000000040"},
    {"ROUNDSD to even", "660f3a0bc108",
     "xmm0=0000000000001c400000000000002240 "
     "xmm1=00000000000004400000000000002040",
     "xmm0=00000000000000400000000000002240"},
    {"DPPS", "660f3a40c1f1",
     "xmm0=0000803f000000400000404000008040 "
     "xmm1=0000a0400000c0400000e04000000041",
     "xmm0=00008c42000000000000000000000000"},
    {"DPPD", "660f3a41c123",
     "xmm0=000000000000f03f0000000000000040 "
     "xmm1=00000000000008400000000000001040",
     "xmm0=00000000000020400000000000002040"},
    {"PHMINPOSUW takes the first", "660f3841c1",
     "xmm1=05000300070003000400090009000900",
     "xmm0=03000100000000000000000000000000"},
    {"INSERTPS", "660f3a21c198",
     "xmm0=0000803f000000400000404000008040 "
     "xmm1=0000a0400000c0400000e04000000041",
     "xmm0=0000803f0000e0400000404000000000"},
    {"PMOVSXBW", "660f3820c1", "xmm1=0180ff7f00000000ffffffffffffffff",
     "xmm0=010080ffffff7f000000000000000000"},
    {"PMOVZXBQ from memory", "660f383201", "ecx=30000101 [30000101]=80ff",
     "xmm0=8000000000000000ff00000000000000"},
    {"PEXTRB", "660f3a14c007",
     "eax=ffffffff xmm0=000102030405060708090a0b0c0d0e0f", "eax=7"},
    {"BLENDVPS by signs of XMM0", "660f3814ca",
     "xmm0=000080bf0000803f000080bf0000803f "
     "xmm1=0000803f000000400000404000008040 "
     "xmm2=0000a0400000c0400000e04000000041",
     "xmm1=0000a040000000400000e04000008040"},
    {"PCMPISTRI finds a text", "660f3a63c10c",
     "xmm0=6c6f0000000000000000000000000000 "
     "xmm1=68656c6c6f20776f726c640000000000",
     "ecx=3 eflags=2c3"},
    {"PCMPISTRI of nothing, not aligned", "660f3a630308",
     "ebx=30000101 [30000101]=00000000000000000000000000000000",
     "ecx=0 eflags=ac3"},
    {"PCMPESTRM of ranges", "660f3a60c144",
     "eax=2 edx=fffffffd xmm0=6b7a0000000000000000000000000000 "
     "xmm1=616d7a7a000000000000000000000000",
     "xmm0=00ffff00000000000000000000000000 eflags=2c3"},
    {"PCMPGTQ is signed", "660f3837c1",
     "xmm0=01000000000000000000000000000080 "
     "xmm1=ffffffffffffffff0000000000000000",
     "xmm0=ffffffffffffffff0000000000000000"},
    {"AESENC", "660f38dcc1",
     "xmm0=5d47535d726f74636556747365545b7b "
     "xmm1=5d6e6f726575475b2979616853286948",
     "xmm0=95e5d7de584b108bc5a3db9f2f1c31a8"},
    {"AESENCLAST", "660f38ddc1",
     "xmm0=5d47535d726f74636556747365545b7b "
     "xmm1=5d6e6f726575475b2979616853286948",
     "xmm0=11c6fd5325c47e1764598c931e88fbc7"},
    {"AESDEC", "660f38dec1",
     "xmm0=5d47535d726f74636556747365545b7b "
     "xmm1=5d6e6f726575475b2979616853286948",
     "xmm0=2a3930b75eb98eb58727eafa42c38a13"},
    {"AESDECLAST", "660f38dfc1",
     "xmm0=5d47535d726f74636556747365545b7b "
     "xmm1=5d6e6f726575475b2979616853286948",
     "xmm0=d093a5727b6310d4957f316bef91a3c5"},
    {"AESIMC", "660f38dbc1", "xmm1=8e4da1bc9fdc589d01010101c6c6c6c6",
     "xmm0=db135345f20a225c01010101c6c6c6c6"},
    {"AESKEYGENASSIST", "660f3adfc101", "xmm1=2b7e151628aed2a6abf7158809cf4f3c",
     "xmm0=34e4b524e5b52434018a84eb8b84eb01"},
    {"PCLMULQDQ of low halves", "660f3a44c100",
     "xmm0=5d47535d726f74636556747365545b7b "
     "xmm1=5d6e6f726575475b2979616853286948",
     "xmm0=51046fd3d5339692c040345cc8844d1d"},
    {"PCLMULQDQ of high halves", "660f3a44c111",
     "xmm0=5d47535d726f74636556747365545b7b "
     "xmm1=5d6e6f726575475b2979616853286948",
     "xmm0=edd40f413ee06ed6457c2e592c1f1e1d"},

    /* x87 that does not wait. */
    {"FNSETPM does not wait", "dbe4", "fcw=037e fsw=8081", ""},
    {"FNOP waits", "d9d0", "fcw=037e fsw=8081", "vector=10 eip=+0"},
    {"WAIT waits", "9b", "fcw=037e fsw=8081", "vector=10 eip=+0"},
    /* 2 + 2^-63, rounded down: the logarithm is more than 1. */
    {"FYL2XP1 takes the whole of a + 1", "d9f9",
     "fcw=077f fsw=3000 ftw=c0 st0=0100000000000080ff3f "
     "st1=2274bae8da2d76e97dc0",
     "fsw=3a20 ftw=80 st0=2474bae8da2d76e97dc0 st1=00000000000000000000 "
     "st7=0100000000000080ff3f"},

    /* Limits, before alignment, before pages. */
    {"A load across the end of the segment", "8b01", "ecx=fffffffe",
     "vector=d eip=+0"},
    {"One up to it is not", "8b01", "ecx=fffffffc",
     "vector=e error=4 address=fffffffc eip=+0"},
    {"The limit comes before alignment", "8b01", "ecx=fffffffe eflags=40202",
     "vector=d eip=+0"},
    {"A store", "668901", "ecx=ffffffff", "vector=d eip=+0"},
    {"The limit of SS is #SS", "8b4500", "ebp=fffffffe", "vector=c eip=+0"},
    {"It before alignment", "8b4500", "ebp=fffffffe eflags=40202",
     "vector=c eip=+0"},
    {"A prefix says which limit", "648b4500", "ebp=fffffffe",
     "vector=d eip=+0"},
    {"The limit is one of offsets", "648b01", "ecx=fffffffe fs=f",
     "vector=d eip=+0"},
    {"Not one of linear addresses", "648b01", "ecx=fedcba97 fs=17",
     "vector=e error=4 address=fffffffe eip=+0"},
    {"Those are checked for alignment", "648b01",
     "ecx=fedcba97 fs=17 eflags=40202", "vector=11 eip=+0"},
    {"16 bytes", "0f1001", "ecx=fffffff8", "vector=d eip=+0"},
    {"16 bytes, before alignment", "0f1001", "ecx=fffffff1 eflags=40202",
     "vector=d eip=+0"},
    {"16 bytes of an operand that has to be aligned", "0f284500",
     "ebp=fffffff8", "vector=d eip=+0"},
    {"8 bytes", "0f6f01", "ecx=fffffffc eflags=40202", "vector=d eip=+0"},
    {"80 bits begin with 64", "db6d00", "ebp=fffffff8",
     "vector=e error=4 address=fffffff8 eip=+0"},
    {"CMPXCHG8B", "0fc708", "eax=fffffffc", "vector=d eip=+0"},
    {"PUSH below a small ESP", "50", "esp=2", "vector=c eip=+0"},
    {"PUSH, before alignment", "50", "esp=2 eflags=40202", "vector=c eip=+0"},
    {"POP", "58", "esp=fffffffe", "vector=c eip=+0"},
    {"LEAVE", "c9", "ebp=fffffffe", "vector=c eip=+0"},
    {"ENTER copies from below EBP", "c8000004", "ebp=1", "vector=c eip=+0"},
    {"CALL", "e800000000", "esp=2 eflags=40202", "vector=c eip=+0"},
    {"PUSH looks at the operand first", "ff30",
     "eax=fffffffe esp=30000101 eflags=40202", "vector=d eip=+0"},
    {"PUSH looks at the stack then", "ff30", "eax=30000101 esp=2 eflags=40202",
     "vector=11 eip=+0"},
    {"MOVS looks at the source first", "a5",
     "esi=fffffffe edi=30000101 eflags=40202", "vector=d eip=+0"},
    {"MOVS looks at the destination then", "a5",
     "esi=30000101 edi=fffffffe eflags=40202", "vector=11 eip=+0"},
    {"A source without a page", "a5", "esi=1000 edi=fffffffe",
     "vector=e error=4 address=1000 eip=+0"},
    {"STOS", "ab", "edi=fffffffe", "vector=d eip=+0"},
    {"A bit far from the operand", "0fab08", "eax=2 ecx=ffffffff",
     "vector=d eip=+0"},
    {"LOCK", "f00108", "eax=fffffffe eflags=40202", "vector=d eip=+0"},
    {"An address that is nowhere and not aligned", "8b01",
     "ecx=1001 eflags=40202", "vector=11 eip=+0"},
};

/* Processors do not agree with each other, or the host has it otherwise. */
const Row own_rows[] = {
    {"INT1 is a trap", "f1", "", "vector=1 eip=+1"},
    {"CPUID of leaf 0", "0fa2", "",
     "eax=2 ebx=756e6547 edx=49656e69 ecx=6c65746e"},
    {"CPUID promises what is there", "0fa2", "eax=1",
     "eax=30678 ebx=800 ecx=2d80203 edx=7888911"},
    {"CPUID promises LZCNT, PREFETCHW and RDTSCP", "0fa2", "eax=80000001",
     "eax=0 ebx=0 ecx=120 edx=8000000"},
    {"XGETBV is not there without XSAVE", "0f01d0", "", "vector=6 eip=+0"},
    {"AVX neither", "c5f877", "", "vector=6 eip=+0"},
    {"FNSTENV tells of the last x87 instruction that is no control one",
     "d901dbe2d97110", "ecx=30000100 [30000100]=0000803f",
     "fsw=3800 ftw=80 st0=0000000000000080ff3f "
     "[30000110]=7f03ffff0038ffffff3fffff00110020000000000000000000"
     "00ffff"},
    {"FNSTENV of 16 bits, behind one without memory",
     "d901d9e0"
     "66d97110",
     "ecx=30000100 [30000100]=0000803f",
     "fsw=3800 ftw=80 st0=0000000000000080ffbf "
     "[30000110]=7f030038ff3f02110000000000"
     "00"},
    {"FNSTENV tells of the last one with an unmasked exception more",
     "d831d97110",
     "ecx=30000100 fcw=037b ftw=01 st0=0000000000000080ff3f "
     "[30000100]=00000000",
     "fcw=037f fsw=0004 "
     "[30000110]=7b03ffff8480fffffcffffff00110020000031000001003000"
     "00ffff"},
    {"FNINIT forgets it", "d901dbe3d97110", "ecx=30000100 [30000100]=0000803f",
     "st7=0000000000000080ff3f "
     "[30000110]=7f03ffff0000ffffffffffff00000000000000000000000000"
     "00ffff"},
    {"SMSW", "0f01e0", "", "eax=80050033"},
    {"SMSW of 16 bits", "660f01e0", "eax=11110000", "eax=11110033"},
    {"SLDT", "0f00c0", "eax=5", "eax=0"},
    {"STR", "0f00c8", "", "eax=40"},
    {"SMSW to memory has 16 bits", "0f0121", "ecx=30000100 [30000100]=00000000",
     "[30000100]=33000000"},
    {"SLDT to memory", "0f0001", "ecx=30000100 [30000100]=ffffffff",
     "[30000100]=0000ffff"},
    {"STR to memory", "0f0009", "ecx=30000100 [30000100]=ffffffff",
     "[30000100]=4000ffff"},
    {"SYSRET is not of this model", "0f07", "", "vector=6 eip=+0"},
    {"SGDT", "0f0101", "ecx=30000100", "[30000100]=7f00001000ff"},
    {"SIDT", "0f0109", "ecx=30000100", "[30000100]=ff07000000ff"},
    {"SYSCALL is not of this model", "0f05", "", "vector=6 eip=+0"},
    {"TZCNT executes as BSF", "f30fbcc1", "ecx=8", "eax=3 eflags=202"},
};

/* ---- rows to cases ---- */

const char *const gpr_names[8] = {"eax", "ecx", "edx", "ebx",
                                  "esp", "ebp", "esi", "edi"};
const char *const sreg_names[6] = {"es", "cs", "ss", "ds", "fs", "gs"};

std::vector<uint8_t> bytes_of(const std::string &hex)
{
    std::vector<uint8_t> bytes;

    for (size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes.push_back(static_cast<uint8_t>(
            strtoul(hex.substr(i, 2).c_str(), nullptr, 16)));
    return bytes;
}

bool set_register(const std::string &name, const std::string &text,
                  State *state)
{
    const uint32_t value =
        static_cast<uint32_t>(strtoul(text.c_str(), nullptr, 16));

    for (int i = 0; i < 8; i++)
        if (name == gpr_names[i])
            return state->gpr[i] = value, true;
    for (int i = 0; i < 6; i++)
        if (name == sreg_names[i])
            return state->sreg[i] = static_cast<uint16_t>(value), true;
    if (name.size() == 3 && name.compare(0, 2, "st") == 0)
        return memcpy(state->fx + 32 + 16 * (name[2] - '0'),
                      bytes_of(text).data(), 10),
               true;
    if (name.compare(0, 3, "xmm") == 0)
        return memcpy(state->fx + 160 + 16 * (name[3] - '0'),
                      bytes_of(text).data(), 16),
               true;
    return false;
}

bool set_other(const std::string &name, const std::string &text, State *state)
{
    const uint32_t value =
        static_cast<uint32_t>(strtoul(text.c_str(), nullptr, 16));

    if (name == "eflags")
        state->eflags = value;
    else if (name == "eip")
        state->eip = text[0] == '+' ? start + value : value;
    else if (name == "vector")
        state->vector = static_cast<int>(value);
    else if (name == "error")
        state->error_code = value;
    else if (name == "address")
        state->address = value;
    else if (name == "fcw" || name == "fsw")
        memcpy(state->fx + (name == "fsw" ? 2 : 0), &value, 2);
    else if (name == "ftw")
        state->fx[4] = static_cast<uint8_t>(value);
    else
        return false;
    return true;
}

/* Applies a column to a state and to memory. */
void apply(const std::string &column, State *state, std::vector<Patch> *patches)
{
    std::istringstream words(column);
    std::string word;

    while (words >> word) {
        const size_t equals = word.find('=');
        const std::string name = word.substr(0, equals);
        const std::string value = word.substr(equals + 1);

        if (name[0] == '[') {
            const std::vector<uint8_t> bytes = bytes_of(value);
            Patch patch = {};

            patch.address =
                static_cast<uint32_t>(strtoul(name.c_str() + 1, nullptr, 16));
            patch.size = static_cast<uint8_t>(bytes.size());
            memcpy(patch.bytes, bytes.data(), bytes.size());
            patches->push_back(patch);
        } else if (!set_register(name, value, state)) {
            ASSERT_TRUE(set_other(name, value, state)) << word;
        }
    }
}

struct Expected {
    Case test;
    State after;
    std::vector<Patch> memory;
};

Expected make(const Row &row)
{
    Expected made = {};
    Case &test = made.test;
    struct xcpu_insn insn = {};

    test.bytes = bytes_of(row.code);
    test.before.fx[0] = 0x7f;
    test.before.fx[1] = 3;
    memcpy(test.before.fx + 24, "\x80\x1f", 2);
    test.before.gpr[XCPU_ESP] = 0x30001000;
    test.before.eflags = 0x202;
    for (uint16_t &selector : test.before.sreg)
        selector = selector_data;
    test.before.sreg[XCPU_CS] = selector_code;
    test.before.eip = start;
    apply(row.before, &test.before, &test.patches);
    xcpu_decode(test.bytes.data(), test.bytes.size(), &insn);
    test.insns.push_back(insn);
    find_undefined(&test);
    made.after = test.before;
    made.after.vector = XCPU_BP;
    made.after.eip = start + static_cast<uint32_t>(test.bytes.size()) + 1;
    apply(row.after, &made.after, &made.memory);
    return made;
}

/* The data as it was, with the bytes that the row expects. */
std::vector<uint8_t> expected_memory(const Expected &row, Memory before)
{
    std::vector<uint8_t> memory(before, before + data_end - data_begin);

    for (const Patch &patch : row.memory)
        memcpy(&memory[patch.address - data_begin], patch.bytes, patch.size);
    return memory;
}

/* A case that changes nothing shows what the data is. */
std::vector<uint8_t> initial_memory(Executors &executors, Case test)
{
    State after;

    test.before.eip = start + 0x400;
    test.bytes = {0x90};
    executors.on_ours(test, &after, false);
    return std::vector<uint8_t>(executors.our_memory(),
                                executors.our_memory() + data_end - data_begin);
}

Executors &shared_executors()
{
    static Executors executors;

    return executors;
}

void expect_on_ours(const Row &row, bool on_host)
{
    Executors &executors = shared_executors();
    const Expected expected = make(row);
    const std::vector<uint8_t> memory = expected_memory(
        expected, initial_memory(executors, expected.test).data());
    State after;

    for (bool portable : {false, true}) {
        executors.on_ours(expected.test, &after, portable);
        EXPECT_EQ(difference(expected.test, expected.after, after,
                             memory.data(), executors.our_memory(), false),
                  "")
            << "expected != ours: " << row.what;
    }
    if (!on_host || executors.host_refuses() || !host_has(expected.test))
        return;
    executors.on_host(expected.test, &after);
    if (is_unspecified(expected.test, after, expected.after))
        return;
    EXPECT_EQ(difference(expected.test, after, expected.after,
                         executors.host_memory(), memory.data(), false),
              "")
        << "host != expected: " << row.what;
}

TEST(Insn, RowsHoldHereAndOnTheHost)
{
    for (const Row &row : rows)
        expect_on_ours(row, true);
}

TEST(Insn, RowsOfOurOwnHold)
{
    for (const Row &row : own_rows)
        expect_on_ours(row, false);
}

} // namespace
