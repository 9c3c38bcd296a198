"""Scripts that measure against named peers, as ratios in one run."""
