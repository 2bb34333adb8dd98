"""Whether a question is in a language that the release serves.

Function words decide (they are most of any running text and shared by few languages), and the script where letters
alone tell. One or two words are never called foreign by their look: a drug name is Latin everywhere.
"""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W\d_]+")
#: "35 y/o": no Spanish.
_YEARS_OLD = re.compile(r"\b[ym]/o\b", re.IGNORECASE)

_FUNCTION_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(
        "the a an of to in is are and or what how when can i my with for on do does should it at be this that if take "
        "while which who any about after before you your from not has have there by than as".split()
    ),
    "es": frozenset(
        "el la los las un una de del que qué y o en es son con para por puedo puede cómo como cuál cuando cuándo mi "
        "se si "
        "debo tomar dosis hay sin sobre más está embarazo durante efectos secundarios".split()
    ),
    "fr": frozenset(
        "le la les un une de du des que quoi quel quelle quels quelles et ou en est sont avec pour par puis peut je "
        "mon ma "
        "mes il elle dans sur sans plus pendant comment quand prendre effets secondaires".split()
    ),
    "de": frozenset(
        "der die das ein eine und oder ist sind mit für von zu ich mein meine kann darf wie was wann wenn bei auf "
        "nicht den "
        "dem des im während nehmen nebenwirkungen soll".split()
    ),
    "it": frozenset(
        "il lo la gli le un una di del della che e o in è sono con per posso può come quale quando mio mia se non sul "
        "durante prendere effetti collaterali quanto".split()
    ),
    "pt": frozenset(
        "o os as um uma de do da que e ou em é são com para por posso pode como qual quando meu minha se não "
        "durante tomar "
        "efeitos colaterais quanto".split()
    ),
    "nl": frozenset(
        "de het een en of is zijn met voor van te ik mijn kan mag hoe wat wanneer als bij op niet tijdens nemen "
        "bijwerkingen dosering".split()
    ),
    "pl": frozenset("i w na z do nie jest czy jak można się co dla to przy mogę brać dawka".split()),
}


#: Words that look foreign in the lists above and are everyday words of an English question about a medicine.
_ALSO_ENGLISH = frozenset(
    "a in me on an as do no die son com per so is of or was come plus sans dos den mes se si het".split()
)


def speaks(question: str, language: str) -> bool:
    """False when ``question`` is plainly in another language than ``language`` (an ISO 639-1 code)."""
    found = _WORD.findall(_YEARS_OLD.sub(" ", unicodedata.normalize("NFKC", question[:20_000]).casefold()))
    letters = "".join(found)
    if len(letters) >= 4 and not letters.isascii() and language in _FUNCTION_WORDS and _foreign_script(letters):
        return False
    if len(found) < 3 or language not in _FUNCTION_WORDS:
        return True
    spoken = set(found)  # each word once: what a question repeats says no more of its language
    own = sum(word in _FUNCTION_WORDS[language] or word in _ALSO_ENGLISH for word in spoken)
    others = (known - _ALSO_ENGLISH for name, known in _FUNCTION_WORDS.items() if name != language)
    counts = [sum(word in known for word in spoken) for known in others]
    return not max(counts) >= max(2, own + 1, len(spoken) // 5)


def _foreign_script(letters: str) -> bool:
    other = sum(not unicodedata.name(letter, "").startswith(("LATIN", "GREEK", "MICRO")) for letter in letters[:2000])
    return other * 4 >= min(len(letters), 2000)  # a Latin product name in a question of another script
