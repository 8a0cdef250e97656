"""`failover` with the seal off, for the test of the test: no setting of the product does this."""

from storage import seal


class Unsealed(seal.Sealer):
    """Seals nothing: what it is given is kept as it is."""

    def seal(self, text: str, place: str) -> str:
        """The text."""
        return text

    def open(self, sealed: str, place: str) -> str:
        """The text."""
        return sealed


def main() -> None:
    """The command, all of whose parts seal nothing."""
    seal.Sealer = Unsealed  # type: ignore[misc]  # before anybody imports it
    from cli.main import main as failover

    failover()


if __name__ == "__main__":
    main()
