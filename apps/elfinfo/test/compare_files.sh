#!/bin/sh
# compare_files.sh [DIR] -- elfinfo's JSON against readelf and llvm-readelf,
# field by field, over files of Debian's packages: libraries, object files and
# members of archives of thirteen machines, modules of a kernel. Packages are
# fetched by apt-get and unpacked into DIR, nothing is installed. To be run at
# the top of the checkout.
set -eu
dir=${1:-${TMPDIR:-/tmp}/elfinfo-files}
bazel=${BAZEL:-bazel}

packages=
for machine in arm64 armel armhf m68k mips mips64el powerpc ppc64el riscv64 \
    s390x sparc64; do
    packages="$packages libc6-$machine-cross"
done
for machine in arm64 armhf i386 m68k powerpc ppc64el riscv64 s390x sparc64; do
    packages="$packages libc6-dev-$machine-cross"
done
for machine in arm64 armhf m68k powerpc ppc64el riscv64 sparc64; do
    packages="$packages libgcc-12-dev-$machine-cross"
done
for machine in arm64 m68k ppc64el riscv64; do
    packages="$packages libstdc++6-$machine-cross"
done
packages="$packages $(apt-cache search --names-only \
    '^linux-image-6\.1\.0-.*-cloud-amd64-unsigned$' | sort -V | sed -n '$s/ .*//p')"

mkdir -p "$dir/packages" "$dir/files"
(cd "$dir/packages" && apt-get download $packages)
for package in "$dir"/packages/*.deb; do
    dpkg -x "$package" "$dir/files"
done

# A dozen members of each libc.a and libgcc.a.
find "$dir/files" -name libc.a -o -name libgcc.a | while read -r archive; do
    mkdir -p "$archive.members"
    count=$(ar t "$archive" | wc -l)
    ar t "$archive" | awk -v n="$((count / 12 + 1))" 'NR % n == 1' |
        (cd "$archive.members" && xargs ar x "$archive")
done
# Fifty modules, evenly spread, stay of thousands.
find "$dir/files" -name '*.ko' | sort >"$dir/modules"
awk -v n="$(($(wc -l <"$dir/modules") / 50 + 1))" 'NR % n != 1' \
    "$dir/modules" | xargs -r rm
find "$dir/files" -type f | while read -r file; do
    case $(head -c 4 "$file" | od -An -tx1) in
    " 7f 45 4c 46") echo "$file" ;;
    esac
done | sort >"$dir/list"
echo "$(wc -l <"$dir/list") files"

$bazel build //apps/elfinfo:parity_test //apps/elfinfo:symbol_parity_test
bin=$($bazel info bazel-bin)/apps/elfinfo
export ELFINFO_FILES="$dir/list" TEST_TMPDIR="$dir"
status=0
for program in readelf llvm-readelf; do
    echo "== $program"
    for test in "$bin/parity_test" "$bin/symbol_parity_test"; do
        (cd "$test.runfiles/uvm" && ELFINFO_READELF=$program "$test") ||
            status=1
    done
done
exit $status
