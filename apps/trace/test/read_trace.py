#!/usr/bin/env python3
"""Reads traces by docs/trace-format.md alone, with nothing of apps/trace.

read_trace.py FILE...: checks each file's blocks, events and images: prints a
line of counts for each, or what is wrong, and then ends with status 1.
"""

import struct
import sys
import zlib

KINDS = {  # number: (name, fields, whether bytes follow)
    1: ("info", 0, True),
    2: ("thread", 1, True),
    3: ("exit", 1, False),
    4: ("registers", 1, True),
    5: ("result", 2, False),
    6: ("fpu", 1, True),
    7: ("map", 5, False),
    8: ("unmap", 2, False),
    9: ("protect", 3, False),
    10: ("image", 2, False),
    11: ("write", 1, True),
    12: ("run", 8, False),
    13: ("call", 5, False),
    14: ("name", 1, True),
    15: ("tsc", 1, False),
    16: ("hash", 1, True),
    17: ("child", 1, True),
    18: ("finish", 2, False),
}
SIZES = {2: 588, 4: 76, 6: 512, 16: 8}


def fail(text):
    raise ValueError(text)


def blocks(data):
    """(kind, first, instructions before, count, content), in order."""
    if data[:8] != b"uvmtrace" or struct.unpack("<II", data[8:16]) not in (
            (1, 0), (2, zlib.crc32(data[:12]))):
        fail("no trace of version 1 or 2")
    at = 16
    while at < len(data):
        header = data[at:at + 44]
        if len(header) < 44 or header[:4] != b"TRBK":
            fail("no block at offset %d" % at)
        (kind, stored, size, first, before, count, crc,
         header_crc) = struct.unpack("<IIIQQIII", header[4:])
        if zlib.crc32(header[:40]) != header_crc:
            fail("header's CRC at offset %d" % at)
        body = data[at + 44:at + 44 + stored]
        if len(body) != stored or zlib.crc32(body) != crc:
            fail("CRC of the block at offset %d" % at)
        content = zlib.decompress(body)
        if len(content) != size or stored > 204800 or size > 196608:
            fail("size of the block at offset %d" % at)
        yield kind, first, before, count, content
        at += 44 + stored


def number(content, at):
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def events(content):
    at = 0
    while at < len(content):
        kind = content[at]
        at += 1
        if kind not in KINDS:
            fail("event of kind %d" % kind)
        fields = []
        for _ in range(KINDS[kind][1]):
            value, at = number(content, at)
            fields.append(value)
        data = b""
        if KINDS[kind][2]:
            size, at = number(content, at)
            data = content[at:at + size]
            if len(data) != size or size > 65536:
                fail("bytes of an event of kind %d" % kind)
            at += size
        if kind in SIZES and len(data) != SIZES[kind]:
            fail("%d bytes of %s" % (len(data), KINDS[kind][0]))
        yield kind, fields, data


GPRS = ("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi")
STREAMS = ("masks", "eip", "eflags") + GPRS + ("fpu", "segments", "threads")


def streams(content):
    """The streams of a block of steps, by name."""
    at, found = 0, {}
    for name in STREAMS:
        size, at = number(content, at)
        found[name] = content[at:at + size]
        at += size
    if at != len(content):
        fail("streams of %d bytes, not %d" % (at, len(content)))
    return found


def steps(content):
    """For each step the places in the streams before and behind it, and the
    registers behind it."""
    data = streams(content)
    at = dict.fromkeys(STREAMS, 0)
    state = dict.fromkeys(("eip", "eflags", "thread") + GPRS, 0)

    def value(name):
        found, at[name] = number(data[name], at[name])
        return found

    def add(name):
        by = value(name)
        by = by >> 1 ^ (0xffffffff if by & 1 else 0)
        state[name] = (state[name] + by) & 0xffffffff

    while at["masks"] < len(data["masks"]):
        before = dict(at)
        mask = value("masks")
        add("eip")
        if mask & 1:
            state["eflags"] ^= value("eflags")
        for i, name in enumerate(GPRS):
            if mask >> 1 + i & 1:
                add(name)
        if mask >> 9 & 1:
            which = value("fpu")
            at["fpu"] += (10 * bin(which & 0xff).count("1") +
                          16 * bin(which & 0xff00).count("1") +
                          9 * (which >> 16))
        if mask >> 10 & 1:
            at["segments"] += 36
        if mask >> 11 & 1:
            state["thread"] = value("threads")
        if not mask >> 12 & 1:
            yield before, dict(at), dict(state)
    for name in STREAMS:
        if at[name] != len(data[name]):
            fail("the stream %s is of %d bytes, not %d" %
                 (name, len(data[name]), at[name]))


def check(data):
    """How many events, images and instructions, and the last event's kind."""
    seen = images = instructions = taken = 0
    last = None
    threads = set()
    ends = {}  # by instructions before: what an event says of the state
    behind = {}  # what the steps say
    for kind, first, before, count, content in blocks(data):
        if kind == ord("P"):
            if first != images + 1 or len(content) != count * 4096:
                fail("images from %d on" % first)
            images += count
            continue
        if kind == ord("S"):
            if first != taken or before != taken:
                fail("steps from %d on" % first)
            for _, _, state in steps(content):
                taken += 1
                behind[taken] = state
            if taken != first + count:
                fail("%d steps from %d on" % (taken - first, first))
            continue
        if kind != ord("E") or first != seen or before != instructions:
            fail("block of events from %d on" % first)
        for last, fields, _ in events(content):
            seen += 1
            if last == 2:
                threads.add(fields[0])
            if last in (3, 4, 5, 6, 12, 13, 16) and fields[0] not in threads:
                fail("event %d of a thread that is none" % (seen - 1))
            if last == 10 and not 1 <= fields[1] <= images:
                fail("event %d of an image that is not there" % (seen - 1))
            if last in (12, 13):
                instructions += fields[1]
                if fields[1] > 0:
                    ends[instructions] = (fields[0], fields[-2], fields[2]
                                          if last == 13 else None)
        if seen != first + count:
            fail("%d events in the block from %d on" % (seen - first, first))
    if taken not in (0, instructions):
        fail("%d steps of %d instructions" % (taken, instructions))
    for at, (thread, eip, eax) in ends.items() if taken else ():
        state = behind[at]
        if (state["thread"], state["eip"]) != (thread, eip) or \
                eax not in (None, state["eax"]):
            fail("step %d does not lead to its event" % (at - 1))
    return seen, images, instructions, last


def main():
    for name in sys.argv[1:]:
        with open(name, "rb") as file:
            data = file.read()
        try:
            seen, images, instructions, last = check(data)
        except (ValueError, IndexError, struct.error, zlib.error) as error:
            sys.exit("%s: %s" % (name, error))
        if last != 18:
            sys.exit("%s: it does not end with the program" % name)
        print("%s: %d events, %d images, %d instructions" %
              (name, seen, images, instructions))


if __name__ == "__main__":
    main()
