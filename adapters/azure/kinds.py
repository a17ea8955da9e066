"""What the service calls the kinds of things we deal with."""

from __future__ import annotations

MACHINE = "Microsoft.Compute/virtualMachines"
SIZE = "Microsoft.Compute/skus"
DISK = "Microsoft.Compute/disks"
SNAPSHOT = "Microsoft.Compute/snapshots"
IMAGE = "Microsoft.Compute/images"
KEY_PAIR = "Microsoft.Compute/sshPublicKeys"
NETWORK = "Microsoft.Network/virtualNetworks"
SUBNET = "Microsoft.Network/virtualNetworks/subnets"
CARD = "Microsoft.Network/networkInterfaces"
ADDRESS = "Microsoft.Network/publicIPAddresses"
FIREWALL = "Microsoft.Network/networkSecurityGroups"
GROUP = "Microsoft.Network/applicationSecurityGroups"
