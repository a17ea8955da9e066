"""Write every service's configuration, and clouds.yaml: configure.py FOLDER."""

import configparser
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
ETC, DATA, RUN, VENV = ROOT / "etc", ROOT / "data", ROOT / "run", ROOT / "venv"
SECRET = (DATA / "secret").read_text()
KEYSTONE = "http://127.0.0.1:5000/v3"
CACHE = "127.0.0.1:21211"
QUEUE = "rabbit://guest:guest@127.0.0.1:15673/"
PAGE = 10
"""Most things on a page of a listing: small, so that tests of paging need few things."""

Sections = dict[str, dict[str, object]]

LOGIN: dict[str, object] = {
    "auth_type": "password",
    "auth_url": KEYSTONE,
    "username": "services",
    "password": SECRET,
    "project_name": "services",
    "user_domain_name": "Default",
    "project_domain_name": "Default",
    "region_name": "RegionOne",
}
"""How one service logs in to another."""

CHECKS_TOKENS: Sections = {
    "keystone_authtoken": {
        **LOGIN,
        "www_authenticate_uri": KEYSTONE,
        "memcached_servers": CACHE,
        "service_token_roles": "service",
        "service_token_roles_required": True,
    }
}
ON_THE_QUEUE: Sections = {
    "oslo_messaging_notifications": {"driver": "noop"},
    "oslo_messaging_rabbit": {"heartbeat_in_pthread": False},
    "oslo_concurrency": {"lock_path": DATA / "lock"},
}
COMMON: dict[str, object] = {"transport_url": QUEUE, "host": "interop-fake", "use_stderr": True}
WITH_A_TOKEN_OF_ITS_OWN: dict[str, object] = {"send_service_user_token": True, **LOGIN}


PLAIN, COMPILED = "pymysql", "mysqldb"
"""Clients of the database. The compiled one halves the time of what reads many rows; while it waits
nothing else runs where threads are green ones, and those could wait for each other.
"""


def database(name: str, client: str = PLAIN) -> str:
    return f"mysql+{client}://interop:{SECRET}@127.0.0.1:13306/{name}?charset=utf8"


def write(path: str, sections: Sections) -> None:
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment]
    parser.read_dict(sections)
    target = ETC / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w") as file:
        parser.write(file)
    target.chmod(0o600)


def copy(name: str, service: str) -> None:
    """Take a file or folder the service's package brings."""
    source, target = VENV / "etc" / service / name, ETC / service / name
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def keystone() -> None:
    write(
        "keystone/keystone.conf",
        {
            "DEFAULT": {"use_stderr": True},
            "database": {"connection": database("keystone", COMPILED)},
            "token": {"provider": "fernet", "expiration": 14400},
            "fernet_tokens": {"key_repository": DATA / "fernet"},
            "credential": {"key_repository": DATA / "credential"},
            # the least bcrypt takes: checking a password is most of what a login costs here
            "identity": {"password_hash_rounds": 4},
            "cache": {
                "enabled": True,
                "backend": "dogpile.cache.pymemcache",
                "memcache_servers": CACHE,
            },
        },
    )


def placement() -> None:
    write(
        "placement/placement.conf",
        {
            "DEFAULT": {"use_stderr": True},
            "placement_database": {"connection": database("placement")},
            "api": {"auth_strategy": "keystone"},
            **CHECKS_TOKENS,
        },
    )


def glance() -> None:
    copy("glance-api-paste.ini", "glance")
    write(
        "glance/glance-api.conf",
        {
            "DEFAULT": {
                "use_stderr": True,
                "enabled_backends": "file:file",
                "api_limit_max": PAGE,
                "limit_param_default": PAGE,
                "worker_self_reference_url": "http://127.0.0.1:9292",
            },
            "database": {"connection": database("glance")},
            "glance_store": {"default_backend": "file"},
            "file": {
                "filesystem_store_datadir": DATA / "images",
                "filesystem_thin_provisioning": True,
            },
            "os_glance_staging_store": {"filesystem_store_datadir": DATA / "staging"},
            "os_glance_tasks_store": {"filesystem_store_datadir": DATA / "tasks"},
            "paste_deploy": {"flavor": "keystone"},
            "oslo_concurrency": {"lock_path": DATA / "lock"},
            **CHECKS_TOKENS,
        },
    )


def nova() -> None:
    copy("api-paste.ini", "nova")
    write(
        "nova/nova.conf",
        {
            "DEFAULT": {
                **COMMON,
                "my_ip": "127.0.0.1",
                "state_path": DATA / "nova",
                "compute_driver": "interop_stack.CopyingFakeDriver",
                "rootwrap_config": VENV / "etc/nova/rootwrap.conf",
                "service_down_time": 60,
                "report_interval": 5,
                "default_schedule_zone": "fake",
                # one host a zone: a server can be resized only where it is
                "allow_resize_to_same_host": True,
                # a deleted server can be restored for this many seconds by an administrator's
                # choice; here none: SOFT_DELETED is tested on recorded answers
                "reclaim_instance_interval": 0,
                "shelved_offload_time": 0,
            },
            "api": {"auth_strategy": "keystone", "max_limit": PAGE},
            "api_database": {"connection": database("nova_api")},
            "database": {"connection": database("nova")},
            "glance": {"endpoint_override": "http://127.0.0.1:9292"},
            "neutron": LOGIN,
            "placement": LOGIN,
            "cinder": LOGIN,
            "service_user": WITH_A_TOKEN_OF_ITS_OWN,
            # maps a new compute host to its cell without another nova-manage
            "scheduler": {"workers": 1, "discover_hosts_in_cells_interval": 3},
            "conductor": {"workers": 1},
            "vnc": {"enabled": False},
            **ON_THE_QUEUE,
            **CHECKS_TOKENS,
        },
    )
    write(  # read after nova.conf by the nova-compute of real guests
        "nova/kvm.conf",
        {
            "DEFAULT": {
                "host": "interop-kvm",
                "state_path": DATA / "nova-kvm",
                "compute_driver": "interop_guests.LibvirtDriver",
            },
            "libvirt": {
                "virt_type": "qemu",
                "connection_uri": f"qemu+unix:///system?socket={RUN}/libvirt/libvirt-sock",
                "images_type": "qcow2",
                "nfs_mount_point_base": DATA / "mounts",
            },
            "oslo_concurrency": {"lock_path": DATA / "nova-kvm"},
        },
    )


