"""What the speed claims rest on: `python -m benchmarks` measures them all and writes benchmarks/results.json."""
