"""JWS, JWK and their attacks with nothing but the standard library and the openssl program."""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import tempfile


def b64(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header_of(token):
    return json.loads(unb64(token.split(".")[0]))


def claims_of(token):
    return json.loads(unb64(token.split(".")[1]))


def as_json(value):
    """bytes and texts as they are, so that what is no JSON, or odd JSON, can be sent."""
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def openssl(*args, data):
    done = subprocess.run(["openssl", *args], input=data, capture_output=True, timeout=60)
    assert done.returncode == 0, (args, done.stderr)
    return done.stdout


# DER, as much as signatures and public keys have of it -----------------------------------------

def der(tag, content):
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def der_integer(octets):
    number = int.from_bytes(octets, "big")
    return der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def raw_signature(signature):
    """r and s (RFC 7518, section 3.4) of a DER signature on P-256."""
    size = signature[3]
    r, s = signature[4:4 + size], signature[6 + size:]
    return b"".join(int.from_bytes(one, "big").to_bytes(32, "big") for one in (r, s))


def public_pem(jwk):
    """What openssl, and whoever confuses it with a secret, takes for the public key."""
    if jwk["kty"] == "EC":
        assert jwk["crv"] == "P-256", jwk
        info = (bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004") +
                unb64(jwk["x"]) + unb64(jwk["y"]))
    else:
        key = der(0x30, der_integer(unb64(jwk["n"])) + der_integer(unb64(jwk["e"])))
        info = der(0x30, bytes.fromhex("300d06092a864886f70d0101010500") + der(3, b"\0" + key))
    text = base64.b64encode(info).decode()
    lines = [text[at:at + 64] for at in range(0, len(text), 64)]
    return ("-----BEGIN PUBLIC KEY-----\n" + "\n".join(lines) +
            "\n-----END PUBLIC KEY-----\n").encode()


def thumbprint(jwk):
    """RFC 7638."""
    names = ("crv", "kty", "x", "y") if jwk["kty"] == "EC" else ("e", "kty", "n")
    text = json.dumps({name: jwk[name] for name in names}, sort_keys=True,
                      separators=(",", ":"))
    return b64(hashlib.sha256(text.encode()).digest())


def verify(token, key_set):
    """Checks the signature as another program would: with the key set and the token alone."""
    head, payload, signature = token.split(".")
    header = header_of(token)
    jwk, = [one for one in key_set["keys"] if one["kid"] == header["kid"]]
    assert jwk["alg"] == header["alg"] and jwk["use"] == "sig", (jwk, header)
    octets = unb64(signature)
    if jwk["kty"] == "EC":
        assert len(octets) == 64, len(octets)
        octets = der(0x30, der_integer(octets[:32]) + der_integer(octets[32:]))
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("key", public_pem(jwk)), ("signature", octets)):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        openssl("dgst", "-sha256", "-verify", os.path.join(folder, "key"), "-signature",
                os.path.join(folder, "signature"), data=f"{head}.{payload}".encode())
    return True


# Signing ---------------------------------------------------------------------------------------

class Signer:
    """A key of the service in our hands: what is refused for its sake is refused although the
    signature is right. secret: of HS256; path: of a private key as PEM."""

    def __init__(self, alg, kid=None, secret=None, path=None):
        self.alg, self.kid, self.secret, self.path = alg, kid, secret, path

    def header(self, **more):
        header = {"typ": "JWT", "alg": self.alg}
        if self.kid is not None:
            header["kid"] = self.kid
        return {**header, **more}

    def signature(self, text):
        if self.secret is not None:
            return hmac.new(self.secret, text, hashlib.sha256).digest()
        signature = openssl("dgst", "-sha256", "-sign", self.path, data=text)
        return raw_signature(signature) if self.alg == "ES256" else signature

    def sign(self, payload, header=None):
        text = (b64(as_json(self.header() if header is None else header)) + "." +
                b64(as_json(payload)))
        return text + "." + b64(self.signature(text.encode()))


def hmac_signed(payload, header, secret, algorithm="sha256"):
    text = b64(as_json(header)) + "." + b64(as_json(payload))
    return text + "." + b64(hmac.new(secret, text.encode(), algorithm).digest())
