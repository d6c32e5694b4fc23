#!/bin/sh
# check_coverage.sh PRINTED KEPT -- a page of docs/coverage tells a table's state.
set -eu
diff -u "$2" "$1" || {
    echo "take over what changed:"
    echo "    bazel build //${1%/*}:coverage_md"
    echo "    cp \"\$(bazel info bazel-bin)/$1\" $2"
    exit 1
}
