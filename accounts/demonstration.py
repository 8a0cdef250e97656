"""The demonstration's accounts. Their secrets are public: never load them where messages cost."""

from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncEngine

from accounts import callback_keys, register
from accounts.base import ALL_ROLES, CHANNEL_ROLES, Application, Price, SenderInfo, Template
from accounts.ledger import top_up
from domain.status import Channel
from storage.engine import writing
from storage.seal import Sealer

ROLES = (*ALL_ROLES, "MT_ROLE_REPORT")

ACME = Application("64d0f2a1c9e77b0012ab34cd", "acme", ROLES)
SMS_ONLY = Application("64d0f2a1c9e77b0012ab34ce", "acme", (CHANNEL_ROLES[Channel.SMS],))
BROKE = Application("64d0f2a1c9e77b0012ab34cf", "empty", ROLES)
GLOBEX = Application("64d0f2a1c9e77b0012ab34d0", "globex", ROLES)

SECRETS = {
    ACME.id: "demo-secret",
    SMS_ONLY.id: "sms-secret",
    BROKE.id: "broke-secret",
    GLOBEX.id: "globex-secret",
}

CALLBACK_KEYS = {
    ACME.id: "whsec_cHVibGljIGNhbGxiYWNrIGtleSBvZiBhY21lLi4uLi4=",
    SMS_ONLY.id: "whsec_cHVibGljIGNhbGxiYWNrIGtleSBvZiBhY21lLXNtcy4=",
    BROKE.id: "whsec_cHVibGljIGNhbGxiYWNrIGtleSBvZiBlbXB0eS4uLi4=",
    GLOBEX.id: "whsec_cHVibGljIGNhbGxiYWNrIGtleSBvZiBnbG9iZXguLi4=",
}

ACME_SHOP = SenderInfo("7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11", "acme", "AcmeShop")
BROKE_SHOP = SenderInfo("8c1f4d63-0a5f-4b81-9b40-1a9f4b2d0e22", "empty", "EmptyShop")

PARCEL = Template("1d6f0a7e-3f7b-4b58-9a55-0d2b7f0c6a10", "acme", ("en", "el"))
PIN = Template("3c1f6b52-8a4d-4e0e-9b1e-7f5f2f6b9d20", "acme", ("en",), otp=True)

PRICES = (
    Price(Channel.VIBER, Decimal("0.01")),
    Price(Channel.SMS, Decimal("0.04")),
    Price(Channel.VOICE, Decimal("0.05")),
)
BALANCES = {"acme": Decimal(1000), "globex": Decimal(1000), "empty": Decimal(0)}


async def load(engine: AsyncEngine, sealer: Sealer) -> bool:
    """Enter all of it; False, and nothing changed, if it was entered before.

    `sealer` seals the callback keys: it must be one whose keys the installation has.
    """
    async with writing(engine) as connection:
        if not await register.open_account(connection, ACME.account):
            return False
        for account, balance in BALANCES.items():
            await register.open_account(connection, account)
            if balance:
                await top_up(connection, account, balance)
        for application in (ACME, SMS_ONLY, BROKE, GLOBEX):
            await register.add_application(connection, application, SECRETS[application.id])
            key = callback_keys.sealed(sealer, application.id, CALLBACK_KEYS[application.id])
            await callback_keys.add(connection, application.id, key)
        for sender in (ACME_SHOP, BROKE_SHOP):
            await register.add_sender(connection, sender)
        for template in (PARCEL, PIN):
            await register.add_template(connection, template)
        for price in PRICES:
            await register.set_price(connection, price)
    return True
