"""The house plan, checked: imports point down, some packages live in one room, files stay small."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "facegui"
LAYERS = [
    {"types"},
    {"config", "jobs", "index", "store", "image", "align", "quality", "draw", "metrics", "track", "cards", "download", "drawn",
     "device", "decide"},
    {"detect", "embed", "cover", "capture", "gallery", "archive"},
    {"training", "evaluate"},
    {"service"},
    {"cli", "ui"},
]
LAYER = {name: number for number, names in enumerate(LAYERS) for name in names}
ROOMS = {
    "gradio": {"ui"},
    "annoy": {"index"},
    "sqlite3": {"store"},
    "torch": {"device", "detect", "embed", "cover", "training"},
    "onnxruntime": {"embed"},
}


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room not in ("__init__", "__main__"):
            yield path, room


def imports(path):
    """(dotted name, relative level) of every import, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module:
                yield node.module, node.level
            else:
                yield from ((alias.name, node.level) for alias in node.names)


def rooms_used(path):
    depth = len(path.relative_to(PACKAGE).parts)
    for name, level in imports(path):
        if level == depth:  # relative to the package itself: from .types, or from ..types one folder down
            yield name.split(".")[0]
        elif level == 0 and name.startswith("facegui."):
            yield name.split(".")[1]


def test_every_module_has_a_layer():
    assert {room for _, room in modules()} <= set(LAYER)


def test_imports_point_down():
    wrong = [f"{path.relative_to(ROOT)} imports {used}"
             for path, room in modules() for used in rooms_used(path)
             if used in LAYER and used != room
             and not (LAYER[used] < LAYER[room] or {used, room} in ({"gallery", "archive"}, {"cards", "download"}))]
    assert not wrong


def test_packages_stay_in_their_room():
    wrong = [f"{path.relative_to(ROOT)} imports {name}"
             for path, room in modules() for name, level in imports(path)
             if level == 0 and room not in ROOMS.get(name.split(".")[0], {room})]
    assert not wrong


def test_files_stay_small():
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    long = {str(path.relative_to(ROOT)): lines for path in files if (lines := len(path.read_text().splitlines())) > 250}
    assert not long


def test_lines_and_functions_stay_short():
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    wide = [f"{path.relative_to(ROOT)}:{number}" for path in files
            for number, line in enumerate(path.read_text().splitlines(), 1) if len(line) > 140]
    tall = [f"{path.relative_to(ROOT)}: {node.name}" for path in files for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno - node.lineno >= 70]
    assert not wide and not tall


def test_help_is_light():
    code = "import sys, facegui.cli as c\ntry: c.main(['--help'])\nexcept SystemExit: pass\n" \
           "print(sorted({'torch', 'gradio', 'cv2', 'facenet_pytorch'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip().endswith("[]")
