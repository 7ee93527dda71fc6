"""Locations: paths on this machine as users write them, and addresses elsewhere."""

import os
import pickle
import socket
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from coursetrail import ingest
from coursetrail.errors import InputError, UsageError
from coursetrail.filesystem.location import Location
from support.exports import export, lines
from support.machine import cannot, no_file_above


@pytest.mark.parametrize("name", ["a", "a/b", "./a", "../a", "a b#c%d", "~", "a:b", "a://b/c"[:2] + "x"])
def test_a_path_of_this_machine_is_what_it_is(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    location = Location.of(name)
    assert location.local == Path(name)
    assert location.path == str(Path(name).absolute())
    assert (location / "c").local == Path(name) / "c"
    assert str(location) == name


@pytest.mark.parametrize("address", ["s3://bucket/courses/psy-001", "s3://bucket/courses/psy-001/"])
def test_an_address_is_kept_as_it_is_written(address):
    location = Location.of(address)
    assert location.local is None
    assert location.path == "bucket/courses/psy-001"
    assert str(location / "events") == location.uri + "/events" == "s3://bucket/courses/psy-001/events"
    assert location.name == "psy-001"
    assert location.parent.address == "s3://bucket/courses"


def test_an_address_in_hdfs_names_its_host():
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"hdfs://127.0.0.1:{server.getsockname()[1]}"
        location = Location.of(f"{host}/courses/psy-001")
        assert (location.path, location.name, location.local) == ("/courses/psy-001", "psy-001", None)
        assert str(location / "events") == f"{host}/courses/psy-001/events"


def test_every_letter_of_a_path_counts():
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"hdfs://127.0.0.1:{server.getsockname()[1]}"
        location = Location.of(f"{host}/raw/a#b?c;d%20e.gz")
        assert (location.path, location.name) == ("/raw/a#b?c;d%20e.gz", "a#b?c;d%20e.gz")
        assert location.parent.address == f"{host}/raw"
    assert Location.of("s3://bucket/a#b?c.gz").path == "bucket/a#b?c.gz"


def test_a_host_alone_is_the_root():
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"hdfs://127.0.0.1:{server.getsockname()[1]}"
        for root in (
            Location.of(host),
            Location.of(f"{host}/"),
            Location.of(f"{host}/x").parent,
            Location.of(host).parent,
        ):
            assert (root.address, root.path) == (f"{host}/", "/")
            assert ((root / "x").address, (root / "x").path) == (f"{host}/x", "/x")
    bucket = Location.of("s3://bucket")
    assert bucket == bucket.parent == Location.of("s3://bucket/x").parent
    assert ((bucket / "x").address, (bucket / "x").path) == ("s3://bucket/x", "bucket/x")


@pytest.mark.parametrize(
    "address",
    [
        *(
            "hdfs://nn:abc/x",
            "hdfs://[x/y",
            "hdfs://[::1]:9000/x",
            "hdfs://:9000/x",
            "hdfs://nn:0/x",
            "hdfs://nn:65536/x",
        ),
        *("hdfs://nn:/x", "hdfs://a..b:9000/x", f"hdfs://{64 * 'a'}:9000/x", "hdfs://me@nn:9000/x", "hdfs://nn?x/y"),
        *("s3:///x", "s3://", "s3://bucket:9000/x", "s3://key:secret@bucket/x"),
    ],
)
def test_what_is_no_address_is_told_how_one_looks(address):
    with pytest.raises(UsageError, match=r"is no address\. They look like hdfs://namenode:9000/courses"):
        Location.of(address)


def test_a_file_elsewhere_that_cannot_be_read_is_refused_before_any_other_is_read(tmp_path, monkeypatch):
    (tmp_path / "bad").write_bytes(lines(5))
    elsewhere = Location("s3://bucket/bad", SubTreeFileSystem(str(tmp_path), LocalFileSystem()), "bad")
    of, opened = Location.of, Location.open
    monkeypatch.setattr(Location, "of", lambda name: elsewhere if name == elsewhere.address else of(name))

    def refuse(location: Location, begin: int = 0) -> Any:
        if location == elsewhere:
            raise PermissionError(13, "Permission denied")
        return opened(location, begin)

    monkeypatch.setattr(Location, "open", refuse)
    with pytest.raises(InputError, match="s3://bucket/bad: Permission denied"):
        ingest(tmp_path / "d", [export(tmp_path, lines(5)), elsewhere.address])
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("address", ["hdfs:///x", "hdfs://", "hdfs://elsewhere/x"])
def test_what_hadoops_configuration_would_have_to_know_is_one_clear_line(address, monkeypatch, tmp_path):
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path))
    monkeypatch.delenv("HADOOP_HOME", raising=False)
    with pytest.raises(InputError, match=r"no NameNode answers .*known in HADOOP_CONF_DIR"):
        Location.of(address)


def test_where_no_namenode_answers_there_is_one_clear_line():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(InputError, match=f"127.0.0.1:{port}: no NameNode answers"):
        Location.of(f"hdfs://127.0.0.1:{port}/courses")


@pytest.mark.parametrize("address", ["hdsf://a/b", "http://a/b", "gs://a/b"])
def test_another_kind_of_address_is_refused(address):
    with pytest.raises(UsageError, match="no such kind of address"):
        Location.of(address)


def test_a_location_travels_to_workers(tmp_path):
    for address in (str(tmp_path), "s3://bucket/a"):
        assert pickle.loads(pickle.dumps(Location.of(address))).address == address


def test_a_file_is_written_whole_moved_and_removed(tmp_path):
    location = Location.of(tmp_path) / "folder" / "file"
    assert not location.is_file()
    location.parent.make_folder()
    location.write(b"one")
    location.write(b"second")
    assert (location.is_file(), location.size()) == (True, 6)
    with location.open(3) as file:
        assert file.read() == b"ond"
    location.move(location.parent / "other")
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["other"]
    location.parent.remove()
    location.parent.remove()
    assert not (tmp_path / "folder").exists()
    with pytest.raises(FileNotFoundError):
        location.size()


def test_a_file_from_another_device_comes_whole_or_not_at_all(tmp_path):
    """The limit stands for a disk that is full, or a run that is killed, when half of the file is there."""
    if not os.access("/dev/shm", os.W_OK) or Path("/dev/shm").stat().st_dev == tmp_path.stat().st_dev:
        cannot("NO OTHER DEVICE: moves between devices are not tested; they need Linux's /dev/shm")
    with TemporaryDirectory(dir="/dev/shm") as elsewhere:
        part, target = Path(elsewhere) / "part", tmp_path / "part"
        part.write_bytes((2 << 20) * b"x")
        target.write_bytes(b"old")
        with no_file_above(1 << 20), pytest.raises(OSError, match="File too large"):
            Location.of(target).put_file(part)
        assert target.read_bytes() == b"old"
        assert [path.name for path in tmp_path.iterdir()] == ["part"]
        Location.of(target).put_file(part)
        assert target.stat().st_size == 2 << 20
