"""Passes that go down one rung, one module each."""
