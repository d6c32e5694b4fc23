/* jit_lockstep_test.cc -- random programs on the translator and on the
 * interpreter. */
/* SPDX-License-Identifier: MIT */
#include <x86cpu/decode.h>
#include <x86cpu/x86cpu.h>

extern "C" {
#include "libx86cpu/src/insns.h"
}

#include <gtest/gtest.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <random>
#include <string>
#include <vector>

namespace
{

constexpr uint64_t window_size = uint64_t{1} << 32;
constexpr uint32_t data_at = 0x10000000, data_size = 0x4000;
constexpr uint32_t code_at = 0x20000000, code_size = 0x2000;
constexpr uint64_t budget = 2000;

using Random = std::mt19937_64;

thread_local struct xcpu *running;

void on_signal(int signo, siginfo_t *info, void *context)
{
    if (!xcpu_on_fault(running, signo, info, context))
        abort();
}

/* A guest of two stretches of memory on one engine. */
class Engine
{
  public:
    explicit Engine(enum xcpu_engine engine);
    ~Engine();
    Engine(const Engine &) = delete;
    Engine &operator=(const Engine &) = delete;

    bool usable() const
    {
        return cpu != nullptr;
    }
    void load(const std::vector<uint8_t> &code, uint32_t at,
              const std::vector<uint8_t> &data, const xcpu_regs &start,
              const xcpu_fxstate &fx);
    void run(uint64_t insns);

