"""Microsoft.Compute: what the service registers."""

from tests.services.azure.arm.resource_type import ResourceType
from tests.services.azure.compute.disks import Disks
from tests.services.azure.compute.sku_views import VIEWS
from tests.services.azure.compute.snapshots import Snapshots
from tests.services.azure.compute.virtual_machines import VirtualMachines

TYPES: tuple[type[ResourceType], ...] = (Disks, Snapshots, VirtualMachines)

__all__ = ["TYPES", "VIEWS"]
