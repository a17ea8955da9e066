"""Networks of one account: a VPC with its subnets and way out."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters.aws import tags
from adapters.aws.base import Base, only, pages
from adapters.aws.errors import calling
from adapters.aws.translate import networks as translate
from broker.errors import Conflict, NotFound
from broker.model import Network, NetworkSpec, SubnetSpec

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef


class Networks(Base):
    """Private networks."""

    def networks(self) -> list[Network]:
        """Return every network; complete, or an error is raised."""
        with calling("list networks"):
            return self._networks([])

    def network(self, id: str) -> Network:
        """Return one network by id; NotFound when there is none."""
        with calling("get network"):
            found: Network = only(
                self._networks([{"Name": "vpc-id", "Values": [id]}]), "network", id
            )
            return found

    def create_network(self, spec: NetworkSpec, *, token: str) -> Network:
        """Make a VPC with its subnets and, for a way out, an internet gateway.

        The same token twice makes one; what an earlier try left out is added.
        """
        blocks = translate.vpc_blocks(spec.subnets)
        marks = tags.tags_for(spec.name, spec.labels, {tags.TOKEN: token})
        with calling("create network"):
            ec2 = self._session.ec2
            before = ec2.describe_vpcs(Filters=tags.by_token(token))["Vpcs"]
            vpc = before[0] if before else None
            if vpc is None:
                vpc = ec2.create_vpc(
                    CidrBlock=blocks[0], TagSpecifications=[tags.specification("vpc", marks)]
                )["Vpc"]
            network = vpc["VpcId"]
            held = {each["CidrBlock"] for each in vpc.get("CidrBlockAssociationSet", [])}
            for block in blocks[1:]:
                if block not in held:
                    ec2.associate_vpc_cidr_block(VpcId=network, CidrBlock=block)
            zone = self._first_zone()
            for subnet in spec.subnets:
                self._ensure_subnet(network, subnet, zone)
            if spec.outbound:
                self._ensure_way_out(network)
        return self.network(network)

    def delete_network(self, id: str) -> None:
        """Delete the VPC and all that came with it; quiet when gone, Conflict when in use."""
        try:
            with calling("delete network"):
                self._delete_network(id)
        except NotFound:
            return

    def _networks(self, wanted: list[FilterTypeDef]) -> list[Network]:
        ec2 = self._session.ec2
        vpcs: Any = list(pages(ec2, "describe_vpcs", "Vpcs", Filters=wanted))
        subnets: dict[str, Any] = defaultdict(list)
        for each in pages(ec2, "describe_subnets", "Subnets", Filters=wanted):
            subnets[each["VpcId"]].append(each)
        # this listing has pages of 100 at most
        routes: dict[str, Any] = defaultdict(list)
        for each in pages(ec2, "describe_route_tables", "RouteTables", 100, Filters=wanted):
            routes[each["VpcId"]].append(each)
        return [translate.network(vpc, subnets[vpc["VpcId"]], routes[vpc["VpcId"]]) for vpc in vpcs]

    def _first_zone(self) -> str:
        if self._session.settings.zone is not None:
            return self._session.settings.zone
        answer = self._session.ec2.describe_availability_zones()
        return min(each["ZoneName"] for each in answer["AvailabilityZones"])

    def _ensure_subnet(self, id: str, wish: SubnetSpec, zone: str) -> None:
        """All subnets are in one zone, as volumes are: a machine's disks must be where it is."""
        ec2 = self._session.ec2
        there = ec2.describe_subnets(
            Filters=[
                {"Name": "vpc-id", "Values": [id]},
                {"Name": "cidr-block", "Values": [str(wish.cidr)]},
            ]
        )["Subnets"]
        if there:
            return
        named: Any = (
            {"TagSpecifications": [tags.specification("subnet", tags.tags_for(wish.name, {}, {}))]}
            if wish.name
            else {}
        )
        ec2.create_subnet(VpcId=id, CidrBlock=str(wish.cidr), AvailabilityZone=zone, **named)

    def _ensure_way_out(self, id: str) -> None:
        ec2 = self._session.ec2
        attached = ec2.describe_internet_gateways(
            Filters=[{"Name": "attachment.vpc-id", "Values": [id]}]
        )["InternetGateways"]
        if attached:
            gateway = attached[0]["InternetGatewayId"]
        else:
            gateway = self._gateway_for(id)
            ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=id)
        tables = ec2.describe_route_tables(
            Filters=[
                {"Name": "vpc-id", "Values": [id]},
                {"Name": "association.main", "Values": ["true"]},
            ]
        )["RouteTables"]
        if not any(translate.leads_out(table) for table in tables):
            ec2.create_route(
                RouteTableId=tables[0]["RouteTableId"],
                DestinationCidrBlock=translate.ANYWHERE,
                GatewayId=gateway,
            )

    def _gateway_for(self, id: str) -> str:
        """A gateway marked as this network's, so that a try that died before attaching leaves none.

        The mark is the network's id, not its token: the gateway goes with the network.
        """
        ec2 = self._session.ec2
        mark = f"{tags.OURS}network"
        loose = ec2.describe_internet_gateways(Filters=[{"Name": f"tag:{mark}", "Values": [id]}])
        if loose["InternetGateways"]:
            return loose["InternetGateways"][0]["InternetGatewayId"]
        marks = tags.tags_for(None, {}, {mark: id})
        made = ec2.create_internet_gateway(
            TagSpecifications=[tags.specification("internet-gateway", marks)]
        )
        return made["InternetGateway"]["InternetGatewayId"]

    def _delete_network(self, id: str) -> None:
        ec2 = self._session.ec2
        inside: list[FilterTypeDef] = [{"Name": "vpc-id", "Values": [id]}]
        cards = ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"]
        if cards:
            raise Conflict(
                f"{id} is in use by {', '.join(card['NetworkInterfaceId'] for card in cards[:3])}",
                hint="Delete its machines first",
                provider="aws",
            )
        groups = ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
        if named := [group["GroupId"] for group in groups if group["GroupName"] != "default"]:
            raise Conflict(
                f"{id} still has the firewalls {', '.join(named[:3])}",
                hint="Delete them first",
                provider="aws",
            )
        for subnet in ec2.describe_subnets(Filters=inside)["Subnets"]:
            ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        attached = ec2.describe_internet_gateways(
            Filters=[{"Name": "attachment.vpc-id", "Values": [id]}]
        )
        for gateway in attached["InternetGateways"]:
            ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=id)
            ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
        for table in ec2.describe_route_tables(Filters=inside)["RouteTables"]:
            if not any(each.get("Main") for each in table.get("Associations", [])):
                ec2.delete_route_table(RouteTableId=table["RouteTableId"])
        try:
            ec2.delete_vpc(VpcId=id)
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidVpcID.NotFound":
                raise
