"""How many messages a text makes, and what transcoding makes of it (contract.md §11)."""

import unicodedata

import pytest
import smsutil  # type: ignore[import-untyped]
from hypothesis import example, given, settings
from hypothesis import strategies as st
from smsutil.codecs import (  # type: ignore[import-untyped]
    GSM_BASIC_CHARSET,
    GSM_EXT_CHARSET,
)

from domain import gsm
from domain.gsm import Analysis, analysed, transcoded

ESCAPE = "\x1b"
BASIC = GSM_BASIC_CHARSET.replace(ESCAPE, "")
EXTENSION = GSM_EXT_CHARSET
BMP = "αβΰΈçÀ’…—\u00a0`°漢кñ\t\u0301\ud800\ufeff≠"
ASTRAL = "📦🎉𝄞\U00010000\U0010ffff"
WITH_LOOK_ALIKES = "αβωςΰΆΈΪΑçÀêœΩ’“„…—–\u00a0\u2009\u200b\u0301µ€ἄ"
POOLS = (BASIC, BASIC + EXTENSION, BASIC + BMP, EXTENSION + BMP + ASTRAL, ASTRAL, WITH_LOOK_ALIKES)
BORDERS = (1, 67, 70, 134, 140, 153, 160, 201, 306, 459)

patiently = settings(deadline=None, max_examples=300)


@st.composite
def texts(draw: st.DrawFn, pools: tuple[str, ...] = POOLS) -> str:
    """Runs of a pool's characters, cut near a border: where counters go wrong."""
    pool = draw(st.sampled_from(pools))
    size = draw(st.sampled_from(BORDERS)) + draw(st.integers(-3, 3))
    runs = draw(st.lists(st.tuples(st.sampled_from(pool), st.integers(1, 200)), max_size=12))
    text = "".join(character * count for character, count in runs)
    return text.ljust(size, draw(st.sampled_from(pool)))[: max(size, 0)]


def naive(text: str) -> Analysis:
    """Writes out the codes as TS 23.038 has them, and cuts full pieces off, one by one."""
    unicode = any(character not in BASIC + EXTENSION for character in text)
    codes = [code for character in text for code in _codes(character, unicode)]
    alone, each = (70, 67) if unicode else (160, 153)
    left, pieces = codes, 1
    while len(codes) > alone and len(left) > each:
        first_of_two = left[each - 1] == ESCAPE or left[each - 1] == "high"
        left, pieces = left[each - first_of_two :], pieces + 1
    return Analysis(unicode, len(codes), pieces)


def _codes(character: str, unicode: bool) -> list[str]:
    if unicode:
        return ["high", "low"] if ord(character) >= 0x10000 else ["unit"]
    return [ESCAPE, character] if character in EXTENSION else [character]


def test_the_alphabet_is_the_standards() -> None:
    """A character too many is charged too little, one too few too much."""
    assert len(gsm.BASIC) == 127
    assert frozenset(BASIC) == gsm.BASIC
    assert frozenset(EXTENSION) == gsm.EXTENSION


@pytest.mark.parametrize("character", ["Ç", "\n", "\r", " ", "@", "Ω", "¤", "ß", "à", "Å"])
def test_a_character_of_the_alphabet_is_one_septet(character: str) -> None:
    """The national letters of the first phones are in it."""
    assert analysed(character) == Analysis(unicode=False, characters=1, parts=1)


@pytest.mark.parametrize("character", ["\f", "^", "{", "}", "\\", "[", "~", "]", "|", "€"])
def test_a_character_of_the_extension_is_two_septets(character: str) -> None:
    """Its escape is sent, too."""
    assert analysed(character) == Analysis(unicode=False, characters=2, parts=1)


@pytest.mark.parametrize(
    "character", ["ç", "Α", "α", "`", "\t", "°", "\u00a0", "\u202f", "’", "–", "á", "À", "\x00"]
)
def test_a_near_relative_of_the_alphabet_is_not_in_it(character: str) -> None:
    """The capital Ç is, the small one is not; the backtick and the tab are not, either."""
    assert analysed(f"x{character}") == Analysis(unicode=True, characters=2, parts=1)


