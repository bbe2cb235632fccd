"""Homeport runs services on servers you own."""

from importlib.metadata import version

__version__ = version("homeport")
