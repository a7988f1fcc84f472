"""Refinement of low-dose liquid-cell TEM images: the core behind the book's notebooks."""

__version__ = "0.1.0"
