"""Organs that are transplanted, as labels and questions write them: one list for all who read of transplants."""

from __future__ import annotations

#: What is transplanted; a closed list: "failed transplant" names no organ.
ORGANS = (
    "kidney renal liver hepatic heart cardiac lung pulmonary pancreas pancreatic islet bowel intestine intestinal "
    "multivisceral uterus uterine cornea corneal limbal face facial hand arm limb trachea tracheal larynx laryngeal "
    "ovary ovarian penis penile skin nerve thymus thyroid parathyroid fecal faecal stool microbiota hair"
)
#: One of them, in a pattern.
ORGAN = "|".join(f"{organ}s?" for organ in ORGANS.split())
