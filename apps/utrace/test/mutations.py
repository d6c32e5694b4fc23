#!/usr/bin/env python3
"""Whether wrong executions are caught, and located to the instruction.

mutations.py UTRACE SIGNALS FULL TRACE...: loses a signal of the first trace;
changes registers of the second one's steps, which `utrace replay --steps` has to
stop at; and changes an instruction, a result or a byte that the kernel wrote in
a copy of each other one, without their hashes: `utrace bisect` has to name the
instruction, and `utrace replay` to notice most of it, by the CHECKs of calls.
"""

import os
import re
import struct
import subprocess
import sys
import tempfile
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, "apps/trace/test")
import read_trace

UTRACE = sys.argv[1]
THREAD, REGISTERS, RESULT, IMAGE, WRITE, HASH = 2, 4, 5, 10, 11, 16
RUN, CALL = 12, 13


class Trace:
    """Images, and events as [kind, fields, bytes]."""

    def __init__(self, name):
        self.images, self.events, self.steps = [], [], []
        with open(name, "rb") as file:
            data = file.read()
        for kind, _, _, _, content in read_trace.blocks(data):
            if kind == ord("S"):
                self.steps.append(content)
            elif kind == ord("P"):
                self.images += [bytearray(content[i:i + 4096])
                                for i in range(0, len(content), 4096)]
            else:
                self.events += [
                    [number, fields, bytearray(bytes_)
                     if read_trace.KINDS[number][2] else None]
                    for number, fields, bytes_ in read_trace.events(content)]

    def write(self, name):
        with open(name, "wb") as file:
            header = b"uvmtrace" + struct.pack("<I", 2)
            file.write(header + struct.pack("<I", zlib.crc32(header)))
            first = 0
            for content in self.steps:
                count = len(list(read_trace.steps(content)))
                file.write(block("S", first, first, count, content))
                first += count
            for first in range(0, len(self.images), 16):
                pages = self.images[first:first + 16]
                file.write(block("P", first + 1, 0, len(pages),
                                 b"".join(pages)))
            content, first, before, total = b"", 0, 0, 0
            for i, event in enumerate(self.events):
                content += encode(*event)
                total += event[1][1] if event[0] in (RUN, CALL) else 0
                if len(content) > 60000 or i == len(self.events) - 1:
                    file.write(block("E", first, before, i + 1 - first,
                                     content))
                    content, first, before = b"", i + 1, total


def leb128(value):
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def encode(kind, fields, data):
    out = bytes([kind]) + b"".join(leb128(field) for field in fields)
    return out if data is None else out + leb128(len(data)) + bytes(data)


def block(kind, first, before, count, content):
    stored = zlib.compress(content, 1)
    header = struct.pack("<4sIIIQQII", b"TRBK", ord(kind), len(stored),
                         len(content), first, before, count,
                         zlib.crc32(stored))
    return header + struct.pack("<I", zlib.crc32(header)) + stored


def change_beginning(trace):
    """As another run has other arguments: bytes of the stack that nobody looks
    at differ from the beginning, in a page that is stored to."""
    thread = next(event for event in trace.events if event[0] == THREAD)
    esp = struct.unpack_from("<I", thread[2], 16)[0]
    at = trace.events.index(thread)
    trace.events.insert(at, [WRITE, [esp - 512], bytearray(b"other")])


def wrong_bytes(code):
    """The same instruction with something wrong: another operation, another
    constant, a condition turned round; None: no change is known for it."""
    first = code[0]
    turned = bytearray(code)
    if first < 0x40 and first & 7 < 4 and first >> 3 in (0, 5):
        turned[0] ^= 0x28  # ADD, SUB
    elif 0x40 <= first < 0x50:
        turned[0] ^= 8  # INC, DEC
    elif 0x70 <= first < 0x80:
        turned[0] ^= 1  # Jcc
    elif first == 0x83 and code[1] >> 3 & 7 in (0, 5):
        turned[1] ^= 0x28
    elif first in (0x6a, 0xc7, 0xc6, 0x81) or 0xb8 <= first < 0xc0:
        turned[-1] ^= 1  # a constant
    elif first == 0x8d and len(code) > 2:
        turned[-1] ^= 4  # an address
    else:
        return None
    return turned


