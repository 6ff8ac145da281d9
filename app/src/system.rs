//! A picture of the device at one moment, and its JSON document.

use std::fs;

use crate::build_info;
use crate::flash::{self, Scanned};
use crate::json::Json;
use crate::procfs;
use crate::root::Root;
use crate::units::{Bytes, Hundredths};

/// Everything the server tells about the device. What the system does not say is `None`.
#[derive(Clone, Debug)]
pub struct System<'a> {
    /// The device tree's name of the board.
    pub model: Option<String>,
    /// The host name.
    pub hostname: Option<String>,
    /// The kernel's release, `6.12.107`.
    pub kernel: Option<String>,
    /// The slot this system was started from, `a` or `b`.
    pub slot: Option<String>,
    /// Seconds since boot.
    pub uptime: Option<Hundredths>,
    /// Boot in seconds since 1970, by the device's clock.
    pub boot_time: Option<u64>,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: Option<[Hundredths; 3]>,
    /// All the memory the kernel manages.
    pub memory_total: Option<Bytes>,
    /// Memory nobody uses.
    pub memory_free: Option<Bytes>,
    /// Memory a new program could have without swapping.
    pub memory_available: Option<Bytes>,
    /// The partitions of the flash chip, with what is known of their use.
    pub flash: Option<&'a [Scanned]>,
    /// The file system for everything that is written.
    pub data: Data,
    /// This process.
    pub process: Process,
}

/// The file system at `/data`.
#[derive(Clone, Debug)]
pub struct Data {
    /// What happened when it was mounted.
    pub state: Option<DataState>,
    /// Its size.
    pub size: Option<Bytes>,
    /// What the server's user may still write.
    pub free: Option<Bytes>,
}

/// How the data partition came up, `/run/tinyrust/data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataState(&'static str);

impl DataState {
    /// Every state there is: mounted as it was; formatted because it was erased; formatted because
    /// it could not be mounted; not usable, a RAM disk stands in.
    pub const ALL: [Self; 4] = [
        Self("ok"),
        Self("formatted-new"),
        Self("formatted-corrupt"),
        Self("tmpfs"),
    ];

    /// The state of this name; `None` where there is none of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.0 == name)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0
    }
}

/// What the kernel says about this process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Memory that is in RAM.
    pub rss: Option<Bytes>,
    /// Open files and sockets.
    pub open_fds: Option<usize>,
    /// Time on the CPU and start.
    pub times: Option<procfs::Times>,
}

impl<'a> System<'a> {
    /// Reads everything anew, except for the partitions, which are given.
    #[must_use]
    pub fn read(root: &Root, flash: Option<&'a [Scanned]>) -> Self {
        let memory = root.read("proc/meminfo").unwrap_or_default();
        let command_line = root.read("proc/cmdline").unwrap_or_default();
        Self {
            model: root.read("proc/device-tree/model"),
            hostname: root.read("proc/sys/kernel/hostname"),
            kernel: root.read("proc/sys/kernel/osrelease"),
            slot: procfs::argument(&command_line, "slot").map(str::to_owned),
            uptime: root
                .read("proc/uptime")
                .and_then(|text| procfs::uptime(&text)),
            boot_time: root
                .read("proc/stat")
                .and_then(|text| procfs::boot_time(&text)),
            load: root
                .read("proc/loadavg")
                .and_then(|text| procfs::load(&text)),
            memory_total: procfs::kilobytes(&memory, "MemTotal"),
            memory_free: procfs::kilobytes(&memory, "MemFree"),
            memory_available: procfs::kilobytes(&memory, "MemAvailable"),
            flash,
            data: Data::read(root),
            process: Process::read(root),
        }
    }

    /// How much of a partition is used. The data partition counts by its file system, and not at
    /// all where that cannot be in it: a RAM disk stands in, or it is larger than the partition.
    #[must_use]
    pub fn used(&self, (partition, scanned): &Scanned) -> Option<Bytes> {
        if partition.name != flash::DATA {
            return scanned.get().copied();
        }
        let size = self.data.size.filter(|size| *size <= partition.size)?;
        if self.data.state == DataState::parse("tmpfs") {
            return None;
        }
        Some(Bytes(size.0.saturating_sub(self.data.free?.0)))
    }

