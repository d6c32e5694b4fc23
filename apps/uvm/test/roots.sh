#!/bin/sh
# roots.sh -- programs of one root meet, those of two never do, and a shared
# file that is another version's is replaced.
# roots.sh UVM GUEST
set -u
uvm=$PWD/$1 guest=$PWD/$2
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/roots.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir a b runtime
chmod 700 runtime
ln -s a same
XDG_RUNTIME_DIR=$work/runtime
export XDG_RUNTIME_DIR
ulimit -c 0
failed=0

# same WHAT FOUND WANTED
same() {
    [ "$2" = "$3" ] && return
    echo "FAILED: $1: '$2', not '$3'"
    failed=1
}

# in_root ROOT ARGUMENT...
in_root() {
    root=$1
    shift
    timeout 60 "$uvm" --root "$root" "$guest" "$@"
}

# hold ROOT: sets $team, which goes on.
hold() {
    : >held
    in_root "$1" hold thing >held 2>&1 &
    until grep -q holds held; do sleep 0.01; done
    team=$(sed -n 's/^team \([0-9]*\) holds$/\1/p' held)
}

# let_go ROOT: the one that holds ends, with 9.
let_go() {
    in_root "$1" end thing
    wait $!
    same "the holder's end" $? 9
}

# path of the root's shared file
shared_file() {
    found=
    for file in "$work"/runtime/uvm/*-"$(printf %x "$(stat -L -c %i "$1")")"-*
    do
        found=$file
    done
    echo "$found"
}

there='port 1, area 1, sems 1, teams 2'
nothing='port 0, area 0, sems 0, teams 1'

# Roots are told apart, by whatever path they are known.
hold a
same "in the root" "$(in_root a find thing)" "$there"
same "by a link" "$(in_root same find thing)" "$there"
same "in the other root" "$(in_root b find thing)" "$nothing"
same "without a root" "$("$uvm" "$guest" find thing)" "$nothing"
same "its id elsewhere" "$(in_root b end_team "$team")" \
    'send_signal: B_BAD_TEAM_ID'
let_go a
same "when it has ended" "$(in_root a find thing)" "$nothing"

# Two without a root have nothing of each other.
"$uvm" "$guest" hold thing >held 2>&1 &
until grep -q holds held; do sleep 0.01; done
same "without a root, too" "$("$uvm" "$guest" find thing)" "$nothing"
kill $!
wait $! 2>/dev/null

# What another version has left, or the machine's last start, is replaced; who
# still lives in it is not met.
file=$(shared_file a)
[ -f "$file" ] || same "the shared file" "$file" 'a file'
for at in 8 0 16 32; do # version, magic, size, start of the machine
    hold a
    printf '\377' | dd of="$file" bs=1 seek=$at conv=notrunc 2>/dev/null
    same "beside another version, $at" "$(in_root a find thing)" "$nothing"
    same "once more, $at" "$(in_root a find thing)" "$nothing"
    kill -TERM "$team"
    wait $! 2>/dev/null
    hold a
    same "in the new file, $at" "$(in_root a find thing)" "$there"
    let_go a
done
for size in 1 4096; do
    truncate -s $size "$file"
    same "$size bytes" "$(in_root a find thing)" "$nothing"
done
head -c 4096 /dev/urandom >"$file"
same "anything" "$(in_root a find thing)" "$nothing"
same "anything: its size" "$(($(stat -c %s "$file") > 4096))" 1

# The port of launch_daemon is there for all but launch_daemon itself.
cp "$guest" launch_daemon
for program in "$guest" ./launch_daemon; do
    timeout 60 "$uvm" --root a "$program" find system:launch_daemon
done >found 2>&1
same "launch_daemon's port" "$(cut -d, -f1 found | tr '\n' ' ')" 'port 1 port 0 '

# A clock that is set is the root's, as long as one of its teams lives.
hold a
in_root a set_clock
same "the clock" "$(in_root a clock)" 1970
same "another root's clock" "$(in_root b clock)" now
let_go a
same "the clock behind all" "$(in_root a clock)" now
exit $failed
