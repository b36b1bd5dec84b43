"""Form-encoded parameters become nested values."""

import pytest

from tiergate_sandbox.form import FormError, decode_form, merge_forms


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("email=ada%40example.com&name=", {"email": "ada@example.com", "name": ""}),
        ("items[0][price]=p1&items[1][price]=p2", {"items": [{"price": "p1"}, {"price": "p2"}]}),
        ("items%5B0%5D%5Bprice%5D=p1", {"items": [{"price": "p1"}]}),
        ("items[1][price]=p2&items[0][price]=p1", {"items": [{"price": "p1"}, {"price": "p2"}]}),
        ("expand[]=a&expand[]=b", {"expand": ["a", "b"]}),
        ("expand[0]=a", {"expand": ["a"]}),
        (
            "items[][price]=p1&items[][quantity]=2&items[][price]=p2",
            {"items": [{"price": "p1", "quantity": "2"}, {"price": "p2"}]},
        ),
        (
            "items[][price_data][currency]=usd&items[][price_data][unit_amount]=5",
            {"items": [{"price_data": {"currency": "usd", "unit_amount": "5"}}]},
        ),
        ("metadata[0]=zero&metadata[7]=seven", {"metadata": {"0": "zero", "7": "seven"}}),
        ("created[gte]=5&created[lt]=9", {"created": {"gte": "5", "lt": "9"}}),
        ("name=a&name=b", {"name": "b"}),
        ("odd[=1&also]=2", {"odd[": "1", "also]": "2"}),
        ("", {}),
    ],
)
def test_decoding(text: str, decoded: dict[str, object]) -> None:
    """Each way to write a nested parameter gives the same nested value."""
    assert decode_form(text) == decoded


@pytest.mark.parametrize("text", ["a=1&a[b]=2", "a[b]=2&a[]=3", "a[]=3&a[b]=2", "a[b][c]=1&a[b]=2"])
def test_contradiction(text: str) -> None:
    """A name that is a value and a container at once is refused."""
    with pytest.raises(FormError, match="both as a value and as a container"):
        decode_form(text)


def test_depth() -> None:
    """Nesting beyond the limit is refused instead of followed."""
    with pytest.raises(FormError, match="at most 10 levels"):
        decode_form("a" + "[b]" * 5000 + "=1")


def test_query_and_body_are_one() -> None:
    """Parameters of the query and of the body are read together."""
    assert merge_forms("expand[]=a", "name=b") == {"expand": ["a"], "name": "b"}