    uint8_t *window = nullptr;
    struct xcpu_machine *machine = nullptr;
    struct xcpu *cpu = nullptr;
    xcpu_regs regs;
    xcpu_fxstate fxstate;
    xcpu_exit exit;
};

size_t fetch(void *owner, uint32_t address, void *bytes, size_t size,
             int *present)
{
    if (present)
        *present = 0;
    if (address - code_at >= code_size)
        return 0;
    const size_t room = code_at + code_size - address;
    memcpy(bytes, static_cast<Engine *>(owner)->window + address,
           size < room ? size : room);
    return size < room ? size : room;
}

int watch_writes(void *owner, uint32_t address, uint32_t size, int on)
{
    if (address - code_at >= code_size && address - data_at >= data_size)
        return 0; /* nothing there can be written */
    return mprotect(static_cast<Engine *>(owner)->window + address, size,
                    on ? PROT_READ : PROT_READ | PROT_WRITE);
}

uint64_t read_tsc(void *)
{
    return 0x123456789abcdef;
}

Engine::Engine(enum xcpu_engine engine)
{
    void *room = mmap(nullptr, window_size + 4096, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        return;
    window = static_cast<uint8_t *>(room);
    mprotect(window + data_at, data_size, PROT_READ | PROT_WRITE);
    mprotect(window + code_at, code_size, PROT_READ | PROT_WRITE);
    struct xcpu_config config = {};
    config.memory.base = window;
    config.memory.size = window_size;
    config.memory.owner = this;
    config.memory.fetch = fetch;
    config.memory.watch_writes = watch_writes;
    config.engine = engine;
    config.read_tsc = read_tsc;
    config.translate_after = 1;
    config.code_size = 256 << 10;
    if (xcpu_machine_new(&config, &machine) == 0)
        xcpu_new(machine, &cpu);
}

Engine::~Engine()
{
    xcpu_free(cpu);
    xcpu_machine_free(machine);
    if (window)
        munmap(window, window_size + 4096);
}

void Engine::load(const std::vector<uint8_t> &code, uint32_t at,
                  const std::vector<uint8_t> &data, const xcpu_regs &start,
                  const xcpu_fxstate &fx)
{
    xcpu_machine_forget(machine, code_at, code_size);
    xcpu_machine_forget(machine, data_at, data_size); /* jumped to */
    memset(window + code_at, 0xcc, code_size);
    memcpy(window + at, code.data(), code.size());
    memcpy(window + data_at, data.data(), data_size);
    xcpu_set_regs(cpu, &start);
    xcpu_set_fxstate(cpu, &fx);
}

void Engine::run(uint64_t insns)
{
    running = cpu;
    xcpu_run(cpu, insns, &exit);
    xcpu_get_regs(cpu, &regs);
    xcpu_get_fxstate(cpu, &fxstate);
}

/* ---- programs ---- */

bool is_pointer(unsigned reg)
{
    return reg == XCPU_EBX || reg >= XCPU_ESP;
}

/* Whether an operand will probably be in the data. */
bool is_tame(Random &random, const xcpu_insn &insn)
{
    const unsigned encoding = xcpu_rows[insn.op].encoding;
    if (xcpu_rows[insn.op].group == XG_PRIV ||
        xcpu_rows[insn.op].group == XG_UD)
        return random() % 50 == 0;
    if (!(encoding & XE_MODRM) || insn.mod == 3)
        return !(encoding & XE_MOFFS) || random() % 20 == 0;
    if (insn.base == XCPU_NO_REG || !is_pointer(insn.base) ||
        (insn.index != XCPU_NO_REG && is_pointer(insn.index)))
        return random() % 50 == 0;
    return insn.disp + 0x400 < 0x800 || random() % 50 == 0;
}

/* Rows whose outcome is undefined, or FOP, FIP and FDP, which translated code
 * does not keep. */
bool is_comparable(const xcpu_insn &insn)
{
    switch (insn.op) {
    case XCPU_OP_FNSTENV_M:
    case XCPU_OP_FNSAVE_M:
    case XCPU_OP_FXSAVE_M:
        return false;
    case XCPU_OP_BSWAP_Zv:
    case XCPU_OP_SHLD_Ev_Gv_Ib:
    case XCPU_OP_SHLD_Ev_Gv_CL:
    case XCPU_OP_SHRD_Ev_Gv_Ib:
    case XCPU_OP_SHRD_Ev_Gv_CL:
        return insn.operand_size == 4;
    default:
        return true;
    }
}

void append_insn(Random &random, std::vector<uint8_t> *code)
{
    static const uint8_t prefixes[] = {0x66, 0x66, 0x66, 0xf2, 0xf3, 0xf3,
                                       0x67, 0xf0, 0x64, 0x65, 0x26, 0x36};
    static const uint8_t compare[] = {0x39, 0xd8}; /* all flags defined */
    for (;;) {
        uint8_t bytes[XCPU_INSN_MAX] = {};
        size_t size = 0;
        if (random() % 3 == 0)
            bytes[size++] = prefixes[random() % sizeof(prefixes)];
        if (random() % 8 == 0)
            bytes[size++] = prefixes[random() % sizeof(prefixes)];
        if (random() % 2)
            bytes[size++] = 0x0f;
        while (size < sizeof(bytes))
            bytes[size++] = static_cast<uint8_t>(random());
        /* Small displacements and immediates more often. */
        if (random() % 2)
            memset(bytes + 6, random() % 2 ? 0 : 0xff, sizeof(bytes) - 6);
        xcpu_insn insn;
        if (xcpu_decode(bytes, sizeof(bytes), &insn) <= 0 ||
            !is_tame(random, insn) || !is_comparable(insn) ||
            (xcpu_rows[insn.op].encoding & XE_RELZ) ||
            (xcpu_rows[insn.op].attributes & A_JCC) == A_JCC)
            continue;
        code->insert(code->end(), bytes, bytes + insn.length);
        if (xcpu_rows[insn.op].undefined)
            code->insert(code->end(), compare, compare + sizeof(compare));
        return;
    }
}

void append32(std::vector<uint8_t> *code, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        code->push_back(static_cast<uint8_t>(value >> 8 * i));
}

/* mov $imm32, reg: into the data for pointers, small for others. */
void append_load(Random &random, std::vector<uint8_t> *code, unsigned reg)
{
    uint32_t value = static_cast<uint32_t>(random()) % 64;
    if (is_pointer(reg))
        value = data_at + static_cast<uint32_t>(random()) % (data_size - 8);
    code->push_back(static_cast<uint8_t>(0xb8 | reg));
    append32(code, value);
}

void append_straight(Random &random, std::vector<uint8_t> *code)
{
    if (random() % 4 == 0)
        append_load(random, code, random() % 8);
    append_insn(random, code);
}

/* Instructions with a branch over them, or back to their start. */
void append_branch(Random &random, std::vector<uint8_t> *code, uint32_t at)
{
    std::vector<uint8_t> body;
    for (uint64_t i = random() % 3; i < 3; i++)
        append_straight(random, &body);
    const uint32_t size = static_cast<uint32_t>(body.size());
    const uint32_t here = at + static_cast<uint32_t>(code->size());
    const uint8_t cc = static_cast<uint8_t>(random() % 16);
    std::vector<uint8_t> before, behind;
    switch (random() % 8) {
    case 0: /* jcc */
        before = {static_cast<uint8_t>(0x70 | cc), static_cast<uint8_t>(size)};
        break;
    case 1:
        before = {0x0f, static_cast<uint8_t>(0x80 | cc)};
        append32(&before, size);
        break;
    case 2: /* jmp, call */
        before = {static_cast<uint8_t>(random() % 2 ? 0xe9 : 0xe8)};
        append32(&before, size);
        break;
    case 3: /* push $; ret */
        before = {0x68};
        append32(&before, here + 6 + size);
        before.push_back(0xc3);
        break;
    case 4: /* mov $, reg; jmp *reg or call *reg */
        before = {static_cast<uint8_t>(0xb8 | (cc & 7))};
        append32(&before, here + 7 + size);
        before.push_back(0xff);
        before.push_back(
            static_cast<uint8_t>((random() % 2 ? 0xe0 : 0xd0) | (cc & 7)));
        break;
    case 5: /* loopne, loope, loop, jecxz */
        before = {static_cast<uint8_t>(0xe0 | (cc & 3)),
                  static_cast<uint8_t>(size)};
        break;
    default: /* mov $8, %ecx; body; push %ecx... loop or jcc back */
        before = {0xb9, 8, 0, 0, 0};
        behind = {static_cast<uint8_t>(cc & 1 ? 0xe2 : 0x70 | cc),
                  static_cast<uint8_t>(0 - size - 2)};
    }
    code->insert(code->end(), before.begin(), before.end());
    code->insert(code->end(), body.begin(), body.end());
    code->insert(code->end(), behind.begin(), behind.end());
}

std::vector<uint8_t> make_program(Random &random, size_t insns, uint32_t at)
{
    std::vector<uint8_t> code;
    for (size_t i = 0; i < insns; i++) {
        if (insns > 1 && random() % 6 == 0)
            append_branch(random, &code, at);
        else
            append_straight(random, &code);
    }
    code.push_back(0xcd);
    code.push_back(0x80);
    return code;
}

xcpu_regs make_regs(Random &random, const xcpu_regs &now, uint32_t eip)
{
    xcpu_regs regs = now;
    for (unsigned i = 0; i < 8; i++) {
        regs.gpr[i] = static_cast<uint32_t>(random()) % 256;
        if (is_pointer(i))
            regs.gpr[i] =
                data_at + (static_cast<uint32_t>(random()) % data_size);
        if (random() % 8 == 0)
            regs.gpr[i] &= ~15u;
    }
    regs.eip = eip;
    regs.eflags = 0x202 | (static_cast<uint32_t>(random()) & XF_OSZAPC);
    if (random() % 16 == 0)
        regs.eflags |= XCPU_DF;
    if (random() % 32 == 0)
        regs.eflags |= XCPU_TF;
    regs.sreg[XCPU_FS] = 0x33;
    regs.sreg_base[XCPU_FS] = random() % 2 ? 0 : 0x100;
    regs.sreg[XCPU_ES] = random() % 16 ? 0x23 : 0x0;
    return regs;
}

xcpu_fxstate make_fxstate(Random &random)
{
    xcpu_fxstate fx = {};
    const uint16_t control = static_cast<uint16_t>(
        (random() & 0xf00) | (random() % 8 ? 0x7f : 0x40));
    const uint32_t mxcsr =
        (random() & 0xe000) |
        (random() % 8 ? 0x1f80u : static_cast<uint32_t>(random()) & 0x1f80);
    memcpy(fx.bytes, &control, 2);
    fx.bytes[3] = static_cast<uint8_t>(random() & 0x38);
    fx.bytes[4] = static_cast<uint8_t>(random() % 3 ? random() : 0);
    memcpy(fx.bytes + 24, &mxcsr, 4);
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 10; j++)
            fx.bytes[32 + 16 * i + j] = static_cast<uint8_t>(random());
    for (int i = 160; i < 288; i++)
        fx.bytes[i] = static_cast<uint8_t>(random());
    return fx;
}

/* ---- comparison ---- */

std::string hex(uint64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%llx",
             static_cast<unsigned long long>(value));
    return text;
}

