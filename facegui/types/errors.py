"""Errors: each message is a sentence (what happened, what to do), translated once at the edge."""


class FaceguiError(Exception):
    """Anything a user can put right. The message is shown as it is; the command line exits with `exit_code`."""

    exit_code = 2


class ImageError(FaceguiError):
    """A file that is not a readable picture, or is too large to decode safely."""


class FaceCountError(FaceguiError):
    """No face, or several, where exactly one is needed."""


class VideoError(FaceguiError):
    """A video, camera or stream that cannot be read, or a video that cannot be written."""


class ModelError(FaceguiError):
    """A model that is missing, damaged, of another architecture, or whose card does not fit it."""


class DownloadError(ModelError):
    """A download that failed or did not match its checksum; says which file to place where instead."""


class GalleryError(FaceguiError):
    """A person, photo or gallery that does not exist, exists already, or cannot be written."""


class DataError(FaceguiError):
    """Training or evaluation data that cannot be used: empty folder, too few people, bad pairs file."""


class Cancelled(FaceguiError):
    """The user stopped the work; everything acknowledged so far is kept."""

    exit_code = 130

    exit_code = 130
