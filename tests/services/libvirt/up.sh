#!/bin/bash
# up.sh - a libvirt that answers on qemu:///system, with pool "interop" and a network.
#
# A libvirt that answers already is used as it is. Where none does, virtlogd and
# libvirtd are started without systemd, inside a network namespace of their own:
# bridges, DHCP, NAT and filter rules stay in there, and the UNIX socket reaches
# out of it. Run it as often as you like. down.sh undoes just what this did.
set -euo pipefail
# shellcheck source=tests/services/libvirt/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [ "$(id -u)" != 0 ] && ! answers; then
    command -v sudo >/dev/null || { say "run this as root, or install sudo" >&2; exit 1; }
    exec sudo INTEROP_STATE="${INTEROP_STATE:-$repo/.state}" "${BASH_SOURCE[0]}"
fi
mkdir -p "$pids" "$state/log"

# one up.sh or down.sh at a time, whichever clone it belongs to: they share the socket
exec 9</etc/libvirt
flock 9

failed() {
    say "failed; the daemons' last words:" >&2
    tail -n 5 "$state"/log/*.log >&2 2>/dev/null || :
    # what an earlier run started is in use and stays
    [ "$was_up" = yes ] || { exec 9>&-; "$here/down.sh" || :; }
}

# Where udev does not run, /dev/kvm may be root's alone. libvirtd then finds KVM, finds that
# QEMU's user cannot use it, and looks again, ten seconds long, at every call. It is shown a
# node of its own with the usual rights; the machine's stays as it is.
kvm_node() {
    if [ ! -c /dev/kvm ] || runuser -u libvirt-qemu -- test -w /dev/kvm; then return; fi
    rm -f "$state/kvm"
    mknod -m 0660 "$state/kvm" c 10 232   # the kernel's Documentation/admin-guide/devices.txt
    chgrp kvm "$state/kvm"
    echo "$state/kvm"
}

# start NAME ARG...: run a daemon in the namespace and record its pid. Each step replaces
# itself with the next, so $! is the daemon. What is mounted in there is seen in there only.
start() {
    local name=$1
    shift
    if alive "$name"; then return; fi
    # shellcheck disable=SC2016
    setsid ip netns exec "$netns" \
        sh -c '[ -z "$0" ] || mount --bind "$0" /dev/kvm; exec "$@"' "$kvm" "$name" "$@" \
        >>"$state/log/$name.log" 2>&1 </dev/null 9>&- &
    echo $! >"$pids/$name"
    say "started $name (pid $!)"
}

start_daemons() {
    local kvm
    # Daemons that were killed leave theirs behind, with bridges this libvirtd did not make and
    # will not make again. What still runs in it keeps it, without a name.
    if [ -e "/run/netns/$netns" ] && ! alive libvirtd; then ip netns del "$netns"; fi
    [ -e "/run/netns/$netns" ] || ip netns add "$netns"
    ip -n "$netns" link set lo up
    mkdir -p /run/libvirt
    # no polkit without a system bus: root and group libvirt may use the socket
    cat >"$state/libvirtd.conf" <<CONF
unix_sock_group = "libvirt"
unix_sock_rw_perms = "0770"
auth_unix_ro = "none"
auth_unix_rw = "none"
log_outputs = "3:stderr"
CONF
    kvm=$(kvm_node)
    start virtlogd
    start libvirtd -f "$state/libvirtd.conf"
    # the first start probes QEMU for ten seconds or so
    for _ in $(seq 300); do
        answers && return
        # not by its name, which is another one until the namespace is entered
        kill -0 "$(cat "$pids/libvirtd")" 2>/dev/null || return 1
        sleep 0.2
    done
    return 1
}

# QEMU runs as another user, which must be able to walk to the pool's files
pool_dir() {
    local dir=$state/pool
    mkdir -p "$dir"
    if getent passwd libvirt-qemu >/dev/null && [ "$(id -u)" = 0 ] \
        && ! runuser -u libvirt-qemu -- test -x "$dir"; then
        rmdir "$dir"
        dir=/var/lib/libvirt/images/$netns
        mkdir -p "$dir"
    fi
    echo "$dir"
}

was_up=no
if answers; then was_up=yes; fi
trap failed ERR
answers || start_daemons

if ! virsh pool-info "$pool" >/dev/null 2>&1; then
    dir=$(pool_dir)
    virsh pool-define-as "$pool" dir --target "$dir" >/dev/null
    echo "$dir" >"$state/pool-defined"
fi
if ! grep -q 'State: *running' <<<"$(virsh pool-info "$pool")"; then
    virsh pool-build "$pool" >/dev/null   # the folder may have gone with its clone
    virsh pool-start "$pool" >/dev/null
fi
if ! virsh net-info default >/dev/null 2>&1; then
    virsh net-define /usr/share/libvirt/networks/default.xml >/dev/null
    : >"$state/network-defined"
fi
if ! grep -q 'Active: *yes' <<<"$(virsh net-info default)"; then
    virsh net-start default >/dev/null
    : >"$state/network-started"
fi
if alive libvirtd; then where="in network namespace $netns"; else where="which was running already"; fi
say "ready: qemu:///system, $where; pool $pool, network default"
