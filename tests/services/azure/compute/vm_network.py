"""The network cards of a virtual machine."""

from __future__ import annotations

from typing import Any

from tests.services.azure.arm.errors import bad_request, conflict
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.store import Store
from tests.services.azure.compute.compute_type import VIRTUAL_MACHINE, invalid, missing
from tests.services.azure.compute.sizes import Size
from tests.services.azure.network.interfaces import Interfaces

CARD = "Microsoft.Network/networkInterfaces"


def check(store: Store, vm: Resource, old: Resource | None, size: Size) -> None:
    """ArmError unless the machine may have these cards."""
    cards: list[dict[str, Any]] = vm.properties.get("networkProfile", {}).get(
        "networkInterfaces", []
    )
    if not cards:
        raise missing("networkProfile.networkInterfaces")
    _check_one_primary(cards)
    if len(cards) > size.nics:
        raise bad_request(
            "NetworkInterfaceCountExceeded",
            f"The number of network interfaces for virtual machine {vm.name} exceeds the maximum "
            f"allowed for the virtual machine size {size.name}. The number of network interfaces "
            f"is {len(cards)} and the maximum allowed is {size.nics}.",
        )
    for card in cards:
        _check_card(store, vm, card["id"])
    if old is not None and old.hidden["power"] != "deallocated" and ids(old) != ids(vm):
        # https://learn.microsoft.com/azure/virtual-network/virtual-network-network-interface-vm
        raise conflict(
            "AddingOrDeletingNetworkInterfacesOnARunningVirtualMachineIsNotSupported",
            "Secondary network interfaces cannot be added or removed from a running virtual "
            "machine.",
        )


def connect(interfaces: Interfaces, vm: Resource, old: Resource | None) -> None:
    """Tell the cards whose they are now, and those that were taken away that they are nobody's."""
    for card in vm.properties["networkProfile"]["networkInterfaces"]:
        found = interfaces.store.get(card["id"])
        assert found is not None
        interfaces.attach(found, vm, primary=bool(card.get("properties", {}).get("primary")))
    for lost in ids(old) - ids(vm) if old is not None else ():
        if (gone := interfaces.store.get(lost)) is not None:
            interfaces.detach(gone)


def disconnect(interfaces: Interfaces, vm: Resource) -> None:
    """The machine goes: its cards with it, or they are nobody's."""
    for card in vm.properties["networkProfile"]["networkInterfaces"]:
        found = interfaces.store.get(card["id"])
        if found is None:
            continue
        interfaces.detach(found)
        if card.get("properties", {}).get("deleteOption") == "Delete":
            interfaces.delete_with_machine(found)


def ids(vm: Resource) -> set[str]:
    """The ids of its cards, in lower case."""
    cards = vm.properties.get("networkProfile", {}).get("networkInterfaces", [])
    return {card["id"].lower() for card in cards}


def _check_one_primary(cards: list[dict[str, Any]]) -> None:
    if len({card["id"].lower() for card in cards}) < len(cards):
        raise invalid("networkInterfaces", "A network interface is named more than once.")
    primary = [card for card in cards if card.get("properties", {}).get("primary")]
    if len(cards) == 1:
        cards[0].setdefault("properties", {}).setdefault("primary", True)
    elif len(primary) != 1:
        # https://learn.microsoft.com/azure/virtual-machines/windows/multiple-nics
        raise bad_request(
            "VirtualMachineMustHaveOneNetworkInterfaceAsPrimary",
            "Virtual machine must have one network interface set as the primary.",
        )


def _check_card(store: Store, vm: Resource, id: str) -> None:
    card = store.get(id)
    if card is None or card.type.lower() != CARD.lower():
        raise bad_request(
            "InvalidResourceReference",
            f"Resource {id} referenced by resource {vm.id} was not found. Please make sure that "
            "the referenced resource exists, and that both resources are in the same region.",
        )
    if card.location != vm.location:
        raise bad_request(
            "InvalidResourceReference",
            f"Resource {id} referenced by resource {vm.id} is in region {card.location}, not in "
            f"{vm.location}.",
        )
    for user in store.users(id, VIRTUAL_MACHINE):
        if user.key != vm.key:
            raise bad_request(
                "NicInUse",
                f"Network Interface {id} is used by existing resource {user.id}. In order to use "
                "the network interface, it must be dissociated from the resource.",
            )
