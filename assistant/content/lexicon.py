"""The names of products: brands, generic names, salt forms, synonyms (what people may call them by).

Guarantees: a name is compared as its lower-case letters and digits, word by word, so "ELIQUIS®", "Eliquis" and
"eliquis" are one. Nothing here guesses: a name that is only similar is never the name (ISMP list of confused drug
names).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from assistant.domain import Document

#: Salts and esters that labels write behind the active moiety and people leave out (USP <1121> nomenclature).
SALTS = frozenset(
    "acetate anhydrous besylate bitartrate bromide calcium carbonate chloride citrate dihydrate disodium fumarate "
    "gluconate hcl hemihydrate hydrate hydrobromide hydrochloride lactate magnesium maleate malate mesylate "
    "monohydrate "
    "nitrate oxalate pamoate phosphate potassium sodium succinate sulfate sulphate tartrate tosylate trihydrate "
    "zinc".split()
)

#: Letters behind a name for an extended release (ISMP), and for any release or combination.
EXTENDED_RELEASE = frozenset("cr er la sr xl xr xt".split())
RELEASES = EXTENDED_RELEASE | frozenset("dr hct hctz ir od odt".split())

#: Words for the dosage form that labels write into brand names and people leave out.
FORMS = frozenset(
    "tablet tablets capsule capsules injection gel cream ointment solution suspension syrup usp purified oral for and "
    "delayed extended release chewable film coated".split()
)

#: United States Adopted Name -> International Nonproprietary Name or British name, where they differ.
INTERNATIONAL_NAMES: dict[str, tuple[str, ...]] = {
    "albuterol": ("salbutamol",),
    "acetaminophen": ("paracetamol",),
    "epinephrine": ("adrenaline",),
    "norepinephrine": ("noradrenaline",),
    "meperidine": ("pethidine",),
    "cyclosporine": ("ciclosporin", "cyclosporin"),
    "glyburide": ("glibenclamide",),
    "isoproterenol": ("isoprenaline",),
    "levothyroxine": ("thyroxine", "l thyroxine"),
    "rifampin": ("rifampicin",),
    "acyclovir": ("aciclovir",),
    "valacyclovir": ("valaciclovir",),
    "torsemide": ("torasemide",),
    "furosemide": ("frusemide",),
    "penicillin g": ("benzylpenicillin",),
    "cromolyn": ("cromoglicate",),
    "dextroamphetamine": ("dexamfetamine",),
    "amphetamine": ("amfetamine",),
    "nitroglycerin": ("glyceryl trinitrate", "gtn"),
    "phenobarbital": ("phenobarbitone",),
    "estradiol": ("oestradiol",),
    "valproic acid": ("valproate",),
    "divalproex": ("valproate semisodium",),
    "hydroxyurea": ("hydroxycarbamide",),
    "methimazole": ("thiamazole",),
    "corticotropin": ("acth", "repository corticotropin"),
}

#: What labels list beside the medicine and nobody asks about by that name: parts of kits and packs.
NO_NAMES = frozenset(("inert", "isopropyl alcohol", "placebo", "sodium chloride", "water", "alcohol"))

_WORD = re.compile(r"[^\W_]+")
MAX_NAME_WORDS = 6


def words(text: str) -> list[str]:
    """The words of ``text`` as names are compared: NFKC, case-folded, letters and digits only."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def name_key(text: str) -> str:
    """``text`` as the key it is looked up by; "" when it holds no word."""
    return " ".join(words(text))


def names_of(document: Document) -> dict[str, str]:
    """Every name of the document's product: key -> ``brand``, ``generic`` or ``synonym``."""
    found: dict[str, str] = {}
    for name in document.brand_names:
        for key in (name_key(name), _without(name, FORMS), _without(name, SALTS), _without_numbers(name)):
            _add(found, key, "brand")
    for name in document.generic_names:
        for part in [name, *re.split(r"\s*(?:,|;|\band\b|&)\s*", name, flags=re.IGNORECASE)]:
            if part != name and len(_without(part, SALTS)) < 4:
                continue
            for key in (name_key(part), _without(part, SALTS)):
                _add(found, key, "generic")
                for international in INTERNATIONAL_NAMES.get(key, ()):
                    _add(found, international, "synonym")
    for name in document.synonyms:
        _add(found, name_key(name), "synonym")
    return found


def _add(found: dict[str, str], key: str, kind: str) -> None:
    if key and key not in NO_NAMES and not key.isdigit() and len(key.split()) <= MAX_NAME_WORDS:
        found.setdefault(key, kind)


def _without_numbers(name: str) -> str:
    """The brand without what tells its strengths apart ("ALYACEN 7/7/7")."""
    return " ".join(word for word in words(name) if not word.isdigit())


def _without(name: str, dropped: frozenset[str]) -> str:
    kept = [word for word in words(name) if word not in dropped]
    return " ".join(kept)


def runs(question_words: list[str]) -> Iterator[tuple[int, int, str]]:
    """Every run of words that could be a name, longest first: ``(start, end, key)``."""
    for length in range(min(MAX_NAME_WORDS, len(question_words)), 0, -1):
        for start in range(len(question_words) - length + 1):
            yield start, start + length, " ".join(question_words[start : start + length])


#: What the model sees instead of a product's name, so that one model serves every brand.
PLACEHOLDER = "the medicine"


@lru_cache(maxsize=512)
def _pattern(keys: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(keys, key=lambda key: (-len(key), key))
    names = "|".join(r"[\W_]+".join(map(re.escape, key.split())) for key in longest_first)
    return re.compile(rf"(?<![^\W_])(?:{names})(?![^\W_])[®™]*", re.IGNORECASE)


def mask(text: str, keys: tuple[str, ...]) -> str:
    """``text`` with every name in ``keys`` replaced by the placeholder."""
    return _pattern(keys).sub(PLACEHOLDER, text) if keys else text
