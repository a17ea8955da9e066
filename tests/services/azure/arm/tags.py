"""Tags: at most 50, names of 512 and values of 256 characters, some characters forbidden.

https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.services.azure.arm.errors import bad_request

MOST = 50
LONGEST_NAME = 512
LONGEST_VALUE = 256
FORBIDDEN = "<>%&\\?/"
RESERVED = ("microsoft", "azure", "windows")


def check(tags: Mapping[str, str]) -> None:
    """ArmError unless the tags are allowed."""
    if len(tags) > MOST:
        raise bad_request(
            "TooManyTags", f"The resource has {len(tags)} tags; at most {MOST} are allowed."
        )
    if len({name.lower() for name in tags}) < len(tags):
        raise bad_request("InvalidTagName", "Tag names differ in more than their case.")
    for name, value in tags.items():
        if any(each in FORBIDDEN for each in name):
            raise bad_request(
                "InvalidTagNameCharacters",
                f"The tag names '{name}' have reserved characters '<,>,%,&,\\,?,/' "
                "or control characters.",
            )
        if not 1 <= len(name) <= LONGEST_NAME or name.lower().startswith(RESERVED):
            raise bad_request(
                "InvalidTagName",
                f"Following tag name '{name}' is empty, reserved or exceeded the maximum length. "
                f"Maximum allowed length for tag name - '{LONGEST_NAME}' characters.",
            )
        if len(value) > LONGEST_VALUE:
            raise bad_request(
                "InvalidTagValueLength",
                f"Tag value too large. Following tag value '{value}' exceeded the maximum length. "
                f"Maximum allowed length for tag value - '{LONGEST_VALUE}' characters.",
            )
