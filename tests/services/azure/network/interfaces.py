"""Network interfaces. https://learn.microsoft.com/rest/api/virtualnetwork/network-interfaces"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from tests.services.azure.arm.call import Answer, Call
from tests.services.azure.arm.errors import bad_request
from tests.services.azure.arm.operations import Finish
from tests.services.azure.arm.resource import Resource, references
from tests.services.azure.arm.resource_type import action
from tests.services.azure.arm.schema import ANYTHING, FLAG, TEXT, Items, Reference, Shape
from tests.services.azure.network import addresses
from tests.services.azure.network.network_type import NetworkType, Quota
from tests.services.azure.network.subnets import INTERFACES, SUBNETS, Subnets

MOST_GROUPS = 20  # application security groups of one interface


class Interfaces(NetworkType):
    """A card: addresses in one network, and a machine or none."""

    name = "networkInterfaces"
    quota = Quota("NetworkInterfaces", 65536, "NicCountLimitReached", "network interfaces")
    body = Shape(
        {
            "extendedLocation": ANYTHING,
            "properties": Shape(
                {
                    "ipConfigurations": Items(addresses.CONFIGURATION, most=256),
                    "networkSecurityGroup": Reference("networkSecurityGroups"),
                    "dnsSettings": Shape(
                        {"dnsServers": Items(TEXT), "internalDnsNameLabel": TEXT},
                        read_only=(
                            "appliedDnsServers",
                            "internalFqdn",
                            "internalDomainNameSuffix",
                        ),
                        name="NetworkInterfaceDnsSettings",
                    ),
                    "enableAcceleratedNetworking": FLAG,
                    "enableIPForwarding": FLAG,
                    "disableTcpStateTracking": FLAG,
                    "nicType": TEXT,
                    "auxiliaryMode": TEXT,
                    "auxiliarySku": TEXT,
                },
                required=("ipConfigurations",),
                read_only=(
                    "provisioningState",
                    "resourceGuid",
                    "macAddress",
                    "primary",
                    "virtualMachine",
                    "hostedWorkloads",
                    "tapConfigurations",
                    "vnetEncryptionSupported",
                    "defaultOutboundConnectivityEnabled",
                    "allowPort25Out",
                    "privateEndpoint",
                    "dscpConfiguration",
                    "workloadType",
                ),
                name="NetworkInterfacePropertiesFormat",
            ),
        },
        required=("properties",),
        name="NetworkInterface",
    )

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        self.check_quota(resource, old)
        properties = resource.properties
        self.check_references(resource, references(properties), resource.location)
        configurations = properties["ipConfigurations"]
        addresses.check_names(resource, configurations)
        self._check_application_groups(resource)
        for each in configurations:
            self._check_public(resource, each)
        addresses.assign(self._subnets(), resource, old)
        # what the platform says of it, and keeps when it is written anew
        kept = old.properties if old is not None else {}
        properties["resourceGuid"] = kept.get("resourceGuid", str(uuid.uuid4()))
        for name in ("macAddress", "primary", "virtualMachine"):
            if name in kept:
                properties[name] = kept[name]
        dns = properties.setdefault("dnsSettings", {})
        dns.setdefault("dnsServers", [])
        dns["appliedDnsServers"] = []
        dns["internalDomainNameSuffix"] = "internal.cloudapp.net"
        properties.setdefault("enableAcceleratedNetworking", False)
        properties.setdefault("enableIPForwarding", False)
        properties.setdefault("nicType", "Standard")
        properties["hostedWorkloads"] = []
        properties["vnetEncryptionSupported"] = False
        return None

    def _check_application_groups(self, resource: Resource) -> None:
        """An application security group's interfaces are all in one virtual network.

        https://learn.microsoft.com/azure/virtual-network/application-security-groups
        """
        network = _network(resource)
        named: set[str] = set()
        for each in resource.properties["ipConfigurations"]:
            groups = each["properties"].get("applicationSecurityGroups", [])
            named |= {group["id"].lower() for group in groups}
        if len(named) > MOST_GROUPS:
            raise bad_request(
                "ApplicationSecurityGroupCountLimitReached",
                f"Network interface {resource.id} cannot have more than {MOST_GROUPS} "
                "application security groups.",
            )
        for group in named:
            for other in self.store.users(group, INTERFACES):
                if other.key != resource.key and _network(other) != network:
                    raise bad_request(
                        "ApplicationSecurityGroupInDifferentVirtualNetwork",
                        f"Application security group {group} has interfaces in another virtual "
                        f"network than {resource.id}.",
                    )

    def _check_public(self, resource: Resource, configuration: dict[str, Any]) -> None:
        public = configuration["properties"].get("publicIPAddress")
        if public is None:
            return
        for other in self.store.users(public["id"]):
            if other.key != resource.key:
                raise bad_request(
                    "PublicIPAddressInUse",
                    f"Resource {configuration['id']} is referencing public IP address "
                    f"{public['id']} that is already allocated to resource {other.id}.",
                )

    def _subnets(self) -> Subnets:
        kind = self.arm.types[SUBNETS.lower()]
        assert isinstance(kind, Subnets)
        return kind

    def delete(self, resource: Resource) -> Finish | None:
        machine = resource.properties.get("virtualMachine")
        if machine is not None:
            # https://github.com/cloudfoundry/bosh-azure-cpi-release
            raise bad_request(
                "NicInUse",
                f"Network Interface {resource.id} is used by existing VM {machine['id']}.",
            )
        return None

    def attach(self, interface: Resource, machine: Resource, *, primary: bool) -> None:
        """A machine has the interface now; it gets its MAC address with the first one."""
        properties = interface.properties
        properties["virtualMachine"] = {"id": machine.id}
        properties["primary"] = primary
        properties.setdefault("macAddress", _mac(interface))
        interface.touch()
        self.store.put(interface)

    def detach(self, interface: Resource) -> None:
        """The machine has the interface no longer."""
        for name in ("virtualMachine", "primary"):
            interface.properties.pop(name, None)
        interface.touch()
        self.store.put(interface)

    def delete_with_machine(self, interface: Resource) -> None:
        """Delete the interface, and the public addresses that are to go with it.

        https://learn.microsoft.com/azure/virtual-machines/delete
        """
        self.store.remove(interface)
        for each in interface.properties["ipConfigurations"]:
            public = each["properties"].get("publicIPAddress", {})
            address = self.store.get(public.get("id", ""))
            wanted = public.get("properties", {})
            if address is not None and "Delete" in (
                wanted.get("deleteOption"),
                address.properties.get("deleteOption"),
            ):
                self.store.remove(address)

    @action("ipConfigurations", method="GET")
    def configurations(self, resource: Resource, _call: Call) -> Answer:
        return Answer(200, {"value": resource.properties["ipConfigurations"]})


def _network(interface: Resource) -> str:
    first = interface.properties["ipConfigurations"][0]
    return str(first["properties"]["subnet"]["id"].lower().rpartition("/subnets/")[0])


def _mac(interface: Resource) -> str:
    """Microsoft's own prefix, as machines of Azure have it."""
    digest = hashlib.sha256(interface.properties["resourceGuid"].encode()).hexdigest().upper()
    return "-".join(("00", "0D", "3A", digest[0:2], digest[2:4], digest[4:6]))
