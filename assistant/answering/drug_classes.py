"""Substances by the names that labels use for them: nitroglycerin is one of the "nitrates", Questran is cholestyramine.

For searching by words alone: a substance counts as its generic name and its classes besides itself, where the label
speaks of these. Brands as DailyMed lists them, classes as FDA's Established Pharmacologic Classes and pharmacology
textbooks do, inhibitors and inducers as FDA's "Drug Development and Drug Interactions: Table of Substrates, Inhibitors
and Inducers" does; only what people ask about by name. Nothing here is shown, and what is found says in its own words
whom it means.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from assistant.content.lexicon import INTERNATIONAL_NAMES

#: Generic name -> brands, and short names, that people say instead.
_BRANDS = {
    "abatacept": "orencia",
    "acetaminophen": "tylenol panadol apap",
    "acyclovir": "zovirax",
    "adalimumab": "humira",
    "albuterol": "ventolin proventil proair",
    "alendronate": "fosamax",
    "alfuzosin": "uroxatral",
    "alirocumab": "praluent",
    "allopurinol": "zyloprim",
    "alogliptin": "nesina",
    "alprazolam": "xanax",
    "alteplase": "activase tpa",
    "amiodarone": "pacerone cordarone amio",
    "amitriptyline": "elavil",
    "amlodipine": "norvasc",
    "amoxicillin": "amoxil",
    "amphetamine": "evekeo",
    "anastrozole": "arimidex",
    "apixaban": "eliquis",
    "apremilast": "otezla",
    "argatroban": "acova",
    "aripiprazole": "abilify",
    "armodafinil": "nuvigil",
    "aspirin": "ecotrin bufferin",
    "atenolol": "tenormin",
    "atezolizumab": "tecentriq atezo",
    "atogepant": "qulipta",
    "atomoxetine": "strattera",
    "atorvastatin": "lipitor",
    "axitinib": "inlyta",
    "azacitidine": "vidaza",
    "azathioprine": "imuran",
    "azilsartan": "edarbi",
    "azithromycin": "zithromax zpack azithro",
    "baclofen": "lioresal",
    "baricitinib": "olumiant",
    "benazepril": "lotensin",
    "benralizumab": "fasenra",
    "benzonatate": "tessalon",
    "benztropine": "cogentin",
    "bevacizumab": "avastin",
    "bicalutamide": "casodex",
    "bisacodyl": "dulcolax",
    "bismuth": "pepto bismol kaopectate",
    "bisoprolol": "zebeta",
    "bivalirudin": "angiomax",
    "bortezomib": "velcade",
    "bosutinib": "bosulif",
    "botulinum": "botox dysport xeomin",
    "brexpiprazole": "rexulti",
    "brivaracetam": "briviact",
    "budesonide": "pulmicort entocort",
    "bumetanide": "bumex",
    "bupropion": "wellbutrin zyban",
    "buspirone": "buspar",
    "calcitriol": "rocaltrol",
    "calcium": "caltrate citracal",
    "canagliflozin": "invokana",
    "candesartan": "atacand",
    "capecitabine": "xeloda",
    "captopril": "capoten",
    "carbamazepine": "tegretol",
    "carbidopa": "sinemet",
    "carboplatin": "paraplatin",
    "carfilzomib": "kyprolis",
    "cariprazine": "vraylar",
    "carisoprodol": "soma",
    "carvedilol": "coreg",
    "cefalexin": "keflex",
    "cefazolin": "ancef",
    "cefdinir": "omnicef",
    "cefepime": "maxipime",
    "ceftriaxone": "rocephin",
    "cefuroxime": "ceftin",
    "celecoxib": "celebrex",
    "cenobamate": "xcopri",
    "cephalexin": "keflex",
    "certolizumab": "cimzia",
    "cetirizine": "zyrtec",
    "cetuximab": "erbitux",
    "cholestyramine": "questran colestyramine",
    "cimetidine": "tagamet",
    "cinacalcet": "sensipar",
    "ciprofloxacin": "cipro",
    "cisatracurium": "nimbex",
    "citalopram": "celexa",
    "clarithromycin": "biaxin",
    "clindamycin": "cleocin clinda",
    "clobazam": "onfi",
    "clomiphene": "clomid",
    "clonazepam": "klonopin",
    "clonidine": "catapres",
    "clopidogrel": "plavix",
    "clozapine": "clozaril",
    "colchicine": "colcrys",
    "colesevelam": "welchol",
    "colestipol": "colestid",
    "cyclobenzaprine": "flexeril",
    "cyclophosphamide": "cytoxan",
    "cyclosporine": "neoral sandimmune gengraf",
    "cyproheptadine": "periactin",
    "dabigatran": "pradaxa",
    "dalteparin": "fragmin",
    "dapagliflozin": "farxiga forxiga",
    "daptomycin": "cubicin dapto",
    "daratumumab": "darzalex",
    "darbepoetin": "aranesp",
    "degarelix": "firmagon",
    "denosumab": "prolia",
    "desloratadine": "clarinex",
    "desmopressin": "ddavp",
    "desvenlafaxine": "pristiq",
    "dexamethasone": "decadron",
    "dexlansoprazole": "dexilant",
    "dexmedetomidine": "precedex",
    "dextroamphetamine": "dexedrine",
    "dextromethorphan": "robitussin delsym",
    "diazepam": "valium",
    "diclofenac": "voltaren cataflam",
    "dicyclomine": "bentyl",
    "digoxin": "lanoxin",
    "diltiazem": "cardizem tiazac",
    "dimenhydrinate": "dramamine",
    "diphenhydramine": "benadryl sominex zzzquil",
    "disulfiram": "antabuse",
    "docetaxel": "taxotere",
    "docusate": "colace",
    "dofetilide": "tikosyn",
    "dolutegravir": "tivicay",
    "donepezil": "aricept",
    "doxazosin": "cardura",
    "doxorubicin": "adriamycin",
    "doxycycline": "vibramycin doxy",
    "doxylamine": "unisom",
    "dronedarone": "multaq",
    "dulaglutide": "trulicity",
    "duloxetine": "cymbalta",
    "dupilumab": "dupixent",
    "durvalumab": "imfinzi",
    "dutasteride": "avodart",
    "edoxaban": "savaysa",
    "efavirenz": "sustiva efv",
    "empagliflozin": "jardiance",
    "emtricitabine": "emtriva ftc",
    "enalapril": "vasotec",
    "enoxaparin": "lovenox clexane",
    "entecavir": "baraclude",
    "enzalutamide": "xtandi",
    "epinephrine": "epipen",
    "eplerenone": "inspra",
    "epoetin": "epogen procrit",
    "eptifibatide": "integrilin",
    "eptinezumab": "vyepti",
    "erenumab": "aimovig",
    "eribulin": "halaven",
    "erlotinib": "tarceva",
    "ertapenem": "invanz",
    "ertugliflozin": "steglatro",
    "erythromycin": "erythrocin",
    "escitalopram": "lexapro",
    "esomeprazole": "nexium",
    "estradiol": "estrace",
    "eszopiclone": "lunesta",
    "etanercept": "enbrel",
    "etonogestrel": "nexplanon",
    "etravirine": "intelence",
    "evolocumab": "repatha",
    "exemestane": "aromasin",
    "exenatide": "byetta bydureon",
    "ezetimibe": "zetia",
    "famciclovir": "famvir",
    "famotidine": "pepcid",
    "febuxostat": "uloric",
    "felbamate": "felbatol",
    "fenofibrate": "tricor",
    "fentanyl": "duragesic",
    "fexofenadine": "allegra",
    "filgrastim": "neupogen",
    "finasteride": "proscar propecia",
    "finerenone": "kerendia",
    "flecainide": "tambocor",
    "fluconazole": "diflucan",
    "fluoxetine": "prozac",
    "fluticasone": "flonase flovent",
    "fluvastatin": "lescol",
    "fluvoxamine": "luvox",
    "fondaparinux": "arixtra",
    "fosfomycin": "monurol",
    "fosphenytoin": "cerebyx",
    "fremanezumab": "ajovy",
    "fulvestrant": "faslodex",
    "furosemide": "lasix",
    "gabapentin": "neurontin",
    "galantamine": "razadyne",
    "galcanezumab": "emgality",
    "gefitinib": "iressa",
    "gemcitabine": "gemzar",
    "gemfibrozil": "lopid",
    "glatiramer": "copaxone",
    "glimepiride": "amaryl",
    "glipizide": "glucotrol",
    "glyburide": "diabeta micronase",
    "golimumab": "simponi",
    "goserelin": "zoladex",
    "guaifenesin": "mucinex",
    "guselkumab": "tremfya",
    "haloperidol": "haldol",
    "hydralazine": "apresoline",
    "hydrochlorothiazide": "hctz microzide",
    "hydrocodone": "vicodin norco",
    "hydrocortisone": "cortef",
    "hydromorphone": "dilaudid",
    "hydroxychloroquine": "plaquenil",
    "hydroxyzine": "atarax vistaril",
    "ibandronate": "boniva",
    "ibrutinib": "imbruvica",
    "ibuprofen": "advil motrin nurofen",
    "imatinib": "gleevec glivec",
    "indomethacin": "indocin",
    "infliximab": "remicade",
    "insulin": "lantus humalog novolog levemir",
    "ipilimumab": "yervoy ipi",
    "irbesartan": "avapro",
    "iron": "feosol",
    "isosorbide": "imdur isordil",
    "isotretinoin": "accutane",
    "itraconazole": "sporanox",
    "ivabradine": "corlanor",
    "ivermectin": "stromectol",
    "ixekizumab": "taltz",
    "ketamine": "ketalar",
    "ketoconazole": "nizoral",
    "ketorolac": "toradol",
    "labetalol": "trandate",
    "lacosamide": "vimpat",
    "lamivudine": "epivir",
    "lamotrigine": "lamictal",
    "lansoprazole": "prevacid",
    "lapatinib": "tykerb",
    "leflunomide": "arava",
    "lenalidomide": "revlimid",
    "lenvatinib": "lenvima",
    "letrozole": "femara",
    "leuprolide": "lupron eligard",
    "leuprorelin": "lupron",
    "levetiracetam": "keppra",
    "levocetirizine": "xyzal",
    "levofloxacin": "levaquin",
    "levonorgestrel": "mirena",
    "levothyroxine": "synthroid euthyrox eltroxin",
    "lidocaine": "xylocaine",
    "linaclotide": "linzess",
    "linagliptin": "tradjenta",
    "linezolid": "zyvox",
    "liothyronine": "cytomel",
    "liraglutide": "victoza saxenda",
    "lisdexamfetamine": "vyvanse",
    "lisinopril": "zestril prinivil",
    "lithium": "eskalith",
    "loperamide": "imodium",
    "loratadine": "claritin",
    "lorazepam": "ativan",
    "losartan": "cozaar",
    "lovastatin": "mevacor",
    "lubiprostone": "amitiza",
    "lurasidone": "latuda",
    "magnesium": "magnesia epsom magox",
    "maraviroc": "selzentry",
    "meclizine": "antivert bonine",
    "meloxicam": "mobic",
    "memantine": "namenda",
    "meperidine": "demerol",
    "mepolizumab": "nucala",
    "meropenem": "merrem",
    "metaxalone": "skelaxin",
    "metformin": "glucophage",
    "methadone": "dolophine",
    "methimazole": "tapazole",
    "methocarbamol": "robaxin",
    "methotrexate": "trexall",
    "methylphenidate": "ritalin concerta",
    "methylprednisolone": "medrol",
    "metoclopramide": "reglan",
    "metolazone": "zaroxolyn",
    "metoprolol": "lopressor toprol",
    "metronidazole": "flagyl",
    "miconazole": "monistat",
    "midazolam": "versed",
    "minocycline": "minocin",
    "mirabegron": "myrbetriq",
    "mirtazapine": "remeron",
    "misoprostol": "cytotec",
    "modafinil": "provigil",
    "montelukast": "singulair",
    "moxifloxacin": "avelox",
    "mycophenolate": "cellcept myfortic",
    "nabumetone": "relafen",
    "nadolol": "corgard",
    "naloxone": "narcan",
    "naltrexone": "vivitrol revia",
    "naproxen": "aleve naprosyn",
    "natalizumab": "tysabri",
    "nateglinide": "starlix",
    "nebivolol": "bystolic",
    "nevirapine": "viramune",
    "niacin": "niaspan",
    "nifedipine": "adalat procardia",
    "nitrofurantoin": "macrobid macrodantin",
    "nitroglycerin": "nitro ntg nitrolingual",
    "nivolumab": "opdivo nivo",
    "norepinephrine": "levophed norepi",
    "nortriptyline": "pamelor",
    "ocrelizumab": "ocrevus",
    "olanzapine": "zyprexa",
    "olaparib": "lynparza",
    "olmesartan": "benicar",
    "omalizumab": "xolair",
    "omeprazole": "prilosec losec",
    "ondansetron": "zofran",
    "orlistat": "xenical alli",
    "oseltamivir": "tamiflu",
    "osimertinib": "tagrisso",
    "oxcarbazepine": "trileptal",
    "oxybutynin": "ditropan",
    "oxycodone": "oxycontin percocet",
    "oxymetazoline": "afrin",
    "paclitaxel": "taxol",
    "palbociclib": "ibrance",
    "paliperidone": "invega",
    "panitumumab": "vectibix",
    "pantoprazole": "protonix",
    "paroxetine": "paxil",
    "pazopanib": "votrient",
    "pegfilgrastim": "neulasta",
    "pembrolizumab": "keytruda pembro",
    "pemetrexed": "alimta",
    "penicillin": "pcn",
    "phenazopyridine": "pyridium",
    "phenelzine": "nardil",
    "phenobarbital": "luminal",
    "phentermine": "adipex",
    "phenytoin": "dilantin",
    "pioglitazone": "actos",
    "piperacillin": "zosyn",
    "pitavastatin": "livalo",
    "pomalidomide": "pomalyst",
    "ponatinib": "iclusig",
    "posaconazole": "noxafil",
    "potassium": "kcl klor",
    "pramipexole": "mirapex",
    "prasugrel": "effient",
    "pravastatin": "pravachol",
    "prazosin": "minipress",
    "prednisone": "deltasone",
    "pregabalin": "lyrica",
    "primidone": "mysoline",
    "probenecid": "benemid",
    "promethazine": "phenergan",
    "propafenone": "rythmol",
    "propofol": "diprivan",
    "propranolol": "inderal",
    "propylthiouracil": "ptu",
    "pseudoephedrine": "sudafed",
    "psyllium": "metamucil konsyl",
    "pyridostigmine": "mestinon",
    "quetiapine": "seroquel",
    "quinapril": "accupril",
    "rabeprazole": "aciphex",
    "raloxifene": "evista",
    "raltegravir": "isentress",
    "ramipril": "altace",
    "ramucirumab": "cyramza",
    "ranitidine": "zantac",
    "ranolazine": "ranexa",
    "rasagiline": "azilect",
    "regorafenib": "stivarga",
    "relugolix": "orgovyx",
    "remifentanil": "ultiva",
    "repaglinide": "prandin",
    "rifabutin": "mycobutin",
    "rifampin": "rifadin rimactane",
    "rifaximin": "xifaxan",
    "rimegepant": "nurtec",
    "risankizumab": "skyrizi",
    "risedronate": "actonel",
    "risperidone": "risperdal",
    "ritonavir": "norvir paxlovid kaletra",
    "rituximab": "rituxan mabthera",
    "rivaroxaban": "xarelto",
    "rivastigmine": "exelon",
    "rizatriptan": "maxalt",
    "rocuronium": "zemuron",
    "romosozumab": "evenity",
    "ropinirole": "requip",
    "rosuvastatin": "crestor",
    "rufinamide": "banzel",
    "saxagliptin": "onglyza",
    "secukinumab": "cosentyx",
    "semaglutide": "ozempic wegovy rybelsus",
    "senna": "senokot",
    "sertraline": "zoloft",
    "sevelamer": "renvela renagel",
    "sildenafil": "viagra revatio",
    "silodosin": "rapaflo",
    "simvastatin": "zocor",
    "sirolimus": "rapamune",
    "sitagliptin": "januvia",
    "sofosbuvir": "sovaldi",
    "solifenacin": "vesicare",
    "sorafenib": "nexavar",
    "sotalol": "betapace",
    "spironolactone": "aldactone",
    "succinylcholine": "anectine sux",
    "sucralfate": "carafate",
    "sugammadex": "bridion",
    "sulfamethoxazole": "bactrim septra cotrimoxazole",
    "sulfasalazine": "azulfidine",
    "sumatriptan": "imitrex imigran",
    "sunitinib": "sutent",
    "suvorexant": "belsomra",
    "tacrolimus": "prograf",
    "tadalafil": "cialis",
    "tamoxifen": "nolvadex",
    "tamsulosin": "flomax",
    "tapentadol": "nucynta",
    "telmisartan": "micardis",
    "temazepam": "restoril",
    "tenecteplase": "tnkase",
    "tenofovir": "viread",
    "terazosin": "hytrin",
    "terbinafine": "lamisil",
    "teriflunomide": "aubagio",
    "teriparatide": "forteo",
    "tezepelumab": "tezspire",
    "theophylline": "theodur uniphyl",
    "ticagrelor": "brilinta",
    "tinidazole": "tindamax",
    "tirzepatide": "mounjaro zepbound",
    "tizanidine": "zanaflex",
    "tobramycin": "tobra",
    "tocilizumab": "actemra",
    "tofacitinib": "xeljanz",
    "tolterodine": "detrol",
    "topiramate": "topamax",
    "torsemide": "demadex",
    "tramadol": "ultram",
    "tranexamic": "lysteda",
    "tranylcypromine": "parnate",
    "trastuzumab": "herceptin",
    "trazodone": "desyrel",
    "triamterene": "dyrenium",
    "triazolam": "halcion",
    "trospium": "sanctura",
    "ubrogepant": "ubrelvy",
    "upadacitinib": "rinvoq",
    "ursodiol": "actigall",
    "ustekinumab": "stelara",
    "valacyclovir": "valtrex",
    "valproate": "depakote epilim depakene",
    "valsartan": "diovan",
    "vancomycin": "vanc vanco",
    "vardenafil": "levitra",
    "varenicline": "chantix",
    "vedolizumab": "entyvio",
    "venlafaxine": "effexor",
    "verapamil": "calan isoptin",
    "vigabatrin": "sabril",
    "voriconazole": "vfend",
    "vortioxetine": "trintellix",
    "warfarin": "coumadin jantoven",
    "zafirlukast": "accolate",
    "zaleplon": "sonata",
    "zidovudine": "azt retrovir",
    "ziprasidone": "geodon",
    "zoledronic": "zometa reclast",
    "zolpidem": "ambien",
    "zonisamide": "zonegran",
}

#: What labels call a class, names of one class parted by "/" -> the substances that belong to it.
_MEMBERS = {
    "nitrate": "nitroglycerin nitroglycerine isosorbide nitroprusside nitrostat poppers",
    "nsaid/nonsteroidal anti inflammatory": "ibuprofen naproxen diclofenac ketorolac indomethacin meloxicam celecoxib "
    "piroxicam etodolac nabumetone ketoprofen aspirin sulindac oxaprozin flurbiprofen diflunisal mefenamic",
    "salicylate": "aspirin bismuth salsalate",
    "maoi/monoamine oxidase inhibitor": "phenelzine tranylcypromine isocarboxazid selegiline rasagiline moclobemide "
    "linezolid",
    "serotonin reuptake inhibitor": "fluoxetine sertraline paroxetine citalopram escitalopram fluvoxamine venlafaxine "
    "desvenlafaxine duloxetine",
    "ssri": "fluoxetine sertraline paroxetine citalopram escitalopram fluvoxamine",
    "snri": "venlafaxine desvenlafaxine duloxetine levomilnacipran",
    "tricyclic antidepressant": "amitriptyline nortriptyline imipramine desipramine clomipramine doxepin",
    "serotonergic": "fluoxetine sertraline paroxetine citalopram escitalopram fluvoxamine venlafaxine duloxetine "
    "tramadol buspirone trazodone lithium",
    "benzodiazepine/sedative/tranquilizer/tranquilliser": "alprazolam diazepam lorazepam clonazepam temazepam "
    "midazolam triazolam",
    "cns depressant": "alprazolam diazepam lorazepam clonazepam zolpidem morphine oxycodone gabapentin pregabalin",
    "opioid": "morphine oxycodone hydrocodone fentanyl codeine tramadol methadone hydromorphone tapentadol heroin "
    "buprenorphine oxymorphone meperidine butorphanol sufentanil remifentanil",
    "statin/hmg coa reductase inhibitor": "atorvastatin simvastatin rosuvastatin pravastatin lovastatin fluvastatin "
    "pitavastatin",
    "fibrate": "gemfibrozil fenofibrate",
    "diuretic": "furosemide hydrochlorothiazide torsemide bumetanide chlorthalidone spironolactone thiazide thiazides "
    "indapamide metolazone triamterene amiloride eplerenone",
    "potassium sparing diuretic": "spironolactone eplerenone amiloride triamterene",
    "thiazide": "hydrochlorothiazide chlorthalidone indapamide metolazone",
    "ace inhibitor/angiotensin converting enzyme": "lisinopril enalapril ramipril captopril benazepril "
    "perindopril quinapril fosinopril",
    "angiotensin receptor blocker": "losartan valsartan candesartan irbesartan olmesartan telmisartan",
    "beta blocker": "metoprolol atenolol propranolol bisoprolol carvedilol nadolol labetalol timolol nebivolol",
    "calcium channel blocker": "amlodipine nifedipine diltiazem verapamil felodipine",
    "alpha blocker": "tamsulosin doxazosin terazosin prazosin alfuzosin silodosin",
    "alpha 2 adrenergic agonist/α 2 adrenergic agonist": "clonidine guanfacine methyldopa dexmedetomidine tizanidine "
    "lofexidine",
    "antihypertensive": "lisinopril enalapril losartan valsartan amlodipine metoprolol atenolol hydrochlorothiazide",
    "antiarrhythmic": "amiodarone sotalol dofetilide quinidine procainamide flecainide dronedarone disopyramide "
    "propafenone mexiletine",
    "qt interval": "amiodarone sotalol quinidine dofetilide methadone citalopram haloperidol ondansetron moxifloxacin",
    "antacid": "maalox mylanta gaviscon tums rolaids magnesia seltzer bicarbonate",
    "aluminum": "maalox mylanta gaviscon amphojel",
    "magnesium": "maalox mylanta",
    "calcium": "tums rolaids oscal",
    "acid reducing/gastric acid": "omeprazole esomeprazole lansoprazole pantoprazole rabeprazole dexlansoprazole "
    "famotidine ranitidine cimetidine nizatidine ppi ppis",
    "proton pump inhibitor": "omeprazole esomeprazole lansoprazole pantoprazole rabeprazole dexlansoprazole",
    "h2 receptor antagonist": "famotidine ranitidine cimetidine nizatidine",
    "bile acid": "cholestyramine colesevelam colestipol questran",
    "anticoagulant/blood thinning/blood thinner": "warfarin apixaban rivaroxaban dabigatran edoxaban heparin "
    "enoxaparin dalteparin fondaparinux acenocoumarol phenprocoumon doac doacs noac noacs lmwh",
    "antiplatelet": "clopidogrel prasugrel ticagrelor aspirin dipyridamole cilostazol",
    "corticosteroid/steroid drug": "prednisone prednisolone methylprednisolone dexamethasone hydrocortisone",
    "triptan": "sumatriptan rizatriptan zolmitriptan eletriptan naratriptan almotriptan frovatriptan",
    "barbiturate": "phenobarbital butalbital primidone",
    "antiepileptic": "phenytoin carbamazepine valproate lamotrigine levetiracetam topiramate phenobarbital "
    "oxcarbazepine primidone zonisamide lacosamide felbamate",
    "antipsychotic": "haloperidol risperidone olanzapine quetiapine aripiprazole ziprasidone clozapine chlorpromazine "
    "lurasidone",
    "antihistamine": "diphenhydramine cetirizine loratadine fexofenadine hydroxyzine chlorpheniramine doxylamine "
    "meclizine promethazine cyproheptadine levocetirizine desloratadine",
    "anticholinergic": "oxybutynin tolterodine atropine scopolamine benztropine ipratropium tiotropium diphenhydramine "
    "trospium solifenacin darifenacin fesoterodine hyoscyamine dicyclomine glycopyrrolate meclizine",
    "beta agonist": "albuterol salmeterol formoterol terbutaline",
    "laba/long acting beta/long acting β": "salmeterol formoterol arformoterol vilanterol indacaterol olodaterol breo "
    "advair symbicort dulera wixela airduo breyna trelegy breztri anoro stiolto bevespi serevent brovana striverdi",
    "long acting muscarinic": "tiotropium umeclidinium aclidinium glycopyrrolate glycopyrronium revefenacin spiriva "
    "incruse trelegy breztri anoro stiolto bevespi",
    "sympathomimetic": "pseudoephedrine phenylephrine ephedrine",
    "stimulant": "methylphenidate amphetamine lisdexamfetamine adderall dextroamphetamine",
    "muscle relaxant": "cyclobenzaprine baclofen tizanidine carisoprodol methocarbamol",
    "aminoglycoside": "gentamicin tobramycin amikacin streptomycin neomycin",
    "macrolide": "clarithromycin erythromycin azithromycin",
    "fluoroquinolone": "ciprofloxacin levofloxacin moxifloxacin ofloxacin",
    "tetracycline": "doxycycline minocycline",
    "penicillin": "amoxicillin ampicillin piperacillin",
    "cephalosporin": "cephalexin cefuroxime ceftriaxone cefazolin cefdinir cefepime ceftazidime cefixime",
    "sulfonamide": "sulfamethoxazole sulfasalazine",
    "nitroimidazole": "metronidazole tinidazole",
    "azole": "ketoconazole itraconazole voriconazole posaconazole fluconazole",
    "antifungal": "ketoconazole itraconazole voriconazole posaconazole fluconazole terbinafine",
    "protease inhibitor": "ritonavir atazanavir darunavir lopinavir saquinavir indinavir nelfinavir",
    "antiretroviral": "efavirenz nevirapine ritonavir atazanavir dolutegravir tenofovir emtricitabine",
    "rifamycin": "rifampin rifabutin rifapentine",
    "sulfonylurea": "glipizide glimepiride glyburide",
    "thiazolidinedione": "pioglitazone rosiglitazone",
    "glp 1 receptor agonist": "semaglutide liraglutide dulaglutide exenatide lixisenatide tirzepatide",
    "sglt2 inhibitor/sodium glucose co transporter": "empagliflozin dapagliflozin canagliflozin ertugliflozin "
    "bexagliflozin",
    "dpp 4 inhibitor/dipeptidyl peptidase": "sitagliptin saxagliptin linagliptin alogliptin",
    "antidiabetic": "metformin glipizide glimepiride glyburide sitagliptin pioglitazone insulin empagliflozin "
    "dapagliflozin canagliflozin",
    "thyroid hormone/thyroid replacement/thyroid preparation/thyroid medication": "levothyroxine liothyronine",
    "radioactive iodine": "radioiodine",
    "tnf blocker": "adalimumab etanercept infliximab certolizumab golimumab",
    "immunosuppressant": "cyclosporine tacrolimus sirolimus azathioprine mycophenolate methotrexate",
    "biologic": "adalimumab etanercept infliximab rituximab tocilizumab abatacept ustekinumab",
    "erythropoiesis stimulating agent": "epoetin darbepoetin",
    "aromatase inhibitor": "letrozole anastrozole exemestane",
    "gnrh agonist": "leuprolide goserelin triptorelin",
    "bisphosphonate": "alendronate risedronate zoledronic ibandronate",
    "pde5 inhibitor": "sildenafil tadalafil vardenafil avanafil",
    "dopamine agonist": "pramipexole ropinirole bromocriptine cabergoline",
    "xanthine": "theophylline caffeine coffee",
    "caffeine": "coffee espresso cola",
    "platinum": "cisplatin carboplatin oxaliplatin",
    "chemotherapy": "cisplatin carboplatin oxaliplatin paclitaxel docetaxel doxorubicin cyclophosphamide etoposide",
    "anthracycline": "doxorubicin daunorubicin epirubicin idarubicin",
    "alcohol": "vodka whisky whiskey champagne cocktail cocktails prosecco sherry gin rum booze pint",
    "smoking": "cigarette cigarettes tobacco nicotine vaping vape smokes smoker",
    "cannabis": "marijuana weed cbd thc cannabidiol",
    "folate": "folic",
    "vitamin b6": "pyridoxine",
    "vitamin b12": "cobalamin cyanocobalamin",
    "vitamin c": "ascorbic",
    "vitamin e": "tocopherol",
    "protein": "meat beans steak cheese",
    "estrogen": "estradiol premarin ethinylestradiol hrt",
    "digitalis/cardiac glycoside": "digoxin",
    "valproic": "valproate divalproex",
    "lithium": "lithobid",
    "iron": "ferrous",
    "laxative": "senna sennosides senokot bisacodyl docusate lactulose miralax glycolax psyllium metamucil citrucel "
    "magnesia polycarbophil",
    "stool softener": "docusate",
    "coumarin/vitamin k antagonist": "warfarin acenocoumarol phenprocoumon vka",
    "factor xa inhibitor": "apixaban rivaroxaban edoxaban fondaparinux",
    "low molecular weight heparin": "enoxaparin dalteparin tinzaparin lmwh",
    "thrombolytic/fibrinolytic": "alteplase tenecteplase reteplase",
    "cholinesterase inhibitor/acetylcholinesterase inhibitor/anticholinesterase/cholinergic": "donepezil rivastigmine "
    "galantamine pyridostigmine neostigmine physostigmine",
    "antimuscarinic": "oxybutynin tolterodine atropine scopolamine trospium solifenacin darifenacin fesoterodine "
    "hyoscyamine dicyclomine glycopyrrolate benztropine",
    "antidepressant": "fluoxetine sertraline paroxetine citalopram escitalopram venlafaxine duloxetine bupropion "
    "mirtazapine trazodone amitriptyline nortriptyline",
    "hypnotic/sleep medicine/sleeping": "zolpidem eszopiclone zaleplon temazepam triazolam suvorexant",
    "amphetamine": "adderall dextroamphetamine lisdexamfetamine",
    "decongestant": "pseudoephedrine phenylephrine oxymetazoline",
    "antidiarrheal": "loperamide diphenoxylate lomotil",
    "acetaminophen": "excedrin theraflu nyquil dayquil percocet vicodin norco fioricet",
    "bicarbonate": "seltzer",
    "levodopa": "sinemet",
    "dopamine antagonist": "metoclopramide prochlorperazine haloperidol",
    "phenothiazine": "promethazine prochlorperazine chlorpromazine",
    "ergot": "ergotamine dihydroergotamine methylergonovine",
    "renin angiotensin": "lisinopril enalapril ramipril benazepril losartan valsartan candesartan irbesartan "
    "olmesartan telmisartan aliskiren sacubitril",
    "loop diuretic": "furosemide bumetanide torsemide",
    "vasodilator": "nitroglycerin hydralazine minoxidil",
    "vasopressor": "norepinephrine phenylephrine vasopressin epinephrine dopamine",
    "neuromuscular block/skeletal muscle relaxant": "rocuronium vecuronium cisatracurium succinylcholine pancuronium",
    "anesthetic": "propofol ketamine etomidate sevoflurane isoflurane desflurane",
    "local anesthetic": "lidocaine bupivacaine ropivacaine mepivacaine",
    "antimalarial": "hydroxychloroquine chloroquine mefloquine primaquine quinine",
    "antithyroid": "methimazole propylthiouracil",
    "xanthine oxidase inhibitor": "allopurinol febuxostat",
    "phosphate binder": "sevelamer lanthanum fosrenol velphoro auryxia",
    "cation": "tums maalox mylanta magnesia calcium magnesium aluminum iron zinc",
    "jak inhibitor/janus kinase": "tofacitinib baricitinib upadacitinib ruxolitinib",
    "progestin": "medroxyprogesterone norethindrone levonorgestrel drospirenone etonogestrel",
    "oral contraceptive/hormonal contraceptive": "yaz yasmin sprintec loestrin nuvaring",
    "opioid antagonist": "naloxone naltrexone nalmefene methylnaltrexone",
    "taxane": "paclitaxel docetaxel cabazitaxel",
    "5 ht3": "ondansetron granisetron palonosetron",
    "leukotriene": "montelukast zafirlukast",
    "botulinum toxin": "botox dysport xeomin",
    "soft food": "applesauce yoghurt yogurt pudding jam",
}

#: Endings that only substances of a class have (WHO, "The use of stems in the selection of INN") -> what labels call
#: the class: of those that no list here names.
_BY_ENDING = {
    "mab": "monoclonal antibody",
    "olol": "beta blocker",
    "pril": "ace inhibitor/angiotensin converting enzyme",
    "sartan": "angiotensin receptor blocker",
    "dipine": "calcium channel blocker",
    "vastatin": "statin/hmg coa reductase inhibitor",
    "zosin": "alpha blocker",
    "xaban": "anticoagulant/factor xa inhibitor",
    "parin": "anticoagulant/heparin",
    "floxacin": "fluoroquinolone/quinolone",
    "cillin": "penicillin",
    "cycline": "tetracycline",
    "conazole": "azole/antifungal",
    "nidazole": "nitroimidazole",
    "prazole": "proton pump inhibitor/acid reducing",
    "setron": "5 ht3",
    "triptan": "triptan",
    "gepant": "cgrp",
    "azepam": "benzodiazepine/cns depressant",
    "azolam": "benzodiazepine/cns depressant",
    "barbital": "barbiturate/cns depressant",
    "triptyline": "tricyclic antidepressant",
    "fenac": "nsaid/nonsteroidal anti inflammatory",
    "oxicam": "nsaid/nonsteroidal anti inflammatory",
    "profen": "nsaid/nonsteroidal anti inflammatory",
    "coxib": "nsaid/nonsteroidal anti inflammatory",
    "gliptin": "dpp 4 inhibitor/dipeptidyl peptidase/antidiabetic",
    "gliflozin": "sglt2 inhibitor/sodium glucose co transporter/antidiabetic",
    "glitazone": "thiazolidinedione/antidiabetic",
    "glutide": "glp 1 receptor agonist/antidiabetic",
    "dronate": "bisphosphonate",
    "thiazide": "thiazide/diuretic",
    "dronic": "bisphosphonate",
    "curium": "neuromuscular block/skeletal muscle relaxant",
    "curonium": "neuromuscular block/skeletal muscle relaxant",
    "platin": "platinum",
    "rubicin": "anthracycline",
    "taxel": "taxane",
    "tegravir": "integrase",
    "citinib": "jak inhibitor/janus kinase",
    "stigmine": "cholinesterase inhibitor/anticholinesterase/cholinergic",
    "tropium": "anticholinergic",
    "caine": "local anesthetic",
    "afil": "pde5 inhibitor",
}
#: End as a class does that they are not of: an antipsychotic, GLP-2, a steroid, what bones are imaged with, TYK2.
_OTHER_ENDINGS = ("piprazole", "teduglutide", "stanozolol", "medronate", "cocaine", "deucravacitinib")

#: Inhibitors and inducers of enzymes by how strong they are, as FDA's table grades them (at least 5-fold, 2-fold and
#: 1.25-fold the exposure; a loss of at least 80 %, 50 % and 20 %): a label may cut the dose for one strength alone.
#: Under "" stand those whose strength varies by brand or dose, or that the table's editions grade differently.
_GRADED = {
    "cyp3a inhibitor": {
        "strong": "ketoconazole itraconazole voriconazole posaconazole clarithromycin ritonavir nelfinavir cobicistat "
        "nefazodone indinavir saquinavir lopinavir telithromycin",
        "moderate": "erythromycin diltiazem verapamil fluconazole ciprofloxacin aprepitant dronedarone crizotinib "
        "imatinib fluvoxamine cyclosporine",
        "weak": "cimetidine",
        "": "grapefruit",
    },
    "cyp3a inducer": {
        "strong": "rifampin phenytoin carbamazepine enzalutamide mitotane apalutamide",
        "moderate": "efavirenz bosentan phenobarbital primidone",
        "": "rifabutin modafinil wort",
    },
    "cyp2d6 inhibitor": {
        "strong": "fluoxetine paroxetine bupropion quinidine terbinafine",
        "moderate": "duloxetine mirabegron cinacalcet",
    },
    "cyp2c19 inhibitor": {
        "strong": "fluconazole fluoxetine fluvoxamine",
        "": "omeprazole esomeprazole",
    },
    "cyp2c9 inhibitor": {"moderate": "fluconazole amiodarone"},
    "cyp2c8 inhibitor": {"strong": "gemfibrozil", "": "clopidogrel"},
    "cyp1a2 inhibitor": {"strong": "fluvoxamine", "": "ciprofloxacin"},
}
#: What labels call those that change the blood levels of others -> the substances that do.
_ROLES = {
    "p gp inhibitor": "amiodarone cyclosporine clarithromycin erythromycin itraconazole ketoconazole quinidine "
    "ritonavir verapamil ranolazine dronedarone carvedilol azithromycin",
    "p gp inducer": "rifampin carbamazepine phenytoin wort",
    "oatp inhibitor": "cyclosporine rifampin gemfibrozil",
    "cyp3a substrate": "cyclosporine tacrolimus sirolimus everolimus midazolam triazolam alprazolam "
    "simvastatin lovastatin atorvastatin fentanyl quinidine ergotamine pimozide felodipine nifedipine",
    "cyp2d6 substrate": "desipramine nortriptyline metoprolol codeine tamoxifen dextromethorphan "
    "risperidone propafenone flecainide",
    "cyp2c9 substrate": "warfarin phenytoin tolbutamide",
    "cyp2c19 substrate": "clopidogrel omeprazole citalopram",
    "cyp1a2 substrate": "theophylline caffeine tizanidine clozapine",
    "cyp2b6 substrate": "bupropion efavirenz",
    "p gp substrate": "digoxin dabigatran colchicine fexofenadine",
    "oatp substrate": "rosuvastatin pravastatin atorvastatin",
    "narrow therapeutic": "warfarin digoxin cyclosporine tacrolimus sirolimus phenytoin theophylline lithium "
    "levothyroxine",
}
#: Classes by the letters that people say.
_LETTERS = {
    "proton pump inhibitor": "ppi",
    "monoamine oxidase inhibitor": "maoi",
    "tricyclic antidepressant": "tca",
    "ace inhibitor": "acei",
    "angiotensin receptor blocker": "arb",
    "calcium channel blocker": "ccb",
    "nonsteroidal anti inflammatory": "nsaid",
    "benzodiazepine": "benzo",
    "erythropoiesis stimulating agent": "esa",
}

_GENERIC = {brand: name for name, brands in _BRANDS.items() for brand in brands.split()} | {
    other: name for name, others in INTERNATIONAL_NAMES.items() for other in others if " " not in name + other
}


@dataclass(frozen=True, slots=True)
class Names:
    """What a substance is called: ``generic`` is "" where it is called by its generic name; ``roles`` is what it does
    to others, by which a label means it where it calls it nothing else."""

    generic: str
    classes: tuple[str, ...]
    roles: tuple[str, ...]


def _classes(listed: dict[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for kinds, members in listed.items():
        for member in members.split():
            found[member].extend(kinds.split("/"))
    return {member: tuple(names) for member, names in found.items()}


#: All roles, of whatever strength.
_ALL_ROLES = {role: " ".join(by_strength.values()) for role, by_strength in _GRADED.items()} | _ROLES


def _named() -> dict[str, Names]:
    classes, roles = _classes(_MEMBERS), _classes(_ALL_ROLES)
    named: dict[str, Names] = {}
    # A class that is asked about is what the label says of its members.
    for kinds, members in _MEMBERS.items():
        for kind in kinds.split("/"):
            if " " not in kind:
                named[kind] = named[f"{kind}s"] = Names("", tuple(members.split()), ())
            if letters := _LETTERS.get(kind):
                known = dict.fromkeys((kind, *members.split(), *classes.get(letters, ())))
                named[letters] = named[f"{letters}s"] = Names("", tuple(known), ())
    for said in {*_GENERIC, *classes, *roles}:
        generic = _GENERIC.get(said, "")
        own = named[said].classes if said in named else ()
        known = dict.fromkeys((*own, *classes.get(said, ()), *classes.get(generic, ())))
        acts = dict.fromkeys((*roles.get(said, ()), *roles.get(generic, ())))
        named[said] = Names(generic, tuple(known), tuple(acts))
    return named


#: Substance, brand or class, in lower case -> its other names.
NAMES_OF: dict[str, Names] = _named()


def called(substance: str) -> tuple[str, ...]:
    """Whatever labels may call ``substance``, in lower case, beside its own name.

    Not what it does to the levels of others, which is in :func:`strengths_of`, nor what it is a substrate of: that the
    medicine is one as well says nothing of the other.
    """
    named = NAMES_OF.get(substance)
    if named and named.classes:
        return (*filter(None, (named.generic,)), *named.classes)
    generic = named.generic if named else ""
    return (*filter(None, (generic,)), *by_ending(generic or substance))


def by_ending(substance: str) -> tuple[str, ...]:
    """The classes of a substance, in lower case, that the ending of its name tells."""
    endings = (ending for ending in _BY_ENDING if substance.endswith(ending) and len(substance) > len(ending) + 1)
    ending = "" if substance.endswith(_OTHER_ENDINGS) else max(endings, key=len, default="")
    return tuple(_BY_ENDING[ending].split("/")) if ending else ()


def generic_of(substance: str) -> str:
    """The generic name of a brand, in lower case; "" of anything else."""
    named = NAMES_OF.get(substance)
    return named.generic if named else ""


#: Brands of :data:`_BRANDS` that are of several substances, of another salt, release or route than what bears the
#: substance's name alone, or one of several preparations that are not dosed alike (21 CFR 201.57(c)(3)): their
#: substance says what they interact with, and tells no dose of theirs.
_NOT_BY_SUBSTANCE = frozenset(
    "botox dysport xeomin bydureon humalog imdur isordil kaletra lantus levemir mirena myfortic norco novolog "
    "paxlovid percocet reclast sinemet vicodin vivitrol zometa zosyn".split()
)


def is_more_than_its_substance(brand: str) -> bool:
    """Whether ``brand``, in lower case, is another medicine than what its substance's name alone stands for."""
    return brand in _NOT_BY_SUBSTANCE


