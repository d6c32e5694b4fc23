#!/bin/sh
# check_install.sh MODULE CONSUMER.c TAR... -- a program builds and runs against
# the installed library, found by pkg-config alone, shared and static.
set -eu
module=$1 consumer=$2
shift 2
prefix=$TEST_TMPDIR/prefix
mkdir -p "$prefix"
for tar; do tar -xf "$tar" -C "$prefix"; done
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" LD_LIBRARY_PATH="$prefix/lib"

for static in '' --static; do
    flags=$(pkg-config --cflags --libs $static "$module")
    # Without the .so files only the archives are left to link with.
    [ -z "$static" ] || rm "$prefix"/lib/*.so*
    cc -std=c11 -Wall -Wextra -Werror -o "$TEST_TMPDIR/consumer" \
        "$consumer" $flags
    "$TEST_TMPDIR/consumer"
done
