"""EBS direct's rules, through unmodified boto3."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.services.aws.blocks import BLOCK
from tests.services.aws.fixture import AwsService

A, B = b"a" * BLOCK, b"b" * BLOCK


def checksum(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def put(ebs: Any, snapshot: str, index: int, data: bytes, **different: Any) -> None:
    ebs.put_snapshot_block(
        **{
            "SnapshotId": snapshot,
            "BlockIndex": index,
            "BlockData": data,
            "DataLength": len(data),
            "Checksum": checksum(data),
            "ChecksumAlgorithm": "SHA256",
            **different,
        }
    )


def complete(aws: AwsService, snapshot: str, changed: int, **more: Any) -> None:
    aws.client("ebs").complete_snapshot(SnapshotId=snapshot, ChangedBlocksCount=changed, **more)
    ec2 = aws.client("ec2")
    while ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"] != "completed":
        time.sleep(0.01)


def started(aws: AwsService, **asked: Any) -> str:
    answer = aws.client("ebs").start_snapshot(**{"VolumeSize": 1, **asked})
    assert answer["BlockSize"] == BLOCK
    snapshot: str = answer["SnapshotId"]
    return snapshot


def written(aws: AwsService, blocks: dict[int, bytes], **asked: Any) -> str:
    ebs, snapshot = aws.client("ebs"), started(aws, **asked)
    for index, data in blocks.items():
        put(ebs, snapshot, index, data)
    complete(aws, snapshot, len(blocks))
    return snapshot


def refusal(raised: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    said: Any = raised.value.response
    return said["Error"]["Code"], said.get("Reason", "")


@pytest.mark.parametrize(
    ("different", "reason"),
    [
        ({"Checksum": checksum(B)}, "INVALID_BLOCK"),
        ({"BlockIndex": 2048}, "INVALID_BLOCK"),
        ({"BlockData": A[:512], "DataLength": 512, "Checksum": checksum(A[:512])}, "INVALID_BLOCK"),
        ({"DataLength": BLOCK - 1}, "INVALID_BLOCK"),
    ],
)
def test_a_block_that_is_not_one_is_refused(
    aws: AwsService, different: dict[str, Any], reason: str
) -> None:
    snapshot = started(aws)
    with pytest.raises(ClientError) as raised:
        put(aws.client("ebs"), snapshot, 0, A, **different)
    assert refusal(raised) == ("ValidationException", reason)


def test_a_sealed_snapshot_takes_no_more_blocks(aws: AwsService) -> None:
    snapshot = written(aws, {0: A})
    with pytest.raises(ClientError) as raised:
        put(aws.client("ebs"), snapshot, 1, A)
    assert refusal(raised) == ("ValidationException", "INVALID_SNAPSHOT_ID")


def test_a_pending_snapshot_is_not_read(aws: AwsService) -> None:
    snapshot = started(aws)
    with pytest.raises(ClientError, match="not completed"):
        aws.client("ebs").list_snapshot_blocks(SnapshotId=snapshot)
    with pytest.raises(ClientError) as raised:
        aws.client("ec2").create_volume(SnapshotId=snapshot, AvailabilityZone="eu-central-1a")
    assert refusal(raised)[0] == "IncorrectState"


def test_completion_counts_the_blocks(aws: AwsService) -> None:
    snapshot = started(aws)
    put(aws.client("ebs"), snapshot, 0, A)
    put(aws.client("ebs"), snapshot, 0, A)
    with pytest.raises(ClientError, match="ChangedBlocksCount"):
        complete(aws, snapshot, 2)
    complete(aws, snapshot, 1)


def test_completion_checks_the_linear_aggregate(aws: AwsService) -> None:
    snapshot = started(aws)
    for index, data in ((9, A), (2, B)):
        put(aws.client("ebs"), snapshot, index, data)
    linear = hashlib.sha256(B).digest() + hashlib.sha256(A).digest()
    how = {"ChecksumAlgorithm": "SHA256", "ChecksumAggregationMethod": "LINEAR"}
    with pytest.raises(ClientError, match="aggregated"):
        complete(aws, snapshot, 2, Checksum=checksum(linear[::-1]), **how)
    complete(aws, snapshot, 2, Checksum=checksum(linear), **how)


def test_the_same_token_starts_one_snapshot(aws: AwsService) -> None:
    assert started(aws, ClientToken="t-1") == started(aws, ClientToken="t-1")
    with pytest.raises(ClientError) as raised:
        started(aws, ClientToken="t-1", VolumeSize=2)
    assert refusal(raised)[0] == "ConflictException"


def test_pending_snapshots_have_a_quota(aws: AwsService) -> None:
    started(aws)
    aws.control("PUT", "quotas", {"pending_snapshots": 1})
    with pytest.raises(ClientError) as raised:
        started(aws)
    assert refusal(raised)[0] == "ServiceQuotaExceededException"


def test_a_child_holds_its_parents_blocks_and_differs_in_its_own(aws: AwsService) -> None:
    parent = written(aws, {0: A, 3: A})
    child = written(aws, {3: B, 5: A}, ParentSnapshotId=parent)
    ebs = aws.client("ebs")

    listed = ebs.list_snapshot_blocks(SnapshotId=child)["Blocks"]
    assert [block["BlockIndex"] for block in listed] == [0, 3, 5]
    changed = ebs.list_changed_blocks(FirstSnapshotId=parent, SecondSnapshotId=child)
    assert [block["BlockIndex"] for block in changed["ChangedBlocks"]] == [3, 5]
    assert "FirstBlockToken" not in changed["ChangedBlocks"][1]


def test_snapshots_of_two_volumes_have_no_difference(aws: AwsService) -> None:
    with pytest.raises(ClientError) as raised:
        aws.client("ebs").list_changed_blocks(
            FirstSnapshotId=written(aws, {0: A}), SecondSnapshotId=written(aws, {0: B})
        )
    assert refusal(raised) == ("ValidationException", "UNRELATED_SNAPSHOTS")


def test_a_parent_cannot_be_encrypted_anew(aws: AwsService) -> None:
    with pytest.raises(ClientError, match="together"):
        started(aws, ParentSnapshotId=written(aws, {}), Encrypted=True)


def test_a_block_token_is_good_for_its_block_only(aws: AwsService) -> None:
    ebs, snapshot = aws.client("ebs"), written(aws, {0: A, 1: A})
    first, second = ebs.list_snapshot_blocks(SnapshotId=snapshot)["Blocks"]
    read = ebs.get_snapshot_block(SnapshotId=snapshot, BlockIndex=0, BlockToken=first["BlockToken"])
    assert read["BlockData"].read() == A
    assert read["Checksum"] == checksum(A)
    with pytest.raises(ClientError) as raised:
        ebs.get_snapshot_block(SnapshotId=snapshot, BlockIndex=0, BlockToken=second["BlockToken"])
    assert refusal(raised) == ("ValidationException", "INVALID_BLOCK_TOKEN")


def test_pages_may_be_empty_and_go_on(aws: AwsService) -> None:
    snapshot = written(aws, dict.fromkeys(range(0, 240, 2), A))
    aws.control("PUT", "direct", {"empty_pages": True})
    ebs, asked, pages = aws.client("ebs"), {"SnapshotId": snapshot, "MaxResults": 100}, []
    while True:
        answer = ebs.list_snapshot_blocks(**asked)
        pages.append([block["BlockIndex"] for block in answer["Blocks"]])
        if "NextToken" not in answer:
            break
        asked["NextToken"] = answer["NextToken"]
    assert [len(page) for page in pages] == [0, 100, 20]
    assert [index for page in pages for index in page] == list(range(0, 240, 2))
    with pytest.raises(ClientError) as raised:
        ebs.list_snapshot_blocks(SnapshotId=snapshot, NextToken="bm9uZQ==")
    assert refusal(raised) == ("ValidationException", "INVALID_PAGE_TOKEN")


def test_bytes_go_through_a_volume_and_back(aws: AwsService) -> None:
    ec2, ebs, snapshot = aws.client("ec2"), aws.client("ebs"), written(aws, {0: A})
    volume = ec2.create_volume(SnapshotId=snapshot, AvailabilityZone="eu-central-1a")["VolumeId"]
    aws.write(volume, 7, B)
    after = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]

    changed = ebs.list_changed_blocks(FirstSnapshotId=snapshot, SecondSnapshotId=after)
    (block,) = changed["ChangedBlocks"]
    assert block["BlockIndex"] == 7
    token = block["SecondBlockToken"]
    read = ebs.get_snapshot_block(SnapshotId=after, BlockIndex=7, BlockToken=token)
    assert read["BlockData"].read() == B


def test_another_region_does_not_know_the_snapshot(aws: AwsService) -> None:
    snapshot = written(aws, {0: A})
    with pytest.raises(ClientError) as raised:
        aws.client("ebs", region_name="us-east-1").list_snapshot_blocks(SnapshotId=snapshot)
    assert refusal(raised) == ("ResourceNotFoundException", "SNAPSHOT_NOT_FOUND")


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        ({"aws_access_key_id": "AKIAUNKNOWN"}, "UnrecognizedClientException"),
        ({"aws_secret_access_key": "wrong"}, "InvalidSignatureException"),
    ],
)
def test_strangers_are_refused(aws: AwsService, credentials: dict[str, str], code: str) -> None:
    with pytest.raises(ClientError) as raised:
        aws.client("ebs", **credentials).start_snapshot(VolumeSize=1)
    assert refusal(raised)[0] == code


def test_trouble_comes_on_order_and_goes(aws: AwsService) -> None:
    aws.fault(
        "StartSnapshot", status=400, code="RequestThrottledException", reason="ACCOUNT_THROTTLED"
    )
    with pytest.raises(ClientError) as raised:
        started(aws)
    assert refusal(raised) == ("RequestThrottledException", "ACCOUNT_THROTTLED")
    assert started(aws)
    assert aws.calls()["StartSnapshot"] == 2
