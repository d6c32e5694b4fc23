#!/bin/sh
# check_calls.sh -- every call of a list is made by some guest, and fails once,
# but for those that the list says never do one of the two.
# check_calls.sh UVM LIST GUEST...
set -u
here=$PWD
uvm=$here/$1 list=$here/$2
shift 2
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/calls.XXXXXX")
trap 'rm -rf "$work"' EXIT
ulimit -c 0
for guest in "$@"; do
    mkdir "$work/directory"
    (cd "$work/directory" && "$uvm" --strace "$here/$guest" >/dev/null) \
        2>>"$work/trace"
    rm -rf "$work/directory"
done

# Lines are "uvm: [ID] NAME(ARGUMENTS) = RESULT"; calls without a result have
# no " = RESULT". Where the host has no attributes, those calls cannot succeed.
awk '
    FNR == NR && /^uvm: \[[0-9]+\] [a-z_0-9]+\(/ {
        name = $3
        sub(/\(.*/, "", name)
        result = $0
        if (!sub(/.*\) = /, "", result))
            result = ""
        if (result ~ /^(E[A-Z0-9]+|B_[A-Z_]+|-[0-9]+)$/ && result != "B_OK")
            failed[name] = 1
        else
            good[name] = 1
        if (name == "write_attr" && result == "B_UNSUPPORTED")
            no_attributes = 1
    }
    FNR < NR && /^[a-z]/ {
        if ($2 == "attribute" && no_attributes)
            next
        if (!($1 in good) && $0 !~ / no success$/) {
            print $1 ": no guest makes this call"
            status = 1
        }
        if (!($1 in failed) && $0 !~ / no error: /) {
            print $1 ": fails for no guest"
            status = 1
        }
    }
    END { exit status }' "$work/trace" "$list"
