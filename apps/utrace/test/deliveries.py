#!/usr/bin/env python3
"""Whether signals that a player delivers wrong are caught, and located.

deliveries.py UTRACE MUTANT TRACE...: MUTANT is a utrace that loses one of a
trace's signals, or a return from one, or delivers it twice or late, on one of
its engines (test/mutant_signals.c). `replay` has to notice each, and `bisect`
to name the place.
"""

import os
import re
import subprocess
import sys
import tempfile

UTRACE, MUTANT = sys.argv[1:3]
LONG = 100000  # instructions that are not gone through for each mutation


def run(program, mutation, *arguments):
    done = subprocess.run(
        (program,) + arguments, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False,
        env=dict(os.environ, TR_MUTATION=mutation))
    return done.returncode, done.stdout.decode(errors="replace")


def deliveries(name):
    """Of each, the number of instructions before it."""
    return [int(at) for at in re.findall(r"(?m)^\d+ (\d+) registers ",
                                         run(UTRACE, "", "ls", name)[1])]


def before_waiting(name):
    """The part of a trace before it first executes many instructions at once."""
    end = 0
    for at, count in re.findall(
            r"(?m)^\d+ (\d+) (?:run|call) thread=\d+ instructions=(\d+) ",
            run(UTRACE, "", "ls", name)[1]):
        if int(count) > LONG:
            break
        end = int(at)
    part = os.path.join(tempfile.gettempdir(), "part.uvt")
    status, text = run(UTRACE, "", "cut", "--to", str(end), name, part)
    if status != 0:
        sys.exit("FAILED: cut of %s (%d): %s" % (name, status, text))
    return part


def check(name, engine, what, number, at):
    """Whether it is caught and located; says so when it is not."""
    mutation = "%s %s %d" % (engine, what, number)
    replayed, said = run(MUTANT, mutation, "replay", "--engine", engine,
                         "--translate-after", "1", name)
    _, text = run(MUTANT, mutation, "bisect", "--engine", "jit", name)
    # A second one is seen behind the instruction that it takes back.
    place = "^instruction %d:$" if what == "twice" else \
        "^before instruction %d, "
    if replayed == 1 and re.search("(?m)" + place % at, text):
        return True
    print("FAILED: %s of %s, at %d (%d): %s%s" %
          (mutation, name, at, replayed, said, text))
    return False


def main():
    tried = located = 0
    for name in sys.argv[3:]:
        part = before_waiting(name)
        numbers = deliveries(part)
        cases = [(part, engine, what, number, at)
                 for engine in ("interp", "jit")
                 for what in ("lost", "twice", "late")
                 for number, at in enumerate(numbers)]
        whole = deliveries(name)
        if len(whole) > len(numbers):
            cases.append((name, "jit", "lost", len(whole) - 1, whole[-1]))
        tried += len(cases)
        located += sum(check(*case) for case in cases)
    print("%d deliveries went wrong, %d caught and located" % (tried, located))
    if tried < 30 or located < tried:
        sys.exit(1)


main()
