"""What `python launch.py` was asked for."""

from __future__ import annotations

import argparse
import ipaddress
import os
import secrets
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..config import Settings
from ..types import FaceguiError

FIRST_PORT, PORTS = 7860, 100  # without --port: the first free one from here on


@dataclass(frozen=True, slots=True)
class Login:
    """A name and a password for the login page; `generated` ones are printed when the page opens."""

    user: str
    password: str
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Certificate:
    """For https, from FACEGUI_SSL_CERT, FACEGUI_SSL_KEY and FACEGUI_SSL_PASSWORD; without a file the page is plain http."""

    file: str | None = None
    key: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Options:
    """How the page is served. `owner` None: no login, for this machine only."""

    host: str
    port: int
    share: bool
    owner: Login | None
    guest: Login | None
    demo: bool
    open: bool
    certificate: Certificate = Certificate()

    @property
    def local(self) -> bool:
        """Only programs of this machine can reach the page, so paths typed into it are its owner's."""
        return not self.share and is_loopback(self.host)


def read(argv: Sequence[str] | None) -> tuple[Settings, Options]:
    """The options as settings for the service and for the page. Raises FaceguiError; argparse exits with 2 by itself."""
    found = _parser().parse_args(argv)
    settings = Settings.load(gallery=found.gallery, weights=found.weights, model=found.model, device=found.device,
                             long_side=found.long_side)
    owner = _login(found.auth or os.environ.get("FACEGUI_AUTH"), "--auth")
    guest = _login(found.guest or os.environ.get("FACEGUI_GUEST"), "--guest")
    if owner is None and (found.share or not is_loopback(found.host) or guest):
        owner = Login("owner", secrets.token_urlsafe(12), generated=True)
    if guest is None and found.share:
        guest = Login("guest", secrets.token_urlsafe(9), generated=True)
    if owner and guest and owner.user == guest.user:
        raise FaceguiError(f"owner and guest cannot both be called {owner.user!r}; give --guest another name")
    port = _free_port(found.host, found.port)
    return settings, Options(found.host, port, found.share, owner, guest, found.demo, found.open, _certificate())


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _login(text: str | None, flag: str) -> Login | None:
    if text is None:
        return None
    user, colon, password = text.partition(":")
    if not user.strip() or not colon or len(password) < 6:
        raise FaceguiError(f"{flag} wants USER:PASSWORD with a password of at least 6 characters, "
                           f"for example {flag} ana:bright-sky")
    return Login(user.strip(), password)


def _certificate() -> Certificate:
    file, key, password = (os.environ.get(f"FACEGUI_SSL_{name}") or None for name in ("CERT", "KEY", "PASSWORD"))
    if not file and not key:
        return Certificate()
    if not file or not key:
        raise FaceguiError("https needs both FACEGUI_SSL_CERT (the certificate's file) and FACEGUI_SSL_KEY (its key's file)")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, key, password or "")
    except (OSError, ssl.SSLError) as error:
        raise FaceguiError(f"FACEGUI_SSL_CERT {file} and FACEGUI_SSL_KEY {key} cannot be used for https ({error}); give a PEM "
                           "certificate and the key that belongs to it (FACEGUI_SSL_PASSWORD where the key has one)") from None
    return Certificate(file, key, password)


def _free_port(host: str, wanted: int | None) -> int:
    """The wanted port, or the first free one. Raises FaceguiError where it cannot be listened on."""
    for port in [wanted] if wanted is not None else range(FIRST_PORT, FIRST_PORT + PORTS):
        try:
            family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                return port if port else probe.getsockname()[1]
        except socket.gaierror:
            raise FaceguiError(f"host {host!r} is not an address of this machine; give 127.0.0.1 for this machine only, "
                               "or 0.0.0.0 for the whole network") from None
        except PermissionError:
            raise FaceguiError(f"port {port} may not be used by this account; give a port of 1024 or above") from None
        except OSError as error:
            if wanted is not None and error.errno == 99:  # EADDRNOTAVAIL
                raise FaceguiError(f"host {host!r} is not an address of this machine; give 127.0.0.1 or 0.0.0.0") from None
    if wanted is not None:
        raise FaceguiError(f"port {wanted} is in use, perhaps by another facegui; close it, or give another --port")
    raise FaceguiError(f"no free port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1}; give one with --port")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("launch.py", description="Open the face recognition page in the browser. Everything "
                                     "stays on this machine. The command line is `python -m facegui COMMAND`.")
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="address to listen on (default 127.0.0.1: this machine "
                        "only; any other address needs a login)")
    parser.add_argument("--port", type=_port, metavar="P", help=f"port (default: the first free one from {FIRST_PORT})")
    parser.add_argument("--share", action="store_true", help="open a public https link through Gradio's tunnel; needs a login")
    parser.add_argument("--auth", metavar="USER:PASSWORD", help="login of the owner, who may do everything (or FACEGUI_AUTH); "
                        "generated and printed where one is needed and none is given")
    parser.add_argument("--guest", metavar="USER:PASSWORD", help="login of guests, who may recognise and nothing else "
                        "(or FACEGUI_GUEST)")
    parser.add_argument("--demo", action="store_true", help="open on a temporary gallery of drawn people")
    parser.add_argument("--open", action="store_true", help="open the page in this machine's browser")
    parser.add_argument("--gallery", metavar="DIR", help="the gallery folder (default: gallery/ of the checkout)")
    parser.add_argument("--weights", metavar="DIR", help="the models folder (default: weights/ of the checkout)")
    parser.add_argument("--model", metavar="NAME", help="use this model instead of the gallery's own")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], help="where to compute (default auto)")
    parser.add_argument("--long-side", metavar="PX", help="search photos for faces at this size; 0: full size (default 1024)")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number from 1024 to 65535, or 0 for any free one")
    return int(text)
