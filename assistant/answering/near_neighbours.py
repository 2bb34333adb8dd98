"""Illnesses that share a word with one that a label is for and are another: "rheumatoid" beside "psoriatic arthritis".

An indication names the illness that the medicine is for (21 CFR 201.57(c)(2)); what shares a word with it is not among
them. Asking back would offer the doses of the approved one for another. Types that exclude each other are told by a
closed list; sites of one illness (the scalp, the nails), its course and its severity are no types. Nothing here is
shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from assistant.answering import lexical
from assistant.understanding.conditions import OF_ANY_ILLNESS
from assistant.understanding.illness_alone import is_an_illness
from assistant.understanding.illness_types import joined

#: A line is an illness and its types, which exclude each other; a comma stands between names of one. What a "!" stands
#: before, the bare name of the illness does not include.
_FAMILIES = """
acne: vulgaris; rosacea; inversa
amenorrhea: primary; secondary
amyloidosis: transthyretin; light chain
anemia: iron; aplastic; hemolytic; sickle; pernicious, megaloblastic
angina: stable, exertional; unstable; prinzmetal, variant, vasospastic
angioedema: hereditary; allergic
anxiety: generalized; social; separation
arteritis: giant cell, temporal; takayasu
arthritis: rheumatoid; psoriatic; juvenile; gouty; septic, infectious, bacterial; reactive; enteropathic
candidiasis: vaginal, vulvovaginal; oropharyngeal, oral; esophageal; cutaneous; invasive, systemic
cardiomyopathy: hypertrophic; dilated; transthyretin, amyloid; peripartum
cluster: episodic; chronic
colitis: ulcerative; microscopic; collagenous; lymphocytic; pseudomembranous; ischemic
conjunctivitis: allergic; bacterial; viral
constipation: idiopathic; opioid; irritable
cystitis: interstitial; hemorrhagic; bacterial, uncomplicated
dementia: alzheimer; lewy; vascular; parkinson
depression: major; bipolar
dermatitis: atopic; contact; seborrheic; perioral; herpetiformis; stasis; diaper
diabetes: type 1; type 2; !insipidus
edema: !macular; !cerebral; pulmonary
esophagitis: erosive, reflux; eosinophilic; candida
fibrosis: cystic; pulmonary; hepatic, liver
glaucoma: open; closure, closed, narrow; congenital; neovascular
headache: cluster; tension; migraine; medication overuse
herpes: zoster; genital; labialis
hypercholesterolemia: heterozygous; homozygous
hyperparathyroidism: primary; secondary; tertiary
hyperplasia: prostatic; adrenal; endometrial
hypertension: !pulmonary; !portal; !ocular, !intraocular; !intracranial
incontinence: urge, urgency; stress; fecal; overflow
irritable: constipation; diarrhea
juvenile: polyarticular; systemic; oligoarticular, pauciarticular; psoriatic; enthesitis
keratosis: actinic; seborrheic; pilaris
leukemia: acute myeloid, acute myelogenous; chronic myeloid, chronic myelogenous; acute lymphoblastic, \
acute lymphocytic; chronic lymphocytic; hairy cell
lymphoma: hodgkin; follicular; mantle; marginal; diffuse; burkitt; cutaneous; small lymphocytic
macular degeneration: wet, neovascular, exudative; dry, geographic
meningitis: bacterial, meningococcal; cryptococcal; viral; tuberculous
migraine: acute; episodic; chronic
nephropathy: diabetic; iga; membranous; contrast
neuralgia: trigeminal; postherpetic
neuropathy: diabetic; chemotherapy; optic; hereditary; alcoholic
osteoporosis: postmenopausal; glucocorticoid, steroid
otitis: media; externa
pemphigoid: bullous; mucous membrane, cicatricial; gestationis
pneumonia: community; hospital, nosocomial, ventilator; aspiration; viral; pneumocystis
psoriasis: plaque; guttate; erythrodermic; pustular; inverse
retinopathy: diabetic; prematurity
rhinitis: allergic; nonallergic, vasomotor; medicamentosa
sarcoma: kaposi; ewing; soft tissue
sclerosis: multiple; amyotrophic; systemic; tuberous
seizures: partial, focal; absence; myoclonic; tonic clonic; febrile; lennox; dravet
shock: septic; cardiogenic; anaphylactic; hypovolemic
sinusitis: acute; chronic
stroke: ischemic; hemorrhagic
tachycardia: ventricular; supraventricular
thrombocytopenia: immune; !heparin
thyroid: differentiated, papillary, follicular; medullary; anaplastic
tinea: pedis; cruris; corporis; capitis; unguium; versicolor
tremor: essential; parkinson
ulcers: duodenal, gastric, peptic; oral, aphthous, mouth; leg, foot, pressure, decubitus; corneal; genital
urticaria: spontaneous, idiopathic; cold; solar; cholinergic; aquagenic; inducible
"""
#: What ends as the names of illnesses do and tells none, and what any illness or its treatment may come with.
_NO_HEADS = frozenset(lexical.terms("diagnosis prognosis injury fracture failure shock clot hypertrophy embolism"))
#: So many terms before and behind its name tell the type of an illness: "tinea pedis", "wet age-related ...".
_BEFORE, _BEHIND = 4, 3


@dataclass(frozen=True, slots=True)
class _Type:
    """The terms of one name of a type; ``group``: of which type; ``included``: whether the bare name includes it."""

    terms: frozenset[str]
    group: int
    included: bool


@cache
def _families() -> tuple[tuple[tuple[str, ...], tuple[_Type, ...]], ...]:
    """The terms of each illness of the list and its types."""
    found = []
    for line in _FAMILIES.replace("\\\n", "").strip().splitlines():
        name, _, rest = line.partition(":")
        types = tuple(
            _Type(frozenset(lexical.terms(one.replace("!", ""))), group, "!" not in one)
            for group, names in enumerate(rest.split(";"))
            for one in names.split(",")
        )
        found.append((tuple(lexical.terms(name)), types))
    return tuple(found)


def another_illness(names: Sequence[str], sentences: Sequence[str], indicated: frozenset[str]) -> bool:
    """Whether an illness, by its ``names``, shares words with those that a label is for, and is none of these.

    :param sentences: what the label says it is for; ``indicated``: the terms of that.
    """
    shared = [name for name in names if not indicated.isdisjoint(lexical.terms(name))]
    return any(of_another_type(lexical.terms(joined(name)), sentences) for name in names) or (
        bool(shared) and all(_has_another_head(name, indicated) for name in shared)
    )


def of_another_type(asked: Collection[str], sentences: Sequence[str]) -> bool:
    """Whether ``sentences`` tell the types of an illness apart wherever they name it, and ``asked``, the terms of the
    one that is asked about, is another one."""
    for head, types in _families():
        if not set(head) <= set(asked):
            continue
        own = {each.group for each in types if each.terms <= set(asked)}
        bare = any(each.included for each in types if each.group in own)
        told = list(_groups_told(head, types, sentences)) if own else []
        if told and all(own.isdisjoint(groups) and (groups or not bare) for groups in told):
            return True
    return False


def _groups_told(head: tuple[str, ...], types: Sequence[_Type], sentences: Sequence[str]) -> Iterator[set[int]]:
    """The types that stand beside each mention of the illness in ``sentences``."""
    for sentence in sentences:
        terms = lexical.terms(joined(sentence))
        for at in range(len(terms)):
            end = at + len(head)
            if tuple(terms[at:end]) == head:
                beside = {*terms[max(0, at - _BEFORE) : at], *terms[end : end + _BEHIND]}
                yield {each.group for each in types if each.terms <= beside}


def _has_another_head(name: str, indicated: frozenset[str]) -> bool:
    """Whether the last word of ``name``, an illness, is none that is ``indicated``, nor is another of its words one.

    "Ulcerative colitis" is no ulcer; "heart failure with diabetes" may be the heart's.
    """
    words = joined(name).split()
    of_any = OF_ANY_ILLNESS | _NO_HEADS
    illnesses = [word for word in words if is_an_illness(word) and of_any.isdisjoint(lexical.terms(word))]
    if not illnesses or illnesses[-1] != words[-1] or any(word.isdigit() for word in words):
        return False
    # "Sinusitis" is a rhinosinusitis.
    stems = [term for word in illnesses for term in lexical.terms(word)]
    return bool(stems) and not any(term.endswith(stem) for stem in stems for term in indicated)
