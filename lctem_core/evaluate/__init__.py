"""How good an image is, and how fast a run."""
