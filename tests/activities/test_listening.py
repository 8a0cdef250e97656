"""Under whose name a step is kept whose recipient may answer."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.flow import Flow
from providers.registry import Providers
from providers.sandbox import Sandbox
from storage.keys import Keyring
from tests.activities.conftest import Sending
from tests.samples import a_flow, viber
from tracking.conversations import Conversations

QUIET = "+306900000106"
LISTENING = "https://hooks.acme.test/in"


class Nameless(Sandbox):
    """Its replies name the account's one sender, whatever the step calls it."""

    def replied_to(self, sender: str) -> str:
        """By an id of its own."""
        return "app-7731"


def _by_nameless(sending: Sending) -> Sending:
    chain = sending.steps.chain
    providers = Providers([Nameless(str(sending.service.client.base_url))])
    return replace(sending, steps=replace(sending.steps, chain=replace(chain, providers=providers)))


async def _kept(database: AsyncEngine, keys: Keyring, sender: str, flow: Flow) -> bool:
    last = await Conversations(database, keys).last("sandbox", sender, QUIET)
    return last == flow.ref(1)


async def test_a_step_is_kept_under_its_senders_name(
    sending: Sending, database: AsyncEngine, keys: Keyring
) -> None:
    """Where the provider's replies name it so."""
    flow = a_flow(viber(QUIET, inboundUrl=LISTENING))
    assert await sending.attempt(flow) is not None
    assert await _kept(database, keys, "AcmeShop", flow)


async def test_a_step_is_kept_under_what_replies_will_name(
    sending: Sending, database: AsyncEngine, keys: Keyring
) -> None:
    """Not under a name that no reply will bear."""
    flow = a_flow(viber(QUIET, inboundUrl=LISTENING))
    assert await _by_nameless(sending).attempt(flow) is not None
    assert await _kept(database, keys, "app-7731", flow)
    assert not await _kept(database, keys, "AcmeShop", flow)


async def test_a_step_that_nobody_listens_to_is_not_kept(
    sending: Sending, database: AsyncEngine, keys: Keyring
) -> None:
    """There is nothing to find it for."""
    flow = a_flow(viber(QUIET))
    assert await sending.attempt(flow) is not None
    assert not await _kept(database, keys, "AcmeShop", flow)
