#!/usr/bin/env python3
"""Writes keys.json and tokens.case beside this file: tokens as an issuer makes them, and as attackers do.

Run by hand, with python3-cryptography. Keys are new each time.
"""

import base64
import hashlib
import hmac
import json
import pathlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

HERE = pathlib.Path(__file__).parent
NOW = 1795502090
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
OTHER = ed25519.Ed25519PrivateKey.generate()


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, length=None):
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


def raw(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def jwks():
    n, p = RSA.public_key().public_numbers(), EC.public_key().public_numbers()
    return {"keys": [
        {"kty": "RSA", "kid": "r", "use": "sig", "alg": "RS256", "n": number(n.n), "e": number(n.e)},
        {"kty": "EC", "kid": "e", "crv": "P-256", "x": number(p.x, 32), "y": number(p.y, 32)},
        {"kty": "OKP", "kid": "o", "crv": "Ed25519", "key_ops": ["verify"], "x": b64(raw(ED))},
        {"kty": "OKP", "kid": "o2", "crv": "Ed25519", "x": b64(raw(OTHER))},
        {"kty": "RSA", "kid": "enc", "use": "enc", "n": number(n.n), "e": number(n.e)},
        {"kty": "EC", "kid": "p384", "crv": "P-384", "x": "AA", "y": "AA"},
    ]}


def sign(alg, text):
    if alg == "RS256":
        return RSA.sign(text, padding.PKCS1v15(), hashes.SHA256())
    if alg == "ES256":
        r, s = utils.decode_dss_signature(EC.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if alg == "EdDSA":
        return ED.sign(text)
    if alg == "HS256":  # under what everybody knows: the public key
        pem = RSA.public_key().public_bytes(serialization.Encoding.PEM,
                                            serialization.PublicFormat.SubjectPublicKeyInfo)
        return hmac.new(pem, text, hashlib.sha256).digest()
    return b"none"


KIDS = {"RS256": "r", "ES256": "e", "EdDSA": "o"}


def token(alg="EdDSA", head=None, signer=None, text=None, **claims):
    header = {"alg": alg, "typ": "JWT", "kid": KIDS.get(alg, "r"), **(head or {})}
    body = {"iss": "https://issuer.example", "aud": "thingd", "sub": "alice", "exp": NOW + 600,
            **claims}
    parts = [{k: v for k, v in part.items() if v is not None} for part in (header, body)]
    payload = text.encode() if text else json.dumps(parts[1]).encode()
    signed = b64(json.dumps(parts[0]).encode()) + "." + b64(payload)
    return signed + "." + b64(sign(signer or alg, signed.encode()))


def flip(text, at):
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]


def split(text):
    head, body, signature = text.split(".")
    return head, body, signature


CASES = [
    # name, token, expect, what: policies or words
    ("RS256", token("RS256", scope="read"), "ok", "Base ReadOnly"),
    ("ES256", token("ES256", scope="write read write"), "ok", "Base ReadOnly Writer"),
    ("EdDSA", token(scope=["write", "other"]), "ok", "Base Writer"),
    ("no scope", token(), "ok", "Base"),
    ("scope of another type", token(scope=7), "ok", "Base"),
    ("scope that contains a value", token(scope="readers xwrite"), "ok", "Base"),
    ("no kid, one key fits", token("RS256", head={"kid": None}), "ok", "Base"),
    ("no typ", token(head={"typ": None}), "ok", "Base"),
    ("typ at+jwt", token(head={"typ": "at+JWT"}), "ok", "Base"),
    ("audience in a list", token(aud=["other", "thingd"]), "ok", "Base"),
    ("expired within the leeway", token(exp=NOW - 60), "ok", "Base"),
    ("begins within the leeway", token(nbf=NOW + 60, iat=NOW + 60), "ok", "Base"),
    ("fractions", token(exp=NOW + 0.5, iat=NOW - 0.25), "ok", "Base"),

    ("expired", token(exp=NOW - 61), "ERR_EXPIRED", "has expired"),
    ("expired long ago", token(exp=0), "ERR_EXPIRED", "has expired"),
    ("not yet valid", token(nbf=NOW + 61), "ERR_AUTH", "not yet valid ('nbf')"),
    ("issued in the future", token(iat=NOW + 61), "ERR_AUTH", "not yet valid ('iat')"),
    ("nbf is a text", token(nbf="1"), "ERR_AUTH", "'nbf' of the token is no time"),
    ("another issuer", token(iss="https://issuer.example/"), "ERR_AUTH", "another issuer"),
    ("no issuer", token(iss=None), "ERR_AUTH", "another issuer"),
    ("issuer is a list", token(iss=["https://issuer.example"]), "ERR_AUTH", "another issuer"),
    ("another audience", token(aud="thingd2"), "ERR_AUTH", "another audience"),
    ("no audience", token(aud=None), "ERR_AUTH", "another audience"),
    ("audience is an object", token(aud={"a": "thingd"}), "ERR_AUTH", "another audience"),
    ("empty audience", token(aud=[]), "ERR_AUTH", "another audience"),

    ("no exp", token(exp=None), "ERR_MALFORMED", "when it expires"),
    ("exp is a text", token(exp="1795502690"), "ERR_MALFORMED", "when it expires"),
    ("exp is huge", token(exp=1e300), "ERR_MALFORMED", "when it expires"),
    ("exp is negative", token(exp=-1), "ERR_MALFORMED", "when it expires"),
    ("no subject", token(sub=None), "ERR_MALFORMED", "no subject"),
    ("empty subject", token(sub=""), "ERR_MALFORMED", "no subject"),
    ("long subject", token(sub="s" * 129), "ERR_MALFORMED", "no subject"),
    ("subject with a line end", token(sub="a\nb"), "ERR_MALFORMED", "no subject"),
    ("subject is a number", token(sub=7), "ERR_MALFORMED", "'sub' of the token is not a text"),
    ("a claim twice", token(text='{"sub":"a","sub":"b","exp":1795502690}'), "ERR_MALFORMED",
     "payload of the token"),
    ("claims are a list", token(text="[]"), "ERR_MALFORMED", "payload of the token"),
    ("claims are deep", token(text='{"a":' + "[" * 20 + "]" * 20 + "}"), "ERR_MALFORMED",
     "payload of the token"),

    ("alg none", token("none"), "ERR_UNSUPPORTED", "'none'"),
    ("alg None", token("None"), "ERR_UNSUPPORTED", "'None'"),
    ("alg HS256 under the public key", token("HS256"), "ERR_UNSUPPORTED", "'HS256'"),
    ("alg RS512", token("RS512", signer="RS256"), "ERR_UNSUPPORTED", "'RS512'"),
    ("alg rs256", token("rs256", signer="RS256"), "ERR_UNSUPPORTED", "'rs256'"),
    ("no alg", token(head={"alg": None}), "ERR_UNSUPPORTED", "''"),
    ("alg is a list", token(head={"alg": ["EdDSA"]}), "ERR_MALFORMED", "'alg'"),
    ("crit", token(head={"crit": ["exp"]}), "ERR_MALFORMED", "critical extensions"),
    ("another type", token(head={"typ": "secevent+jwt"}), "ERR_MALFORMED", "another type"),
    ("kid is a number", token(head={"kid": 1}), "ERR_MALFORMED", "'kid'"),
    ("header twice a member", "eyJhbGciOiJub25lIiwiYWxnIjoiRWREU0EifQ.e30.AA", "ERR_MALFORMED",
     "header of the token"),

    ("unknown kid", token(head={"kid": "x"}), "ERR_NOT_FOUND", "no key 'x'"),
    ("kid of a key of another algorithm", token(head={"kid": "r"}), "ERR_NOT_FOUND", "no key 'r'"),
    ("kid of a key for encryption", token("RS256", head={"kid": "enc"}), "ERR_NOT_FOUND",
     "no key 'enc'"),
    ("no kid, two keys fit", token(head={"kid": None}), "ERR_NOT_FOUND", "several"),
    ("kid of another key", token(head={"kid": "o2"}), "ERR_AUTH", ""),
    ("alg of another key", token("RS256", signer="ES256"), "ERR_AUTH", ""),
    ("EdDSA altered", flip(token(), -10), "ERR_AUTH", ""),
    ("RS256 altered", flip(token("RS256"), -10), "ERR_AUTH", ""),
    ("ES256 altered", flip(token("ES256"), -10), "ERR_AUTH", ""),
    ("ES256 of zeros", ".".join(split(token("ES256"))[:2]) + "." + b64(bytes(64)), "ERR_AUTH", ""),
    ("signature cut", token()[:-2], "ERR_AUTH", ""),
    ("claims of another token", ".".join([split(token())[0], split(token(sub="bob"))[1],
                                          split(token())[2]]), "ERR_AUTH", ""),

    ("two parts", ".".join(split(token())[:2]), "ERR_MALFORMED", "three parts"),
    ("four parts", token() + ".AA", "ERR_MALFORMED", "three parts"),
    ("no signature", ".".join(split(token())[:2]) + ".", "ERR_MALFORMED", "three parts"),
    ("padding", token() + "==", "ERR_MALFORMED", "not in base64url"),
    ("base64 of the other kind", split(token())[0] + "+." + split(token())[1] + ".AA",
     "ERR_MALFORMED", "header of the token"),
    ("too long", token(x="x" * 8192), "ERR_MALFORMED", "longer than 8192 bytes"),
]


def main():
    (HERE / "keys.json").write_text(json.dumps(jwks(), indent=1) + "\n")
    with open(HERE / "tokens.case", "w") as out:
        out.write("# Written by generate.py.\n")
        for name, text, expect, what in CASES:
            out.write(f"\n== {name}\ntoken {text}\n\nexpect {expect}\n")
            out.write(f"{'policies' if expect == 'ok' else 'says'} {what}\n")


if __name__ == "__main__":
    main()
