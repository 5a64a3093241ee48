"""Files are whole or absent."""

import json

import numpy as np
import pytest

from lss.storage.whole_files import PARTIAL, replacing, write_json


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "data.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as partial:
        partial.write_text("half of the n")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["data.txt"]


def test_the_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "new folder" / "data.txt"
    with replacing(path) as partial:
        partial.write_text("new")
        assert not path.exists()
        assert partial.suffix == path.suffix and partial.name.startswith(PARTIAL)
    assert path.read_text() == "new"


def test_a_folder_replaces_a_folder(tmp_path):
    path = tmp_path / "out"
    path.mkdir()
    (path / "old").touch()
    with replacing(path) as partial:
        partial.mkdir()
        (partial / "new").touch()
    assert [file.name for file in path.iterdir()] == ["new"]


def test_json_holds_plain_finite_values(tmp_path):
    data = {"a": np.float32(1.5), "b": np.array([1, 2]), "c": [np.nan, np.inf], 4: (tmp_path,)}
    write_json(tmp_path / "data.json", data)
    read = json.loads((tmp_path / "data.json").read_text())
    assert read == {"a": 1.5, "b": [1, 2], "c": [None, None], "4": [str(tmp_path)]}
