"""The words of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from .. import __version__


def _number(convert: Callable[[str], float], allowed: Callable[[float], bool], what: str) -> Callable[[str], float]:
    """For `type=`: a number that is allowed, or the sentence "'x' is not `what`"."""
    def read(text: str) -> float:
        try:
            value = convert(text)
        except ValueError:
            value = None
        if value is None or not allowed(value):
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
        return value

    return read


_COUNT = _number(lambda text: int(text) if text.isdecimal() else 0, lambda value: 1 <= value <= 1000, "a number from 1 to 1000")
_RATE = _number(float, lambda value: value == 0 or 0.1 <= value <= 60,
                "a number of frames per second; give 0.1 to 60, or 0 for every frame")
_SECONDS = _number(float, lambda value: 0 <= value <= 31_536_000, "a number of seconds")
_SCORE = _number(float, lambda value: -1 <= value <= 1, "a score; give a number from -1 to 1, for example 0.45")


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options; `run` names the function, as module.function of this package."""
    options = _global_options()
    top = argparse.ArgumentParser("facegui", parents=[_global_options()], description="Recognise people you have enrolled, "
                                  "with and without masks, on your own machine. `python launch.py` opens the browser interface.")
    top.add_argument("--version", action="version", version=f"facegui {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: str, help: str, within=commands, json: bool = True) -> argparse.ArgumentParser:
        parser = within.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".", parents=[options])
        parser.set_defaults(run=run)
        if json:
            parser.add_argument("--json", action="store_true", help="answer as JSON on standard output")
        return parser

    def group(name: str, help: str):
        parser = commands.add_parser(name, help=help, description=help)
        return parser.add_subparsers(metavar="ACTION", required=True)

    _enrolling(command)
    _recognising(command)
    _videos(command)
    _people(command)
    _decisions(command)
    _sorting(command)
    _gallery(command, group)
    _models(command, group)
    _learning(command, group)
    command("doctor", "system.doctor", "check this machine, the models and the gallery, and say what to improve")
    demo = command("demo", "system.demo", "show the main story on drawn people, in a temporary folder")
    demo.add_argument("--out", metavar="PATH", help="where to write the annotated picture (default: demo.png here)")
    return top


def _enrolling(command) -> None:
    """build and enroll."""
    build = command("build", "people.build", "enroll everybody in a folder, or zip file, that has one sub-folder per person")
    build.add_argument("folder")
    build.add_argument("--force", action="store_true", help="enroll photos of low quality too")

    enroll = command("enroll", "people.enroll", "enroll a person from one or several photos; found by the next search")
    enroll.add_argument("name")
    enroll.add_argument("photos", nargs="+", metavar="PHOTO")
    enroll.add_argument("--force", action="store_true", help="enroll photos of low quality too; of several faces the largest")
    enroll.add_argument("--careful", action="store_true", help="enroll nothing where somebody else looks too much alike (exit code 1)")
    enroll.add_argument("--consent", default="", metavar="TEXT", help="a note that is kept with the person, e.g. how he or she agreed")


def _recognising(command) -> None:
    """identify and verify."""
    identify = command("identify", "recognize.identify", "name everybody in a photo")
    identify.add_argument("photos", nargs="+", metavar="PHOTO")
    identify.add_argument("--out", metavar="PATH", help="write the annotated picture here: a file, or a folder")
    identify.add_argument("--top", type=_COUNT, default=5, metavar="N", help="candidates per face (default 5)")
    identify.add_argument("--threshold", type=_SCORE, metavar="T", help="score needed for a name (default: the model's own, "
                          "for one stranger in a hundred, at this gallery's size)")
    identify.add_argument("--small-faces", action="store_true", help="search at full size, for crowds; slower")

    verify = command("verify", "recognize.verify", "tell whether two photos show the same person (exit code 1: no)")
    verify.add_argument("photos", nargs=2, metavar="PHOTO")
    verify.add_argument("--threshold", type=_SCORE, metavar="T", help="score needed (default: the model's own, for one "
                        "false match in a thousand)")


