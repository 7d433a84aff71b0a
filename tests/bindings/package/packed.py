"""A finding of a small day, scored with a state, and its package, signed."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gauger.batch.score import score
from gauger.package.contents import pack
from gauger.simulate import CampaignSpec, simulate


@dataclass(frozen=True)
class Packed:
    """Where everything is."""

    log: Path
    out: Path
    state: Path
    package: Path
    key: Path
    public: Path


def keys(folder: Path, name: str = "key") -> tuple[Path, Path]:
    """A new key pair as PEM files: private, public."""
    key = Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private, public


def made(folder: Path) -> Packed:
    """Score a day of 2,000 honest calls with a template of 30 accounts, which is finding 1, and pack that."""
    paths = simulate(
        folder / "logs", calls=2_000, seed=3, campaigns=[CampaignSpec("template", 30, 20)], reference_days=0
    )
    key, public = keys(folder)
    found = Packed(paths.day, folder / "out", folder / "state", folder / "package", key, public)
    score([found.log], found.out, state=found.state)
    pack(found.out, 1, found.package, key)
    return found
