#!/bin/sh
# Finds or installs Asterisk and prints the root folder it runs in: / or the project's .asterisk/root.
# asterisk.sh present: only finds it.
#
# In this order: the one on PATH; the distribution's package; on Debian without that package, Debian sid
# unpacked beside the project, from the mirror that this machine is set to. The host is left as it is.
set -eu

project=$(cd "$(dirname "$0")/../.." && pwd)
root="$project/.asterisk/root"
PATH="$PATH:/usr/sbin:/sbin"

fail() { echo "asterisk.sh: no Asterisk here: $1" >&2; exit 1; }

if command -v asterisk >/dev/null 2>&1; then echo /; exit 0; fi
if [ -e "$project/.asterisk/complete" ]; then echo "$root"; exit 0; fi
[ "${1:-}" != present ] || fail "run make install"

if [ "$(id -u)" = 0 ]; then as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo"
else fail "run this as root once, or install the package asterisk"; fi
command -v apt-get >/dev/null 2>&1 || fail "install the package asterisk with this system's package manager"

$as_root apt-get -qq update >/dev/null || fail "the package lists cannot be read; see apt-get update"
if apt-cache policy asterisk | grep -q 'Candidate: [0-9]'; then
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends asterisk >/dev/null \
        || fail "its package cannot be installed; see apt-get install asterisk"
    $as_root systemctl disable --now asterisk >/dev/null 2>&1 || true
    echo /
    exit 0
fi
command -v debootstrap >/dev/null 2>&1 || fail "install the package debootstrap"
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null \
    | sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p; s/^deb[[:space:]]\(\[[^]]*\][[:space:]]\)\{0,1\}[[:space:]]*\([^[:space:]]*\).*/\2/p' \
    | grep '/debian/*$' | head -n 1)
[ -n "$mirror" ] || fail "no Debian mirror in this machine's apt sources"
echo "asterisk.sh: unpacking Debian sid with Asterisk beside the project (about a minute, 500 MB)" >&2
$as_root rm -rf "$root"
mkdir -p "$project/.asterisk"
$as_root debootstrap --variant=minbase --include=asterisk,tzdata sid "$root" "$mirror" \
    >"$project/.asterisk/debootstrap.log" 2>&1 || fail "debootstrap failed; see .asterisk/debootstrap.log"
touch "$project/.asterisk/complete"
echo "$root"
