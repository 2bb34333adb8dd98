"""Another salt, form or combination than that of the product whose name is used; and one substance of several."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.answering.index import ProductEntry
from assistant.answering.other_forms import another_alone, another_form
from assistant.answering.which_product import in_part, named_in_part, named_products
from assistant.domain import Context
from assistant.understanding.products import Mention, find_mentions
from tests.conftest import TODAY

_KEYS = {
    "velocitol": ("velocitol", "velocitol succinate", "velocitol succinate er tablets"),
    "quilt": ("quilt", "tarnivexol", "tarnivexol hydrochloride", "ombrisol and tarnivexol"),
    "thia": ("thia", "thia and hydrochlorothiazide"),
    "tarnivexol": ("tarnivexol", "tarnivexol hydrochloride"),
    "quilvera": ("quilvera", "quilvera xr"),
    "alprazolam": ("alprazolam",),
    "metoprolol": ("metoprolol", "metoprolol succinate", "metoprolol succinate er tablets"),
    "zepbound": ("zepbound", "tirzepatide"),
    "valtrex": ("valtrex", "valacyclovir"),
    "lasix": ("lasix", "furosemide"),
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

    def entries(self, _: str) -> tuple[int, ...]:
        return ()

    def eligible(self, *_: Any) -> tuple[int, ...]:
        return (1,)


INDEX: Any = Index()


@pytest.mark.parametrize(
    ("question", "product", "other"),
    [
        ("velocitol tartrate dose", "velocitol", "tartrate"),
        ("velocitol succinate dose", "velocitol", ""),
        ("velocitol er dose", "velocitol", ""),
        ("velocitol ir dose", "velocitol", "ir"),
        ("velocitol immediate release dose", "velocitol", "immediate"),
        ("velocitol regular dose", "velocitol", ""),
        ("velocitol 50 mg tartrate", "velocitol", "tartrate"),
        ("velocitol 50mg tablets hcl tartrate", "velocitol", "tartrate"),
        ("velocitol potassium", "velocitol", ""),
        ("quilt xr dose", "quilt", "xr"),
        ("quilt 500 mg extended-release dose", "quilt", "extended"),
        ("quilt ir dose", "quilt", ""),
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


@pytest.mark.parametrize(
    ("question", "product", "other"),
    [
        ("lopressor dose", "metoprolol", "tartrate"),
        ("toprol dose", "metoprolol", ""),
        ("toprol xl dose", "metoprolol", ""),
        ("toprol dose", "alprazolam", "er"),
        ("xanax dose", "alprazolam", ""),
        ("xanax xr dose", "alprazolam", "xr"),
        ("xanax dose", "quilvera", "ir"),
        ("xanax xr dose", "quilvera", ""),
        ("mounjaro dose", "zepbound", "mounjaro"),
        ("zepbound dose", "zepbound", ""),
        ("valaciclovir dose", "valtrex", ""),
        ("frusemide dose", "lasix", ""),
        ("percocet dose", "tarnivexol", "percocet"),  # of two substances, whatever bears the name of one
        ("can myfortic be crushed", "tarnivexol", "myfortic"),
        ("cellcept dose", "tarnivexol", ""),
    ],
)
def test_a_brand_is_of_its_salt_and_release(question: str, product: str, other: str) -> None:
    brand, start = (question.split()[1], 1) if question.startswith("can ") else (question.split()[0], 0)
    mention = Mention(brand, (product,), "brand", start)
    assert another_form(INDEX, question, mention, product) == other


@pytest.mark.parametrize(
    ("question", "product", "other"),
    [
        ("tartrate dose", "velocitol", "tartrate"),
        ("no, tartrate", "velocitol", "tartrate"),
        ("succinate dose", "velocitol", ""),
        ("ir dose", "velocitol", "ir"),
        ("extended release dose", "tarnivexol", "extended"),
        ("is there an extended release", "tarnivexol", ""),  # of its forms the label tells
        ("er visit after the dose", "tarnivexol", ""),
        ("tartrate", "tarnivexol", ""),  # a product whose names tell no salt
        # Of another medicine, or of both.
        ("zolpidem tartrate dose", "velocitol", ""),
        ("dose with tartrate", "velocitol", ""),
        ("tartrate to succinate dose", "velocitol", ""),
        ("immediate release to extended release dose", "velocitol", ""),
        ("what is in it, besides tartrate as a buffer", "velocitol", ""),
    ],
)
def test_a_salt_or_release_tells_it_without_a_name(question: str, product: str, other: str) -> None:
    assert another_alone(INDEX, question, product) == other


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
