#!/bin/sh
# autoindex.sh - the benchmark of listings: ostler beside nginx, lighttpd, Apache and h2o, in one run.
#
#   sh test/bench/autoindex.sh [--rounds N] [--count N] [--times N]
#
# Installs what it needs (packaging/install-deps.sh bench) and builds ostler in build-bench as a
# release.  Not a test: only the ratios of one run mean something.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)

sh "$top/packaging/install-deps.sh" bench
launcher=
command -v ccache >/dev/null 2>&1 && launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache
cmake -S "$top" -B "$top/build-bench" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF $launcher >/dev/null
cmake --build "$top/build-bench" -j "$(getconf _NPROCESSORS_ONLN)" --target ostler >/dev/null
exec python3 "$here/autoindex.py" --ostler "$top/build-bench/server/ostler" "$@"
