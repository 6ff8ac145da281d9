//! Names that are valid in every generated format.

/// The longest name of a partition: what U-Boot's command line and the device tree
/// (31 characters of a node name, Devicetree Specification 2.2.1) both take.
const LONGEST: usize = 31;

/// Why `name` cannot name a partition, component or board; `None` if it can.
///
/// The rule covers what mtdparts, device trees, genimage, shell and make have in common.
pub(super) fn problem_of_name(name: &str) -> Option<String> {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
    if !starts || !chars.all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Some(format!(
            "`{name}` is not valid in all of mtdparts, device trees, genimage, shell and make: \
             use letters, digits, `-` and `_`, starting with a letter"
        ));
    }
    (name.len() > LONGEST).then(|| {
        format!(
            "`{name}` has {} characters, {LONGEST} allowed: shorten it",
            name.len()
        )
    })
}

/// Why `slot` cannot name a slot; `None` where it can.
pub(super) fn problem_of_slot(slot: &str) -> Option<String> {
    (slot.is_empty()
        || !slot
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
    .then(|| {
        format!(
            "slot `{slot}`: use lower-case letters and digits for a slot's name, as in \
                      `a`"
        )
    })
}

/// Why `file` cannot be a file of the image folder; `None` where it can.
pub(super) fn problem_of_file(file: &str) -> Option<String> {
    let plain = file
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@' | '/'));
    let inside = !file.is_empty()
        && file
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..");
    (!plain || !inside).then(|| {
        format!(
            "`{file}` is not a valid path: write it relative to the image folder, with letters, \
             digits and `. _ - + @ /`"
        )
    })
}

/// Why `path` cannot be a path in a file system image; `None` where it can.
pub(super) fn problem_of_path(path: &str) -> Option<String> {
    let clean = path.strip_prefix('/').is_some_and(|below| {
        below
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
    });
    (!clean).then(|| {
        format!("path `{path}`: write it from the image's root without `.` and `..`, as in /usr/bin/server")
    })
}

/// The name as variables, labels and the like spell it: `kernel-a` is `KERNEL_A`.
pub fn variable(name: &str) -> String {
    name.replace('-', "_").to_ascii_uppercase()
}

/// What `partition` is within `slot`: `kernel` for `kernel-a` in `a`. `None` where
/// the name does not end in the slot's.
pub(super) fn role(partition: &str, slot: &str) -> Option<String> {
    let role = partition.strip_suffix(slot)?.trim_end_matches(['-', '_']);
    (!role.is_empty()).then(|| role.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["boot", "kernel-a", "rootfs_data", "ART", "u-boot-env"] {
            assert_eq!(problem_of_name(good), None);
        }
        for bad in ["", "0boot", "a b", "a,b", "a(b)", "kernel@a", "a\"", "ä"] {
            assert!(problem_of_name(bad).is_some(), "{bad}");
        }
        assert!(problem_of_name(&"x".repeat(31)).is_none());
        assert!(
            problem_of_name(&"x".repeat(32))
                .unwrap()
                .contains("32 characters, 31 allowed")
        );
    }

    #[test]
    fn files_stay_in_the_folder() {
        for good in ["a.bin", "sub/kernel.itb", "image.rootfs.squashfs-xz"] {
            assert_eq!(problem_of_file(good), None);
        }
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "a b",
            "$x",
            "./a",
        ] {
            assert!(problem_of_file(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn roles() {
        assert_eq!(role("kernel-a", "a").as_deref(), Some("kernel"));
        assert_eq!(role("firmware1", "1").as_deref(), Some("firmware"));
        assert_eq!(role("kernel-a", "b"), None);
        assert_eq!(role("a", "a"), None);
    }
}
