"""The parts of ``./dev scale``."""
