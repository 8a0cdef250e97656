"""The page for people."""

from html import escape

from tests.sandbox.bench import Service

EVIL = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>"""


async def test_the_page_shows_what_arrived(service: Service) -> None:
    """The recipient, the text, the sender and how far it got."""
    message = service.message("+306900550102", channel="Viber", content={"text": "Καλημέρα 7731"})
    await service.send(message)
    await service.reports(message, 1)
    page = (await service.client.get("/")).text
    for text in ("+306900550102", "Καλημέρα 7731", "AcmeShop", "undelivered", "Not Viber User"):
        assert text in page


async def test_a_template_shows_what_fills_it(service: Service) -> None:
    """Its text is with Viber; a person wants to see the parameters, not the identifiers."""
    content = {
        "templateId": "1d6f0a7e-3f7b-4b58-9a55-0d2b7f0c6a10",
        "templateLang": "el",
        "templateParams": {"order_id": "77310"},
    }
    await service.send(service.message(channel="Viber", content=content))
    page = (await service.client.get("/")).text
    assert "template 1d6f0a7e…" in page
    assert "order_id: 77310" in page
    assert "templateLang" not in page


async def test_the_page_shows_markup_as_text(service: Service) -> None:
    """Wherever a client can put it: content, caption, sender, unknown content, recipient."""
    messages = [
        service.message(**{"from": EVIL}, content={"text": EVIL, "action": {"caption": EVIL}}),
        service.message(content={EVIL: 1, "odd": [EVIL]}),
        service.message("<b>0101</b>@pbx.test", channel="Voice"),
    ]
    for message in messages:
        assert (await service.send(message)).status_code == 202
    page = (await service.client.get("/")).text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>0101" not in page
    assert page.count(escape(EVIL, quote=False).replace('"', "&#34;").replace("'", "&#39;")) == 5
    assert "&lt;b&gt;0101&lt;/b&gt;@pbx.test" in page


async def test_the_page_runs_only_its_own_script(service: Service) -> None:
    """The policy's nonce is that of this answer, and of no other."""
    answers = [await service.client.get("/") for _ in range(2)]
    policies = [answer.headers["content-security-policy"] for answer in answers]
    assert policies[0] != policies[1]
    for answer, policy in zip(answers, policies, strict=True):
        nonce = policy.partition("script-src 'nonce-")[2].partition("'")[0]
        assert answer.text.count("<script") == answer.text.count(f'<script nonce="{nonce}">') == 1
        assert policy.startswith("default-src 'none'; ")
