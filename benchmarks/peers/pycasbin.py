"""pycasbin with a small policy: accounts have plans, plans have features."""

from pathlib import Path
from tempfile import TemporaryDirectory

# The peer is installed in an environment of its own, where this runs.
import casbin

from benchmarks.check_turns import take_timed_turns

MODEL = """
[request_definition]
r = sub, obj

[policy_definition]
p = sub, obj

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj
"""
POLICY = "p, team, api_calls\np, team, seats\np, scale, sso\ng, account-0000000, team\n"


def main() -> None:
    """Take turns."""
    with TemporaryDirectory() as folder:
        model, policy = Path(folder) / "model.conf", Path(folder) / "policy.csv"
        model.write_text(MODEL)
        policy.write_text(POLICY)
        enforcer = casbin.Enforcer(str(model), str(policy))
    take_timed_turns("enforcer.enforce('account-0000000', 'api_calls')", enforcer=enforcer)


if __name__ == "__main__":
    main()
