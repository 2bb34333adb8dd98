"""What people call an illness or a complaint and what labels call it: hives, urticaria; pins and needles, paresthesia.

For comparing a question's illness with the label's words and for searching; nothing here is shown. Only names of one
and the same thing, as the FDA's own patient leaflets, MedlinePlus and MedDRA's lowest level terms put one for the
other; no wider or narrower word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: One illness a line, its names parted by commas; what labels write stands first.
_GROUPS = """
hypertension, high blood pressure, hi blood pressure, raised blood pressure, elevated blood pressure
hypotension, low blood pressure
myocardial infarction, heart attack
heart failure, weak heart
arrhythmia, irregular heartbeat, heart rhythm problem
av block, heart block, atrioventricular block
tachycardia, fast heartbeat, racing heart
stroke, cerebrovascular accident, brain attack
deep vein thrombosis, venous thromboembolism, venous thrombosis, vte, blood clot in the leg, leg clot, clot in my leg
pulmonary embolism, blood clot in the lung, lung clot, clot in my lung
thromboembolism, blood clots, blood clot
hypercholesterolemia, high cholesterol
hyperlipidemia, high blood fats
edema, water retention, fluid retention, oedema
peripheral edema, swollen ankles, swollen legs, swollen feet, ankle swelling, leg swelling
hypoglycemia, low blood sugar
hyperglycemia, high blood sugar
diabetes mellitus, sugar disease
obesity, being overweight, overweight
hypothyroidism, underactive thyroid
hyperthyroidism, overactive thyroid, thyrotoxicosis
gastroesophageal reflux, acid reflux
peptic ulcer, stomach ulcer
gastroenteritis, stomach flu, stomach bug
diarrhea, diarrhoea, loose stools, the runs
cirrhosis, scarred liver
cholelithiasis, gallstones
pancreatic insufficiency, pancreas failure, pancreatic failure, exocrine pancreas failure, \
exocrine pancreatic insufficiency
eating disorder, disordered eating
abdominoplasty, tummy tuck
bunionectomy, bunion surgery, bunion operation
arthrography, arthrogram
myelography, myelogram
angiography, angiogram
venography, venogram
urography, urogram, ivp
cystography, cystogram
hysterosalpingography, hysterosalpingogram, hsg
mammography, mammogram
nephrolithiasis, kidney stones
urinary tract infection, bladder infection, cystitis
overactive bladder, urge incontinence
benign prostatic hyperplasia, prostatic hyperplasia, prostatic hypertrophy, enlarged prostate, prostate enlargement
erectile dysfunction, impotence, can't get an erection
primary dysmenorrhea, period pain, menstrual cramps
vasomotor symptoms, hot flashes, hot flushes
vulvovaginal candidiasis, vaginal yeast infection, vaginal thrush
candidiasis, yeast infection, thrush
tinea pedis, athlete's foot
onychomycosis, nail fungus, fungal nails
tinea corporis, ringworm
chronic spontaneous urticaria, chronic idiopathic urticaria
urticaria, hives, nettle rash
atopic dermatitis, eczema
acne vulgaris, acne, pimples
alopecia, hair loss, baldness, losing hair, losing my hair, lose hair, lose my hair, hair fall out, hair falls out, \
hair falling out, hair thinning, thinning hair, hair to thin, hair going to thin, going bald, go bald
pruritus, itching, itchiness
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
acute bronchospasm, acute asthma attack, acute asthma attacks, acute asthma exacerbation, acute asthma
dyspnea, shortness of breath, short of breath, out of breath, trouble breathing, hard to breathe
tuberculosis, tb
epilepsy, seizures, fits
insomnia, sleeplessness, trouble sleeping, can't sleep, keep me awake, keeps me awake, lying awake
narcolepsy, sleep attacks
bipolar disorder, manic depression
attention deficit hyperactivity disorder, add
autistic disorder, autism
schizophrenia, schizophrenic, schizophrenics
mania, manic
restless legs syndrome, restless legs
parkinson's disease, parkinsonism, shaking palsy
alzheimer's disease, dementia of the alzheimer's type
opioid dependence, opioid addiction, opioid use disorder, heroin addiction
alcohol dependence, alcoholism, alcohol use disorder
smoking cessation, quit smoking, stop smoking, giving up smoking
osteoporosis, brittle bones, thin bones, low bone density
osteoarthritis, wear and tear arthritis, worn joints
juvenile idiopathic arthritis, juvenile rheumatoid arthritis
gout, gouty arthritis
muscle spasticity, spasticity, stiff muscles
low back pain, lumbago, backache
systemic lupus erythematosus, lupus, sle
neutropenia, low white cells, low white count
thrombocytopenia, low platelets
motion sickness, travel sickness, carsickness, carsick, car sick, seasickness, seasick
nausea, feeling sick, queasiness, queasy
vomiting, throwing up
vertigo, the room spins, room is spinning
constipation, constipated, can't poop
hemorrhoids, piles
lactose intolerance, milk sugar intolerance
sulfonamide, sulfa, sulpha
anaphylaxis, severe allergic reaction, hypersensitivity reaction, anaphylactic reaction, allergic attack, \
allergic shock, anaphylactic shock
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
anemia, anaemia, low blood count, low red cells, low hemoglobin, low haemoglobin
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
fatigue, tiredness, tired, exhaustion, exhausted, worn out, no energy
asthenia, weakness, feeling weak
weight increased, weight gain, gain weight, gaining weight, put on weight, putting on weight, put on pounds
weight decreased, weight loss, lose weight, losing weight, lose pounds, slim down
decreased appetite, loss of appetite, no appetite, not hungry, off my food
increased appetite, always hungry, hungrier
dizziness, dizzy, lightheaded, light-headed, lightheadedness, giddy
syncope, fainting, faint, fainted, pass out, passing out, passed out, black out, blackouts
paresthesia, pins and needles, tingling
tinnitus, ringing in the ears, ringing ears, ears ringing, ear ringing
epistaxis, nosebleed, nosebleeds, nose bleed, nose bleeds
contusion, bruising, bruise, bruises, bruise easily
vision blurred, blurred vision, blurry vision, blurry, blurred, see fuzzy, fuzzy sight
photosensitivity, sensitivity to sunlight, sun sensitivity, sensitive to the sun, sensitive to sunlight, sunburn
chromaturia, dark urine, red urine, orange urine, discolored urine, rusty urine, rusty pee, dark pee
ptosis, drooping eyelid, drooping eyelids, droopy eyelid, droopy eyelids, droopy lid, lids hang down
jaundice, yellow skin, yellowing of the skin, yellow eyes
dysgeusia, taste changes, metallic taste, funny taste, taste disturbance, altered taste
xerostomia, dry mouth
flatulence, gas
abdominal distension, bloating, bloated
dyspepsia, indigestion, upset stomach
abdominal pain, stomach pain, stomach ache, belly pain, tummy ache, tummy pain, stomach cramps
myalgia, muscle pain, sore muscles, muscle aches, aching muscles, muscle soreness
arthralgia, joint pain, painful joints, aching joints, sore joints, achy joints
palpitations, pounding heart, heart pounding, heart flutter, fluttering heart
hepatotoxicity, liver damage, liver injury, damage the liver, hurt my liver
nephrotoxicity, kidney damage, kidney injury, damage the kidneys, hurt my kidneys
stomatitis, mouth sores, mouth ulcers, sore mouth
dysphagia, difficulty swallowing, trouble swallowing
amnesia, memory loss, forgetfulness, forgetful, memory problems
hallucinations, seeing things, hearing voices
somnambulism, sleepwalking, sleep walking, sleep-walking
abnormal dreams, nightmares, vivid dreams, bad dreams
tremor, shaking hands, shaky hands, shakiness, trembling
suicide, suicidal, suicides, killed themselves, kill himself, kill herself, kill myself, killing themselves
libido decreased, low sex drive, loss of libido, sex drive, decreased libido
gynecomastia, breast growth in men, man boobs, male breast enlargement
amenorrhea, periods stop, missed periods, no periods
menorrhagia, heavy periods, heavy bleeding at my period
hearing loss, deafness, going deaf, go deaf
fracture, broken bone, broken bones, break a bone
extravasation, leaked into the arm, leaked into the forearm, leaked out of the vein, leak into the tissue, \
leaks out of the vein, tissued
chills, shivers, shivering
cough, coughing
sepsis, blood poisoning
pneumonia, lung infection
ascites, fluid in the belly, fluid in the abdomen, belly fluid
rhabdomyolysis, muscle breakdown
agranulocytosis, severe low white cells
tardive dyskinesia, lip smacking
leukemia, leukaemia, blood cancer
lymphoma, lymph node cancer, lymph gland cancer
melanoma, black skin cancer
cerebral hemorrhage, bleeding in the brain, brain bleed
gastrointestinal bleeding, stomach bleed, bleeding stomach
hematuria, haematuria, blood in urine, blood in the urine, blood in my pee
hemoptysis, coughing up blood, coughing blood
hematochezia, blood in the stool, blood in my stool
narrow-angle glaucoma, closed-angle glaucoma, angle-closure glaucoma, angle closure glaucoma, \
narrow angle glaucoma, closed angle glaucoma
glaucoma, high pressure in the eye
g6pd deficiency, glucose-6-phosphate dehydrogenase deficiency, favism
myasthenia gravis, myasthenia
pheochromocytoma, phaeochromocytoma
porphyria, acute porphyria
bone marrow suppression, myelosuppression, low blood counts
stevens-johnson syndrome, sjs
palmar-plantar erythrodysesthesia, hand-foot syndrome, hand-foot skin reaction, hand-foot, hand foot
immune thrombocytopenia, idiopathic thrombocytopenic purpura, immune thrombocytopenic purpura
crohn's disease, crohn's, regional enteritis, regional ileitis
axillary hyperhidrosis, underarm sweating, sweaty armpits, sweaty underarms, armpit sweating
vaginal atrophy, vaginal dryness
granulomatosis with polyangiitis, wegener's granulomatosis, wegener granulomatosis, wegener's
helminth infection, intestinal worms, parasitic worms, parasitic infection
"""
#: Illnesses of several kinds by whose names labels warn: what is said against a kind is said against the illness.
KINDS: dict[str, tuple[str, ...]] = {
    "eating disorder": ("bulimia", "anorexia nervosa"),
}
#: "Smoker's lung" is looked up as "smoker lung", which is what is left where somebody cut out the words.
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_NAMES: dict[str, tuple[str, ...]] = {
    name: tuple(other for other in group if other != name)
    for group in (
        tuple(part.strip() for part in _POSSESSIVE.sub("", line).split(",")) for line in _GROUPS.strip().splitlines()
    )
    for name in group
}
#: The longest name that begins at a place is the one meant: "cold sore" before "cold".
_NAMED = re.compile(
    r"(?<!\w)(?:" + "|".join(re.escape(name) for name in sorted(_NAMES, key=len, reverse=True)) + r")(?!\w)"
)


def _folded(text: str) -> str:
    return _POSSESSIVE.sub("", text.casefold())


def whole_name(text: str, start: int, end: int) -> tuple[int, int]:
    """The ends of the name of an illness in ``text`` that holds what stands from ``start`` to ``end``, else these."""
    names = (match.span() for match in _NAMED.finditer(text.lower()))
    return next((span for span in names if span[0] <= start and end <= span[1]), (start, end))


def said_otherwise(text: str) -> Iterator[str]:
    """``text`` in lower case with an illness that it names under another of its names, once for each."""
    folded = _folded(text)
    for match in _NAMED.finditer(folded):
        for other in _NAMES[match[0]]:
            yield folded[: match.start()] + other + folded[match.end() :]


def other_names(text: str) -> Iterator[tuple[str, str]]:
    """Each illness that ``text`` names otherwise than labels do: as it is said, and what labels call it."""
    for match in _NAMED.finditer(_folded(text)):
        for name in _NAMES[match[0]][:1]:
            yield match[0], name


def named(text: str) -> Iterator[tuple[str, ...]]:
    """All names of each illness that ``text`` names."""
    for match in _NAMED.finditer(_folded(text)):
        yield match[0], *_NAMES[match[0]]
