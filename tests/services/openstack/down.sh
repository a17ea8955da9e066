#!/bin/bash
# down.sh - end what up.sh started. What the stack keeps stays, for a quick next start.
#   PURGE=1   also delete databases, images, volumes, logs, and the services' environment
set -uo pipefail
# shellcheck source=tests/services/openstack/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ -d "$root" ] || exit 0
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { say "run this as root, or install sudo" >&2; exit 1; }
    exec sudo INTEROP_STATE="${INTEROP_STATE:-$repo/.state}" PURGE="${PURGE:-0}" "$here/down.sh"
fi
exec 9>"$root/lock"
flock 9

end() {
    local file=$run/$1.pid group
    [ -s "$file" ] || return 0
    group=$(cat "$file")
    kill -TERM -- "-$group" 2>/dev/null
    for _ in $(seq 100); do kill -0 -- "-$group" 2>/dev/null || break; sleep 0.1; done
    kill -KILL -- "-$group" 2>/dev/null && say "$1 had to be killed"
    rm -f "$file"
}

# guests are daemons of libvirtd's own: end them through it
if alive libvirtd; then
    uri="qemu+unix:///system?socket=$run/libvirt/libvirt-sock"
    while read -r guest; do
        [ -z "$guest" ] || virsh -q -c "$uri" destroy "$guest" >/dev/null
    done <<<"$(virsh -q -c "$uri" list --name)"
fi
# the services first and together, then what they depend on
for file in "$run"/*.pid; do
    name=$(basename "$file" .pid)
    case $name in '*' | mariadb | rabbitmq | memcached | epmd) ;; *) end "$name" & ;; esac
done
wait
for name in rabbitmq memcached mariadb; do end "$name" & done
wait
end epmd
awk -v ours="$data/mounts/" 'index($2, ours) == 1 {print $2}' /proc/mounts | while read -r place; do
    umount "$place"
done
if [ "${PURGE:-0}" = 1 ]; then
    if grep -q " $data/" /proc/mounts; then
        say "something is still mounted under $data: nothing deleted" >&2
        exit 1
    fi
    rm -rf "$root"
fi
say "ended"