def brands_of(generic: str) -> frozenset[str]:
    """The brands of a generic name, in lower case, that people say instead."""
    return frozenset(_BRANDS.get(generic, "").split())


#: Kinds of :data:`_MEMBERS` that are no medicines, nor are their members; and single names that are none or a mineral.
_FOODS = ("alcohol", "smoking", "cannabis", "protein", "soft food", "caffeine")
_NO_MEDICINES = frozenset(
    "poppers wort grapefruit ascorbic folic tocopherol calcium ferrous hrt iron magnesium potassium zinc aluminum "
    "bicarbonate seltzer epsom thiazide thiazides doac doacs noac noacs vka".split()
).union(_FOODS, *(_MEMBERS[kind].split() for kind in _FOODS))
_FOOD_WORDS = frozenset(_FOODS).union(*(_MEMBERS[kind].split() for kind in _FOODS))
#: Well-known brands of several substances, or of another salt than their substance is known by.
_OTHER_BRANDS = frozenset(
    "advair anoro atripla augmentin azor biktarvy breo caduet combivent complera descovy dulera dyazide entresto "
    "epclusa excedrin exforge fioricet genvoya glyxambi harvoni hyzaar invokamet janumet jentadueto lotrel maxzide "
    "prinzide segluromet steglujan stiolto stribild suboxone symbicort synjardy tarka trelegy tribenzor triumeq "
    "truvada twynsta vaseretic vytorin xigduo zestoretic zituvio zubsolv".split()
)
_SUBSTANCES = _OTHER_BRANDS | frozenset(
    {*_BRANDS, *_GENERIC}.union(*(names.split() for names in (*_MEMBERS.values(), *_ALL_ROLES.values())))
)


