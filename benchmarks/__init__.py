"""Comparisons with named peers, as ratios in one run."""
