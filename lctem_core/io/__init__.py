"""Frames on disk and from a camera: in and out, with their calibration."""
