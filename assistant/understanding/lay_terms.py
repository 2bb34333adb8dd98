"""What people call an illness and what labels call it: hives, urticaria; post-shingles pain, postherpetic neuralgia.

For comparing a question's illness with the label's words and for searching; nothing here is shown. Only names of one
and the same thing, as the FDA's own patient leaflets and MedlinePlus put one for the other; no wider or narrower word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: One illness a line, its names parted by commas; what labels write stands first.
_GROUPS = """
hypertension, high blood pressure, raised blood pressure, elevated blood pressure
hypotension, low blood pressure
myocardial infarction, heart attack
heart failure, weak heart
arrhythmia, irregular heartbeat, heart rhythm problem
tachycardia, fast heartbeat, racing heart
stroke, cerebrovascular accident, brain attack
deep vein thrombosis, blood clot in the leg, leg clot, clot in my leg
pulmonary embolism, blood clot in the lung, lung clot, clot in my lung
thromboembolism, blood clots, blood clot
hypercholesterolemia, high cholesterol
hyperlipidemia, high blood fats
edema, water retention, fluid retention
hypoglycemia, low blood sugar
hyperglycemia, high blood sugar
diabetes mellitus, sugar disease
obesity, being overweight
hypothyroidism, underactive thyroid
hyperthyroidism, overactive thyroid
gastroesophageal reflux, acid reflux
peptic ulcer, stomach ulcer
gastroenteritis, stomach flu, stomach bug
diarrhea, loose stools, the runs
cirrhosis, scarred liver
cholelithiasis, gallstones
nephrolithiasis, kidney stones
urinary tract infection, bladder infection, cystitis
overactive bladder, urge incontinence
benign prostatic hyperplasia, enlarged prostate, prostate enlargement
erectile dysfunction, impotence
primary dysmenorrhea, period pain, menstrual cramps
vasomotor symptoms, hot flashes, hot flushes
vulvovaginal candidiasis, vaginal yeast infection, vaginal thrush
candidiasis, yeast infection, thrush
tinea pedis, athlete's foot
onychomycosis, nail fungus, fungal nails
tinea corporis, ringworm
urticaria, hives, nettle rash
atopic dermatitis, eczema
acne vulgaris, acne, pimples
alopecia, hair loss, baldness
pruritus, itching
hyperhidrosis, excessive sweating
herpes zoster, shingles
herpes labialis, cold sores, cold sore
varicella, chickenpox
postherpetic neuralgia, post-shingles pain, post shingles pain, nerve pain after shingles, pain after shingles
influenza, flu
pertussis, whooping cough
allergic rhinitis, hay fever, pollen allergy
rhinorrhea, runny nose
nasal congestion, stuffy nose, blocked nose
pharyngitis, sore throat
otitis media, ear infection, middle ear infection
conjunctivitis, pink eye
ocular hypertension, raised eye pressure, high eye pressure
keratoconjunctivitis sicca, dry eye, dry eyes
chronic obstructive pulmonary disease, smoker's lung
dyspnea, shortness of breath
tuberculosis, tb
epilepsy, seizures, fits
insomnia, sleeplessness, trouble sleeping, can't sleep
narcolepsy, sleep attacks
bipolar disorder, manic depression
attention deficit hyperactivity disorder, add
restless legs syndrome, restless legs
parkinson's disease, parkinsonism, shaking palsy
alzheimer's disease, dementia of the alzheimer's type
opioid dependence, opioid addiction, opioid use disorder, heroin addiction
alcohol dependence, alcoholism, alcohol use disorder
smoking cessation, quit smoking, stop smoking, giving up smoking
osteoporosis, brittle bones, thin bones
osteoarthritis, wear and tear arthritis, worn joints
gout, gouty arthritis
muscle spasticity, spasticity, stiff muscles
low back pain, lumbago, backache
systemic lupus erythematosus, lupus, sle
neutropenia, low white cells, low white count
thrombocytopenia, low platelets
motion sickness, travel sickness, carsickness, carsick, car sick, seasickness, seasick
nausea, feeling sick, queasiness, queasy
vomiting, throwing up
vertigo, the room spins
constipation, can't poop
hemorrhoids, piles
lactose intolerance, milk sugar intolerance
anaphylaxis, severe allergic reaction
renal cell carcinoma, kidney cancer
hepatocellular carcinoma, liver cancer
colorectal cancer, bowel cancer
breast cancer, breast carcinoma
prostate cancer, prostate carcinoma
multiple myeloma, myeloma
amebiasis, amoebiasis, amoebic dysentery, amoebae, amebae, amoebas, amoeba infection
giardiasis, giardia, giardia infection
trichomoniasis, trich, trichomonas infection
bacterial vaginosis, bv
pediculosis, head lice, lice
enterobiasis, pinworm, pinworms, threadworm, threadworms
hepatitis c, hep c
hepatitis b, hep b
infectious mononucleosis, glandular fever
anemia, anaemia, low blood count, low red cells
hyperkalemia, high potassium
hypokalemia, low potassium
hyponatremia, low sodium
hypocalcemia, low calcium
hypercalcemia, high calcium
osteopenia, low bone mass
myopia, short-sightedness, nearsightedness
infertility, trouble conceiving
phenylketonuria, pku
hunter syndrome, mps ii, mucopolysaccharidosis ii
gaucher disease, gaucher's disease
cystic fibrosis, mucoviscidosis
sickle cell disease, sickle cell anemia
hemophilia, haemophilia, bleeder's disease
amyotrophic lateral sclerosis, als, lou gehrig's disease
celiac disease, coeliac disease
hidradenitis suppurativa, acne inversa
"""
_NAMES: dict[str, tuple[str, ...]] = {
    name: tuple(other for other in group if other != name)
    for group in (tuple(part.strip() for part in line.split(",")) for line in _GROUPS.strip().splitlines())
    for name in group
}
#: The longest name that begins at a place is the one meant: "cold sore" before "cold".
_NAMED = re.compile(
    r"(?<!\w)(?:" + "|".join(re.escape(name) for name in sorted(_NAMES, key=len, reverse=True)) + r")(?!\w)"
)


def said_otherwise(text: str) -> Iterator[str]:
    """``text`` in lower case with an illness that it names under another of its names, once for each."""
    folded = text.casefold()
    for match in _NAMED.finditer(folded):
        for other in _NAMES[match[0]]:
            yield folded[: match.start()] + other + folded[match.end() :]


def other_names(text: str) -> Iterator[str]:
    """What labels call each illness that ``text`` names otherwise."""
    for match in _NAMED.finditer(text.casefold()):
        yield from _NAMES[match[0]][:1]
