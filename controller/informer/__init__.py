"""Shared informers: see `reflector` for one, `registry` for all, `recovery` for what happens when one breaks."""

from controller.informer.reflector import Informer
from controller.informer.registry import InformerRegistry
from controller.informer.states import InformerKey, InformerState, InformerStatus, Timing

__all__ = ["Informer", "InformerKey", "InformerRegistry", "InformerState", "InformerStatus", "Timing"]
