"""Homeport runs services on servers you own."""

__version__ = "0.1.0"
