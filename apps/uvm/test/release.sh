#!/bin/sh
# release.sh -- calls that one release alone has, in a root of that release.
# release.sh UVM RELEASE LIBROOT GUEST
set -u
uvm=$PWD/$1 release=$2 libroot=$PWD/$3 guest=$PWD/$4
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/release.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir -p root/boot/system/lib
cp "$libroot" root/boot/system/lib/libroot.so
failed=0
case $("$uvm" --root root --version) in
*"$release"*) ;;
*) echo "FAILED: $("$uvm" --root root --version)" && failed=1 ;;
esac
for engine in interp jit lockstep; do
    mkdir $engine
    found=$(cd $engine && timeout 60 "$uvm" --engine $engine --root ../root \
        "$guest" 2>&1)
    [ "$found" = 'release checked' ] && continue
    echo "FAILED: $engine: $found"
    failed=1
done
exit $failed