def test_the_escape_alone_is_no_character_of_the_alphabet() -> None:
    """It announces the extension and says nothing itself; the other counter takes it for one."""
    assert smsutil.split(ESCAPE).encoding == "gsm0338"
    assert analysed(ESCAPE).unicode


def test_an_empty_text_is_one_message() -> None:
    """It is sent, so it is charged."""
    assert analysed("") == Analysis(unicode=False, characters=0, parts=1)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Parcel 7731 is ready", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 1530, 10),
        ("€" * 80, 1),
        ("€" * 80 + "a", 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("a" * 152 + "€" + "a" * 151, 2),
        ("€" * 152, 2),
        ("€" * 153, 3),
        ("α" * 70, 1),
        ("α" * 71, 2),
        ("α" * 134, 2),
        ("α" * 135, 3),
        ("📦" * 35, 1),
        ("📦" * 36, 2),
        ("📦" * 66, 2),
        ("📦" * 67, 3),
        ("α" * 66 + "📦" + "α" * 66, 3),
        ("α" * 66 + "📦" + "α" * 65, 2),
    ],
)
def test_a_text_makes_as_many_messages_as_the_arithmetic_says(text: str, parts: int) -> None:
    """160 or 153 septets, 70 or 67 units; what takes two of them goes over whole."""
    assert gsm.parts(text) == parts


@patiently
@given(texts())
@example("a" * 152 + "€" + "a" * 152)
@example("α" * 66 + "📦" + "α" * 66)
def test_the_parts_are_those_of_a_naive_count(text: str) -> None:
    """Cutting written-out codes finds the same pieces as filling messages by size."""
    assert analysed(text) == naive(text)


@patiently
@given(texts())
def test_the_parts_are_those_of_another_counter(text: str) -> None:
    """None of these texts holds the escape alone, on which the two differ (above)."""
    theirs = smsutil.split(text)
    assert gsm.parts(text) == len(theirs.parts)
    assert analysed(text).unicode is bool(text and theirs.encoding != "gsm0338")


@patiently
@given(texts(), texts())
def test_a_longer_text_never_makes_fewer_messages(text: str, more: str) -> None:
    """A client cannot pay less by writing more."""
    assert gsm.parts(text + more) >= gsm.parts(text)


GREEK_IN_BOTH = "ΓΔΘΛΞΠΣΦΨΩ"
GREEK = "Το δέμα σας έφτασε στο κατάστημα και σας περιμένει. Ώρες: 9-17. Ευχαριστούμε πολύ!"
GREEK_CAPITALS = (
    "TO ΔEMA ΣAΣ EΦTAΣE ΣTO KATAΣTHMA KAI ΣAΣ ΠEPIMENEI. ΩPEΣ: 9-17. EYXAPIΣTOYME ΠOΛY!"
)


@pytest.mark.parametrize(
    ("text", "goes_out"),
    [
        (GREEK, GREEK_CAPITALS),
        (GREEK.upper(), GREEK_CAPITALS),
        (unicodedata.normalize("NFD", GREEK), GREEK_CAPITALS),
        ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ" * 6, "ABEZHIKMNOPTYX" * 6),
        ("αβγδεζηθικλμνξοπρσςτυφχψω" * 3, "ABΓΔEZHΘIKΛMNΞOΠPΣΣTYΦXΨΩ" * 3),
        ("ΰΐἄᾳῷΌΫ" * 11, "YIAAΩOY" * 11),
        ("Ça va, les œufs brûlés de l’été…" * 4, "Ça va, les oeufs brulés de l'été..." * 4),
        ("« Perché no? È così, ça »" * 3, '" Perché no? E cosi, ca "'.replace("si", "sì") * 3),
        ("„Größe“ – 5 µm‚ STRAẞE\u00a0" * 4, '"Größe" - 5 um, STRAßE ' * 4),
        ("a\tb\u2009c\u200bd\u00ade\ufeff `f´\u2028" * 8, "a b cde 'f'\n" * 8),
        ("Łódź, ğışİ, ǻǼ, e\u0301x\u0302" * 5, "Lodz, gisI, åÆ, éx" * 5),
        ("‹1.5×2·3⁄4• ‥" * 8, "<1.5x2.3/4* .." * 8),
        ("100€ {ά}" * 10, "100€ {A}" * 10),
    ],
)
def test_a_long_text_goes_out_in_look_alikes(text: str, goes_out: str) -> None:
    """Fewer messages, and the recipient can read it."""
    assert transcoded(text) == goes_out
    assert gsm.parts(goes_out) < gsm.parts(text)


