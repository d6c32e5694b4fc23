#!/usr/bin/env python3
"""What content_fuzz begins with (docs/trace-format.md, "Blocks").

unpack.py TRACE EVENTS STEPS: writes the content of a trace's first block of
events and of its first block of steps to two files.
"""

import sys

import read_trace

with open(sys.argv[1], "rb") as trace:
    first = {}
    for kind, _, _, _, content in read_trace.blocks(trace.read()):
        first.setdefault(kind, content)
for kind, path in zip("ES", sys.argv[2:]):
    with open(path, "wb") as file:
        file.write(first[ord(kind)])
