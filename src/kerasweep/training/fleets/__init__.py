"""Fits that wait for each other, and what this machine can do for them."""
