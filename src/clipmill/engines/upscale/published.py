"""The weights that the makers of Real-ESRGAN published, under the BSD 3-Clause licence.

Source: the releases of github.com/xinntao/Real-ESRGAN. The digests are those that packagers of the files publish.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clipmill.media.choices import UpscaleModel

_RELEASES = "https://github.com/xinntao/Real-ESRGAN/releases/download"


@dataclass(frozen=True, slots=True)
class Published:
    """Where weights can be had, and what they must be."""

    url: str
    sha256: str
    bytes: int

    @property
    def file_name(self) -> str:
        return self.url.rpartition("/")[2]


PUBLISHED: Mapping[UpscaleModel, Published] = MappingProxyType(
    {
        UpscaleModel.GENERAL: Published(
            f"{_RELEASES}/v0.2.5.0/realesr-general-x4v3.pth",
            "8dc7edb9ac80ccdc30c3a5dca6616509367f05fbc184ad95b731f05bece96292",
            4_885_111,
        ),
        UpscaleModel.PLUS: Published(
            f"{_RELEASES}/v0.1.0/RealESRGAN_x4plus.pth",
            "4fa0d38905f75ac06eb49a7951b426670021be3018265fd191d2125df9d682f1",
            67_040_989,
        ),
    }
)
