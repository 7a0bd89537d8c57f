"""A worked-through video as a page: the player, one line per person with bars over time, and what can be saved."""

from __future__ import annotations

import urllib.parse

from ..service.video import Analysis, Presence
from ..service.video.export import to_csv, to_json, to_vtt
from .markup import esc, jpeg_address, note, plural

SAVED = (("JSON", "json", "application/json", to_json), ("CSV for spreadsheets", "csv", "text/csv", to_csv),
         ("subtitles (WebVTT)", "vtt", "text/vtt", to_vtt))


def page(found: Analysis) -> str:
    told = found.timeline
    rows = "".join(_row(one, told.seconds) for one in told.people)
    if rows:
        scale = "".join(f"<span>{_clock(told.seconds * share / 4)}</span>" for share in range(5))
        rows = (f'<div class="fg-xray-scale" aria-hidden="true">{scale}</div><div class="fg-xray" role="list" '
                f'data-seconds="{told.seconds:.3f}" aria-label="who is on screen when">{rows}</div>')
    else:
        rows = note("Nobody was seen clearly.", "Faces may be too small or too blurred; switch on the search for tiny "
                    "faces under Options and try again.", "warn")
    return (f'<div class="fg-video"><h3 class="fg-headline">{_headline(found)}</h3><div class="fg-video-stage">'
            f'<video controls playsinline preload="auto" src="{esc(address(found))}" aria-label="{esc(told.video)} with names">'
            "</video></div>"
            f'<p class="fg-video-now"></p>{rows}{_foot(found)}</div>')


def address(found: Analysis) -> str:
    """Where the annotated copy is served, relative to the page."""
    return "gradio_api/file=" + urllib.parse.quote(str(found.out))


def _headline(found: Analysis) -> str:
    people = found.timeline.people
    known = sum(one.name is not None for one in people)
    parts = ([plural(known, "known person", "known people")] if known else []) + (
        [plural(len(people) - known, "unknown person", "unknown people")] if len(people) > known else [])
    return f"{' and '.join(parts) or 'Nobody'} in {esc(found.timeline.video)}"


def _row(one: Presence, seconds: float) -> str:
    label, length = esc(one.label), max(seconds, 1e-3)
    bars = "".join(
        f'<button type="button" data-jump="{start}" style="left:{100 * start / length:.2f}%;width:{100 * (end - start) / length:.2f}%" '
        f'aria-label="{label} from {_clock(start)} to {_clock(end)}; jump there" title="{_clock(start)} to {_clock(end)}"></button>'
        for start, end in one.intervals)
    about = [f"{one.seconds:.0f} s" if one.seconds >= 10 else f"{one.seconds:.1f} s"]
    if one.name is not None and one.score is not None:
        about.insert(0, f"score {one.score:.2f}")
    if one.question:
        about.append(f"perhaps {esc(one.question)}?")
    keep = ' translate="no"' if one.name is not None else ""
    spans = " ".join(f"{start}-{end}" for start, end in one.intervals)
    return (f'<div class="fg-xray-row {"fg-yes" if one.name is not None else "fg-no"}" role="listitem" data-spans="{spans}">'
            f'<button type="button" class="fg-xray-face" data-jump="{one.best_s}" aria-label="{label}, best seen at {_clock(one.best_s)}; '
            f'jump there"><img src="{jpeg_address(one.thumbnail)}" alt=""></button>'
            f'<div class="fg-xray-name"><b{keep}>{label}</b><small>{" &middot; ".join(about)}</small></div>'
            f'<div class="fg-xray-line">{bars}</div></div>')


def _foot(found: Analysis) -> str:
    told = found.timeline
    stem = told.video.rpartition(".")[0] or told.video
    links = [f'<a download="{esc(stem)}-names.webm" href="{esc(address(found))}">Save the video with names</a>']
    links += [f'<a download="{esc(stem)}.{ending}" href="data:{kind};charset=utf-8,{urllib.parse.quote(write(told))}">{name}</a>'
              for name, ending, kind, write in SAVED]
    remarks = list(told.remarks)
    if told.unclear:
        remarks.insert(0, f"{plural(told.unclear, 'face')} too small, blurred or short to tell who")
    spent = sum(value for stage, value in found.took_s.items() if stage != "load")
    remarks.append(f"{found.looked:,} of {plural(found.frames, 'frame')} looked at, {spent:.0f} s")
    said = "".join(f"<span>{esc(one[:1].upper() + one[1:])}</span>" for one in remarks)
    return f'<p class="fg-foot">{" ".join(links)}</p><p class="fg-foot">{said}</p>'


def _clock(seconds: float) -> str:
    """75.4 -> "1:15"; tenths below ten minutes are not worth their room."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}" if whole >= 3600 else f"{whole // 60}:{whole % 60:02d}"