def _people(command) -> None:
    """Who is in the gallery, and under which name."""
    people = command("people", "people.people", "list the people in the gallery")
    people.add_argument("query", nargs="?", help="only names that contain this")
    people.add_argument("--photos", action="store_true", help="list their photos too, with the numbers that `move` and `keep` take")
    rename = command("rename", "people.rename", "give a person another name")
    rename.add_argument("old")
    rename.add_argument("new")
    merge = command("merge", "people.merge", "make two entries one person; --undo takes the last merge back")
    merge.add_argument("source", nargs="?", metavar="FROM")
    merge.add_argument("target", nargs="?", metavar="INTO")
    merge.add_argument("--undo", action="store_true", help="take the last merge back")
    forget = command("forget", "people.forget", "delete a person: photos, templates, index rows and caches")
    forget.add_argument("name")


def _decisions(command) -> None:
    """How strictly a name is given."""
    strictness = command("strictness", "decide.strictness", "how strictly a person is recognised: say, or set it")
    strictness.add_argument("name")
    strictness.add_argument("level", nargs="?", choices=["normal", "strict", "stricter"], help="strict: ten times fewer strangers "
                            "get this person's name; stricter: a hundred times fewer")
    promise = command("promise", "decide.promise", "say how many strangers get a name, or choose how many may")
    promise.add_argument("promise", nargs="?", metavar="1/1000", help="at most one stranger in 10, 100, 1000 or 10000 gets a name; "
                         "a score such as 0.47 sets that by hand")


def _gallery(command, group) -> None:
    """The gallery as a whole, and its index."""
    command("reembed", "gallery.reembed", "make the templates that the model in use still lacks, from the kept photos")
    export = command("export", "gallery.export", "write the whole gallery to one archive")
    export.add_argument("file")
    load = command("import", "gallery.load", "add the people of an exported archive")
    load.add_argument("file")
    index = group("index", "the search index")
    command("status", "gallery.index_status", "say what the index holds and how well it finds", index)
    command("rebuild", "gallery.index_rebuild", "build the index anew from the database", index)


def _models(command, group) -> None:
    """The embedders under weights/."""
    models = group("models", "the embedders under weights/")
    command("list", "models.show", "list the models, their terms and their figures", models)
    add = command("add", "models.add", "install an ONNX or safetensors embedder with its card", models)
    add.add_argument("file")
    add.add_argument("--card", required=True, help="JSON card: see docs/models/README.md")
    add.add_argument("--replace", action="store_true", help="replace an installed model of the same id")
    get = command("get", "models.get", "download a known model, with resume and checksum", models)
    get.add_argument("name")
    get.add_argument("--file", help="take this file, downloaded by hand, instead of the network")
    use = command("use", "models.use", "make a model this gallery's own; `reembed` then makes its templates", models)
    use.add_argument("name")


def _sorting(command) -> None:
    """What looks wrong in the gallery, and how it is settled."""
    command("check", "doubts.check", "list people who may be in the gallery twice, and photos that may lie with the wrong person "
            "(exit code 1: there are some)")
    apart = command("apart", "doubts.apart", "two people are not the same: do not list them again")
    apart.add_argument("one")
    apart.add_argument("other")
    apart.add_argument("--undo", action="store_true", help="take that back")
    move = command("move", "doubts.move", "give photos of one person to another, or to a new one")
    move.add_argument("photos", nargs="*", type=int, metavar="PHOTO", help="their numbers, from `check` or `people --photos`")
    move.add_argument("--to", metavar="NAME")
    move.add_argument("--undo", action="store_true", help="take the last move back")
    keep = command("keep", "doubts.keep", "photos are where they belong: do not list them again")
    keep.add_argument("photos", nargs="+", type=int, metavar="PHOTO")
    keep.add_argument("--undo", action="store_true", help="take that back")


def _videos(command) -> None:
    """video and watch."""
    video = command("video", "video.video", "name everybody in a video: an annotated copy, and who is on screen when")
    video.add_argument("file")
    video.add_argument("--out", metavar="OUT.webm", help="write the video with boxes and names here")
    video.add_argument("--timeline", metavar="PATH", action="append", default=[], help="write who is on screen from when to when: "
                       "a name that ends in .json, .csv or .vtt (subtitles); may be given several times")
    video.add_argument("--rate", type=_RATE, default=5.0, metavar="N", help="frames looked at per second; 0: every one (default 5)")
    video.add_argument("--small-faces", action="store_true", help="search at full size, for people far away; much slower")
    watch = command("watch", "video.watch", "print a line when a person comes and goes: a camera, a stream or a file")
    watch.add_argument("source", help="a camera's number (0), an address (rtsp://, http://), or a video file")
    watch.add_argument("--every", type=_SECONDS, default=0.2, metavar="S", help="seconds between two looks (default 0.2)")
    watch.add_argument("--seconds", type=_SECONDS, default=0.0, metavar="S", help="end after so many seconds")
    watch.add_argument("--out", metavar="PATH", help="OUT.webm: record with boxes and names; a folder: a picture of each arrival")
    for one in (video, watch):
        one.add_argument("--threshold", type=_SCORE, metavar="T", help="score needed for a name (default: the gallery's own rule)")


