"""Chakrator: small Kubernetes operators as one Python function each, run in a cage."""

__version__ = "0.1.0"
