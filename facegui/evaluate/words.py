"""Reports in words: every figure with its counts and its 95 % Wilson interval."""

from __future__ import annotations

from ..metrics import TarAtFar, wilson
from .folder import FolderReport
from .gallery import GalleryReport
from .masked import MaskedReport
from .pairs import PairsReport

MIN_TRIALS = 3  # times 1 / rate: the rule of three, see metrics.tar_at_far


def summary(report: PairsReport | FolderReport | MaskedReport | GalleryReport) -> str:
    """The report as lines for people, to be read in a terminal."""
    write = {PairsReport: _pairs, FolderReport: _folder, MaskedReport: _masked, GalleryReport: _gallery}[type(report)]
    return "\n".join([f"model {report.model}", *write(report), f"{report.seconds:.0f} s; {report.command}"])


def headlines(report: PairsReport | FolderReport | MaskedReport | GalleryReport) -> list[str]:
    """The lines of `summary` that a page shows first, where they would be hard to find among the others."""
    if not isinstance(report, GalleryReport):
        return []
    return [f"an enrolled person is missed: {share(report.missed, report.searches)}, {report.misnamed} under somebody else's name",
            f"a stranger gets a name: {share(report.named, report.strangers)}, everybody once in the place of a stranger"]


def share(right: int, count: int) -> str:
    """`97.10 % (971 of 1000; 95.87 to 97.97)`."""
    low, high = wilson(right, count)
    return f"{100 * right / max(count, 1):.2f} % ({right} of {count}; {100 * low:.2f} to {100 * high:.2f})"


def _pairs(report: PairsReport) -> list[str]:
    lines = [
        f"{report.pairs} pairs ({report.genuine} of the same person) of {report.images} photos; no face found in "
        f"{report.undetected_images} photos, {report.undetected} pairs",
        f"accuracy over {len(report.accuracy.folds)} folds {100 * report.accuracy.mean:.2f} ± {100 * report.accuracy.std:.2f} %, "
        f"all in all {share(report.correct, report.pairs)}",
    ]
    if report.undetected:
        lines.append(f"  pairs without a face are errors; if rejected {100 * report.accuracy_if_rejected:.2f} %, "
                     f"if left out {100 * report.accuracy_if_left_out:.2f} %")
    lines += [_tar(far, point, report.pairs - report.genuine) for far, point in report.tar_at_far]
    return [*lines, f"equal error rate {100 * report.eer:.2f} %; threshold {report.threshold:.3f}"]


def _tar(far: float, point: TarAtFar | None, impostors: int) -> str:
    if point is None:
        return (f"TAR at FAR {100 * far:g} %: not enough data ({impostors} impostor pairs; "
                f"{MIN_TRIALS / far:.0f} are needed)")
    return (f"TAR at FAR {100 * far:g} % {share(point.accepted, point.genuine)} at threshold {point.threshold:.3f}, "
            f"{point.false_accepts} of {point.impostor} impostors accepted")


def _folder(report: FolderReport) -> list[str]:
    lines = [f"{report.people} people with two photos or more, {report.single_photo_people} with one; {report.photos} "
             f"photos, no face found in {report.undetected_images}; {report.not_enrolled} people could not be enrolled"]
    for method in report.methods:
        lines.append(f"{method.method}: rank 1 {share(method.right, method.probes)}")
        for fpir, point in method.open_set:
            lines.append(f"  FNIR at FPIR {100 * fpir:g} %: " + (
                f"{share(point.missed, point.searches)}, {point.named} of {point.strangers} strangers named" if point
                else f"not enough data ({MIN_TRIALS / fpir:.0f} photos of strangers are needed)"))
    return lines


def _masked(report: MaskedReport) -> list[str]:
    lines = [f"{report.people} people, a template each; {report.strangers} strangers; no face found in "
             f"{report.undetected_bare} bare and {report.undetected_masked} masked photos"]
    for condition in dict.fromkeys(result.condition for result in report.results):
        mine = [result for result in report.results if result.condition == condition]
        found = [f"{share(one.right, one.probes)} {one.matching}" for one in mine]
        lost = ["not enough strangers"] if mine[0].fnir is None else [f"{100 * one.fnir:.2f} % {one.matching}" for one in mine]
        lines.append(f"{condition.name}: rank 1 {', '.join(found)}; FNIR at FPIR 1 % {', '.join(lost)}")
    return lines


def _gallery(report: GalleryReport) -> list[str]:
    missed, named = headlines(report)
    lines = [f"{report.people} people, {report.photos} photos; {report.single_photo_people} people have one photo and cannot be searched "
             f"for; threshold {report.threshold:.3f}",
             missed, f"of those missed, it is asked whether it is that person: {report.asked}", named]
    words = {"mislabelled": "photos look more like somebody else", "unlike": "photos are unlike their person's other photos",
             "twin": "pairs of photos are nearly the same picture"}
    counts = {kind: sum(one.kind == kind for one in report.doubts) for kind in words}
    lines += [f"{counts[kind]} {text}" for kind, text in words.items() if counts[kind]]
    for one in [one for one in report.doubts if one.kind != "twin"][:20]:
        what = {"mislabelled": "looks like", "unlike": "is unlike", "alike": "resembles"}[one.kind]
        lines.append(f"  {one.person}, photo {one.photo}, {what} {one.other}, photo {one.other_photo} ({one.score:.3f})")
    return lines
