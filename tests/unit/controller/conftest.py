"""The scripted API server is imported by its bare name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
