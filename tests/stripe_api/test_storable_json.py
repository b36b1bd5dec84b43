"""What JSON can spell and no database can hold."""

import pytest

from tiergate.stripe_api.storable_json import read_json


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r'{"a": "nul \u0000 here"}', {"a": "nul � here"}),
        (r'{"a": ["\ud800", {"b": "\uDFFF."}]}', {"a": ["�", {"b": "�."}]}),
        (r'{"\u0000": 1}', {"�": 1}),
        (r'"\ud83d\ude00 \u00e9"', "😀 é"),
        (r'"a backslash: \\u0000"', r"a backslash: \u0000"),
        ('{"a": [1, null, true, 2.5, "plain"]}', {"a": [1, None, True, 2.5, "plain"]}),
    ],
)
def test_what_cannot_be_stored_is_replaced(text: str, read: object) -> None:
    """NUL and halves of surrogate pairs become U+FFFD, in keys too; everything else stays as it is."""
    assert read_json(text) == read
