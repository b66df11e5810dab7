"""An HTTP proxy that knows CONNECT: names and addresses that this machine has not lead to others."""

import contextlib
import os
import socket
import threading


class ConnectProxy:
    """Joins a client that asks for `host:port` with the (address, port) that `routes` has for it.

    Anything else is refused, as by a network that drops it. Listens on a Unix socket (the API server
    reaches pods through such a proxy where it has an egress selector) or on an address.
    """

    def __init__(self, where, routes):
        self.routes = routes
        self.asked = []
        if isinstance(where, tuple):
            self.listener = socket.create_server(where)
        else:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(os.fspath(where))
            self.listener.listen()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def port(self):
        """The port, where it listens on an address."""
        return self.listener.getsockname()[1]

    def close(self):
        """Accepts no more clients."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(4096)
                if not piece:
                    return
                head += piece
            target = head.split()[1].decode()
            self.asked.append(target)
            if target not in self.routes:
                client.sendall(b"HTTP/1.1 503 no route\r\n\r\n")
                return
            with socket.create_connection(self.routes[target], timeout=20) as server:
                server.settimeout(None)
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
                back.start()
                self._copy(client, server)
                back.join()

    @staticmethod
    def _copy(source, target):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