@pytest.mark.parametrize(
    "stranger", ["📦", "漢", "Я", "ж", "й", "°", "²", "½", "™", "≠", "s\u0336", "1\ufe0f\u20e3"]
)
def test_one_character_without_look_alike_keeps_the_whole_text(stranger: str) -> None:
    """Half a transcoding saves nothing; a stand-in that says something else is worse than none."""
    text = "α’é" * 30 + stranger
    assert transcoded(text) == text


@pytest.mark.parametrize("text", ["α" * 70, "Γειά σου", "l’été…", "Ç’" * 35, "ά📦" * 23])
def test_a_text_that_fits_one_unicode_message_stays(text: str) -> None:
    """There is nothing to save; one character more is another matter."""
    assert transcoded(text) == text


def test_the_71st_unit_is_what_transcoding_is_for() -> None:
    """70 fit."""
    assert transcoded("α" * 71) == "A" * 71


def test_a_text_that_would_take_more_messages_stays() -> None:
    """An ellipsis becomes three septets: 134 of them would be three messages instead of two."""
    assert transcoded("…" * 134) == "…" * 134
    assert transcoded("…" * 102) == "..." * 102


@patiently
@given(texts((BASIC, EXTENSION)))
def test_a_text_of_the_alphabet_stays(text: str) -> None:
    """No letter of it is touched, however long."""
    assert transcoded(text) == text


@patiently
@given(texts((*POOLS, WITH_LOOK_ALIKES + EXTENSION)))
def test_transcoding_is_all_or_nothing_never_dearer_and_done_once(text: str) -> None:
    """The text is GSM afterwards or untouched; a client who asks for it never pays more."""
    goes_out = transcoded(text)
    assert goes_out == text or not analysed(goes_out).unicode
    assert gsm.parts(goes_out) <= gsm.parts(text)
    assert transcoded(goes_out) == goes_out


@patiently
@given(texts((WITH_LOOK_ALIKES, WITH_LOOK_ALIKES + BASIC)))
def test_a_text_of_look_alikes_is_transcoded_whenever_that_costs_no_more(text: str) -> None:
    """Only one message, or an ellipsis too many, keeps it as it is."""
    if gsm.parts(text) > 1 and "…" not in text:
        assert not analysed(transcoded(text)).unicode


def test_every_look_alike_is_of_the_alphabet() -> None:
    """Else a text with it could never be transcoded; and none is for a character of it."""
    assert all(gsm.GSM.issuperset(stand_in) for stand_in in gsm.LOOK_ALIKES.values())
    assert gsm.GSM.isdisjoint(set(gsm.LOOK_ALIKES) - set(GREEK_IN_BOTH))


def test_a_greek_capital_becomes_what_is_drawn_alike() -> None:
    """The names say which letters the table, where they look the same, took for which."""
    for letter in "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ":
        stand_in = gsm.LOOK_ALIKES[letter]
        assert unicodedata.name(letter).startswith("GREEK CAPITAL LETTER")
        assert unicodedata.name(stand_in).startswith("LATIN CAPITAL LETTER")
    for letter in GREEK_IN_BOTH:
        assert gsm.LOOK_ALIKES[letter.lower()] == letter


def test_without_a_row_of_the_table_only_latin_and_greek_letters_lose_their_accents() -> None:
    """A rule that reaches further would garble other scripts, or signs such as "≠"."""
    others = {
        unicodedata.name(character, "")
        for character in map(chr, range(0xA0, 0x3000))
        if character not in gsm.GSM
        and character not in gsm.LOOK_ALIKES
        and not analysed(transcoded("α" * 71 + character)).unicode
    }
    assert {name for name in others if not name.startswith(("LATIN", "GREEK", "COMBINING"))} == {
        "OHM SIGN",
        "KELVIN SIGN",
        "ANGSTROM SIGN",
    }
