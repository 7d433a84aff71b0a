"""A time-stamping authority on this machine: its certificates are made here, its answers by ``openssl ts``."""

import datetime as dt
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl answers for the authority")
_CONFIGURATION = """[tsa]
default_tsa = own
[own]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class Authority:
    """Where its files are."""

    folder: Path
    name: str

    @property
    def certificates(self) -> Path:
        """Of whom it is trusted by."""
        return self.folder / "root.pem"

    def answer(self, query: bytes) -> bytes:
        """Its answer to a query."""
        (self.folder / "query").write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", "configuration", "-queryfile", "query", "-out", "answer"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "answer").read_bytes()


def authority(folder: Path, name: str = "Tests") -> Authority:
    """A new one, with a root of its own."""
    folder.mkdir()
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate(f"{name} root", root_key, f"{name} root", root_key)
    signer = _certificate(f"{name} root", root_key, name, key)
    (folder / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / "signer.pem").write_bytes(signer.public_bytes(serialization.Encoding.PEM))
    pem, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "signer.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, plain))
    (folder / "configuration").write_text(_CONFIGURATION.format(folder=folder))
    (folder / "serial").write_text("01\n")
    return Authority(folder, name)


def _certificate(
    issuer: str, issuer_key: ec.EllipticCurvePrivateKey, name: str, key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (issuer, name)]
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder(names[0], names[1], key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=9))
        .add_extension(x509.BasicConstraints(issuer == name, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if issuer != name:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


class _Handler(BaseHTTPRequestHandler):
    of: ClassVar[Authority]
    said: ClassVar[list[tuple[int, bytes]]]  # in place of its answers
    asked: ClassVar[list[bytes]]
    seconds: ClassVar[float]  # between two bytes

    def do_POST(self) -> None:
        """Answer a query."""
        query = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(query)
        status, body = self.said.pop(0) if self.said else (200, self.of.answer(query))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for byte in body if self.seconds else ():
            self.wfile.write(bytes([byte]))
            time.sleep(self.seconds)
        self.wfile.write(b"" if self.seconds else body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(
    of: Authority, said: list[tuple[int, bytes]] | None = None, seconds: float = 0.0
) -> Iterator[tuple[str, list[bytes]]]:
    """An authority's address on this machine, and the queries it gets.

    said : statuses and bodies it gives first; seconds : between two bytes of an answer
    """
    asked: list[bytes] = []
    handler = type("Own", (_Handler,), {"of": of, "said": said or [], "asked": asked, "seconds": seconds})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsr", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
