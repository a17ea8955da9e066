"""nova's own libvirt driver, for the libvirt of Debian 12.

nova 34 says "no Secure Boot" of a UEFI guest twice: as a feature of the firmware, and as an
attribute of its loader. libvirt 9.0 takes the first, and refuses the second beside it: "loader
attribute 'secure' cannot be specified when firmware autoselection is enabled".
"""

from nova.virt.libvirt import driver


class LibvirtDriver(driver.LibvirtDriver):
    def _configure_guest_by_virt_type(self, guest, *args, **kwargs):
        super()._configure_guest_by_virt_type(guest, *args, **kwargs)
        if guest.os_firmware and not guest.os_loader_secure:
            guest.os_loader_secure = None
