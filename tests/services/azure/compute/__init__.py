"""Microsoft.Compute: what the service registers."""

from tests.services.azure.arm.front import View
from tests.services.azure.arm.resource_type import ResourceType
from tests.services.azure.compute.disks import Disks
from tests.services.azure.compute.snapshots import Snapshots

TYPES: tuple[type[ResourceType], ...] = (Disks, Snapshots)
VIEWS: tuple[View, ...] = ()
