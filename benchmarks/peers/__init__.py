"""The peers: what else does the same work, installed in environments of its own and given the same load."""
