#!/bin/bash
# up.sh - real OpenStack services on 127.0.0.1: keystone, glance, placement, nova, neutron, cinder.
#
# Everything is under $INTEROP_STATE/openstack (default: .state/openstack in the clone): the
# services' own virtual environment, databases, images, volumes, logs. It stays there between runs,
# so the second start takes seconds. Run it as often as you like; down.sh ends what this started.
# README.md says what of it is real and what is not.
set -euo pipefail
# shellcheck source=tests/services/openstack/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { say "run this as root, or install sudo" >&2; exit 1; }
    exec sudo INTEROP_STATE="${INTEROP_STATE:-$repo/.state}" "$here/up.sh"
fi
"$repo/tests/services/packages.sh" "$here/packages"
mkdir -p "$etc" "$data" "$log" "$run" "$shims"
exec 9>"$root/lock"
flock 9
began=$SECONDS

# ---------------------------------------------------------------- helpers

# start NAME COMMAND...: leader of a session of its own, so that down.sh can end all of it
start() {
    local name=$1
    shift
    if alive "$name"; then return; fi
    setsid "$@" >>"$log/$name.log" 2>&1 </dev/null 9>&- &
    echo $! >"$run/$name.pid"
}

# once NAME COMMAND...: a step that is done when it has succeeded
once() {
    local name=$1 since=$SECONDS
    shift
    [ ! -e "$data/done.$name" ] || return 0
    if ! "$@" >>"$log/$name.log" 2>&1 9>&-; then
        say "step $name failed; the end of $log/$name.log:" >&2
        tail -n 15 "$log/$name.log" >&2
        return 1
    fi
    touch "$data/done.$name"
    say "$name ($((SECONDS - since)) s)"
}

# until_ok SECONDS WHAT COMMAND...
until_ok() {
    local limit=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt $limit ] || { say "gave up waiting for $what; see $log" >&2; exit 1; }
        sleep 0.2
    done
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# ---------------------------------------------------------------- the services' environment

wanted=$(cat "$here/constraints.txt" "$here/services.txt" "$here"/plugins/*.toml "$here"/plugins/*/*.py \
    | sha256sum)
install() {
    /usr/bin/python3 -m venv "$venv"
    nice "$venv/bin/pip" install --disable-pip-version-check -c "$here/constraints.txt" \
        -r "$here/services.txt"
    # nova loads drivers only from inside its own package: one-line modules lead to ours
    local site
    site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    # copied, because a build writes beside its source
    rm -rf "$root/plugins" && cp -r "$here/plugins" "$root/plugins"
    "$venv/bin/pip" install --disable-pip-version-check --no-deps --force-reinstall "$root/plugins"
    echo "from interop_stack.hypervisor import CopyingFakeDriver  # noqa: F401" \
        >"$site/nova/virt/interop_stack.py"
    echo "from interop_stack.guests import LibvirtDriver  # noqa: F401" \
        >"$site/nova/virt/interop_guests.py"
}
if [ "$(cat "$data/installed" 2>/dev/null)" != "$wanted" ]; then
    rm -f "$data/done.install"
    once install install
    echo "$wanted" >"$data/installed"
fi

# ---------------------------------------------------------------- shims

