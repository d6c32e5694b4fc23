#!/bin/sh
# check_symbols.sh PREFIX_ SHARED ARCHIVE -- every symbol that others can see
# bears the library's prefix, and nothing in it is a writable variable.
set -eu
status=0

foreign=$({ nm -D --defined-only "$2"; nm -g --defined-only "$3"; } |
    awk -v prefix="$1" 'NF == 3 && $2 != "A" && index($3, prefix) != 1 { print $3 }')
if [ -n "$foreign" ]; then
    echo "symbols without the prefix $1:" $foreign
    status=1
fi
if ! nm -D --defined-only "$2" | grep -q " $1"; then
    echo "$2 exports nothing: see exports.lds"
    status=1
fi

# Constants that need relocation (.data.rel.ro) are no variables.
variables=$(objdump -t "$3" |
    grep -E '^.{16} .{5}[^d]. (\.(data|bss|tdata|tbss)|\*COM\*)' |
    grep -v ' \.data\.rel\.ro' | awk '{ print $NF }')
if [ -n "$variables" ]; then
    echo "global variables:" $variables
    status=1
fi
exit $status
