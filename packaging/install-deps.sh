#!/bin/sh
# install-deps.sh - installs what is missing to build, to test or to benchmark ostler.
#
#   sh packaging/install-deps.sh [build|test|browser|bench|package]...      (build when nothing is named)
#
# Debian and its relatives through apt, macOS through Homebrew.  What is there already is left
# alone; when nothing is missing, nothing is run at all.
set -eu

say() { printf 'install-deps: %s\n' "$*"; }
fail() { printf 'install-deps: error: %s\n' "$*" >&2; exit 1; }

# One line a purpose: what the packages are for stands in README.md.
apt_names() {
    case $1 in
    build) echo g++ cmake ninja-build pkg-config libevent-dev libssl-dev libconfig-dev libmd4c-dev \
                libarchive-dev libsqlite3-dev libhiredis-dev doctest-dev ccache python3 ;;
    test)  echo clang libclang-rt-dev libc++-dev libc++abi-dev curl wget procps \
                python3-doc chromium git gitweb mercurial php-cgi php-xml dokuwiki \
                libcgi-pm-perl redis-server prometheus openssl testssl.sh ;;
    bench) echo nginx-light lighttpd lighttpd-mod-openssl wrk procps apache2-bin h2o php-cgi openssl redis-server ;;
    # A Node.js from elsewhere brings its own npm and refuses Debian's beside it.
    browser) echo chromium; command -v npm >/dev/null || echo nodejs npm ;;
    package) echo debhelper lintian debootstrap systemd-container iproute2 logrotate goaccess \
                  fail2ban mandoc man-db groff ruby libxml2-utils zsh fish bash-completion ;;
    *) fail "unknown purpose '$1': build, test, browser, bench or package" ;;
    esac
}

brew_names() {
    case $1 in
    build) echo cmake ninja pkgconf libevent openssl@3 libconfig md4c libarchive sqlite hiredis doctest ccache ;;
    test)  echo llvm redis wget git mercurial php prometheus testssl ;;
    bench) echo nginx lighttpd wrk httpd h2o php redis ;;
    browser) echo node ;;
    package) echo mandoc ;;
    *) fail "unknown purpose '$1': build, test, browser, bench or package" ;;
    esac
}

apt_has() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
brew_has() { brew list --versions "$1" >/dev/null 2>&1; }

# Prints those of its arguments that are not installed; the first one is the question to ask.
missing_of() {
    has=$1
    shift
    for name in "$@"; do "$has" "$name" || printf '%s ' "$name"; done
}

with_apt() {
    wanted=''
    for purpose in "$@"; do wanted="$wanted $(apt_names "$purpose")"; done
    # shellcheck disable=SC2086
    missing=$(missing_of apt_has $wanted)
    [ -n "$missing" ] || { say "nothing is missing for: $*"; return; }
    root=''
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || fail "these are missing: $missing
    Neither root nor sudo here: install them, or run this as root."
        root=sudo
    fi
    say "installing with apt: $missing"
    apt="$root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600"
    $apt update || fail "apt-get update failed, see above; these are missing: $missing"
    # shellcheck disable=SC2086
    $apt install -y --no-install-recommends $missing ||
        fail "apt-get install failed, see above; these are missing: $missing"
    # A benchmark wants the programs; a service that has just been started on port 80, nobody.
    for service in nginx lighttpd h2o redis-server prometheus; do
        case " $missing" in
        *" $service"*) [ ! -d /run/systemd/system ] || $root systemctl disable --now $service ;;
        esac
    done
}

with_brew() {
    command -v c++ >/dev/null || fail "no C++ compiler: run xcode-select --install first"
    wanted=''
    for purpose in "$@"; do wanted="$wanted $(brew_names "$purpose")"; done
    # shellcheck disable=SC2086
    missing=$(missing_of brew_has $wanted)
    [ -n "$missing" ] || { say "nothing is missing for: $*"; return; }
    say "installing with Homebrew: $missing"
    # shellcheck disable=SC2086
    brew install $missing || fail "brew install failed, see above; these are missing: $missing"
}

[ $# -gt 0 ] || set -- build
if command -v apt-get >/dev/null; then
    with_apt "$@"
elif command -v brew >/dev/null; then
    with_brew "$@"
else
    fail "neither apt nor Homebrew here; by Debian's names these are needed:
$(for purpose in "$@"; do printf '    '; apt_names "$purpose"; done)"
fi
