"""Training on several devices, here two logical ones of one CPU."""

import subprocess
import sys

TRAIN = """
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from mdn import Propagator

rng = np.random.default_rng(0)
x = np.zeros((3000, 1), np.float32)
for i in range(1, len(x)):
    x[i] = 0.8 * x[i - 1] + 0.6 * rng.normal()
settings = dict(lag_time=1, n_components=2, n_updates=400, verbose=False, validation_split=0.333)
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    p = Propagator.from_preset("recommended", 1, learning_rate=5e-3, **settings).fit(x)
# The entropy of the noise is .908; 3,000 pairs know it to .013.
assert abs(-p.score(x) - 0.908) < 4 * 0.013, p.score(x)
assert abs(p.history["val_loss"][-1] - 0.908) < 4 * 0.023, p.history
assert p.propagate(x[:3], 4).shape == (4, 3, 1)
"""


def test_two_replicas_train_one_model():
    done = subprocess.run([sys.executable, "-c", TRAIN], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
