#!/bin/sh
# run.sh - the benchmark: ostler beside nginx and lighttpd, in one run, as CPU per request.
#
#   sh test/bench/run.sh [--seconds N] [--rounds N] [ROW ...]     rows: see bench.py --list
#
# Installs what it needs (packaging/install-deps.sh bench), builds ostler in build-bench as a
# release, and prints a table.  Not a test: the machine decides the figures, only the ratios of
# one run mean something.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)

sh "$top/packaging/install-deps.sh" bench
launcher=
command -v ccache >/dev/null 2>&1 && launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache
cmake -S "$top" -B "$top/build-bench" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF $launcher >/dev/null
cmake --build "$top/build-bench" -j "$(getconf _NPROCESSORS_ONLN)" >/dev/null
exec python3 "$here/bench.py" --ostler "$top/build-bench/server/ostler" "$@"
