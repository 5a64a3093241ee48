"""Time series that are not molecules: tables of columns, cut into segments, as a source of data."""
