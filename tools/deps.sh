#!/bin/sh
# SPDX-License-Identifier: MIT
# deps.sh build|test|e2e|lint|fuzz...: sees to it that what these need is installed. On Debian and its kin the missing
# packages are installed with apt-get (through sudo unless we are root); elsewhere the exact list is printed and we stop.
set -eu
missing=

lib() { # lib PKG-CONFIG-NAME DEBIAN-PACKAGE
  pkg-config --exists "$1" 2>/dev/null || missing="$missing $2"
}
tool() { # tool COMMAND DEBIAN-PACKAGE
  PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

look() {
  missing=
  for part in "$@"; do
    case $part in
    build)
      tool cc gcc
      tool pkg-config pkg-config
      [ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
      lib glib-2.0 libglib2.0-dev
      lib jansson libjansson-dev
      lib sqlite3 libsqlite3-dev
      lib libcurl libcurl4-openssl-dev
      lib libsodium libsodium-dev
      lib libmicrohttpd libmicrohttpd-dev
      lib libcrypto libssl-dev
      lib gmime-3.0 libgmime-3.0-dev
      lib lua5.4 liblua5.4-dev
      lib libseccomp libseccomp-dev
      lib md4c libmd4c-dev
      lib md4c-html libmd4c-html0-dev
      [ -e /usr/share/zoneinfo/Europe/Paris ] || missing="$missing tzdata"
      ;;
    test)
      tool prove perl
      tool python3 python3
      tool lua5.4 lua5.4
      tool objdump binutils
      [ -e /usr/share/i18n/locales/fr_FR ] || missing="$missing locales" # a locale that workers must not see
      tool strace strace
      tool openssl openssl
      tool ip iproute2
      /usr/bin/python3 -c 'import dkim, nacl' 2>/dev/null || missing="$missing python3-dkim python3-nacl"
      ;;
    e2e)
      tool python3 python3
      tool openssl openssl
      tool postfix postfix
      tool swaks swaks
      /usr/bin/python3 -c 'import croniter, holidays' 2>/dev/null || missing="$missing python3-croniter python3-holidays" # other people's calendars
      tool dovecot dovecot-core
      tool chromium chromium
      [ -x /usr/lib/dovecot/imap ] || [ -x /usr/libexec/dovecot/imap ] || missing="$missing dovecot-imapd"
      ;;
    lint)
      tool clang clang
      tool luac5.4 lua5.4
      ;;
    fuzz)
      tool clang clang
      # libFuzzer and the sanitizers come in a package of the compiler's own version.
      version=$(clang -dumpversion 2>/dev/null | cut -d. -f1)
      [ -n "$version" ] || version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\).*/\1/p' | head -1)
      [ -e "$(clang -print-runtime-dir 2>/dev/null)/libclang_rt.fuzzer-$(uname -m).a" ] || missing="$missing libclang-rt-$version-dev"
      ;;
    *)
      echo "deps.sh: unknown part $part" >&2
      exit 2
      ;;
    esac
  done
}

look "$@"
[ -n "$missing" ] || exit 0
missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')

if [ ! -e /etc/debian_version ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Perigee needs these, under the names they have on Debian; install them and try again:" >&2
  for package in $missing; do echo "  $package" >&2; done
  exit 1
fi

as_root=
if [ "$(id -u)" != 0 ]; then
  as_root=sudo
  command -v sudo >/dev/null 2>&1 || {
    echo "Missing packages; as root run: apt-get install $missing" >&2
    exit 1
  }
fi
echo "installing: $missing" >&2
# Postfix and Dovecot are wanted as programs only: the tests start their own, and no service of the machine is set up.
case $missing in *postfix*)
  echo "postfix postfix/main_mailer_type select No configuration" | $as_root debconf-set-selections ;;
esac
install() {
  $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends $missing </dev/null >&2
}
install || { $as_root apt-get update -q >&2 && install; }
look "$@"
[ -z "$missing" ] || { echo "still missing after the installation:$missing" >&2; exit 1; }
