"""A subscription full of machines whose answers are made beforehand, in a process of its own.

For what costs clients time and for long listings: making as many one by one would take minutes.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from broker.adapter import Account
from tests.services.azure import certificate
from tests.services.azure.arm.limits import Limits
from tests.services.azure.arm.tokens import Tokens
from tests.services.azure.settings import Settings
from tests.services.wire import Request, Response, Server

SIZE = "Standard_D2s_v3"
SKUS = 500
"""About as many sizes as a region has."""


@contextmanager
def machines(count: int, page: int, folder: Path) -> Iterator[Account]:
    """Yield an account with so many machines, each with two disks and a card, listed in pages."""
    settings = Settings(folder=folder)
    certificate.ensure(settings)
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=_serve, args=(settings, count, page, theirs), daemon=True
    )
    process.start()
    try:
        endpoint = f"https://127.0.0.1:{ours.recv()}"
        yield Account(
            name="canned",
            kind="azure",
            settings={
                "subscription": settings.subscription,
                "resource_group": settings.resource_group,
                "location": settings.location,
                "tenant": settings.tenant,
                "endpoint": endpoint,
                "authority": endpoint,
                "ca_file": str(settings.certificate),
            },
        )
    finally:
        process.terminate()
        process.join()


def _serve(settings: Settings, count: int, page: int, told: Connection) -> None:
    tokens = Tokens(settings, Limits())
    answers = _answers(settings, count, page)

    def answer(request: Request) -> Response:
        base = f"https://{request.headers['host']}"
        login = tokens.answer(request.path, base, bytes(request.body))
        if login is not None:
            return login.response()
        pages = answers[request.path.lower()]
        number = int(parse_qs(request.query).get("$skiptoken", ["0"])[0])
        body = pages[number].replace(b"https://here", base.encode())
        return Response(200, {"Content-Type": "application/json"}, body)

    with Server(("127.0.0.1", 0), answer, certificate.context(settings)) as server:
        told.send(server.server_address[1])
        server.serve_forever()


def _answers(settings: Settings, count: int, page: int) -> dict[str, list[bytes]]:
    """Return the pages of each listing by its path, in small letters."""
    subscription = f"/subscriptions/{settings.subscription}"
    group = f"{subscription}/resourceGroups/{settings.resource_group}/providers"
    listings: dict[str, tuple[int, Callable[[int], Mapping[str, Any]]]] = {
        f"{group}/Microsoft.Compute/virtualMachines": (count, lambda n: _machine(group, n)),
        f"{subscription}/providers/Microsoft.Compute/virtualMachines": (
            count,
            lambda n: _view(group, n),
        ),
        f"{group}/Microsoft.Compute/disks": (2 * count, lambda n: _disk(group, n)),
        f"{group}/Microsoft.Network/networkInterfaces": (count, lambda n: _card(group, n)),
        f"{group}/Microsoft.Network/publicIPAddresses": (0, lambda n: {}),
        f"{subscription}/providers/Microsoft.Compute/skus": (SKUS, _sku),
    }
    return {
        path.lower(): _pages(path, [make(n) for n in range(many)], page if many != SKUS else SKUS)
        for path, (many, make) in listings.items()
    }


def _pages(path: str, things: list[Mapping[str, Any]], page: int) -> list[bytes]:
    starts = list(range(0, len(things), page)) or [0]
    bodies: list[dict[str, Any]] = [{"value": things[start : start + page]} for start in starts]
    for number, body in enumerate(bodies[:-1], 1):
        body["nextLink"] = f"https://here{path}?api-version=2026-04-01&$skiptoken={number}"
    return [json.dumps(body).encode() for body in bodies]


def _machine(group: str, n: int) -> dict[str, Any]:
    disks = f"{group}/Microsoft.Compute/disks"
    return {
        "id": f"{group}/Microsoft.Compute/virtualMachines/web-{n}",
        "name": f"web-{n}",
        "type": "Microsoft.Compute/virtualMachines",
        "location": "westeurope",
        "tags": {"team": "shop", "env": "production"},
        "properties": {
            "hardwareProfile": {"vmSize": SIZE},
            "provisioningState": "Succeeded",
            "vmId": f"00000000-0000-4000-8000-{n:012d}",
            "storageProfile": {
                "osDisk": {
                    "osType": "Linux",
                    "name": f"disk-{2 * n}",
                    "createOption": "FromImage",
                    "caching": "ReadWrite",
                    "managedDisk": {
                        "storageAccountType": "Premium_LRS",
                        "id": f"{disks}/disk-{2 * n}",
                    },
                    "deleteOption": "Detach",
                    "diskSizeGB": 30,
                },
                "dataDisks": [
                    {
                        "lun": 0,
                        "name": f"disk-{2 * n + 1}",
                        "createOption": "Attach",
                        "caching": "None",
                        "managedDisk": {
                            "storageAccountType": "Premium_LRS",
                            "id": f"{disks}/disk-{2 * n + 1}",
                        },
                        "deleteOption": "Detach",
                        "diskSizeGB": 128,
                    }
                ],
                "diskControllerType": "SCSI",
            },
            "osProfile": {"computerName": f"web-{n}", "adminUsername": "ops"},
            "networkProfile": {
                "networkInterfaces": [
                    {"id": f"{group}/Microsoft.Network/networkInterfaces/card-{n}"}
                ]
            },
            "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
            "timeCreated": "2026-03-01T10:00:00.1234567+00:00",
        },
    }


def _view(group: str, n: int) -> dict[str, Any]:
    """What the listing with statusOnly tells."""
    return {
        "id": f"{group}/Microsoft.Compute/virtualMachines/web-{n}",
        "name": f"web-{n}",
        "type": "Microsoft.Compute/virtualMachines",
        "location": "westeurope",
        "properties": {
            "vmId": f"00000000-0000-4000-8000-{n:012d}",
            "provisioningState": "Succeeded",
            "instanceView": {
                "statuses": [
                    {"code": "ProvisioningState/succeeded", "level": "Info"},
                    {"code": "PowerState/running", "level": "Info"},
                ]
            },
        },
    }


def _disk(group: str, n: int) -> dict[str, Any]:
    return {
        "id": f"{group}/Microsoft.Compute/disks/disk-{n}",
        "name": f"disk-{n}",
        "type": "Microsoft.Compute/disks",
        "location": "westeurope",
        "tags": {"team": "shop"},
        "sku": {"name": "Premium_LRS", "tier": "Premium"},
        "managedBy": f"{group}/Microsoft.Compute/virtualMachines/web-{n // 2}",
        "properties": {
            **({"osType": "Linux", "hyperVGeneration": "V2"} if n % 2 == 0 else {}),
            "creationData": {"createOption": "Empty"},
            "diskSizeGB": 128,
            "diskSizeBytes": 128 * 2**30,
            "diskIOPSReadWrite": 500,
            "diskMBpsReadWrite": 100,
            "diskState": "Attached",
            "provisioningState": "Succeeded",
            "uniqueId": f"00000000-0000-4000-8000-{n:012d}",
            "timeCreated": "2026-03-01T10:00:00.1234567+00:00",
            "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
            "tier": "P10",
        },
    }


def _card(group: str, n: int) -> dict[str, Any]:
    net = f"{group}/Microsoft.Network"
    return {
        "id": f"{net}/networkInterfaces/card-{n}",
        "name": f"card-{n}",
        "type": "Microsoft.Network/networkInterfaces",
        "location": "westeurope",
        "properties": {
            "provisioningState": "Succeeded",
            "ipConfigurations": [
                {
                    "id": f"{net}/networkInterfaces/card-{n}/ipConfigurations/address-1",
                    "name": "address-1",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateIPAddress": f"10.0.{n // 250}.{n % 250 + 4}",
                        "privateIPAllocationMethod": "Dynamic",
                        "privateIPAddressVersion": "IPv4",
                        "primary": True,
                        "subnet": {"id": f"{net}/virtualNetworks/net/subnets/default"},
                    },
                }
            ],
            "macAddress": f"00-0D-3A-00-{n // 256:02X}-{n % 256:02X}",
            "networkSecurityGroup": {"id": f"{net}/networkSecurityGroups/web"},
            "virtualMachine": {"id": f"{group}/Microsoft.Compute/virtualMachines/web-{n}"},
        },
    }


def _sku(n: int) -> dict[str, Any]:
    told = {
        "vCPUs": "2",
        "MemoryGB": "8",
        "CpuArchitectureType": "x64",
        "HyperVGenerations": "V1,V2",
        "MaxDataDiskCount": "4",
        "MaxNetworkInterfaces": "2",
        "MaxResourceVolumeMB": "16384",
        "DiskControllerTypes": "SCSI",
        "PremiumIO": "True",
        **{f"Capability{each}": "True" for each in range(20)},
    }
    return {
        "resourceType": "virtualMachines",
        "name": SIZE if n == 0 else f"Standard_X{n}",
        "family": "standardDSv3Family",
        "locations": ["westeurope"],
        "locationInfo": [{"location": "westeurope", "zones": ["1", "2", "3"]}],
        "capabilities": [{"name": name, "value": value} for name, value in told.items()],
        "restrictions": [],
    }
