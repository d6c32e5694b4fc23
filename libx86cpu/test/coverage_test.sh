#!/bin/sh
# coverage_test.sh PRINTED KEPT -- docs/coverage/x86.md tells the table's state.
set -eu
diff -u "$2" "$1" || {
    echo "take over what changed:"
    echo "    bazel build //libx86cpu:coverage_md"
    echo "    cp bazel-bin/libx86cpu/coverage.md docs/coverage/x86.md"
    exit 1
}
