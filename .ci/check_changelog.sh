#!/bin/sh
# check_changelog.sh VERSION CHANGELOG -- the top entry names the version.
set -eu
top=$(grep -m1 '^## ' "$2")
case " $top " in
*" $1 "*) ;;
*) echo "$2: top entry is '$top', the version is $1"; exit 1 ;;
esac
