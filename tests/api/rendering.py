"""The whole service behind a real socket, with the real functions: ``python -m tests.api.rendering FOLDER``."""

import os
import sys
from pathlib import Path

from clipmill.api.app import create_app
from clipmill.api.journal import write_json_lines
from clipmill.api.listening import Listening
from clipmill.api.options import ApiOptions
from clipmill.api.server import serve
from clipmill.runners.embedded import open_service
from clipmill.settings import Settings


def main(folder: Path) -> None:
    write_json_lines()
    settings = Settings(
        store=str(folder / "store"), scratch_root=folder / "scratch", tenant="local", environment=dict(os.environ)
    )
    service = open_service(settings, ledger_url=f"sqlite:///{folder / 'ledger.db'}")
    service.start()
    try:
        app = create_app(service, ApiOptions(tick_s=0.05, heartbeat_s=0.5))
        serve(app, Listening.at("127.0.0.1", 0), lambda host, port: print(f"http://{host}:{port}", flush=True))
    finally:
        service.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