def is_medicine(word: str) -> bool:
    """Whether ``word``, in lower case, is the name of a substance or a brand here, and of no food or class."""
    return word in _SUBSTANCES and word not in _NO_MEDICINES


def is_food(word: str) -> bool:
    """Whether ``word``, in lower case, is what people eat, drink or smoke, and so the name of no medicine."""
    return word in _FOOD_WORDS


def beginning_with(letters: str) -> frozenset[str]:
    """The substances and brands here whose names begin with ``letters``, in lower case."""
    return frozenset(name for name in _SUBSTANCES if name.startswith(letters))


#: Substance -> what it does to the levels of others -> how strongly: "strong", "moderate", "weak", or "" where that is
#: not graded, or not always alike.
_STRENGTHS: dict[str, dict[str, str]] = {
    name: {role: "" for role in named.roles if not role.endswith("substrate")} for name, named in NAMES_OF.items()
}
for _role, _by_strength in _GRADED.items():
    for _strength, _substances in _by_strength.items():
        for _substance in _substances.split():
            _STRENGTHS[_substance][_role] = _strength


def strengths_of(substance: str) -> Mapping[str, str]:
    """What ``substance``, a generic name or brand in lower case, does to the levels of others, and how strongly."""
    return _STRENGTHS.get(generic_of(substance) or substance, {})
