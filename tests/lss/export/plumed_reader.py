"""A reader of PLUMED inputs, written from PLUMED's manual, not from our exporter.

It knows WHOLEMOLECULES (of whole molecules: nothing to do), TORSION, DISTANCE, COMBINE, CUSTOM, ANN
and PRINT, in double precision, and differentiates with respect to the positions.
"""

import re

import tensorflow as tf

FUNCTIONS = {
    "cos": tf.cos,
    "sin": tf.sin,
    "exp": tf.exp,
    "log": tf.math.log,
    "tanh": tf.tanh,
    "erf": tf.math.erf,
}


class Plumed:
    """Actions of an input, in their order: (label, action, keywords)."""

    def __init__(self, text):
        self.actions, self.comments = [], []
        for line in text.splitlines():
            line, _, comment = line.partition("#")
            self.comments.append(comment)
            if not line.strip():
                continue
            words = line.split()
            label = None
            if words[0].endswith(":"):
                label, words = words[0][:-1], words[1:]
            keys = dict(word.split("=", 1) for word in words[1:] if "=" in word)
            flags = {word for word in words[1:] if "=" not in word}
            self.actions.append((label, words[0], keys, flags))

    def evaluate(self, xyz):
        """All values at positions (n, 3), nm: dict of scalar tensors."""
        values = {}
        for label, action, keys, _ in self.actions:
            if action in ("WHOLEMOLECULES", "PRINT"):
                continue
            made = getattr(self, action.lower())(xyz, values, keys)
            if isinstance(made, dict):
                values |= {f"{label}.{name}": value for name, value in made.items()}
            else:
                assert label not in values
                values[label] = made
        return values

    def value_and_gradient(self, xyz, label):
        xyz = tf.constant(xyz, tf.float64)
        with tf.GradientTape() as tape:
            tape.watch(xyz)
            value = self.evaluate(xyz)[label]
        return value.numpy(), tape.gradient(value, xyz).numpy()

    @staticmethod
    def atoms(xyz, keys):
        return [xyz[int(a) - 1] for a in keys["ATOMS"].split(",")]

    def distance(self, xyz, values, keys):
        a, b = self.atoms(xyz, keys)
        return tf.norm(a - b)

    def torsion(self, xyz, values, keys):
        """IUPAC: 0 where the first and the last atom eclipse, positive clockwise."""
        a, b, c, d = self.atoms(xyz, keys)
        axis = (c - b) / tf.norm(c - b)
        v = (a - b) - tf.tensordot(a - b, axis, 1) * axis
        w = (d - c) - tf.tensordot(d - c, axis, 1) * axis
        return tf.atan2(tf.tensordot(tf.linalg.cross(axis, v), w, 1), tf.tensordot(v, w, 1))

    @staticmethod
    def arguments(values, keys):
        return [values[name] for name in keys["ARG"].split(",")]

    def combine(self, xyz, values, keys):
        assert keys["PERIODIC"] == "NO"
        x = self.arguments(values, keys)
        weights = [float(w) for w in keys.get("COEFFICIENTS", ",".join("1" * len(x))).split(",")]
        assert len(weights) == len(x)
        return tf.add_n([w * one for w, one in zip(weights, x, strict=True)])

    def custom(self, xyz, values, keys):
        """One argument, called x; numbers, + - * / and the functions above."""
        assert keys["PERIODIC"] == "NO"
        (x,) = self.arguments(values, keys)
        text = keys["FUNC"]
        known = set(re.findall(r"[A-Za-z_]\w*", re.sub(r"\d[\d.]*e[+-]?\d+", "0", text)))
        assert known <= {*FUNCTIONS, "x"}, text
        assert re.fullmatch(r"[\w.+*/()-]*", text), text
        return eval(text, {"__builtins__": {}}, {**FUNCTIONS, "x": x})

    def ann(self, xyz, values, keys):
        sizes = [int(n) for n in keys["NUM_NODES"].split(",")]
        kinds = keys["ACTIVATIONS"].split(",")
        assert int(keys["NUM_LAYERS"]) == len(sizes) == len(kinds) + 1
        x = tf.stack(self.arguments(values, keys))
        assert len(x) == sizes[0]
        for k, kind in enumerate(kinds):
            numbers = [float(w) for w in keys[f"WEIGHTS{k}"].split(",")]
            kernel = tf.reshape(tf.constant(numbers, tf.float64), (sizes[k + 1], sizes[k]))
            bias = [float(w) for w in keys[f"BIASES{k}"].split(",")]
            x = tf.linalg.matvec(kernel, x) + tf.constant(bias, tf.float64)
            x = {"Linear": lambda x: x, "Tanh": tf.tanh}[kind](x)
        return {f"node-{i}": x[i] for i in range(sizes[-1])}
