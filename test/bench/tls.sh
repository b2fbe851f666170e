#!/bin/sh
# tls.sh - the benchmark of HTTPS: ostler beside nginx, lighttpd and h2o.
#
#   sh test/bench/tls.sh [--seconds N] [--rounds N] [ROW ...]     rows: see tls_bench.py --list
#
# Installs what it needs, builds ostler in build-bench as a release, and prints a table.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)

sh "$top/packaging/install-deps.sh" bench
launcher=
command -v ccache >/dev/null 2>&1 && launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache
cmake -S "$top" -B "$top/build-bench" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF $launcher >/dev/null
cmake --build "$top/build-bench" -j "$(getconf _NPROCESSORS_ONLN)" >/dev/null
exec python3 "$here/tls_bench.py" --ostler "$top/build-bench/server/ostler" "$@"
