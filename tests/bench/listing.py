"""Listing 1,000 instances: what the adapter costs beside the SDK calls it has to make anyway.

The server answers from memory. Both sides make the same calls, to the last page; CPU time of this
process counts.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from urllib.parse import parse_qs

import boto3

from adapters.aws import connect
from adapters.aws.base import PAGE
from broker.adapter import Account
from tests.services.aws.canned import serving
from tests.services.wire import Handler, Request, Response

INSTANCES = 1000
ROUNDS = 7
GOAL = 1.1

_INSTANCE = """<item><reservationId>r-{n:017x}</reservationId><ownerId>123456789012</ownerId>
<instancesSet><item><instanceId>i-{n:017x}</instanceId><imageId>ami-{n:017x}</imageId>
<instanceState><code>16</code><name>running</name></instanceState>
<privateDnsName>ip-10-0-0-1.ec2.internal</privateDnsName><keyName>ops</keyName>
<amiLaunchIndex>0</amiLaunchIndex><instanceType>t3.micro</instanceType>
<launchTime>2026-03-01T10:00:00.000Z</launchTime>
<placement><availabilityZone>eu-central-1a</availabilityZone><tenancy>default</tenancy></placement>
<monitoring><state>disabled</state></monitoring><subnetId>subnet-{n:017x}</subnetId>
<vpcId>vpc-0123456789abcdef0</vpcId><privateIpAddress>10.0.0.1</privateIpAddress>
<architecture>x86_64</architecture><rootDeviceType>ebs</rootDeviceType>
<rootDeviceName>/dev/sda1</rootDeviceName><blockDeviceMapping><item>
<deviceName>/dev/sda1</deviceName><ebs><volumeId>vol-{n:017x}</volumeId><status>attached</status>
<attachTime>2026-03-01T10:00:01.000Z</attachTime><deleteOnTermination>true</deleteOnTermination>
</ebs></item></blockDeviceMapping><virtualizationType>hvm</virtualizationType>
<tagSet><item><key>Name</key><value>web-{n}</value></item>
<item><key>team</key><value>shop</value></item></tagSet><hypervisor>xen</hypervisor>
<networkInterfaceSet><item><networkInterfaceId>eni-{n:017x}</networkInterfaceId>
<subnetId>subnet-{n:017x}</subnetId><vpcId>vpc-0123456789abcdef0</vpcId>
<ownerId>123456789012</ownerId><status>in-use</status><macAddress>02:00:00:00:00:01</macAddress>
<privateIpAddress>10.0.0.1</privateIpAddress><groupSet><item><groupId>sg-{n:017x}</groupId>
<groupName>web</groupName></item></groupSet><attachment><attachmentId>eni-attach-{n:017x}
</attachmentId><deviceIndex>0</deviceIndex><status>attached</status>
<attachTime>2026-03-01T10:00:00.000Z</attachTime><deleteOnTermination>true</deleteOnTermination>
</attachment><privateIpAddressesSet><item><privateIpAddress>10.0.0.1</privateIpAddress>
<primary>true</primary></item></privateIpAddressesSet></item></networkInterfaceSet>
<ebsOptimized>false</ebsOptimized><enaSupport>true</enaSupport>
<currentInstanceBootMode>uefi</currentInstanceBootMode></item></instancesSet></item>"""

_VOLUME = """<item><volumeId>vol-{n:017x}</volumeId><size>8</size><snapshotId/>
<availabilityZone>eu-central-1a</availabilityZone><status>in-use</status>
<createTime>2026-03-01T10:00:00.000Z</createTime><attachmentSet><item>
<volumeId>vol-{n:017x}</volumeId><instanceId>i-{n:017x}</instanceId><device>/dev/sda1</device>
<status>attached</status><attachTime>2026-03-01T10:00:00.000Z</attachTime>
<deleteOnTermination>true</deleteOnTermination></item></attachmentSet>
<volumeType>gp3</volumeType><iops>3000</iops><encrypted>true</encrypted>
<tagSet><item><key>Name</key><value>root-{n}</value></item></tagSet></item>"""

_TYPE = """<item><instanceType>t3.micro</instanceType><currentGeneration>true</currentGeneration>
<bareMetal>false</bareMetal><hypervisor>nitro</hypervisor><processorInfo><supportedArchitectures>
<item>x86_64</item></supportedArchitectures></processorInfo><vCpuInfo><defaultVCpus>2</defaultVCpus>
</vCpuInfo><memoryInfo><sizeInMiB>1024</sizeInMiB></memoryInfo></item>"""


def canned() -> Handler:
    answers = {
        "DescribeInstances": _answer("DescribeInstances", "reservationSet", _INSTANCE, INSTANCES),
        "DescribeVolumes": _answer("DescribeVolumes", "volumeSet", _VOLUME, INSTANCES),
        "DescribeInstanceTypes": _answer("DescribeInstanceTypes", "instanceTypeSet", _TYPE, 1),
    }

    def handle(request: Request) -> Response:
        (action,) = parse_qs(bytes(request.body).decode())["Action"]
        return Response(200, {"Content-Type": "text/xml"}, answers[action])

    return handle


def _answer(action: str, member: str, item: str, count: int) -> bytes:
    items = "".join(item.format(n=n) for n in range(count))
    return (
        f'<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>r</requestId><{member}>{items}</{member}></{action}Response>"
    ).encode()


def cpu(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    os.environ |= {"AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench"}
    with serving(canned) as port:
        where = {"endpoint": f"http://127.0.0.1:{port}", "region": "eu-central-1"}
        adapter = connect(Account(name="bench", kind="aws", settings=dict(where)))
        ec2 = boto3.client("ec2", endpoint_url=where["endpoint"], region_name=where["region"])

        def ours() -> None:
            assert len(adapter.instances()) == INSTANCES

        def bare() -> None:
            size = {"PageSize": PAGE}
            found = ec2.get_paginator("describe_instances").paginate(PaginationConfig=size)  # type: ignore[arg-type]
            assert sum(len(page["Reservations"]) for page in found) == INSTANCES
            volumes = ec2.get_paginator("describe_volumes").paginate(PaginationConfig=size)  # type: ignore[arg-type]
            assert sum(len(page["Volumes"]) for page in volumes) == INSTANCES
            ec2.describe_instance_types(InstanceTypes=["t3.micro"])

        ours()
        bare()
        rounds = [(cpu(ours), cpu(bare)) for _ in range(ROUNDS)]
    ratio = statistics.median(mine / theirs for mine, theirs in rounds)
    print(
        json.dumps(
            {
                "bench": f"Client CPU of listing {INSTANCES} instances, beside the bare SDK",
                "goal": {"of the same SDK calls without translation, <=": GOAL},
                "held": ratio <= GOAL,
                "times_the_sdk": round(ratio, 3),
                "ours_seconds": round(statistics.median(mine for mine, _ in rounds), 3),
                "sdk_seconds": round(statistics.median(theirs for _, theirs in rounds), 3),
            }
        )
    )


if __name__ == "__main__":
    main()
