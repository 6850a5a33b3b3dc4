"""What a child process may see of the environment: names known to be needed and harmless, nothing else."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ALLOWED = frozenset(
    {
        "PATH",
        "LANG",
        "LANGUAGE",
        "TZ",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "SYSTEMROOT",
        "PYTHONHOME",
        "PYTHONUTF8",
        "PYTHONIOENCODING",
        "PYTHONHASHSEED",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONPYCACHEPREFIX",
        "PYTHONWARNINGS",
        "CLIPMILL_DEVICE",
        "CLIPMILL_OCR_ENGINE",
        "CUDA_VISIBLE_DEVICES",
        "CUDA_DEVICE_ORDER",
        "NVIDIA_VISIBLE_DEVICES",
        "NVIDIA_DRIVER_CAPABILITIES",
    }
)
_READ_TEXT = frozenset(
    {
        "extract_frames_and_ocr",
        "generate_caption_ocr",
        "generate_caption_ocr_batch",
        "plan_captions",
        "transcribe_captions",
    }
)
_SECRETS_OF_ENGINES = {"google-vision": ("GOOGLE_APPLICATION_CREDENTIALS_JSON",)}
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that children get.

    >>> child_environment({"LANG": "C.UTF-8", "R2_SECRET_ACCESS_KEY": "x"})
    {'LANG': 'C.UTF-8'}
    """
    return {name: value for name, value in environment.items() if name in ALLOWED or name.startswith("LC_")}


def asked_for(environment: Mapping[str, str], function: str, request: Mapping[str, Any]) -> dict[str, str]:
    """What a call sees beyond what every child gets: the secrets of the OCR engine with which it is told to read.

    >>> asked_for({"GOOGLE_APPLICATION_CREDENTIALS_JSON": "{}"}, "generate_caption_ocr", {"ocr_engine": "google-vision"})
    {'GOOGLE_APPLICATION_CREDENTIALS_JSON': '{}'}
    """
    engine = str(request.get("ocr_engine") or environment.get("CLIPMILL_OCR_ENGINE"))
    names = _SECRETS_OF_ENGINES.get(engine, ()) if function in _READ_TEXT else ()
    return {name: environment[name] for name in names if name in environment}


def started_in(scratch: Path, environment: Mapping[str, str], threads: int) -> dict[str, str]:
    """The whole environment of a child that works in ``scratch``.

    It imports from where its parent imports. Its home is the scratch folder, so that no library finds credentials
    or leaves a cache in the real one; the folder of models is told, for it may lie in the real one.
    """
    # Whoever only imports this module must not wait for the engines.
    from clipmill.engines.upscale.store import SETTING, models_folder

    places = [os.path.abspath(place) for place in sys.path]  # noqa: PTH100 - "" stands for the current folder here
    own = {
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "PYTHONPATH": os.pathsep.join(places),
        SETTING: str(models_folder(environment)),
    }
    # Threads for linear algebra cost processor time at every start, and no function has use for them.
    # Threads of a network that wait would spin, and take the time of the encoder beside them.
    network = {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive"}
    return child_environment(environment) | own | _ONE_THREAD | network
