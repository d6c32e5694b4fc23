#!/bin/sh
# round_trip.sh -- records a guest on each engine, and replays it on each.
# round_trip.sh UVM UTRACE REPETITIONS GUEST [ARGUMENT...]
# Its children's traces are replayed, too, but for those of teams that were
# killed before anything was written.
set -u
uvm=$PWD/$1 utrace=$PWD/$2 repetitions=$3 guest=$PWD/$4
shift 4
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/trace.XXXXXX")
trap 'rm -rf "$work"' EXIT
ulimit -c 0
failed=0

record() {
    rm -rf "$work"/*
    mkdir "$work/here"
    (cd "$work/here" && "$uvm" --quiet --engine "$1" --translate-after 1 \
        --level "$2" --record ../t.uvt "$guest" $arguments \
        >../out 2>&1 </dev/null)
}

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

arguments=$*
while [ "$repetitions" -gt 0 ]; do
    record interp events
    replay_all interp events
    record jit hash
    replay_all jit hash
    repetitions=$((repetitions - 1))
done
exit "$failed"
