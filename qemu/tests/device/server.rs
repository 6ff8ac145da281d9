//! The server as a process.

use tinyrust_qemu::Machine;
use tinyrust_qemu::http::Client;

use crate::harness::say;
use crate::support::{Device, metrics, run, shared};

crate::tests![
    server_runs_unprivileged,
    server_cannot_write_what_is_not_its_own,
    a_killed_server_comes_back,
    rss_stays_small_after_a_thousand_requests,
];

/// What a device with 3 MiB to spare for its server allows it, in bytes.
const LARGEST_RSS: u64 = 3 << 20;

fn server_pid(machine: &Machine) -> u32 {
    run(machine, "pidof tinyrust")
        .trim()
        .parse()
        .expect("one process")
}

/// A field of /proc/<pid>/status, see proc_pid_status(5).
fn status(machine: &Machine, field: &str) -> Vec<u64> {
    let pid = server_pid(machine);
    let status = run(machine, &format!("cat /proc/{pid}/status"));
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{field}:")))
        .unwrap_or_else(|| panic!("{field} in {status}"));
    line.split_whitespace()
        .filter_map(|value| value.parse().ok())
        .collect()
}

fn server_runs_unprivileged() {
    let machine = shared();
    let owner: u64 = run(machine, "id -u tinyrust")
        .trim()
        .parse()
        .expect("a user id");
    let group: u64 = run(machine, "id -g tinyrust")
        .trim()
        .parse()
        .expect("a group id");
    assert_ne!(owner, 0);
    // Real, effective, saved and file system id.
    assert_eq!(status(machine, "Uid"), [owner; 4]);
    assert_eq!(status(machine, "Gid"), [group; 4]);
    let pid = server_pid(machine);
    let text = run(machine, &format!("cat /proc/{pid}/status"));
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        let line = text.lines().find(|line| line.starts_with(set)).expect(set);
        let mask = line.split_whitespace().last().expect("a mask");
        assert_eq!(u64::from_str_radix(mask, 16), Ok(0), "{line}");
    }
}

fn server_cannot_write_what_is_not_its_own() {
    let machine = shared();
    let as_server = |command: &str| {
        machine
            .run(&format!("setuidgid tinyrust sh -c '{command}'"))
            .expect("a shell")
    };
    for path in ["/etc/passwd", "/data/x", "/dev/mtd0", "/dev/mem"] {
        let done = as_server(&format!("echo x >>{path}"));
        assert!(!done.success(), "writing to {path} succeeded");
    }
    let state = as_server("echo x >/data/tinyrust/probe && rm /data/tinyrust/probe");
    assert!(state.success(), "its own directory: {}", state.output);
}

fn a_killed_server_comes_back() {
    let device = Device::up();
    let machine = &device.machine;
    for signal in ["KILL", "TERM", "SEGV"] {
        let before = server_pid(machine);
        run(machine, &format!("kill -{signal} {before}"));
        machine
            .wait_for(&format!("another server after SIG{signal}"), || {
                let pids = machine.run("pidof tinyrust").ok()?;
                let pid: u32 = pids.output.trim().parse().ok()?;
                (pid != before).then_some(())
            })
            .unwrap_or_else(|error| panic!("{error}"));
        machine
            .wait_until_up()
            .unwrap_or_else(|error| panic!("{error}"));
    }
}

fn rss_stays_small_after_a_thousand_requests() {
    let device = Device::up();
    let machine = &device.machine;
    let client = Client::new(machine.server().expect("power is on"));
    for round in 0..250 {
        for path in ["/", "/api/v1/system", "/metrics", "/healthz"] {
            let answer = client.get(path).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(answer.status, 200, "{path} in round {round}");
        }
    }
    // An emulated device may lose one when its host stalls; a server that drops one in a hundred
    // is broken.
    assert!(
        client.repeats() <= 2,
        "{} of 1,000 requests had to be sent again",
        client.repeats()
    );
    let told = metrics(machine)
        .value("process_resident_memory_bytes", &[])
        .expect("process_resident_memory_bytes");
    let kernel = status(machine, "VmRSS")[0] * 1024;
    say(format_args!(
        "rss after 1,000 requests: {kernel} bytes, {told} by its own account"
    ));
    assert!(
        kernel <= LARGEST_RSS,
        "{kernel} bytes, {LARGEST_RSS} allowed"
    );
    assert!(
        told <= LARGEST_RSS as f64,
        "{told} bytes, {LARGEST_RSS} allowed"
    );
    assert!(told > 0.0);
}
