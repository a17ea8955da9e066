"""Machines of a libvirt host: QEMU with KVM where it works, else emulated."""

from broker.adapter import Account, Adapter


def connect(account: Account) -> Adapter:
    """Return the adapter of a libvirt host; nothing is called before its first method is.

    ConfigError for settings that cannot be; ImportError where libvirt-python is missing.
    """
    from adapters.kvm.adapter import KvmAdapter
    from adapters.kvm.settings import Settings

    return KvmAdapter(account.name, account.read(Settings))