std::string difference(const Engine &a, const Engine &b)
{
    std::string text;
    auto compare = [&](const char *what, uint64_t x, uint64_t y,
                       uint32_t i = 0) {
        if (x != y)
            text +=
                std::string(" ") + what + hex(i) + " " + hex(x) + "/" + hex(y);
    };
    auto compare_bytes = [&](const char *what, const uint8_t *x,
                             const uint8_t *y, uint32_t size) {
        for (uint32_t i = 0; memcmp(x, y, size) != 0 && i < size; i++)
            compare(what, x[i], y[i], i);
    };
    compare("reason", a.exit.reason, b.exit.reason);
    compare("vector", a.exit.vector, b.exit.vector);
    compare("error", a.exit.error_code, b.exit.error_code);
    compare("address", a.exit.address, b.exit.address);
    for (uint32_t i = 0; i < 8; i++)
        compare("r", a.regs.gpr[i], b.regs.gpr[i], i);
    compare("eip", a.regs.eip, b.regs.eip);
    compare("eflags", a.regs.eflags, b.regs.eflags);
    for (uint32_t i = 0; i < 6; i++)
        compare("s", a.regs.sreg[i], b.regs.sreg[i], i);
    /* But for FOP, FIP and FDP. */
    compare_bytes("fx", a.fxstate.bytes, b.fxstate.bytes, 6);
    compare_bytes("fx24+", a.fxstate.bytes + 24, b.fxstate.bytes + 24, 264);
    compare_bytes("data+", a.window + data_at, b.window + data_at, data_size);
    compare_bytes("code+", a.window + code_at, b.window + code_at, code_size);
    return text.substr(0, 400);
}

