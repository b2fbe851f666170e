#!/bin/sh
# run.sh - builds the Debian package twice, as an old and a new version, and tries it for real.
#
#   sh test/package/run.sh [FOLDER] [TEST]...     FOLDER: where all of it is made and kept
#
# What it needs is installed by packaging/install-deps.sh build package.
set -eu
cd "$(dirname "$0")/../.."
out=${1:-build-test/package}
[ $# = 0 ] || shift
mkdir -p "$out"
out=$(cd "$out" && pwd)
export OSTLER_PACKAGE_OUT="$out" PYTHONDONTWRITEBYTECODE=1

sh packaging/install-deps.sh build package

# The unit tests have been run by whoever runs this; a compiler's cache makes the second one quick.
export DEB_BUILD_OPTIONS=nocheck OSTLER_DEB_WORK="$out/work"
if [ -d /usr/lib/ccache ]; then
    export PATH="/usr/lib/ccache:$PATH" CCACHE_BASEDIR="$out/work"
fi
for version in old new; do
    rm -rf "${out:?}/$version" "$out/work"
    suffix=''
    [ $version = new ] || suffix='~old'
    OSTLER_DEB_SUFFIX=$suffix sh packaging/build-deb.sh "$out/$version" >"$out/build-$version.log" 2>&1 || {
        cat "$out/build-$version.log"
        exit 1
    }
done

cd test/package
[ $# -gt 0 ] || set -- test_chroot test_systemd
python3 -m unittest -v "$@"
