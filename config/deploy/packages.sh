#!/bin/sh
# Installs the system packages that are missing: packages.sh run|demo|test
set -eu

case "${1:-}" in
    run) wanted="espeak-ng:espeak-ng sox:sox debootstrap:debootstrap" ;;
    demo) wanted="sipp:sip-tester espeak-ng:espeak-ng sox:sox mosquitto:mosquitto debootstrap:debootstrap" ;;
    test) wanted="sipp:sip-tester espeak-ng:espeak-ng sox:sox mosquitto:mosquitto debootstrap:debootstrap chromium:chromium promtool:prometheus postgres:postgresql nginx:nginx-light ip:iproute2" ;;
    *) echo "usage: packages.sh run|demo|test" >&2; exit 2 ;;
esac

missing=""
for pair in $wanted; do
    command="${pair%%:*}"
    if [ "$command" = postgres ] && ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then continue; fi
    PATH="$PATH:/usr/sbin:/sbin" command -v "$command" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo"
else echo "packages.sh: missing:$missing; install them, or run this as root" >&2; exit 1; fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "packages.sh: missing:$missing; install them with this system's package manager" >&2; exit 1
fi
echo "installing:$missing"
$as_root env DEBIAN_FRONTEND=noninteractive sh -c \
    "apt-get -qq update && apt-get -qq install -y --no-install-recommends $missing" >/dev/null
