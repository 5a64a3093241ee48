"""What the stages ask of a molecule's trajectories."""

from lss.analysis.sample import Sample
from lss.features.featurizer import Featurizer
from lss.features.left_out import name_left_out
from lss.features.own import featurizer_for
from lss.molecule import selection
from lss.molecule.bonds import bonds as find_bonds
from lss.run import inputs, run_files
from lss.run.projection import project
from lss.simulation.xtc_frames import read_synthetic


class MoleculeKind:
    """Trajectories of one molecule.

    Parameters
    ----------
    data : lss.TrajectorySet
    """

    balanced = True  # detailed balance is taken for granted

    def __init__(self, data):
        self.data = data

    def featurizer(self, specs=None):
        """What computes the features; see `lss.features.own.featurizer_for`."""
        return featurizer_for(self.data, specs)

    def name_left_out(self, featurizer):
        """Log residues that no feature sees."""
        if not featurizer.own:
            specs = ",".join(featurizer.specs)
            name_left_out(self.data.topology, featurizer.atoms, "features", specs)

    def instantaneous(self, data):
        """Features that are the same when time runs backwards: all."""
        return data

    def described_features(self, run):
        """The features of a run, as lss.json has them."""
        own = run.report("features").get("own")
        return own or Featurizer(self.data.topology, run.settings("features")["features"]).to_dict()

    def trained_on(self):
        """Files and frames of each trajectory, as lss.json has them."""
        return [
            {"file": " + ".join(part.source.name for part in files), "frames": n}
            for files, n in zip(self.data.parts, self.data.n_frames, strict=True)
        ]

    def warnings(self, run):
        """What is suspicious of the modes of a run, as a list of sentences: nothing here."""
        return []

    def check_later(self, args):
        """Refuse at once what the decoder would refuse."""
        if hasattr(args, "atoms"):
            self.decoded(args.atoms)

    def check_held_out(self, held_out, specs=None):
        """Refuse at once what the report would refuse."""
        inputs.check_held_out(self.featurizer(specs))
        inputs.open_held_out(held_out, self.data)

    def decoded(self, atoms=None):
        """The selection and the numbers of the decoded atoms."""
        atoms = atoms or inputs.default_atoms(self.data.topology)
        return atoms, inputs.decoded_atoms(self.data.topology, atoms)

    def decoder(self, atoms=None):
        """What is decoded: see `DecodedAtoms`."""
        return DecodedAtoms(self.data, *self.decoded(atoms))

    def compared(self, run, stack, lag):
        """What the report compares: the training data as a Sample, and what they are of.

        Parameters
        ----------
        run : lss.run.run_folder.Run
        stack : contextlib.ExitStack
            Keeps files open as long as they are read.
        lag : int
            In frames.

        Returns
        -------
        sample : lss.analysis.sample.Sample
        options : dict
            Of `lss.report.validation.compare`.
        """
        # The MD stays in files, of which chunks are read.
        psi = stack.enter_context(run_files.open_psi(run))
        coordinates = stack.enter_context(run_files.open_coordinates(run))
        weights, method = run_files.read_weights(run), run_files.weighing_method(run)
        atoms = selection.select(self.data.topology, run.settings("cwgan")["atoms"])
        reference = self.data.reference.atom_slice(atoms)
        return Sample(psi, coordinates, lag, weights=weights, method=method), {
            "reference": reference
        }

    def held_out_sample(self, simulator, held_out, options, file):
        """Data that were not trained on, as a Sample."""
        opened = inputs.open_held_out(held_out, self.data)
        return project(simulator, opened, options["reference"].topology, file)

    def read_synthetic(self, folder):
        """psi and structures of a finished simulation; see `lss.simulation.xtc_frames`."""
        return read_synthetic(folder)


class DecodedAtoms:
    """The atoms that a decoder draws.

    Parameters
    ----------
    data : lss.TrajectorySet
    atoms : str
        Their selection.
    selected : np.ndarray of int
    """

    def __init__(self, data, atoms, selected):
        self.data, self.atoms, self.selected = data, atoms, selected
        self.settings = {"atoms": atoms}

    def prepare(self, run):
        """Write coords.h5."""
        name_left_out(self.data.topology, self.selected, "decoded atoms", self.atoms)
        self.reference = run_files.write_coordinates(run, self.data, self.selected)

    def molgen(self, preset, n_modes, **options):
        """The decoder, not yet fitted."""
        from cwgan import MolGen

        bonds = find_bonds(self.data.topology, self.data.reference.xyz[0], self.selected)
        return MolGen.from_preset(
            preset, n_modes, len(self.selected), bonds=bonds, reference=self.reference.xyz[0],
            **options,
        )  # fmt: skip

    def describe(self, run):
        """Write what the box says of the decoded atoms."""
        run_files.write_structure(self.reference, run.box / "topology.pdb")
        run_files.write_meta(run, atoms=self.atoms)
