"""Measurements, run by hand: ratios against peers in the same run, never asserted."""
