"""A process that has the installed packages but cannot find ours: that of another user."""

import subprocess
import sys

OURS = ("lss_base", "srv", "mdn", "cwgan", "lss", "hde", "reproduction")
_HIDDEN = f"""
import sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {OURS}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NotInstalled())
"""


def run_without_ours(code, folder):
    """Run code in such a process, in a folder; a failure raises CalledProcessError."""
    script = folder / "script.py"  # a file: tf.function reads the source
    script.write_text(_HIDDEN + code)
    subprocess.run([sys.executable, "-I", script], cwd=folder, check=True)
