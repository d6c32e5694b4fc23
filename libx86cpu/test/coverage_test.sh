#!/bin/sh
# coverage_test.sh COVERAGE KEPT -- docs/coverage/x86.md tells the table's state.
set -eu
"$1" | diff -u "$2" - || {
    echo "take over what changed:"
    echo "    bazel run //libx86cpu:coverage >docs/coverage/x86.md"
    exit 1
}
