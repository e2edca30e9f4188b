# technique: reach the network, or a process that listens
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
# control: not everywhere: raw sockets are for the superuser
def reconcile(obj, ctx):
    import socket
    socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()
    return obj["reached"]
