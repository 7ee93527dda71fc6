"""Fetch the jars of pom.xml by Maven and check their digests: python tests/support/hadoop/fetch.py FOLDER."""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def fetch(folder: Path) -> None:
    """Leave in `folder` the jars of jars.sha256 and, last, a file `ready`; ask Maven only where they are not there.

    Raises SystemExit with one line where Maven is missing, fails, or brings other bytes than the pinned ones.
    """
    pins = (HERE / "jars.sha256").read_text()
    ready = folder / "ready"
    if not ready.exists() or ready.read_text() != pins:
        if not shutil.which("mvn"):
            sys.exit("NO MAVEN: HDFS and YARN are not tested; apt install maven")
        folder.mkdir(parents=True, exist_ok=True)
        for old in (ready, *folder.glob("*.jar")):
            old.unlink(missing_ok=True)
        goal = ("dependency:copy-dependencies", f"-DoutputDirectory={folder.resolve()}")
        if subprocess.run(["mvn", "-q", "-B", "-f", HERE / "pom.xml", *goal], check=False).returncode:
            sys.exit("mvn could not fetch the jars of tests/support/hadoop/pom.xml: what it says is above.")
        for digest, name in map(str.split, pins.splitlines()):
            check(folder / name, digest)
        for jar in folder.glob("hadoop-client-minicluster-*.jar"):
            store(jar)
        ready.write_text(pins)
    ready.touch()


def check(jar: Path, digest: str) -> None:
    """Raise SystemExit where a jar is missing or is not the one with this SHA-256."""
    if not jar.exists():
        sys.exit(f"{jar.name} is in jars.sha256 and not in pom.xml: bring them in line.")
    with jar.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != digest:
        sys.exit(f"{jar.name} has the digest {found}, not the one in jars.sha256: remove it from ~/.m2 and try again.")


def store(jar: Path) -> None:
    """Write a jar anew without compression: each daemon reads all of it as it starts, and that takes a third less."""
    stored = jar.with_suffix(".stored")
    with zipfile.ZipFile(jar) as source, zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    stored.replace(jar)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    fetch(Path(sys.argv[1]))