    /// The document that `/api/v1/system` answers. What is not known is `null`.
    #[must_use]
    pub fn json(&self) -> String {
        let mut json = Json::default();
        json.open('{');
        let texts = [
            ("hostname", &self.hostname),
            ("model", &self.model),
            ("kernel", &self.kernel),
            ("slot", &self.slot),
        ];
        for (key, text) in texts {
            json.key(key);
            json.string(text.as_deref());
        }
        json.key("uptime_seconds");
        json.number(self.uptime);
        json.key("load");
        if let Some(load) = self.load {
            json.open('[');
            for average in load {
                json.number(Some(average));
            }
            json.close(']');
        } else {
            json.string(None);
        }

        json.key("memory");
        json.open('{');
        let amounts = [
            ("total_bytes", self.memory_total),
            ("free_bytes", self.memory_free),
            ("available_bytes", self.memory_available),
        ];
        bytes(&mut json, amounts);
        json.close('}');

        json.key("flash");
        if let Some(partitions) = self.flash {
            json.open('[');
            for scanned in partitions {
                let partition = &scanned.0;
                json.open('{');
                json.key("name");
                json.string(Some(&partition.name));
                json.key("device");
                json.string(Some(&partition.device));
                let amounts = [
                    ("size_bytes", Some(partition.size)),
                    ("used_bytes", self.used(scanned)),
                    ("erase_block_bytes", Some(partition.erase_block)),
                ];
                bytes(&mut json, amounts);
                json.close('}');
            }
            json.close(']');
        } else {
            json.string(None);
        }

        json.key("data");
        json.open('{');
        json.key("state");
        json.string(self.data.state.map(DataState::name));
        bytes(
            &mut json,
            [
                ("size_bytes", self.data.size),
                ("free_bytes", self.data.free),
            ],
        );
        json.close('}');

        json.key("server");
        json.open('{');
        let facts = [
            ("version", build_info::VERSION),
            ("git_revision", build_info::GIT_REVISION),
            ("target", build_info::TARGET),
            ("profile", build_info::PROFILE),
            ("allocator", build_info::ALLOCATOR),
        ];
        for (key, text) in facts {
            json.key(key);
            json.string(Some(text));
        }
        bytes(&mut json, [("rss_bytes", self.process.rss)]);
        json.key("open_fds");
        json.number(self.process.open_fds);
        json.close('}');

        json.close('}');
        json.finish()
    }
}

