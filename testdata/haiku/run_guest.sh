#!/bin/sh
# run_guest.sh -- runs a guest under uvm and compares what it does.
# run_guest.sh UVM GUEST EXPECT|- STATUS STDIN [UVM-OPTION...] -- [ARGUMENT...]
set -u
here=$PWD
uvm=$here/$1 guest=$here/$2 expect=$3 status=$4 stdin=$5
shift 5
options=
while [ "$1" != -- ]; do
    options="$options $1"
    shift
done
shift
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/guest.XXXXXX")
trap 'rm -rf "$work" "$work.data"' EXIT
XDG_DATA_HOME=$work.data
export XDG_DATA_HOME
cd "$work" || exit 1
ulimit -c 0
printf %s "$stdin" |
    "$uvm" $options "$guest" "$@" >"$work.out" 2>"$work.err"
found=$?
cat "$work.err" >&2
result=0
if [ "$found" -ne "$status" ]; then
    echo "status $found, not $status"
    result=1
fi
if [ "$expect" = - ]; then
    expect=/dev/null
else
    expect=$here/$expect
fi
diff "$expect" "$work.out" || result=1
rm -f "$work.out" "$work.err"
exit $result
