"""doctor and demo."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from .progress import Bar
from .show import put, put_json, service


def doctor(arguments: Namespace) -> int:
    """Exit code 2 where something is broken; advice alone leaves it 0."""
    with service(arguments) as faces:
        findings = faces.doctor()
    if arguments.json:
        put_json([asdict(finding) for finding in findings])
    else:
        marks = {"ok": "  ok  ", "advice": "  hint", "broken": "  FIX "}
        put(*(f"{marks[finding.state]}  {finding.about}: {finding.text}" for finding in findings))
    return 2 if any(finding.state == "broken" for finding in findings) else 0


def demo(arguments: Namespace) -> int:
    from ..service import demo as story

    with Bar() as bar:
        result = story.run(service(arguments).settings, Path(arguments.out or "demo.png"), bar)
    if arguments.json:
        put_json(result)
        return 0
    put(f"a gallery of {result['people']} drawn people, then {result['enrolled']} enrolled in "
        f"{result['enroll_ms']:.0f} ms without retraining:")
    for face in result["faces"]:
        put(f"  {face['shown']}  ->  {face['name'] or 'unknown'}  "
            f"(score {face['match_score']:.2f}, threshold {face['threshold']:.2f})")
    put(f"written to {result['picture']}")
    return 0
