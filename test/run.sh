#!/bin/sh
# run.sh - installs what is missing, builds ostler in every way that counts, runs every test.
#
#   sh test/run.sh [PART]...        all parts but the long ones (package, fresh) when none is named
#   sh test/run.sh --list           what the parts are
#
# Builds go to build-test/.  Full output of each step is kept in build-test/log/; what is printed
# is the end of it, or all of it when the step failed.  The last line counts: "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
top=$(pwd)
out=$top/build-test
jobs=$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
parts='gcc poll clang sanitize fuzz plain quickstart browser install'
long_parts='package fresh' # only when they are named
passed=0
failed=0

describe() {
    case $1 in
    gcc)        echo 'unit, end-to-end and layer tests; every warning is an error' ;;
    poll)       echo 'the end-to-end tests over libevent'"'"'s poll backend' ;;
    clang)      echo 'clang with libc++: every warning is an error; unit tests' ;;
    sanitize)   echo 'all tests under AddressSanitizer and UndefinedBehaviorSanitizer' ;;
    fuzz)       echo 'every fuzz target, briefly' ;;
    plain)      echo 'cmake, build and ctest without any option' ;;
    quickstart) echo 'packaging/quickstart.sh --check' ;;
    browser)    echo 'the pages in Chromium, with axe-core; screenshots are kept' ;;
    install)    echo 'cmake --install, cpack, manual pages, completion, service files' ;;
    package)    echo 'the Debian package on a Debian of its own, booted: run, upgraded, purged' ;;
    fresh)      echo 'README.md'"'"'s first command on a Debian that has nothing yet' ;;
    *) return 1 ;;
    esac
}

heading() { printf '\n=== %s: %s\n' "$1" "$(describe "$1")"; }

# step NAME COMMAND...: runs quietly; on failure shows everything and counts one failure.
step() {
    name=$1
    shift
    "$@" >"$out/log/$name.log" 2>&1 && return 0
    cat "$out/log/$name.log"
    printf '%s: FAILED\n' "$name"
    failed=$((failed + 1))
    return 1
}

# build FOLDER OPTION...
build() {
    folder=$1
    shift
    step "$folder-configure" cmake -S . -B "$out/$folder" -G Ninja "$@" &&
        step "$folder-build" cmake --build "$out/$folder" -j "$jobs"
}

# run_ctest NAME FOLDER OPTION...: shows the closing lines and adds to the counts.
run_ctest() {
    log=$out/log/$1.log
    folder=$2
    shift 2
    # A test that fails gets one second try, and the first one is shown: on a machine that others
    # keep busy a real fault fails twice.
    ctest --test-dir "$out/$folder" -j "$jobs" --output-on-failure --no-tests=error \
        --repeat until-pass:2 "$@" >"$log" 2>&1
    status=$?
    [ $status = 0 ] || cat "$log"
    grep -E 'tests passed|^Total Test time|\(Skipped\)|\*\*\*(Failed|Timeout|Exception)' "$log"
    bad=$(sed -n 's/.*passed, \([0-9]*\) tests\{0,1\} failed out of [0-9]*.*/\1/p' "$log")
    all=$(sed -n 's/.*passed, [0-9]* tests\{0,1\} failed out of \([0-9]*\).*/\1/p' "$log")
    if [ $status != 0 ] && [ "${bad:-0}" = 0 ]; then bad=1; all=$((${all:-0} + 1)); fi
    failed=$((failed + ${bad:-0}))
    passed=$((passed + ${all:-0} - ${bad:-0}))
}

# One thing that either works or does not.
run_one() {
    if step "$@"; then
        passed=$((passed + 1))
        tail -n 3 "$out/log/$1.log"
    fi
}

part_gcc() {
    build gcc -DCMAKE_BUILD_TYPE=Debug -DOSTLER_WERROR=ON && run_ctest gcc gcc
}
# What is about OpenSSL, or about other people's programs, does not ask how events are waited for.
part_poll() {
    build gcc -DCMAKE_BUILD_TYPE=Debug -DOSTLER_WERROR=ON &&
        OSTLER_EVENT_BACKEND=poll run_ctest poll gcc -L e2e -E '_tls$|testssl|programs'
}
part_clang() {
    build clang -DCMAKE_BUILD_TYPE=Debug -DOSTLER_WERROR=ON -DCMAKE_C_COMPILER=clang \
        -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_CXX_FLAGS=-stdlib=libc++ && run_ctest clang clang -L unit
}
part_sanitize() {
    build sanitize -DCMAKE_BUILD_TYPE=Debug -DOSTLER_SANITIZE=address,undefined &&
        run_ctest sanitize sanitize -L 'unit|e2e' -E testssl
}
part_fuzz() {
    if [ -f test/fuzz/run.sh ]; then
        run_one fuzz sh test/fuzz/run.sh --brief
    else
        echo 'there are no fuzz targets yet'
    fi
}
part_plain() {
    step plain-configure cmake -S . -B "$out/plain" &&
        step plain-build cmake --build "$out/plain" -j "$jobs" && run_ctest plain plain
}
part_quickstart() {
    run_one quickstart env OSTLER_BUILD="$out/plain" sh packaging/quickstart.sh --check
}

part_browser() {
    step plain-configure cmake -S . -B "$out/plain" &&
        step plain-build cmake --build "$out/plain" -j "$jobs" --target ostler &&
        run_one browser env OSTLER="$out/plain/server/ostler" sh test/browser/run.sh "$out/browser"
}

part_install() {
    step plain-configure cmake -S . -B "$out/plain" &&
        step plain-build cmake --build "$out/plain" -j "$jobs" --target all &&
        run_one install env OSTLER_BUILD="$out/plain" python3 test/package/test_install.py
}
# Only root may make and enter a Debian of its own, and only Debian has what that needs.
part_package() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        run_one package sh test/package/run.sh "$out/package"
    else
        echo 'package: skipped: it needs root and a Debian'
    fi
}

part_fresh() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        sh packaging/install-deps.sh package || return
        run_one fresh env OSTLER_PACKAGE_OUT="$out/package" python3 test/package/test_fresh.py
    else
        echo 'fresh: skipped: it needs root and a Debian'
    fi
}

case ${1:-} in
--list | -h | --help)
    for part in $parts $long_parts; do printf '%-11s %s\n' "$part" "$(describe "$part")"; done
    exit 0
    ;;
esac
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $parts
for part in "$@"; do
    describe "$part" >/dev/null || { echo "run.sh: no part '$part'; there are: $parts $long_parts" >&2; exit 2; }
done

sh packaging/install-deps.sh build test || exit 1
mkdir -p "$out/log"
if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
    export CCACHE_BASEDIR="$top"
fi

for part in "$@"; do
    heading "$part"
    part_"$part"
done

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
