"""The page as a browser of another language shows it, and what of it is still English."""

import re
from contextlib import contextmanager

from served import press_tab

from facegui import drawn
from facegui.ui import words

TABS = {"pt-BR": {"recognize": "Reconhecer", "photo": "Foto", "live": "Ao vivo", "video": "Vídeo", "enroll": "Cadastrar",
                  "gallery": "Galeria",
                  "unknown": "Desconhecido", "train": "Treinar", "evaluate": "Avaliar", "system": "Sistema"},
        "ru-RU": {"recognize": "Распознать", "photo": "Фото", "live": "Камера", "video": "Видео", "enroll": "Зарегистрировать",
                  "gallery": "Галерея", "unknown": "Неизвестный", "train": "Обучить", "evaluate": "Оценить", "system": "Система"}}
KEYS = re.compile(r"__i18n__|translation_metadata|\{\w+(:[^}]*)?\}|undefined")
# English that everybody knows, or that is no word of ours
SPARED = re.compile(r"facegui|HTML|CSV|JSON|WebVTT|CPU|ArcFace|batch-hard|LFW|Labeled Faces in the Wild|"
                    r"NAME\w*|\b[\w-]+\.(jpg|txt)|/home\S+|zip|API|"
                    r"Ana Souza|compact|mine|Textbox|images/|" + "|".join(re.escape(name) for name in drawn.CAST), re.IGNORECASE)
# Words that hardly a sentence of the program lacks, and no sentence of another language has
ENGLISH = re.compile(r"\b(the|and|is|are|was|were|of|with|your|for|this|that|not|you|press|person|people|"
                     r"face|faces|picture|score|name|to)\b",
                     re.IGNORECASE)


@contextmanager
def opened(browser, server, language):
    """The page of a browser that speaks `language` (a key of TABS), with a camera; its scripts may not fail."""
    context = browser.new_context(locale=language, viewport={"width": 1280, "height": 900}, permissions=["camera"])
    page = context.new_page()
    page.spoken, page.failed = language, []
    page.on("pageerror", lambda error: page.failed.append(str(error)))
    page.set_default_timeout(60_000)
    page.goto(server.url)
    page.wait_for_selector("#fg-result .fg-note")
    page.get_by_role("tab", name=TABS[language]["enroll"], exact=True).first.wait_for(state="attached")
    yield page
    assert page.failed == []
    context.close()


def english(page):
    """Visible texts that are still English: a sentence that has a translation, English words, in Russian any Latin ones."""
    code = page.spoken[:2]
    left = []
    for text in texts(page):
        bare = SPARED.sub("", text)
        known = text in words.catalogues()[code].words and words.say(text, code) != text
        if known or ENGLISH.search(bare) or KEYS.search(text) or code == "ru" and re.search("[A-Za-z]{3}", bare):
            left.append(text)
    return left


def go(page, name):
    """Open a tab by its translated name."""
    if name in ("photo", "live", "video"):
        go(page, "recognize")
        page.locator("#fg-sources").get_by_role("tab", name=TABS[page.spoken][name], exact=True).click()
        return
    press_tab(page, page.get_by_role("tab", name=TABS[page.spoken][name], exact=True), TABS[page.spoken][name])


def texts(page):
    """Every visible text of the page, without people's names, Gradio's own footer, and its notices of a queue, which stand for
    a moment and which no page can translate."""
    return page.evaluate("""() => {
      const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walk.nextNode()) {
        const at = walk.currentNode.parentElement;
        const not_ours = '[translate=no], script, style, footer, [data-testid=status-tracker], .sr-only[role=status]';
        if (at.offsetParent !== null && !at.closest(not_ours)) {
          found.push(walk.currentNode.textContent.trim()); }
      }
      return found.filter((text) => text);
    }""")
