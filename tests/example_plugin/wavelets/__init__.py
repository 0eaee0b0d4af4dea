"""The Haar transform as an op for rung, and a pass that lowers it to `nd`."""
