"""The package with changes of its source text, as another release would have them, in a Python of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import coursetrail

SOURCE = Path(coursetrail.__file__).parent


class ChangedPackage:
    """A copy in `folder` with `new` files, and with further text after a given one in files of `insertions`."""

    def __init__(
        self,
        folder: Path,
        new: Mapping[str, str] | None = None,
        insertions: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.folder = folder
        package = folder / "coursetrail"
        shutil.copytree(SOURCE, package, ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in (new or {}).items():
            (package / name).write_text(text)
        for name, those in (insertions or {}).items():
            text = (package / name).read_text()
            for before, inserted in those.items():
                assert text.count(before) == 1, before
                text = text.replace(before, before + inserted)
            (package / name).write_text(text)

    def run(self, code: str) -> str:
        """Run Python code with this package as `ct`; what it prints."""
        there = "import sys; import coursetrail as ct\n"
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        command = [sys.executable, "-c", there + code]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout
