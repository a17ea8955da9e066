"""What every adapter owes, as one suite that each adapter's test file inherits."""

import pytest

pytest.register_assert_rewrite(
    *(
        f"{__name__}.{noun}"
        for noun in (
            "account",
            "addresses",
            "content",
            "disks",
            "faults",
            "firewalls",
            "images",
            "instances",
            "key_pairs",
            "kit",
            "limits",
            "networks",
            "power",
            "snapshots",
            "volumes",
        )
    )
)
