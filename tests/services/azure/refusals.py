"""What a test looks at when the service says no."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError


def code(raised: pytest.ExceptionInfo[HttpResponseError]) -> tuple[int | None, str]:
    """Status and error code of a refusal."""
    assert raised.value.error is not None
    return raised.value.status_code, str(raised.value.error.code)