def run(*arguments):
    done = subprocess.run((UTRACE,) + arguments, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


def first_executions(name):
    """(address, instructions before it), of each address once."""
    seen = {}
    for line in run("dump", "--to", "20000", name)[1].splitlines():
        match = re.match(r"(\d+) \d+ ([0-9a-f]{8})  ", line)
        if match:
            seen.setdefault(int(match[2], 16), int(match[1]))
    return seen


class Counts:
    """What came of the mutations."""
    located = caught = tried = wrong = equal = blessed = 0
    steps = 0

    def check(self, whole, changed, expected, what):
        self.tried += 1
        replayed, _ = run("replay", changed)
        self.caught += replayed != 0
        if replayed != 0:
            self.bless(changed, what)
        status, text = run("bisect", whole, changed)
        if replayed == 0 and status == 0:
            self.equal += 1  # as x - 0 for x + 0
        elif re.search(expected, text):
            self.located += 1
        else:
            self.wrong += 1
            print("FAILED: %s: not '%s' (%d):\n%s" %
                  (what, expected, status, text))

    def bless(self, changed, what):
        """Where calls are as before, what comes out is taken as right."""
        if run("bless", changed, changed)[0] != 0:
            return
        self.blessed += 1
        if run("replay", "--engine", "jit", changed)[0] != 0:
            self.wrong += 1
            print("FAILED: %s: blessed, and different" % what)


def change_code(name, counts, limit):
    trace = Trace(name)
    trace.events = [event for event in trace.events if event[0] != HASH]
    change_beginning(trace)
    changed = os.path.join(tempfile.gettempdir(), "changed.uvt")
    images = {event[1][0]: event[1][1] for event in reversed(trace.events)
              if event[0] == IMAGE}
    wanted = []
    addresses = sorted(first_executions(name).items())
    following = dict(zip([a for a, _ in addresses],
                         [a for a, _ in addresses][1:]))
    for address, number in addresses:
        page, offset = address >> 12, address & 4095
        length = following.get(address, address + 15) - address
        if page not in images or length > 8 or offset + length > 4096:
            continue
        image = trace.images[images[page] - 1]
        code = bytes(image[offset:offset + length])
        other = wrong_bytes(code)
        if other:
            wanted.append((number, image, offset, code, other))
    stride = max(1, len(wanted) // limit)
    for number, image, offset, code, other in wanted[::stride]:
        image[offset:offset + len(code)] = other
        trace.write(changed)
        counts.check(name, changed, r"(?m)^instruction %d:$" % number,
                     "%s for %s" % (other.hex(), code.hex()))
        image[offset:offset + len(code)] = code


def change_events(name, counts, limit, kinds):
    """A wrong result, a wrong byte of memory, a signal that is lost."""
    changed = os.path.join(tempfile.gettempdir(), "changed.uvt")
    trace = Trace(name)
    trace.events = [event for event in trace.events if event[0] != HASH]
    change_beginning(trace)
    first_run = next(i for i, event in enumerate(trace.events)
                     if event[0] in (RUN, CALL))
    wanted = [i for i, event in enumerate(trace.events)
              if i > first_run and event[0] in kinds]
    before = 0
    starts = {}
    for i, event in enumerate(trace.events):
        starts[i] = before
        before += event[1][1] if event[0] in (RUN, CALL) else 0
    for i in wanted[::max(1, len(wanted) // limit)]:
        kind, fields, data = trace.events[i]
        pattern = (r"(?m)^(before )?instruction %d\b" % starts[i])
        if kind == RESULT:
            trace.events[i] = [kind, [fields[0], fields[1] ^ 1], data]
        elif kind == WRITE:
            trace.events[i] = [kind, fields, bytearray([data[0] ^ 1]) +
                               data[1:]]
        else:
            del trace.events[i]
        trace.write(changed)
        counts.check(name, changed, pattern,
                     "event %d of kind %d" % (i, kind))
        if kind == REGISTERS:
            trace.events.insert(i, [kind, fields, data])
        else:
            trace.events[i] = [kind, fields, data]


def change_steps(name, counts, limit):
    """Registers that the trace has wrong: found at their instruction."""
    changed = os.path.join(tempfile.gettempdir(), "changed.uvt")
    trace = Trace(name)
    content = trace.steps[0]
    streams = read_trace.streams(content)
    wanted = [(i, stream, before[stream])
              for i, (before, behind, _) in enumerate(read_trace.steps(content))
              for stream in read_trace.GPRS + ("eip", "fpu")
              if before[stream] < behind[stream] and before["masks"] + 2 >=
              behind["masks"]]
    for i, stream, at in wanted[::max(1, len(wanted) // limit)]:
        at += 2 if stream == "fpu" else 0
        other = dict(streams)
        other[stream] = bytearray(other[stream])
        other[stream][at] ^= 2
        trace.steps[0] = b"".join(leb128(len(other[key])) + bytes(other[key])
                                  for key in read_trace.STREAMS)
        trace.write(changed)
        status, text = run("replay", "--steps", changed)
        counts.steps += 1
        if status != 1 or not re.search(r" after %d instructions" % (i + 1),
                                        text):
            counts.wrong += 1
            print("FAILED: %s of step %d (%d):\n%s" % (stream, i, status, text))
        if run("replay", changed)[0] != 0:
            counts.wrong += 1
            print("FAILED: %s of step %d: not asked for" % (stream, i))


def lose_signals(name, counts):
    """Of the part before it waits in a loop, which each bisection would go
    through again, and one of the whole."""
    part = os.path.join(tempfile.gettempdir(), "part.uvt")
    before = 0
    for kind, fields, _ in Trace(name).events:
        count = fields[1] if kind in (RUN, CALL) else 0
        if count > 100000:
            break
        before += count
    run("cut", "--to", str(before), name, part)
    change_events(part, counts, 8, (REGISTERS,))
    change_events(name, counts, 1, (REGISTERS,))


def main():
    counts = Counts()
    lose_signals(sys.argv[2], counts)
    change_steps(sys.argv[3], counts, 40)
    for name in sys.argv[4:]:
        change_code(name, counts, 12)
        change_events(name, counts, 8, (RESULT, WRITE))
    print("%d mutations: %d caught by replay, %d located, %d blessed, "
          "%d without effect; %d steps" %
          (counts.tried, counts.caught, counts.located, counts.blessed,
           counts.equal, counts.steps))
    if counts.wrong or counts.equal > 3 or counts.caught < 30 or \
            counts.blessed == 0 or counts.steps < 30:
        sys.exit(1)


main()
