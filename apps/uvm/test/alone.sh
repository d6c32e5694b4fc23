#!/bin/sh
# alone.sh -- uvm --alone: a program with a namespace of processes to itself.
# alone.sh UVM HELLO ENDING STRESS
set -u
uvm=$1 hello=$2 ending=$3 stress=$4
out=${TEST_TMPDIR:-/tmp}/out
failed=0
ulimit -c 0

# same WHAT FOUND WANTED
same() {
    [ "$2" = "$3" ] && return
    echo "FAILED: $1: '$2', not '$3'"
    failed=1
}

if ! "$uvm" --alone "$hello" >"$out" 2>&1; then
    cat "$out" # the host has no such namespaces for this user
    grep -q '^uvm: --alone: the host refuses ' "$out"
    exit
fi
same "what it prints" "$(cat "$out")" 'Hello, Haiku!'
same "its id" "$("$uvm" --alone --strace "$hello" 2>&1 >/dev/null | tail -1)" \
    'uvm: [2] exit_team(return_value: 0)'

# It ends as the program does.
for way in 'exit 7' 'exit 0' 'signal 9' 'signal 11' 'signal 15' \
    'main_thread 3'; do
    # shellcheck disable=SC2086 # two words
    { "$uvm" "$ending" $way; } >/dev/null 2>&1
    wanted=$?
    # shellcheck disable=SC2086
    { "$uvm" --alone "$ending" $way; } >/dev/null 2>&1
    same "$way" $? $wanted
done

# A signal is for the program, and nobody stays who could hold the pipe.
{
    "$uvm" --alone "$stress" locks 1000000000 &
    kill -TERM $!
    wait $!
    echo $?
} 2>/dev/null | cat >"$out"
same "sent SIGTERM" "$(tail -1 "$out")" 143
exit $failed
