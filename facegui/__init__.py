"""facegui: train, enroll and recognise faces, with and without masks, on your own machine."""

__version__ = "0.1.0"
