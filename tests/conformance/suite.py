"""The whole suite in one class. An adapter's test file inherits it:

    from tests.conformance.suite import Conformance

    class TestSomeProvider(Conformance):
        pass

    @pytest.fixture(scope="module")
    def adapter() -> Iterator[Adapter]: ...

    @pytest.fixture(scope="module")          # only where the defaults do not fit
    def knobs() -> Knobs: ...

A gap the provider leaves is told there too: the test overridden, marked ``xfail`` with the reason.
"""

from tests.conformance.account import AccountConformance
from tests.conformance.addresses import PublicAddressConformance
from tests.conformance.counts import CountConformance
from tests.conformance.disks import DiskConformance
from tests.conformance.faults import FaultConformance
from tests.conformance.firewalls import FirewallConformance
from tests.conformance.images import ImageConformance
from tests.conformance.instances import InstanceConformance
from tests.conformance.key_pairs import KeyPairConformance
from tests.conformance.limits import LimitConformance
from tests.conformance.networks import NetworkConformance
from tests.conformance.power import PowerConformance
from tests.conformance.snapshots import SnapshotConformance
from tests.conformance.volumes import VolumeConformance


class Conformance(
    AccountConformance,
    CountConformance,
    DiskConformance,
    FaultConformance,
    FirewallConformance,
    ImageConformance,
    InstanceConformance,
    KeyPairConformance,
    LimitConformance,
    NetworkConformance,
    PowerConformance,
    PublicAddressConformance,
    SnapshotConformance,
    VolumeConformance,
):
    """All that an adapter owes."""
