"""Chains of certificates, made by openssl, as owners of devices make them."""

import datetime
import pathlib
import re

import hublib
from hublib import run

CONFIG = """
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[client]
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
[plain]
basicConstraints = critical, CA:FALSE
[server]
extendedKeyUsage = serverAuth
[list]
database = DIR/index
crlnumber = DIR/crlnumber
serial = DIR/serial
new_certs_dir = DIR
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
[any]
commonName = optional
organizationName = optional
"""
KEYS = {
    "rsa2048": ["rsa", "rsa_keygen_bits:2048"],
    "rsa3072": ["rsa", "rsa_keygen_bits:3072"],
    "rsa4096": ["rsa", "rsa_keygen_bits:4096"],
    "p256": ["ec", "ec_paramgen_curve:prime256v1"],
    "p384": ["ec", "ec_paramgen_curve:secp384r1"],
}


def stamp(days):
    """A time of openssl, so many days from now."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return at.strftime("%Y%m%d%H%M%SZ")


def make_key(path, kind):
    algorithm, option = KEYS[kind]
    run("openssl", "genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out", path)


class Authority:
    """A CA with a folder of its own; `signer`, another one, makes it an intermediate."""

    def __init__(self, folder, name, kind="p256", signer=None):
        self.dir = pathlib.Path(folder) / name
        self.dir.mkdir(parents=True)
        self.name = name
        self.key, self.cert = self.dir / "ca.key", self.dir / "ca.pem"
        self.config = self.dir / "openssl.conf"
        self.config.write_text(CONFIG.replace("DIR", str(self.dir)))
        (self.dir / "index").touch()
        (self.dir / "crlnumber").write_text("10\n")
        make_key(self.key, kind)
        if signer:
            signer.sign(self.key, self.cert, name, "ca", -1, 365)
        else:
            run("openssl", "req", "-x509", "-new", "-key", self.key, "-config", self.config,
                "-extensions", "ca", "-subj", f"/O=Owner/CN={name}", "-days", "365",
                "-out", self.cert)

    @property
    def pem(self):
        return self.cert.read_text()

    def sign(self, key, cert, common_name, extensions, first, last):
        request = self.dir / "request.pem"
        run("openssl", "req", "-new", "-key", key, "-config", self.config,
            "-subj", f"/O=Owner/CN={common_name}", "-out", request)
        run("openssl", "ca", "-batch", "-notext", "-config", self.config, "-name", "list",
            "-cert", self.cert, "-keyfile", self.key, "-extfile", self.config,
            "-extensions", extensions, "-startdate", stamp(first), "-enddate", stamp(last),
            "-in", request, "-out", cert)

    def device(self, hub, name, kind="p256", extensions="client", first=-1, last=30, chain=False):
        """An identity; `chain`: the device sends this CA's certificate too."""
        key, cert = self.dir / f"{name}.key", self.dir / f"{name}.pem"
        make_key(key, kind)
        self.sign(key, cert, name, extensions, first, last)
        sent = cert
        if chain:
            sent = self.dir / f"{name}.chain.pem"
            sent.write_text(cert.read_text() + self.pem)
        return hublib.Identity(name, str(sent), str(key), hub.ca)

    def proof(self, code):
        """The verification certificate."""
        key, cert = self.dir / "proof.key", self.dir / "proof.pem"
        make_key(key, "p256")
        self.sign(key, cert, code, "plain", -1, 30)
        return cert.read_text()

    def revoke(self, *identities, days=30):
        """Puts them on the list; returns it, with a number above the last one's."""
        for identity in identities:
            run("openssl", "ca", "-config", self.config, "-name", "list", "-cert", self.cert,
                "-keyfile", self.key, "-revoke", identity.cert)
        crl = self.dir / "crl.pem"
        run("openssl", "ca", "-gencrl", "-config", self.config, "-name", "list", "-cert", self.cert,
            "-keyfile", self.key, "-crlsec", str(days * 86400), "-out", crl)
        return crl.read_text()

    def register(self, hub, active=True, auto=False, **words):
        """In the mode DEFAULT; returns its id."""
        iot = hub.boto3("iot")
        return iot.register_ca_certificate(
            caCertificate=self.pem, setAsActive=active, allowAutoRegistration=auto,
            verificationCertificate=self.proof(iot.get_registration_code()["registrationCode"]),
            **words)["certificateId"]


def leaf(identity):
    """The device's own certificate, without what it sends behind it."""
    text = pathlib.Path(identity.cert).read_text()
    return re.search(r"-----BEGIN CERT.*?END CERTIFICATE-----\n", text, re.DOTALL)[0]
