#!/bin/sh
# round_trip.sh -- records a guest on each engine, and replays it on each.
# round_trip.sh UVM UTRACE GUEST STDIN [UVM-OPTION...] -- [ARGUMENT...]
# Its children's traces are replayed, too, but for those of teams that were
# killed before anything was written.
set -u
uvm=$PWD/$1 utrace=$PWD/$2 guest=$PWD/$3 stdin=$4
shift 4
options=
while [ "$1" != -- ]; do
    options="$options $1"
    shift
done
shift
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/trace.XXXXXX")
trap 'rm -rf "$work"' EXIT
ulimit -c 0
failed=0

# record ENGINE LEVEL [ARGUMENT...]
record() {
    engine=$1 level=$2
    shift 2
    rm -rf "$work"/*
    mkdir "$work/here"
    (cd "$work/here" && printf %s "$stdin" |
        "$uvm" --quiet --engine "$engine" --translate-after 1 \
            --level "$level" --record ../t.uvt $options "$guest" "$@" \
            >../out 2>&1)
}

# replay_all ENGINE LEVEL, which it was recorded by and with
replay_all() {
    for trace in "$work"/t*.uvt; do
        [ "$trace" = "$work/t.uvt" ] ||
            [ -n "$("$utrace" ls "$trace" 2>/dev/null)" ] || continue
        for engine in interp jit lockstep; do
            "$utrace" replay --engine "$engine" --translate-after 1 "$trace" \
                >"$work/said" 2>&1 && continue
            echo "$1, $2, by $engine: $(cat "$work/said")"
            failed=1
        done
    done
}

record interp events "$@"
replay_all interp events
record jit hash "$@"
replay_all jit hash
exit "$failed"
