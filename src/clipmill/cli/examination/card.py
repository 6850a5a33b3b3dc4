"""Whether there is a graphics card, and which part of the work goes there. Everything works without one."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from clipmill.cli.examination.checks import Check
from clipmill.cli.wording import size_text
from clipmill.errors import EngineError
from clipmill.settings import Settings


def card_checks(settings: Settings) -> Iterator[Check]:
    """What draws, and what the card can do."""
    yield Check("torch", _torch, needed=False)
    yield Check("card", _card, needed=False)
    yield Check("drawing", lambda: _drawing(settings))
    yield Check("nvdec", _nvdec, needed=False)


def _torch() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        raise EngineError(
            "PyTorch is not installed; super-resolution and drawing on a card need it: pip install 'clipmill[upscale]'"
        ) from None


def _card() -> str:
    from clipmill.engines.device.choice import card_fault, card_name, free_memory

    fault = card_fault()
    if fault is not None:
        raise EngineError(f"{fault}; pictures are drawn by the processor")
    name, place = card_name()
    return f"{name}, {size_text(free_memory(place))} of its memory free"


def _drawing(settings: Settings) -> str:
    from clipmill.engines.device.choice import SETTING, device_name, drawing_card

    card = drawing_card(settings.environment)
    return f"by the {'processor' if card is None else 'card'}, {SETTING} is {device_name(settings.environment).value}"


def _nvdec() -> str:
    from clipmill.engines.device.decoding import decoding_fault

    fault = decoding_fault()
    if fault is not None:
        raise EngineError(fault)
    return "the card decoded a trial frame"
