"""All captions of a video, written out as files for people."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

from clipmill.engines.caption_databases.captions import CaptionRecord
from clipmill.function.context import Context
from clipmill.function.results import Warn
from clipmill.functions.caption_layout import stored_layout
from clipmill.functions.caption_objects import layout_as_hint
from clipmill.media.captions.keys import Export, VideoKeys, without_tenant
from clipmill.media.captions.layout import LayoutResult
from clipmill.media.captions.subtitles import export_captions


@dataclass(frozen=True, slots=True)
class CaptionTable:
    """The captions of a video; ``rate`` is their frames a second."""

    video: VideoKeys
    rows: Sequence[CaptionRecord]
    rate: Fraction
    spreadsheet_safe: bool


def exported(table: CaptionTable, forms: Iterable[Export], context: Context) -> tuple[dict[str, str], list[Warn]]:
    """The key of each form, and what is to be said about them; ASS places its lines by the layout, if there is one."""
    wanted = tuple(dict.fromkeys(forms))
    layout, warnings = layout_as_hint(context, table.video) if Export.ASS in wanted else (None, ())
    placed = layout and stored_layout(layout.config)
    return {form.value: _exported(table, form, placed, context) for form in wanted}, list(warnings)


def _exported(table: CaptionTable, form: Export, layout: LayoutResult | None, context: Context) -> str:
    text = export_captions(
        [asdict(row) for row in table.rows],
        form,
        frame_rate=table.rate,
        layout=layout,
        spreadsheet_safe=table.spreadsheet_safe,
        video_id=table.video.video_id,
    )
    path = context.new_file(f"captions.{form}")
    path.write_text(text, encoding="utf-8", newline="")
    context.publish(path, without_tenant(table.video.export(form), table.video.tenant_id))
    return table.video.export(form)
