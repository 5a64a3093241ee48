"""Molecules: names of atoms, bonds, selections."""
