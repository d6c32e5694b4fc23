#!/usr/bin/env python3
"""Whether wrong handlers and translations are caught, and located.

handlers.py UTRACE MUTANT TRACE...: MUTANT is a utrace whose processors
execute one row of the instruction table wrong (libx86cpu/test/mutant.c). Each
kind of mutation of each row that the traces have is tried, on the interpreter
against the translator, the other way round, and where the translator has other
instructions before it in a block. What the replay catches, or compares unlike,
`bisect` has to name: the row's first wrong execution, exactly.
"""

import os
import re
import subprocess
import sys

UTRACE, MUTANT = sys.argv[1:3]
LIMIT = 26  # rows of a trace for each engine and kind
FLAGS_BEFORE = 4096  # instructions that bisect looks back for a wrong flag


def run(program, mutation, *arguments):
    done = subprocess.run(
        (program,) + arguments, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, check=False,
        env=dict(os.environ, XCPU_MUTATION=mutation))
    told = re.findall(r"(?m)^mutant: (\S+)(?: (\d+))?$", done.stderr.decode())
    return done.returncode, done.stdout.decode(errors="replace"), told


def executions(name):
    """Of each address, the numbers of instructions before its executions."""
    seen = {}
    for line in run(UTRACE, "", "dump", name)[1].splitlines():
        match = re.match(r"(\d+) \d+ ([0-9a-f]{8})  ", line)
        if match:
            seen.setdefault(int(match[2], 16), []).append(int(match[1]))
    return seen


class Counts:
    caught = located = unseen = wrong = 0
    kinds = {}

    def fail(self, what, text):
        self.wrong += 1
        print("FAILED: %s:\n%s" % (what, text))


def is_first(found, what, told, numbers):
    """Whether it is the first wrong execution. Flags that nobody looked at may
    have been wrong long before."""
    first = numbers[int(told[0], 16)][int(told[1])]
    return found == first or (what == "flag" and found > first + FLAGS_BEFORE)


def is_later(place, row, told, numbers):
    """Whether it is one of the row's executions. What only a comparison with
    the translator shows is the first that is translated."""
    first = numbers[int(told[0], 16)][int(told[1])]
    mnemonic = row.split("_")[0].replace("CC", "").lower()
    return (place[0] >= first and place[0] in numbers[place[1]] and
            place[2].startswith(mnemonic))


def place_of(text):
    """Number, address and mnemonic of what bisect names: the last instruction of
    the shortest block that is wrong, or one."""
    match = re.search(r"(?m)^instructions? \d+(?: to \d+, as one block)?:\n"
                      r"(?:in .*\n)?((?:\d+ \d+ [0-9a-f]{8}  .*\n)+)", text)
    if not match:
        return None
    number, _, address, mnemonic = match[1].splitlines()[-1].split()[:4]
    return int(number), int(address, 16), mnemonic


def is_located(place, mutation, status, told, said, numbers):
    """Which execution is the first that is translated, only the execution
    tells."""
    engine, what, row = mutation.split()
    if engine == "interp" and status == 0:
        return is_later(place, row, told[0], numbers)
    return place[1] in {int(address, 16) for address, _ in told + said} and (
        engine != "interp" or is_first(place[0], what, told[0], numbers))


def check(name, mutation, numbers, counts):
    """One mutation; nothing when no instruction was executed wrong by it."""
    engine, what, _ = mutation.split()
    player = ("--engine", "interp" if engine == "interp" else "jit",
              "--translate-after", "1")
    status, _, told = run(MUTANT, mutation, "replay", *player, name)
    if not told:
        return
    found, text, said = run(MUTANT, mutation, "bisect", "--engine", "jit", name)
    if status == 0 and found == 0:
        counts.unseen += 1  # as a flag that the next instruction sets anew
        return
    counts.caught += status == 1
    place = place_of(text)
    if not place or not is_located(place, mutation, status, told, said,
                                   numbers) or (
            engine == "block" and "as one block" not in text):
        counts.fail("%s of %s (%d, %d), told %s" %
                    (mutation, name, status, found, told), text)
        return
    counts.located += 1
    key = engine + " " + what
    counts.kinds[key] = counts.kinds.get(key, 0) + 1


def main():
    counts = Counts()
    for name in sys.argv[3:]:
        numbers = executions(name)
        rows = sorted(set(run(MUTANT, "interp list -", "replay", name)[2]))
        rows = [row for row, _ in rows]
        for engine in ("interp", "jit", "block"):
            for what in ("result", "flag", "byte", "stack"):
                if what == "stack" and engine != "block":
                    continue
                for row in rows[::max(1, -(-len(rows) // LIMIT))]:
                    check(name, "%s %s %s" % (engine, what, row), numbers,
                          counts)
    print("%d caught by replay, %d located (%s), %d without effect" %
          (counts.caught, counts.located, ", ".join(
              "%s: %d" % item for item in sorted(counts.kinds.items())),
           counts.unseen))
    if counts.wrong or counts.caught < 30 or len(counts.kinds) < 10:
        sys.exit(1)


main()
