"""What belongs to training and what to evaluation: nothing is in both."""

from enum import StrEnum


class Split(StrEnum):
    TRAINING = "training"
    VALIDATION = "validation"
    EVALUATION = "evaluation"


EVALUATION_FAMILIES = (
    "Roboto", "Carlito", "Linux Libertine", "Linux Biolinum", "Cabin", "Dosis", "Liberation Sans", "Inter Display", "Play", "PT Sans",
    "WenQuanYi", "VL ", "NanumSquare", "Amiri", "Lohit", "Loma", "Garuda", "League Spartan",
)  # fmt: skip
"""Beginnings of the font families that are only evaluated on."""

VALIDATION_FAMILIES = ("Lato", "Noto Serif", "Quicksand", "DejaVu Serif", "Bebas Neue", "UnDotum", "PT Serif", "Tuffy")
"""Beginnings of the font families that choose the best checkpoint."""

FOOTAGE = {
    Split.TRAINING: (
        "phone_rotation/gopro_max_heromode.mp4", "sport/soccer_juggle_720p.mp4", "sport/marathon_run.mp4", "sport/concat_1_cat.mp4",
        "timing/awesome_movie_vfr.mov", "codec_container/ax_sample.avi", "timing/ax_first_pts_10s.mp4", "timing/ax_shorter_audio.mp4",
        "phone_rotation/ax_edit_list_iphone_hdr.mp4", "codec_container/ax_hdr10_av1.mp4", "codec_container/ax_portrait_720x1080.mp4",
        "codec_container/ax_vp9_161x121.webm", "phone_rotation/ax_portrait_4k60.mp4", "timing/nasa_13013_multitrack.mp4",
    ),
    Split.VALIDATION: ("codec_container/ax_video_only.mp4", "phone_rotation/sideways_movie.mov", "sport/two_people_portrait_cam01.mp4"),
    Split.EVALUATION: (
        "sport/concat_2_skater.mp4", "sport/handball_sideview_6243x1080.mp4", "sport/soccer_drone_1260x708.mp4",
        "sport/soccer_left_camera_3072x1728.mp4",
    ),
}  # fmt: skip
"""Footage below shared/media/footage, each file in one split only; licences stand in its MANIFEST.tsv."""


def family_split(family: str) -> Split:
    """Which split a font family belongs to."""
    if family.startswith(EVALUATION_FAMILIES):
        return Split.EVALUATION
    return Split.VALIDATION if family.startswith(VALIDATION_FAMILIES) else Split.TRAINING
