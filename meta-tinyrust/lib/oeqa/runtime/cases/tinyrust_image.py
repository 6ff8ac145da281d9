# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the device promises, asked of a booted one: TEST_SUITES = "tinyrust_image"."""

import re
import time

from oeqa.runtime.case import OERuntimeTestCase

class TinyrustTest(OERuntimeTestCase):
    """Reads like the list of requirements."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The console is there before the network has an address.
        for _ in range(120):
            try:
                cls.tc.target.get("/healthz")
                return
            except OSError:
                time.sleep(1)
        raise AssertionError("no HTTP answer in two minutes after the console's prompt")

    def shell(self, command):
        status, output = self.target.run(command)
        self.assertEqual(status, 0, f"{command}: {output}")
        return output

    def test_the_page_is_html_with_nothing_to_fetch_elsewhere(self):
        status, headers, body = self.target.get("/")
        self.assertEqual(status, 200)
        self.assertIn("text/html", headers["content-type"])
        self.assertNotRegex(body.decode(), r"""(src|href)=["']https?://""")

    def test_health_is_ok(self):
        self.assertEqual(self.target.get("/healthz")[0], 200)

    def test_metrics_are_prometheus_text(self):
        status, headers, body = self.target.get("/metrics")
        self.assertEqual(status, 200)
        self.assertIn("text/plain", headers["content-type"])
        self.assertRegex(body.decode(), r"(?m)^process_resident_memory_bytes \d+")

    def test_unknown_paths_and_wrong_methods_are_told_apart(self):
        self.assertEqual(self.target.get("/nothing")[0], 404)
        status, headers, _ = self.target.get("/healthz", method="POST")
        self.assertEqual(status, 405)
        self.assertIn("GET", headers["allow"])

    def test_the_server_was_built_with_the_profile_that_this_build_says(self):
        self.assertIn(f'"{self.td["TINYRUST_RUST_PROFILE"]}"', self.target.get("/api/v1/system")[2].decode())

    def test_the_server_is_not_root(self):
        pid = self.shell("pidof tinyrust").split()[0]
        uids = self.shell(f"grep ^Uid: /proc/{pid}/status").split()[1:]
        self.assertNotIn("0", uids)
        groups = self.shell(f"grep ^CapEff: /proc/{pid}/status").split()[1]
        self.assertEqual(int(groups, 16), 0, "the server has capabilities")

    def test_a_killed_server_comes_back(self):
        old = self.shell("pidof tinyrust").split()[0]
        self.shell(f"kill -9 {old}")
        for _ in range(30):
            time.sleep(1)
            status, new = self.target.run("pidof tinyrust")
            if status == 0 and new.split()[0] != old:
                break
        else:
            self.fail("no new server in 30 s")
        for _ in range(30):
            try:
                self.assertEqual(self.target.get("/healthz")[0], 200)
                return
            except OSError:
                time.sleep(1)
        self.fail("the new server does not answer")

    def test_the_root_file_system_is_a_squashfs_and_read_only(self):
        mounts = self.shell("cat /proc/mounts").splitlines()
        root = [m.split() for m in mounts if m.split()[1] == "/"][-1]
        self.assertEqual(root[2], "squashfs")
        self.assertIn("ro", root[3].split(","))
        status, _ = self.target.run("touch /probe")
        self.assertNotEqual(status, 0)

    def test_the_partitions_are_those_of_board_toml(self):
        found = re.findall(r'^mtd\d+: ([0-9a-f]+) [0-9a-f]+ "(.*)"', self.shell("cat /proc/mtd"), re.M)
        self.assertEqual([(name, int(length, 16)) for length, name in found], self.target.partitions())
