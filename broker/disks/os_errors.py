"""The door through which the operating system's errors leave as the broker's."""

from __future__ import annotations

import errno

from broker.errors import (
    AccessDenied,
    BrokerError,
    Conflict,
    Invalid,
    NotFound,
    QuotaExceeded,
    Transient,
)

_KINDS: dict[int, type[BrokerError]] = {
    errno.EACCES: AccessDenied,
    errno.EPERM: AccessDenied,
    errno.EROFS: AccessDenied,
    errno.ENOENT: NotFound,
    errno.ENOTDIR: NotFound,
    errno.EEXIST: Conflict,
    errno.EBUSY: Conflict,
    errno.EAGAIN: Conflict,  # a lock that somebody else holds
    errno.ENOSPC: QuotaExceeded,
    errno.EDQUOT: QuotaExceeded,
    errno.EFBIG: QuotaExceeded,
    errno.EIO: Transient,
    errno.EMFILE: Transient,
    errno.ENFILE: Transient,
    errno.ENOMEM: Transient,
}

_HINTS: dict[type[BrokerError], str] = {
    QuotaExceeded: "Make room there and run it again: it goes on where it stopped",
}


def broker_error(error: OSError, what: str) -> BrokerError:
    """Return what to raise from ``error``; ``what`` says which file and what was done to it."""
    kind = _KINDS.get(error.errno or 0, Invalid)
    code = errno.errorcode.get(error.errno or 0, "")
    return kind(f"{what}: {error.strerror or error}", code=code, hint=_HINTS.get(kind, ""))
