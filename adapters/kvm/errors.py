"""The one door through which libvirt's errors leave, as the broker's."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import libvirt

from broker import errors

PROVIDER = "libvirt"

CODES: dict[int, type[errors.BrokerError]] = {
    libvirt.VIR_ERR_NO_DOMAIN: errors.NotFound,
    libvirt.VIR_ERR_NO_NETWORK: errors.NotFound,
    libvirt.VIR_ERR_NO_NWFILTER: errors.NotFound,
    libvirt.VIR_ERR_NO_STORAGE_POOL: errors.NotFound,
    libvirt.VIR_ERR_NO_STORAGE_VOL: errors.NotFound,
    libvirt.VIR_ERR_DOM_EXIST: errors.Conflict,
    libvirt.VIR_ERR_NETWORK_EXIST: errors.Conflict,
    libvirt.VIR_ERR_STORAGE_VOL_EXIST: errors.Conflict,
    libvirt.VIR_ERR_OPERATION_INVALID: errors.Conflict,
    libvirt.VIR_ERR_RESOURCE_BUSY: errors.Conflict,
    libvirt.VIR_ERR_BLOCK_COPY_ACTIVE: errors.Conflict,
    libvirt.VIR_ERR_ACCESS_DENIED: errors.AccessDenied,
    libvirt.VIR_ERR_AUTH_FAILED: errors.AccessDenied,
    libvirt.VIR_ERR_AUTH_CANCELLED: errors.AccessDenied,
    libvirt.VIR_ERR_AUTH_UNAVAILABLE: errors.AccessDenied,
    libvirt.VIR_ERR_OPERATION_DENIED: errors.AccessDenied,
    libvirt.VIR_ERR_NO_CONNECT: errors.ConfigError,
    libvirt.VIR_ERR_INVALID_CONN: errors.Transient,
    libvirt.VIR_ERR_RPC: errors.Transient,
    libvirt.VIR_ERR_NO_CLIENT: errors.Transient,
    libvirt.VIR_ERR_OPERATION_TIMEOUT: errors.Transient,
    libvirt.VIR_ERR_AGENT_UNRESPONSIVE: errors.Transient,
    libvirt.VIR_ERR_NO_SUPPORT: errors.Unsupported,
    libvirt.VIR_ERR_CONFIG_UNSUPPORTED: errors.Unsupported,
    libvirt.VIR_ERR_OPERATION_UNSUPPORTED: errors.Unsupported,
    libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED: errors.Unsupported,
    libvirt.VIR_ERR_NO_KERNEL: errors.Unsupported,
    libvirt.VIR_ERR_INVALID_ARG: errors.Invalid,
    libvirt.VIR_ERR_XML_ERROR: errors.Invalid,
    libvirt.VIR_ERR_XML_DETAIL: errors.Invalid,
    libvirt.VIR_ERR_XML_INVALID_SCHEMA: errors.Invalid,
}

# VIR_ERR_SYSTEM_ERROR carries the errno of the call that failed
SYSTEM_ERRORS: dict[int, type[errors.BrokerError]] = {
    errno.EACCES: errors.AccessDenied,
    errno.EPERM: errors.AccessDenied,
    errno.ENOSPC: errors.QuotaExceeded,
    errno.EDQUOT: errors.QuotaExceeded,
    errno.ENOMEM: errors.QuotaExceeded,
    errno.EFBIG: errors.Invalid,
}

# libvirt has no code of its own for these: it says "internal error" and then these words
WORDS: tuple[tuple[str, type[errors.BrokerError]], ...] = (
    ("No space left on device", errors.QuotaExceeded),
    ("Cannot allocate memory", errors.QuotaExceeded),
    ('Failed to get "', errors.Conflict),
    ("already in use by", errors.Conflict),
    ("asynchronous jobs running", errors.Transient),
    ("client socket is closed", errors.Transient),
    ("connection closed", errors.Transient),
)

HINTS: dict[type[errors.BrokerError], str] = {
    errors.AccessDenied: "Use a user of group libvirt, or root",
    errors.QuotaExceeded: "Free space in the pool or memory on the host",
}

_NAMES = {
    value: name
    for name, value in vars(libvirt).items()
    if name.startswith("VIR_ERR_") and isinstance(value, int)
}


@contextmanager
def calling(operation: str) -> Iterator[None]:
    """Turn whatever libvirt raises in here into a broker error that names ``operation``."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise translated(error, operation) from error


def translated(error: libvirt.libvirtError, operation: str) -> errors.BrokerError:
    """Return the broker error for one of libvirt's."""
    code = error.get_error_code()
    message = error.get_error_message() or str(error)
    kind = _kind(error, code, message)
    return kind(
        message,
        hint=HINTS.get(kind, ""),
        provider=PROVIDER,
        operation=operation,
        code=_NAMES.get(code, str(code)),
    )


def _kind(error: libvirt.libvirtError, code: int | None, message: str) -> type[errors.BrokerError]:
    for words, kind in WORDS:
        if words in message:
            return kind
    if code == libvirt.VIR_ERR_SYSTEM_ERROR:
        # the daemon is down, starts, or cannot be reached: worth another try
        return SYSTEM_ERRORS.get(error.get_int1(), errors.Transient)
    return CODES.get(code or 0, errors.BrokerError)
