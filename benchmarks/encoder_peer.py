"""Train deeptime's VAMPNet on the folds that benchmarks/encoder.py wrote; prints scores as JSON.

A process of its own, because TensorFlow and PyTorch do not go together in one.

    python benchmarks/encoder_peer.py FOLDS.npz N_FOLDS SEEDS LAG MODES
"""

import json
import sys
import time

import numpy as np
import torch
from deeptime.decomposition import vamp_score_data
from deeptime.decomposition.deep import VAMPNet
from deeptime.util.data import TrajectoriesDataset

WIDTH, BATCH, STEPS, RATE = 50, 1000, 600, 3e-3


def main():
    path, (n_folds, n_seeds, lag, modes) = sys.argv[1], map(int, sys.argv[2:6])
    torch.set_num_threads(1)
    stored = np.load(path)
    data = [stored[f"x{i}"] for i in range(sum(key[0] == "x" for key in stored.files))]
    results = []
    for seed in range(n_seeds):
        for fold in range(n_folds):
            test = stored[f"fold{fold}"].tolist()
            train = [x for i, x in enumerate(data) if i not in test]
            results.append(fit(train, [data[i] for i in test], lag, modes, seed))
    print(json.dumps(results))


def fit(train, test, lag, modes, seed):
    """Held-out VAMP-2 and CPU s of a network like ours, with as many batches of the same size."""
    torch.manual_seed(seed)
    joined = np.concatenate(train)
    mean, sd = joined.mean(axis=0), joined.std(axis=0)
    train, test = ([(x - mean) / sd for x in part] for part in (train, test))
    nn = torch.nn
    lobe = nn.Sequential(
        *(nn.Linear(len(mean), WIDTH), nn.GELU(), nn.BatchNorm1d(WIDTH)),
        *(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, modes)),
    )
    start = time.process_time()
    net = VAMPNet(lobe, learning_rate=RATE, score_method="VAMP2", device="cpu")
    pairs = TrajectoriesDataset.from_numpy(lag, train)
    loader = torch.utils.data.DataLoader(pairs, batch_size=BATCH, shuffle=True, drop_last=True)
    model = net.fit(loader, n_epochs=-(-STEPS // len(loader))).fetch_model()
    seconds = time.process_time() - start
    psi = [model.transform(x).astype(np.float64) for x in test]
    ends = [(p[:-lag], p[lag:]) for p in psi]
    x, y = (np.concatenate(part) for part in zip(*ends, strict=True))
    return vamp_score_data(x, y, r=2), seconds


if __name__ == "__main__":
    main()