# The services call "sudo SERVICE-rootwrap CONFIG COMMAND" even as root; run just the command.
cat >"$shims/sudo" <<'S'
#!/bin/sh
while :; do case "$1" in -*) shift ;; *=*) export "$1"; shift ;; *) break ;; esac; done
case "$1" in *-rootwrap) shift 2 ;; esac
exec "$@"
S
# cinder's file driver mounts its share. Here the mount point itself is the share: a directory
# bound to itself is in /proc/mounts, which is what the driver looks for.
cat >"$shims/mount" <<'S'
#!/bin/sh
share= last= before=
for word; do [ "$before$word" = -tnfs ] && share=1; before=$word; last=$word; done
if [ "$share" ]; then exec /bin/mount --bind "$last" "$last"; fi
exec /bin/mount "$@"
S
printf '#!/bin/sh\nexit 0\n' >"$shims/mount.nfs"   # looked for, never called
chmod +x "$shims"/*

once secret sh -c "umask 077; head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n' >'$data/secret'"
"$venv/bin/python" "$here/configure.py" "$root"

# ---------------------------------------------------------------- database, queue, cache

secret=$(cat "$data/secret")
make_database() {
    local name
    rm -rf "$data/mysql"
    mkdir -p "$data/mysql"
    { for name in keystone glance placement nova_api nova nova_cell0 neutron cinder; do
          echo "CREATE DATABASE $name CHARACTER SET utf8;"
      done
      echo "FLUSH PRIVILEGES;"
      echo "CREATE USER interop@127.0.0.1 IDENTIFIED BY '$secret';"
      echo "GRANT ALL ON *.* TO interop@127.0.0.1;"; } >"$data/first.sql"
    mariadb-install-db --no-defaults --user=root --datadir="$data/mysql" --skip-test-db \
        --auth-root-authentication-method=normal --extra-file="$data/first.sql"
    rm "$data/first.sql"
}
if ! alive mariadb && listens $db_port; then
    say "port $db_port is taken by another program (another clone's stack?)" >&2
    exit 1
fi
once database make_database
# no flush to disk: a crash may lose what tests made, and it is several times faster
start mariadb mariadbd --no-defaults --user=root --datadir="$data/mysql" \
    --socket="$run/mysql.sock" --pid-file="$run/mysql.own" --bind-address=127.0.0.1 \
    --port=$db_port --max-connections=400 --performance-schema=OFF --skip-log-bin \
    --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --innodb-buffer-pool-size=128M \
    --skip-name-resolve
start memcached memcached -u nobody -l 127.0.0.1 -p $cache_port -m 32 -U 0
mkdir -p "$data/queue"
listens 4369 || start epmd epmd -address 127.0.0.1   # or the queue leaves one of its own behind
until_ok 10 epmd listens 4369
# one scheduler thread that sleeps instead of spinning: idle, the queue takes no CPU
start rabbitmq env HOME="$data/queue" ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_NODENAME=interop@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
    RABBITMQ_NODE_PORT=$queue_port RABBITMQ_DIST_PORT=25673 \
    RABBITMQ_MNESIA_BASE="$data/queue" RABBITMQ_LOG_BASE="$log" \
    RABBITMQ_CONFIG_FILE="$etc/none" RABBITMQ_CONF_ENV_FILE="$etc/none" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$etc/none" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none \
-kernel inet_dist_use_interface {127,0,0,1}" \
    /usr/lib/rabbitmq/bin/rabbitmq-server
until_ok 60 mariadb listens $db_port

# ---------------------------------------------------------------- tables

nova_conf=(--config-file "$etc/nova/nova.conf")
nova_tables() {
    nova-manage "${nova_conf[@]}" api_db sync
    nova-manage "${nova_conf[@]}" cell_v2 map_cell0 --database_connection \
        "mysql+pymysql://interop:$secret@127.0.0.1:$db_port/nova_cell0?charset=utf8"
    nova-manage "${nova_conf[@]}" cell_v2 create_cell --name cell1
    nova-manage "${nova_conf[@]}" db sync
}
keystone_tables() {
    local keystone=(keystone-manage --config-file "$etc/keystone/keystone.conf")
    "${keystone[@]}" db_sync
    "${keystone[@]}" fernet_setup --keystone-user root --keystone-group root
    "${keystone[@]}" credential_setup --keystone-user root --keystone-group root
    OS_BOOTSTRAP_PASSWORD=$secret "${keystone[@]}" bootstrap --bootstrap-region-id RegionOne \
        --bootstrap-admin-url http://127.0.0.1:5000/v3 \
        --bootstrap-internal-url http://127.0.0.1:5000/v3 \
        --bootstrap-public-url http://127.0.0.1:5000/v3
}
# nova's take as long as all the others together: one core for it, one for them
once tables-nova nova_tables &
nova=$!
{ once tables-keystone keystone_tables
  once tables-neutron neutron-db-manage --config-file "$etc/neutron/neutron.conf" upgrade heads
  once tables-glance glance-manage --config-file "$etc/glance/glance-api.conf" db_sync
  once tables-placement placement-manage --config-file "$etc/placement/placement.conf" db sync
  once tables-cinder cinder-manage --config-file "$etc/cinder/cinder.conf" db sync; } &
others=$!
wait $nova
wait $others

# ---------------------------------------------------------------- APIs

# api NAME PORT MODULE VARIABLE=VALUE [ARGUMENT...]
api() {
    local name=$1 port=$2 module=$3 variable=$4
    shift 4
    start "$name" env "$variable" "$venv/bin/python" "$here/serve.py" "$port" "$module" "$@"
}
api keystone 5000 keystone.wsgi.api OS_KEYSTONE_CONFIG_FILES="$etc/keystone/keystone.conf"
api placement 8778 placement.wsgi.api OS_PLACEMENT_CONFIG_DIR="$etc/placement"
api glance 9292 glance.wsgi.api OS_GLANCE_CONFIG_DIR="$etc/glance"
until_ok 60 rabbitmq listens $queue_port
until_ok 60 keystone curl -sf http://127.0.0.1:5000/v3
client() { OS_CLIENT_CONFIG_FILE=$root/clouds.yaml "$venv/bin/python" "$here/bootstrap.py" "$@"; }
once catalog client catalog
api neutron 9696 neutron.wsgi.api OS_NEUTRON_CONFIG_DIR="$etc/neutron"
api nova-api 8774 nova.wsgi.osapi_compute OS_NOVA_CONFIG_DIR="$etc/nova"
api cinder-api 8776 cinder.wsgi.api OS_CLIENT=none --config-file "$etc/cinder/cinder.conf"

# ---------------------------------------------------------------- workers

start nova-conductor nova-conductor "${nova_conf[@]}"
start nova-scheduler nova-scheduler "${nova_conf[@]}"
start nova-compute nova-compute "${nova_conf[@]}"
start cinder-scheduler cinder-scheduler --config-file "$etc/cinder/cinder.conf"
start cinder-volume cinder-volume --config-file "$etc/cinder/cinder.conf"

# A libvirtd of its own, for three reasons: nova refuses a host that has guests it did not make,
# the machine's libvirt must not see nova's guests, and nova makes the guests' network devices in
# its own network namespace. Its folders are private (mount namespace).
virt=$data/libvirt
if ! alive libvirtd; then
    mkdir -p "$virt"/{run,lib,cache} "$run/libvirt"
    rm -rf "$virt/etc" && cp -r /etc/libvirt "$virt/etc"
    rm -rf "$virt"/etc/qemu/networks "$virt"/etc/storage "$virt"/etc/qemu/*.xml
    printf '%s\n' 'stdio_handler = "file"' 'security_driver = "none"' 'user = "root"' \
        'group = "root"' >"$virt/etc/qemu.conf"
    printf '%s\n' "unix_sock_dir = \"$run/libvirt\"" 'auth_unix_ro = "none"' \
        'auth_unix_rw = "none"' 'log_outputs = "3:stderr"' >"$virt/etc/libvirtd.conf"
    mkdir -p /run/libvirt /var/cache/libvirt /var/lib/libvirt
    start libvirtd unshare --mount sh -c "
        mount --bind '$virt/run' /run/libvirt && mount --bind '$virt/lib' /var/lib/libvirt &&
        mount --bind '$virt/etc' /etc/libvirt && mount --bind '$virt/cache' /var/cache/libvirt &&
        exec libvirtd -p '$run/libvirt/pid'"
fi
until_ok 30 libvirtd test -S "$run/libvirt/libvirt-sock"
start nova-compute-kvm nova-compute "${nova_conf[@]}" --config-file "$etc/nova/kvm.conf"

client ready
say "ready after $((SECONDS - began)) s: clouds interop-a, interop-b in $root/clouds.yaml"
