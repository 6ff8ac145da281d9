//! The system around the server.

use tinyrust_qemu::Machine;

use crate::support::{metrics, run, shared};

crate::tests![
    the_kernel_sees_the_partitions_of_board_toml,
    the_kernel_sees_each_partition_at_the_offset_of_board_toml,
    the_server_tells_the_partitions_of_board_toml,
    the_server_says_what_runs,
    the_figures_are_plausible,
    root_is_read_only,
    root_is_the_partition_of_the_slot,
    kernel_and_system_partitions_cannot_be_written_by_the_server,
    the_system_log_is_kept_in_memory,
    the_network_has_a_lease,
    the_kernel_is_not_tainted,
];

/// Name, size and erase block of each partition in `/proc/mtd`, whose numbers are
/// hexadecimal (`mtd_proc_show` in linux/drivers/mtd/mtdchar.c).
fn proc_mtd(machine: &Machine) -> Vec<(String, u64, u64)> {
    let hex = |digits: &str| u64::from_str_radix(digits, 16).expect("hexadecimal");
    run(machine, "cat /proc/mtd")
        .lines()
        .skip(1)
        .map(|line| {
            let mut fields = line.splitn(4, ' ');
            let mut field = || fields.next().unwrap_or_else(|| panic!("{line}"));
            let _device = field();
            let (size, erase_block) = (hex(field()), hex(field()));
            (field().trim_matches('"').to_owned(), size, erase_block)
        })
        .collect()
}

fn board_partitions(machine: &Machine) -> Vec<(String, u64, u64)> {
    let board = machine.images().board();
    board
        .partitions
        .iter()
        .map(|partition| {
            (
                partition.name.clone(),
                partition.size.get(),
                board.flash.erase_block.get(),
            )
        })
        .collect()
}

fn the_kernel_sees_the_partitions_of_board_toml() {
    let machine = shared();
    assert_eq!(proc_mtd(machine), board_partitions(machine));
}

fn the_kernel_sees_each_partition_at_the_offset_of_board_toml() {
    let machine = shared();
    for partition in &machine.images().board().partitions {
        let offset = run(
            machine,
            &format!("cat /sys/class/mtd/mtd{}/offset", partition.mtd),
        );
        assert_eq!(
            offset.trim(),
            partition.offset.get().to_string(),
            "{}",
            partition.name
        );
    }
}

