"""A TCP proxy between dklb and the API server that can cut connections and fall silent."""

import socket
import threading


class TcpProxy:
    """Forwards connections to `target`, from a port of its own on the same host."""

    def __init__(self, host, port, target):
        self.target = target
        self.listener = socket.create_server((host, port))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.pairs = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.target, 5)
            except OSError:
                client.close()
                continue
            pair = Connection(client, server)
            with self.lock:
                self.pairs.append(pair)
            pair.start()

    def silence(self):
        """What is open stays open, and no byte passes any more. New connections work."""
        with self.lock:
            for pair in self.pairs:
                pair.silent.set()

    def cut(self):
        """Ends every connection."""
        with self.lock:
            for pair in self.pairs:
                pair.close()
            self.pairs.clear()

    def stop(self):
        """Ends all of it."""
        self.listener.close()
        self.cut()


class Connection:
    """Two sockets and a thread for each direction."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.silent = threading.Event()

    def start(self):
        """Forwards until either side ends."""
        for source, sink in ((self.client, self.server), (self.server, self.client)):
            threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source, sink):
        try:
            while data := source.recv(65536):
                if self.silent.is_set():
                    continue
                sink.sendall(data)
        except OSError:
            pass
        if not self.silent.is_set():
            self.close()

    def close(self):
        """Both sides see the end at once."""
        for side in (self.client, self.server):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            side.close()
