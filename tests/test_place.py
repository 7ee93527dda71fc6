"""Places: paths of this machine as everybody writes them, and addresses elsewhere."""

import os
import pickle
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from coursetrail.errors import InputError, UsageError
from coursetrail.filesystem.location import Location
from support.machine import cannot, no_file_above


@pytest.mark.parametrize("name", ["a", "a/b", "./a", "../a", "a b#c%d", "~", "a:b", "a://b/c"[:2] + "x"])
def test_a_path_of_this_machine_is_what_it_is(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = Location.of(name)
    assert place.local == Path(name)
    assert place.path == str(Path(name).absolute())
    assert (place / "c").local == Path(name) / "c"
    assert str(place) == name


@pytest.mark.parametrize("address", ["s3://bucket/courses/psy-001", "s3://bucket/courses/psy-001/"])
def test_an_address_is_kept_as_it_is_written(address):
    place = Location.of(address)
    assert place.local is None
    assert place.path == "bucket/courses/psy-001"
    assert str(place / "events") == place.uri + "/events" == "s3://bucket/courses/psy-001/events"
    assert place.name == "psy-001"
    assert place.above.address == "s3://bucket/courses"


def test_an_address_in_hdfs_names_its_host():
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"hdfs://127.0.0.1:{server.getsockname()[1]}"
        place = Location.of(f"{host}/courses/psy-001")
        assert (place.path, place.name, place.local) == ("/courses/psy-001", "psy-001", None)
        assert str(place / "events") == f"{host}/courses/psy-001/events"


def test_every_letter_of_a_path_counts():
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"hdfs://127.0.0.1:{server.getsockname()[1]}"
        place = Location.of(f"{host}/raw/a#b?c;d%20e.gz")
        assert (place.path, place.name) == ("/raw/a#b?c;d%20e.gz", "a#b?c;d%20e.gz")
        assert place.above.address == f"{host}/raw"
    assert Location.of("s3://bucket/a#b?c.gz").path == "bucket/a#b?c.gz"


def test_a_host_alone_is_the_root():
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"hdfs://127.0.0.1:{server.getsockname()[1]}"
        for root in (
            Location.of(host),
            Location.of(f"{host}/"),
            Location.of(f"{host}/x").above,
            Location.of(host).above,
        ):
            assert (root.address, root.path) == (f"{host}/", "/")
            assert ((root / "x").address, (root / "x").path) == (f"{host}/x", "/x")
    bucket = Location.of("s3://bucket")
    assert bucket == bucket.above == Location.of("s3://bucket/x").above
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


@pytest.mark.parametrize("address", ["hdfs:///x", "hdfs://", "hdfs://elsewhere/x"])
def test_what_hadoops_configuration_would_have_to_know_is_one_clear_line(address, monkeypatch, tmp_path):
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path))
    monkeypatch.delenv("HADOOP_HOME", raising=False)
    with pytest.raises(InputError, match=r"nobody answers there .*known in HADOOP_CONF_DIR"):
        Location.of(address)


def test_where_no_namenode_answers_there_is_one_clear_line():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(InputError, match=f"127.0.0.1:{port}: nobody answers there"):
        Location.of(f"hdfs://127.0.0.1:{port}/courses")


@pytest.mark.parametrize("address", ["hdsf://a/b", "http://a/b", "gs://a/b"])
def test_another_kind_of_address_is_refused(address):
    with pytest.raises(UsageError, match="no such kind of address"):
        Location.of(address)


def test_a_place_travels_to_workers(tmp_path):
    for address in (str(tmp_path), "s3://bucket/a"):
        assert pickle.loads(pickle.dumps(Location.of(address))).address == address


def test_a_file_is_written_whole_moved_and_removed(tmp_path):
    place = Location.of(tmp_path) / "folder" / "file"
    assert not place.is_file()
    place.above.make()
    place.write(b"one")
    place.write(b"second")
    assert (place.is_file(), place.size()) == (True, 6)
    with place.open(3) as file:
        assert file.read() == b"ond"
    place.move(place.above / "other")
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["other"]
    place.above.remove()
    place.above.remove()
    assert not (tmp_path / "folder").exists()
    with pytest.raises(FileNotFoundError):
        place.size()


def test_a_file_from_another_device_comes_whole_or_not_at_all(tmp_path):
    """The limit stands for a disk that is full, or a run that is killed, when half of the file is there."""
    if not os.access("/dev/shm", os.W_OK) or Path("/dev/shm").stat().st_dev == tmp_path.stat().st_dev:
        cannot("NO OTHER DEVICE: moves between devices are not tested; they need Linux's /dev/shm")
    with TemporaryDirectory(dir="/dev/shm") as elsewhere:
        part, target = Path(elsewhere) / "part", tmp_path / "part"
        part.write_bytes((2 << 20) * b"x")
        target.write_bytes(b"old")
        with no_file_above(1 << 20), pytest.raises(OSError, match="File too large"):
            Location.of(target).fetch(part)
        assert target.read_bytes() == b"old"
        assert [path.name for path in tmp_path.iterdir()] == ["part"]
        Location.of(target).fetch(part)
        assert target.stat().st_size == 2 << 20
