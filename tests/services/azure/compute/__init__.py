"""Microsoft.Compute: what the service registers."""

from tests.services.azure.arm.front import View
from tests.services.azure.arm.resource_type import ResourceType

TYPES: tuple[type[ResourceType], ...] = ()
VIEWS: tuple[View, ...] = ()
