"""Gateway mode: a trusted gateway says who calls (contract.md §1.3)."""

import hmac
from dataclasses import dataclass, replace

from starlette.datastructures import Headers

from accounts.base import SCOPE, Application
from accounts.rules import IDENTIFIER
from domain.errors import Unauthenticated

SECRET = "X-Gateway-Secret"  # noqa: S105  a header's name


@dataclass(frozen=True)
class Integration:
    """Who calls, as the gateway says."""

    application_id: str
    account: str
    roles: tuple[str, ...]

    def known_as(self, application: Application | None) -> Application:
        """The application with the gateway's roles; one that we do not know has no settings.

        Raises:
            Unauthenticated: it belongs to another account.
        """
        if application is None:
            return Application(self.application_id, self.account, self.roles, (SCOPE,))
        if application.account != self.account:
            raise Unauthenticated("the application belongs to another account")
        return replace(application, roles=self.roles)


@dataclass(frozen=True)
class Gateway:
    """The gateway's shared secret, and its names for the headers."""

    secret: str
    account_header: str = "X-Account-Id"
    application_header: str = "X-Application-Id"
    roles_header: str = "X-Roles"

    def speaks(self, headers: Headers) -> bool:
        """Whether the request claims to come from the gateway."""
        return SECRET in headers

    def read(self, headers: Headers) -> Integration:
        """Who calls.

        Raises:
            Unauthenticated: it is not the gateway, or it does not say who calls.
        """
        if not hmac.compare_digest(_only(headers, SECRET).encode("latin-1"), self.secret.encode()):
            raise Unauthenticated("the gateway's secret is wrong")
        account = _only(headers, self.account_header)
        application = _only(headers, self.application_header)
        if not (IDENTIFIER.fullmatch(account) and IDENTIFIER.fullmatch(application)):
            raise Unauthenticated("the gateway's headers do not say who calls")
        roles = _only(headers, self.roles_header).replace(",", " ").split()
        return Integration(application, account, tuple(roles))


def _only(headers: Headers, name: str) -> str:
    """The header's value, "" without one.

    Raises:
        Unauthenticated: it came twice, so that the client may have brought one along.
    """
    values = headers.getlist(name)
    if len(values) > 1:
        raise Unauthenticated("a header of the gateway came twice")
    return values[0].strip() if values else ""
