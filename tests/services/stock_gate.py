"""The stock sites at their own addresses: a proxy on loopback that answers for them, over TLS with a certificate made up for it."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.services.stock_server import KEY, Quiet, StockServer, Talk, Video

HOSTS = ("api.pexels.com", "videos.pexels.com", "pixabay.com", "cdn.pixabay.com")


class Gate(Talk):
    """A connection to the proxy, which becomes one to a site when it is asked for that."""

    context: ssl.SSLContext

    def do_CONNECT(self) -> None:
        assert self.path.removesuffix(":443") in HOSTS
        self.send_response(200)
        self.end_headers()
        self.connection = self.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        self.connection.close()


@contextmanager
def stock_gate(folder: Path, *videos: Video) -> Iterator[tuple[StockServer, dict[str, str]]]:
    """Run the sites for the length of a test; give them, and the environment in which they are met.

    Parameters
    ----------
    folder : Path
        For the certificate.
    *videos : Video
        What the sites offer.
    """
    stock = StockServer("https://videos.pexels.com", list(videos))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder / "sites.pem"))
    server = Quiet(("127.0.0.1", 0), type("BoundGate", (Gate,), {"stock": stock, "context": context}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    named = {"HTTPS_PROXY": f"http://127.0.0.1:{server.server_address[1]}", "REQUESTS_CA_BUNDLE": str(folder / "sites.pem")}
    try:
        yield stock, named | {"PEXELS_API_KEY": KEY, "PIXABAY_API_KEY": KEY}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _certificate(path: Path) -> Path:
    """Write a key and a certificate that vouches for itself, for all the hosts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stock sites of a test")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        **dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False),
        **dict.fromkeys(("crl_sign", "encipher_only", "decipher_only"), False),
    )
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    with path.open("ab") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
    return path
