#!/bin/sh
# commands.sh -- what utrace says of whole, damaged and different traces.
# commands.sh UTRACE TRACE OTHER
set -u
utrace=$1 trace=$2 other=$3
out=${TEST_TMPDIR:-/tmp}/out damaged=${TEST_TMPDIR:-/tmp}/damaged
failed=0

# expect STATUS PATTERN COMMAND...: both streams have a line like it.
expect() {
    status=$1 pattern=$2
    shift 2
    "$@" >"$out" 2>&1
    found=$?
    if [ $found -ne "$status" ] || ! grep -q -e "$pattern" "$out"; then
        echo "FAILED ($found): $*"
        cat "$out"
        failed=1
    fi
}

expect 0 '^program=.*hello_static$' "$utrace" info "$trace"
expect 0 '^status=0$' "$utrace" info "$trace"
expect 0 'call thread=1 .* write$' "$utrace" ls "$trace"
expect 0 '^call exit_team 1$' "$utrace" stat "$trace"
expect 0 ': whole$' "$utrace" verify "$trace"
expect 0 ': as recorded$' "$utrace" replay "$trace"
expect 0 ': as recorded$' "$utrace" replay --repeat 3 --engine jit "$trace"
expect 1 '^event [0-9]*, behind instruction' "$utrace" diff "$trace" "$other"
"$utrace" diff "$trace" "$trace" || failed=1

size=$(wc -c <"$trace")
head -c $((size - 1)) "$trace" >"$damaged"
expect 3 'cut off or damaged from offset' "$utrace" ls "$damaged"
expect 3 'damaged$' "$utrace" verify "$damaged"
expect 3 'beginning of the trace is missing' "$utrace" replay "$damaged"
echo hello >"$damaged"
expect 3 'no trace' "$utrace" replay "$damaged"
expect 3 'No such file' "$utrace" info "$damaged.missing"
expect 2 'unknown command' "$utrace" frob "$trace"
expect 2 'wants 2 files' "$utrace" diff "$trace"
expect 2 'unknown engine' "$utrace" replay --engine fast "$trace"
exit $failed
