"""The document: what one run writes must not take away what another wrote."""

from hypothesis import given
from hypothesis import strategies as st

from bench import performance
from bench.performance import TITLES

ORDER = ("Flows a second", "History events", "Memory")
texts = st.text("ab |-*\n", max_size=40).map(str.strip)


@given(
    st.dictionaries(
        st.sampled_from(sorted(TITLES.values())),
        st.dictionaries(st.sampled_from(ORDER), texts).flatmap(
            lambda parts: texts.map(lambda head: {"": head, **parts})
        ),
    )
)
def test_what_was_written_is_read_again(parts: performance.Parts) -> None:
    """Or measuring one engine would lose the other's figures."""
    assert performance.read(performance.written(parts, ORDER)) == parts


def test_a_measurement_replaces_its_own_part_alone() -> None:
    """One measurement is repeated more often than all of them."""
    first = performance.updated("", "development", "a machine", {"Memory": "73 KB"}, ORDER)
    second = performance.updated(first, "cluster", "another", {"Memory": "80 KB"}, ORDER)
    third = performance.updated(second, "development", "a machine", {"Memory": "70 KB"}, ORDER)
    fourth = performance.updated(third, "development", "later", {"Flows a second": "27"}, ORDER)
    assert performance.read(fourth) == {
        TITLES["development"]: {"": "later", "Memory": "70 KB", "Flows a second": "27"},
        TITLES["cluster"]: {"": "another", "Memory": "80 KB"},
    }
