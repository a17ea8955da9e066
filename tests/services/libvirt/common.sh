# shellcheck shell=bash
# common.sh - names and paths shared by up.sh and down.sh; sourced, not run.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
state=${INTEROP_STATE:-$repo/.state}/libvirt
pids=$state/pids
# one namespace a clone: two clones differ in their path
netns=interop-$(printf '%s' "$state" | sha256sum | cut -c1-8)
pool=interop
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C   # the words of virsh are read below

say() { printf '[libvirt] %s\n' "$*"; }
virsh() { command virsh --quiet --connect qemu:///system "$@"; }
answers() { virsh version >/dev/null 2>&1; }

# alive NAME: the process recorded as NAME still is that program
alive() {
    local pid
    pid=$(cat "$pids/$1" 2>/dev/null) || return 1
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ]
}
