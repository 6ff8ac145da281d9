//! What a device does to the host that runs it: nothing.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::Running;
use crate::support::{Device, images, log, machine, run, shared};

crate::tests![
    two_devices_side_by_side_do_not_meet,
    the_device_reaches_nothing_on_the_host,
    flash_bin_is_only_read,
    nothing_is_left_of_a_device,
    nothing_is_left_when_the_program_is_stopped,
];

/// QEMU needs a moment to go, and the host may be busy.
const GONE: Duration = Duration::from_secs(60);

fn is_running(pid: u32) -> bool {
    // A process that was killed and not yet reaped runs no more.
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| Some(stat.rsplit_once(") ")?.1.chars().next()? != 'Z'))
        .unwrap_or(false)
}

fn assert_gone(pid: u32, what: &str) {
    let deadline = Instant::now() + GONE;
    while is_running(pid) {
        assert!(
            Instant::now() < deadline,
            "{what} still runs as process {pid}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

fn two_devices_side_by_side_do_not_meet() {
    // One host slot for both: with a single core there is no second one.
    let mut one = Device::off();
    one.machine.power_on().expect("QEMU");
    let mut other = machine(&format!("{}-other", Running::here().name()));
    other.power_on().expect("QEMU");
    for machine in [&one.machine, &other] {
        machine
            .wait_until_up()
            .unwrap_or_else(|error| panic!("{error}"));
    }
    assert_ne!(
        one.machine.server().expect("on"),
        other.server().expect("on")
    );
    run(
        &one.machine,
        "echo one >/etc/hostname; echo one >/proc/sys/kernel/hostname",
    );
    let name = |machine: &tinyrust_qemu::Machine| machine.system().expect("document").hostname;
    assert_eq!(name(&one.machine).as_deref(), Some("one"));
    assert_ne!(name(&other).as_deref(), Some("one"));
}

fn the_device_reaches_nothing_on_the_host() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("non-blocking");
    let port = listener.local_addr().expect("address").port();
    let machine = shared();
    // The way to ask is good: it reaches the device's own server.
    assert_eq!(
        run(machine, "wget -q -O - http://127.0.0.1/healthz"),
        "ok\n"
    );
    // 10.0.2.2 is the host in QEMU's user network. What comes to a port that the
    // restricted network does not forward is dropped, so there is no end to wait for.
    run(
        machine,
        &format!("wget -q -O - http://10.0.2.2:{port}/ & sleep 10; kill $!; true"),
    );
    let reached = listener.accept();
    assert!(reached.is_err(), "the device reached the host: {reached:?}");
}

fn flash_bin_is_only_read() {
    let images = images();
    let before = std::fs::read(images.file("flash.bin")).expect("flash.bin");
    let device = Device::up();
    run(&device.machine, "echo x >/etc/x; sync");
    drop(device);
    assert!(before == std::fs::read(images.file("flash.bin")).expect("flash.bin"));
}

fn nothing_is_left_of_a_device() {
    let device = Device::up();
    let pid = device.machine.process_id().expect("power is on");
    let work = work_directory(pid);
    assert!(is_running(pid) && work.is_dir());
    drop(device);
    assert!(!is_running(pid));
    assert!(!work.exists());
}

/// Where the flash chip's content of a running QEMU is.
fn work_directory(qemu: u32) -> PathBuf {
    let arguments = std::fs::read(format!("/proc/{qemu}/cmdline")).expect("QEMU runs");
    let arguments = String::from_utf8_lossy(&arguments).into_owned();
    let path = arguments
        .split(['\0', ',', '='])
        .find(|part| part.ends_with("/flash.bin"))
        .unwrap_or_else(|| panic!("{arguments}"));
    Path::new(path).parent().expect("a directory").to_owned()
}

/// Starts `tinyrust-boot --serve` and returns once it serves.
fn serving() -> (Child, u32) {
    let errors = log("serving-stderr");
    let mut program = Command::new(env!("CARGO_BIN_EXE_tinyrust-boot"))
        .arg("--images")
        .arg(images().path())
        .arg("--serve")
        .stdout(Stdio::piped())
        .stderr(File::create(&errors).expect("a file"))
        .spawn()
        .expect("tinyrust-boot");
    let stdout = program.stdout.take().expect("piped");
    let mut said = String::new();
    for line in BufReader::new(stdout).lines() {
        let line = line.expect("text");
        said.push_str(&line);
        said.push('\n');
        if line.starts_with("serving http://127.0.0.1:") {
            let qemu = child_of(program.id()).expect("a QEMU");
            return (program, qemu);
        }
    }
    let status = program.wait().expect("it ended");
    let errors = std::fs::read_to_string(errors).expect("a file");
    panic!("tinyrust-boot ended ({status}) without serving:\n{said}{errors}");
}

/// The QEMU that `parent` started.
fn child_of(parent: u32) -> Option<u32> {
    let processes = std::fs::read_dir("/proc").expect("/proc");
    processes.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        // pid (name) state ppid …, see proc_pid_stat(5).
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let (name, rest) = stat.rsplit_once(") ")?;
        let its_parent: u32 = rest.split(' ').nth(1)?.parse().ok()?;
        (its_parent == parent && name.contains("(qemu")).then_some(pid)
    })
}

fn nothing_is_left_when_the_program_is_stopped() {
    let _slot = tinyrust_qemu::HostSlot::acquire().expect("a host slot");
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let (mut program, qemu) = serving();
        let work = work_directory(qemu);
        let pid = i32::try_from(program.id())
            .ok()
            .and_then(Pid::from_raw)
            .expect("a pid");
        kill_process(pid, signal).expect("a signal");
        let status = program.wait().expect("it ends");
        let expected = match signal {
            // Ctrl-C is how --serve is left.
            Signal::INT => Some(0),
            // What a shell reports for a program that the signal ended.
            Signal::TERM => Some(128 + 15),
            _ => None,
        };
        assert_eq!(status.code(), expected, "after {signal:?}: {status}");
        assert_gone(qemu, &format!("after {signal:?} QEMU"));
        let deadline = Instant::now() + GONE;
        while work.exists() {
            assert!(
                Instant::now() < deadline,
                "{} is left after {signal:?}",
                work.display()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}
