"""Secrets taken out of text that people or logs will see."""

import re

_HIDDEN = "[redacted]"

_QUERY = re.compile(r"""(\b[a-z][a-z0-9+.-]*://[^\s?#"'<>]*)\?[^\s"'<>]*""", re.IGNORECASE)
_USER = re.compile(r"""(://)[^\s/@"'<>]+@""")
_FIELD = re.compile(
    r"""\b(x-amz-[a-z-]+|signature|sig|awsaccesskeyid|googleaccessid|\w*(?:token|secret|password|api_?key)\w*)"""
    r"""(\s*=\s*)[^&\s"'<>]+""",
    re.IGNORECASE,
)
_HEADER = re.compile(r"(authorization\s*:\s*)[^\r\n]+", re.IGNORECASE)


def redact(text: str) -> str:
    """The text without query strings of links, user names in links, signatures, tokens and credentials.

    >>> redact("GET https://b.example.com/a.mp4?X-Amz-Signature=0a1b failed")
    'GET https://b.example.com/a.mp4?[redacted] failed'
    """
    text = _QUERY.sub(rf"\1?{_HIDDEN}", text)
    text = _USER.sub(rf"\1{_HIDDEN}@", text)
    text = _FIELD.sub(rf"\1\2{_HIDDEN}", text)
    return _HEADER.sub(rf"\1{_HIDDEN}", text)
