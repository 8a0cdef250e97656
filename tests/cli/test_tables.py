"""Tables and amounts, as people read them."""

from decimal import Decimal

from cli.tables import money, table


def test_amounts_have_two_to_six_decimals() -> None:
    """None is lost, none is made up."""
    for text_, amount in (("0.00", "0"), ("0.04", "0.040000"), ("-1.000001", "-1.000001")):
        assert money(Decimal(amount)) == text_
    assert money(Decimal(10) ** 9) == "1000000000.00"


def test_a_table_has_its_numbers_on_the_right() -> None:
    """So that they can be compared; yes and no are no numbers."""
    shown = table("t", ("a", "b", "c"), [("x", Decimal(1), True), ("y", None, False)])
    assert [column.justify for column in shown.columns] == ["left", "right", "left"]
