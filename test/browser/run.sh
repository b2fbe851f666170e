#!/bin/sh
# run.sh - the pages in a real browser: Chromium driven by playwright-core, checked by axe-core.
#
#   OSTLER=path/to/ostler sh test/browser/run.sh [FOLDER]
#
# FOLDER (build-test/browser) gets node_modules and the screenshots, which are there to be looked at.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
out=${1:-$top/build-test/browser}
OSTLER=${OSTLER:-$top/build/server/ostler}

command -v node >/dev/null && command -v npm >/dev/null ||
    sh "$top/packaging/install-deps.sh" browser
for name in chromium chromium-browser google-chrome; do
    [ -n "${BROWSER_PATH:-}" ] || BROWSER_PATH=$(command -v $name || true)
done
[ -n "$BROWSER_PATH" ] || { echo "run.sh: there is no Chromium here" >&2; exit 1; }

mkdir -p "$out"
cp "$here/package.json" "$out/"
cmp -s "$here/package.json" "$out/installed.json" || {
    (cd "$out" && npm install --ignore-scripts --no-audit --no-fund --no-package-lock)
    cp "$here/package.json" "$out/installed.json"
}
cp "$here"/*.mjs "$out/"
export OSTLER BROWSER_PATH OSTLER_SOURCE="$top"
cd "$out"
exec node --test --test-reporter=spec pages.mjs shop.mjs status.mjs
