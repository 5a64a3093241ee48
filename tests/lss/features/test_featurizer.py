"""Features against mdtraj's own functions, in words, and from a description."""

import json

import mdtraj as md
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lss.errors import InputError
from lss.examples import example
from lss.features.featurizer import Featurizer, default_features, split_specs

WLALL, TRPCAGE = example("wlall"), example("trpcage")


@pytest.fixture(scope="module")
def ca_frames():
    return md.load_frame(TRPCAGE.files[0], 5, top=TRPCAGE.top)


def _columns(featurizer, values, prefix):
    return values[:, [i for i, name in enumerate(featurizer.names) if name.startswith(prefix)]]


@pytest.mark.parametrize("kind", ["phi", "psi", "omega", "chi1", "chi2"])
def test_torsions_are_those_of_mdtraj(kind, md_frames):
    featurizer = Featurizer(md_frames.topology, ["torsions"])
    values = featurizer.compute(md_frames)
    assert values.dtype == np.float32
    _, angles = getattr(md, f"compute_{kind}")(md_frames)
    np.testing.assert_allclose(
        _columns(featurizer, values, f"cos {kind} "), np.cos(angles), atol=1e-6
    )
    np.testing.assert_allclose(
        _columns(featurizer, values, f"sin {kind} "), np.sin(angles), atol=1e-6
    )


def test_words_of_torsions(md_frames):
    names = Featurizer(md_frames.topology, ["backbone-torsions"]).names
    assert names[:2] == ["cos phi LEU 2", "sin phi LEU 2"]
    # phi of residues 2 to 5; psi and omega of residues 1 to 4; sine and cosine of each.
    assert len(names) == 2 * 12
    assert "cos psi TRP 1" in names and "sin omega LEU 4" in names
    chi = Featurizer(md_frames.topology, ["sidechain-torsions"]).names
    assert chi == [
        f"{f} {kind} {residue}"
        for kind in ("chi1", "chi2")
        for residue in ("TRP 1", "LEU 2", "LEU 4", "LEU 5")
        for f in ("cos", "sin")
    ]
    both = Featurizer(md_frames.topology, ["torsions"]).names
    assert both == names + chi


def test_words_name_the_right_atoms(md_frames):
    """A residue's torsion changes when that residue turns, and no other phi or psi does."""
    top = md_frames.topology
    featurizer = Featurizer(top, ["phi", "psi"])
    atoms = {word: a for word, a in zip(featurizer._words[0], featurizer._torsions, strict=True)}
    named = [[str(top.atom(int(i))) for i in atoms["phi ALA 3"]]]
    named.append([str(top.atom(int(i))) for i in atoms["psi ALA 3"]])
    assert named[0] == ["LEU2-C", "ALA3-N", "ALA3-CA", "ALA3-C"]
    assert named[1] == ["ALA3-N", "ALA3-CA", "ALA3-C", "LEU4-N"]


def test_ca_distances(ca_frames):
    featurizer = Featurizer(ca_frames.topology, ["ca-distances"])
    pairs = [(i, j) for i in range(20) for j in range(i + 1, 20)]
    want = md.compute_distances(ca_frames, pairs)
    np.testing.assert_array_equal(featurizer.compute(ca_frames), want)
    assert len(featurizer) == 190
    assert "distance CA ALA 2 - CA TYR 3" in featurizer.names


def test_ca_torsions(ca_frames):
    featurizer = Featurizer(ca_frames.topology, ["ca-torsions"])
    assert len(featurizer.names) == 2 * 17
    assert featurizer.names[0] == "cos ca-torsion ALA 2 - TYR 3"
    angle = md.compute_dihedrals(ca_frames, [[0, 1, 2, 3]])[0, 0]
    np.testing.assert_allclose(
        featurizer.compute(ca_frames)[0, :2], [np.cos(angle), np.sin(angle)], atol=1e-6
    )


def test_distances_of_a_selection(md_frames):
    featurizer = Featurizer(md_frames.topology, ["distances:name CA or name CB", "ca-distances"])
    # 5 CA and 5 CB, each pair once although the CA pairs are asked for twice.
    assert len(featurizer.names) == 45
    assert len(set(featurizer.names)) == 45


def test_default_features(md_frames, ca_frames):
    assert default_features(md_frames.topology) == ["torsions", "ca-distances"]
    assert default_features(ca_frames.topology) == ["ca-distances"]
    argon = md.Topology()
    chain = argon.add_chain()
    for _ in range(4):
        argon.add_atom("AR", md.element.argon, argon.add_residue("AR", chain))
    with pytest.raises(InputError, match="no protein backbone"):
        default_features(argon)
    assert len(Featurizer(argon, ["distances:all"]).names) == 6


def test_several_chains_are_named(ca_frames):
    two = ca_frames.topology.join(ca_frames.topology)
    names = Featurizer(two, ["ca-distances"]).names
    assert len(names) == len(set(names)) == 780
    assert "distance CA ASP 1 chain 1 - CA ASP 1 chain 2" in names
    torsions = Featurizer(two, ["ca-torsions"]).names
    assert len(torsions) == len(set(torsions)) == 4 * 17


def test_residues_of_one_name_keep_their_features_apart(ca_frames):
    topology = ca_frames.topology.copy()
    for residue in topology.residues:
        residue.resSeq, residue.name = 1, "ALA"
    names = Featurizer(topology, ["ca-distances"]).names
    assert len(names) == len(set(names)) == 190


