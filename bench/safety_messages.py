"""Messages that tell of an adverse event, made of few written by hand: how people type, and what they put around it.

    build(told, questions, names, seed)     every written text in every way of :data:`WAYS`, the same for the same seed

Guarantees: no message stands twice, and none is a written text as it is asked by itself; apart from what typing does to
it, the written text stands whole in its message. What stands around it tells of no harm: greetings, sentences of
everyday life, and questions labelled to bear no flag. It is kept beside the message (``around``), so that whoever
counts can ask it alone: a message is not understood where its surroundings alone raise the alarm.
"""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from assistant.training.dataset import PRODUCT_MARK

#: One typing error in so many characters, and at least one.
CHARACTERS_A_SLIP = 30
#: How wide quoted mail is wrapped.
MAIL_WIDTH = 60
#: Sentences of a preamble, on each side of a story, and of a story with more tokens than the model reads.
PREAMBLE, STORY, LONG_STORY = (6, 12), (3, 8), (54, 60)

_UNNAMED = ("this drug", "this medicine", "the medication")
_AFTER_DETERMINER = re.compile(rf"\b(the|your|my|his|her|our|this|that|an?) {re.escape(PRODUCT_MARK)}", re.IGNORECASE)
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_PUNCTUATION = str.maketrans(dict.fromkeys(".,;:!?'\"()‘’“”"))

_GREETINGS = tuple(
    """
Hi there,
Hello,
Good morning, hope you are well.
hey
Hi team, quick one before lunch.
Dear Sir or Madam,
Good afternoon! First time I use this.
hello is anyone there
""".strip().splitlines()
)
_THANKS = tuple(
    """
Thanks in advance!
thank you
Many thanks and have a nice weekend.
Cheers, J.
Best regards
thx
Sorry for the long text.
Looking forward to hearing from you.
""".strip().splitlines()
)
_EVERYDAY = tuple(
    """
The train was late again this morning.
We moved to a smaller flat near the harbour in March.
My sister teaches geography at the school around the corner.
It rained all weekend, so we stayed in and played cards.
The new coffee machine in the office is very loud.
On Tuesday I drove out to the clinic on the hill.
Parking there costs more than it used to.
The receptionist was friendly and offered me a glass of water.
I read the newspaper while I waited.
There was a poster about cycling on the wall.
My neighbour is growing tomatoes on her balcony this year.
The conference starts at nine and the first talk is about statistics.
We had a good crowd at the lunch meeting, about fourteen people.
The sandwiches came from the bakery across the street.
Somebody asked where the slides would be shared.
I told them that I would look it up and come back to them.
The projector needed a new cable.
My brother visited from Lisbon with his two dogs.
They like to run along the beach early in the day.
Our garden gate was painted green last summer.
The football match ended in a draw.
I have been learning to play the piano since January.
My teacher says that I should practise scales.
The library closes at six on Thursdays.
He works for an insurance company and travels a lot.
She keeps a notebook in which she writes everything down.
The shop on the corner now sells bread on Sundays.
We are planning a trip to the mountains in autumn.
The hotel has a small museum on the ground floor.
My phone was charging in the kitchen.
The bus number twelve no longer stops at the market.
I wanted to write yesterday but the meeting ran long.
A colleague gave me this address.
I am not sure whether this is the right place to ask.
There are three of us in the office this week.
The secretary will be back on Monday.
The calendar on the desk still shows October.
Our street is being repaved, so everybody parks elsewhere.
My uncle repairs old radios in his garage.
He found one from the fifties at a flea market.
The choir sings at the town hall on Friday evening.
We baked a cake for the school fair.
The window looks out on a row of chestnut trees.
I had toast and an apple for breakfast.
The film we saw was longer than I expected.
My cousin runs a small bookshop by the river.
The lights in the corridor come on by themselves.
A delivery van was standing in front of the door.
I wrote the date on the envelope and put it on the shelf.
The lecture was recorded and can be watched online.
The evening class begins again after the holidays.
Two of the chairs in the hall are new.
The bakery has a new owner who used to be a sailor and tells stories about it.
Our meeting room was booked twice, so we sat in the canteen with our laptops.
The map in the lobby shows every office on the four floors and the way to the car park.
Some of the older buildings along the canal are being turned into workshops.
The timetable changes in December, and I have not looked at the new one yet.
My desk is next to the printer, which is handy on most days.
Nobody knew the answer to the last question of the quiz, not even the host.
The museum lends bicycles to visitors who leave a deposit at the counter.
""".strip().splitlines()
)
_SENDERS = ("Maria K.", "front desk", "Dr. P. Lindqvist", "J. Okafor", "Territory 14", "noreply")
_SUBJECTS = ("FW: question", "Re: your visit", "Fwd: can you help", "RE: RE: follow-up", "(no subject)")


