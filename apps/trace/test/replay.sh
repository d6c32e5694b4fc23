#!/bin/sh
# replay.sh -- replays a trace on an engine, and looks whether it is whole.
# replay.sh UTRACE ENGINE TRACE
set -eu
"$1" verify "$3"
exec "$1" replay --engine "$2" --translate-after 1 "$3"
