#!/bin/sh
# commands.sh -- what utrace says of whole, damaged and different traces.
# commands.sh UTRACE TRACE OTHER SSE4 SSE2 PENTIUM LONG TICKS MAPPED EVENTS PROGRAM
# EVENTS: of that level, it reads RDTSC; PROGRAM: what MAPPED is of.
set -u
utrace=$1 trace=$2 other=$3 sse4=$4 sse2=$5 pentium=$6 long=$7 ticks=$8
mapped=$9
shift
events=$9
shift
program=$9
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

must() {
    "$@" || failed=1
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
expect 1 '^byte 0x7: 0x34, not 0x32$' "$utrace" diff "$sse2" "$sse4" # cpu=sse2

# The guest asks CPUID: on another model it would differ.
expect 0 '^cpu=sse4$' "$utrace" info "$sse4"
expect 0 '^cpu=sse2$' "$utrace" info "$sse2"
expect 0 '^cpu=pentium$' "$utrace" info "$pentium"
for model in "$sse4" "$sse2" "$pentium"; do
    expect 0 ': as recorded$' "$utrace" replay "$model"
done

expect 0 '^0 1 00200010  mov ebx, \[esp+0x04\]  *ebx=0x' "$utrace" dump "$trace"
expect 0 '^    call thread=1 .* write$' "$utrace" dump "$trace"
expect 0 '^9 1 ' "$utrace" dump --from 9 --to 10 "$trace"
[ "$(wc -l <"$out")" -eq 1 ] || failed=1

expect 0 ': the same to the end, behind 31 ' "$utrace" bisect --engine jit "$trace"
expect 1 '^instruction 27:$' "$utrace" bisect "$sse2" "$sse4"
expect 1 '^eax: 0x30678, not 0x6d8$' "$utrace" bisect "$sse2" "$sse4"
expect 1 'before instruction 0, ' "$utrace" bisect "$trace" "$other"

step() {
    printf "$1" | "$utrace" step "$2"
}
expect 0 '^3: thread 1 00200022  mov eax, 0x02$' step 's 4\nb\n' "$trace"
expect 0 '^00200010  mov ebx, ' step 'l 3\n' "$trace"
expect 0 '^    call thread=1 .* write$' step 's 25\n' "$trace"
expect 0 '^24: thread 1 ' step 'g 29\nb 5\nm 0x71004000 20\n' "$trace"
expect 0 '^71004010  00 00 00 60$' step 'g 29\nb 5\nm 0x71004000 20\n' "$trace"
expect 0 '^23: thread 1 004010d0 ' step 'u 0x4010d0\n' "$trace"
for mistake in 's x' 'g -1' 'm 0 1 2' 'step 4' 'g 1x'; do
    expect 0 '^g N  *to behind N instructions$' step "$mistake\\n" "$trace"
done
expect 0 '^the end of the trace$' step 'g 1000000\nb\nr\nf\nt\n' "$trace"
# There are checkpoints on the way, which a later target goes back to.
expect 0 '^1000: thread 1 ' step 'g 1200000\ng 1100000\ng 1000\nq\n' "$long"
for at in 1100000 1048576; do
    step "g $at\nr\nq\n" "$long" |
        tail -n +2 >"$out.straight"
    step "g 1300000\ng $at\nr\nq\n" "$long" | tail -n +3 >"$out"
    cmp "$out.straight" "$out" || failed=1
done
# Also to memory that two mappings show: "0123", a shared store, a private one.
two='m 0x101000 4\nm 0x103000 4\n'
visit() {
    printf "g %s\n$two" "$@" | "$utrace" step --interval 100 "$mapped" |
        grep '^001' | cut -d ' ' -f 3- | tr '\n' ';'
}
at_store() {
    "$utrace" dump "$mapped" | sed -n "s/ .*($1)=$2\$//p"
}
before=$(at_store 0x101000 0x61) after=$(($(at_store 0x103001 0x62) + 1))
must [ "$(visit "$before")" = '30 31 32 33;30 31 32 33;' ]
must [ "$(visit $after)" = '61 31 32 33;61 62 32 33;' ]
must [ "$(visit $after $((after + 1000)) "$before" $after $((after + 400)) \
    "$before" | cut -d ';' -f 5-8,11-)" = \
    '30 31 32 33;30 31 32 33;61 31 32 33;61 62 32 33;30 31 32 33;30 31 32 33;' ]

total=$("$utrace" info "$mapped" | sed -n 's/^instructions=//p')
expect 0 "^instructions=$total\$" "$utrace" profile --symbols "$program" "$mapped"
# Its first block is run as often as its first instruction is executed.
start=$(sed -n 's/.* \([0-9a-f]*\)-[0-9a-f]* check_status$/\1/p' "$out")
calls=$("$utrace" dump "$mapped" | grep -c "^[0-9]* 1 $start  ")
must [ "$calls" -gt 1 ]
must grep -q "^ *[0-9.]* *$((calls * 9)) *$calls  $start-[0-9a-f]* check_status\$" \
    "$out"
must grep -q "^ *[0-9.]* *[0-9.]* *$calls  check_status\$" "$out"
must grep -q "^ *[0-9.]* *$calls  main -> check_status\$" "$out"
must grep -q '^ *[0-9.]* *1  print -> sys64$' "$out"
expect 0 '^instructions=100$' "$utrace" profile --from 30 --to 130 "$mapped"
# Deeper than the tree of calls is.
expect 0 '^blocks=32$' "$utrace" profile "$long"
must "$utrace" profile --quiet --symbols "$program" "$mapped" "$out.html"
must python3 -c 'import json, re, sys
page = open(sys.argv[1]).read()
assert not re.search("https?:|src=|href=", page)
data = json.loads(re.search("(?s)id=\"data\">(.*?)</script>", page)[1])
frames = data["frames"]
assert frames[0][2] == int(sys.argv[2]) == sum(frame[3] for frame in frames)
assert all(i == 0 or frame[0] < i for i, frame in enumerate(frames))
for i, frame in enumerate(frames):
    below = sum(f[2] for j, f in enumerate(frames) if j and f[0] == i)
    assert frame[2] == frame[3] + below
assert "check_status" in data["names"]' "$out.html" "$total"
expect 125 'cannot be read' "$utrace" profile --symbols "$out.missing" "$mapped"

expect 0 '"at":25,"kind":"call","thread":1,"instructions":17,"number":151' \
    "$utrace" export "$trace"
must python3 -c 'import json, sys
for line in open(sys.argv[1]): json.loads(line)' "$out"
expect 0 '"cat":"call","name":"write"}' "$utrace" export --format chrome "$trace"
must python3 -c 'import json, sys
events = json.load(open(sys.argv[1]))["traceEvents"]
runs = [e for e in events if e.get("cat") == "run"]
assert sum(e["args"]["instructions"] for e in runs) == 31
for a, b in zip(runs, runs[1:]): assert a["ts"] + a["dur"] <= b["ts"] + 1e-6
assert sum(e.get("cat") == "call" for e in events) == 3' "$out"
expect 0 '^ebx=0x[0-9a-f]*,eip=0x200014,mr=0x[0-9a-f]*:[0-9a-f]\{8\}$' \
    "$utrace" export --format tenet "$trace"
[ "$(grep -c eip= "$out")" -ge 32 ] || failed=1
[ "$(head -1 "$out" | tr ',' '\n' | wc -l)" -eq 9 ] || failed=1
expect 0 . "$utrace" export --format tenet --from 30 "$trace"
expect 2 'thread 9 executes nothing there' \
    "$utrace" export --format tenet --thread 9 "$trace"
expect 0 '"at":25,"kind":' "$utrace" export --from 9 --to 30 "$trace"
! grep -q -v '"at":25,' "$out" || failed=1
expect 0 '^[0-9]* 25 call' "$utrace" ls --from 9 --to 30 "$trace"
! grep -q -v '^[0-9]* 25 ' "$out" || failed=1
expect 0 '"name":"write"}' \
    "$utrace" export --format chrome --from 9 --to 30 "$trace"
! grep -q '"name":"exit_team"' "$out" || failed=1
expect 2 'unknown format' "$utrace" export --format xml "$trace"

# What is made of a trace is one: the state in the middle, hashes, the end.
made=${TEST_TMPDIR:-/tmp}/made.uvt
must "$utrace" cut --from 9 --to 27 "$trace" "$made"
expect 0 ': as recorded, without an end$' "$utrace" replay "$made"
expect 0 '^part=9-27$' "$utrace" info "$made"
expect 0 '^instructions=18$' "$utrace" info "$made"
expect 0 ': whole$' "$utrace" verify "$made"
expect 0 '^16 1 004010d7  ret' "$utrace" dump "$made"
for from in 1 8 24 25 700 1000; do
    must "$utrace" cut --from $from "$sse4" "$made"
    expect 0 ': as recorded$' "$utrace" replay --engine jit "$made"
done
for from in 1900 2072; do # memory that is mapped twice
    must "$utrace" cut --from $from "$mapped" "$made"
    expect 0 ': as recorded$' "$utrace" replay --engine jit "$made"
done
must "$utrace" densify --interval 10 "$mapped" "$made"
expect 0 ': as recorded$' "$utrace" replay --engine jit "$made"
must "$utrace" cut --from 1500000 --to 1600000 "$long" "$made"
expect 0 ' 100000 instructions, ' "$utrace" replay --engine jit "$made"
rm "$made"
expect 2 'it ends behind instruction 31, before 32' \
    "$utrace" cut --from 32 "$trace" "$made"
must [ ! -e "$made" ]
must [ ! -e "$made.new" ]
expect 2 'it ends behind instruction 31, before 32' \
    "$utrace" dump --from 32 "$trace"
expect 2 'there are no steps in it' "$utrace" replay --steps "$trace"
must "$utrace" cut --to 0 "$trace" "$made"
expect 0 '"text":"part=0-0"}$' "$utrace" export "$made"
expect 2 'thread 1 executes nothing there' \
    "$utrace" export --format tenet "$made"
for cut in 0 18 300; do # nothing is made of what is not whole
    head -c $cut "$trace" >"$made.part"
    printf before >"$made"
    for command in bless densify cut; do
        expect 3 "$made.part: " "$utrace" $command "$made.part" "$made"
        must [ "$(cat "$made")" = before ]
        must [ ! -e "$made.new" ]
    done
    expect 3 "$made.part: " "$utrace" bisect "$made.part"
    ! grep -q 'both differ' "$out" || failed=1
done
rm "$made.part"
expect 125 ': no regular file$' "$utrace" bless "$trace" /dev/full
must [ -c /dev/full ]
expect 2 'to is before --from' "$utrace" cut --from 5 --to 4 "$trace" "$made"
expect 2 'repeat wants more than 0' "$utrace" replay --repeat 0 "$trace"
must "$utrace" densify --interval 100 "$sse4" "$made"
expect 0 '^hashes=13$' "$utrace" info "$made"
expect 0 ' 13 hashes: as recorded$' "$utrace" replay --engine jit "$made"
must "$utrace" densify --interval 65536 "$long" "$made"
expect 0 ': as recorded$' "$utrace" replay --engine jit "$made"
must "$utrace" densify --interval 10 "$ticks" "$made" # it reads RDTSC
expect 0 ': as recorded$' "$utrace" replay --engine jit "$made"
must "$utrace" densify --level full "$sse4" "$made"
expect 0 '^level=full$' "$utrace" info "$made"
expect 0 '^steps=1299$' "$utrace" info "$made"
expect 0 ' 1299 steps: whole$' "$utrace" verify "$made"
expect 0 ': as recorded$' "$utrace" replay --steps "$made"
expect 0 ': as recorded$' "$utrace" replay --steps --engine jit "$made"
must "$utrace" densify --engine jit --level full "$sse4" "$made.jit"
cmp "$made" "$made.jit" || failed=1
must "$utrace" cut --from 700 "$made" "$made.jit" # it stays full
expect 0 '^steps=599$' "$utrace" info "$made.jit"
expect 0 ': as recorded$' "$utrace" replay --steps "$made.jit"

# Traces of different levels: what both have.
must "$utrace" densify --interval 10 "$events" "$made"
expect 0 '^levels events and hash: compared without hashes$' "$utrace" diff "$events" "$made"
expect 0 '^levels hash and events: compared without hashes$' "$utrace" diff "$made" "$events"
[ -z "$("$utrace" diff -q "$made" "$events")" ] || failed=1
expect 1 '^event [0-9]*, behind instruction [0-9]*$' "$utrace" diff "$events" "$ticks"
grep -q '^levels events and hash:' "$out" || failed=1
must "$utrace" densify --level full "$sse4" "$made"
expect 0 '^levels full and hash: compared without steps$' "$utrace" diff "$made" "$sse4"
expect 1 '^byte 0x7: 0x34, not 0x32$' "$utrace" diff "$sse2" "$made"
expect 2 'wants hash or full' "$utrace" densify --level events "$sse4" "$made"
must "$utrace" bless "$sse4" "$made"
cmp "$sse4" "$made" || failed=1

size=$(wc -c <"$trace")
head -c $((size - 1)) "$trace" >"$damaged"
expect 3 'cut off or damaged from offset' "$utrace" ls "$damaged"
expect 3 'damaged$' "$utrace" verify "$damaged"
expect 3 'cut off or damaged from offset' "$utrace" replay "$damaged"
head -c 100 "$trace" >"$damaged"
expect 3 'beginning of the trace is missing' "$utrace" replay "$damaged"
head -c 16 "$trace" >"$damaged"
expect 3 'there is no event: ' "$utrace" replay "$damaged"
echo hello >"$damaged"
expect 3 'no trace' "$utrace" replay "$damaged"
expect 3 'No such file' "$utrace" info "$damaged.missing"
expect 2 'unknown command' "$utrace" frob "$trace"
expect 2 'wants 2 files' "$utrace" diff "$trace"
expect 2 'replay does not take --from$' "$utrace" replay --from 5 "$trace"
expect 2 'bisect wants 1 or 2 files, not 0$' "$utrace" bisect
expect 2 'unknown engine' "$utrace" replay --engine fast "$trace"
exit $failed
