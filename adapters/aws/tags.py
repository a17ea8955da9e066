"""Tags: names, labels, and the marks by which we find again what we made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from broker.errors import Invalid

if TYPE_CHECKING:
    from mypy_boto3_ec2.literals import ResourceTypeType
    from mypy_boto3_ec2.type_defs import (
        FilterTypeDef,
        TagSpecificationTypeDef,
        TagTypeDef,
    )

OURS = "interop:"
"""Prefix of the marks that are not labels."""

TOKEN = "interop:token"  # noqa: S105 - a tag's name
ROLE = "interop:role"

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html: 50 tags, of which a
# name and two marks are ours
MAX_LABELS, MAX_KEY, MAX_VALUE = 47, 128, 256


def name_of(tags: Iterable[TagTypeDef], otherwise: str) -> str:
    """The Name tag, or ``otherwise`` where there is none."""
    return next((tag["Value"] for tag in tags if tag["Key"] == "Name" and tag["Value"]), otherwise)


def labels_of(tags: Iterable[TagTypeDef]) -> dict[str, str]:
    """The tags that are labels: not the name, not our marks, none that only AWS may set."""
    return {
        tag["Key"]: tag["Value"]
        for tag in tags
        if tag["Key"] != "Name" and not tag["Key"].startswith((OURS, "aws:"))
    }


def tags_for(
    name: str | None, labels: Mapping[str, str], marks: Mapping[str, str]
) -> list[TagTypeDef]:
    """The tags of a new thing; Invalid when the labels are more than the service takes."""
    if len(labels) > MAX_LABELS:
        raise Invalid(f"{len(labels)} labels: at most {MAX_LABELS} fit beside the name")
    for key, value in labels.items():
        if len(key) > MAX_KEY or len(value) > MAX_VALUE:
            raise Invalid(
                f"label {key[:20]!r} is too long: {MAX_KEY} characters for a key, "
                f"{MAX_VALUE} for a value"
            )
        if key == "Name" or key.startswith((OURS, "aws:")):
            raise Invalid(f"a label cannot be called {key!r} here")
    named = {"Name": name} if name is not None else {}
    return [{"Key": key, "Value": value} for key, value in {**named, **labels, **marks}.items()]


def specification(kind: ResourceTypeType, tags: list[TagTypeDef]) -> TagSpecificationTypeDef:
    """The tags as a create takes them."""
    return {"ResourceType": kind, "Tags": tags}


def by_token(token: str) -> list[FilterTypeDef]:
    """The filter that finds what a token made."""
    return [{"Name": f"tag:{TOKEN}", "Values": [token]}]


def tags_in(thing: Mapping[str, Any]) -> list[TagTypeDef]:
    """The tags of anything the service describes; it leaves the list out when there are none."""
    found: list[TagTypeDef] = thing.get("Tags", [])
    return found
