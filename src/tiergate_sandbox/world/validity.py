"""Whether coupons and promotion codes can be redeemed at an instant.

https://docs.stripe.com/api/coupons/object#coupon_object-valid
"""

from typing import Any

Obj = dict[str, Any]


def is_valid(coupon: Obj, now: int) -> bool:
    """Tell whether a coupon can be redeemed."""
    return bool(coupon["valid"]) and not _used_up(coupon, coupon["redeem_by"], now)


def is_active(code: Obj, coupon: Obj, now: int) -> bool:
    """Tell whether a promotion code can be redeemed; it needs a valid coupon too."""
    return bool(code["active"]) and not _used_up(code, code["expires_at"], now) and is_valid(coupon, now)


def _used_up(one: Obj, until: int | None, now: int) -> bool:
    most = one["max_redemptions"]
    return (most is not None and one["times_redeemed"] >= most) or (until is not None and now >= until)
