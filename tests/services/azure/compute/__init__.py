"""Microsoft.Compute: what the service registers."""

from tests.services.azure.arm.resource_type import ResourceType
from tests.services.azure.compute import image_views, sku_views
from tests.services.azure.compute.disks import Disks
from tests.services.azure.compute.images import Images
from tests.services.azure.compute.snapshots import Snapshots
from tests.services.azure.compute.ssh_keys import SshPublicKeys
from tests.services.azure.compute.virtual_machines import VirtualMachines

TYPES: tuple[type[ResourceType], ...] = (Disks, Images, Snapshots, SshPublicKeys, VirtualMachines)
VIEWS = (*sku_views.VIEWS, *image_views.VIEWS)
