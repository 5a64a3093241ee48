"""The slow modes as variables for other programs to bias along: PLUMED and OpenMM."""
