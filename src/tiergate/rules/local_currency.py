"""The currency that people of a country, or speakers of a language, pay in.

A table of our own, not a locale database: that one lists every legal tender of a country, changes under a
program with each of its releases (it learns of a switch to the euro months late), and knows of currencies
that cannot be charged. Countries whose currency Stripe does not charge are left out.
Source: ISO 3166-1 and ISO 4217, as of 2026; what can be charged: https://docs.stripe.com/currencies
"""

import re

_COUNTRIES_WITH_THEIR_OWN = """
    ae:aed af:afn al:all am:amd ao:aoa ar:ars aw:awg az:azn ba:bam bb:bbd bd:bdt bh:bhd bi:bif bm:bmd bn:bnd
    bo:bob br:brl bs:bsd bw:bwp by:byn bz:bzd ca:cad cd:cdf cl:clp cn:cny co:cop cr:crc cv:cve cz:czk dj:djf
    do:dop dz:dzd eg:egp et:etb fj:fjd fk:fkp ge:gel gi:gip gm:gmd gn:gnf gt:gtq gy:gyd hk:hkd hn:hnl ht:htg
    hu:huf id:idr is:isk jm:jmd jo:jod jp:jpy ke:kes kg:kgs kh:khr km:kmf kr:krw kw:kwd ky:kyd kz:kzt la:lak
    lb:lbp lk:lkr lr:lrd ls:lsl md:mdl mg:mga mk:mkd mm:mmk mn:mnt mo:mop mu:mur mv:mvr mw:mwk mx:mxn my:myr
    mz:mzn na:nad ng:ngn ni:nio np:npr om:omr pa:pab pe:pen pg:pgk ph:php pk:pkr pl:pln py:pyg qa:qar ro:ron
    rs:rsd ru:rub rw:rwf sa:sar sb:sbd sc:scr se:sek sg:sgd sl:sle so:sos sr:srd sz:szl th:thb tj:tjs tn:tnd
    to:top tr:try tt:ttd tw:twd tz:tzs ua:uah ug:ugx uy:uyu uz:uzs vn:vnd vu:vuv ws:wst ye:yer za:zar zm:zmw
"""
_COUNTRIES_THAT_SHARE = {
    "aud": "au cc cx hm ki nf nr tv",
    "chf": "ch li",
    "dkk": "dk fo gl",
    "eur": "ad at ax be bg bl cy de ee es fi fr gf gp gr hr ie it lt lu lv mc me mf mq mt nl pm pt re si sk "
    "sm tf va xk yt",
    "gbp": "gb gg gs im je",
    "ils": "il ps",
    "inr": "bt in",
    "mad": "eh ma",
    "nok": "bv no sj",
    "nzd": "ck nu nz pn tk",
    "shp": "ac sh",
    "usd": "as bq ec fm gu io mh mp pr pw sv tc tl um us vg vi zw",
    "xaf": "cf cg cm ga gq td",
    "xcd": "ag ai dm gd kn lc ms vc",
    "xof": "bf bj ci gw ml ne sn tg",
    "xpf": "nc pf wf",
}
_LANGUAGES = {
    "all": "sq",
    "amd": "hy",
    "azn": "az",
    "czk": "cs",
    "dkk": "da fo kl",
    "eur": "bg ca de el et eu fi ga gl hr it lb lt lv mt nl sk sl",
    "gel": "ka",
    "huf": "hu",
    "idr": "id jv",
    "ils": "he iw",
    "inr": "gu hi kn ml mr pa te",
    "isk": "is",
    "jpy": "ja",
    "khr": "km",
    "krw": "ko",
    "kzt": "kk",
    "lak": "lo",
    "lkr": "si",
    "mkd": "mk",
    "mmk": "my",
    "mnt": "mn",
    "nok": "nb nn no",
    "npr": "ne",
    "php": "fil tl",
    "pln": "pl",
    "ron": "ro",
    "sek": "sv",
    "thb": "th",
    "try": "tr",
    "uah": "uk",
    "uzs": "uz",
    "vnd": "vi",
    "zar": "af xh zu",
}
_LANGUAGE_TAG = re.compile(r"([a-z]{2,3})(?:-[a-z]{3}){0,3}(?:-[a-z]{4})?(?:-([a-z]{2}|[0-9]{3}))?(?:-.*)?")
"""Language, what extends it, script and region: https://www.rfc-editor.org/rfc/rfc5646#section-2.1"""


def _of_each(words_of: dict[str, str]) -> dict[str, str]:
    return {word: currency for currency, words in words_of.items() for word in words.split()}


COUNTRY_CURRENCIES = {
    **dict(pair.split(":") for pair in _COUNTRIES_WITH_THEIR_OWN.split()),
    **_of_each(_COUNTRIES_THAT_SHARE),
}
"""What is paid with in each country, by the country's two letters."""

LANGUAGE_CURRENCIES = _of_each(_LANGUAGES)
"""What the speakers of a language pay with, for languages where that is one currency in practice: German is
spoken in Switzerland too, but mostly where the euro is; English, French, Spanish, Portuguese, Arabic and
Chinese say nothing of the kind."""


def currency_of_country(country: str) -> str | None:
    """Return the currency of a country such as ``AT``; ``None`` for what is no country, or not chargeable."""
    return COUNTRY_CURRENCIES.get(country.lower())


def currency_of_language(tag: str) -> str | None:
    """Return the currency that a language tag speaks of: its region's, or else its language's.

    A tag whose region is no country of the table, such as ``es-419``, speaks of none.
    """
    found = _LANGUAGE_TAG.fullmatch(tag.lower().replace("_", "-"))
    if found is None:
        return None
    language, region = found.groups()
    return currency_of_country(region) if region else LANGUAGE_CURRENCIES.get(language)
