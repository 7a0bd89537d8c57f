"""The languages of the page: complete, alike, used; and how a sentence finds its translation."""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from facegui import quality
from facegui.archive import check
from facegui.decide import words as reasons
from facegui.service import zipped
from facegui.ui import words
from facegui.ui.edge import sentence
from facegui.ui.words import browser, catalogue

PACKAGE = Path(words.__file__).resolve().parents[2]
PLACE = re.compile(r"\{(\w+)(?::[^{}]*)?\}")
CODES = sorted(words.catalogues())
SPEAKING = {"note", "told", "chip", "Button", "UploadButton", "DownloadButton", "Accordion", "Tab", "FaceguiError", "Refused", "ImageError"}
# Put together from parts in the source.
COMPOSED = (" picture of the face", "measuring the gallery", "now masked", "closest: ",
            "; the next person scores", "the same person twice? (",
            "with the wrong person? (", "set by hand at", "genuine pairs (", "impostor pairs (", "the mate's score (", "the best score (",
            "a stranger gets a name: ", "{person}, photo {n}, ", "; put one sub-folder with photos")
GRADED = {"7 picture of the face"}
SAME_EVERYWHERE = {"ana souza", "/home/ana/people", "/home/ana/lfw/images", "", "\u2190", "\u2192"}


