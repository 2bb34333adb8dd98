"""What a section of a US label is about: LOINC code, number, title and text -> topic, population, role.

``classify`` is pure and total: the same section always gets the same meaning, every section gets one, and every name
in it is one of :mod:`assistant.domain`. It trusts number, title and code together and the text most, because codes of
real labels are sometimes wrong ("Type 2 Diabetes" coded as renal impairment) and numbers and titles sometimes missing.
Nothing here changes text. The rules are data, kept at the top, for reviewers to read.

Interface (shared by the SPL and the openFDA import)::

    classify(loinc="34073-7", number="7.1", title="Strong CYP3A4 Inhibitors",
             path=("7 DRUG INTERACTIONS", "7.1 Strong CYP3A4 Inhibitors"), text="...", patient=False, otc=False)
    -> SectionMeaning(topic="drug_interaction", also=(), population=(), serves=(), retrieve=True)

``is_boxed_warning`` says which sections are the boxed warning itself (21 CFR 201.57(c)(1)), whatever their code claims.

- ``loinc``: LOINC code of the section or "" ; ``number``: "7.1" or "" ; ``title``: without its number (with it is
  understood too) ; ``path``: heading lines from the top-level section down, this one last ; ``text``: the words of the
  passage, headings included or not ; ``patient``: written for patients (medication guide, patient insert) ; ``otc``: of
  an over-the-counter label (Drug Facts, 21 CFR 201.66), whose other texts are written for patients too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from assistant.content import drug_facts
from assistant.content.drug_facts import HYPHEN, KEEP_OUT, PURPOSE, UNCLASSIFIED
from assistant.content.lexicon import words
from assistant.content.organs import ORGAN
from assistant.domain import KIND_OF_TOPIC, Kind

BOXED_WARNING = "34066-1"

Rule = tuple[re.Pattern[str], str, tuple[str, ...]]


def _rules(*rows: tuple[str, str] | tuple[str, str, str]) -> tuple[Rule, ...]:
    """Rows of (words in a title, topic, further topics): the first that is found decides."""
    return tuple(
        (re.compile(row[0], re.IGNORECASE), row[1], tuple(row[2].split()) if len(row) > 2 else ()) for row in rows
    )


#: Top-level sections of the label format of 21 CFR 201.57(c), by number.
CHAPTERS = {
    1: "indication", 2: "dosage", 3: "how_supplied", 4: "contraindication", 5: "warnings", 6: "adverse_reactions",
    7: "drug_interaction", 8: "populations", 9: "abuse_dependence", 10: "overdose", 11: "ingredients",
    12: "pharmacology", 13: "nonclinical", 14: "clinical_studies", 15: "references", 16: "how_supplied",
    17: "patient_counseling",
}  # fmt: skip

#: Top-level titles, for labels without numbers (21 CFR 201.56(e), 201.66) and where numbers mislead.
CHAPTER_TITLES = _rules(
    (r"^(boxed )?warning:|^boxed warning", "boxed_warning"),
    (r"^warnings?$|warnings? and precautions|^precautions|^general precautions", "warnings"),
    (r"^(indications?|uses?$)\b", "indication"),
    (r"^contra-?indications?|^do not use", "contraindication"),
    (r"dosage forms? (and|&) strengths?", "how_supplied"),
    (r"^dosage|^directions|^dosing|^recommended dos", "dosage"),
    (r"^adverse (reactions?|events?)|^side effects", "adverse_reactions"),
    (r"^drug interactions?", "drug_interaction"),
    (r"^use in specific populations", "populations"),
    (r"^drug abuse|^abuse", "abuse_dependence"),
    (r"^over-?dos", "overdose"),
    (r"^description|^(in)?active ingredient|^ingredients", "ingredients"),
    (r"^microbiology|^(clinical )?pharmacology|^mechanism|^actions?$|^pharmaco", "pharmacology"),
    (r"^nonclinical|^animal (pharmacology|toxicology)", "nonclinical"),
    (r"^clinical (studies|trials)", "clinical_studies"),
    (r"^references", "references"),
    (r"^how supplied|^storage|^other information|^package|^principal display", "how_supplied"),
    (r"^(patient )?counsell?ing|^patient counseling|^information for patients", "patient_counseling"),
)

#: Subsections with a fixed place (21 CFR 201.57(c)(13)), and the codes of the same, where the title says nothing.
FIXED = {
    "12.1": "mechanism", "12.2": "mechanism", "12.3": "pharmacokinetics", "12.5": "pharmacokinetics",
    "43679-0": "mechanism", "43681-6": "mechanism", "43682-4": "pharmacokinetics",
}  # fmt: skip

#: LOINC codes of FDA's section headings; trusted only where number and title say nothing.
CHAPTER_CODES = {
    "34066-1": "boxed_warning", "34067-9": "indication", "34068-7": "dosage", "43678-2": "how_supplied",
    "34070-3": "contraindication", "43685-7": "warnings", "34071-1": "warnings", "42232-9": "warnings",
    "34072-9": "warnings", "34084-4": "adverse_reactions", "90374-0": "adverse_reactions",
    "90375-7": "adverse_reactions", "34073-7": "drug_interaction", "43684-0": "populations", "42227-9":
    "abuse_dependence", "34085-1": "abuse_dependence", "34086-9": "abuse_dependence", "34087-7": "abuse_dependence",
    "34088-5": "overdose", "34089-3": "ingredients", "34090-1": "pharmacology", "43679-0": "pharmacology",
    "43681-6": "pharmacology", "43682-4": "pharmacology", "43680-8": "nonclinical", "34083-6": "nonclinical",
    "34091-9": "nonclinical", "34092-7": "clinical_studies", "34093-5": "references", "34069-5": "how_supplied",
    "44425-7": "how_supplied", "34076-0": "patient_counseling", "42228-7": "populations", "77290-5": "populations",
    "34080-2": "populations", "34081-0": "populations", "34082-8": "populations", "77291-3": "populations",
    "88828-9": "populations", "88829-7": "populations", "34077-8": "populations", "34079-4": "populations",
    "55106-9": "ingredients", "55105-1": "overview", "50570-1": "contraindication", "50569-3": "warnings",
    "50568-5": "drug_interaction", "50567-7": "warnings", "50566-9": "warnings", "53414-9": "populations",
    "50565-1": "overdose", "51727-6": "ingredients", "60561-8": "how_supplied",
    "51945-4": "how_supplied", "34075-2": "warnings", "49489-8": "pharmacology", "71744-7": "warnings",
}  # fmt: skip

#: Codes that say what a population section is about where its title does not.
POPULATION_CODES = {
    "42228-7": "pregnancy", "34077-8": "pregnancy", "34079-4": "pregnancy", "77290-5": "lactation",
    "34080-2": "lactation", "34081-0": "pediatric", "34082-8": "geriatric", "77291-3": "reproductive_potential",
    "88828-9": "renal_impairment", "88829-7": "hepatic_impairment", "53414-9": "pregnancy",
}  # fmt: skip

#: What a title says of a population, wherever it stands.
POPULATION_TITLES = _rules(
    (r"pregnan.*(lactation|breast|nursing)", "pregnancy", "lactation"),
    (r"pregnan|teratogenic|labor (and|&|or) delivery|embryo|f(o)?etal", "pregnancy"),
    (rf"lactation|nursing|breast{HYPHEN}? ?feeding|breast-? ?milk", "lactation"),
    (r"reproductive potential|contraception|infertility", "reproductive_potential"),
    (r"pa?ediatric|children|adolescent|neonat|infant", "pediatric"),
    (r"geriatric|elderly|older adults", "geriatric"),
    (
        r"\b(renal|kidney).*(hepatic|liver).*impair|(hepatic|liver).*\b(renal|kidney).*impair",
        "renal_impairment",
        "hepatic_impairment",
    ),
    (
        r"\b(renal|kidney)( function)? (impair|insuff|dys|disease)|impaired renal"
        r"|\brenal function|dialysis|creatinine clear",
        "renal_impairment",
    ),
    (
        r"(hepatic|liver)( function)? (impair|insuff|dys|disease)|impaired (hepatic"
        r"|liver)|hepatic function|cirrhosis",
        "hepatic_impairment",
    ),
)

#: Behind the name of an organ: it is one of those transplanted ("Kidney, Liver or Heart Transplant Patients").
_GRAFTED = rf",?(?: (?:{ORGAN}|or|and|and/or)\b,?){{0,8}} (?:allo)?(?:transplant|graft)"
#: Refinements inside a chapter: words of the title -> topic and further topics.
WITHIN: dict[str, tuple[Rule, ...]] = {
    "dosage": _rules(
        (r"miss(ed|ing)|delayed dose|late dose", "missed_dose", "dosage"),
        (r"overdos", "overdose", "dosage"),
        (r"^directions", "dosage", "administration"),
        (r"interruption|reinitiat|restart", "discontinuation", "dosage missed_dose"),
        (r"discontinu|withdraw|taper|stopping", "discontinuation", "dosage"),
        (r"^(storage|stability|handling)\b|storage (of|and)", "storage", "administration"),
        (rf"\b(?:renal|kidney)(?!{_GRAFTED})|dialysis", "renal_impairment", "dosage"),
        (rf"hepatic(?!{_GRAFTED})|liver impair", "hepatic_impairment", "dosage"),
        (r"pa?ediatric|children|adolescent", "dosage", "pediatric"),
        (r"geriatric|elderly", "dosage", "geriatric"),
        (r"inhibitor|inducer|concomitant|co-?administ|interact|combination|with other", "dosage", "drug_interaction"),
        (r"dosage and administration|dosing and administration|dose and administration", "dosage", "administration"),
        (r"\bdos(e|es|age|ages|ing)\b(?!.{0,20}(preparation|forms?))", "dosage"),
        (r"administ|preparation|prepare|reconstitut|dilut|infusion|inject|instructions"
            r"|method|mixing|directions for", "administration", "dosage"),
        (r"monitor|test|assess|screen|vaccin|premedication|evaluat", "dosage", "warnings"),
    ),
    "warnings": _rules(
        (r"discontinu|withdraw|taper", "warnings", "discontinuation"),
        (r"abuse|misuse|addict|dependence", "warnings", "abuse_dependence"),
        (r"interaction|concomitant|co-?administ|inhibitor|inducer", "warnings", "drug_interaction"),
        (r"alcohol|food|grapefruit", "warnings", "food_interaction"),
        (r"overdos", "warnings", "overdose"),
    ),
    "adverse_reactions": _rules((r"overdos", "overdose")),
    "drug_interaction": _rules((r"food|alcohol|grapefruit|tobacco|vitamin k", "drug_interaction", "food_interaction")),
    "pharmacology": _rules(
        (r"mechanism|^actions?$", "mechanism"),
        (r"food", "pharmacokinetics", "food_interaction"),
        (r"interaction", "pharmacokinetics", "drug_interaction"),
        (r"pharmacokinetic|absorption|distribution|metabolism|elimination|excretion"
            r"|specific population|special population", "pharmacokinetics"),
        (r"pharmacodynamic|cardiac electrophysiology|microbiology|immunogenicity"
            r"|cellular|resistance", "mechanism", "pharmacokinetics"),
        (r"clinical (trials|studies)", "clinical_studies"),
        (r"preclinical|animal", "nonclinical"),
    ),
    "how_supplied": _rules(
        (r"how supplied.*(storage|handling)|supplied/storage", "how_supplied"),
        (r"storage|handling|dispos|store\b|stability", "storage"),
    ),
    "ingredients": _rules((r"^(in)?active ingredient", "ingredients"), (r"^description", "ingredients", "overview")),
    "abuse_dependence": (),
}  # fmt: skip

#: Old-format population headings (21 CFR 201.57 before 2006), which stand below PRECAUTIONS; not for "5.9 Pregnancy".
OLD_POPULATIONS = _rules(
    (r"^nursing mothers|^lactation$", "lactation"),
    (r"^(usage|use) in pregnancy|^pregnancy|^teratogenic|^(use in )?labor (and|&|or) delivery", "pregnancy"),
    (r"^(use in )?pa?ediatric|^(use in|usage in) children", "pediatric"),
    (r"^(use in )?(the )?(geriatric|elderly)", "geriatric"),
)

#: Drug Facts headings (21 CFR 201.66) and old-format subsections that stand below any chapter.
ANYWHERE = _rules(
    (r"^do not (use|take)", "contraindication", "warnings"),
    (r"^ask a doctor or pharmacist", "drug_interaction", "warnings contraindication"),
    (r"^ask a doctor", "warnings", "contraindication"),
    (r"^stop use", "warnings", "adverse_reactions discontinuation"),
    (r"^when using", "warnings", "adverse_reactions"),
    (r"^if pregnant", "pregnancy", "lactation"),
    (r"^keep (this |all )?(and )?.*out of( the)? reach", "overdose", "warnings storage"),
    (r"^questions", "patient_counseling"),
    (r"^(in)?active ingredient", "ingredients"),
    (r"^purpose", "overview"),
    (r"^information for patients|^patient counseling", "patient_counseling"),
    (r"^drug interactions?|^drug.*interactions?$", "drug_interaction"),
    (r"carcinogen|mutagen|impairment of fertility", "nonclinical"),
    (r"^mechanism of action", "mechanism"),
    (r"^pharmacokinetics", "pharmacokinetics"),
    (r"^overdos", "overdose"),
    (r"^drug abuse|^abuse|^dependence|^controlled substance", "abuse_dependence"),
    (r"^missed dose", "missed_dose"),
    (r"^contraindications?$", "contraindication"),
    (r"^indications?( and usage)?$", "indication"),
    (r"^adverse (reactions|events)$", "adverse_reactions"),
    (r"^dosage and administration$", "dosage", "administration"),
    (r"^clinical (trials|studies)$", "clinical_studies"),
)

#: Headings of medication guides, patient inserts and instructions for use (21 CFR 208.20(b), 310.501, 310.515).
PATIENT_TITLES = _rules(
    (
        r"^general (information|advice)|^about|^for more information|^additional information",
        "patient_counseling",
        "overview",
    ),
    (r"important information", "warnings", "adverse_reactions"),
    (
        r"miss(ed|es|ing)? (a |an |the |your |any |one |pills?|doses?)|forget|late for",
        "missed_dose",
        "dosage administration",
    ),
    (r"too much|overdos", "overdose"),
    (
        r"who should (not|never)|should not (take|use|receive)|^(do not|don.t) (take"
        r"|use|receive)",
        "contraindication",
        "warnings",
    ),
    (
        r"what is .* used for|"
        # Not why a button flashes: only why it is taken.
        r"why (is|am|are|do)\b.*\b(tak(e|en|ing)|us(e|ed|ing)|prescribed|given|giving|getting|receiv(e|ing)|need)\b|"
        r"what .* (used|prescribed) for|who (may|can|should) (take|use)",
        "indication",
        "overview",
    ),
    (r"(possible|reasonably likely|serious|common)? ?side effects|risks of", "adverse_reactions", "warnings"),
    (
        r"should i avoid|not do while|avoid while|while (i am )?(taking|using)|not (eat"
        r"|drink)",
        "warnings",
        "food_interaction",
    ),
    (
        r"^(?!(?:is|are|do|does|will) ).*before (i |you |your child )?(tak|us|start|receiv|gett|inject)|tell (my"
        r"|your)|talk (to|with) (my|your)",
        "warnings",
        "contraindication",
    ),
    (r"other (medicines|drugs)|interact|medicines (that )?(should|may|you)", "drug_interaction"),
    (r"pregnan", "pregnancy"),
    (rf"breast{HYPHEN}? ?feed|nursing", "lactation"),
    (r"stop(ping)? (taking|using)", "discontinuation"),
    (r"\bstor(e|age|ing)\b|throw away|dispos", "storage"),
    (r"ingredients?\b", "ingredients"),
    (r"supplies|what you will need|gather|how supplied", "administration", "how_supplied"),
    (
        r"how (should|do|will|can|to|would) .*(take|use|receive|given|get|inject"
        r"|prepare|give|apply)",
        "administration",
        "dosage",
    ),
    (r"how does .* work", "mechanism", "overview"),
    (r"effective(ness)?|how well", "clinical_studies"),
    (r"^step|^prepar|^inject|^choose|^instructions for use|^giving|^how to", "administration"),
    (r"^what (is|are)\b", "overview", "indication"),
    (r"^warning", "warnings"),
)

#: Questions of an over-the-counter label's leaflet that say otherwise, or say more, than those of a guide.
LEAFLET_TITLES = _rules(
    (r"\b(smell|scent|fragrance|flavou?r)\b|taste like", "ingredients"),
    (r"symptoms?\b.*(\bnot\b|n.t\b|worse)|(doesn.t|not) work", "discontinuation", "warnings"),
    (r"\b(talk|speak) (to|with)\b|(ask|see|call|check with) (a|my|your) (doctor|pharmacist)", "warnings"),
    (r"know\b.*\bwork(s|ed|ing)?\b|still have questions", "patient_counseling"),
    (r"(bottle|package|pack|tube)s?\b.*\blast\b", "how_supplied", "administration"),
    (r"relief|how (soon|fast|quickly)|what to expect|how long .*(work|last)", "overview"),
    (r"\bchild(ren)?\b.*\b(us(e|ing)|tak(e|ing)|give|dose)|\b(us(e|ing)|dose)\b.*\bchild(ren)?\b", "dosage",
        "pediatric administration warnings"),
    (r"\b(make me|cause|increase|raise|feel|sting(ing)?|drows\w+|sleepy|sneez\w+|irritat\w+|habit|addicti\w+)\b",
        "adverse_reactions", "warnings"),
    (r"\b(clean\w*|prim(e|ing)|spraying|shake|share)\b|\bi spray\b", "administration"),
    (r"\bhelp (me |you )?with\b|^what (problems|symptoms)\b", "overview", "indication"),
    (r"^why (should|do|would|am|is) i\b.*\b(take|taking|use|using|need)\b", "overview", "indication"),
    (r"^why\b", "patient_counseling"),
)  # fmt: skip
#: What it is not, and who should not take it: headings without a question mark too.
_WHAT_NOT = _rules((r"^(what|when|who)\b.*\bnot\b", "contraindication", "warnings"))
#: "Can I use it for a cold? No, ...": what it is not for.
_NOT_FOR = re.compile(r"(?:Can|May|Should|Do|Is)\b[^?]*\b(?:for|to treat|as)\b[^?]*\?\s*No\b", re.IGNORECASE)
#: What an answer in a leaflet says of going on.
_TURN_TO_DOCTOR = re.compile(
    r"\bstop us(?:e|ing)\b|\b(?:see|ask|call|tell|consult) (?:a|your) (?:doctor|health)|medical (?:attention|help)",
    re.IGNORECASE,
)

#: Words of the text that add a topic to a passage about something else: reviewed, and deliberately narrow.
KEYWORDS: tuple[tuple[str, re.Pattern[str], int], ...] = tuple(
    (topic, re.compile(pattern, re.IGNORECASE), least)
    for topic, pattern, least in (
        ("missed_dose", r"\bmiss(ed|es|ing)?\b[^.]{0,30}\b(doses?|injections?|infusions?|pills?"
            r"|tablets?|capsules?)\b|\bmiss(?:ed|es)? (?:a|an|any|your) (?:\w+ )?(?:appointment|visit|treatment)s?\b"
            r"|forg[eo]t to (take|use)|dose is missed", 1),
        ("overdose", r"\boverdos(e|es|age|ed)\b|\b(take|took|takes|taken|use|used|receive) too much\b"
            r"|poison control", 1),
        ("food_interaction", r"\b(with|without|regard to) (food|meals?)\b|empty stomach|high-? ?fat|grapefruit"
            r"|(?<!benzyl )(?<!isopropyl )(?<!polyvinyl )(?<!stearyl )\balcohol(ic)?\b(?! (pad"
            r"|swab|wipe|prep|dehydrogenase))|\bfood effect|effect of food|salt substitutes?"
            r"|caffeine|dairy|(?<!breast )(?<!human )\bmilk\b(?! production)|vitamin k"
            r"|fruit juice", 1),
        ("storage", r"\bstore[ds]?\b (?!.{0,20}\bdata)|\brefrigerat|controlled room temperature"
            r"|original (carton|container|package)|protect from light"
            r"|\bstable\b[^.]{0,30}\b(?:hours?|days?|weeks?|months?)\b[^.]{0,30}(?:temperature|refrigerat|\u00b0)", 1),
        ("discontinuation", r"\babrupt|\btaper|withdrawal (symptoms?|reactions?|syndrome|seizures?)"
            r"|\b(do not|don.t|never|before|after|if you|not) stop(ping)?\b|stopping treatment"
            r"|\bdiscontinu(?:ed?|ing)\b[^.]{0,40}\b(?:hours?|days?|weeks?) (?:prior to|before)\b"
            r"|\b(?:withhold|stop|hold|not take)\b[^.]{0,60}\b(?:surgery|procedure)"
            r"|discontinuation (of|syndrome|symptoms)|gradual(ly)? (reduc|discontinu"
            r"|decreas)|permanently discontinue|after discontinu", 1),
        ("pregnancy", r"\bpregnan(t|cy|cies)\b|unborn baby|fetal harm|\bf(o)?etus", 1),
        ("lactation", rf"breast{HYPHEN}? ?fe(ed|d)|breast milk|human milk|lactati"
            r"|\bnursing (mother|infant|woman|women)", 1),
        ("reproductive_potential", r"(effective|hormonal|use|using) contracepti|contracepti(ve|on) (methods?"
            r"|measures?|during)|reproductive potential|become pregnant|birth control"
            r"|\bfertility\b", 1),
        ("pediatric", r"pa?ediatric|\bchildren\b|adolescents?|\binfants?\b|younger than \d+|under \d+ years"
            r"|\d+ (to|through|-) ?\d+ years", 2),
        ("pediatric", r"(?:safe and effective|safety|effectiveness|established|studied)\b[^.]{0,60}"
            r"\b(?:children|pa?ediatric)"
            r"|not (?:be )?(?:used?|given|take[ns]?)\b[^.]{0,30}"
            r"\b(?:children|(?:under|below|younger than) \d+ years)", 1),
        ("geriatric", r"\belderly\b|geriatric|6[05] years|older (adults|patients)", 1),
        ("renal_impairment", r"\brenal (impairment|insufficiency|failure|function|disease)|creatinine clearance"
            r"|dialysis|kidney (problems|disease)|end-stage renal|\brenally[- ]impaired|\bimpaired renal", 1),
        ("hepatic_impairment", r"hepatic (impairment|insufficiency|disease)|liver (disease|problems|impairment)"
            r"|cirrhosis|child-pugh|\bhepatically[- ]impaired|\bimpaired hepatic|\bimpaired liver", 1),
        ("drug_interaction", r"co-?administ|concomitant|interact|other medicines|medicines you take|inhibitors?\b"
            r"|taken with\b|in combination with", 2),
        ("drug_interaction", r"monoamine oxidase|\bMAOIs?\b|sedatives|tranquili[sz]ers|blood thinners?"
            r"|antacids?|other (drugs|medicines|medications)", 1),
        ("abuse_dependence", r"\babuse|physical(ly)? dependen|\bmisuse|addicti|schedule (ii|iii|iv|v)\b"
            r"|controlled substance", 1),
        ("adverse_reactions", r"adverse (reactions?|events?|effects?)|side effects?", 2),
        ("adverse_reactions", r"(incidence|reported|occurred|rates?)\b[^.]{0,80}\d ?%|\d ?% of [^.]{0,60}(patients"
            r"|subjects)", 1),
        ("dosage", r"recommended (dose|dosage|starting)|\bmg (once|twice|daily|orally|every)"
            r"|\bdose (of|is|should)\b|starting dose|dosage (is|of|adjust|should)|once daily"
            r"|twice daily|maximum (daily )?dose"
            r"|\b(?:take|use|inhale|inject) (?:\d|one|two) (?:puffs?|tablets?|capsules?|sprays?|drops?)\b"
            r"|\b(?:once|twice|\d times?) (?:a|each|every) day", 2),
        ("administration", r"\b(take|swallow(ed)?|administer(ed)?|chew(ed)?|crush(ed)?|inject(ed)?"
            r"|infused?) (it |them |the |this |by |orally|whole|as |with |over |intra"
            r"|sub)", 1),
        ("how_supplied", r"\bNDC\b|bottles? of \d+|blister|cartons? (of|contain)", 1),
        ("ingredients", r"inactive ingredients?|excipients?|active ingredients?|lactose|the following inactive"
            r"|gluten|latex", 1),
        ("mechanism", r"mechanism of action|mechanism by which|\bis an? .{3,60}(inhibitor|agonist"
            r"|antagonist|modulator|antibody)\b", 1),
        ("pharmacokinetics", r"half-life|plasma (levels?|concentrations?)|\bAUC\b|C<sub>max|\bCmax\b"
            r"|steady[- ]state|bioavailab", 2),
        ("contraindication", r"contraindicated", 1),
        ("warnings", r"\bwarn(ing|ed)?s?\b|serious|monitor (patients|for)|life-threatening|fatal", 2),
        ("clinical_studies", r"randomized|double-blind|placebo-controlled", 2),
        ("indication", r"\b(is|are) indicated (for|to|in|as)\b|\bused to treat\b|prescription medicine(s)? used", 1),
    )
)  # fmt: skip

#: The same in Drug Facts, whose words are a consumer's (21 CFR 201.66(c)(5)).
OTC_KEYWORDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (topic, re.compile(pattern, re.IGNORECASE))
    for topic, pattern in (
        ("drug_interaction", r"\b(?:if|and|or|are) you are (?:now )?taking\b|\byou are (?:now )?taking (?:a|an|any)\b"
            r"|\btak(?:e|ing) (?:a|an|any|other)\b[^.:]{0,60}\b(?:drugs?|medicines?|medications?)\b"
            r"|\b(?:drugs?|medicines?|products?) containing\b"
            r"|\b(?:steroid|blood thinning)\b[^.]{0,30}\b(?:drug|medicine)"
            r"|\bask a doctor or pharmacist before use if you are (?:now )?taking\b"),
        ("dosage", r"\bmaximum daily (?:amount|dose)\b|\bmore than \w+ \w+ in (?:24|any 24) hours\b"),
        ("geriatric", r"\b6[05](?: (?:years?|yrs?))?(?: of age)? (?:and|or|&) (?:older|over)\b"),
        ("missed_dose", r"\bvomit\w*\b[^.]{0,40}\bwithin \w+ (?:hours?|minutes?)\b"),
    )
)  # fmt: skip
#: The age from which one may use it: what its uses and directions say of everybody younger.
_FROM_AGE = re.compile(
    r"\b(?:[2-9]|1[0-8])\s?(?:years?|yrs?\.?)?(?: of age)?,? (?:and|or|&) (?:older|over|up)\b"
    r"|\bover (?:[2-9]|1[0-8]) (?:years|yrs)",
    re.IGNORECASE,
)

#: What a population section or title says about whom the passage is for.
POPULATION_OF_TOPIC = {
    "pregnancy": "pregnant", "lactation": "lactating", "pediatric": "pediatric", "geriatric": "geriatric",
    "renal_impairment": "renal_impairment", "hepatic_impairment": "hepatic_impairment",
}  # fmt: skip
_FERTILITY = re.compile(
    r"reproductive potential|\bfertility\b|\bus(?:e|ing) (?:an? )?(?:effective|reliable) birth control"
    r"|(?:effective|hormonal|use|using) contracepti|contracepti(?:ve|on) (?:methods?|measures?|during)",
    re.IGNORECASE,
)
_ADULTS = re.compile(r"\badults?\b", re.IGNORECASE)

#: Shown on request of a companion rule only: panels of packages, lists of changes, listing data.
UNRETRIEVED_CODES = frozenset({"51945-4", "43683-2", "48780-1"})
_UNRETRIEVED_TITLES = re.compile(
    r"(package|principal|product).{0,12}(label|display|carton)|recent major changes", re.IGNORECASE
)
#: The maker's name and address at a label's end: nobody's answer, and its company names outweigh real text.
_MAKER = re.compile(
    r"^\W*(?:(?:manufactured|distributed|distr\.|marketed|mfd|mfg|made|packaged|repackaged|relabeled|licensed)\b"
    r"|[^.\n]{0,60}\b(?:inc|llc|ltd|limited|corp|corporation|gmbh|pharmaceuticals)\b)",
    re.IGNORECASE,
)
_ADDRESS_CHARS = 350
_NOTHING_CHARS = 150
#: A picture with at most its control code, or words that every label bears: nobody's answer either.
_SAYS_NOTHING = re.compile(
    r"[\W_]*(?:!\[[^\]]*\]\([^)]*\)\s*)*"
    r"(?:rx\s+only|[A-Z]{2,4}-\d{3,5}-[\d.]+|representative sample of labeling[^.]*)?[\W_]*",
    re.IGNORECASE,
)
_HANDLING = re.compile(
    r"\b(syringe|needle|inject(ion)? (site|it|the)|inhaler|dose counter|peel"
    r"|plunger)\b",
    re.IGNORECASE,
)
_OF_SPRAYS = re.compile(r"\b(?:nozzle|dropper|applicator|shake (?:gently|well))\b", re.IGNORECASE)
_BOXED = re.compile(r"\bwarnings?\b", re.IGNORECASE)
_NUMBERED = re.compile(r"(\d{1,2})(?:\.\d+)*\.?[\s\u00a0]*(?=\D)")


@dataclass(frozen=True, slots=True)
class SectionMeaning:
    """What a section is about, in the words of :mod:`assistant.domain`."""

    topic: str
    also: tuple[str, ...] = ()
    population: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    retrieve: bool = True
    #: The kind of passage, where it is not its topic's.
    kind: Kind | None = None


def is_boxed_warning(*, loinc: str, number: str, title: str, text: str) -> bool:
    """Whether a section is the boxed warning: never numbered, and it calls itself a warning."""
    if number:
        return False
    if loinc == BOXED_WARNING:
        return bool(_BOXED.search(title or text[:300])) or not title
    return bool(re.match(r"(boxed warning|warning:)", title, re.IGNORECASE)) and loinc in ("", "42229-5")


def classify(
    *, loinc: str, number: str, title: str, path: tuple[str, ...], text: str, patient: bool, otc: bool = False
) -> SectionMeaning:
    """The meaning of one section or passage of a label; never fails."""
    titles = _titles(title, path)
    if loinc in UNRETRIEVED_CODES or (titles and _UNRETRIEVED_TITLES.match(titles[-1])):
        return SectionMeaning("overview" if loinc == "43683-2" else "how_supplied", retrieve=False)
    own = "\n".join(line for line in text.split("\n") if not line.startswith("## ")).strip()
    if len(own) <= _ADDRESS_CHARS and _MAKER.match(own) and not re.search(r"\b(?:is|are|should|may|contains?)\b", own):
        return SectionMeaning("overview", retrieve=False)
    if is_boxed_warning(loinc=loinc, number=number, title=titles[-1] if titles else "", text=text) and not patient:
        return _complete(SectionMeaning("boxed_warning", ("warnings",), serves=("boxed_warning",)), titles, text)
    if 0 < len(own) <= _NOTHING_CHARS and _SAYS_NOTHING.fullmatch(own):
        return SectionMeaning("overview", retrieve=False)
    leaflet = otc and loinc == UNCLASSIFIED
    if leaflet or patient:
        meaning = _leaflet_meaning(titles, own) if leaflet else _patient_meaning(loinc, titles, text)
        meaning = _complete(meaning, titles, text)
        return _complete_otc(meaning, loinc, text) if otc else meaning
    chapter = _chapter(loinc, number, titles)
    meaning = _professional_meaning(chapter, loinc, number, titles, text)
    if otc and loinc == PURPOSE and drug_facts.states_use(own):
        meaning = SectionMeaning("indication", serves=("indication",))
    if chapter == "indication" and meaning.topic == "indication":
        meaning = replace(meaning, serves=("indication",))
    if chapter == "references" and any("reference" in line.casefold() for line in titles):
        meaning = replace(meaning, retrieve=False)
    meaning = _complete(meaning, titles, text)
    return _complete_otc(meaning, loinc, text) if otc else meaning


def says_use(title: str, names: Iterable[str]) -> bool:
    """Whether a patient's text so titled, "What is X?", says what the medicine is used for (21 CFR 208.20)."""
    asked = words(title)[:3]
    return asked[:2] in (["what", "is"], ["what", "are"]) and any(words(name)[:1] == asked[2:] for name in names)


