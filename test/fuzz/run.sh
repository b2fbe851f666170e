#!/bin/sh
# run.sh - builds every fuzz target with ASan and UBSan and runs them all.
#
#   test/fuzz/run.sh            10 seconds a target, as does --brief
#   test/fuzz/run.sh MINUTES    that many minutes in all
#
# Every fuzz_NAME.cc is a target; its seeds are in corpus/NAME/, its words in NAME.dict.  What
# is found goes to build-fuzz/crashes, and the exit code is 1.  77: no clang with libFuzzer.
set -eu

source=$(cd "$(dirname "$0")/../.." && pwd)
build=${OSTLER_FUZZ_BUILD:-$source/build-fuzz}
fuzz=$source/test/fuzz

case ${1:---brief} in
--brief) minutes= ;;
*[!0-9]* | 0*) echo "usage: $0 [--brief | MINUTES]" >&2; exit 2 ;;
*) minutes=$1 ;;
esac

# Apple's clang has no libFuzzer; Homebrew's has.
find_clang() {
    probe=$(mktemp -d)
    echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' \
        >"$probe/probe.cc"
    for candidate in ${CLANGXX:-} clang++ \
        /opt/homebrew/opt/llvm/bin/clang++ /usr/local/opt/llvm/bin/clang++ \
        clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14; do
        if "$candidate" -fsanitize=fuzzer,address "$probe/probe.cc" -o "$probe/probe" \
            >/dev/null 2>&1; then
            rm -r "$probe"
            echo "$candidate"
            return
        fi
    done
    rm -r "$probe"
}
clang=$(find_clang)
if [ -z "$clang" ]; then
    echo "fuzz: no clang++ with libFuzzer (Debian: clang and libclang-rt-dev; macOS: brew install llvm)" >&2
    exit 77
fi

set --
if command -v ccache >/dev/null; then
    set -- -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
log=$build/build.log
mkdir -p "$build/crashes"
if ! {
    cmake -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DOSTLER_FUZZ=ON \
        -DOSTLER_SANITIZE=address,undefined -DCMAKE_CXX_COMPILER="$clang" \
        -DCMAKE_C_COMPILER="$(echo "$clang" | sed 's/clang++/clang/')" "$@" &&
        cmake --build "$build" --target fuzz -j 2
} >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "fuzz: the build failed, see $log" >&2
    exit 1
fi

targets=0
for file in "$fuzz"/fuzz_*.cc; do targets=$((targets + 1)); done
seconds=10
[ -z "$minutes" ] || seconds=$((minutes * 60 / targets))

export ASAN_OPTIONS="detect_stack_use_after_return=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
failed=0
for file in "$fuzz"/fuzz_*.cc; do
    target=$(basename "$file" .cc)
    name=${target#fuzz_}
    log=$build/$target.log
    # New inputs are written to the first folder; the seeds are only read.
    mkdir -p "$build/corpus/$name"
    set -- "$build/corpus/$name"
    [ ! -d "$fuzz/corpus/$name" ] || set -- "$@" "$fuzz/corpus/$name"
    [ ! -f "$fuzz/$name.dict" ] || set -- "-dict=$fuzz/$name.dict" "$@"
    if "$build/test/fuzz/$target" -max_total_time="$seconds" -max_len=20000 -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=1 "-artifact_prefix=$build/crashes/$target-" "$@" \
        >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        echo "$target: ${runs:-?} runs in $seconds s, nothing found"
    else
        failed=1
        tail -n 60 "$log" >&2
        echo "$target: FAILED, see $log and $build/crashes" >&2
    fi
done
exit $failed
