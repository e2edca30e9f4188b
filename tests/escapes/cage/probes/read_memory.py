"""Read the memory of another process.

expect: CageViolation
"""

import ctypes


def reconcile(obj, ctx):
    """Try it; say so when it worked."""

    class Vector(ctypes.Structure):
        """A piece of memory."""

        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    here = ctypes.create_string_buffer(8)
    vector = Vector(ctypes.addressof(here), 8)
    there = Vector(obj["spec"]["address"], 8)
    read = ctypes.CDLL(None).process_vm_readv(obj["spec"]["parent"], ctypes.byref(vector), 1, ctypes.byref(there), 1, 0)
    ctx.status["reached"] = read == 8
