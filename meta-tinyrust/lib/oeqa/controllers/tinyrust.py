# SPDX-License-Identifier: MIT OR Apache-2.0
"""TEST_TARGET = "TinyrustFlashTarget": the board in QEMU, started from flash.bin and nothing else.

The image has no SSH server, so commands go over the serial console, as an
engineer's would. imagekit says how QEMU is started, as it does for the boot tests.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import tomllib
import urllib.request

from oeqa.core.target import OETarget


UNITS = {"B": 1, "KiB": 1024, "MiB": 1024 * 1024}


def size(text):
    """Bytes of board.toml's "448 KiB"."""
    number, unit = text.split()
    return int(number.replace("_", "")) * UNITS[unit]


class TinyrustFlashTarget(OETarget):
    """One emulated board for all test cases of a run."""

    def __init__(self, logger, target_ip, server_ip, machine=None, dir_image=None,
                 rootfs=None, boottime=600, bootlog=None, timeout=60, native_sysroot=None, **kwargs):
        super().__init__(logger)
        # IMAGE.flash -> IMAGE.images, the folder with flash.bin and board.toml.
        self.images = os.path.splitext(rootfs)[0] + ".images"
        # flashfit-native brings it into the image's own sysroot.
        self.imagekit = os.path.join(native_sysroot, "usr/bin/imagekit")
        self.ip = "127.0.0.1"
        self.server_ip = server_ip
        self.boot_timeout = boottime
        self.timeout = timeout
        self.bootlog = bootlog
        self.qemu = None
        self.console = None
        self.log = b""
        self.read_to = 0

    @property
    def url(self):
        """Where the device's port 80 is reached."""
        return f"http://{self.ip}:{self.port}"

    def start(self, params=None, runqemuparams=None, **kwargs):
        self.directory = tempfile.mkdtemp(prefix="tinyrust-testimage-")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        path = os.path.join(self.directory, "console")
        command = [*self.emulator(os.path.join(self.directory, "flash.bin")),
                   "-chardev", f"socket,id=console,path={path},server=on,wait=on", "-serial", "chardev:console"]
        self.logger.info("starting %s", " ".join(command))
        self.qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self.console = socket.socket(socket.AF_UNIX)
        for _ in range(100):
            try:
                self.console.connect(path)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if self.qemu.poll() is not None:
                    raise RuntimeError(f"QEMU ended with {self.qemu.returncode}: {' '.join(command)}") from None
                time.sleep(0.1)
        self.console.settimeout(0.5)
        self._wait(b"press Enter", self.boot_timeout, "no prompt on the console")
        self.console.sendall(b"\n")
        # A line that the echo of the command cannot be mistaken for.
        self.console.sendall(b"stty -echo; echo re''ady\n")
        self._wait(b"ready", self.timeout, "no shell on the console")

    def emulator(self, chip):
        """The command that starts the board with a private flash chip, as board.toml and this host have it."""
        done = subprocess.run([self.imagekit, "qemu-command", self.images, "--chip", chip, "--port", str(self.port)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return json.loads(done.stdout)

    def _wait(self, what, timeout, complaint):
        """What the console said up to `what` since the last wait."""
        end = time.monotonic() + timeout
        while True:
            at = self.log.find(what, self.read_to)
            if at >= 0:
                said, self.read_to = self.log[self.read_to:at], at + len(what)
                return said
            if time.monotonic() > end:
                last = self.log[-2000:].decode(errors="replace")
                raise TimeoutError(f"{complaint} in {timeout} s; its last lines:\n{last}")
            try:
                got = self.console.recv(65536)
            except TimeoutError:
                continue
            if not got:
                raise ConnectionError(f"QEMU closed the console: {complaint}")
            self.log += got

    def stop(self, **kwargs):
        if self.qemu and self.qemu.poll() is None:
            self.qemu.kill()
            self.qemu.wait()
        if self.bootlog:
            os.makedirs(os.path.dirname(self.bootlog), exist_ok=True)
            with open(self.bootlog, "wb") as f:
                f.write(self.log)
        if self.console:
            self.console.close()
        if hasattr(self, "directory"):
            shutil.rmtree(self.directory)

    def run(self, cmd, timeout=None, **kwargs):
        """(status, output) of a shell command on the device."""
        self.console.sendall(b"echo be''gin; { %s; } 2>&1; echo en''d=$?.\n" % cmd.encode())
        self._wait(b"begin\r\n", timeout or self.timeout, f"`{cmd}` did not start")
        said = self._wait(b"end=", timeout or self.timeout, f"`{cmd}` did not end")
        status = self._wait(b".", self.timeout, "no status")
        # The kernel's own lines come between those of a command.
        lines = [line for line in said.decode(errors="replace").splitlines()
                 if not re.match(r"\[ *\d+\.\d+\] ", line)]
        return int(status), "\n".join(lines).strip()

    def get(self, path, method="GET"):
        """(status, headers, body) of a request; any status is an answer."""
        request = urllib.request.Request(self.url + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read()

    def board(self):
        """The board.toml that the image was made from."""
        with open(os.path.join(self.images, "board.toml"), "rb") as f:
            return tomllib.load(f)

    def partitions(self):
        """[(name, bytes)] of that board.toml."""
        return [(p["name"], size(p["size"])) for p in self.board()["partition"]]

    def json(self, path):
        return json.loads(self.get(path)[2])
