"""The slow modes as a PLUMED input (G. Tribello et al., Comput. Phys. Commun. 185 (2014) 604).

Networks whose hidden layers are tanh are written as ANN (module annfunc, W. Chen and A. Ferguson,
J. Comput. Chem. 39 (2018) 2079): PLUMED knows Linear, Tanh and Circular there, and takes an unknown
one without an error. Others are written as COMBINE and CUSTOM, which every PLUMED has, one line a
node.
"""

import textwrap

import numpy as np

from lss.export.layers import FORMULAS

_ANN = {"linear": "Linear", "tanh": "Tanh"}


def plumed_input(variables, title="a latent space simulator"):
    """The text of a PLUMED input that defines psi1, psi2 and so on.

    Parameters
    ----------
    variables : lss.export.variables.Variables
    title : str
        What the modes are of, for the comment.

    Returns
    -------
    str
        In the default units of PLUMED: nm and radians; atoms from 1.
    """
    names = [f"psi{k + 1}" for k in range(len(variables.ranges))]
    lines = [
        *comment(f"Slow modes of {title}: {', '.join(names)}, the slowest first."),
        *comment(
            "At the structure that this was written for: "
            + ", ".join(f"{n} = {x:.6f}" for n, x in zip(names, variables.psi, strict=True))
            + ". Check with PRINT."
        ),
        *whole(variables),
        *descriptors(variables),
        *network(variables, names),
        *advice(variables, names),
    ]
    return "\n".join(lines) + "\n"


def comment(text):
    return [f"# {line}" for line in textwrap.wrap(text, 96)]


def whole(variables):
    """Molecules are made whole first, as they were for the training."""
    entities = [f"ENTITY{k}={atoms_range(atoms)}" for k, atoms in enumerate(variables.molecules)]
    return [f"WHOLEMOLECULES {' '.join(entities)}"]


def atoms_range(atoms):
    """Atoms, from 0, as PLUMED writes them: ``1-22`` or a list."""
    if len(atoms) > 1 and (np.diff(atoms) == 1).all():
        return f"{atoms[0] + 1}-{atoms[-1] + 1}"
    return ",".join(str(a + 1) for a in atoms)


def descriptors(variables):
    """TORSION with its cosine and sine, and DISTANCE; labels t1, c1, s1 and d1 on."""
    of_atom = {a: k for k, atoms in enumerate(variables.molecules) for a in atoms.tolist()}
    lines = []
    for k, atoms in enumerate(variables.torsions.tolist(), start=1):
        lines += [
            f"# {variables.names[2 * k - 2].partition(' ')[2]}",
            f"t{k}: TORSION ATOMS={','.join(str(a + 1) for a in atoms)} NOPBC",
            f"c{k}: CUSTOM ARG=t{k} FUNC=cos(x) PERIODIC=NO",
            f"s{k}: CUSTOM ARG=t{k} FUNC=sin(x) PERIODIC=NO",
        ]
    for k, (a, b) in enumerate(variables.distances.tolist(), start=1):
        # Between molecules the nearest image counts.
        plain = " NOPBC" if of_atom[a] == of_atom[b] else ""
        lines.append(f"d{k}: DISTANCE ATOMS={a + 1},{b + 1}{plain}")
    return lines


def network(variables, names):
    """The layers of the encoder, from the descriptors to the modes."""
    arguments = [
        *(f"{kind}{k + 1}" for k in range(len(variables.torsions)) for kind in "cs"),
        *(f"d{k + 1}" for k in range(len(variables.distances))),
    ]
    layers = variables.layers
    if all(layer.activation in _ANN for layer in layers):
        return ann(layers, arguments, names)
    lines = []
    for number, layer in enumerate(layers[:-1], start=1):
        lines += nodes(layer, arguments, number)
        arguments = [f"h{number}_{i + 1}" for i in range(len(layer.bias))]
    last = layers[-1]
    for name, row, bias in zip(names, last.kernel, last.bias, strict=True):
        lines += [
            combination(f"{name}_sum", arguments, row),
            f"{name}: CUSTOM ARG={name}_sum FUNC=x+({bias:.17g}) PERIODIC=NO",
        ]
    return lines


def ann(layers, arguments, names):
    """All layers in one ANN action, whose nodes get the names of the modes."""
    sizes = [len(arguments), *(len(layer.bias) for layer in layers)]
    parts = [
        f"ann: ANN ARG={','.join(arguments)} NUM_LAYERS={len(sizes)}",
        f"NUM_NODES={','.join(map(str, sizes))}",
        f"ACTIVATIONS={','.join(_ANN[layer.activation] for layer in layers)}",
    ]
    for k, layer in enumerate(layers):
        parts += [f"WEIGHTS{k}={digits(layer.kernel.ravel())}", f"BIASES{k}={digits(layer.bias)}"]
    return [
        " ".join(parts),
        *(f"{n}: COMBINE ARG=ann.node-{i} PERIODIC=NO" for i, n in enumerate(names)),
    ]


def nodes(layer, arguments, number):
    """A hidden layer node by node: a weighted sum, then bias and activation."""
    formula, lines = FORMULAS[layer.activation], []
    for i, (row, bias) in enumerate(zip(layer.kernel, layer.bias, strict=True), start=1):
        label = f"h{number}_{i}"
        # The sum of the layer below and its bias stand wherever the formula has x.
        inner = formula.replace("exp", "EXP").replace("x", f"(x+({bias:.17g}))")
        lines += [
            combination(f"{label}_sum", arguments, row),
            f"{label}: CUSTOM ARG={label}_sum FUNC={inner.replace('EXP', 'exp')} PERIODIC=NO",
        ]
    return lines


def combination(label, arguments, weights):
    return f"{label}: COMBINE ARG={','.join(arguments)} COEFFICIENTS={digits(weights)} PERIODIC=NO"


def digits(values):
    """Numbers to the last bit."""
    return ",".join(f"{value:.17g}" for value in values)


def advice(variables, names):
    """Ranges, grids and widths from the data, as comments to be edited."""
    lines = comment(
        "Ranges over the training data; sigma: half the standard deviation within a state; the "
        "grid reaches half a range beyond the data, where walls should stand."
    )
    for name, one in zip(names, variables.ranges, strict=True):
        low, high, bins = one.grid
        lines += [
            f"# {name}: from {one.low:.4g} to {one.high:.4g}",
            f"# METAD ARG={name} SIGMA={one.sigma:.3g} HEIGHT=1.0 PACE=500 BIASFACTOR=10 TEMP=300 "
            f"GRID_MIN={low:.4g} GRID_MAX={high:.4g} GRID_BIN={bins} FILE=HILLS",
            f"# LOWER_WALLS ARG={name} AT={(low + one.low) / 2:.4g} KAPPA=200",
            f"# UPPER_WALLS ARG={name} AT={(high + one.high) / 2:.4g} KAPPA=200",
        ]
    return [*lines, f"PRINT ARG={','.join(names)} STRIDE=500 FILE=COLVAR"]
