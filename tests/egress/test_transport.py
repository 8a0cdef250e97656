"""The guarded way out: looked up once, judged, connected to as judged, TLS for the name."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import httpcore
import httpx
import pytest
import trustme

from egress.deliver import REFUSED, Deliverer, Delivery
from egress.reach import Reach
from egress.transport import AS_HTTPX, GuardedTransport, NotAllowed, PinnedBackend
from tests.egress.listening import Counting, Names, counting
from tests.egress.reaching import LOOPBACK
from tests.egress.receivers import answering, receiving
from tests.sandbox.bench import free_port

NAME = "hooks.acme.test"
AUTHORITY = trustme.CA()


@pytest.fixture
def trusting() -> ssl.SSLContext:
    """Believes one authority, and nobody else."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


@pytest.fixture
async def counted() -> AsyncIterator[Counting]:
    """Counts who connects."""
    async with counting() as counted:
        yield counted


def certified(name: str, ends: datetime | None = None) -> ssl.SSLContext:
    """A server's context with that authority's certificate for the name."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert(name, not_after=ends).configure_cert(context)
    return context


def port_of(url: str) -> int:
    """The port of a receiver."""
    return httpx.URL(url).port or 0


async def delivered(
    url: str, names: Names, tls: ssl.SSLContext | None = None, reach: Reach = LOOPBACK
) -> Delivery:
    """One delivery, by those names."""
    async with Deliverer(reach, resolve=names, tls=tls) as deliverer:
        return await deliverer.deliver(url, b"{}", {})


async def test_tls_is_for_the_name_and_not_for_the_address(trusting: ssl.SSLContext) -> None:
    """The server is asked for the name, and its certificate has to be the name's."""
    asked: list[str | None] = []
    server = certified(NAME)
    server.sni_callback = lambda _, name, __: asked.append(name)
    async with receiving(answering(200), tls=server) as receiver:
        url = f"https://{NAME}:{port_of(receiver.url)}/in"
        assert (await delivered(url, Names(), trusting)).status == 200
    assert asked == [NAME]
    assert receiver.headers["host"] == f"{NAME}:{port_of(receiver.url)}"


