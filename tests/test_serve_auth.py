"""Who may ask: API keys, tokens of an identity provider, cookies, and the refusal to listen without any of them."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from starlette.testclient import TestClient

from assistant.errors import ContentError, NotReadyError, UsageError
from assistant.serving.commands.serve import serve_command
from assistant.serving.web import tokens
from assistant.serving.web.api_keys import KeyDoor, KeyFile
from assistant.serving.web.auth import require_door
from assistant.serving.web.callers import Standards
from assistant.serving.web.service import Service
from assistant.serving.web.tokens import TokenDoor, TokenKeys
from assistant.settings import ServeSettings, read_server_settings
from tests.fakes import MemoryAudit
from tests.serving import client_of

TODAY = dt.datetime.now(dt.UTC).date()
ISSUER, FOR = "https://login.example.com", "onlabel"
STANDARDS = Standards("hcp", "US", "en")
EVERYBODY = ("/v1/products", "/v1/trust", "/metrics", "/v1/answers/" + "0" * 64, "/v1/passages/zed-us-pi.0", "/nothing")


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


def ask(client: TestClient, **headers: str) -> Any:
    return client.post("/v1/ask", json={"question": "how should zed be stored?"}, headers=headers)


# --- API keys ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys" / "api-keys.json")


def with_keys(service: Service, keys: KeyFile) -> TestClient:
    settings = ServeSettings(auth="keys", rate="1000/second")
    return client_of(service, settings, KeyDoor(keys, STANDARDS), host="10.0.0.7")


def test_a_key_lets_its_holder_in_under_its_name(service: Service, keys: KeyFile, audit: MemoryAudit) -> None:
    key = keys.add("crm", today=TODAY)
    client = with_keys(service, keys)
    for _ in range(2):  # proved by scrypt, then known
        assert ask(client, **bearer(key)).status_code == 200
    assert {json.loads(record)["who"] for record in audit.records} == {"crm"}


def test_nobody_without_a_key_gets_anything(service: Service, keys: KeyFile, audit: MemoryAudit) -> None:
    key = keys.add("crm", today=TODAY)
    client = with_keys(service, keys)
    head, id, secret = key.split("_", 2)
    wrong = "A" * len(secret)
    for credential in ("x", f"{head}_{id}_{wrong}", f"{head}_{'0' * 16}_{secret}", key[:-1], key + "A", key.upper()):
        got = ask(client, **bearer(credential))
        assert (got.status_code, got.headers["WWW-Authenticate"]) == (401, 'Bearer realm="onlabel"')
        assert credential not in got.text
    for header in ({}, {"Authorization": key}, {"Authorization": f"Basic {key}"}, {"Authorization": "Bearer "}):
        assert ask(client, **header).status_code == 401
    for path in EVERYBODY:
        assert client.get(path).status_code == 401
    assert client.get(f"/v1/products?key={key}").status_code == 401
    assert not audit.records
    assert client.get("/healthz").status_code == 200


def test_the_file_holds_no_key_and_is_its_owners(keys: KeyFile) -> None:
    key = keys.add("crm", today=TODAY)
    text = keys.path.read_text()
    assert key.split("_", 2)[2] not in text
    assert "scrypt" in text
    if os.name == "posix":
        assert keys.path.stat().st_mode & 0o777 == 0o600


def test_a_key_that_is_taken_away_or_over_counts_no_more(service: Service, keys: KeyFile) -> None:
    kept, gone = keys.add("kept", today=TODAY), keys.add("gone", today=TODAY)
    over = keys.add("over", today=TODAY, until=TODAY)
    client = with_keys(service, keys)
    assert [ask(client, **bearer(key)).status_code for key in (kept, gone, over)] == [200, 200, 401]
    keys.remove("gone")
    assert [ask(client, **bearer(key)).status_code for key in (kept, gone)] == [200, 401]


def test_a_key_says_whom_its_holder_asks_as(service: Service, keys: KeyFile) -> None:
    key = keys.add("portal", today=TODAY, audience="patient", channel="widget")
    got = with_keys(service, keys).get("/v1/products", headers=bearer(key))
    assert got.json()["products"] == []  # nothing here is for patients
    with pytest.raises(UsageError, match="market"):
        keys.add("wrong", today=TODAY, market="usa")
    with pytest.raises(UsageError, match="already"):
        keys.add("portal", today=TODAY)


def test_a_service_whose_keys_cannot_be_read_does_not_start(keys: KeyFile) -> None:
    with pytest.raises(NotReadyError, match="add-key"):
        KeyDoor(keys, STANDARDS)
    keys.path.parent.mkdir()
    keys.path.write_text("{}x")
    with pytest.raises(ContentError):
        KeyDoor(keys, STANDARDS)


def test_each_holder_has_a_rate_of_his_own(service: Service, keys: KeyFile) -> None:
    one, two = keys.add("one", today=TODAY), keys.add("two", today=TODAY)
    settings = ServeSettings(auth="keys", rate="1/hour")
    client = client_of(service, settings, KeyDoor(keys, STANDARDS))
    got = [client.get("/v1/products", headers=bearer(key)).status_code for key in (one, one, two)]
    assert got == [200, 429, 200]


def test_keys_are_made_listed_and_removed_by_commands(served_root: Path) -> None:
    def run(*arguments: str) -> Any:
        return CliRunner().invoke(serve_command, arguments, obj=served_root, catch_exceptions=True)

    made = run("add-key", "crm", "--audience", "hcp", "--until", "2099-01-01")
    assert made.stdout.startswith("onlabel_")
    assert "only time" in made.stderr
    listed = run("list-keys").stdout
    assert listed.startswith("crm  ")
    assert made.stdout.strip().split("_", 2)[2] not in listed
    assert isinstance(run("add-key", "crm").exception, UsageError)
    assert isinstance(run("add-key", "b", "--until", "soon").exception, UsageError)
    assert run("remove-key", "crm").exit_code == 0
    assert run("list-keys").stdout == ""
    assert isinstance(run("remove-key", "crm").exception, UsageError)


# --- tokens -----------------------------------------------------------------------------------------------------------

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()


def jwk(private: Any, kid: str, **more: Any) -> dict[str, Any]:
    algorithm: Any = {rsa.RSAPrivateKey: RSAAlgorithm, ec.EllipticCurvePrivateKey: ECAlgorithm}.get(
        next(kind for kind in (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, object) if isinstance(private, kind)),
        OKPAlgorithm,
    )
    return json.loads(algorithm.to_jwk(private.public_key())) | {"kid": kid} | more


def token(
    private: Any = RSA, algorithm: str = "RS256", kid: str | None = "rsa", header: Any = None, **claims: Any
) -> str:
    now = int(time.time())
    said = {"iss": ISSUER, "aud": FOR, "sub": "jane", "exp": now + 300, "iat": now} | claims
    said = {name: value for name, value in said.items() if value is not None}
    headers = (header or {}) | ({"kid": kid} if kid else {})
    return jwt.encode(said, private, algorithm=algorithm, headers=headers)


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    shared = {"kty": "oct", "kid": "shared", "k": base64.urlsafe_b64encode(b"s" * 32).decode()}
    encryption = jwk(OTHER_RSA, "enc", use="enc")
    found = [jwk(RSA, "rsa", use="sig", alg="RS256"), jwk(EC, "ec"), jwk(ED, "ed"), shared, encryption]
    path.write_text(json.dumps({"keys": found}))
    return path


def with_tokens(service: Service, jwks: Path, **given: Any) -> TestClient:
    fields: dict[str, Any] = {"jwks": str(jwks), "issuer": ISSUER, "token_audience": FOR, "rate": "1000/second"}
    settings = ServeSettings(**({"auth": "jwt"} | fields | given))
    return client_of(service, settings, TokenDoor(TokenKeys(settings.jwks), settings, STANDARDS), host="10.0.0.7")


def test_a_token_of_the_identity_provider_lets_its_subject_in(service: Service, jwks: Path, audit: MemoryAudit) -> None:
    client = with_tokens(service, jwks)
    unnamed = token(kid=None)  # one key fits
    for good in (token(), token(EC, "ES256", "ec"), token(ED, "EdDSA", "ed"), token(aud=["other", FOR]), unnamed):
        assert ask(client, **bearer(good)).status_code == 200
    assert {json.loads(record)["who"] for record in audit.records} == {"jane"}


def _unsigned() -> str:
    return token().rsplit(".", 1)[0] + "."


def _confused() -> str:
    """Signed with the public key as if it were a shared secret (CVE-2015-9235)."""
    import hashlib
    import hmac

    pem = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "rsa"}).encode()).rstrip(b"=")
    body = token().split(".")[1].encode()
    mac = base64.urlsafe_b64encode(hmac.digest(pem, head + b"." + body, hashlib.sha256)).rstrip(b"=")
    return (head + b"." + body + b"." + mac).decode()


NOW = int(time.time())


@pytest.mark.parametrize(
    "bad",
    [
        "x", "a.b.c", _unsigned(), _confused(),
        jwt.encode({"iss": ISSUER, "aud": FOR, "sub": "jane", "exp": NOW + 300}, "", algorithm="none"),
        token(b"s" * 32, "HS256", "shared"),
        token(OTHER_RSA),
        token(OTHER_RSA, kid="enc"),
        token(kid="nobody"), token(RSA, "RS512"), token(RSA, "PS256"),
        token(EC, "ES256", "rsa"),
        token(header={"crit": ["b64"], "b64": False}),
        token(iss="https://evil.example.com"), token(iss=None),
        token(aud="another"), token(aud=None),
        token(exp=NOW - 3600), token(exp=None), token(nbf=NOW + 3600),
        token(sub=None), token(sub=""), token(sub="x" * 300),
        token(filler="x" * 20_000),
    ],
)  # fmt: skip
def test_any_other_token_lets_nobody_in_and_is_not_told_why(
    service: Service, jwks: Path, audit: MemoryAudit, bad: str
) -> None:
    got = ask(with_tokens(service, jwks), **bearer(bad))
    assert got.status_code == 401
    assert got.json()["error"] == "say who asks: Authorization: Bearer <token or key>"
    assert not audit.records


def test_audience_and_market_come_from_the_tokens_claims_where_the_settings_name_them(
    service: Service, jwks: Path
) -> None:
    client = with_tokens(service, jwks, claim_audience="ol_audience", claim_market="ol_market")
    right = token(ol_audience="hcp", ol_market="US")
    assert ask(client, **bearer(right)).json()["context"]["audience"] == "hcp"
    patient = token(ol_audience="patient", ol_market="US")
    assert client.get("/v1/products", headers=bearer(patient)).json()["products"] == []
    for wrong in (token(), token(ol_audience="hcp"), token(ol_audience="admin", ol_market="US"),
                  token(ol_audience=["hcp"], ol_market="US"), token(ol_audience="hcp", ol_market="U S")):  # fmt: skip
        assert ask(client, **bearer(wrong)).status_code == 403


def test_keys_are_read_again_when_their_file_changes(service: Service, jwks: Path) -> None:
    client = with_tokens(service, jwks)
    assert ask(client, **bearer(token())).status_code == 200
    jwks.write_text(json.dumps({"keys": [jwk(OTHER_RSA, "new")]}))
    assert ask(client, **bearer(token())).status_code == 401
    assert ask(client, **bearer(token(OTHER_RSA, kid="new"))).status_code == 200
    jwks.write_text("broken, and not for long")
    assert ask(client, **bearer(token(OTHER_RSA, kid="new"))).status_code == 200


def test_keys_of_an_address_are_kept_and_asked_for_seldom(
    service: Service, jwks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, fetched = [1000.0], []
    found = {"data": jwks.read_bytes()}

    def fetch(address: str) -> bytes:
        fetched.append(address)
        if not found["data"]:
            raise OSError("unreachable")
        return found["data"]

    monkeypatch.setattr(tokens, "_fetch", fetch)
    settings = ServeSettings(
        auth="jwt", jwks="https://login.example.com/keys", issuer=ISSUER, token_audience=FOR, rate="1000/second"
    )
    known = TokenKeys(settings.jwks, clock=lambda: clock[0])
    client = client_of(service, settings, TokenDoor(known, settings, STANDARDS))
    far = {"exp": int(time.time()) + 300_000}
    good, strange = bearer(token(**far)), bearer(token(OTHER_RSA, kid="new", **far))
    assert [ask(client, **good).status_code for _ in range(3)] == [200] * 3
    assert len(fetched) == 1
    for _ in range(20):  # unknown keys do not make us ask more often
        assert ask(client, **strange).status_code == 401
    assert len(fetched) == 1
    clock[0] += 31
    found["data"] = json.dumps({"keys": [jwk(RSA, "rsa"), jwk(OTHER_RSA, "new")]}).encode()
    assert ask(client, **strange).status_code == 200
    assert len(fetched) == 2
    found["data"] = b""
    clock[0] += 3601
    assert ask(client, **good).status_code == 200
    clock[0] += 86_401
    assert ask(client, **good).status_code == 401


@pytest.mark.parametrize("address", ["http://login.example.com/keys", "ftp://x/y", "file:///etc/keys"])
def test_keys_come_by_no_way_that_others_can_write_to(address: str) -> None:
    with pytest.raises(NotReadyError, match="https"):
        TokenKeys(address)


# --- cookies ----------------------------------------------------------------------------------------------------------


def test_a_cookie_counts_only_for_pages_that_may_send_it(service: Service, jwks: Path, audit: MemoryAudit) -> None:
    portal = "https://portal.example.com"
    client = with_tokens(service, jwks, cookie="onlabel", origins=(portal,))
    client.cookies.set("onlabel", token())
    for page in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": portal, "Sec-Fetch-Site": "cross-site"},
                 {"Origin": "http://127.0.0.1"}):  # fmt: skip
        assert ask(client, **page).status_code == 200
    assert len(audit.records) == 3
    for page in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
                 {"Origin": "https://evil.example.com"}, {"Origin": "null"}):  # fmt: skip
        assert ask(client, **page).status_code == 403
    assert len(audit.records) == 3
    allowed = ask(client, Origin=portal)
    assert allowed.headers["access-control-allow-credentials"] == "true"
    assert allowed.headers["access-control-allow-origin"] == portal


def test_a_cookie_counts_nowhere_unless_the_settings_name_it(service: Service, jwks: Path) -> None:
    client = with_tokens(service, jwks)
    client.cookies.set("onlabel", token())
    assert ask(client, **{"Sec-Fetch-Site": "same-origin"}).status_code == 401


# --- listening --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "onlabel.example.com", ""])  # noqa: S104
def test_no_service_listens_to_other_machines_without_authentication(host: str, served_root: Path) -> None:
    with pytest.raises(UsageError, match="other machines"):
        require_door(ServeSettings(host=host))
    require_door(ServeSettings(host=host, auth="keys"))
    ran = CliRunner().invoke(serve_command, ["--host", host], obj=served_root)
    assert isinstance(ran.exception, UsageError)


def test_half_a_configuration_is_refused() -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        require_door(ServeSettings(host=host))
    with pytest.raises(UsageError, match="issuer"):
        require_door(ServeSettings(auth="jwt", jwks="keys.json"))
    with pytest.raises(UsageError, match="cookie"):
        require_door(ServeSettings(cookie="session"))


@pytest.mark.parametrize(
    "wrong",
    [
        '[serve]\nalgorithms = ["HS256"]', '[serve]\nalgorithms = ["none"]', "[serve]\nalgorithms = []",
        '[serve]\norigins = ["*"]', '[serve]\norigins = ["https://a.example.com/path"]',
        '[serve]\nframe_ancestors = ["https://x.com; script-src *"]', '[serve]\nrate = "often"',
        '[serve]\nport = 70000', '[serve]\nunknown = 1', '[context]\naudience = "hcp"', "serve = ",
        "[serve]\nqueue = 0",
    ],
)  # fmt: skip
def test_server_settings_that_cannot_be_meant_are_refused_with_the_file(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "serve.toml"
    path.write_text(wrong)
    with pytest.raises(ContentError, match=r"serve\.toml"):
        read_server_settings(path)
