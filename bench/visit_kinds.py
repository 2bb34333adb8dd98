"""What visitors of a soak send, well and badly behaved, and which responses are right."""

from __future__ import annotations

import asyncio

from connection import post, raw
from faulty import FAULTS, STALL
from visits import Came, Kind, Visitor

#: A well-shaped key that nobody was given.
_NO_KEY = f"onlabel_{'0' * 16}_{'A' * 43}"
#: ``[serve] body_bytes`` where nothing else is set.
_LIMIT = 131_072
_ASKED = frozenset({200, 429})
#: What lists of naughty strings rarely hold: half a surrogate pair, NUL, templates, our own marks, very long ones.
HOSTILE = (
    "\ud800", "a\x00b", "{{ passage }}", "{% for x in y %}", "[SPAN_1]", "$x ${x} %s %n", "\u202etset",
    "zo\u0301rvanta?", "\u200b" * 3000, "A" * 9000, "zorvanta " * 1100, "'; DROP TABLE entry; --", "\r\n\r\nGET /",
    "🏥" * 2000, "a\u0301" * 4000, "dose of zorvanta?" + "\u0300" * 5000, " ", "\ufeff", "?" * 4000,
)  # fmt: skip


# -- well behaved ----------------------------------------------------------------------------------------------------


async def _repeated(visitor: Visitor) -> Came:
    return await visitor.exchange(visitor.ask(visitor.chance.choice(visitor.world.repeats))), 0


async def _different(visitor: Visitor) -> Came:
    return await visitor.exchange(visitor.ask(next(visitor.world.fresh))), 0


async def _following(visitor: Visitor) -> Came:
    question = visitor.chance.choice(
        ("and in the elderly?", "what about quovendry?", "where does it say that?", "thanks")
    )
    return await visitor.exchange(visitor.ask(question, previous=visitor.last)), 0


async def _passage(visitor: Visitor) -> Came:
    known = visitor.passages
    return await visitor.exchange(visitor.get(f"/v1/passages/{visitor.chance.choice(known) if known else 'none'}")), 0


async def _again(visitor: Visitor) -> Came:
    return await visitor.exchange(visitor.get(f"/v1/answers/{visitor.last or 'none'}")), 0


async def _feedback(visitor: Visitor) -> Came:
    comment = visitor.chance.choice(("", "", "wrong strength", "my patient got hives and a swollen face from it"))
    said = {"answer": visitor.last or "0" * 64, "verdict": "wrong_passage", "comment": comment}
    return await visitor.exchange(post("/v1/feedback", said, visitor.headers)), 0


async def _products(visitor: Visitor) -> Came:
    return await visitor.exchange(visitor.get("/v1/products")), 0


async def _looking(visitor: Visitor) -> Came:
    paths = ("/healthz", "/metrics", "/v1/trust", "/openapi.json", "/v1/models")
    return await visitor.exchange(visitor.get(visitor.chance.choice(paths))), 0


async def _chat(visitor: Visitor) -> Came:
    earlier = [{"role": "user", "content": visitor.chance.choice(visitor.world.repeats)}]
    question = {"role": "user", "content": visitor.chance.choice(visitor.world.repeats)}
    messages = [*(earlier if visitor.chance.random() < 0.5 else []), question]
    body = {"model": "onlabel", "messages": messages, "stream": visitor.chance.random() < 0.5}
    return await visitor.exchange(post("/v1/chat/completions", body, visitor.headers)), 0


# -- badly behaved ---------------------------------------------------------------------------------------------------


async def _bad(visitor: Visitor) -> Came:
    headers = visitor.headers
    json_ = {"Content-Type": "application/json", **headers}
    return await visitor.exchange(
        visitor.chance.choice(
            (
                raw("POST", "/v1/ask", b'{"question": ', json_),
                raw("POST", "/v1/ask", b"\xff\xfe\x00", json_),
                raw("POST", "/v1/ask", b"[" * 5000, json_),
                raw("POST", "/v1/ask", b'{"question": "x"}', {"Content-Type": "text/plain", **headers}),
                post("/v1/ask", {"question": "dose?", "audience": "hcp"}, headers),
                post("/v1/ask", {"question": 7}, headers),
                post("/v1/ask", {"question": "x" * 10_001}, headers),
                post("/v1/ask", {"question": "dose?", "product": "no such medicine"}, headers),
                post("/v1/feedback", {"answer": "x", "verdict": "right"}, headers),
                raw("DELETE", "/v1/ask", headers=headers),
                raw("GET", "/v1/nothing", headers=headers),
                raw("GET", "/v1/passages/..%2f..%2fetc%2fpasswd", headers=headers),
                raw("GET", "/healthz", headers={"Host": "evil.example"}),
                raw("GET", "/v1/products", headers={"Origin": "https://evil.example", **headers}),
            )
        )
    ), 0


