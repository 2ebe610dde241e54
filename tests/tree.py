"""Where things lie in the tree, for tests at any depth."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"
RECORDINGS = ROOT / "deploy" / "samples"
"""The recordings of the sample calls, each with its reference text."""
HEARD = DATA / "heard"
"""What the speech model of the installation hears in recordings whose words are known; `benchmarks heard` writes it."""
