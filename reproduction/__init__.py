"""The paper's results again: the studies behind `scripts/reproduce_*.py`."""
