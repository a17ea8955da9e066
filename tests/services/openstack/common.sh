# shellcheck shell=bash
# common.sh - names and paths shared by up.sh and down.sh; sourced, not run.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../../.." && pwd)
root=${INTEROP_STATE:-$repo/.state}/openstack
venv=$root/venv etc=$root/etc data=$root/data log=$root/log run=$root/run shims=$root/shims
db_port=13306 queue_port=15673 cache_port=21211
PATH=$shims:$venv/bin:$PATH:/usr/sbin:/sbin
export LC_ALL=C
unset "${!OS_@}"   # a caller's own cloud must not leak in

say() { printf '[openstack] %s\n' "$*"; }

# alive NAME: the process group recorded as NAME has a process left
alive() { [ -s "$run/$1.pid" ] && kill -0 -- "-$(cat "$run/$1.pid")" 2>/dev/null; }