def sources():
    for path in sorted(PACKAGE.rglob("*.py")):
        if "cli" not in path.parts:
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def text_of(node):
    """The English that an expression makes, 7 and "photos" for what only the running program knows; None: no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "" for part in node.values)
    if isinstance(node, ast.FormattedValue):
        call = node.value
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "plural":
            one, many = call.args[1].value, call.args[2].value if len(call.args) > 2 else call.args[1].value + "s"
            return f"7 {many}" if one else ""
        if isinstance(call, ast.IfExp) and isinstance(call.orelse, ast.Constant):
            return str(call.orelse.value)
        return "7"
    return None


def test_every_language_has_the_same_sentences_and_places():
    first, *others = [words.catalogues()[code] for code in CODES]
    assert len(CODES) >= 2 and first.words
    for other in others:
        assert list(other.words) == list(first.words)
    for code in CODES:
        for key, said in words.catalogues()[code].words.items():
            assert said.strip() and set(PLACE.findall(said)) == set(PLACE.findall(key)), (code, key)


@pytest.mark.parametrize("code", CODES)
def test_every_count_has_every_form(code):
    spoken = words.catalogues()[code]
    forms = max(spoken._form(number) for number in range(200)) + 1
    assert forms >= 2
    for key, said in spoken.words.items():
        for _, choices in catalogue._FORMS.findall(said):
            assert choices.count("|") + 1 == forms, (code, key)


def test_no_sentence_is_unused():
    written = [node.value for _, tree in sources() for node in ast.walk(tree)
               if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    written += [file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.js")]
    written += [text.replace("_", " ") for text in written]  # codes of reasons are shown so
    all_of_it = " ".join("\n".join(written).replace("&rarr;", "\u2192").replace("&middot;", "\u00b7").split()).lower()
    unused = []
    for key in words.catalogues()[CODES[0]].words:
        pieces = [piece for piece in re.split(r"\{\w+\}|\[|\]|\|", key) if piece.strip()]
        longest = max(pieces, key=len, default="").strip().removesuffix(".").lower()
        if longest not in all_of_it and not any(part in key.lower() for part in COMPOSED):
            unused.append(key)
    assert not unused, "\n".join(unused)


@pytest.mark.parametrize("code", CODES)
def test_no_sentence_of_the_page_is_missing(code):
    missing = []
    for path, tree in sources():
        if path.parent != PACKAGE / "ui" or path.name in ("options.py", "serve.py", "api.py"):
            continue
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            said = [key.value for key in call.keywords if key.arg in ("label", "info", "placeholder")]
            if name in SPEAKING:
                said += call.args[:2] if name in ("note", "told") else call.args[:1]
            for text in filter(None, map(text_of, said)):
                if re.search("[A-Za-z]{3}", text) and words.say(text, code) == text and text.lower() not in SAME_EVERYWHERE | GRADED:
                    missing.append(f"{path.name}: {text}")
    assert not missing


@pytest.mark.parametrize("code", CODES)
def test_reasons_and_advice_are_known(code):
    values = {"score": 0.61, "threshold": 0.62, "other": 0.6, "missing": 0.01,
              "strictness": "strictly", "second": "; the next person scores 0.40"}
    said = [*quality.REASONS.values(), *(text.format(**values) for text in reasons.REASONS.values())]
    assert [text for text in said if words.say(text, code) == text] == []


@pytest.mark.parametrize("code", CODES)
def test_the_scripts_words_are_known(code):
    assert len(browser.spoken()) > 10
    assert [text for text in browser.spoken() if text not in words.catalogues()[code].words and words.say(text, code) == text] == []


def test_numbers_names_and_forms():
    assert words.say("1 unknown person", "ru") == "1 неизвестный человек"
    assert words.say("3 unknown people", "ru") == "3 неизвестных человека"
    assert words.say("1,011 unknown people", "ru") == "1\u202f011 неизвестных людей"
    assert words.say("1 photo waiting", "pt") == "1 foto à espera" and words.say("2 photos waiting", "pt") == "2 fotos à espera"
    assert words.say("Unknown is enrolled.", "pt") == "Unknown já está na galeria.", "a name in a sentence stays a name"
    assert words.say("3 people, 4 new photos; 2 enrolled already.", "pt") == "3 pessoas, 4 fotos novas; 2 já cadastradas."
    assert words.say("Nothing of this is known.", "ru") == "Nothing of this is known."


def test_a_page_is_translated_between_its_tags():
    page = ('<div class="fg-x"><b title="enrolled: A &amp; B">Unknown</b> &middot; <i translate="no" title="Unknown">Unknown</i>'
            '<img alt="face 2" src="data:Unknown"> Is this &lt;b&gt;?</div>')
    assert words.page(page, "pt") == (
        '<div class="fg-x"><b title="no cadastro: A &amp; B">Desconhecido</b> &middot; <i translate="no" title="Unknown">Unknown</i>'
        '<img alt="rosto 2" src="data:Unknown"> É &lt;b&gt;?</div>')
    assert words.page(page, "en") is page and words.page("Unknown", "pt") == "Unknown", "what a visitor typed is not HTML of ours"


@pytest.mark.parametrize("accepted, expected", [
    ("pt-BR,pt;q=0.9,en;q=0.8", "pt"), ("ru", "ru"), ("de,ru;q=0.5", "ru"), ("en-GB,ru;q=0.9", "en"), ("de", "en"), ("", "en"),
    ("ru;q=x,pt;q=0.1", "pt"), ("ru;q=0", "en")])
def test_the_language_of_a_request(accepted, expected):
    request = SimpleNamespace(headers={"accept-language": accepted})
    assert words.language_of(request.headers) == expected
    with words.speaking(request):
        assert (words.say("Unknown") == "Unknown") is (expected == "en")
    assert words.say("Unknown") == "Unknown"


@pytest.mark.parametrize("code", CODES)
def test_reasons_against_a_zip_file_or_a_result_are_known_whole(code):
    """Put together from two places, and shown by the job bar."""
    judged = [text_of(call.args[0]) for path in ("archive/members.py", "archive/check.py", "archive/load.py", "service/zipped.py")
              for call in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8")))
              if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "refuse"]
    said = [sentence(refuse(why)) for refuse in (check.refuse, zipped.refuse) for why in judged]
    said += [sentence(text) for path in ("service/evaluating.py", "service/video/room.py", "store/merges.py")
             for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8")))
             if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
             and (text := text_of(node.exc.args[0])) and "no measurement" not in text]
    assert len(judged) > 15 and len(said) > 2 * len(judged) + 4
    assert [text for text in said if re.search(r"\b(the|is|it|was|its|by|again)\b", words.say(text, code))] == []
