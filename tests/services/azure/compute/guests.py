"""What tests need around a virtual machine: a network, cards, the words of one."""

from __future__ import annotations

from typing import Any

from azure.mgmt.network import NetworkManagementClient

from tests.services.azure.fixture import AzureService

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVuaXQgdGVzdCBrZXkgb2Ygbm9ib2R5 nobody"
HERE = {"location": "westeurope"}
IMAGE = {
    "publisher": "Debian",
    "offer": "debian-12",
    "sku": "12-gen2",
    "version": "latest",
}


def cards(azure: AzureService, *names: str) -> list[str]:
    """Network cards in a network of their own; their ids."""
    with azure.client(NetworkManagementClient) as network:
        network.virtual_networks.begin_create_or_update(
            "one",
            "net",
            {
                **HERE,
                "properties": {
                    "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                    "subnets": [{"name": "sub", "properties": {"addressPrefix": "10.0.0.0/20"}}],
                },
            },
        ).result()
        subnet = network.subnets.get("one", "net", "sub").id
        return [_card(network, name, subnet) for name in names]


def _card(network: Any, name: str, subnet: str) -> str:
    configuration = {"name": "ip", "properties": {"subnet": {"id": subnet}}}
    body = {**HERE, "properties": {"ipConfigurations": [configuration]}}
    made: str = network.network_interfaces.begin_create_or_update("one", name, body).result().id
    return made


def from_image(card: str, size: str = "Standard_D2s_v5", **different: Any) -> dict[str, Any]:
    """A machine made from a marketplace image."""
    return {
        **HERE,
        "properties": {
            "hardwareProfile": {"vmSize": size},
            "storageProfile": {
                "imageReference": dict(IMAGE),
                "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
            },
            "osProfile": {
                "computerName": "guest",
                "adminUsername": "broker",
                "linuxConfiguration": {
                    "disablePasswordAuthentication": True,
                    "ssh": {
                        "publicKeys": [
                            {"path": "/home/broker/.ssh/authorized_keys", "keyData": KEY}
                        ]
                    },
                },
            },
            "networkProfile": {
                "networkInterfaces": [{"id": card, "properties": {"deleteOption": "Delete"}}]
            },
            **different,
        },
    }


def from_disk(card: str, disk: str, size: str = "Standard_D2s_v5") -> dict[str, Any]:
    """A machine that boots from a disk with a system set up on it already."""
    return {
        **HERE,
        "properties": {
            "hardwareProfile": {"vmSize": size},
            "storageProfile": {
                "osDisk": {
                    "createOption": "Attach",
                    "osType": "Linux",
                    "managedDisk": {"id": disk},
                }
            },
            "networkProfile": {"networkInterfaces": [{"id": card}]},
        },
    }


def create(compute: Any, body: dict[str, Any], name: str = "vm") -> Any:
    """Make a machine, or write it anew, and wait for it."""
    return compute.virtual_machines.begin_create_or_update("one", name, body).result()


def power(compute: Any, name: str = "vm") -> list[str]:
    """The power states a machine's instance view tells: one, or none."""
    view = compute.virtual_machines.instance_view("one", name)
    return [s.code for s in view.statuses if s.code.startswith("PowerState")]