fn bytes<const N: usize>(json: &mut Json, amounts: [(&'static str, Option<Bytes>); N]) {
    for (key, amount) in amounts {
        json.key(key);
        json.number(amount);
    }
}

impl Data {
    fn read(root: &Root) -> Self {
        let volume = rustix::fs::statvfs(root.path("data")).ok();
        let blocks = |count: fn(&rustix::fs::StatVfs) -> u64| {
            let volume = volume.as_ref()?;
            Some(Bytes(count(volume).saturating_mul(volume.f_frsize)))
        };
        Self {
            state: root
                .read("run/tinyrust/data")
                .and_then(|text| DataState::parse(&text)),
            size: blocks(|volume| volume.f_blocks),
            free: blocks(|volume| volume.f_bavail),
        }
    }
}

impl Process {
    fn read(root: &Root) -> Self {
        let status = root.read("proc/self/status").unwrap_or_default();
        let descriptors = fs::read_dir(root.path("proc/self/fd")).ok();
        Self {
            rss: procfs::kilobytes(&status, "VmRSS"),
            // One of them is the directory that is being read.
            open_fds: descriptors.map(|entries| entries.count().saturating_sub(1)),
            times: root
                .read("proc/self/stat")
                .and_then(|text| procfs::times(&text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn device() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("temporary directory");
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("created");
            fs::write(path, text).expect("written");
        };
        write("proc/device-tree/model", "AST2600 EVB\0");
        write("proc/sys/kernel/hostname", "quo\"te\n");
        write("proc/sys/kernel/osrelease", "6.12.107\n");
        write("proc/cmdline", "console=ttyS4,115200n8 slot=b ro\n");
        write("proc/uptime", "61.50 120.00\n");
        write("proc/loadavg", "0.05 0.10 1.00 1/40 99\n");
        write("proc/stat", "btime 1700000000\n");
        write(
            "proc/meminfo",
            "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 500 kB\n",
        );
        write(
            "proc/mtd",
            "mtd0: 00000010 00000004 \"boot\"\nmtd1: ffffffffffff 00000004 \"data\"\n",
        );
        write("dev/mtd0ro", "abc\u{1}____________");
        write("run/tinyrust/data", "formatted-new\n");
        write("data/.keep", "");
        root
    }

    fn scanned(root: &Root) -> Option<Vec<Scanned>> {
        let partitions = flash::table(root)?;
        flash::scan(root, &partitions);
        Some(partitions)
    }

    #[test]
    fn a_whole_device() {
        let device = device();
        let root = Root::new(device.path());
        let flash = scanned(&root);
        let system = System::read(&root, flash.as_deref());
        let value: Value = serde_json::from_str(&system.json()).expect("valid JSON");
        assert_eq!(value["hostname"], "quo\"te");
        assert_eq!(value["model"], "AST2600 EVB");
        assert_eq!(value["kernel"], "6.12.107");
        assert_eq!(value["slot"], "b");
        assert_eq!(value["uptime_seconds"], json!(61.5));
        assert_eq!(value["load"], json!([0.05, 0.1, 1.0]));
        assert_eq!(value["memory"]["available_bytes"], 500 * 1024);
        assert_eq!(value["flash"][0]["used_bytes"], 16);
        assert_eq!(value["flash"][0]["erase_block_bytes"], 4);
        assert_eq!(value["flash"][1]["name"], "data");
        assert!(value["flash"][1]["used_bytes"].is_u64());
        assert_eq!(value["data"]["state"], "formatted-new");
        assert!(value["data"]["free_bytes"].is_u64());
        assert_eq!(value["server"]["version"], build_info::VERSION);
        assert!(value["server"]["rss_bytes"].is_null());
    }

    #[test]
    fn use_is_null_until_the_chip_was_looked_through() {
        let device = device();
        let root = Root::new(device.path());
        let flash = flash::table(&root);
        let system = System::read(&root, flash.as_deref());
        let value: Value = serde_json::from_str(&system.json()).expect("valid JSON");
        assert_eq!(value["flash"][0]["size_bytes"], 16);
        assert!(value["flash"][0]["used_bytes"].is_null());
    }

    #[test]
    fn a_ram_disk_in_place_of_the_data_partition_is_not_the_partitions_use() {
        let device = device();
        fs::write(device.path().join("run/tinyrust/data"), "tmpfs\n").expect("written");
        let root = Root::new(device.path());
        let flash = scanned(&root);
        let system = System::read(&root, flash.as_deref());
        let value: Value = serde_json::from_str(&system.json()).expect("valid JSON");
        assert_eq!(value["data"]["state"], "tmpfs");
        assert!(value["flash"][1]["used_bytes"].is_null());
    }

    /// Each file removed on its own, and all of them: the document stays valid and complete.
    #[test]
    fn a_missing_file_is_null_and_nothing_else_changes() {
        let keys = |value: &Value| -> Vec<String> {
            value
                .as_object()
                .expect("an object")
                .keys()
                .cloned()
                .collect()
        };
        let read = |device: &tempfile::TempDir| -> Value {
            let root = Root::new(device.path());
            let flash = scanned(&root);
            serde_json::from_str(&System::read(&root, flash.as_deref()).json()).expect("valid JSON")
        };
        let complete = keys(&read(&device()));
        let empty = tempfile::tempdir().expect("temporary directory");
        let value = read(&empty);
        assert_eq!(keys(&value), complete);
        assert!(value["flash"].is_null() && value["load"].is_null() && value["hostname"].is_null());

        let removals = [
            ("proc/sys/kernel/hostname", "/hostname"),
            ("proc/sys/kernel/osrelease", "/kernel"),
            ("proc/cmdline", "/slot"),
            ("proc/uptime", "/uptime_seconds"),
            ("proc/loadavg", "/load"),
            ("proc/meminfo", "/memory/total_bytes"),
            ("proc/mtd", "/flash"),
            ("dev/mtd0ro", "/flash/0/used_bytes"),
            ("run/tinyrust/data", "/data/state"),
        ];
        for (file, pointer) in removals {
            let device = device();
            assert!(
                !read(&device).pointer(pointer).expect(pointer).is_null(),
                "{file}"
            );
            fs::remove_file(device.path().join(file)).expect("removed");
            let value = read(&device);
            assert_eq!(keys(&value), complete, "{file}");
            assert!(value.pointer(pointer).expect(pointer).is_null(), "{file}");
        }
    }
}
