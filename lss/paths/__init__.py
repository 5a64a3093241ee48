"""What happens between two states: their names, transition paths, committors."""