def _titles(title: str, path: tuple[str, ...]) -> list[str]:
    """The titles without their numbers, innermost first."""
    lines = [title, *reversed(path)]
    bare = [_NUMBERED.sub("", line, count=1).strip() if _NUMBERED.match(line) else line.strip() for line in lines]
    return [line for i, line in enumerate(bare) if line and line not in bare[:i]]


def _chapter(loinc: str, number: str, titles: list[str]) -> str:
    """The top-level section: by its title where that is one of the known, by number, by code."""
    outermost = titles[-1] if titles else ""
    for pattern, chapter, _ in CHAPTER_TITLES:
        if pattern.search(outermost):
            return chapter
    if number.split(".")[0].isdecimal() and int(number.split(".")[0]) in CHAPTERS:
        return CHAPTERS[int(number.split(".")[0])]
    return CHAPTER_CODES.get(loinc, "")


def _first(rules: tuple[Rule, ...], titles: list[str]) -> SectionMeaning | None:
    for title in titles:
        for pattern, topic, also in rules:
            if pattern.search(title):
                return SectionMeaning(topic, also)
    return None


def _professional_meaning(chapter: str, loinc: str, number: str, titles: list[str], text: str) -> SectionMeaning:
    inner = titles[:-1] or titles
    if chapter in ("warnings", "", "references") and (found := _first(ANYWHERE, titles[:1] + inner)):
        return found
    if chapter in ("warnings", "") and "." not in number and (found := _first(OLD_POPULATIONS, titles[:1] + inner)):
        return found
    population = _first(POPULATION_TITLES, inner)
    if chapter == "populations" or (chapter in ("warnings", "") and loinc in POPULATION_CODES):
        topic = POPULATION_CODES.get(loinc, "overview")
        return population or SectionMeaning(topic)
    if chapter in WITHIN:
        found = _first(WITHIN[chapter], inner) or SectionMeaning(_own_topic(chapter, number, loinc, text))
    else:
        found = SectionMeaning(chapter if chapter not in ("", "references") else "overview")
    if population and chapter not in ("indication",):
        found = replace(found, also=_joined(found.also, (population.topic, *population.also)))
    return found


