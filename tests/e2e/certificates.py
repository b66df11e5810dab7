"""Certificates for the webhook, in a folder that looks like a mounted Secret."""

import os
import subprocess
from pathlib import Path


class SecretVolume:
    """tls.crt, tls.key and ca.crt behind `..data`, which a renewal swaps as the kubelet does."""

    def __init__(self, folder, address):
        self.folder = Path(folder)
        self.address = address
        self.version = 0
        self.renew()
        for name in ("tls.crt", "tls.key", "ca.crt"):
            (self.folder / name).symlink_to(f"..data/{name}")

    def renew(self, days=1):
        """Another authority and another pair."""
        self.version += 1
        version = self.folder / f"..version-{self.version}"
        version.mkdir()
        self._openssl(version, "req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.crt",
                      "-days", "2", "-subj", f"/CN=authority {self.version}")
        self._openssl(version, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-keyout", "tls.key", "-out", "tls.csr", "-subj", "/CN=dklb")
        (version / "names").write_text(f"subjectAltName=IP:{self.address}\n", encoding="utf-8")
        self._openssl(version, "x509", "-req", "-in", "tls.csr", "-CA", "ca.crt", "-CAkey",
                      "ca.key", "-CAcreateserial", "-days", str(days), "-extfile", "names",
                      "-out", "tls.crt")
        swap = self.folder / "..data_tmp"
        swap.symlink_to(version.name)
        os.rename(swap, self.folder / "..data")

    def path(self, name):
        """The path under which dklb finds a file."""
        return str(self.folder / name)

    @staticmethod
    def _openssl(folder, *arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True,
                       timeout=60)
