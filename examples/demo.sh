#!/usr/bin/env bash
# demo.sh - move a real machine from local KVM to AWS and home again, with the public commands.
#
# Needs what `make setup` installs. Uses the libvirt that answers on qemu:///system, or starts one
# in a network namespace of its own; the AWS is a stand-in on this machine. Everything it makes it
# deletes at the end, also after Ctrl-C.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
repo=$PWD
export PATH=$repo/.venv/bin:$PATH

# Everything of the demo lies in one folder, beside nothing of the user's.
lab=$repo/.state/demo
mkdir -p "$lab"
export INTEROP_CONFIG=$lab/accounts.toml INTEROP_STATE_HOME=$lab/state
# The stand-in's own port, so that one that tests use stays as it is.
export INTEROP_AWS_PORT=${INTEROP_DEMO_AWS_PORT:-5056}
# The stand-in knows this key pair; it opens nothing.
export AWS_ACCESS_KEY_ID=AKIAINTEROPTESTSONLY
export AWS_SECRET_ACCESS_KEY=interop/tests/secret/known/to/everybody0
unset AWS_PROFILE AWS_SESSION_TOKEN

bold='' dim='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'; fi
heading() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
run() { printf '%s$ %s%s\n' "$dim" "$*" "$plain"; "$@"; }

libvirt_was_up=no
if virsh --quiet --connect qemu:///system version >/dev/null 2>&1; then libvirt_was_up=yes; fi

clean_up() {
    trap '' INT TERM
    heading "cleaning up"
    # Undoing takes what the move home made beside the machine, too. Each may not be there (yet).
    interop migrate undo "$lab/home.json" --yes >/dev/null 2>&1 || :
    for machine in demo-web demo-web-home; do
        interop delete "kvm-lab/$machine" --yes >/dev/null 2>&1 || :
    done
    python -m tests.services.aws --folder "$lab/aws" down
    if [ $libvirt_was_up = no ]; then tests/services/libvirt/down.sh; fi
    rm -rf "$lab"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

heading "A KVM host and an AWS"
tests/services/libvirt/up.sh
python -m tests.services.aws --folder "$lab/aws" up
cat >"$INTEROP_CONFIG" <<TOML
[accounts.kvm-lab]
kind = "kvm"
uri = "qemu:///system"
pool = "interop"

[accounts.aws-demo]
kind = "aws"
region = "eu-central-1"
endpoint = "http://127.0.0.1:$INTEROP_AWS_PORT"
TOML
run interop accounts

heading "A tiny real guest with a data disk, booted on KVM"
python tests/boot/guest/build.py "$repo/.state/guest/micro.qcow2"
cp "$repo/.state/guest/micro.qcow2" "$lab/root.qcow2"
# Whole GiB, as AWS has them: the disk that comes home is then the same from end to end.
qemu-img resize -q "$lab/root.qcow2" 1G
qemu-img create -q -f qcow2 "$lab/data.qcow2" 1G
# Runs inside the guest, once an instance. What it writes is random and written only where nothing
# is yet: whoever shows it later read this very disk.
cat >"$lab/user-data" <<'SCRIPT'
#!/bin/sh
word() { head -c 6 /dev/urandom | sha256sum | cut -c1-12; }
[ -e marker ] || word >marker
[ "$(head -c 4 "$DATA_DISK")" = disk ] || echo "disk-$(word)" | dd of="$DATA_DISK" conv=sync
sync
SCRIPT
run python examples/import_image.py kvm-lab demo-web "$lab/root.qcow2" "$lab/data.qcow2" \
    --network default --user-data "$lab/user-data"
interop console kvm-lab/demo-web --wait-for INTEROP-GUEST-READY --timeout 240 |
    grep -o 'INTEROP-GUEST-READY.*' | tail -n 1 | tee "$lab/before"

heading "What there is"
run interop inventory

heading "KVM to AWS: the plan"
run interop migrate plan kvm-lab/demo-web aws-demo --output "$lab/out.json"
heading "KVM to AWS: the move"
run interop migrate apply "$lab/out.json" --yes
run interop inventory

heading "AWS to KVM, under a new name: the plan"
run interop migrate plan aws-demo/demo-web kvm-lab --name demo-web-home --network default \
    --console 'INTEROP-GUEST-READY' --output "$lab/home.json"
heading "AWS to KVM: the move; it counts as done when the guest has booted"
run interop migrate apply "$lab/home.json" --yes

heading "Was it harmed?"
interop console kvm-lab/demo-web-home | grep -o 'INTEROP-GUEST-READY.*' | tail -n 1 >"$lab/after"
interop migrate report "$lab/out.json" --json >"$lab/out-report.json"
interop migrate report "$lab/home.json" --json >"$lab/home-report.json"
python examples/demo_verdict.py "$lab"

heading "With accounts of your own"
cat <<'WORDS'
1. Write ~/.config/interop/accounts.toml:  [accounts.prod]  kind = "aws"  profile = "prod"  region = "eu-central-1"
2. See that it is reached, and what is there:  interop doctor; interop inventory
3. Plan, read, then move:  interop migrate plan kvm-lab/web-1 prod -o plan.json; interop migrate apply plan.json
WORDS
