"""Files that are whole or absent, full disks, signals, output of C code, other processes."""
