"""EC2 as the tests see it."""

from __future__ import annotations

from tests.services.aws.ec2.groups import Groups
from tests.services.aws.ec2.ids import Ids
from tests.services.aws.ec2.images import Images
from tests.services.aws.ec2.instances import Instances
from tests.services.aws.ec2.paging import Paging
from tests.services.aws.ec2.tokens import Tokens


class Ec2(Ids, Tokens, Paging, Images, Instances, Groups):
    """moto's EC2 under all the rules of this folder."""
