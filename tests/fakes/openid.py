"""A city's directory: an OpenID provider with a page to sign in, that can be told to lie.

`python -m tests.fakes.openid BACK` serves on a free port of this machine, which is its first line. Authlib's
own server side does the protocol (codes used once, PKCE, the client's secret); POST /test changes what it
says from now on.
"""

import hmac
import html
import json
import sys
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core import AuthorizationCodeMixin
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.core.grants.util import create_half_hash
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "welcomecenter", "a-secret/with:signs"
PERSON, PASSWORD = "anna", "kiesel"


@dataclass
class Code(AuthorizationCodeMixin):
    code: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> str:
        return ""

    def get_amr(self) -> list[str]:
        return []


class Client(ClientMixin):
    def __init__(self, back: str) -> None:
        self.back = back

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self.back

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.back

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == said["auth"]

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


def a_key() -> RSAKey:
    made = RSAKey.generate_key(2048)
    made.ensure_kid()
    return made


issuer = ""
key, other_key = a_key(), a_key()
codes: dict[str, Code] = {}
asked: dict[str, int] = {}
said: dict[str, Any] = {
    "lie": "",
    "groups": ["Hotline"],
    "amr": ["pwd"],
    "acr": "",
    "sub": "f3b1",
    "name": "Anna Kowalska",
    "called": "Anna@city.example",
    "agent": "amal",
    "auth": "client_secret_basic",
    "issuer": "",
}


class Grant(AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

    def save_authorization_code(self, code: str, request: Any) -> None:
        told = request.payload.data
        codes[code] = Code(
            code,
            request.payload.redirect_uri,
            request.payload.scope,
            told.get("nonce", ""),
            told.get("code_challenge", ""),
            told.get("code_challenge_method", ""),
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> str:
        return PERSON


class Told(OpenIDCode):  # type: ignore[misc]
    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return any(each.nonce == nonce for each in codes.values())

    def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
        """As the standard has it, but for one lie."""
        now, lie = int(time.time()), said["lie"]
        claims = {
            "iss": issuer,
            "sub": said["sub"],
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": request.authorization_code.nonce,
            "at_hash": create_half_hash(token["access_token"], "RS256").decode(),
            "amr": said["amr"],
            "acr": said["acr"],
            "groups": said["groups"],
            "name": said["name"],
            "preferred_username": said["called"],
            "agent": said["agent"],
        }
        claims |= {
            "nonce": {"nonce": "another"},
            "audience": {"aud": "another"},
            "audiences": {"aud": [CLIENT, "another"], "azp": CLIENT},
            "issuer": {"iss": "http://127.0.0.1:1"},
            "expired": {"iat": now - 500, "exp": now - 200},
            "old": {"iat": now - 3_600},
            "not yet": {"nbf": now + 600},
            "at_hash": {"at_hash": "AAAA"},
            "nobody": {"sub": ""},
        }.get(lie, {})
        if lie.startswith("no "):
            del claims[lie.removeprefix("no ")]
        header = {"alg": "RS256", "kid": key.kid}
        if lie == "unsigned":
            return jwt.encode({"alg": "none"}, claims, OctKey.generate_key(), ["none"])
        if lie == "secret":  # what is public taken as a secret that both know
            parts = ({"alg": "HS256", "kid": key.kid}, claims)
            body = b".".join(urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in parts)
            mac = hmac.digest(key.as_pem(private=False), body, "sha256")
            return (body + b"." + urlsafe_b64encode(mac).rstrip(b"=")).decode()
        if lie == "type":
            header["typ"] = "logout+jwt"
        signed = jwt.encode(header, claims, other_key if lie == "key" else key, ["RS256"])
        if lie == "stranger":
            return jwt.encode({"alg": "RS256", "kid": other_key.kid}, claims, other_key, ["RS256"])
        return signed


class FromUs(IssuerParameter):  # type: ignore[misc]
    def get_issuer(self) -> str | None:
        return {"mix-up": "http://127.0.0.1:1", "no iss": None}.get(said["lie"], issuer)


def made(back: str) -> Flask:
    app = Flask(__name__)
    client = Client(back)
    server = AuthorizationServer(
        app, lambda client_id: client if client_id == CLIENT else None, lambda token, request: None
    )
    server.register_grant(Grant, [CodeChallenge(required=True), Told(require_nonce=True)])
    server.register_extension(FromUs())

    @app.before_request
    def count() -> None:
        asked[request.path] = asked.get(request.path, 0) + 1

    @app.get("/.well-known/openid-configuration")
    def description() -> Response:
        return jsonify(
            issuer=said["issuer"] or issuer,
            authorization_endpoint=f"{issuer}/authorize",
            token_endpoint="http://hotline.example.org/token"
            if said["lie"] == "plain"
            else f"{issuer}/token",
            jwks_uri=f"{issuer}/keys",
            token_endpoint_auth_methods_supported=[said["auth"]],
            authorization_response_iss_parameter_supported=True,
        )

    @app.get("/keys")
    def keys() -> Response:
        return jsonify(KeySet([key]).as_dict(private=False))

    @app.route("/authorize", methods=["GET", "POST"])
    def authorize() -> Any:
        if request.method == "GET":
            hidden = "".join(
                f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
                for name, value in request.args.items()
            )
            return (
                '<!doctype html><html lang="en"><title>City</title><form method="post" action="/authorize">'
                f'{hidden}<label>Name <input name="user"></label>'
                '<label>Password <input name="password" type="password"></label><button>Go</button></form>'
            )
        grant = server.get_consent_grant(end_user=PERSON)
        known = (request.form.get("user"), request.form.get("password")) == (PERSON, PASSWORD)
        return server.create_authorization_response(grant_user=PERSON if known else None, grant=grant)

    @app.post("/token")
    def token() -> Any:
        if said["lie"] == "broken":
            return Response("no", 500)
        if said["lie"] == "endless":
            return Response((b"x" * 10_000 for _ in range(1_000)), 200)
        if said["lie"] == "elsewhere":
            return redirect(f"{issuer}/elsewhere", 307)
        return server.create_token_response()

    @app.post("/test")
    def told() -> Response:
        global key
        changes = json.loads(request.get_data())
        if changes.pop("renew", False):
            key = a_key()
        said.update(changes)
        return jsonify(asked)

    return app


if __name__ == "__main__":
    serving = make_server("127.0.0.1", 0, made(sys.argv[1]), threaded=True)
    issuer = f"http://127.0.0.1:{serving.server_port}"
    print(serving.server_port, flush=True)
    serving.serve_forever()
