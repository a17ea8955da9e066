"""The blob side as the rest of the service sees it."""

from __future__ import annotations

from tests.services.azure.arm.faults import Faults
from tests.services.azure.blobs.azurite import Azurite
from tests.services.azure.blobs.front import Front
from tests.services.azure.blobs.grants import PREFIX, Grants
from tests.services.azure.blobs.store import Store
from tests.services.azure.blobs.texts import PREFIX as TEXTS
from tests.services.azure.blobs.texts import Texts
from tests.services.azure.settings import Settings
from tests.services.wire import Request, Response

# Azurite's own, the same everywhere:
# https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class Blobs:
    """Bytes, and who may have them."""

    def __init__(self, settings: Settings, faults: Faults) -> None:
        self.store = Store(Azurite(settings.azurite, ACCOUNT, KEY))
        self.grants = Grants(settings.endpoint)
        self.texts = Texts(settings.endpoint)
        self._front = Front(self.store, self.grants, faults)

    def owns(self, path: str) -> bool:
        """Whether this path is a blob's."""
        return path.startswith(PREFIX)

    def answer(self, request: Request) -> Response:
        if request.path.startswith(TEXTS):
            return self.texts.answer(request)
        return self._front.answer(request)

    def forget(self) -> None:
        """No blob and no signature is left."""
        self.grants.forget()
        self.store.forget()
