//! Losing power at any moment leaves a device that boots, with what it had synced.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::harness::{Running, say};
use crate::support::{Device, data_state, no_data, run};

crate::tests![
    the_device_boots_after_each_of_twenty_power_cuts unless no_data,
];

/// How often the power is cut.
const CUTS: usize = 20;

/// Side by side, each with a chip of its own.
const LANES: usize = 2;

/// The moment of the cut is chosen from the start of the writing to here.
const LATEST: Duration = Duration::from_secs(4);

/// How many of the numbered files the device keeps; older ones are deleted, so that
/// the file system also has to clean up after itself.
const KEPT: u64 = 12;

/// Writes numbered files, and settings through the overlay, without an end. Each is
/// announced on the console once it is synced.
///
/// What is written anew is renamed into place: a file that is truncated first is empty
/// for a moment. And the name it is written under is removed first: JFFS2 renames in
/// two steps (`jffs2_rename` in linux/fs/jffs2/dir.c), and a power cut between them
/// leaves one file with both names. Writing to the one then empties the other, and
/// renaming does nothing any more, since both are the same file. Seen here: the link
/// count was 2 after one cut, and the file empty three cuts later.
const WRITER: &str = "\
n=$(cat /data/cut/last 2>/dev/null || echo 0)
mkdir -p /data/cut
while :; do
  n=$((n+1))
  dd if=/usr/bin/tinyrust of=/data/cut/$n bs=2048 skip=$((n % 60)) count=1 2>/dev/null
  md5sum </data/cut/$n >/data/cut/$n.md5
  rm -f /etc/cut.new /data/cut/last.new
  echo $n >/etc/cut.new
  echo $n >/data/cut/last.new
  sync
  mv /etc/cut.new /etc/cut
  mv /data/cut/last.new /data/cut/last
  sync
  rm -f /data/cut/$((n-KEPT)) /data/cut/$((n-KEPT)).md5
  echo synced-$n-ok >/dev/console
done";

/// The last number announced on the console: by then its files had been synced.
fn announced(console: &str) -> Option<u64> {
    console
        .split("synced-")
        .filter_map(|rest| rest.split_once("-ok")?.0.parse().ok())
        .last()
}

fn seed() -> u64 {
    match std::env::var("TINYRUST_SEED") {
        Ok(seed) => seed.parse().expect("TINYRUST_SEED is a number"),
        Err(_) => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a clock after 1970")
            .as_secs(),
    }
}

fn the_device_boots_after_each_of_twenty_power_cuts() {
    let seed = seed();
    say(format_args!("TINYRUST_SEED={seed} repeats the moments"));
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| {
                let running = Running::here();
                scope.spawn(move || {
                    running.enter();
                    cut_again_and_again(lane, seed);
                })
            })
            .collect();
        for lane in lanes {
            if let Err(panic) = lane.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

fn cut_again_and_again(lane: usize, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed.wrapping_add(lane as u64));
    let mut device = Device::named_up(&format!("{}-{lane}", Running::here().name()));
    let mut written = 0;
    for cut in 0..CUTS / LANES {
        let moment = Duration::from_micros(random.u64(0..LATEST.as_micros() as u64));
        let machine = &mut device.machine;
        let writer = WRITER.replace("KEPT", &KEPT.to_string());
        machine
            .start(&format!("({writer}) </dev/null 2>/dev/null &"))
            .expect("a shell");
        thread::sleep(moment);
        let console = machine.console_of_this_boot().expect("power is on");
        machine.power_cut();

        let last = announced(&console).unwrap_or(written);
        say(format_args!(
            "lane {lane}, cut {cut} after {moment:?}: {last} files announced"
        ));
        device.boot();
        let machine = &device.machine;
        assert_eq!(
            data_state(machine),
            "ok",
            "lane {lane}, cut {cut}, seed {seed}"
        );
        if last > 0 {
            let found: u64 = run(machine, "cat /data/cut/last")
                .trim()
                .parse()
                .expect("a number");
            assert!(found >= last, "{found} files, {last} synced, seed {seed}");
            let setting: u64 = run(machine, "cat /etc/cut")
                .trim()
                .parse()
                .expect("a number");
            assert!(
                setting >= last,
                "setting {setting}, {last} synced, seed {seed}"
            );
            // Counted from what the device has: it may have written on, and deleted, between
            // the last look at the console and the cut.
            let oldest = found.saturating_sub(KEPT - 2).max(1);
            for number in oldest..=found {
                run(
                    machine,
                    &format!("md5sum </data/cut/{number} | grep -qFf /data/cut/{number}.md5"),
                );
            }
            written = found;
        }
    }
    assert!(
        written > 0,
        "no file was ever written, seed {seed}: the moments are too early"
    );
}
