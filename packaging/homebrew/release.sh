#!/bin/sh
# release.sh - prints the formula for a release: with its archive, checksum and home page.
#
#   sh packaging/homebrew/release.sh HOMEPAGE URL ARCHIVE > ostler.rb
#
# ARCHIVE is what URL will serve, for example what `cpack --config CPackSourceConfig.cmake` made.
set -eu
[ $# = 3 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
sum=$(shasum -a 256 "$3" 2>/dev/null || sha256sum "$3")
sed "s|^  license \"MIT\"|  homepage \"$1\"\\
  url \"$2\"\\
  sha256 \"${sum%% *}\"\\
  license \"MIT\"|" "$(dirname "$0")/ostler.rb"
