#!/bin/sh
# build-deb.sh - builds ostler_VERSION_ARCH.deb from this tree.
#
#   sh packaging/build-deb.sh [FOLDER]      the package is put into FOLDER, "." unless given
#
# OSTLER_DEB_SUFFIX is added to the version ("~test1").  DEB_BUILD_OPTIONS is Debian's: "nocheck"
# leaves the unit tests out.  OSTLER_DEB_WORK is where it is built, and always the same place makes a
# compiler's cache useful.  What it needs is installed by packaging/install-deps.sh build package.
set -eu
to=$(mkdir -p "${1:-.}" && cd "${1:-.}" && pwd)
cd "$(dirname "$0")/.."

say() { printf 'build-deb: %s\n' "$*"; }
fail() { printf 'build-deb: error: %s\n' "$*" >&2; exit 1; }

command -v dpkg-buildpackage >/dev/null ||
    fail "no dpkg-buildpackage: sh packaging/install-deps.sh build package"
version=$(sed -n 's/^project(ostler VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
shipped=$(sed -n '1s/^ostler (\(.*\)).*/\1/p' packaging/debian/changelog)
[ "$version" = "${shipped%-*}" ] || fail "CMakeLists.txt says $version, packaging/debian/changelog $shipped"

if [ -n "${OSTLER_DEB_WORK:-}" ]; then
    work=$OSTLER_DEB_WORK
    mkdir -p "$work"
else
    work=$(mktemp -d "${TMPDIR:-/tmp}/ostler-deb-XXXXXX")
fi
trap 'rm -rf "$work"' EXIT
tree=$work/ostler-$version
mkdir "$tree"
tar -cf - --exclude='./build*' --exclude=./.git --exclude='__pycache__' . | tar -xf - -C "$tree"
cp -r packaging/debian "$tree/debian"
if [ -n "${OSTLER_DEB_SUFFIX:-}" ]; then
    sed -i "1s/($shipped)/($shipped$OSTLER_DEB_SUFFIX)/" "$tree/debian/changelog"
fi
cd "$tree"
say "building ostler $shipped${OSTLER_DEB_SUFFIX:-}"
dpkg-buildpackage -b -us -uc
for file in "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo; do
    cp "$file" "$to/"
    case $file in *-dbgsym_*) ;; *.deb) say "made $to/${file##*/}" ;; esac
done
