"""What people say in plain words and labels never write, put as labels write it: hooked up, a nightcap, come off it.

Only phrases that mean one thing wherever somebody asks of a medicine, by the kinds of things that people ask about:
how it is given and stopped, what they eat, drink and do, what their bodies do. A question is searched for in both
wordings, and what it asks is heard in both; what was typed is what is screened, recorded and shown, and whatever raises
a flag is read as it was typed. Names of illnesses stand in :mod:`assistant.understanding.lay_terms`, what a
label may be silent on in :mod:`assistant.understanding.matters`.
"""

from __future__ import annotations

import re

_PARTED = re.compile(r",\s+")
_OBJECT = (
    r"(?:(?:the|this|these|my|his|her|our) (?:tablets?|pills?|drops?|shots?|cream)|it|this|these|them|the medicine)"
)
#: What labels write | what people say, in parts parted by a comma and a space; "@" stands for the medicine.
_SAID = r"""
receiving the infusion | hooked up(?: to (?:it|(?:the|a|an) (?:drip|machine|bag|iv|pump)))?, on the drip
infusion time | chair[ -]time
infusions | (?:iv )?drips
infusion | (?<!nasal )(?:iv )?drip(?! (?:from|off|down|out|onto))
suddenly stop taking it | (?:just )?(?:quit|stop|drop)(?: taking)? @ (?:all at once|in one go|just like that|\
overnight|cold turkey), (?:go|going) cold turkey(?: on @)?
discontinue | (?:come|comes|coming) off @, giv(?:e|ing) @ up, quit(?: taking)? @, ditch @
permanently | for good
abruptly | cold turkey
taper off | wean(?:ed|ing)?(?: (?:him|her|me|myself|yourself|them))? off, ween off, eas(?:e|ing) (?:\w+ )?off @
open the capsule | open(?: up)? (?:(?:the|these|this|a|his|her|my|their) )?capsules?(?: up)? and \
(?:sprinkle|mix|pour|empty) (?:it|them|the (?:contents|powder|beads|granules)), pull (?:the )?capsules? apart
first puncture of the vial | (?:stuck|stick|put) (?:a|the) needle (?:into|in|through) (?:the |a |it)?(?:bottle|vial)?
has difficulty swallowing tablets | (?:can't|cannot|won't) (?:get|swallow) (?:tablets|pills|capsules)(?: down)?
difficulty swallowing | (?:a )?(?:hard time|trouble) (?:getting|keeping) (?:\w+ ){1,2}down
alcohol | (?:a |an |the )?(?:odd |cheeky )?(?:glass(?:es)?|bottles?|pints?|drops?|sips?|tots?) of (?:\w+ )?(?:wine|\
beer|champagne|port|sherry|gin|rum|whiske?y|vodka|lager|cider|ale), (?:a )?night-?cap, prosecco, lager, cider, \
tipples?, (?:a )?(?:few|couple of|odd) (?:beers?|drinks|pints?)
black tarry stools | (?:turn|turns|turned|go|goes|went|be|get) black and (?:sticky|tarry), \
black (?:poo|poop|stools?|motions?), (?:poo|poop|stools?|motions?) (?:\w+ ){0,3}(?:like tar|black and sticky)
stools | bowel motions?, number twos?, poo, poop, poos, poops
urinate | (?:have|need|go) (?:a )?(?:pee|wee), (?<=to )pee, (?<=you )pee, (?<=me )pee, go to the loo
urine | pee
urinating | peeing, weeing
excessive hair growth | (?:extra|unwanted|excess|too much) (?:body |facial |face )?hair, hairier
breast enlargement, gynecomastia | (?:man|husband|brother|son|dad|father)(?:'s)? (?:chest|breasts?|boobs?) \
(?:to )?(?:grow|growing|swell)
sperm | (?:his|my|their) swimmers
hoarseness, voice changes | (?:voices? )?(?:go|goes|going|get|gets|turn) (?:croaky|hoarse|husky), croaky, \
los(?:e|es|ing) (?:my|his|her|their|your) voice
loss of vision | (?:go|going|goes) blind, los(?:e|es|ing) (?:my|his|her|their|your) (?:sight|eyesight)
has insomnia | (?:lie|lies|lying) awake, (?:can't|cannot) (?:get to )?sleep, \
keeps? (?:me|him|her|you) (?:awake|up at night)
drowsiness | (?:make|makes|making|feel|feels) (?:\w+ )?(?:groggy|zonked|dopey|spaced out), \
knock(?:s|ed)? (?:me|him|her|you) out, next-day fog, nod(?:ding)? off
swollen gums, gingival hyperplasia | gums? (?:\w+ ){0,3}(?:swell\w*|grow\w*|puff\w*)
household teaspoon or tablespoon | (?:a |the |an )?(?:kitchen|ordinary|regular|normal|dessert|household|soup) (?:tea|\
table)?spoons?
oral dosing syringe | oral syringe, (?:dosing|measuring) syringe, plunger thing\w*, syringe thing\w*
discarded | (?:thrown|chucked|tossed) (?:it |them )?(?:away|out), binned
discard it | (?:bin|chuck|toss|dump) (?:it|them|the rest|(?:what|whatever)(?:'s| is) left|out|away), \
(?:throw|chuck|toss) (?:it |them |the rest |what's left )?(?:away|out)
stopping smoking | (?:giv(?:e|ing|en)|gave|quit(?:ting)?|pack(?:ed|ing)?) (?:up |in )?(?:the )?(?:cigarettes|smoking|\
fags|smokes|tobacco)
trying to become pregnant | (?:try|trying) (?:for (?:a|another) baby|to start a family)
become pregnant | fall pregnant, start a family
oral contraceptives | (?:the )?(?:combined|contraceptive|mini) ?-?pill, (?:ordinary|birth control) pill
exposure to sunlight | (?:lie|lying|lay|sit|sitting) (?:on the beach|in the sun|out in the sun), sunbath\w*, \
sun[ -]?beds?, (?:get|getting) a tan, tanning, catch(?:ing)? the sun
salt substitutes containing potassium | (?:low|lo|reduced)[- ](?:sodium|na) salts?(?: made (?:with|from|\
of) potassium)?, lo-?salt
nitrous oxide | laughing gas, gas and air
diuretics | water (?:pill|tablet)s
diuretic | water (?:pill|tablet)
anticoagulants | blood thinners
anticoagulant | blood thinner
placebo | (?:dummy|fake) (?:pill|tablet|treatment|drug|injection|shot|cream)s?
urinary tract infections | water(?:works)? infections?
headache | (?:sore|banging|thumping|splitting) heads?
nausea | sick to (?:my|his|her|the|your) stomach
vomiting | puk(?:e|es|ed|ing), chuck(?:ing|ed|s)? up, heav(?:ing|ed) up
fever | run(?:ning)? a temp(?:erature)?
begin to take effect | kick(?:s|ed|ing)? in
hypoglycemia | (?:bad|serious|severe|nasty) lows?(?=[?.,!]| needing| at night|$)
weight gain | pil(?:e|es|ing) on (?:the )?(?:pounds|weight|kilos), get(?:ting)? fat
"""


def _read() -> tuple[list[str], re.Pattern[str]]:
    written: list[str] = []
    forms: list[str] = []
    for line in _SAID.replace("\\\n", "").strip().splitlines():
        label, _, said = line.partition(" | ")
        parts = "|".join(part.replace("@", _OBJECT) for part in _PARTED.split(said.strip()))
        forms.append(f"(?P<w{len(written)}>{parts})")
        written.append(label.strip())
    return written, re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)", re.IGNORECASE)


_WRITTEN, _FOUND = _read()


def as_labels_write(question: str) -> str:
    """``question`` with what it says in plain words as labels write it; the same where it says nothing so."""
    said = question.replace("\u2019", "'")
    written, found = _FOUND.subn(lambda match: _WRITTEN[int(str(match.lastgroup)[1:])], said)
    return written if found else question
