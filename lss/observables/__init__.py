"""Averages, distributions and time correlations of functions of structure, with errors."""
