"""Everybody as a searchable grid of faces, a page at a time."""

from __future__ import annotations

from ..types import Person
from .house import House
from .markup import esc, face, note, plural

PAGE = 48
PICK = """element.addEventListener('click', (event) => {
  const one = event.target.closest('[data-person]');
  if (one) trigger('pick', {name: one.dataset.person});
});"""


def pages(people: list[Person]) -> int:
    return max(1, -(-len(people) // PAGE))


def show(house: House, people: list[Person], number: int, query: str) -> str:
    """One page of the grid; `people` are those who match the query."""
    if not people and query:
        return note(f"Nobody's name contains \u201c{query}\u201d.", "Empty the search field to see everybody.")
    if not people:
        return note("Nobody is enrolled yet.", "Open the Enroll tab and add the first person, or build the gallery from a "
                    "folder below: one sub-folder of photos per person.")
    cells = "".join(f'<button type="button" data-person="{esc(one.name)}">{face(house.faces.of_person(one), one.name)}'
                    f'<span translate="no">{esc(one.name)}</span><small>{plural(one.photos, "photo")}</small></button>'
                    for one in people[number * PAGE:(number + 1) * PAGE])
    count = plural(len(people), "person", "people")
    where = f", page {number + 1} of {pages(people)}" if pages(people) > 1 else ""
    return f'<p class="fg-hint">{count}{where}</p><div class="fg-grid">{cells}</div>'
