"""Microsoft.Network: what the service registers."""

from tests.services.azure.arm.front import View
from tests.services.azure.arm.resource_type import ResourceType
from tests.services.azure.network.virtual_networks import VirtualNetworks

TYPES: tuple[type[ResourceType], ...] = (VirtualNetworks,)
VIEWS: tuple[View, ...] = ()
