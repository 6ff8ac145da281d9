//! The same picture in the text exposition format of Prometheus, version 0.0.4
//! (prometheus.io/docs/instrumenting/exposition_formats). A family without a value is left out.

use std::fmt::{Display, Write};

use crate::build_info;
use crate::counters::Counters;
use crate::flash::Partition;
use crate::system::{DataState, System};
use crate::units::Hundredths;

/// The media type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all families.
#[must_use]
pub fn render(system: &System, counters: &Counters) -> String {
    let mut text = Exposition::default();

    text.family("tinyrust_build_info", "gauge", "Server build, always 1.");
    let build = [
        ("version", build_info::VERSION),
        ("revision", build_info::GIT_REVISION),
        ("target", build_info::TARGET),
        ("profile", build_info::PROFILE),
        ("allocator", build_info::ALLOCATOR),
    ];
    text.sample(&build, &1);

    text.family(
        "http_requests_total",
        "counter",
        "Requests answered before this scrape, without those refused as malformed.",
    );
    for (code, count) in counters.iter() {
        text.sample(&[("code", &code.to_string())], &count);
    }
    text.single(
        "tinyrust_connection_waits_total",
        "counter",
        "Times new connections had to wait.",
        Some(counters.waits()),
    );

    let process = &system.process;
    text.single(
        "process_resident_memory_bytes",
        "gauge",
        "Server memory in RAM.",
        process.rss,
    );
    text.single(
        "process_open_fds",
        "gauge",
        "Open files and sockets of the server.",
        process.open_fds,
    );
    text.single(
        "process_cpu_seconds_total",
        "counter",
        "CPU time of the server.",
        process.times.map(|times| times.cpu),
    );
    let started = system.boot_time.zip(process.times);
    text.single(
        "process_start_time_seconds",
        "gauge",
        "Server start in Unix time, by the device's clock.",
        started.map(|(boot, times)| {
            Hundredths(boot.saturating_mul(100).saturating_add(times.started.0))
        }),
    );

    text.single(
        "node_boot_time_seconds",
        "gauge",
        "Boot in Unix time, by the device's clock.",
        system.boot_time,
    );
    let averages = ["node_load1", "node_load5", "node_load15"];
    for (name, average) in averages.into_iter().zip(system.load.into_iter().flatten()) {
        text.single(name, "gauge", "Load average.", Some(average));
    }
    text.single(
        "node_memory_MemTotal_bytes",
        "gauge",
        "Total memory.",
        system.memory_total,
    );
    text.single(
        "node_memory_MemFree_bytes",
        "gauge",
        "Unused memory.",
        system.memory_free,
    );
    text.single(
        "node_memory_MemAvailable_bytes",
        "gauge",
        "Memory a new program could use.",
        system.memory_available,
    );

    let partitions = system.flash.unwrap_or_default();
    if !partitions.is_empty() {
        text.family(
            "tinyrust_flash_partition_size_bytes",
            "gauge",
            "Size of a flash partition.",
        );
        for (partition, _) in partitions {
            text.sample(&labels(partition), &partition.size);
        }
        text.family(
            "tinyrust_flash_partition_used_bytes",
            "gauge",
            "Space used in a flash partition.",
        );
        for scanned in partitions {
            if let Some(used) = system.used(scanned) {
                text.sample(&labels(&scanned.0), &used);
            }
        }
    }
    text.single(
        "tinyrust_data_size_bytes",
        "gauge",
        "Size of the data file system.",
        system.data.size,
    );
    text.single(
        "tinyrust_data_free_bytes",
        "gauge",
        "Free space in the data file system.",
        system.data.free,
    );
    if let Some(state) = system.data.state {
        text.family(
            "tinyrust_data_state",
            "gauge",
            "1 for the data partition's state at boot.",
        );
        for one in DataState::ALL {
            text.sample(&[("state", one.name())], &u8::from(one == state));
        }
    }
    if let Some(slot) = &system.slot {
        text.family("tinyrust_slot_info", "gauge", "Running slot, always 1.");
        text.sample(&[("slot", slot)], &1);
    }
    text.text
}

/// Which partition: a name may be given twice, a device has one.
fn labels(partition: &Partition) -> [(&str, &str); 2] {
    [
        ("device", &partition.device),
        ("partition", &partition.name),
    ]
}

#[derive(Default)]
struct Exposition {
    text: String,
    name: &'static str,
}

impl Exposition {
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.name = name;
        self.push(&[
            "# HELP ",
            name,
            " ",
            help,
            "\n# TYPE ",
            name,
            " ",
            kind,
            "\n",
        ]);
    }

    fn single<T: Display>(&mut self, name: &'static str, kind: &str, help: &str, value: Option<T>) {
        if let Some(value) = value {
            self.family(name, kind, help);
            self.sample(&[], &value);
        }
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: &dyn Display) {
        self.text.push_str(self.name);
        let mut before = '{';
        for (name, value) in labels {
            self.text.push(before);
            self.push(&[name, "=\""]);
            for c in value.chars() {
                match c {
                    '\n' => self.text.push_str("\\n"),
                    '"' | '\\' => self.text.extend(['\\', c]),
                    _ => self.text.push(c),
                }
            }
            self.text.push('"');
            before = ',';
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, " {value}");
    }

    fn push(&mut self, pieces: &[&str]) {
        self.text.extend(pieces.iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;
    use crate::root::Root;
    use crate::units::Bytes;

    #[test]
    fn labels_are_escaped() {
        let partition = Partition {
            device: "mtd0".into(),
            name: "a\"b\\c\nd".into(),
            size: Bytes(7),
            erase_block: Bytes(1),
        };
        let flash = [(partition, OnceLock::from(Bytes(3)))];
        let empty = tempfile::tempdir().expect("temporary directory");
        let system = System::read(&Root::new(empty.path()), Some(&flash));
        let text = render(&system, &Counters::default());
        assert!(text.contains(
            "tinyrust_flash_partition_used_bytes{device=\"mtd0\",partition=\"a\\\"b\\\\c\\nd\"} 3\n"
        ));
    }

    #[test]
    fn a_device_that_says_nothing_gives_no_empty_family() {
        let empty = tempfile::tempdir().expect("temporary directory");
        let system = System::read(&Root::new(empty.path()), None);
        let text = render(&system, &Counters::default());
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            if let Some(family) = line.strip_prefix("# TYPE ") {
                let name = family.split(' ').next().expect("a name");
                let next = lines.get(number + 1).expect("a sample after TYPE");
                assert!(next.starts_with(name), "{line} is followed by {next}");
            }
        }
        assert!(text.contains("http_requests_total{code=\"200\"} 0\n"));
        assert!(!text.contains("node_load1"));
    }
}
