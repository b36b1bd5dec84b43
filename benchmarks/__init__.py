"""Benchmarks: ``python -m benchmarks [--quick] [name…]`` measures, prints a table, and fails below a gate.

Absolute figures do not carry over to another machine or another hour, ratios do. So most figures are divided
by a bound: the bare operation without the product around it, measured in the same run.
"""
