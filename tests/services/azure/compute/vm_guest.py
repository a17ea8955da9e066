"""What is told to the guest of a virtual machine that is made from an image.

https://learn.microsoft.com/azure/virtual-machines/linux/faq: names, passwords
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from tests.services.azure.arm.resource import Resource
from tests.services.azure.compute.compute_type import invalid, missing, not_allowed

LONGEST_NAME = {"Linux": 64, "Windows": 15}
MOST_DATA = 64 * 1024
"""https://learn.microsoft.com/azure/virtual-machines/user-data: 64 KB before Base64."""

FORBIDDEN_USERS = frozenset(
    [
        "1",
        "123",
        "a",
        "actuser",
        "adm",
        "admin",
        "admin1",
        "admin2",
        "administrator",
        "aspnet",
        "backup",
        "console",
        "david",
        "guest",
        "john",
        "owner",
        "root",
        "server",
        "sql",
        "support",
        "support_388945a0",
        "sys",
        "test",
        "test1",
        "test2",
        "test3",
        "user",
        "user1",
        "user2",
        "user3",
        "user4",
        "user5",
    ]
)
"""https://learn.microsoft.com/azure/virtual-machines/linux/faq#what-are-the-username-requirements"""

KEY = re.compile(r"(ssh-rsa|ssh-ed25519) AAAA[A-Za-z0-9+/=]+( .*)?\s*")


def check(vm: Resource, *, is_specialised: bool) -> None:
    """ArmError unless the guest can be told this."""
    profile = vm.properties.get("osProfile")
    if is_specialised:
        # what is on the disk was set up before: nobody is there to be told
        if profile is not None:
            raise not_allowed("osProfile")
    elif profile is None:
        raise missing("osProfile")
    else:
        _check_profile(profile, vm.properties["storageProfile"]["osDisk"]["osType"], vm.name)
    if "userData" in vm.properties:
        check_base64("userData", vm.properties["userData"])


def check_base64(name: str, value: str) -> None:
    """ArmError unless it is Base64 of at most 64 KiB."""
    try:
        data = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise invalid(name, f"{name} must be in Base64 encoding.") from None
    if len(data) > MOST_DATA:
        raise invalid(name, f"{name} is longer than {MOST_DATA} bytes.")


def _check_profile(profile: dict[str, Any], os_type: str, vm_name: str) -> None:
    name = profile.setdefault("computerName", vm_name)
    longest = LONGEST_NAME[os_type]
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", name) or len(name) > longest:
        raise invalid(
            "computerName",
            f"{os_type} host name cannot exceed {longest} characters in length or contain the "
            "following characters: ` ~ ! @ # $ % ^ & * ( ) = + _ [ ] { } \\ | ; : ' \" , < > / ?.",
        )
    user = profile.get("adminUsername")
    if not user:
        raise missing("osProfile.adminUsername")
    if user.lower() in FORBIDDEN_USERS or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", user):
        raise invalid("adminUsername", "The Admin Username specified is not allowed.")
    if "customData" in profile:
        check_base64("customData", profile["customData"])
    if os_type == "Windows":
        if "adminPassword" not in profile:
            raise missing("osProfile.adminPassword")
        return
    linux = profile.setdefault("linuxConfiguration", {})
    linux.setdefault("provisionVMAgent", True)
    keys = linux.get("ssh", {}).get("publicKeys", [])
    if not linux.setdefault("disablePasswordAuthentication", False):
        if "adminPassword" not in profile:
            raise missing("osProfile.adminPassword")
    elif not keys:
        raise missing("osProfile.linuxConfiguration.ssh.publicKeys")
    for key in keys:
        if key.get("path") != f"/home/{user}/.ssh/authorized_keys":
            raise invalid(
                "linuxConfiguration.ssh.publicKeys.path",
                "Destination path for SSH public keys is currently limited to its default value "
                f"/home/{user}/.ssh/authorized_keys due to a known issue in Linux provisioning "
                "agent.",
            )
        if not KEY.fullmatch(key.get("keyData", "")):
            raise invalid(
                "linuxConfiguration.ssh.publicKeys.keyData",
                "The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid.",
            )
