"""``policy.yaml``: the rules that reviewers own and sign (DESIGN, section 5).

Which kinds need which companions, which intents an audience may be answered, how sure planning must be, which words the
literal text of templates may not hold. Policy is data; this module only says what its parts mean and refuses the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from assistant.canonical import sha256_hex
from assistant.content.corpus import Audience, Market, Role
from assistant.content.frontmatter import load_mapping, validate
from assistant.domain import COMPANION_ROLES, Flag, Kind


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CompanionRule(_Part):
    """One companion that a kind needs.

    ``need`` ``always``: without it there is no answer; ``where_present``: only where the product has such a passage
    for this audience, market and language, and then it must be in force. ``instead`` stands in where the product has
    no ``role``.
    """

    role: Role
    instead: Role | None = None
    place: Literal["before", "after"]
    need: Literal["always", "where_present"]

    @field_validator("role", "instead")
    @classmethod
    def _companion(cls, role: str | None) -> str | None:
        if role is not None and role not in COMPANION_ROLES:
            raise ValueError(f"{role} is no companion: choose from {', '.join(COMPANION_ROLES)}")
        return role


Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Thresholds(_Part):
    """How sure planning must be. All are shares between 0 and 1; docs/settings.md says what each decides."""

    intent_answer: Share
    intent_answer_with_product: Share
    intent_flag: Share
    flags: dict[Literal["emergency", "adverse_event", "product_complaint", "attack"], Share]
    intent_ask: Share
    use: Share
    topic_sure: Share
    topic_sure_beside_comparison: Share
    passage_answer: Share
    passage_ask: Share
    passage_margin: Share
    passage_margin_short: Share = 0.0
    stands_out: Share
    product_margin: Share

    @field_validator("flags")
    @classmethod
    def _each_flag(cls, given: dict[str, float]) -> dict[str, float]:
        missing = [flag.value for flag in Flag if flag.value not in given]
        if missing:
            raise ValueError(f"says nothing about {', '.join(missing)}")
        return given


class Confidence(_Part):
    """Coefficients of the logistic function that turns all evidence about an answer into one calibrated confidence.

    ``intent`` weighs how sure the question's intent is, ``unnamed`` the share of what the question names that the
    passage does not; the others weigh the evidence of the ranking.
    """

    bias: float
    intent: float
    unnamed: float
    score: float
    margin: float
    topic: float
    lexical: float
    dense: float


class Ranking(_Part):
    """How the evidence about a passage is weighed; see docs/decisions on ranking."""

    dense: float = Field(ge=0)
    lexical: float = Field(ge=0)
    topic: float = Field(ge=0)
    population: float = Field(ge=0)
    named: float = Field(ge=0)
    quantities: float = Field(default=0.0, ge=0)
    results: float = Field(default=0.0, ge=0)


ReviewRole = Literal["medical", "legal", "regulatory"]
Headcount = Annotated[int, Field(strict=True, ge=0, le=9)]
#: What approvals can be asked for by: a kind of passage, or the kind of what is approved.
ReviewedKind = (
    Kind | Literal["passage", "template", "document", "policy", "taxonomy", "screen", "settings", "model", "golden"]
)


def _one_of_each() -> dict[ReviewRole, int]:
    return {"medical": 1, "legal": 1, "regulatory": 1}


class ApprovalRules(_Part):
    """Whose signatures content needs before it may be released: how many people of each role.

    ``by_kind`` and then ``by_market`` replace the numbers of the roles that they name; ``distinct_people``: nobody
    counts for two roles. A rule under which something would need nobody is refused.
    """

    roles: dict[ReviewRole, Headcount] = Field(default_factory=_one_of_each)
    by_kind: dict[ReviewedKind, dict[ReviewRole, Headcount]] = Field(default_factory=dict)
    by_market: dict[Market, dict[ReviewRole, Headcount]] = Field(default_factory=dict)
    distinct_people: bool = True

    @model_validator(mode="after")
    def _somebody(self) -> ApprovalRules:
        for kind, market in product(("", *self.by_kind), ("", *self.by_market)):
            if not self.needed((kind,), market):
                raise ValueError(f"{kind or 'content'} would need nobody's approval{f' in {market}' * bool(market)}")
        return self

    def needed(self, kinds: Iterable[str], market: str) -> Mapping[str, int]:
        """Roles and how many of each; of ``kinds`` (general before special) the last that is named wins."""
        of_kind = {str(name): given for name, given in self.by_kind.items()}
        found: dict[str, int] = {}
        for given in (self.roles, *(of_kind.get(kind, {}) for kind in kinds), self.by_market.get(market, {})):
            found.update({str(role): number for role, number in given.items()})
        return {role: number for role, number in found.items() if number}


class Policy(_Part):
    """All of ``policy.yaml``."""

    version: str
    companions: dict[Kind, tuple[CompanionRule, ...]]
    not_answered: dict[Audience, tuple[str, ...]] = Field(default_factory=dict)
    passages_shown: int = Field(ge=1, le=3)
    choices_offered: int = Field(ge=1, le=9)
    thresholds: Thresholds
    ranking: Ranking
    confidence: Confidence
    forbidden_in_templates: tuple[str, ...]
    approvals: ApprovalRules = Field(default_factory=ApprovalRules)

    @field_validator("companions")
    @classmethod
    def _complete(cls, rules: dict[Kind, tuple[CompanionRule, ...]]) -> dict[Kind, tuple[CompanionRule, ...]]:
        missing = [kind.value for kind in Kind if kind is not Kind.NOTICE and kind not in rules]
        if missing:
            raise ValueError(f"says nothing about {', '.join(missing)}: write [] where none is needed")
        return rules

    @field_validator("forbidden_in_templates")
    @classmethod
    def _patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return patterns


def parse_policy(data: bytes, path: Path) -> tuple[Policy, str]:
    """``(policy, sha256 of its bytes)``; ``path`` is what faults name.

    :raises ContentError: it cannot be meant.
    """
    return validate(Policy, load_mapping(data, path), data, path, 1), sha256_hex(data)
