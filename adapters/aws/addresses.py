"""Elastic addresses of one account."""

from __future__ import annotations

from adapters.aws import tags
from adapters.aws.base import Base, only
from adapters.aws.errors import calling
from adapters.aws.translate.networks import public_address
from broker.errors import NotFound
from broker.model import PublicAddress


class Addresses(Base):
    """Addresses reachable from outside that can be moved between machines."""

    def public_addresses(self) -> list[PublicAddress]:
        """Return every address held; the service lists them all at once."""
        with calling("list public addresses"):
            found = self._session.ec2.describe_addresses()["Addresses"]
        return [public_address(each) for each in found if "AllocationId" in each]

    def create_public_address(self, *, token: str) -> PublicAddress:
        """Take a new address. The same token twice takes one."""
        marks = tags.tags_for(None, {}, {tags.TOKEN: token})
        with calling("create public address"):
            ec2 = self._session.ec2
            found = ec2.describe_addresses(Filters=tags.by_token(token))["Addresses"]
            if not found:
                made = ec2.allocate_address(
                    Domain="vpc",
                    TagSpecifications=[tags.specification("elastic-ip", marks)],
                )
                found = ec2.describe_addresses(AllocationIds=[made["AllocationId"]])["Addresses"]
        return public_address(found[0])

    def attach_public_address(self, id: str, instance: str) -> None:
        """Attach to an instance's first card; quiet when it is there."""
        with calling("attach public address"):
            if self._address(id).instance == instance:
                return
            self._session.ec2.associate_address(
                AllocationId=id, InstanceId=instance, AllowReassociation=False
            )

    def delete_public_address(self, id: str) -> None:
        """Detach and give back; quiet when it is gone."""
        try:
            with calling("delete public address"):
                ec2 = self._session.ec2
                association = self._address(id).native.get("AssociationId")
                if association:
                    ec2.disassociate_address(AssociationId=str(association))
                ec2.release_address(AllocationId=id)
        except NotFound:
            return

    def _address(self, id: str) -> PublicAddress:
        # a filter accepts any text, and an id that is none finds nothing
        found = self._session.ec2.describe_addresses(
            Filters=[{"Name": "allocation-id", "Values": [id]}]
        )["Addresses"]
        address: PublicAddress = public_address(only(found, "public address", id))
        return address
