"""Loopback addresses and ports: each sandbox has a block 127.N.0.0/16 to itself."""

import socket

FIRST_BLOCK, LAST_BLOCK = 101, 250
# IPv6 has one loopback address. Sandboxes share it, so that its ports may be taken by another one.
IPV6_ADDRESS = "::1"
# A block is taken by listening here; the kernel gives it back however its owner ends.
LEASE_HOST, LEASE_PORT = "255.254", 28007


class AddressBlock:
    """A block of loopback addresses that no other sandbox on this machine uses."""

    def __init__(self):
        self.lease, self.number = self._take()

    @staticmethod
    def _take():
        for number in range(FIRST_BLOCK, LAST_BLOCK + 1):
            lease = socket.socket()
            try:
                lease.bind((f"127.{number}.{LEASE_HOST}", LEASE_PORT))
                lease.listen()
                return lease, number
            except OSError:
                lease.close()
        raise OSError("every block of loopback addresses is taken by a sandbox")

    def release(self):
        """Gives the block back."""
        self.lease.close()

    def at(self, rest):
        """An address of the block: at("1.2") is 127.N.1.2."""
        return f"127.{self.number}.{rest}"

    @property
    def host(self):
        """The address of the control plane, EdgeLB and dklb."""
        return self.at("0.1")

    @property
    def nodes(self):
        """The addresses of the two nodes."""
        return [self.at("1.1"), self.at("1.2")]

    @property
    def pods(self):
        """Where the pods' addresses come from."""
        return self.at("2.0") + "/24"

    @property
    def agents(self):
        """The machines of the load balancer, as edgelb-local's agents file lists them: fifteen
        private ones and fifteen public ones. The first public one has IPv6, too."""
        private = [{"private": self.at(f"64.{place}")} for place in range(1, 16)]
        public = [{"private": self.at(f"64.{place}"), "public": [self.at(f"64.{place + 32}")]}
                  for place in range(16, 31)]
        public[0]["public"].append(IPV6_ADDRESS)
        return private + public

    def port(self, preferred):
        """The preferred port of `host` where it is free, else any free one."""
        for candidate in (preferred, 0):
            with socket.socket() as probe:
                # A connection of an earlier sandbox in TIME_WAIT does not count.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((self.host, candidate))
                    return probe.getsockname()[1]
                except OSError:
                    continue
        raise OSError(f"no free port on {self.host}")
