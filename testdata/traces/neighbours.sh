#!/bin/sh
# neighbours.sh -- one of two programs that share memory is recorded, or each
# by itself, and what was recorded replays on each engine.
# neighbours.sh UVM UTRACE GUEST
set -u
uvm=$PWD/$1 utrace=$PWD/$2 guest=$PWD/$3
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/neighbours.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir root
ulimit -c 0
failed=0

# run ROLE [OPTION...]
run() {
    role=$1
    shift
    timeout 60 "$uvm" --root root --quiet "$@" "$guest" "$role" "neighbours $$" >"$role" 2>&1
}

# play ENGINE RECORDED...
play() {
    engine=$1
    shift
    rm -f between *.uvt
    first= second=
    case $* in *first*) first="--level hash --record first.uvt" ;; esac
    case $* in *second*) second="--level hash --record second.uvt" ;; esac
    run second --engine "$engine" $second &
    run first --engine "$engine" $first
    wait
    for role in first second; do
        [ "$(cat "$role")" = "neighbours checked" ] && continue
        echo "$engine, $* recorded: $(cat "$role")"
        failed=1
    done
    for trace in *.uvt; do
        for by in interp jit lockstep; do
            "$utrace" replay --engine "$by" "$trace" >said 2>&1 && continue
            echo "$engine, $* recorded, by $by: $(cat said)"
            failed=1
        done
    done
}

for engine in interp jit; do
    play "$engine" first
    play "$engine" second
    play "$engine" first second
done
exit "$failed"
