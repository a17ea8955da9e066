from tests.services.azure.compute.conftest import azure, azure_process, compute

__all__ = ["azure", "azure_process", "compute"]
