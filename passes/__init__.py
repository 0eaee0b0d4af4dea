"""Passes that stay on their rung, one module each."""
