"""The demonstration's accounts. Their secrets are public: never load them where messages cost."""

import hmac

from accounts.base import ROLE, Application, SenderInfo, Template

ALL_ROLES = (ROLE, "MT_ROLE_SMS", "MT_ROLE_VIBER", "MT_ROLE_VOICE", "MT_ROLE_REPORT")

ACME = Application("64d0f2a1c9e77b0012ab34cd", "acme", ALL_ROLES)
SMS_ONLY = Application("64d0f2a1c9e77b0012ab34ce", "acme", ("MT_ROLE_SMS",))
BROKE = Application("64d0f2a1c9e77b0012ab34cf", "empty", ALL_ROLES)
GLOBEX = Application("64d0f2a1c9e77b0012ab34d0", "globex", ALL_ROLES)

SECRETS = {
    ACME.id: "demo-secret",
    SMS_ONLY.id: "sms-secret",
    BROKE.id: "broke-secret",
    GLOBEX.id: "globex-secret",
}

ACME_SHOP = SenderInfo("7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11", "acme", "AcmeShop")
BROKE_SHOP = SenderInfo("8c1f4d63-0a5f-4b81-9b40-1a9f4b2d0e22", "empty", "EmptyShop")

PARCEL = Template("1d6f0a7e-3f7b-4b58-9a55-0d2b7f0c6a10", "acme", ("en", "el"))
PIN = Template("3c1f6b52-8a4d-4e0e-9b1e-7f5f2f6b9d20", "acme", ("en",), otp=True)


class DemonstrationAccounts:
    """The port, answered from this module."""

    _applications = {each.id: each for each in (ACME, SMS_ONLY, BROKE, GLOBEX)}
    _senders = {(each.account, each.id): each for each in (ACME_SHOP, BROKE_SHOP)}
    _templates = {(each.account, each.id): each for each in (PARCEL, PIN)}

    async def authenticated(self, application_id: str, secret: str) -> Application | None:
        """The application, if that is its secret."""
        right = hmac.compare_digest(SECRETS.get(application_id, "").encode(), secret.encode())
        return self._applications.get(application_id) if right and secret else None

    async def application(self, application_id: str) -> Application | None:
        """The application, if there is one."""
        return self._applications.get(application_id)

    async def sender_info(self, account: str, sender_id: str) -> SenderInfo | None:
        """The account's own active sender of that id."""
        return self._senders.get((account, sender_id.strip().lower()))

    async def template(self, account: str, template_id: str) -> Template | None:
        """The account's own registered template of that id."""
        return self._templates.get((account, template_id.strip().lower()))
