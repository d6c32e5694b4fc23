#!/bin/sh
# same.sh -- two recordings of the same execution are the same files.
# same.sh UVM LOAD GUEST [ARGUMENT...]: so many processes disturb the second one
set -u
uvm=$PWD/$1 load=$2 guest=$PWD/$3
shift 3
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/same.XXXXXX")
busy=
trap 'kill $busy 2>/dev/null; rm -rf "$work"' EXIT
ulimit -c 0

# record NAME ENGINE
record() {
    mkdir "$work/$1" "$work/here"
    (cd "$work/here" && "$uvm" --alone --boot-time 1000000000 --seed 1 \
        --quiet --engine "$2" --record "../$1/t.uvt" "$guest" $arguments \
        >"../$1.out" 2>&1 </dev/null)
    rm -rf "$work/here"
}

arguments=$*
record interp interp
if grep '^uvm: --alone: the host refuses ' "$work/interp.out"; then
    exit 0
fi
while [ "$load" -gt 0 ]; do
    (while :; do :; done) &
    busy="$busy $!"
    load=$((load - 1))
done
record jit jit
[ -s "$work/jit/t.uvt" ] && diff -r "$work/interp" "$work/jit"
