"""The ground under the three networks: what `srv`, `mdn` and `cwgan` all need, and nothing else.

`estimators` has the errors, the checks of settings, presets and pickling; `training` the progress
bar, the schedules of the learning rate and the watch for divergence; `trajectories` the gatekeeper
of arrays; `moments`, `kinetics` and `resampling` what is said of time series.
"""
