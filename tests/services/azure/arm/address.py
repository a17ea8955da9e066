"""The path of a request, taken apart. Segments compare without regard to case.

https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.services.azure.arm.errors import ArmError


@dataclass(frozen=True)
class Address:
    """One resource (``types`` and ``names`` equally long), or something beneath one.

    ``tail`` is what is left over: the name of a collection, of an action or of a view. The list of
    subscriptions is beneath none: ``subscription`` is empty then.
    """

    subscription: str
    group: str | None = None
    namespace: str | None = None
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    tail: str | None = None

    @property
    def type(self) -> str:
        """Namespace and types in lower case: microsoft.network/virtualnetworks/subnets."""
        return "/".join(each.lower() for each in (self.namespace or "", *self.types))

    @property
    def id(self) -> str:
        """The address of the resource itself, without the tail."""
        path = f"/subscriptions/{self.subscription}"
        if self.group is not None:
            path += f"/resourceGroups/{self.group}"
        if self.namespace is not None:
            path += f"/providers/{self.namespace}"
        for kind, name in zip(self.types, self.names, strict=True):
            path += f"/{kind}/{name}"
        return path

    @property
    def leaf(self) -> str:
        """The resource's own name; a group's, for a group."""
        return self.names[-1] if self.names else str(self.group)

    @property
    def parent(self) -> Address:
        """The resource this one lies in: a virtual network, for a subnet."""
        return replace(self, types=self.types[:-1], names=self.names[:-1], tail=None)

    def collection(self) -> Address:
        """This address with its tail read as a type of resource."""
        return replace(self, types=(*self.types, self.tail or ""), tail=None)


def parse(path: str) -> Address:
    """Return the address in ``path``; ArmError where it is none."""
    parts = [part for part in path.split("/") if part]
    if parts and parts[0].lower() == "subscriptions" and len(parts) == 1:
        return Address(subscription="", tail="subscriptions")
    if len(parts) < 2 or parts[0].lower() != "subscriptions":
        raise ArmError(404, "InvalidResource", f"The path '{path}' is not a resource's.")
    address = Address(subscription=parts[1].lower())
    rest = parts[2:]
    if rest and rest[0].lower() == "resourcegroups":
        if len(rest) == 1:
            return replace(address, tail="resourceGroups")
        address = replace(address, group=rest[1])
        rest = rest[2:]
    if rest and rest[0].lower() == "providers" and len(rest) > 1:
        address = replace(address, namespace=rest[1])
        rest = rest[2:]
        if address.group is None:
            # provider-wide: locations/westeurope/usages, skus, virtualMachines
            return replace(address, tail="/".join(rest) or None)
        pairs = len(rest) // 2
        return replace(
            address,
            types=tuple(rest[0 : 2 * pairs : 2]),
            names=tuple(rest[1 : 2 * pairs : 2]),
            tail=rest[-1] if len(rest) % 2 else None,
        )
    return replace(address, tail="/".join(rest) or None)
