"""The check beside those of the peers, each in an environment of its own."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from benchmarks.check import ANSWER, one_account, timer
from benchmarks.check_turns import calls_a_round, contestant, nanoseconds
from benchmarks.peers.environment import python_environment
from benchmarks.row import Row

ROUNDS = 9


@dataclass(frozen=True)
class Peer:
    """A peer, and how many times faster than it the product has to be."""

    title: str
    script: str
    requirements: tuple[str, ...]
    gate: float


PEERS = (
    Peer("OpenFeature in memory", "open_feature", ("openfeature-sdk==0.10.0",), 20),
    Peer("LaunchDarkly's SDK, offline", "launch_darkly", ("launchdarkly-server-sdk==9.18.2",), 20),
    Peer("pycasbin", "pycasbin", ("pycasbin==2.8.0",), 20),
    Peer("dj-stripe's is_subscribed_to", "dj_stripe_check", ("dj-stripe==2.11.0", "django==5.2.19"), 1000),
)


def rows(quick: bool) -> Iterator[Row]:
    """Let the product and the peers take turns; the quick run installs nothing and says nothing."""
    if quick:
        return
    with one_account() as billing, ExitStack() as stack:
        allowed = timer(billing, ANSWER)
        calls = calls_a_round(allowed)
        scripts = [
            stack.enter_context(
                contestant(
                    python_environment(peer.script, *peer.requirements),
                    "-m",
                    f"benchmarks.peers.{peer.script}",
                )
            )
            for peer in PEERS
        ]
        product = []
        for _ in range(ROUNDS):
            product.append(nanoseconds(allowed, calls))
            for one in scripts:
                one.measure()
    rate = 1e9 / median(product)
    for peer, one in zip(PEERS, scripts, strict=True):
        yield Row(f"allowed, against {peer.title}", rate, 1e9 / median(one.rounds), peer.gate, "/s")
