#!/bin/sh
# check_install.sh PREFIX libNAME/test/consumer.c -- a program builds and runs
# against the installed library, found by pkg-config alone, shared and static.
set -eu
prefix=$1 consumer=$2
module=${consumer#lib} module=${module%%/*}
program=$(mktemp)
trap 'rm -f "$program"' EXIT
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" LD_LIBRARY_PATH="$prefix/lib"

for static in '' -static; do
    cc $static -std=c11 -Wall -Wextra -Werror -o "$program" "$consumer" \
        $(pkg-config --cflags --libs ${static:+--static} "$module")
    timeout 60 "$program"
done
