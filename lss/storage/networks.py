"""Networks in `.keras` files that come from somebody else: stock layers only, no code."""

import json
import textwrap
import zipfile

from lss.errors import InputError

# Stock classes that reach outside the model: code, files, other frameworks.
FORBIDDEN = {"function", "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}


def load_network(path):
    """Load one saved network; refuse everything that is not a stock Keras layer."""
    import keras

    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
        refuse_foreign(config, path.name)
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except InputError:
        raise
    except Exception as error:  # zip, HDF5 and Keras each raise their own on damaged files
        raise InputError(f"{path.name} can't be loaded: {brief(error)}") from error


def brief(error):
    """The first line of an error, cut off where Keras puts a whole network into it."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return textwrap.shorten(lines[0], 200, placeholder=" ...")


def refuse_foreign(config, name):
    """Raise InputError where a Keras configuration names code that is not a stock layer."""
    if isinstance(config, list):
        for item in config:
            refuse_foreign(item, name)
    if not isinstance(config, dict):
        return
    module, kind = config.get("module"), config.get("class_name")
    registered = config.get("registered_name")  # "package>Name" for what a package registered
    foreign = isinstance(module, str) and module.split(".")[0] != "keras"
    if foreign or kind in FORBIDDEN or registered not in (None, kind):
        raise InputError(
            f"{name} holds {registered or kind} of {module}; only stock Keras layers are opened, "
            "since others may run code or read files"
        )
    for value in config.values():
        refuse_foreign(value, name)
