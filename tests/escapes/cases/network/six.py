# technique: reach the network, or a process that listens
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
# control: not everywhere: a machine may have no IPv6
def reconcile(obj, ctx):
    import socket
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as one:
        one.getsockname()
    return obj["reached"]
