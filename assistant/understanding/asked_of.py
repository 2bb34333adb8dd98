"""Which other medicine a question is itself about, by its form: "lasix contraindications", "how is coreg stored?".

Not one that is named beside ours: what is taken together with it, what it is switched from or compared with. Product
names are masked before, and a question that names ours, or says "it", is about that. Which words are names of medicines
says the caller; of a word that nobody knows the form alone tells it, in fewer questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.content.lexicon import RELEASES, SALTS
from assistant.understanding.aspects import OF_A_FORM
from assistant.understanding.illness_alone import is_an_illness
from assistant.understanding.spelling import is_ordinary

_NAME = r"(?P<name>[^\W\d_][\w-]{3,})"
#: What stands between a name and what is asked of it: letters of a release form (ISMP), a salt, a form, a strength.
_FORM = (
    rf"(?:(?:'s|[\s-](?:{'|'.join(sorted(RELEASES))})|\s(?:{'|'.join(sorted(SALTS))}|tablets?|capsules?|injections?|oral|iv|"
    rf"{OF_A_FORM})|"
    r"\s[\d.,/]+\s?(?:mg|mcg|g|ml|units?)?)\b){0,3}"
)
_PEOPLE = (
    r"(?:pregnan\w*|breast-?feeding|lactation|nursing|(?:the )?(?:elderly|elders)|geriatrics?|older|children|kids|"
    r"pa?ediatrics?|infants|neonates|adolescents|renal|kidney|hepatic|liver|ckd|esrd|dialysis|cirrhosis)"
)
#: What only the medicine itself can have.
_ITS_OWN = (
    r"(?:contra-?indications?(?! (?:with|to)\b)|side[ -]effects?|adverse (?:reactions|effects|events)|"
    r"half[ -]?li(?:fe|ves)|storage|"
    r"indications|boxed warnings?|black box(?: warnings?)?|mechanism(?: of action)?|moa|package insert|"
    r"prescribing information|ingredients|excipients|"
    r"(?:(?:renal|hepatic|pa?ediatric|geriatric|max|maximum|starting|initial|loading|maintenance|usual|recommended|"
    r"daily|oral|iv|taper|tapering)\s+)+(?:dos(?:e|es|age|ages|ing))|dos(?:age|ing)|doses?)"
    r"(?!\s+(?:adjust|reduc|chang|increas|decreas|modif|interact))"
)
_OF_SOMEBODY = rf"(?:(?:use\s+)?(?:in|for|during|while)\s+{_PEOPLE}|pregnancy|lactation|breast-?feeding)\b"
_LEAD = (
    r"^\W*(?:(?:and|also|but|so|ok|okay|oh|now|then|please|what|how|about|is|are|whats|what's|the|any|list|for|tell me|"
    r"give me|show me|i need|need|regarding|re|on)\b[\s,:]*)*"
)
#: What stands before a name and belongs to what is asked of it: "common X side effects", "max X dose".
_MODIFIED = (
    r"(?:(?:most|common|commonest|frequent|serious|severe|main|major|rare|typical|usual|normal|standard|recommended|"
    r"correct|right|max|maximum|maximal|min|minimum|starting|initial|loading|maintenance|daily|full|complete|total|"
    r"approved|all)\s+){0,3}"
)
_HEADED = re.compile(rf"{_LEAD}{_MODIFIED}{_NAME}{_FORM}[\s,:-]+(?:{_ITS_OWN}|{_OF_SOMEBODY})", re.IGNORECASE)
#: With words between that name an illness: "X HS dosing".
_FOR_AN_ILLNESS = re.compile(
    rf"{_LEAD}{_NAME}{_FORM}(?P<illness>(?:\s+[\w-]+){{1,3}})\s+dos(?:e|es|age|ing)\W*$", re.IGNORECASE
)
_DOSE_BEFORE = re.compile(rf"{_LEAD}{_MODIFIED}(?:dos(?:age|ing)|doses?)\s+{_NAME}{_FORM}\W*$", re.IGNORECASE)
#: Behind a name that only says whose dose is asked: "dose for warfarin patients".
_NOT_WHO = r"(?!\s+(?:patients?|users?|recipients?|allerg\w+))"
_CALLED_FOR = re.compile(rf"\b{_ITS_OWN}\s+(?:of|for|from)\s+(?:the\s+|a\s+)?{_NAME}\b{_NOT_WHO}", re.IGNORECASE)
#: How much of it; by how much another's dose is changed the label of ours may tell.
_HOW_MUCH = re.compile(
    rf"\bhow (?:much|many (?:mc?g|milligrams?|units?|tablets?|pills?|capsules?|puffs?|doses))\s+(?:of\s+)?(?:the\s+)?"
    rf"{_NAME}\b(?!.*\b(?:reduc|cut|adjust|lower|less|chang))",
    re.IGNORECASE,
)
_DONE_WITH = re.compile(
    rf"\bhow (?:do|does|should|must|can|to|often|much|long|many)\b[^.?!]{{0,30}}?\b(?:take|use|give|store|keep|"
    rf"administer|inject|dose|start|stop|titrate|prescribe)\s+(?:the\s+|my\s+)?{_NAME}|"
    rf"\bhow (?:is|are|should|must|does|do|can)\s+(?:the\s+)?{_NAME.replace('name', 'passive')}{_FORM}\s+"
    r"(?:(?:to\s+)?be\s+)?(?:stored|kept|taken|given|dosed|used|administered|titrated|supplied|work)\b|"
    rf"\b(?:is|can|may|should|are)\s+{_NAME.replace('name', 'safe')}{_FORM}\s+(?:be\s+)?(?:safe|ok|okay|used|taken|"
    rf"given|contraindicated|allowed|approved|recommended|indicated)\s+(?:in|for|during|while)\s+{_PEOPLE}|"
    rf"\b(?:what(?:'s| is| are| does)|tell me about|info(?:rmation)? (?:on|about))\s+(?:the\s+)?"
    rf"{_NAME.replace('name', 'itself')}{_FORM}(?:\s+(?:used\s+)?for|\s+do)?\W*$",
    re.IGNORECASE,
)
#: What a word that nobody knows is asked about as a medicine is, and how words end that are adjectives.
_ONLY_OF_A_MEDICINE = re.compile(
    rf"{_LEAD}{_NAME}{_FORM}\s+(?:contra-?indications|half[ -]?life|renal dosing|side[ -]effects)\W*$", re.IGNORECASE
)
_ADJECTIVE = re.compile(r"(?:al|ic|ive|ary|ous|[ai]ble|ed|ing|ar|ory|ly|less|ful|ent|ant|oid|s)$")
#: The medicine that is not named, or the other one's part in it.
_OURS = re.compile(
    r"\b(?:it|its|this|these|them|the medicine|together|interact\w*|combin\w*|co-?administ\w*|concomitant\w*|"
    r"concurrent\w*|affect\w*|alter\w*|impact\w*|influence\w*|rais\w+|lower\w*|increas\w+|decreas\w+|switch\w*|"
    r"convert\w*|transition\w*|with)\b",
    re.IGNORECASE,
)
#: Somebody's dose of another medicine is told, not asked: "a patient on the maximum dose of ...".
_TOLD = re.compile(
    r"\b(?:on|takes?|taking|took|receiv\w+|plus|after|before|from|despite|failed)\s+(?:\w+\s+){0,3}$", re.I
)


def asked_of(question: str) -> tuple[str, ...]:
    """The words, in lower case, that stand where a question names the medicine that it is about; ordinary ones too."""
    if _OURS.search(question):
        return ()
    return tuple(dict.fromkeys(_names(question)))


def says_how_much(question: str) -> bool:
    """Whether the wording asks how much of what it names is given."""
    return bool(_HOW_MUCH.search(question))


def unknown_asked_of(question: str) -> str:
    """The word that only a medicine's name can be where it stands, whoever knows it; "" where there is none."""
    found = _ONLY_OF_A_MEDICINE.search(question)
    word = found["name"].casefold() if found and not _OURS.search(question) else ""
    return "" if is_ordinary(word) or _ADJECTIVE.search(word) else word


def _names(question: str) -> Iterator[str]:
    for pattern in (_HEADED, _DOSE_BEFORE):
        if found := pattern.search(question):
            yield found["name"].casefold()
    if (found := _FOR_AN_ILLNESS.search(question)) and all(map(is_an_illness, found["illness"].split())):
        yield found["name"].casefold()
    for found in _HOW_MUCH.finditer(question):
        yield found["name"].casefold()
    for found in _CALLED_FOR.finditer(question):
        if not _TOLD.search(question[: found.start()]):
            yield found["name"].casefold()
    for found in _DONE_WITH.finditer(question):
        yield next(filter(None, found.groupdict().values())).casefold()