def neutron() -> None:
    copy("api-paste.ini", "neutron")
    write("neutron/plugins/ml2/ml2_conf.ini", {})  # looked for
    write(
        "neutron/neutron.conf",
        {
            "DEFAULT": {
                **COMMON,
                "core_plugin": "ml2",
                "service_plugins": "router",
                "state_path": DATA / "neutron",
                "api_paste_config": ETC / "neutron/api-paste.ini",
                "pagination_max_limit": PAGE,
                "notify_nova_on_port_status_changes": True,
                "notify_nova_on_port_data_changes": True,
                "dhcp_agent_notification": False,  # there is no agent to be told
            },
            "database": {"connection": database("neutron", COMPILED)},
            "ml2": {
                "type_drivers": "local,flat",
                "tenant_network_types": "local",
                "mechanism_drivers": "interop",
                "extension_drivers": "port_security",
            },
            "ml2_type_flat": {"flat_networks": "*"},
            "nova": LOGIN,
            "placement": LOGIN,
            **ON_THE_QUEUE,
            **CHECKS_TOKENS,
        },
    )


def cinder() -> None:
    for name in ("api-paste.ini", "rootwrap.conf", "rootwrap.d"):
        copy(name, "cinder")
    shares = ETC / "cinder/shares"
    shares.write_text("127.0.0.1:/interop\n")
    write(
        "cinder/cinder.conf",
        {
            "DEFAULT": {
                **COMMON,
                "my_ip": "127.0.0.1",
                "state_path": DATA / "cinder",
                "api_paste_config": ETC / "cinder/api-paste.ini",
                "rootwrap_config": ETC / "cinder/rootwrap.conf",
                "auth_strategy": "keystone",
                # without it nova is refused: "Invalid filters instance_id"
                "resource_query_filters_file": VENV / "etc/cinder/resource_filters.json",
                "glance_api_servers": "http://127.0.0.1:9292",
                "enabled_backends": "files",
                "osapi_max_limit": PAGE,
                # a stopped server's volumes can be read where they are
                "enable_force_upload": True,
                "report_interval": 5,
                "service_down_time": 60,
            },
            "files": {
                "volume_backend_name": "files",
                "volume_driver": "cinder.volume.drivers.nfs.NfsDriver",
                "nfs_shares_config": shares,
                "nfs_mount_point_base": DATA / "mounts",
                # raw: cinder 29 fills qcow2 ones with raw data when it makes them of images
                "nfs_qcow2_volumes": False,
                "nfs_snapshot_support": True,
                "nas_secure_file_operations": False,
                "nas_secure_file_permissions": False,
                # sparse files: what tests make may add up to more than the disk has
                "max_over_subscription_ratio": 100,
            },
            "backend_defaults": {"backend_host": "interop"},
            "database": {"connection": database("cinder")},
            "coordination": {"backend_url": f"file://{DATA}/cinder"},
            "nova": LOGIN,
            "service_user": WITH_A_TOKEN_OF_ITS_OWN,
            **ON_THE_QUEUE,
            **CHECKS_TOKENS,
        },
    )


def clouds() -> None:
    """One cloud for each of two projects, and the administrator's."""
    entries = "".join(
        f"  {cloud}:\n    region_name: RegionOne\n    auth:\n      auth_url: {KEYSTONE}\n"
        f"      username: {user}\n      password: {SECRET}\n      project_name: {user}\n"
        "      user_domain_name: Default\n      project_domain_name: Default\n"
        for cloud, user in (
            ("interop-a", "team-a"),
            ("interop-b", "team-b"),
            ("interop-admin", "admin"),
        )
    )
    target = ROOT / "clouds.yaml"
    target.write_text(f"clouds:\n{entries}")
    target.chmod(0o600)
    if asker := os.environ.get("SUDO_UID"):  # whoever asked for the stack runs the tests
        os.chown(target, int(asker), int(os.environ["SUDO_GID"]))


for folder in ("lock", "images", "staging", "tasks", "nova", "nova-kvm/instances", "cinder"):
    (DATA / folder).mkdir(parents=True, exist_ok=True)
for folder in ("fernet", "credential"):
    (DATA / folder).mkdir(mode=0o700, exist_ok=True)
(ETC / "cinder").mkdir(parents=True, exist_ok=True)
for part in (keystone, placement, glance, nova, neutron, cinder, clouds):
    part()
