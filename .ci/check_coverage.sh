#!/bin/sh
# check_coverage.sh PROGRAM KEPT -- a page of docs/coverage is what PROGRAM prints.
set -eu
"$1" | diff -u "$2" - || {
    echo "take over what changed:"
    echo "    bazel run //${1%/*}:${1##*/} >$2"
    exit 1
}
