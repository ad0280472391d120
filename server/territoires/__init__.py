"""Territoires: the linked-data repository of the French territoires de projet."""

from importlib.metadata import version

__version__ = version("territoires")
