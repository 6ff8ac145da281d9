//! The accelerator of the emulated processor: the host's own processor, or QEMU's translator.

use std::env::consts::ARCH;
use std::fs::{self, OpenOptions};

/// `kvm` where this host's processor runs the guest's instructions itself, else `tcg`.
pub(crate) fn of_this_host(binary: &str) -> &'static str {
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let opens = || {
        let mut kvm = OpenOptions::new();
        kvm.read(true).write(true).open("/dev/kvm").is_ok()
    };
    name(same_processor(binary) && virtualizes(&flags) && opens())
}

fn name(kvm: bool) -> &'static str {
    if kvm { "kvm" } else { "tcg" }
}

/// Whether an emulator is for the processor that this host has.
fn same_processor(binary: &str) -> bool {
    binary.strip_prefix("qemu-system-") == Some(ARCH)
}

/// Whether the processor has the instructions for it. A virtual host can have a /dev/kvm
/// without them, which runs 64-bit code alone and stops at a boot loader's first `iret`
/// ("KVM internal error. Suberror: 1, emulation failure": seen on one).
fn virtualizes(cpuinfo: &str) -> bool {
    let mut flags = cpuinfo
        .lines()
        .filter(|line| line.starts_with("flags"))
        .flat_map(str::split_whitespace);
    flags.any(|flag| ["vmx", "svm"].contains(&flag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kvm_runs_the_hosts_own_processor_alone() {
        assert!(same_processor(&format!("qemu-system-{ARCH}")));
        assert!(!same_processor("qemu-system-avr"));
        assert_eq!(of_this_host("qemu-system-avr"), "tcg");
    }

    #[test]
    fn kvm_is_taken_where_the_processor_has_its_instructions() {
        let text = "processor\t: 0\nflags\t\t: fpu sse2 vmx ssse3\nbugs\t\t: svm_like\n";
        assert!(virtualizes(text));
        assert!(virtualizes("flags\t\t: fpu svm\n"));
        assert!(!virtualizes(&text.replace("vmx", "hypervisor")));
        assert!(!virtualizes(""));
    }
}