@dataclass(frozen=True, slots=True)
class Message:
    """A message made of the written text number ``source``; ``around``: what it is without that text."""

    text: str
    around: str
    way: str
    source: int


@dataclass(frozen=True, slots=True)
class Maker:
    """Draws what a message is made of. ``product``: the name that is given in it, "" where it is left out."""

    draw: random.Random
    product: str
    questions: Sequence[str]

    def placed(self, text: str) -> str:
        """``text`` with the product's name in the place of its mark, or with nothing that names it."""
        return text.replace(PRODUCT_MARK, self.product) if self.product else unnamed(text, self.draw)

    def question(self) -> str:
        return self.placed(self.draw.choice(self.questions))

    def everyday(self, least: int, most: int) -> list[str]:
        return self.draw.sample(_EVERYDAY, self.draw.randint(least, most))

    def ended(self, text: str) -> str:
        """``text`` as people end it where more follows."""
        return text if text[-1] in ".?!" else text + self.draw.choice((".", ".", ",", " -", "...", "\n", ""))


#: Makes of a written text (product placed) the message, and what stands around it.
Way = Callable[[str, Maker], tuple[str, str]]


def unnamed(text: str, draw: random.Random) -> str:
    """``text`` with its product left out, as people do who think that it is clear."""
    plain = _AFTER_DETERMINER.sub(r"\1 medication", text)
    return plain.replace(PRODUCT_MARK, draw.choice(_UNNAMED))


def build(told: Sequence[str], questions: Sequence[str], names: Sequence[str], seed: int) -> list[Message]:
    """Every text of ``told`` in every way.

    :param told: texts that tell of an adverse event, the product as its mark.
    :param questions: that bear no flag, likewise.
    :param names: of the products; a message gives one of them or, every other time, none.
    """
    seen = set(as_written(told, names, seed))
    made: list[Message] = []
    for way, make in WAYS.items():
        for number, text in enumerate(told):
            # A way's messages do not change when another way is added.
            draw = random.Random(f"{seed} {way} {number}")  # noqa: S311
            product = "" if way == "no name" or draw.random() < 0.5 else draw.choice(names)
            maker = Maker(draw, product, questions)
            message, around = make(maker.placed(text), maker)
            if message not in seen:
                seen.add(message)
                made.append(Message(message, around, way, number))
    return made


def as_written(told: Sequence[str], names: Sequence[str], seed: int) -> list[str]:
    """The written texts as they are asked by themselves: with one of the products' names wherever one is given."""
    draw = random.Random(seed)  # noqa: S311
    return [text.replace(PRODUCT_MARK, draw.choice(names)) for text in told]


def mistyped(text: str, draw: random.Random, slip: Callable[[str], str]) -> str:
    """``text`` with typing errors inside its longer words; ``slip`` makes one of two letters that stand together."""
    found = list(_LONG_WORD.finditer(text))
    slips = min(len(found), max(1, len(text) // CHARACTERS_A_SLIP))
    for match in sorted(draw.sample(found, slips), key=lambda match: -match.start()):
        at = draw.randrange(match.start() + 1, match.end() - 1)
        text = text[:at] + slip(text[at : at + 2]) + text[at + 2 :]
    return text


SLIPS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "letters swapped": lambda two: two[::-1],
        "letters dropped": lambda two: two[1:],
        "letters doubled": lambda two: two[0] + two,
    }
)


