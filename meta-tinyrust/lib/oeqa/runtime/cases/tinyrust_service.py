# SPDX-License-Identifier: MIT OR Apache-2.0
"""The start script of tinyrust-service on a booted device: TEST_SUITES = "tinyrust_service"."""

import time

from oeqa.runtime.case import OERuntimeTestCase

SCRIPT = "/etc/init.d/tinyrust"


class TinyrustServiceTest(OERuntimeTestCase):
    """For an image in which nothing but the script starts the server."""

    def answers(self):
        """Waits for an answer; a server that was just started needs a moment."""
        for _ in range(120):
            try:
                self.assertEqual(self.target.get("/healthz")[0], 200)
                return
            except OSError:
                time.sleep(1)
        self.fail("no HTTP answer in two minutes")

    def pid(self):
        """Of the one server that there is, or None."""
        status, output = self.target.run("pidof tinyrust")
        pids = output.split() if status == 0 else []
        self.assertLessEqual(len(pids), 1, "more than one server")
        return pids[0] if pids else None

    def script(self, argument):
        status, output = self.target.run(f"{SCRIPT} {argument}")
        self.assertEqual(status, 0, f"{SCRIPT} {argument}: {output}")

    def test_the_system_start_started_it_under_its_own_user(self):
        self.answers()
        uids = self.target.run(f"grep ^Uid: /proc/{self.pid()}/status")[1].split()[1:]
        self.assertEqual({self.target.run("id -u tinyrust")[1]}, set(uids))
        self.assertNotIn("0", uids)

    def test_stop_ends_it_and_start_brings_it_back(self):
        self.answers()
        self.script("stop")
        self.assertIsNone(self.pid())
        with self.assertRaises(OSError):
            self.target.get("/healthz")
        # Of what is stopped already as well, as the LSB says.
        self.script("stop")
        self.script("start")
        self.answers()

    def test_restart_is_another_process_that_answers(self):
        self.answers()
        old = self.pid()
        self.script("restart")
        self.answers()
        self.assertNotIn(self.pid(), (None, old))

    def test_a_second_start_is_no_second_server(self):
        self.answers()
        old = self.pid()
        self.target.run(f"{SCRIPT} start")
        self.assertEqual(self.pid(), old)

    def test_without_a_word_it_says_how_to_be_called(self):
        status, output = self.target.run(SCRIPT)
        self.assertEqual(status, 2)
        self.assertIn("start|stop|restart", output)
