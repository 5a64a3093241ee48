"""The simulator in a box: whole, shareable, and no way in for somebody else's code."""

import json
import shutil
import sys
import zipfile

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lss.__main__ import describe
from lss.box import FILES, REQUIRED, Box, check_meta, load_box, save_box
from lss.errors import InputError
from lss.simulator import LatentSpaceSimulator
from tests.elsewhere import run_without_ours


@pytest.fixture
def box_folder(trained, tmp_path):
    return shutil.copytree(trained.box, tmp_path / "box")


@pytest.fixture(scope="module")
def box(trained):
    return load_box(trained.box)


@pytest.mark.parametrize("name", ["copy", "copy.lss"])
def test_a_saved_box_gives_the_same_numbers(box, tmp_path, name):
    simulator = LatentSpaceSimulator(box)
    simulator.save(tmp_path / name)
    again = LatentSpaceSimulator.load(tmp_path / name)
    psi0 = simulator.starts(2, seed=0)
    psi = simulator.propagate(psi0, 5, seed=1)
    np.testing.assert_array_equal(again.propagate(psi0, 5, seed=1), psi)
    np.testing.assert_array_equal(again.decode(psi[0], seed=2).xyz, simulator.decode(psi[0], 2).xyz)


def test_a_run_folder_is_not_taken_for_its_box(trained):
    with pytest.raises(InputError, match=r"did you mean .*box"):
        load_box(trained.path)


def test_a_box_folder_holds_what_the_design_says(trained):
    assert {file.name for file in trained.box.iterdir()} == set(FILES)
    meta = json.loads((trained.box / "lss.json").read_text())
    assert meta["format"] == 3
    assert (meta["lag_time_ps"], meta["frame_spacing_ps"], meta["n_modes"]) == (500.0, 100.0, 2)


def test_a_box_describes_itself(box):
    card = describe(box)
    assert "20 decoded atoms (backbone) of 5 residues: TRP-LEU-ALA-LEU-LEU" in card
    assert "3 trajectories, 2700 frames, 270 ns" in card
    assert "500 ps, the time between synthetic frames" in card
    assert card.count("implied timescale") == 2 and "not compared" in card


LOAD_ELSEWHERE = """
import keras, numpy as np
inputs = np.load("inputs.npz")
srv, mdn, cwgan = (keras.models.load_model(f"{n}.keras") for n in ("srv", "mdn", "cwgan"))
psi = srv(inputs["features"])
np.savez("outputs.npz", psi=psi, **mdn(psi), xyz=cwgan([np.asarray(psi), inputs["noise"]]))
"""


def test_networks_load_where_our_packages_are_not_installed(box, box_folder, rng):
    """A process in which our packages can't be imported gives the same numbers."""
    features = rng.normal(size=(5, box.srv.input_shape[-1])).astype(np.float32)
    noise = rng.normal(size=(5, box.cwgan.input_shape[1][-1])).astype(np.float32)
    np.savez(box_folder / "inputs.npz", features=features, noise=noise)
    run_without_ours(LOAD_ELSEWHERE, box_folder)
    found = np.load(box_folder / "outputs.npz")
    psi = box.srv(features)
    np.testing.assert_allclose(found["psi"], psi, rtol=1e-5, atol=1e-6)
    for name, value in box.mdn(psi).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        found["xyz"], box.cwgan([np.asarray(psi), noise]), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(box_folder, name):
    (box_folder / name).unlink()
    with pytest.raises(InputError, match=name.replace(".", r"\.") + " is missing"):
        load_box(box_folder)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named(box_folder, name):
    path = box_folder / name
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        load_box(box_folder)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        *(("format", 4, "format 4"), ("n_modes", 7, "7 modes"), ("psi_low", [0.0], "psi_low")),
        *(("n_modes", "2", "whole number"), ("lag_time_ps", -1, "not a time")),
        *(("psi_high", [None, 1.0], "finite"), ("psi_high", [-99, -99], "not below")),
        *(("start_psi", [], "rows"), ("start_psi", [[0.0]], "2 modes"), ("features", [], "name")),
    ],
)
def test_metadata_that_do_not_fit_are_refused(box_folder, key, value, said):
    path = box_folder / "lss.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(InputError, match=said):
        load_box(box_folder)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(key=st.sampled_from(REQUIRED), value=_VALUES)
