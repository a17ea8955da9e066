"""The steps of up.sh that speak to the APIs: `bootstrap.py catalog`, then `bootstrap.py ready`."""

import sys
import time

import openstack
from keystoneauth1.exceptions import ClientException
from openstack.connection import Connection
from openstack.exceptions import SDKException

ENDPOINTS = {  # service type: name and address
    "image": ("glance", "http://127.0.0.1:9292"),
    "placement": ("placement", "http://127.0.0.1:8778"),
    "compute": ("nova", "http://127.0.0.1:8774/v2.1"),
    "network": ("neutron", "http://127.0.0.1:9696"),
    "block-storage": ("cinder", "http://127.0.0.1:8776/v3/%(project_id)s"),
}
USERS = {  # user and project of one name: roles in it
    "services": ("admin", "service"),
    "team-a": ("member",),
    "team-b": ("member",),
}
ZONES = {"fake": "interop-fake", "kvm": "interop-kvm"}
FLAVORS = {  # vCPUs, MiB
    "tiny": (1, 256),
    "small": (1, 512),
    "medium": (2, 1024),
}
AMPLE = 2000
"""More than tests ever have at once."""
READY_S = 180


def catalog(admin: Connection, password: str) -> None:
    """Services, their addresses, users with their projects and roles."""
    identity = admin.identity
    for kind, (name, url) in ENDPOINTS.items():
        found = next(iter(identity.services(type=kind)), None)
        service = found or identity.create_service(type=kind, name=name)
        if not list(identity.endpoints(service_id=service.id)):
            for interface in ("public", "internal", "admin"):
                identity.create_endpoint(
                    service_id=service.id, interface=interface, url=url, region_id="RegionOne"
                )
    for name, roles in USERS.items():
        project = identity.find_project(name) or identity.create_project(
            name=name, domain_id="default"
        )
        user = identity.find_user(name) or identity.create_user(
            name=name, domain_id="default", password=password, default_project_id=project.id
        )
        for role in roles:
            identity.assign_project_role_to_user(project, user, identity.find_role(role))


def missing(admin: Connection) -> set[str]:
    """What is not up yet."""
    services = [*admin.compute.services(), *admin.block_storage.services()]
    up = {service.binary for service in services if service.state == "up"}
    wanted = {"nova-scheduler", "nova-conductor", "cinder-scheduler", "cinder-volume"}
    # a compute host can be used once the scheduler has mapped it to a cell; only then it is listed
    hosts = {
        each.service_details["host"]
        for each in admin.compute.hypervisors(details=True)
        if each.state == "up"
    }
    list(admin.network.networks()), list(admin.image.images())
    return (wanted - up) | (set(ZONES.values()) - hosts)


def wait(admin: Connection) -> None:
    give_up = time.monotonic() + READY_S
    while True:
        try:
            lacking = missing(admin)
        except (SDKException, ClientException) as error:  # still starting
            lacking = {str(error)}
        if not lacking:
            return
        if time.monotonic() > give_up:
            sys.exit(f"[openstack] not ready after {READY_S} s: {', '.join(lacking)}")
        time.sleep(0.3)


def furnish(admin: Connection) -> None:
    """What an operator gives the projects: zones, flavors, a network to the outside, quotas."""
    compute, network = admin.compute, admin.network
    for zone, host in ZONES.items():
        if not compute.find_aggregate(zone):
            aggregate = compute.create_aggregate(name=zone, availability_zone=zone)
            compute.add_host_to_aggregate(aggregate, host)
    for name, (vcpus, ram) in FLAVORS.items():
        if not compute.find_flavor(name):
            flavor = compute.create_flavor(name=name, vcpus=vcpus, ram=ram, disk=0)
            compute.create_flavor_extra_specs(flavor, {"capabilities:cpu_info:arch": "x86_64"})
    if not network.find_network("outside"):
        outside = network.create_network(
            name="outside",
            is_router_external=True,
            provider_network_type="flat",
            provider_physical_network="outside",
        )
        network.create_subnet(
            network_id=outside.id, name="outside", ip_version=4, cidr="198.18.0.0/16"
        )
    for name in ("team-a", "team-b"):
        project = admin.identity.find_project(name)
        compute.update_quota_set(
            project, instances=AMPLE, cores=AMPLE, ram=AMPLE * 1024, key_pairs=AMPLE
        )
        admin.block_storage.update_quota_set(
            project, volumes=AMPLE, snapshots=AMPLE, gigabytes=10 * AMPLE
        )
        admin.network.update_quota(
            project.id,
            **dict.fromkeys(
                ("networks", "subnets", "ports", "routers", "floating_ips", "security_groups"),
                AMPLE,
            ),
            security_group_rules=5 * AMPLE,
        )


def main() -> None:
    admin = openstack.connect(cloud="interop-admin")
    if sys.argv[1] == "catalog":
        catalog(admin, admin.config.auth["password"])
        return
    wait(admin)
    furnish(admin)


main()
