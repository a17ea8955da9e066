"""What a token made, found again by its mark."""

from __future__ import annotations

from adapters.aws import tags
from adapters.aws.base import Base
from adapters.aws.errors import calling
from adapters.aws.translate.states import GONE
from broker.adapter import Kind, Made


class Makings(Base):
    """Finds what a token made."""

    def made(self, token: str) -> list[Made]:
        """Return what calls with this token made and is still there, a half-filled disk too."""
        marked = tags.by_token(token)
        with calling("find what a token made"):
            ec2 = self._session.ec2
            found = [
                Made(kind=Kind.INSTANCE, id=each["InstanceId"])
                for reservation in ec2.describe_instances(Filters=marked)["Reservations"]
                for each in reservation["Instances"]
                if each["State"]["Name"] != GONE
            ]
            found += [
                Made(kind=Kind.IMAGE, id=each["ImageId"])
                for each in ec2.describe_images(Owners=["self"], Filters=marked)["Images"]
            ]
            found += [
                Made(kind=Kind.VOLUME, id=each["VolumeId"])
                for each in ec2.describe_volumes(Filters=marked)["Volumes"]
                if each["State"] not in ("deleting", "deleted")
            ]
            for each in ec2.describe_snapshots(OwnerIds=["self"], Filters=marked)["Snapshots"]:
                roles = {tag["Key"]: tag["Value"] for tag in tags.tags_in(each)}
                kind = Kind.DISK if roles.get(tags.ROLE) == Kind.DISK else Kind.SNAPSHOT
                found.append(Made(kind=kind, id=each["SnapshotId"]))
            found += [
                Made(kind=Kind.PUBLIC_ADDRESS, id=each["AllocationId"])
                for each in ec2.describe_addresses(Filters=marked)["Addresses"]
            ]
            found += [
                Made(kind=Kind.FIREWALL, id=each["GroupId"])
                for each in ec2.describe_security_groups(Filters=marked)["SecurityGroups"]
            ]
            found += [
                Made(kind=Kind.FIREWALL, id=each["NetworkAclId"])
                for each in ec2.describe_network_acls(Filters=marked)["NetworkAcls"]
            ]
            found += [
                Made(kind=Kind.NETWORK, id=each["VpcId"])
                for each in ec2.describe_vpcs(Filters=marked)["Vpcs"]
            ]
        return found
