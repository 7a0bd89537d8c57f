"""Serving the page: a private folder for uploads, the login, what may not be fetched, and a clean end."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import replace

from ..config import Settings
from ..service import FaceService
from ..types import FaceguiError
from .options import Login, Options
from .private import private_folder

log = logging.getLogger(__name__)


def serve(settings: Settings, options: Options) -> int:
    """Open the page and keep it open until Ctrl+C or SIGTERM. Raises FaceguiError where it cannot be opened."""
    with ExitStack() as end:
        private = end.enter_context(private_folder())
        os.environ["GRADIO_TEMP_DIR"] = str(private / "uploads")
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
        (private / "uploads").mkdir()
        tempfile.tempdir = str(private)  # parts of uploads that are still arriving, and exports
        end.callback(setattr, tempfile, "tempdir", None)
        if options.demo:
            settings = replace(settings, gallery=private / "gallery")
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        service = end.enter_context(FaceService(settings))
        page = _launch(service, options, _samples() if options.demo else {})
        end.callback(page.close, verbose=False)
        _greet(page, options)
        threading.Thread(target=_warm, args=(service, options.demo), daemon=True).start()
        stop.wait()
        print("facegui: closed", flush=True)
    return 0


def _samples() -> dict:
    from ..service import demo

    return demo.samples()


def _launch(service: FaceService, options: Options, samples: dict):
    import gradio as gr
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from .access import Access
    from .app import build
    from .style import CSS, FAVICON, HEAD, theme
    from .words import browser

    access = Access(options.owner, options.guest, options.local)
    page = build(service, access, samples)
    guards = []
    if not access.needs_login:  # a foreign page that points its own name at this machine is turned away
        guards.append(Middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[", options.host]))
    settings = service.settings
    try:
        page.launch(
            server_name=options.host, server_port=options.port, share=options.share, inbrowser=options.open,
            auth=access.login if access.needs_login else None,
            auth_message="The name and password stand on the console where facegui was started." if access.needs_login else None,
            prevent_thread_lock=True, quiet=True, show_error=False, ssr_mode=False, run_history=False, enable_monitoring=False,
            mcp_server=False, pwa=False, footer_links=["api", "settings"], favicon_path=FAVICON,
            theme=theme(), css=CSS, head=HEAD + browser.head(), i18n=browser.i18n(page),
            max_file_size="1gb" if options.local else "64mb", state_session_capacity=200,
            blocked_paths=[str(settings.gallery), str(settings.weights)], app_kwargs={"middleware": guards},
            ssl_certfile=options.certificate.file, ssl_keyfile=options.certificate.key,
            ssl_keyfile_password=options.certificate.password, ssl_verify=False)
    except OSError as error:
        raise FaceguiError(f"the page cannot be opened at {options.host}:{options.port} ({error}); give another --port") from None
    if options.share and not page.share_url:
        print("facegui: the public link could not be made; this machine may have no way out to Gradio's tunnel. "
              "The page is open on this machine.", flush=True)
    del gr
    return page


def _greet(page, options: Options) -> None:
    print(f"facegui: open {page.local_url}", flush=True)
    if page.share_url:
        print(f"facegui: public link {page.share_url}", flush=True)
    for role, login in (("owner", options.owner), ("guest", options.guest)):
        if isinstance(login, Login):
            shown = login.password if login.generated else "(as given)"
            print(f"facegui: {role} login {login.user}, password {shown}", flush=True)
    print("facegui: Ctrl+C closes it", flush=True)


def _warm(service: FaceService, demo_too: bool) -> None:
    """Load the model while the visitor is still choosing a photo, and fill the demo gallery as a job that they can watch."""
    try:
        service.sight
        if demo_too:
            from ..service import demo

            def work(tick) -> str:
                demo.prepare(service, tick)
                print("facegui: the demo gallery is ready", flush=True)
                return f"{len(service.people())} drawn people are enrolled. Click one of the pictures in the Recognize tab."

            service.jobs.start("Enrolling a dozen drawn people", work)
    except FaceguiError as error:
        print(f"facegui: {error}", flush=True)
    except Exception:
        log.exception("the model could not be loaded")
