#!/bin/sh
# session.sh - the benchmark of sessions: what one costs a static file, and how many are written.
#
#   sh test/bench/session.sh [--seconds N] [--rounds N] [--store sqlite|redis] [--sessions N]
#
# Installs what it needs, builds ostler in build-bench-test as a release with the tests' own modules,
# and prints a table.  Exit code 1 when it is slower than agreed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${OSTLER_BENCH_BUILD:-$top/build-bench-test}

sh "$top/packaging/install-deps.sh" build bench
launcher=
command -v ccache >/dev/null 2>&1 && launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache
cmake -S "$top" -B "$build" -DCMAKE_BUILD_TYPE=Release $launcher >/dev/null
cmake --build "$build" --target ostler_test -j "$(getconf _NPROCESSORS_ONLN)" >/dev/null
exec python3 "$here/session_bench.py" --ostler "$build/test/ostler_test" "$@"
