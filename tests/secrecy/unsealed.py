"""The seal turned off, for the test of the test: no setting of the product does this."""

from storage.seal import Sealer

LOAD = "from tests.secrecy.unsealed import serve; serve()"


class Unsealed(Sealer):
    """Seals nothing: what it is given is kept as it is."""

    def seal(self, text: str, place: str) -> str:
        """The text."""
        return text

    def open(self, sealed: str, place: str) -> str:
        """The text."""
        return sealed


def serve() -> None:
    """A nursery, none of whose processes seals anything."""
    from tests import nursery

    for name in ("seal", "open"):
        setattr(Sealer, name, getattr(Unsealed, name))
    nursery.serve()