def _learning(command, group) -> None:
    """train and evaluate: what is not given is left to the recipe's own defaults."""
    train = command("train", "learn.train", "train or fine-tune a model on a folder with one sub-folder per person")
    train.add_argument("folder")
    train.add_argument("--name", required=True, help="the new model's id; started again with it, a stopped training goes on")
    train.add_argument("--base", help="a model to start from, or \"new compact\", \"new inception-resnet-v1\"")
    train.add_argument("--tune", choices=["head", "last", "all"], help="what is trained: a head behind the base's embeddings "
                       "(seconds), its last block, everything")
    train.add_argument("--teacher", help="a model whose embeddings the new one must meet, with --distil")
    for name, help in (("triplet", "weight of the batch-hard triplet loss"), ("arcface", "weight of the ArcFace loss"),
                       ("distil", "weight of distillation"), ("margin-deg", "ArcFace margin, degrees"),
                       ("scale", "ArcFace scale"), ("lr", "highest learning rate"), ("ema", "decay of the weights' average"),
                       ("validation", "share of the people held out")):
        train.add_argument(f"--{name}", type=float, help=help)
    for name, help in (("people", "people per batch"), ("photos", "photos of each per batch"), ("steps", "training steps"),
                       ("seed", "makes the run repeatable")):
        train.add_argument(f"--{name}", type=int, help=help)
    train.add_argument("--masks", type=float, help="share of the views that wear a drawn mask")
    train.add_argument("--compile", action="store_true", default=None, help="let torch compile the network first")

    evaluate = group("evaluate", "measure the model in use from raw photos")

    def recipe(name: str, help: str) -> argparse.ArgumentParser:
        parser = command(name, f"learn.{name}", help, evaluate)
        parser.add_argument("--html", metavar="FILE", help="write charts, tables and the hardest cases to one HTML file")
        return parser

    lfw = recipe("lfw", "Labeled Faces in the Wild: its pairs, and all photos in them against each other, 1:1 and 1:N")
    lfw.add_argument("folder", help="holds pairs.txt and images/NAME/NAME_0001.jpg")
    pairs = recipe("pairs", "accuracy, TAR@FAR and EER on a pairs file of the LFW format")
    pairs.add_argument("pairs")
    pairs.add_argument("--images", required=True, metavar="DIR", help="NAME/NAME_0001.jpg and so on")
    folder = recipe("folder", "rank-1 and open-set figures on a folder of people, bare and masked apart")
    folder.add_argument("folder")
    folder.add_argument("--split", type=float, default=0.2, help="share of each person's photos used as probes (default 0.2)")
    folder.add_argument("--seed", type=int, default=0)
    masked = recipe("masked", "masked probes against bare galleries and the reverse, with and without masked others")
    masked.add_argument("folder")
    masked.add_argument("--people", type=int, default=3000, help="people in the gallery (default 3000)")
    masked.add_argument("--seed", type=int, default=0)
    recipe("gallery", "your own gallery: expected errors, mislabelled photos, duplicates, people who look alike")


def _global_options() -> argparse.ArgumentParser:
    """Options accepted before and after the command; absent ones leave no trace, so that either place counts."""
    options = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    options.add_argument("--gallery", metavar="DIR", help="the gallery folder (default: gallery/ of the checkout)")
    options.add_argument("--weights", metavar="DIR", help="the models folder (default: weights/ of the checkout)")
    options.add_argument("--model", metavar="NAME", help="use this model instead of the gallery's own")
    options.add_argument("--device", choices=["auto", "cpu", "cuda"], help="where to compute (default auto)")
    options.add_argument("--long-side", metavar="PX", help="search photos for faces at this size; 0: full size (default 1024)")
    return options