def test_other_metadata_are_refused_or_numbers(box, key, value):
    meta = box.meta | {key: value}
    try:
        check_meta(meta, "x.lss")
    except InputError as error:
        assert key in str(error) or key in ("n_modes", "n_features", "psi_low", "psi_high")
        assert "\n" not in str(error)
    else:
        simulator = LatentSpaceSimulator(Box(meta, box.reference, box.srv, box.mdn, box.cwgan))
        assert simulator.lag_time_ps > 0
        assert np.isfinite(simulator.starts(3, 0)).all()
        assert (np.asarray(meta["psi_low"]) < np.asarray(meta["psi_high"])).all()


def test_a_lambda_layer_is_refused(box_folder):
    inputs = keras.Input((2,), name="psi")
    outputs = keras.layers.Lambda(lambda x: x)(inputs)
    keras.Model(inputs, outputs).save(box_folder / "mdn.keras")
    with pytest.raises(InputError, match="Lambda"):
        load_box(box_folder)


def test_a_foreign_class_is_refused_before_it_is_imported(box_folder):
    path = box_folder / "srv.keras"
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(entries["config.json"])
    config["config"]["layers"][1]["module"] = "antigravity"
    entries["config.json"] = json.dumps(config)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    with pytest.raises(InputError, match="antigravity"):
        load_box(box_folder)
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize("name", ["../outside.txt", "/outside.txt", "box/../../x", "extra.py"])
def test_an_archive_holds_the_files_of_a_box_only(box, tmp_path, name):
    path = tmp_path / "evil.lss"
    save_box(box, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "gotcha")
    with pytest.raises(InputError, match="does not belong in a box"):
        load_box(path)
    assert not list(tmp_path.parent.glob("outside.txt"))


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6])
def test_a_damaged_archive_is_refused_in_one_line(box, tmp_path, part):
    save_box(box, tmp_path / "box.lss")
    data = bytearray((tmp_path / "box.lss").read_bytes())
    place = int(part * len(data))
    data[place : place + 40] = bytes(byte ^ 0xFF for byte in data[place : place + 40])
    (tmp_path / "box.lss").write_bytes(data)
    with pytest.raises(InputError, match=r"box\.lss is damaged") as caught:
        load_box(tmp_path / "box.lss")
    assert "\n" not in str(caught.value)


def test_a_network_that_keras_cannot_read_is_refused_in_one_short_line(box_folder):
    # Keras's own message has the whole configuration in it.
    path = box_folder / "mdn.keras"
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(entries["config.json"]) | {"module": None}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (entries | {"config.json": json.dumps(config)}).items():
            archive.writestr(name, data)
    with pytest.raises(InputError, match=r"mdn\.keras can't be loaded") as caught:
        load_box(box_folder)
    assert len(str(caught.value)) < 300


def test_networks_of_another_kind_are_refused(box, tmp_path):
    psi = keras.Input((2,))
    no_atoms = keras.Model(psi, keras.ops.sum(psi, axis=1))
    save_box(Box(box.meta, box.reference, box.srv, box.mdn, no_atoms), tmp_path / "box")
    with pytest.raises(InputError, match=r"networks of .* are not those of a simulator"):
        load_box(tmp_path / "box")


def test_what_is_no_box_is_refused(tmp_path):
    path = tmp_path / "notes.lss"
    path.write_text("no archive")
    with pytest.raises(InputError, match=r"neither a box folder .* nor an \.lss file"):
        load_box(path)


def test_a_box_of_what_sampling_needs_alone_is_described(box):
    bare = Box({key: box.meta[key] for key in REQUIRED}, box.reference, *(None,) * 3)
    said = describe(bare)
    assert "not compared with one" in said and "its diagnostics are not recorded" in said
    bare.meta["ratios_to_second_md_run"] = {"Rg, mean": 1.25, "t_1": None}
    assert describe(bare).count("Rg, mean: 1.2") == 1