fn the_server_tells_the_partitions_of_board_toml() {
    let machine = shared();
    let board = machine.images().board();
    // The server looks through the chip in the background.
    let told = machine
        .wait_for("the use of every partition", || {
            let told = machine.system().ok()?.flash?;
            told.iter()
                .all(|partition| partition.used_bytes.is_some())
                .then_some(told)
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let told_sizes: Vec<_> = told
        .iter()
        .map(|partition| {
            (
                partition.name.clone(),
                partition.size_bytes,
                partition.erase_block_bytes,
            )
        })
        .collect();
    assert_eq!(told_sizes, board_partitions(machine));
    for (partition, told) in board.partitions.iter().zip(&told) {
        assert_eq!(told.device, format!("mtd{}", partition.mtd));
        let used = told
            .used_bytes
            .unwrap_or_else(|| panic!("{} is read", told.name));
        assert!(used <= told.size_bytes, "{told:?}");
        // What is erased at the end of a file on the host is so on the device.
        if let Some(image) = &partition.image {
            let image = std::fs::read(machine.images().file(image)).expect("image");
            let end = image
                .iter()
                .rposition(|byte| *byte != 0xff)
                .map_or(0, |at| at + 1);
            assert_eq!(used, end as u64, "{}", told.name);
        }
        let metrics = metrics(machine);
        let labels = [("partition", told.name.as_str())];
        assert_eq!(
            metrics.value("tinyrust_flash_partition_size_bytes", &labels),
            Some(told.size_bytes as f64)
        );
    }
}

fn the_server_says_what_runs() {
    let machine = shared();
    let board = machine.images().board();
    let system = machine.system().expect("document");
    assert_eq!(
        system.hostname.as_deref(),
        Some(run(machine, "cat /etc/hostname").trim())
    );
    assert_eq!(
        system.kernel.as_deref(),
        Some(run(machine, "uname -r").trim())
    );
    let slots = board.slots();
    assert_eq!(system.slot.as_deref(), slots.first().map(|slot| slot.name));
    let rust = board.rust.as_ref().expect("[rust] in board.toml");
    assert_eq!(system.server.target, rust.target);
    assert_eq!(system.server.allocator, rust.allocator);
    assert_ne!(system.server.profile, "unknown");
    assert_ne!(system.server.git_revision, "unknown");
    assert!(
        system.server.version.split('.').count() == 3,
        "{}",
        system.server.version
    );
}

fn the_figures_are_plausible() {
    let system = shared().system().expect("document");
    let uptime = system.uptime_seconds.expect("uptime");
    assert!(uptime > 0.0 && uptime < 86_400.0, "{uptime}");
    assert!(system.load.expect("load").iter().all(|load| *load >= 0.0));
    let total = system.memory.total_bytes.expect("total");
    let available = system.memory.available_bytes.expect("available");
    assert!(available > 0 && available < total, "{available} of {total}");
    let (size, free) = (
        system.data.size_bytes.expect("size"),
        system.data.free_bytes.expect("free"),
    );
    assert!(free > 0 && free <= size, "{free} of {size}");
    let rss = system.server.rss_bytes.expect("rss");
    assert!(rss > 0 && rss < total, "{rss}");
    assert!(system.server.open_fds.expect("open files") > 0);
}

fn root_is_read_only() {
    let machine = shared();
    let flags = run(machine, "grep ' / ' /proc/mounts");
    let root = flags.lines().last().expect("a root");
    let fields: Vec<_> = root.split(' ').collect();
    assert_eq!(fields[2], "squashfs", "{root}");
    assert!(fields[3].split(',').any(|flag| flag == "ro"), "{root}");
    for path in ["/touched", "/usr/bin/touched", "/usr/bin/tinyrust"] {
        let touch = machine.run(&format!("touch {path}")).expect("a shell");
        assert!(!touch.success(), "touch {path} succeeded");
        assert!(
            touch.output.contains("Read-only file system"),
            "touch {path}: {}",
            touch.output
        );
    }
}

fn root_is_the_partition_of_the_slot() {
    let machine = shared();
    let board = machine.images().board();
    let root = board.partitions.iter().find(|part| part.root);
    let root = root.expect("a root");
    let cmdline = run(machine, "cat /proc/cmdline");
    assert!(
        cmdline.contains(&format!("root=/dev/mtdblock{} ", root.mtd)),
        "{cmdline}"
    );
    let slot = root.slot.as_deref();
    assert_eq!(
        cmdline
            .split_whitespace()
            .find_map(|word| word.strip_prefix("slot=")),
        slot,
        "{cmdline}"
    );
}

fn kernel_and_system_partitions_cannot_be_written_by_the_server() {
    let machine = shared();
    for partition in &machine.images().board().partitions {
        let mode = run(machine, &format!("ls -ln /dev/mtd{}", partition.mtd));
        // crw-rw----    1 0        0          90,   0 …
        assert!(mode.starts_with("crw"), "{mode}");
        assert_eq!(&mode[7..10], "---", "others may use {mode}");
        let owner: Vec<_> = mode.split_whitespace().skip(2).take(2).collect();
        assert_ne!(owner[0], "80", "{mode}");
        assert!(owner[1] != "80" || &mode[5..6] != "w", "{mode}");
    }
}

fn the_system_log_is_kept_in_memory() {
    let machine = shared();
    let log = run(machine, "logread 2>/dev/null || cat /var/log/messages");
    assert!(log.contains("Linux version"), "{log}");
    let mounts = run(machine, "cat /proc/mounts");
    assert!(mounts.contains(" /var tmpfs "), "{mounts}");
}

fn the_network_has_a_lease() {
    let machine = shared();
    // The guest's address in QEMU's user network, which only DHCP tells. The restricted
    // network offers no router.
    let addresses = run(machine, "ip addr");
    assert!(addresses.contains("inet 10.0.2.15/24"), "{addresses}");
}

fn the_kernel_is_not_tainted() {
    let machine = shared();
    let tainted = run(machine, "cat /proc/sys/kernel/tainted");
    assert_eq!(tainted.trim(), "0", "{}", run(machine, "dmesg"));
}