std::string describe(const std::vector<uint8_t> &code)
{
    std::string text;
    size_t at = 0;
    while (at < code.size()) {
        xcpu_insn insn;
        const int length =
            xcpu_decode(code.data() + at, code.size() - at, &insn);
        if (length <= 0)
            break;
        text += "\n   ";
        for (int i = 0; i < length; i++)
            text += " " + hex(code[at + static_cast<size_t>(i)]);
        text += std::string("  ") + xcpu_op_name(insn.op);
        at += static_cast<size_t>(length);
    }
    return text;
}

void install_handlers()
{
    struct sigaction action = {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    for (int signo : {SIGSEGV, SIGBUS, SIGFPE})
        sigaction(signo, &action, nullptr);
}

uint64_t wanted(const char *name, uint64_t usual)
{
    const char *text = getenv(name);
    return text ? strtoull(text, nullptr, 0) : usual;
}

/* Programs with unpredictable branches are first run with a budget: one that
 * uses it up is left out. */
void run_programs(size_t insns, uint64_t cases)
{
    Engine interp(XCPU_ENGINE_INTERP), jit(XCPU_ENGINE_JIT);
    if (!jit.usable())
        GTEST_SKIP() << "no translator for this host";
    ASSERT_TRUE(interp.usable());
    install_handlers();
    Random random(wanted("XCPU_TEST_SEED", 1) * 1000 + insns);
    std::vector<uint8_t> data(data_size);
    int failures = 0;
    for (uint64_t i = 0; i < cases && failures < 10; i++) {
        const uint32_t at =
            code_at + 0x1000 - static_cast<uint32_t>(random()) % 64;
        const std::vector<uint8_t> code = make_program(random, insns, at);
        for (uint32_t j = 0; j < 64; j++)
            data[random() % data_size] = static_cast<uint8_t>(random());
        const xcpu_regs start = make_regs(random, interp.regs, at);
        const xcpu_fxstate fx = make_fxstate(random);
        interp.load(code, at, data, start, fx);
        interp.run(budget);
        if (interp.exit.reason == XCPU_EXIT_BUDGET)
            continue;
        jit.load(code, at, data, start, fx);
        jit.run(XCPU_BUDGET_UNLIMITED);
        const std::string text = difference(interp, jit);
        EXPECT_EQ("", text)
            << "case " << i << " at " << hex(at) << describe(code)
            << "\n    ended by " << interp.exit.reason << " at "
            << hex(interp.regs.eip) << ", eax " << hex(start.gpr[0])
            << ", eflags " << hex(start.eflags);
        failures += !text.empty();
    }
}

TEST(JitLockstep, OneInstructionDoesTheSame)
{
    run_programs(1, wanted("XCPU_TEST_CASES", 100000));
}

TEST(JitLockstep, ProgramsDoTheSame)
{
    run_programs(8, wanted("XCPU_TEST_CASES", 60000));
    run_programs(30, wanted("XCPU_TEST_CASES", 20000));
}

} // namespace
