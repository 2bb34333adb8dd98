"""What people ask about beside illnesses and medicines: driving, latex, vaccines, how long it stays in the body.

Each matter is known by what people say and by what labels write. It is searched for by the label's words, and where no
approved passage holds any of them the label says nothing of it: "may I drive?" is then not answered with whatever
passage is nearest. Nothing here is shown.

Only matters whose wording in labels is known well enough to tell that they are not spoken of; a word too many under
``written`` costs a near passage, one too few an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PARTED = re.compile(r",\s+")
#: What labels write | what people say. Parts are parted by a comma and a space; "*" stands for the rest of a word.
_SPOKEN_OF = r"""
drive, driving, machinery, machines, motor vehicle, automobile | drive, drives, driving, motorbike*, motorcycle*, \
forklift*, behind the wheel, operat* (?:heavy )?machin*, take the car
split, halves, crush, chew, swallow whole, swallowed whole, scored | split\w*(?! up), halve*, \
(?:tablet|pill|capsule)s? (?:\w+ ){0,3}split up, cut it, \
cut them, (?:cut|break|snap) (?:\w+ ){0,6}(?:in half|in two|into halves), break them, chop*, mash*, grind*, crush*
sprinkle, capsule contents, swallow whole, swallowed whole, capsules chew | \
open(?:ed|ing)? (?:\w+ ){0,4}capsule*, capsules? (?:can |may |to )?be opened, \
open (?:it|them) up, (?:empty|pour) (?:\w+ ){0,3}capsule*
hemodialysis, dialysis, dialyzable, dialyzed, dialysate | \
(?:ha?emo)?dialysis (?:remove|clear|eliminate)s?, (?:removed|cleared|eliminated|washed out|taken out) \
(?:by|with|through) (?:ha?emo)?dialysis, dialy[sz]able, dialy[sz]ed (?:out|off|away), dialy[sz]e (?:it|the)
morning, evening, bedtime | (?:morning|evening|night|bedtime) or (?:\w+ ){0,3}(?:morning|\
evening|night|bedtime), time of (?:the )?day
fasting, fast, empty stomach, food, meal, eat | fast(?:ing|ed) (?:\w+ ){0,3}(?:before|for|prior), \
(?:to|must i|must we|should i) fast, (?:on|with) an empty stomach, (?:come|be) fasting, nil by mouth, npo
nasogastric, gastrostomy, feeding tube, enteral, tube feeding | feeding tube*, ng tube*, peg tube*, nasogastric*, \
gastrostomy*
latex, rubber | latex, natural rubber, rubber stopper*, rubber gloves
gluten, wheat | gluten*, wheat
lactose | lactose, dairy free, milk sugar
gelatin, porcine, pork, bovine | gelatin*, pork, porcine, pigs?, halal, kosher, vegan*, vegetarian*
soy, soybean, soya | soy, soya, soybean*
egg | egg, eggs
peanut, nut | peanut*, nuts, nut allergy
sulfite | sulfite*, sulphite*
preservative, benzyl alcohol, thimerosal, paraben, sulfite, metabisulfite, benzalkonium | \
preservative*, thimerosal, thiomersal, paraben*
sugar, sucrose, saccharin, aspartame, sorbitol | sugar free, sugar-free, sweetener*
vaccine, vaccination | vaccin*, flu shot*, flu jab*, live shot*, immuni[sz]ation*, mmr, \
shingles shot*, covid shot*
contraceptive, birth control | birth control, contracepti*, the pill, mini-?pill*
surgery, surgical, anesthesia, perioperative, procedure | surgery, surgeries, anesthesi*, anaesthesi*
dental, dentist, tooth, teeth | dentist*, dental, tooth, teeth
mri, magnetic resonance | mri, mri scan*, magnetic resonance
contact lens | contact lens*
blood donation, donate blood | donat* blood, blood donation*, give blood
exercise, physical activity, strenuous | exercis*, gym, sport*, workout*, jogging, marathon*
air travel, airplane, altitude, airport | airport*, on a plane, aeroplane*, airplane*, long flight*
sauna, hot tub, heat | sauna*, hot tub*
price, cost, insurance, copay | price*, pricing, pric[ey]*, cost, costs, copay*, co-pay*, how expensive, insurance, \
how much is (?:a|one|the) (?:bottle|box|pack|month|vial|pen|syringe), wac, awp, wholesale acquisition, list price, \
set (?:me|us|you|him|her|them) back, out[ -]of[ -]pocket, co-?insurance, generics? avail*
bone density, bone mineral, dexa, osteoporosis | dexa, dxa, bone scan*, bone density, bone mineral density
drug test, drug screen, false positive | drug test*, drug screen*, workplace test*
filler | dermal filler*, fillers?, hyaluronic acid
cosmetic, sunscreen, moisturizer | make-?up, cosmetics, moisturi[sz]er*
swim, bath, shower | swim, swims, swam, swimming
caffeine, coffee, tea, cola, xanthine, beverage | caffeine, coffee, energy drink*, espresso
grapefruit | grapefruit*
probiotic, yogurt | probiotic*
vitamin, multivitamin | multivitamin*, vitamin*
alcohol | (?<!benzyl )(?<!cetyl )(?<!stearyl )(?<!isopropyl )(?<!polyvinyl )(?<!rubbing )\
alcohol(?![ -](?:swab|pad|wipe|prep|based))*, \
beers?, wines?, liquor, whiske?y, vodka, gin and tonic, champagne, booze, cocktail*, \
drinking (?:on|while|during|with (?:it|this|these|the)), a few drinks, a drink(?! of)
cannabis, marijuana, cannabidiol | cannabis, marijuana, weed, cbd, thc
tattoo, piercing | tattoo*, inked, piercing*
fasting, ramadan | ramadan, break* (?:my|the) fast, religious fast*
doping, athlete | doping, wada, competitive sport*
guideline | guidelines?, nccn, kdigo, eular, gold report, consensus statement*
patent, orphan, exclusivity | patent*, orphan, exclusivity, breakthrough designation, generic version*
manufactured, made in | raw material*, where is it made, made in which, which plant, which country
gloves | gloves
sun, sunlight, sunburn, photosensitivity, phototoxicity, ultraviolet | \
in the sun, sunlight, sunbath*, suntan*, sunbed*, tanning, sunburn*
bariatric, gastric bypass, gastrectomy | bariatric, gastric bypass, gastrectomy, gastric sleeve
time zone | time zones?, jet ?lag
pill organizer, dosette, repackag, original container, original bottle, original package, original packaging, \
original blister | pill box*, pill organi[sz]er*, dosette*, weekly organi[sz]er*, \
(?:in|into|to) (?:a |the )?blister pack*
altitude | altitude
breath test | breath test*
skin test, patch test, prick test | patch test*, prick test*, skin test*, allergy test*
electroconvulsive | ect, electroconvulsive
pump | insulin pump*, syringe driver*, infusion pump*
needle, gauge | needle gauge, gauge
trough, therapeutic range, therapeutic level, therapeutic concentration, therapeutic drug monitoring, target level, \
target concentration, target range, desired level | \
target trough*, (?:target|goal|therapeutic) (?:trough|plasma|serum|blood|drug) (?:levels?|concentrations?), \
trough (?:\w+ ){0,2}(?:levels?|concentrations?) (?:\w+ ){0,4}(?:target*|aim*)
abdomen, thigh, upper arm, buttock, deltoid, gluteal, vastus, forearm, outer arm | \
(?:body|injection|which|what|injecting) sites? (?:are |is |can |may |should |to |do |does )\
(?!react|pain|swell|red)\w*, \
where on (?:the|my|his|her|your|one's) body, \
rotat* (?:\w+ ){0,2}sites?
plasma level, drug level, serum level, therapeutic drug monitoring | therapeutic drug monitoring, tdm, trough level*, \
target level*, drug level*
menstrual, menopause, period | my period, periods, menopaus*
retinopathy | retinopathy
amputation | amputation*
gout, uric acid | gout, uric acid, urate
polycystic | polycystic
dementia | dementia
oxygen | home oxygen, on oxygen, oxygen cannula
in line filter, filter, micron | in-?line filter*, filter needle*, pore size
lipid emulsion, fat emulsion, intralipid | lipid emulsion*, fat emulsion*, intralipid
scalp cooling, cooling cap, cold cap | scalp cooling, cooling cap*, cold cap*
genotype, genotyping, genetic test, polymorphism, poor metabolizer | genotyping, genotyped, \
genetic test*, mthfr, pharmacogen*
continuous renal replacement, hemofiltration, hemodiafiltration, crrt | crrt, cvvh*, ha?emofiltration, \
continuous renal replacement*
peritoneal, dialysis, dialyzable | peritoneal dialysis, capd
electroencephalogram, electroencephalographic, eeg, bispectral | bis, bispectral, processed eeg, eeg readings?
qt, qtc, torsade, electrocardiogram, electrophysiology | qtc?, qtc? interval
ideal body weight, adjusted body weight, lean body weight, actual body weight, total body weight | \
(?:ideal|adjusted|lean|actual) (?:body ?weight|or \w+ body ?weight)
compress, cold pack, ice | (?:warm|cold|hot|cool|ice) compress*
backorder, shortage | back[ -]?order*
open, puncture, discard, throw away | \
(?:been|once|after|when|is|it's) opened, first opened, after opening
mouthwash, rinse, thrush | rinse my mouth, rinse out
smoking, smoker, tobacco, cigarette, nicotine | smok*, cigarette*, tobacco, nicotine, vap(?:e|es|ing)
"""

#: What labels write | what people say, for searching alone: other words do for it as well.
_SEARCHED_AS = r"""
adverse reactions, side effects | side[ -]effects?
inactive ingredients | inactives
end stage renal, hemodialysis, dialysis | (?:ha?emo)?dialysis, esrd, eskd
half life | t1/2, t½, t 1/2, how long does it stay in (?:my|the|your) (?:body|system|blood), \
leave* (?:my|the|your) (?:body|system), out of (?:my|your|the) system
metabolized, cytochrome | broken down, breaks? (?:it )?down, which enzyme*, what enzyme*, \
liver enzyme* (?:mainly|mostly|that)
excreted, elimination | get rid of it, leaves the body, cleared by
peak, maximum concentration | tmax, how fast does it peak, peak level*
food, meals | full stomach*, empty stomach*, eat something, before eating, after eating
overall response rate, objective response rate | orr
progression free survival | pfs
overall survival | os
duration of response | dor
hazard ratio | hr for
adverse cardiovascular events | mace
anti drug antibodies, immunogenicity | ada, adas, antibodies against it
quality of life | qol
interchangeable, substitute, convert | conversion ratio, convert*, 1:1, one to one, swap*
extravasation | leaked, leak* into, leak* out
room temperature | out of the fridge, left out, outside the fridge, unrefrigerated
stable, discard | shelf life, beyond use, how long is it good
neutrophil, white blood cell | white cells, white count
bulimia, anorexia nervosa | eating disorder*
interrupt | pause*
discontinuation, withdrawn, withdrew | \
d/?c(?:'?e?d| rates?), d/c, dropped out, drop-?outs?, drop out, quit the (?:trial|study), \
left the (?:trial|study), came off (?:the )?(?:study|trial|treatment)
stratified | stratif*
hyperkalemia | hyper-?k, high k
hypokalemia | hypo-?k, low k
hyponatremia | hypo-?na, low na
hypernatremia | hyper-?na
hypocalcemia | hypo-?ca
hypercalcemia | hyper-?ca
hypomagnesemia | hypo-?mg, hypo-?mag
hypophosphatemia | hypo-?phos
hypothyroidism | hypo-?thyroid
hyperthyroidism | hyper-?thyroid
neutropenia | neutropenic
thrombocytopenia | thrombocytopenic
"""
#: One of the words that labels write of a matter -> what else they write of it, of which no word tells it by itself.
_IN_A_PHRASE = {
    "bedtime": r"\b(?:taken?|given|administered|used?|doses?)\b[^.]{0,40}\bat any time\b|\btime of (?:the )?day\b",
    "sunlight": r"\b(?:from|direct|to)\b[^.]{0,30} light\b(?!-)",
    "caffeine": r"\b(?:foods?,? (?:or|and) (?:drinks?|beverages?|liquids?|fluids?)|eating or drinking|eat or drink)\b",
}


@dataclass(frozen=True, slots=True)
class Matter:
    """``written``: what labels write, each part a name by itself. ``decides``: a label without any of these, and
    without the ``phrase``, is silent on it."""

    written: tuple[str, ...]
    decides: bool
    phrase: re.Pattern[str] | None = None


def _read() -> tuple[list[Matter], re.Pattern[str]]:
    matters: list[Matter] = []
    forms: list[str] = []
    for lines, decides in ((_SPOKEN_OF, True), (_SEARCHED_AS, False)):
        for line in lines.replace("\\\n", "").strip().splitlines():
            written, _, said = line.partition("|")
            parts = "|".join(part.replace("*", r"\w*") for part in _PARTED.split(said.strip()))
            forms.append(f"(?P<m{len(matters)}>{parts})")
            names = tuple(_PARTED.split(written.strip()))
            phrases = [_IN_A_PHRASE[name] for name in names if name in _IN_A_PHRASE]
            matters.append(Matter(names, decides, re.compile(phrases[0], re.IGNORECASE) if phrases else None))
    return matters, re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)")


_MATTERS, _SAID = _read()


def names_vaccine(text: str) -> bool:
    """Whether ``text`` names a vaccine."""
    return any("vaccine" in matter.written for matter, _ in matters_in(text))


def matters_in(text: str) -> Iterator[tuple[Matter, str]]:
    """The matters that ``text`` names, each with the words that name it, in lower case."""
    for match in _SAID.finditer(text.casefold()):
        yield _MATTERS[int(str(match.lastgroup)[1:])], match[0]
