"""How the page looks: fonts of the machine itself (nothing is fetched from elsewhere), one accent colour, light and dark."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from ..evaluate.page import CSS as REPORT_CSS

HERE = Path(__file__).resolve().parent
CSS = "".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.css"))) + REPORT_CSS
FAVICON = str(HERE / "favicon.svg")
HEAD = '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
FONTS = ("ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
MONO = ("ui-monospace", "Cascadia Mono", "Menlo", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    look = gr.themes.Soft(primary_hue="teal", secondary_hue="teal", neutral_hue="slate", radius_size="md", text_size="md",
                          font=FONTS, font_mono=MONO)
    plain = {f"block_{part}_{what}": value for part in ("title", "label") for what, value in (
        ("background_fill", "transparent"), ("background_fill_dark", "transparent"), ("text_color", "*body_text_color"),
        ("text_color_dark", "*body_text_color"), ("text_weight", "600"))}
    return look.set(  # the shades of Soft are too light to read: these reach a contrast of 4.5 to 1
        body_text_color_subdued="*neutral_600", body_text_color_subdued_dark="*neutral_400",
        button_primary_background_fill="*primary_700", button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700", button_primary_background_fill_hover_dark="*primary_600",
        button_primary_text_color="white", button_primary_text_color_dark="white", block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_400", checkbox_border_color="*neutral_400", input_border_color="*neutral_300",
        input_border_width="1px", block_border_width="1px", button_secondary_border_color="*neutral_300", **plain)
