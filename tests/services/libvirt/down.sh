#!/bin/bash
# down.sh - end what up.sh started, and nothing else.
#
# A libvirt that up.sh found running stays, with the guests and volumes in it. One
# that up.sh started is ended with its guests (their disks stay in the pool).
#   PURGE=1   also delete pool "interop" and its volumes, where up.sh defined it
set -uo pipefail
# shellcheck source=tests/services/libvirt/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ -d "$state" ] || exit 0
if [ "$(id -u)" != 0 ] && alive libvirtd; then
    command -v sudo >/dev/null || { say "run this as root, or install sudo" >&2; exit 1; }
    exec sudo INTEROP_STATE="${INTEROP_STATE:-$repo/.state}" PURGE="${PURGE:-0}" "${BASH_SOURCE[0]}"
fi
exec 9</etc/libvirt
flock 9

if answers; then
    if alive libvirtd; then
        while read -r domain; do
            [ -z "$domain" ] || { virsh destroy "$domain" >/dev/null; say "ended guest $domain"; }
        done <<<"$(virsh list --name)"
        while read -r network; do
            [ -z "$network" ] || virsh net-destroy "$network" >/dev/null
        done <<<"$(virsh net-list --name)"
    elif [ -e "$state/network-started" ]; then
        virsh net-destroy default >/dev/null
    fi
    if [ -e "$state/network-defined" ]; then virsh net-undefine default >/dev/null; fi
    if [ "${PURGE:-0}" = 1 ] && [ -e "$state/pool-defined" ]; then
        virsh pool-refresh "$pool" >/dev/null 2>&1
        while read -r volume _; do
            [ -z "$volume" ] || virsh vol-delete "$volume" --pool "$pool" >/dev/null
        done <<<"$(virsh vol-list "$pool")"
        virsh pool-destroy "$pool" >/dev/null 2>&1
        virsh pool-undefine "$pool" >/dev/null
        rmdir "$(cat "$state/pool-defined")" 2>/dev/null
        rm -f "$state/pool-defined"
    fi
    rm -f "$state/network-started" "$state/network-defined"
fi

for name in libvirtd virtlogd; do
    if alive "$name"; then
        pid=$(cat "$pids/$name")
        kill "$pid"
        for _ in $(seq 100); do [ -e "/proc/$pid" ] || break; sleep 0.1; done
        say "ended $name (pid $pid)"
    fi
    rm -f "$pids/$name"
done
rm -f "$state/kvm"
if [ -e "/run/netns/$netns" ]; then ip netns del "$netns"; fi
exit 0
