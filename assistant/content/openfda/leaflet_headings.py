"""The headings of a patient's leaflet that ask nothing: "How to store your inhaler", "Daily use", "When to get a new".

Guarantees: a heading begins behind the end of a sentence or a picture's name, and what stands behind it begins as a
sentence, a step or an item does; words that go on as a sentence ("How to use it is said below") are none.
"""

from __future__ import annotations

#: How a leaflet goes on behind a heading.
_BEHIND = (
    r"(?=\s(?:(?:Step|STEP)\s\d|\d{1,2}[.)]\s|[•(]|(?:Store|Keep|Clean|The|Your|You|If|Do|Put|Place|Wash|Remove|Always|Never"
    r"|Use|Take|Throw|After|Before|Each|This|It|When|Check|Make|Follow|Read|Turn|Open|Press|Hold|See|Ask|Talk|Call|Most|To"
    r"|In|For|Be|Let|Dispose|Return|Write|Rinse|Wipe|Give|Shake|Prepare|Insert|Any|There|At|Only|Figure)\b))"
)
#: The title of a step is none: it goes with its number.
_BEFORE = (
    r"(?:(?<=[.?!:)\"”]\s)(?<!\s\d[.:)]\s)(?<!\s\d\d[.:)]\s)(?<!\b[A-Z]\d[.:)]\s)(?<!\b[A-Z][.:)]\s)"
    r"|(?<=Figure\s[A-Z0-9]\s)|^)"
)
HEADING = (
    rf"{_BEFORE}(?:How to (?:store|care for|clean|wash|use|take|give|inject|prepare|prime|dispose of|throw away|mix)"
    r"\s(?:your|the|[A-Z])[^.?!:;,•\"“”]{2,70}?"
    r"|When to (?:get|throw away|replace|stop using|call|refill|change|discard)\s[^.?!:;,•\"“”]{2,70}?"
    r"|(?:Storing|Disposing of|Cleaning|Caring for|Priming)\s(?:(?:your|the)\s[a-z]|[A-Z])[^.?!:;,•\"“”]{2,60}?"
    r"|(?:Prepar(?:e|ing) for (?:the )?first|(?:Before|For) (?:the )?first|Daily|First[- ][Tt]ime) [Uu]se"
    rf"|(?:Answers to (?:Common|Frequently Asked)|Frequently Asked) Questions){_BEHIND}"
    r"|(?<=[.?!:)]\s)Answers to Common Questions\b"
)
