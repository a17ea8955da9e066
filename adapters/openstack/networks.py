"""Networks: a subnet or several, and a router where there is a way out."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from adapters.openstack import marks
from adapters.openstack.addresses import Addresses
from adapters.openstack.errors import calling
from adapters.openstack.translate import networks
from broker.errors import Conflict, NotFound
from broker.model import Network, NetworkSpec, SubnetSpec

ROUTED = (
    "network:router_interface",
    "network:router_interface_distributed",
    "network:ha_router_replicated_interface",
)
"""What a router's port in a network says it is."""

OWN_PORTS = ("network:",)
"""Ports of the network's own: they go with it, or with its router."""


class Networks(Addresses):
    """Private networks."""

    def networks(self) -> list[Network]:
        """Return every network, shared ones too; complete, or an error is raised."""
        with calling("list networks"):
            subnets: dict[str, list[Mapping[str, Any]]] = {}
            for each in self._session.listed("network", "/subnets", "subnets"):
                subnets.setdefault(each["network_id"], []).append(each)
            open_ones = self._with_a_way_out()
            return [
                networks.network(
                    told, subnets.get(told["id"], []), outbound=told["id"] in open_ones
                )
                for told in self._session.listed("network", "/networks", "networks")
                if self._usable(told) or told.get("router:external")
            ]

    def network(self, id: str) -> Network:
        """Return one network by id; NotFound when there is none."""
        with calling("look at network"):
            return self._network(id)

    def addresses_in_use(self, network: str) -> list[IPv4Address | IPv6Address]:
        """Return every port's, be it a machine's, a router's or the DHCP's; empty when gone."""
        with calling("look at addresses"):
            marks.id_of(network, "network")
            return [
                ip_address(each["ip_address"])
                for port in self._ports_in(network)
                for each in port["fixed_ips"]
            ]

    def create_network(self, spec: NetworkSpec, *, token: str) -> Network:
        """Make a network with its subnets and way out. The same token twice makes one."""
        with calling("create network"):
            outside = self._outside() if spec.outbound else None
            mark = marks.description(token)
            network = self._one("networks", mark) or self._make(
                "network", {"name": spec.name, "description": mark}
            )
            if spec.labels:
                tags = {"tags": networks.tags(spec.labels)}
                self._session.put("network", f"/networks/{network}/tags", tags)
            subnets = [
                self._subnet(network, place, wish) for place, wish in enumerate(spec.subnets)
            ]
            if outside and subnets:
                self._route(spec.name, subnets, outside, mark)
            return self._network(network)

    def delete_network(self, id: str) -> None:
        """Delete the network and all that came with it; quiet when gone, Conflict when in use."""
        with calling("delete network"), contextlib.suppress(NotFound):
            path = f"/networks/{marks.id_of(id, 'network')}"
            mark: str = self._session.get("network", path)["network"].get("description") or ""
            ports = self._ports_in(id)
            for port in ports:
                if port["device_id"] and not port["device_owner"].startswith(OWN_PORTS):
                    raise Conflict(
                        f"network {id} is used by {port['device_owner']} {port['device_id']}",
                        hint="Delete the machines in it first",
                    )
            for port in ports:
                if not port["device_id"] and marks.is_ours(port):
                    self._session.delete("network", f"/ports/{port['id']}")
            routers = {port["device_id"] for port in ports if port["device_owner"] in ROUTED}
            if mark.startswith(marks.TOKEN):
                routers |= {each["id"] for each in self._routing("routers", description=mark)}
            for router in routers:
                self._drop_router(router)
            # last, so that what is left of the others can still be found
            self._session.delete("network", path)

    def _network(self, id: str) -> Network:
        path = f"/networks/{marks.id_of(id, 'network')}"
        told = self._session.get("network", path)["network"]
        subnets = self._session.listed("network", "/subnets", "subnets", network_id=id)
        return networks.network(told, subnets, outbound=id in self._with_a_way_out(id))

    def _with_a_way_out(self, id: str | None = None) -> set[str]:
        """Return the networks that have a router which leads outside."""
        leading = {
            router["id"] for router in self._routing("routers") if router["external_gateway_info"]
        }
        only = {"network_id": id} if id else {}
        return {
            port["network_id"]
            for port in self._session.listed("network", "/ports", "ports", **only)
            if port["device_owner"] in ROUTED and port["device_id"] in leading
        }

    def _subnet(self, network: str, place: int, wish: SubnetSpec) -> str:
        cidr = str(wish.cidr)
        for known in self._session.listed(
            "network", "/subnets", "subnets", network_id=network, cidr=cidr
        ):
            return str(known["id"])
        asked: dict[str, object] = {
            "network_id": network,
            "name": wish.name,
            "cidr": cidr,
            "ip_version": wish.cidr.version,
            "enable_dhcp": wish.dhcp,
        }
        if wish.gateway is not None:
            asked["gateway_ip"] = str(wish.gateway)
        return self._make("subnet", asked)

    def _route(self, name: str, subnets: list[str], outside: str, mark: str) -> None:
        """Give the subnets a router that leads outside. May be called twice."""
        router = self._one("routers", mark) or self._make(
            "router",
            {"name": name, "description": mark, "external_gateway_info": {"network_id": outside}},
        )
        ports = self._session.listed("network", "/ports", "ports", device_id=router)
        joined = {each["subnet_id"] for port in ports for each in port["fixed_ips"]}
        for subnet in subnets:
            if subnet not in joined:
                path = f"/routers/{router}/add_router_interface"
                self._session.put("network", path, {"subnet_id": subnet})

    def _drop_router(self, id: str) -> None:
        """Delete a router we made; another one is somebody's, and neutron refuses by itself."""
        told = self._session.get("network", f"/routers/{id}")["router"]
        if not marks.is_ours(told):
            return
        for port in list(self._session.listed("network", "/ports", "ports", device_id=id)):
            if port["device_owner"] in ROUTED:
                path = f"/routers/{id}/remove_router_interface"
                self._session.put("network", path, {"port_id": port["id"]})
        self._session.delete("network", f"/routers/{id}")

    def _ports_in(self, id: str) -> list[Mapping[str, Any]]:
        return list(self._session.listed("network", "/ports", "ports", network_id=id))
