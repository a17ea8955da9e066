"""Key pairs of one account. A key pair's id is its name, which is unique in a region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.aws.base import Base
from adapters.aws.errors import calling
from broker.errors import Conflict, NotFound
from broker.model import KeyPair, KeyPairSpec

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import KeyPairInfoTypeDef


class KeyPairs(Base):
    """Public SSH keys under a name."""

    def key_pairs(self) -> list[KeyPair]:
        """Return every key pair; the service lists them all at once."""
        with calling("list key pairs"):
            found = self._session.ec2.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
        return [_key_pair(each) for each in found]

    def create_key_pair(self, spec: KeyPairSpec) -> KeyPair:
        """Store a public key; quiet for the same key, Conflict for another under that name."""
        with calling("create key pair"):
            ec2 = self._session.ec2
            named = ec2.describe_key_pairs(
                Filters=[{"Name": "key-name", "Values": [spec.name]}], IncludePublicKey=True
            )["KeyPairs"]
            if not named:
                made = ec2.import_key_pair(
                    KeyName=spec.name, PublicKeyMaterial=spec.public_key.encode()
                )
                return KeyPair(
                    id=made["KeyName"],
                    name=made["KeyName"],
                    fingerprint=made["KeyFingerprint"],
                    public_key=spec.public_key,
                )
            before = _key_pair(named[0])
        if before.public_key is None or _key(before.public_key) != _key(spec.public_key):
            raise Conflict(
                f"{spec.name} is the name of another key", hint="Take another name", provider="aws"
            )
        return before

    def delete_key_pair(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        try:
            with calling("delete key pair"):
                self._session.ec2.delete_key_pair(KeyName=id)
        except NotFound:
            return


def _key_pair(found: KeyPairInfoTypeDef) -> KeyPair:
    public_key = found.get("PublicKey", "").strip()
    return KeyPair(
        id=found["KeyName"],
        name=found["KeyName"],
        fingerprint=found.get("KeyFingerprint", ""),
        public_key=public_key or None,
    )


def _key(line: str) -> tuple[str, ...]:
    """The kind and the key, without the comment behind them, which the service may drop."""
    return tuple(line.split()[:2])
