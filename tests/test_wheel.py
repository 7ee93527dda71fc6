"""The package as users install it: a wheel that needs no compiler, and works outside of this folder."""

import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from support.machine import cannot

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]  # built once
ROOT = Path(__file__).parents[1]
BUILD = [sys.executable, "-m", "build", "--no-isolation"]


def ran(*words: object, env: dict[str, str] | None = None, folder: Path | None = None) -> str:
    """What a command printed that has to succeed."""
    command = list(map(str, words))
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=folder)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel that is built from it alone."""
    if not find_spec("pyproject_hooks"):
        cannot("NO BUILD: the wheel is not tested; pip install build")
    folder = tmp_path_factory.mktemp("dist")
    ran(*BUILD, "--outdir", folder, ROOT)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def test_one_wheel_serves_every_python_and_holds_what_the_package_reads(built):
    sdist, wheel = built
    assert "-cp311-abi3-" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if name.startswith("coursetrail/")}
    package = ROOT / "src"
    read = {
        str(path.relative_to(package))
        for kind in ("py", "pyi", "j2", "css", "typed")
        for path in package.rglob(f"*.{kind}")
    }
    assert {name for name in names if not name.endswith((".so", ".c", ".h"))} == read
    assert "coursetrail/reading/_scan.abi3.so" in names
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    sources = {str(path.relative_to(ROOT)) for kind in ("c", "h", "py") for path in package.rglob(f"*.{kind}")}
    assert {"pyproject.toml", "LICENSE", "NOTICE", "README.md", *sources} <= held


def test_the_wheel_runs_the_demo_where_there_is_no_compiler(built, tmp_path):
    """Its dependencies are those of this process, found by a path file; coursetrail itself is only in the wheel."""
    _, wheel = built
    venv.create(tmp_path / "fresh", with_pip=True, symlinks=True)
    python = tmp_path / "fresh" / "bin" / "python"
    bare = {"PATH": str(python.parent), "CC": "false", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    ran(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, env=bare, folder=tmp_path)
    (packages,) = (tmp_path / "fresh" / "lib").glob("python*/site-packages")
    dependencies = tmp_path / "dependencies"
    dependencies.mkdir()
    for folder in map(Path, sys.path):
        if folder.name in ("site-packages", "dist-packages"):
            for entry in folder.iterdir():
                if (
                    "coursetrail" not in entry.name
                    and entry.suffix != ".pth"
                    and not (dependencies / entry.name).exists()
                ):
                    (dependencies / entry.name).symlink_to(entry)
    (packages / "dependencies.pth").write_text(f"{dependencies}\n")
    where = ran(python, "-c", "import coursetrail; print(coursetrail.__file__)", env=bare, folder=tmp_path)
    assert Path(where.strip()).is_relative_to(packages)
    command = python.with_name("coursetrail")
    ran(command, "demo", "--out", "demo", "--learners", 20, "--events", 500, env=bare, folder=tmp_path)
    assert "Learners by browser" in (tmp_path / "demo" / "report.html").read_text()
    assert f"coursetrail {wheel.name.split('-')[1]}\n" == ran(command, "--version", env=bare, folder=tmp_path)
