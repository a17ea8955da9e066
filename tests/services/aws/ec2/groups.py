"""Security groups in use cannot be deleted."""

from __future__ import annotations

from moto.core.responses import ActionResult

from tests.services.aws.ec2.overlay import Ec2Base, refuse


class Groups(Ec2Base):
    """DeleteSecurityGroup looks at who wears the group and who names it."""

    def delete_security_group(self) -> ActionResult:
        group_id = self.sent("GroupId")
        group = self.ec2_backend.get_security_group_from_id(group_id) if group_id else None
        if group is not None:
            if group.name == "default":
                raise refuse("CannotDelete", "the default security group cannot be deleted")
            if self._worn(group_id) or self._named(group_id):
                raise refuse("DependencyViolation", f"resource {group_id} has a dependent object")
        return super().delete_security_group()

    def _worn(self, id: str) -> bool:
        cards = self.ec2_backend.describe_network_interfaces()
        machines = self.ec2_backend.all_instances()
        return any(id in {group.id for group in card.group_set} for card in cards) or any(
            machine.state != "terminated" and id in {group.id for group in machine.security_groups}
            for machine in machines
        )

    def _named(self, id: str) -> bool:
        return any(
            (rule.source_group or {}).get("GroupId") == id
            for group in self.ec2_backend.describe_security_groups()
            if group.id != id
            for rule in [*group.ingress_rules, *group.egress_rules]
        )