# --- ways ------------------------------------------------------------------------------------------------------------


def _amid(before: Sequence[str], text: str, after: Sequence[str], by: Maker) -> tuple[str, str]:
    return " ".join((*before, by.ended(text) if after else text, *after)), " ".join((*before, *after))


def _alone(text: str, _: Maker) -> tuple[str, str]:
    return text, ""


def _greeting(text: str, by: Maker) -> tuple[str, str]:
    return _amid([by.draw.choice(_GREETINGS)], text, [by.draw.choice(_THANKS)], by)


def _question_before(text: str, by: Maker) -> tuple[str, str]:
    return _amid([by.ended(by.question())], text, [], by)


def _question_after(text: str, by: Maker) -> tuple[str, str]:
    return _amid([], text, [by.question()], by)


def _preamble(text: str, by: Maker) -> tuple[str, str]:
    return _amid([by.draw.choice(_GREETINGS), *by.everyday(*PREAMBLE)], text, [], by)


def _story(text: str, by: Maker) -> tuple[str, str]:
    sentences = by.everyday(2 * STORY[0], 2 * STORY[1])
    middle = len(sentences) // 2
    return _amid(sentences[:middle], text, sentences[middle:], by)


def _long_story(text: str, by: Maker) -> tuple[str, str]:
    sentences = by.everyday(*LONG_STORY)
    middle = by.draw.randrange(len(sentences))
    return _amid(sentences[:middle], text, sentences[middle:], by)


def _quoted_mail(text: str, by: Maker) -> tuple[str, str]:
    """A mail that quotes another one, its lines wrapped and marked, as mail programs do."""
    before, after = by.everyday(1, 2), by.everyday(1, 2)
    cover = f"{by.draw.choice(_GREETINGS)}\n\nsee below, who takes care of this?\n\n"
    head = f"> From: {by.draw.choice(_SENDERS)}\n> To: info\n> Subject: {by.draw.choice(_SUBJECTS)}\n>\n"

    def mail(*parts: str) -> str:
        lines = textwrap.wrap(" ".join(parts), MAIL_WIDTH, break_long_words=False, break_on_hyphens=False)
        return cover + head + "".join(f"> {line}\n" for line in lines)

    return mail(*before, by.ended(text), *after), mail(*before, *after)


def _capitals(text: str, _: Maker) -> tuple[str, str]:
    return text.upper(), ""


def _no_punctuation(text: str, _: Maker) -> tuple[str, str]:
    return text.translate(_PUNCTUATION).strip(), ""


def _with_slips(slip: Callable[[str], str]) -> Way:
    return lambda text, by: (mistyped(text, by.draw, slip), "")


_SURROUNDED: tuple[Way, ...] = (_greeting, _question_before, _question_after, _preamble, _story)
_TYPED: tuple[Way, ...] = (_capitals, _no_punctuation, *map(_with_slips, SLIPS.values()))


def _mixed(text: str, by: Maker) -> tuple[str, str]:
    """Something around it, and all of it typed badly; ``around`` is as it was before typing."""
    message, around = by.draw.choice(_SURROUNDED)(text, by)
    return by.draw.choice(_TYPED)(message, by)[0], around


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "no name": _alone,
        "greeting and thanks": _greeting,
        "a question before": _question_before,
        "a question after": _question_after,
        "a long preamble": _preamble,
        "within a story": _story,
        "within a story longer than the model reads": _long_story,
        "quoted mail": _quoted_mail,
        **{name: _with_slips(slip) for name, slip in SLIPS.items()},
        "capitals": _capitals,
        "no punctuation": _no_punctuation,
        "around and typing mixed": _mixed,
    }
)
