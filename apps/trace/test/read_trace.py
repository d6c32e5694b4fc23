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
    if data[:8] != b"uvmtrace" or struct.unpack("<II", data[8:16]) != (1, 0):
        fail("no trace of version 1")
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


def check(data):
    """How many events, images and instructions, and the last event's kind."""
    seen = images = instructions = 0
    last = None
    threads = set()
    for kind, first, before, count, content in blocks(data):
        if kind == ord("P"):
            if first != images + 1 or len(content) != count * 4096:
                fail("images from %d on" % first)
            images += count
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
        if seen != first + count:
            fail("%d events in the block from %d on" % (seen - first, first))
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
