"""Microsoft.Network: what the service registers."""

from tests.services.azure.arm.front import View
from tests.services.azure.arm.resource_type import ResourceType
from tests.services.azure.network.application_groups import ApplicationGroups
from tests.services.azure.network.interfaces import Interfaces
from tests.services.azure.network.nat_gateways import NatGateways
from tests.services.azure.network.public_addresses import PublicAddresses
from tests.services.azure.network.security_groups import SecurityGroups, SecurityRules
from tests.services.azure.network.service_tags import VIEW as SERVICE_TAGS
from tests.services.azure.network.subnets import Subnets
from tests.services.azure.network.usages import VIEW as USAGES
from tests.services.azure.network.virtual_networks import VirtualNetworks

TYPES: tuple[type[ResourceType], ...] = (
    VirtualNetworks,
    Subnets,
    Interfaces,
    SecurityGroups,
    SecurityRules,
    ApplicationGroups,
    PublicAddresses,
    NatGateways,
)
VIEWS: tuple[View, ...] = (SERVICE_TAGS, USAGES)
