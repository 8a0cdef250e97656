"""How Twilio signs its reports: HMAC-SHA1 with the account's auth token.

Source: Twilio's page on validating requests, and their SDK's RequestValidator.
"""

import base64
import hmac
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qsl, urlsplit

from providers.exchange import RawReport


def is_signed(report: RawReport, key: str) -> bool:
    """Whether the report's form, and the address that was called, bear a signature by that key."""
    given = report.headers.get("x-twilio-signature", "").encode()
    good = [hmac.compare_digest(each.encode(), given) for each in _signatures(report, key)]
    return any(good)


def _signatures(report: RawReport, key: str) -> Iterator[str]:
    """Over the address without and with a port: Twilio signs now the one, now the other."""
    try:
        pairs = parse_qsl(report.body.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return
    form = "".join(name + value for name, value in sorted(set(pairs)))
    for address in _addresses(urlsplit(report.url)):
        digest = hmac.digest(key.encode(), (address + form).encode(), "sha1")
        yield base64.b64encode(digest).decode()


def _addresses(url: SplitResult) -> Iterator[str]:
    port = url.port or (443 if url.scheme == "https" else 80)
    bare = url.netloc.removesuffix(f":{port}")
    yield url._replace(netloc=bare).geturl()
    yield url._replace(netloc=f"{bare}:{port}").geturl()
