"""Instances of one account: listed, started, stopped, changed, deleted."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from adapters.aws import launch
from adapters.aws.base import Base, only, pages
from adapters.aws.errors import calling
from adapters.aws.translate import instances as translate
from adapters.aws.translate.sizes import offer as offer_of
from adapters.aws.translate.states import GONE
from adapters.aws.waiting import wait_until
from broker.errors import Conflict, NotFound, Transient
from broker.fit.offers import choose_offer
from broker.model import Instance, InstanceSpec, Offer, Size, StopMode

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        InstanceTypeDef,
        InstanceTypeInfoTypeDef,
    )

STOP_SECONDS = 600.0
"""A guest gets some minutes to shut down, then the service pulls the plug itself:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html
"""

DELETE_SECONDS = 600.0
TYPES_A_CALL = 100
"""The most types one call describes."""


class Instances(Base):
    """Virtual machines of one account."""

    _types: dict[str, InstanceTypeInfoTypeDef] | None = None
    _zones: dict[str, frozenset[str]] | None = None

    def instances(self) -> list[Instance]:
        """Return every instance; complete, or an error is raised."""
        with calling("list instances"):
            ec2 = self._session.ec2
            found: list[InstanceTypeDef] = [
                each
                for reservation in pages(ec2, "describe_instances", "Reservations")
                for each in reservation["Instances"]
                if each["State"]["Name"] != GONE
            ]
            observed_at = datetime.now(UTC)
            around = self._surroundings(found)
        return [translate.instance(each, around, observed_at) for each in found]

    def instance(self, id: str) -> Instance:
        """Return one instance by id; NotFound when there is none."""
        with calling("get instance"):
            found = self._described(id)
            told = self._session.ec2.describe_instance_attribute(
                InstanceId=id, Attribute="userData"
            )
            data = told.get("UserData", {}).get("Value")
            around = self._surroundings([found], only_theirs=True)
        return translate.instance(
            found,
            around,
            datetime.now(UTC),
            user_data=base64.b64decode(data).decode(errors="replace") if data else None,
            user_data_told=True,
        )

    def create_instance(
        self, spec: InstanceSpec, disks: Sequence[str], *, offer: str | None = None, token: str
    ) -> Instance:
        """Make and start a machine from filled disks or images, and return it when it runs.

        The same token twice makes one.
        """
        launch.check(spec, disks)
        with calling("create instance"):
            chosen = self._offer(spec, offer, len(disks))
            made = launch.launch(
                self._session.ec2, spec, disks, chosen, self._virtual(chosen.id), token
            )
            found = wait_until(
                lambda: self._described(made),
                lambda each: each["State"]["Name"] not in ("pending",),
                seconds=launch.START_SECONDS,
                what=f"the start of {made}",
            )
            if found["State"]["Name"] in ("terminated", "shutting-down"):
                raise launch.failed(found)
            launch.name_volumes(self._session.ec2, found, spec)
        return self.instance(made)

    def start_instance(self, id: str) -> None:
        """Start; quiet when it runs already."""
        with calling("start instance"):
            self._described(id)
            self._session.ec2.start_instances(InstanceIds=[id])

    def last_run(self, id: str) -> str:
        """Return when it was started last."""
        return self._described(id)["LaunchTime"].isoformat()

    def stop_instance(self, id: str, mode: StopMode = StopMode.SHUTDOWN) -> None:
        """Stop and return when it is stopped; quiet when it is. Stopping gives the compute back."""
        with calling("stop instance"):
            if self._described(id)["State"]["Name"] == "stopped":
                return
            force = mode is StopMode.POWER_OFF
            self._session.ec2.stop_instances(InstanceIds=[id], Force=force)
            try:
                wait_until(
                    lambda: self._described(id)["State"]["Name"],
                    lambda state: state == "stopped",
                    seconds=STOP_SECONDS,
                    what=f"stopping {id}",
                )
            except Transient as error:
                raise Conflict(
                    f"{id} does not stop",
                    hint="Look at its console, or stop it with POWER_OFF",
                    provider="aws",
                ) from error

    def reboot_instance(self, id: str) -> None:
        """Restart a running machine; Conflict when it does not run."""
        with calling("reboot instance"):
            state = self._described(id)["State"]["Name"]
            if state != "running":
                raise Conflict(f"{id} is {state}: start it instead", provider="aws")
            self._session.ec2.reboot_instances(InstanceIds=[id])

    def resize_instance(self, id: str, size: Size, *, offer: str | None = None) -> None:
        """Give a stopped machine another size; Conflict when it runs."""
        with calling("resize instance"):
            machine = self.instance(id)
            wanted = machine.spec.model_copy(update={"size": size})
            chosen = self._offer(wanted, offer, len(machine.volumes))
            self._session.ec2.modify_instance_attribute(
                InstanceId=id, InstanceType={"Value": chosen.id}
            )

    def delete_instance(self, id: str, *, keep_volumes: bool = False) -> None:
        """Delete the machine and, unless told otherwise, its volumes; quiet when it is gone."""
        with calling("delete instance"):
            try:
                found = self._described(id)
            except NotFound:
                return
            ec2 = self._session.ec2
            if mapped := found.get("BlockDeviceMappings", []):
                ec2.modify_instance_attribute(
                    InstanceId=id,
                    BlockDeviceMappings=[
                        {
                            "DeviceName": each["DeviceName"],
                            "Ebs": {"DeleteOnTermination": not keep_volumes},
                        }
                        for each in mapped
                    ],
                )
            ec2.terminate_instances(InstanceIds=[id])
            wait_until(
                lambda: self._is_gone(id),
                lambda gone: gone,
                seconds=DELETE_SECONDS,
                what=f"deleting {id}",
            )

    def console_log(self, id: str) -> str:
        """Return the text kept so far, oldest first; empty when the guest wrote nothing."""
        with calling("read console"):
            self._described(id)
            return self._session.ec2.get_console_output(InstanceId=id).get("Output") or ""

    def sizes(self) -> list[Offer]:
        """Return the sizes on offer in the region, as they were when first asked."""
        with calling("list sizes"):
            found = self._all_types().values()
            zones = self._zones_by_type()
        return [offer_of(each, zones.get(each["InstanceType"], frozenset())) for each in found]

    def _described(self, id: str) -> InstanceTypeDef:
        """The instance as the service tells it; NotFound for one that is terminated, too."""
        with calling("get instance"):
            answer = self._session.ec2.describe_instances(InstanceIds=[id])
        there = (
            each
            for reservation in answer["Reservations"]
            for each in reservation["Instances"]
            if each["State"]["Name"] != GONE
        )
        found: InstanceTypeDef = only(there, "instance", id)
        return found

    def _is_gone(self, id: str) -> bool:
        try:
            self._described(id)
        except NotFound:
            return True
        return False

    def _surroundings(
        self, found: Sequence[InstanceTypeDef], *, only_theirs: bool = False
    ) -> translate.Surroundings:
        names: set[str] = {each["InstanceType"] for each in found}
        types = self._described_types(names)
        asked: Any = {}
        if only_theirs:
            ids = [each["InstanceId"] for each in found]
            asked["Filters"] = [{"Name": "attachment.instance-id", "Values": ids}]
        volumes: Any = pages(self._session.ec2, "describe_volumes", "Volumes", **asked)
        return translate.Surroundings(
            volumes={each["VolumeId"]: each for each in volumes} if found else {},
            offers={each["InstanceType"]: offer_of(each) for each in types},
            hypervisors={each["InstanceType"]: each.get("Hypervisor", "") for each in types},
        )

    def _described_types(self, names: set[str]) -> list[InstanceTypeInfoTypeDef]:
        """The types with these names, from the whole list where we have it already."""
        if self._types is not None and names <= self._types.keys():
            return [self._types[name] for name in names]
        wanted = sorted(names)
        found: list[InstanceTypeInfoTypeDef] = []
        for start in range(0, len(wanted), TYPES_A_CALL):
            answer = self._session.ec2.describe_instance_types(
                InstanceTypes=wanted[start : start + TYPES_A_CALL]  # type: ignore[arg-type]
            )
            found += answer["InstanceTypes"]
        return found

    def _all_types(self) -> dict[str, InstanceTypeInfoTypeDef]:
        known = self._types
        if known is None:
            listed = pages(self._session.ec2, "describe_instance_types", "InstanceTypes", 100)
            types = cast("Iterable[InstanceTypeInfoTypeDef]", listed)
            known = self._types = {each["InstanceType"]: each for each in types}
        return known

    def _zones_by_type(self) -> dict[str, frozenset[str]]:
        known = self._zones
        if known is None:
            gathered: dict[str, set[str]] = {}
            for each in pages(
                self._session.ec2,
                "describe_instance_type_offerings",
                "InstanceTypeOfferings",
                LocationType="availability-zone",
            ):
                gathered.setdefault(each["InstanceType"], set()).add(each["Location"])
            known = self._zones = {name: frozenset(zones) for name, zones in gathered.items()}
        return known

    def _virtual(self, type_name: str) -> str:
        """How the type shows its hypervisor."""
        return self._all_types()[type_name].get("Hypervisor", "")

    def _offer(self, spec: InstanceSpec, name: str | None, disks: int) -> Offer:
        offers = [offer_of(each) for each in self._all_types().values()]
        if name is not None:
            found: Offer = only((each for each in offers if each.id == name), "offer", name)
            return found
        choice = choose_offer(
            spec.size, offers, firmware=spec.firmware, disks=disks, nics=max(1, len(spec.nics))
        )
        if choice.offer is None:
            raise NotFound(choice.reason, provider="aws")
        return choice.offer
