from tests.services.azure.fixture import azure, azure_process

__all__ = ["azure", "azure_process"]
