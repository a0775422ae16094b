"""The catalog: which model answers which task in which language."""

from engine.catalog.catalog import Catalog
from engine.catalog.entry import CatalogEntry

__all__ = ["Catalog", "CatalogEntry"]
