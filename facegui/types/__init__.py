"""The domain on a few pages: frozen records, protocols and errors. Imports numpy and the standard library only.

Conventions that hold everywhere:
- pixels are RGB uint8 arrays of shape (height, width, 3); BGR never leaves image.py;
- points are (x, y) in pixels of the array they were found in, plain indexes: (0, 0) is the centre of the first pixel,
  as in the field's crop templates and in cv2.warpAffine;
- embeddings are float32 of unit length; a score is their cosine, higher is better, never called confidence.
"""

from .decisions import (MATCH, POSSIBLE, UNKNOWN, Statement, Verdict)
from .errors import (Cancelled, DataError, DownloadError, FaceCountError, FaceguiError, GalleryError, ImageError,
    ModelError, VideoError)
from .faces import (HIDDEN, Box, Candidate, Cover, Detector, Face, Identification, Picture, Probe, Quality, Recognition,
    Verification, cover_of, overlap)
from .gallery import (ArchiveReport, Deletion, Doubts, Duplicate, EnrollReport, Enrolled, IndexStatus, Merge, Misplaced,
    Move, NewPhoto, Person, Photo, PhotoOutcome)
from .models import (CropSpec, Embedder, ModelCard)
from .work import (Progress, Tick, no_tick)

__all__ = ["ArchiveReport", "Box", "Cancelled", "Candidate", "Cover", "cover_of", "CropSpec", "DataError", "Deletion", "Detector", "Doubts",
    "DownloadError", "Duplicate", "Embedder", "Enrolled", "EnrollReport", "Face", "FaceCountError", "FaceguiError",
    "GalleryError", "HIDDEN", "Identification", "ImageError", "IndexStatus", "Merge", "Misplaced", "ModelCard", "ModelError",
    "Move", "NewPhoto", "no_tick", "overlap", "Person", "Photo", "PhotoOutcome", "Picture", "Probe", "Progress",
    "Quality", "Recognition", "Tick", "Verification", "VideoError"]
