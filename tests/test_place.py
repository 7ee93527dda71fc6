"""Places: paths of this machine as everybody writes them, and addresses elsewhere."""

import pickle
import socket
from pathlib import Path

import pytest

from coursetrail.errors import InputError, UsageError
from coursetrail.place import Place


@pytest.mark.parametrize("name", ["a", "a/b", "./a", "../a", "a b#c%d", "~", "a:b", "a://b/c"[:2] + "x"])
def test_a_path_of_this_machine_is_what_it_is(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = Place.of(name)
    assert place.local == Path(name)
    assert place.path == str(Path(name).absolute())
    assert (place / "c").local == Path(name) / "c"
    assert str(place) == name


@pytest.mark.parametrize("address", ["s3://bucket/courses/psy-001", "s3://bucket/courses/psy-001/"])
def test_an_address_is_kept_as_it_is_written(address):
    place = Place.of(address)
    assert place.local is None
    assert place.path == "bucket/courses/psy-001"
    assert str(place / "events") == place.uri + "/events" == "s3://bucket/courses/psy-001/events"
    assert place.name == "psy-001"
    assert place.above.address == "s3://bucket/courses"


def test_an_address_in_hdfs_names_its_host():
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"hdfs://127.0.0.1:{server.getsockname()[1]}"
        place = Place.of(f"{host}/courses/psy-001")
        assert (place.path, place.name, place.local) == ("/courses/psy-001", "psy-001", None)
        assert str(place / "events") == f"{host}/courses/psy-001/events"


def test_where_no_namenode_answers_there_is_one_clear_line():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(InputError, match=f"127.0.0.1:{port}: nobody answers there"):
        Place.of(f"hdfs://127.0.0.1:{port}/courses")


@pytest.mark.parametrize("address", ["hdsf://a/b", "http://a/b", "gs://a/b"])
def test_another_kind_of_address_is_refused(address):
    with pytest.raises(UsageError, match="no such kind of address"):
        Place.of(address)


def test_a_place_travels_to_workers(tmp_path):
    for address in (str(tmp_path), "s3://bucket/a"):
        assert pickle.loads(pickle.dumps(Place.of(address))).address == address


def test_a_file_is_written_whole_moved_and_removed(tmp_path):
    place = Place.of(tmp_path) / "folder" / "file"
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