@pytest.mark.parametrize(
    "server",
    [
        certified("hooks.globex.test"),
        certified(NAME, ends=datetime.now(UTC) - timedelta(days=1)),
        certified("127.0.0.1"),
    ],
    ids=["another name", "expired", "the address"],
)
async def test_a_wrong_certificate_ends_it(
    server: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """Nothing is written to such a receiver."""
    async with receiving(answering(200), tls=server) as receiver:
        url = f"https://{NAME}:{port_of(receiver.url)}/in"
        delivery = await delivered(url, Names(), trusting)
    assert delivery == Delivery(fault="CertificateNotTrusted")
    assert receiver.requests == []


async def test_the_system_vouches_unless_a_test_does() -> None:
    """An authority of the test's own is nobody."""
    async with receiving(answering(200), tls=certified(NAME)) as receiver:
        url = f"https://{NAME}:{port_of(receiver.url)}/in"
        assert await delivered(url, Names()) == Delivery(fault="CertificateNotTrusted")
    assert receiver.requests == []


async def test_a_name_is_looked_up_once_and_its_judged_address_is_called(
    counted: Counting,
) -> None:
    """DNS that changes between the check and the connection changes nothing: there is no second.

    The name leads to ::1, which is opened, and from then on to 127.0.0.1, which is not.
    """
    reach = Reach(opened=(ip_network("::1/128"),))
    names = Names({NAME: [("::1",), ("127.0.0.1",)]})
    url = f"http://{NAME}:{counted.port}/"
    async with Deliverer(reach, resolve=names) as deliverer:
        assert (await deliverer.deliver(url, b"{}", {})).status == 200
        assert (names.asked[NAME], counted.connections) == (1, 1)
        rebound = await deliverer.deliver(url, b"{}", {})
    assert (rebound.fault, rebound.refused) == (REFUSED, False)
    assert (names.asked[NAME], counted.connections) == (2, 1)


async def test_nobody_else_looks_the_name_up(
    counted: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the client nor the loop: the connection is made to a number."""
    loop = asyncio.get_running_loop()

    async def forbidden(host: str, *_: object, **__: object) -> None:
        raise AssertionError(f"{host} was looked up")

    monkeypatch.setattr(loop, "getaddrinfo", forbidden)
    names = Names({"nowhere.invalid": [("127.0.0.1",)]})
    assert (await delivered(f"http://nowhere.invalid:{counted.port}/", names)).status == 200


@pytest.mark.parametrize(
    "answers",
    [("127.0.0.1", "10.0.0.1"), ("10.0.0.1", "127.0.0.1"), ("127.0.0.1", "::"), ("127.0.0.1", "x")],
)
async def test_one_bad_answer_refuses_the_name(answers: Sequence[str], counted: Counting) -> None:
    """Though another would do."""
    names = Names({NAME: [answers]})
    delivery = await delivered(f"http://{NAME}:{counted.port}/", names)
    assert (delivery.fault, delivery.refused) == (REFUSED, False)
    assert counted.connections == 0


async def test_a_name_with_another_port_must_lead_into_an_opened_network(
    counted: Counting,
) -> None:
    """The API let it pass; where it leads decides."""
    closed = Reach(opened=(ip_network("10.0.0.0/8"),))
    url = f"http://{NAME}:{counted.port}/"
    assert (
        await delivered(url, Names({NAME: [("93.184.216.34",)]}), reach=closed)
    ).fault == REFUSED
    assert (await delivered(url, Names({NAME: [("127.0.0.1",)]}))).status == 200


async def test_the_next_address_is_tried(counted: Counting) -> None:
    """127.0.0.2 refuses; up to four are tried."""
    names = Names({NAME: [("127.0.0.2", "127.0.0.3", "127.0.0.2", "127.0.0.1")]})
    assert (await delivered(f"http://{NAME}:{counted.port}/", names)).status == 200
    many = Names({NAME: [tuple(f"127.0.0.{last}" for last in (2, 3, 4, 5, 1))]})
    delivery = await delivered(f"http://{NAME}:{counted.port}/", many)
    assert delivery == Delivery(fault="ConnectError")
    assert counted.connections == 1


async def test_an_address_mapped_into_ipv6_is_called_as_what_it_is(counted: Counting) -> None:
    """It was judged as IPv4."""
    names = Names({NAME: [("::ffff:127.0.0.1",)]})
    assert (await delivered(f"http://{NAME}:{counted.port}/", names)).status == 200


async def test_an_unknown_name_is_a_fault_of_its_owner() -> None:
    """To be tried again, like a server that is down."""

    async def unknown(host: str) -> Sequence[str]:
        raise OSError(host)

    async with Deliverer(LOOPBACK, resolve=unknown) as deliverer:
        delivery = await deliverer.deliver(f"http://{NAME}/", b"{}", {})
    assert delivery == Delivery(fault="NameNotResolved")
    assert await delivered(f"http://{NAME}/", Names({NAME: [()]})) == Delivery(
        fault="NameNotResolved"
    )


async def test_a_dead_name_server_takes_the_time_to_connect_and_no_more() -> None:
    """It counts as a connection that was not made in time."""

    async def dead(_: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return ()

    backend = PinnedBackend(LOOPBACK, dead)
    with pytest.raises(httpcore.ConnectTimeout):
        await backend.connect_tcp(NAME, 80, timeout=0.05)


async def test_no_socket_of_this_machine_is_opened() -> None:
    """Whatever asks for one."""
    with pytest.raises(NotAllowed) as refused:
        await PinnedBackend(LOOPBACK, Names()).connect_unix_socket("/run/docker.sock")
    assert refused.value.lasting


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "169.254.169.254"])
async def test_the_backend_judges_literals_too(host: str) -> None:
    """It is the last line, whoever built the request."""
    with pytest.raises(NotAllowed) as refused:
        await PinnedBackend(Reach(), Names()).connect_tcp(host, 80)
    assert refused.value.lasting
    assert host not in str(refused.value)


async def test_the_environments_proxy_is_not_asked(
    counted: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would look the name up by itself."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert (await delivered(f"http://{NAME}:{counted.port}/", Names())).status == 200


async def test_a_redirect_is_not_followed(counted: Counting) -> None:
    """Its target was not checked by anybody."""
    location = f"Location: http://127.0.0.1:{counted.port}/"
    async with receiving(answering(302, location)) as receiver:
        delivery = await delivered(receiver.url, Names())
    assert (delivery.status, counted.connections) == (302, 0)


async def test_every_request_has_a_connection_of_its_own(counted: Counting) -> None:
    """So each one's name is judged anew."""
    names = Names()
    async with Deliverer(LOOPBACK, resolve=names) as deliverer:
        for number in range(1, 4):
            await deliverer.deliver(f"http://{NAME}:{counted.port}/", b"{}", {})
            assert (names.asked[NAME], counted.connections) == (number, number)


async def test_the_clients_errors_are_told_in_its_own_words() -> None:
    """Each error of the layer below has the one of its name, the particular before the general."""
    assert all(theirs.__name__ == ours.__name__ for ours, theirs in AS_HTTPX)
    below = {
        getattr(httpcore, name)
        for name in httpcore.__all__
        if isinstance(getattr(httpcore, name), type)
        and issubclass(getattr(httpcore, name), Exception)
    }
    assert below - {ours for ours, _ in AS_HTTPX} == {httpcore.ConnectionNotAvailable}
    for place, (ours, _) in enumerate(AS_HTTPX):
        assert not any(issubclass(ours, earlier) for earlier, _ in AS_HTTPX[:place])


async def test_it_is_a_transport_like_any_other() -> None:
    """For any asynchronous client; refusals come through."""
    transport = GuardedTransport(Reach(), resolve=Names())
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(NotAllowed):
            await client.get(f"http://{NAME}/")
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient(transport=GuardedTransport(LOOPBACK)) as client:
            await client.get(f"http://127.0.0.1:{free_port()}/")
