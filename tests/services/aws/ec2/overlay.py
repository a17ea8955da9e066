"""What every overlay file shares: the disks behind the volumes, the quotas, and how to refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response

from tests.services.aws.quotas import Quotas
from tests.services.aws.snapshots import Disks


@dataclass
class Overlay:
    """State of the service that moto does not keep."""

    disks: Disks
    quotas: Quotas
    answered: dict[tuple[str, str, str], tuple[str, Any]] = field(default_factory=dict)


class Ec2Base(EC2Response):
    """moto's EC2; ``overlay`` is set once, before the first request."""

    overlay: ClassVar[Overlay]

    def sent(self, name: str, default: Any = None) -> Any:
        """A parameter of the request."""
        return self._get_param(name, default)


def refuse(code: str, message: str) -> EC2ClientError:
    return EC2ClientError(code, message)
