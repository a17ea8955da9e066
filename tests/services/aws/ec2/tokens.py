"""ClientToken: the same request twice does its work once."""

from __future__ import annotations

import copy
import json

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult

from tests.services.aws.ec2.overlay import Ec2Base, refuse


class Tokens(Ec2Base):
    """Answers a repeated request as it was answered, and refuses a token used for another."""

    def call_action(self) -> TYPE_RESPONSE:
        token = self.sent("ClientToken")
        if not token:
            return super().call_action()
        key = (self.region, self._get_action(), token)
        asked = json.dumps({**self.params, "ClientToken": ""}, sort_keys=True, default=str)
        before = self.overlay.answered.get(key)
        if before is not None:
            asked_before, answer = before
            if asked_before != asked:
                error = refuse(
                    "IdempotentParameterMismatch",
                    "The client token was used before with other parameters",
                )
                return self.serialized(ActionResult(error))
            return copy.deepcopy(answer)  # type: ignore[no-any-return]
        answer = super().call_action()
        if answer[0] == 200 and not self.sent("DryRun"):
            self.overlay.answered[key] = (asked, copy.deepcopy(answer))
        return answer
