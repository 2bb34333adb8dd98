"""Substances by the class that labels name them by: "Nitrates" is what a label calls nitroglycerin.

For searching by words alone: a substance counts as its class besides itself. Only classes that labels warn of by name,
and of each the substances that people ask about by name, as pharmacology textbooks and FDA's Established Pharmacologic
Classes list them. Nothing here is shown, and what is found says in its own words whom it means.
"""

from __future__ import annotations

_MEMBERS = {
    "nitrate": "nitroglycerin nitroglycerine isosorbide nitroprusside nitrostat poppers",
    "nsaid": "ibuprofen naproxen diclofenac ketorolac indomethacin meloxicam celecoxib piroxicam etodolac nabumetone "
    "ketoprofen advil motrin aleve nurofen",
    "maoi": "phenelzine tranylcypromine isocarboxazid selegiline rasagiline moclobemide linezolid",
    "ssri": "fluoxetine sertraline paroxetine citalopram escitalopram fluvoxamine prozac zoloft lexapro celexa",
    "snri": "venlafaxine desvenlafaxine duloxetine levomilnacipran",
    "benzodiazepine": "alprazolam diazepam lorazepam clonazepam temazepam midazolam triazolam xanax valium ativan",
    "opioid": "morphine oxycodone hydrocodone fentanyl codeine tramadol methadone hydromorphone tapentadol heroin",
    "statin": "atorvastatin simvastatin rosuvastatin pravastatin lovastatin fluvastatin pitavastatin",
    "fibrate": "gemfibrozil fenofibrate",
    "diuretic": "furosemide hydrochlorothiazide torsemide bumetanide chlorthalidone spironolactone",
    "antacid": "maalox mylanta gaviscon tums rolaids",
    "anticoagulant": "warfarin apixaban rivaroxaban dabigatran edoxaban heparin enoxaparin coumadin eliquis xarelto",
    "antiplatelet": "clopidogrel prasugrel ticagrelor plavix",
    "corticosteroid": "prednisone prednisolone methylprednisolone dexamethasone hydrocortisone",
    "triptan": "sumatriptan rizatriptan zolmitriptan eletriptan naratriptan",
    "barbiturate": "phenobarbital butalbital",
    "alcohol": "vodka whisky whiskey champagne cocktail cocktails",
}

#: Substance -> what its class is called, in lower case.
CLASS_OF: dict[str, str] = {name: kind for kind, names in _MEMBERS.items() for name in names.split()}
