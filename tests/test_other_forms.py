"""Another salt, form or combination than that of the product whose name is used; and one substance of several."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.answering.index import ProductEntry
from assistant.answering.other_forms import another_form
from assistant.answering.which_product import in_part, named_in_part, named_products
from assistant.domain import Context
from assistant.understanding.products import Mention, find_mentions
from tests.conftest import TODAY

_KEYS = {
    "velocitol": ("velocitol", "velocitol succinate", "velocitol succinate er tablets"),
    "quilt": ("quilt", "tarnivexol", "tarnivexol hydrochloride", "ombrisol and tarnivexol"),
    "thia": ("thia", "thia and hydrochlorothiazide"),
    "tarnivexol": ("tarnivexol", "tarnivexol hydrochloride"),
    "tria": ("tria", "ombrisol", "velastin", "ombrisol velastin"),
}


class Index:
    """Products by their names alone."""

    name_keys = tuple(sorted({key for keys in _KEYS.values() for key in keys}))

    def product(self, id: str) -> ProductEntry | None:
        return ProductEntry(id, id.title(), _KEYS[id]) if id in _KEYS else None

    def find_names(self, keys: Any) -> dict[str, tuple[tuple[str, str], ...]]:
        found = {key: tuple((id, "generic") for id in sorted(_KEYS) if key in _KEYS[id]) for key in keys}
        return {key: named for key, named in found.items() if named}

    def knows_word(self, word: str) -> bool:
        return word in self.name_keys

    def eligible(self, *_: Any) -> tuple[int, ...]:
        return (1,)


INDEX: Any = Index()


@pytest.mark.parametrize(
    ("question", "product", "other"),
    [
        ("velocitol tartrate dose", "velocitol", "tartrate"),
        ("velocitol succinate dose", "velocitol", ""),
        ("velocitol er dose", "velocitol", ""),
        ("velocitol potassium", "velocitol", ""),
        ("quilt xr dose", "quilt", "xr"),
        ("quilt dose", "quilt", ""),
        ("quilt hctz 50 mg", "quilt", "hctz"),
        ("thia/HCTZ strength", "thia", ""),
        ("amlodipine velocitol dose", "velocitol", "amlodipine"),
        ("velocitol amlodipine interaction", "velocitol", ""),
        ("velocitol and amlodipine dose", "velocitol", ""),
    ],
)
def test_the_word_beside_a_name_tells_another_form(question: str, product: str, other: str) -> None:
    mention = next(m for m in find_mentions(question, INDEX) if product in m.products)
    assert another_form(INDEX, question, mention, product) == other


def test_a_substance_of_several_is_no_name_of_the_whole() -> None:
    assert in_part(INDEX, "tarnivexol", "quilt") and in_part(INDEX, "tarnivexol hydrochloride", "quilt")
    assert in_part(INDEX, "ombrisol", "tria")  # no "and" stands between them
    assert not in_part(INDEX, "ombrisol and tarnivexol", "quilt") and not in_part(INDEX, "quilt", "quilt")
    assert not in_part(INDEX, "ombrisol tarnivexol", "quilt")  # both, whatever stands between them
    assert not in_part(INDEX, "velocitol", "velocitol")  # the rest is its salt and its form


def test_one_substance_means_what_consists_of_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.answering.which_product.eligible", lambda *_: (1,))
    where = Context("hcp", "US", "en", "cli", TODAY)
    named = {q: named_products(INDEX, find_mentions(q, INDEX), where) for q in ("tarnivexol dose", "ombrisol dose")}
    assert named["tarnivexol dose"] == (("tarnivexol",), True)
    assert not named_in_part(INDEX, "tarnivexol dose", find_mentions("tarnivexol dose", INDEX), "tarnivexol")
    assert named["ombrisol dose"] == (("tria",), True)
    assert named_in_part(INDEX, "ombrisol dose", find_mentions("ombrisol dose", INDEX), "tria")
    for shorthand in ("ombrisol/VE dose", "ve / ombrisol dose"):
        assert not named_in_part(INDEX, shorthand, find_mentions(shorthand, INDEX), "tria")
    both = (Mention("ombrisol", ("tria",), "generic", 0), Mention("velastin", ("tria",), "generic", 2))
    assert not named_in_part(INDEX, "ombrisol, velastin", both, "tria")
