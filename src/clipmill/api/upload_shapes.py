"""What is said of uploads, as models; OpenAPI is made from them."""

from pydantic import BaseModel, ConfigDict, Field

from clipmill.api.shapes import Time
from clipmill.storage.uploads import LEAST_PART_BYTES, MOST_PART_BYTES, MOST_PARTS


class UploadBody(BaseModel):
    """A file that will come."""

    model_config = ConfigDict(extra="forbid", strict=True)

    key: str = Field(min_length=1, max_length=1024)
    size: int = Field(ge=0, description="bytes of the whole file")
    content_type: str | None = Field(default=None, pattern=r"^[A-Za-z0-9.+-]{1,60}/[A-Za-z0-9.+-]{1,60}$")
    part_size: int | None = Field(default=None, ge=LEAST_PART_BYTES, le=MOST_PART_BYTES)


class SentPart(BaseModel):
    """A part as the caller sent it; ``etag`` is what the answer to it said."""

    model_config = ConfigDict(extra="forbid", strict=True)

    number: int = Field(ge=1, le=MOST_PARTS)
    etag: str | None = Field(default=None, max_length=200)


class CompletionBody(BaseModel):
    """All parts in their order; without them, what is there is taken."""

    model_config = ConfigDict(extra="forbid", strict=True)

    parts: list[SentPart] | None = Field(default=None, max_length=MOST_PARTS)


class PartView(BaseModel):
    """The bytes ``[offset, offset + size)`` of the file and the URL that takes them; ``etag`` is null until they are there.

    With ``needs_key`` the call is one to this API. Without it the URL alone opens the store: send it no API key.
    """

    number: int
    offset: int
    size: int
    url: str
    headers: dict[str, str]
    needs_key: bool
    etag: str | None


class UploadView(BaseModel):
    """An upload, and some of its parts; ``after`` asks for the parts behind these, and is null on the last page."""

    id: str
    key: str
    size: int
    content_type: str
    part_size: int
    part_count: int
    received: int = Field(description="parts that are there")
    expires_at: Time
    parts: list[PartView]
    after: int | None