@pytest.mark.parametrize(
    ("specs", "says"),
    [
        (["torsion"], "unknown feature 'torsion': use torsions"),
        ([], "give a list"),
        ("torsions", "give a list"),
        ([""], "unknown feature ''"),
        (["distances:"], "empty"),
        (["distances:name ZZ"], "matches none"),
        (["distances:nonsense foo"], "cannot understand"),
        (["distances:index 3"], "at least two"),
    ],
)
def test_bad_specifications(specs, says, md_frames):
    with pytest.raises(InputError) as caught:
        Featurizer(md_frames.topology, specs)
    assert says in str(caught.value)


@pytest.mark.parametrize("spec", ["torsions", "backbone-torsions", "sidechain-torsions", "phi"])
def test_torsions_of_a_ca_trace(spec, ca_frames):
    with pytest.raises(InputError, match="CA atoms only: use ca-distances or ca-torsions"):
        Featurizer(ca_frames.topology, [spec])


def test_torsions_that_no_residue_has(md_frames):
    with pytest.raises(InputError, match=r"no chi4; its residues have none"):
        Featurizer(md_frames.topology, ["chi4"])


def test_residue_numbers_decide_nothing(md_frames):
    topology = md_frames.topology.copy()
    want = Featurizer(topology, ["torsions"]).compute(md_frames)
    for residue, number in zip(topology.residues, (7, 3, 3, 40, 1), strict=True):
        residue.resSeq = number
    np.testing.assert_array_equal(Featurizer(topology, ["torsions"]).compute(md_frames), want)


def test_an_absurd_number_of_features():
    big = md.Topology()
    chain = big.add_chain()
    for i in range(300):
        big.add_atom("CA", md.element.carbon, big.add_residue("ALA", chain, i))
    with pytest.raises(InputError, match=r"44850 features, more than 20000: choose fewer atoms"):
        Featurizer(big, ["ca-distances"])
    with pytest.raises(InputError, match="choose fewer atoms"):
        Featurizer(big, ["distances:resid 0 to 149", "distances:resid 150 to 299"])


def test_frames_of_another_topology(md_frames, ca_frames):
    with pytest.raises(InputError, match="20 atoms, the features were defined for 94"):
        Featurizer(md_frames.topology, ["torsions"]).compute(ca_frames)


def test_coordinates_that_are_not_finite_name_frame_and_feature(md_frames):
    featurizer = Featurizer(md_frames.topology, ["ca-distances"])
    broken = md_frames[:]
    broken.xyz[17, 3] = np.nan
    with pytest.raises(InputError, match="frame 17: the feature 'distance CA TRP 1 - CA LEU 2'"):
        featurizer.compute(broken)


def test_compute_does_not_change_the_frames(md_frames):
    wrapped = md_frames[:]
    wrapped.xyz = np.mod(wrapped.xyz + np.float32([1.9, 2.6, 1.2]), 4.0)
    before = wrapped.xyz.copy()
    featurizer = Featurizer(md_frames.topology, ["torsions", "distances:heavy"])
    values = featurizer.compute(wrapped)
    np.testing.assert_array_equal(wrapped.xyz, before)
    # Molecules are made whole: single precision at 4 nm leaves 1e-6 nm and a little in angles.
    np.testing.assert_allclose(values, featurizer.compute(md_frames), atol=1e-4)


def test_distances_between_molecules_are_to_the_nearest_image(md_frames):
    """Two copies of the molecule, the second pushed out of the cell by two edges."""
    copy = md_frames[:20]
    copy.xyz = copy.xyz + np.float32([0.5, 8.0, 0])
    two = md_frames[:20].stack(copy)
    featurizer = Featurizer(two.topology, ["distances:name CA and resSeq 3"])
    np.testing.assert_allclose(featurizer.compute(two), 0.5, atol=1e-5)


def test_rebuilding_from_a_description(md_frames):
    featurizer = Featurizer(md_frames.topology, ["torsions", "distances:heavy and resid 0 to 1"])
    description = json.loads(json.dumps(featurizer.to_dict()))
    same = Featurizer.from_dict(description, md_frames.topology)
    assert same.names == featurizer.names and same.specs == featurizer.specs
    np.testing.assert_array_equal(same.compute(md_frames), featurizer.compute(md_frames))
    # In a topology without hydrogen the atoms have other numbers.
    heavy = md_frames.atom_slice(md_frames.topology.select("element != H"))
    found = Featurizer.from_dict(description, heavy.topology)
    np.testing.assert_array_equal(found.compute(heavy), featurizer.compute(md_frames))
    few = md_frames.topology.subset(range(30))
    with pytest.raises(InputError, match=r"atom .* of the simulator is"):
        Featurizer.from_dict(description, few)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_descriptions(data):
    topology = md.load_topology(TRPCAGE.top)
    description = Featurizer(topology, ["ca-torsions", "ca-distances"]).to_dict()
    key = data.draw(st.sampled_from(sorted(description)))
    junk = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=3)
    if data.draw(st.booleans()):
        description[key] = data.draw(junk | st.dictionaries(st.text(max_size=3), junk, max_size=3))
    elif isinstance(description[key], dict):
        word = data.draw(st.sampled_from(sorted(description[key])))
        description[key][word] = data.draw(junk)
    else:
        where = data.draw(st.integers(0, len(description[key]) - 1))
        description[key][where] = data.draw(junk)
    try:
        featurizer = Featurizer.from_dict(description, topology)
    except InputError:
        return
    assert len(featurizer.names) >= 1


def test_split_specs():
    assert split_specs("torsions,ca-distances") == ["torsions", "ca-distances"]
    assert split_specs("torsions, distances:name CA CB , ca-distances") == [
        "torsions",
        "distances:name CA CB",
        "ca-distances",
    ]
    assert split_specs("a,b") == ["a", "b"]
    assert split_specs("distances:name CA,phi,distances:heavy") == [
        "distances:name CA",
        "phi",
        "distances:heavy",
    ]


# Streaming to HDF5.