async def _hostile(visitor: Visitor) -> Came:
    return await visitor.exchange(visitor.ask(visitor.chance.choice(visitor.world.hostile)[:10_000])), 0


async def _oversized(visitor: Visitor) -> Came:
    """A body that is too long, said and unsaid. The service may hang up before all of it is sent."""
    connection = await visitor.connect()
    try:
        headers = {"Content-Type": "application/json", **visitor.headers}
        if visitor.chance.random() < 0.5:
            return await connection.exchange(raw("POST", "/v1/ask", b"x" * (_LIMIT + 1), headers)), 0
        piece = b"%x\r\n%s\r\n" % (16_384, b"x" * 16_384)
        head = raw("POST", "/v1/ask", headers={"Transfer-Encoding": "chunked", "Content-Length": "", **headers})
        head = head.replace(b"Content-Length: \r\n", b"")
        return await connection.exchange(head + piece * 9 + b"0\r\n\r\n"), 0
    finally:
        connection.close()


async def _dropped(visitor: Visitor) -> Came:
    """A connection that is cut: within the head, within the body, or when the question was sent whole."""
    connection = await visitor.connect()
    question = visitor.ask(visitor.chance.choice(visitor.world.repeats))
    head = question.index(b"\r\n\r\n") + 4
    whole = visitor.chance.random() < 0.4
    connection.send(question if whole else question[: visitor.chance.choice((20, head, head + 5))])
    await asyncio.sleep(visitor.chance.random() / 20)
    connection.close(abruptly=True)
    return None, int(whole)


async def _slow(visitor: Visitor) -> Came:
    """A question that comes in pieces, within about a second."""
    connection = await visitor.connect()
    try:
        question = visitor.ask(visitor.chance.choice(visitor.world.repeats))
        step = max(1, len(question) // 6)
        *pieces, last = [question[start : start + step] for start in range(0, len(question), step)]
        for piece in pieces:
            connection.send(piece)
            await asyncio.sleep(visitor.chance.random() / 4)
        return await connection.exchange(last), 0
    finally:
        connection.close()


async def _unknown(visitor: Visitor) -> Came:
    """A credential that does not count."""
    given = visitor.headers.get("Authorization", "")
    wrong = (given[:-4] + "AAAA", f"Bearer {_NO_KEY}", "Bearer", "Basic YTpi", "Bearer " + "x" * 9000, "")
    value = visitor.chance.choice(wrong)
    headers = {"Authorization": value} if value else {}
    return await visitor.exchange(post("/v1/ask", {"question": "dose of zorvanta?"}, headers)), 0


async def _fault(visitor: Visitor) -> Came:
    word = visitor.chance.choice(list(FAULTS))
    question = f"{visitor.world.mark} {word} {next(visitor.world.counted)}"
    return await visitor.exchange(visitor.ask(question)), 0


async def _stall(visitor: Visitor) -> Came:
    question = f"{visitor.world.mark} {STALL} {next(visitor.world.counted)}"
    return await visitor.exchange(visitor.ask(question)), 0


KINDS: tuple[Kind, ...] = (
    Kind("repeated question", 420, _repeated, _ASKED),
    Kind("different question", 190, _different, _ASKED),
    Kind("question that follows", 60, _following, _ASKED),
    Kind("passage", 50, _passage, _ASKED | {404}),
    Kind("feedback", 40, _feedback, frozenset({201, 429})),
    Kind("the same answer again", 20, _again, frozenset({200, 404}), recorded=False),
    Kind("products", 20, _products, _ASKED),
    Kind("metrics, health, trust", 20, _looking, frozenset({200})),
    Kind("chat completion", 40, _chat, _ASKED),
    Kind("bad request", 50, _bad, frozenset({400, 403, 404, 405, 415, 422, 429})),
    Kind("hostile string", 40, _hostile, _ASKED),
    Kind("oversized body", 10, _oversized, frozenset({413, 0})),
    Kind("connection dropped", 25, _dropped, frozenset({0})),
    Kind("slow sender", 10, _slow, _ASKED),
    Kind("wrong credential", 20, _unknown, frozenset({401})),
    Kind("fault in the program", 4, _fault, frozenset({500, 503, 429}), injected=True),
    Kind("thread that answers stalls", 1, _stall, _ASKED),
)
