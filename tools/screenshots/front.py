"""Names of example.com, served over https on this machine."""

import datetime
import http.client
import ssl
import sys
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from loopback import LoopbackServer, QuietHandler

ODOO, LOGIN, APP = "odoo.example.com", "login.example.com", "app.example.com"
_OF_EACH_CONNECTION = ("connection", "content-length", "transfer-encoding")
CALLER = "203.0.113.24"  # an address that is no one's (RFC 5737)


def make_certificate(folder):
    """Write ``certificate.pem`` of the names into a folder.

    :return: an ``ssl.SSLContext`` for servers
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.com")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName(each) for each in (ODOO, LOGIN)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


class Front(LoopbackServer):
    """The reverse proxy before Odoo; ``port`` is where it listens."""

    def __init__(self, odoo_url, context):
        """:param str odoo_url: where Odoo is, :param context: an ``ssl.SSLContext``"""
        super().__init__(_Handler)
        self.odoo = urlsplit(odoo_url).netloc
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self.server_port

    def handle_error(self, request, client_address):
        """Say nothing of a browser that hung up, as it does when a page is left."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(QuietHandler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items()}
        headers |= {
            "Host": self.server.odoo,
            "Connection": "close",
            "X-Forwarded-For": CALLER,
            "X-Forwarded-Host": ODOO,
            "X-Forwarded-Proto": "https",
        }
        connection = http.client.HTTPConnection(self.server.odoo, timeout=120)
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        told = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_EACH_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_POST = do_OPTIONS = do_GET
