#!/bin/sh
# quickstart.sh - installs what is missing, builds ostler and serves htdocs/ on this machine.
#
#   sh packaging/quickstart.sh [OPTION]...     options of `ostler serve`, for example -p 9000
#   sh packaging/quickstart.sh --check         builds, makes one request, stops
#
# OSTLER_BUILD names another build folder than build/.
set -eu
cd "$(dirname "$0")/.."
build=${OSTLER_BUILD:-build}
ostler=$build/server/ostler
jobs=$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)

say() { printf 'quickstart: %s\n' "$*"; }
fail() { printf 'quickstart: error: %s\n' "$*" >&2; exit 1; }

# On the way to a page nobody wants 300 lines of compiler output; on a failure somebody does.
quietly() {
    "$@" >"$build/quickstart.log" 2>&1 && return 0
    cat "$build/quickstart.log" >&2
    fail "'$*' failed, see above"
}

compile() {
    mkdir -p "$build"
    say "building in $build (the first time takes a minute or two)"
    if [ ! -f "$build/CMakeCache.txt" ]; then
        set -- -DCMAKE_BUILD_TYPE=RelWithDebInfo
        if command -v ninja >/dev/null; then set -- "$@" -G Ninja; fi
        if command -v ccache >/dev/null; then set -- "$@" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
        quietly cmake -S . -B "$build" "$@"
    fi
    quietly cmake --build "$build" -j "$jobs" --target ostler
    version=$("$ostler" -v) || fail "$ostler does not run"
    say "built $version"
}

# Serves on a free port, fetches the welcome page, stops the server again.
check() {
    log=$build/quickstart-serve.log
    "$ostler" serve htdocs -p 0 >"$log" 2>&1 &
    server=$!
    trap 'kill $server 2>/dev/null || true' EXIT
    url=''
    for _ in $(seq 100); do
        url=$(sed -n 's|.*\(http://[^ ]*:[0-9][0-9]*/\).*|\1|p' "$log" | head -n 1)
        [ -z "$url" ] || break
        kill -0 $server 2>/dev/null || break
        sleep 0.1
    done
    [ -n "$url" ] || { cat "$log" >&2; fail "the server did not say where it listens"; }
    python3 -c 'import sys, urllib.request
page = urllib.request.urlopen(sys.argv[1], timeout=20).read().decode()
sys.exit(0 if "<title>" in page and "ostler" in page else "not the welcome page")' "$url" ||
        fail "no welcome page at $url"
    kill $server
    trap - EXIT
    wait $server || fail "the server ended with status $?"
    say "$url served the welcome page"
}

sh packaging/install-deps.sh build
compile
if [ "${1:-}" = --check ]; then
    check
    exit 0
fi
say "serving htdocs; Ctrl-C ends it"
exec "$ostler" serve htdocs --cgi "$@"
