#!/bin/bash
# packages.sh - install the system packages the tests and the demo need.
#
# For Debian 12, Debian 13 and Ubuntu, as root or through sudo. Says what it
# installs and why; says nothing when nothing is missing.
#   packages.sh           install what is missing
#   packages.sh --list    print every package with its reason, change nothing
set -euo pipefail

# One package a line, then the reason.
NEEDED='
gcc                            compiles libvirt-python, which has no wheels
pkg-config                     tells that build where libvirt is
libvirt-dev                    headers of that build
python3-dev                    headers of that build
python3-venv                   the project lives in a virtual environment
libvirt-daemon-system          the local hypervisor service: libvirtd and virtlogd
libvirt-daemon-driver-qemu     lets libvirt run QEMU
libvirt-daemon-config-network  the NAT network "default"
libvirt-daemon-config-nwfilter the stock network filters ours refer to
libvirt-clients                virsh, which the service scripts use
qemu-system-x86                runs the guests
qemu-utils                     qemu-img and qemu-nbd, the door to disk images
ovmf                           UEFI firmware for guests
dnsmasq-base                   DHCP for guests on a libvirt network
nftables                       NAT and filter rules of libvirt networks
iptables                       libvirt before version 11 speaks to nftables through it
iproute2                       the private network namespace
util-linux                     setsid, flock and runuser
e2fsprogs                      fills the test guest'"'"'s ext4 root without mounting it
dosfstools                     makes its EFI system partition
mtools                         fills that partition without mounting it
fdisk                          sfdisk writes its partition table
cpio                           packs its initramfs
kmod                           depmod and modprobe order its kernel modules
grub-common                    grub-mkimage links its boot loader
xz-utils                       unpacks kernel modules where they are .ko.xz
zstd                           unpacks kernel modules where they are .ko.zst
mariadb-server-core            database of the OpenStack services
mariadb-client-core            makes its first tables
rabbitmq-server                message queue of the OpenStack services
memcached                      cache of the OpenStack services
curl                           waits until they answer
'

say() { printf '[packages] %s\n' "$*"; }

if [ "${1:-}" = --list ]; then
    printf '%s' "${NEEDED#?}"
    exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "this is not Debian or Ubuntu; install the equivalents of these yourself:" >&2
    printf '%s' "$NEEDED" >&2
    exit 1
fi

installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
missing=()
while read -r package reason; do
    [ -n "$package" ] || continue
    grep -qxF "$package" <<<"$installed" && continue
    [ ${#missing[@]} -gt 0 ] || say "installing what is missing:"
    printf '  %-31s%s\n' "$package" "$reason"
    missing+=("$package")
done <<<"$NEEDED"
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { say "run this as root, or install sudo" >&2; exit 1; }
    as_root=(sudo)
fi
# a lock held by unattended-upgrades is waited for, at most ten minutes
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } \
    </dev/null >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    say "apt-get could not install them (its last words are above)" >&2
    exit 1
fi
say "done"
