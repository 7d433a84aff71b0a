"""Packages of evidence: changed bytes that are found, and values that come out again.

python -m bench.evidence --out demo-output/day --log demo-output/logs/day/2026-03-16.parquet --state demo-output/state
"""

import argparse
import random
import shutil
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gauger.package.chain import PackageError, check
from gauger.package.contents import pack
from gauger.package.recompute import Again, recompute
from gauger.results.run import read_run


def changed(folder: Path, changes: int, seed: int) -> int:
    """How many of so many changes of one byte are found; files are chosen by their sizes."""
    chance, found = random.Random(seed), 0
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sizes = [path.stat().st_size for path in files]
    for _ in range(changes):
        (path,) = chance.choices(files, sizes)
        before = path.read_bytes()
        place = chance.randrange(len(before))
        path.write_bytes(before[:place] + bytes([before[place] ^ chance.randrange(1, 256)]) + before[place + 1 :])
        try:
            check(folder, None)
        except PackageError:
            found += 1
        path.write_bytes(before)
    check(folder, None)
    return found


def main() -> None:
    """Pack each finding of a run, signed and not, change bytes, and compute again with several numbers of threads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True, nargs="+")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--changes", type=int, default=1_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        private = Ed25519PrivateKey.generate().private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        (place / "key.pem").write_bytes(private)
        for number in read_run(given.out).campaigns["campaign_id"].to_pylist():
            for key in (place / "key.pem", None):
                started = time.perf_counter()
                pack(given.out, number, place / "package", key)
                seconds = time.perf_counter() - started
                size = sum(path.stat().st_size for path in (place / "package").rglob("*"))
                found = changed(place / "package", given.changes, number)
                print(
                    f"finding {number}, {'signed' if key else 'not signed'}: {size / 1e6:.1f} MB in {seconds:.1f} s, "
                    f"{found} of {given.changes} changes found",
                    flush=True,
                )
                for workers in (1, 3) if key else ():
                    again = recompute(place / "package", Again(given.log, given.state, workers=workers))
                    print(f"  {workers} threads: {again.values:,} values, {again.different} differ", flush=True)
                shutil.rmtree(place / "package")


if __name__ == "__main__":
    main()
