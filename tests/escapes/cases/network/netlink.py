# technique: reach the network, or a process that listens
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import socket
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as one:
        one.bind((0, 0))
    return obj["reached"]