def _own_topic(chapter: str, number: str, loinc: str, text: str) -> str:
    """What a chapter's text is about where no title says more."""
    if chapter == "how_supplied" and re.search(r"\bstore", text, re.IGNORECASE):
        supplied = re.search(r"\bNDC\b|supplied|available|bottles?|tablets?.{0,40}are", text)
        return "how_supplied" if supplied else "storage"
    if chapter == "pharmacology":
        return FIXED.get(".".join(number.split(".")[:2])) or FIXED.get(loinc) or "mechanism"
    return chapter


def _patient_meaning(loinc: str, titles: list[str], text: str) -> SectionMeaning:
    found = _first(PATIENT_TITLES, titles[:1]) or _first(ANYWHERE, titles[:1]) or _first(PATIENT_TITLES, titles[1:])
    if found:
        return found
    if loinc == "59845-8" or any("instructions for use" in title.lower() for title in titles):
        return SectionMeaning("administration")
    return SectionMeaning("administration" if _HANDLING.search(text) else "patient_counseling")


def _leaflet_meaning(titles: list[str], text: str) -> SectionMeaning:
    """What a text beside Drug Facts is about; by its question or heading, as a patient's text.

    Its use is stated in Drug Facts, and a leaflet's words never widen it. What no heading tells is taken for praise.
    """
    asks = bool(titles) and titles[0].endswith("?")
    if not asks and drug_facts.is_of_package(text):
        return SectionMeaning("how_supplied", ("warnings",), kind=Kind.INSTRUCTION)
    if not asks and drug_facts.is_contact(text):
        return SectionMeaning("patient_counseling")
    if asks and _NOT_FOR.match(text):
        return SectionMeaning("contraindication", ("warnings",))
    rules = (*(LEAFLET_TITLES if asks else ()), *_WHAT_NOT, *PATIENT_TITLES, *ANYWHERE)
    found = _first(rules, titles[:1])
    if found is None:
        if _TURN_TO_DOCTOR.search(text):
            found = SectionMeaning("warnings")
        elif _HANDLING.search(text) or _OF_SPRAYS.search(text):
            found = SectionMeaning("administration")
        else:
            found = SectionMeaning("patient_counseling" if asks else "overview")
    return SectionMeaning("overview", ("indication",)) if found.topic == "indication" else found


def _complete_otc(meaning: SectionMeaning, loinc: str, text: str) -> SectionMeaning:
    """Add what the words of Drug Facts cover besides, and leave out what they only sound like."""
    also = meaning.also
    if loinc in drug_facts.WARNINGS:
        inside = [_first(ANYWHERE, [section.title]) for section in drug_facts.sections_in(text)]
        also = _joined(also, tuple(topic for one in inside if one for topic in (one.topic, *one.also)))
    also = _joined(also, tuple(topic for topic, pattern in OTC_KEYWORDS if pattern.search(text)))
    if loinc in (drug_facts.USES, drug_facts.DIRECTIONS) and _FROM_AGE.search(text):
        also = _joined(also, ("pediatric",))
    if loinc == drug_facts.ASK_PHARMACIST:  # 201.66(c)(5)(v): interactions with other medicines
        also = _joined(("drug_interaction", "warnings", "contraindication"), also)
    if drug_facts.is_of_package(text) and loinc == drug_facts.QUESTIONS:
        also = _joined(also, ("how_supplied",))
    left_out = {meaning.topic}
    if loinc in drug_facts.WARNINGS:  # a blister there is one of the skin
        left_out.add("how_supplied")
    # "Birth control" in what an emergency contraceptive is for, or how it is used, says nothing of fertility.
    if KIND_OF_TOPIC[meaning.topic] is not Kind.SAFETY and not _FERTILITY.search(text):
        left_out.add("reproductive_potential")
    population = meaning.population
    if loinc == KEEP_OUT:  # it says of children where to keep a medicine, not whether they may take it
        left_out.add("pediatric")
        population = tuple(one for one in population if one != "pediatric")
    return replace(meaning, also=tuple(topic for topic in also if topic not in left_out), population=population)


def _complete(meaning: SectionMeaning, titles: list[str], text: str) -> SectionMeaning:
    """Add the topics that the words cover, and whom they are about."""
    body = "\n".join(line for line in text.split("\n") if not line.startswith("## "))
    heading = " ".join(titles)
    from_words = tuple(
        topic for topic, pattern, least in KEYWORDS
        if pattern.search(titles[0] if titles else "") or len(list(_up_to(pattern, body, least))) >= least
    )  # fmt: skip
    also = tuple(topic for topic in _joined(meaning.also, from_words) if topic != meaning.topic)
    about = (meaning.topic, *(topic for pattern, topic, _ in POPULATION_TITLES if pattern.search(heading)))
    population = _joined((), tuple(POPULATION_OF_TOPIC[topic] for topic in about if topic in POPULATION_OF_TOPIC))
    if _ADULTS.search(heading):
        population = _joined(("adult",), population)
    return replace(meaning, also=also, population=population)


def _up_to(pattern: re.Pattern[str], text: str, most: int) -> list[str]:
    found: list[str] = []
    for match in pattern.finditer(text):
        found.append(match[0])
        if len(found) >= most:
            break
    return found


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
