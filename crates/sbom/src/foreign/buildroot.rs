//! Buildroot's packages, in the form of `make show-info`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::Package;
use crate::licence;

#[derive(Deserialize)]
struct Info {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    r#virtual: bool,
    #[serde(default)]
    version: String,
    #[serde(default)]
    licenses: String,
    #[serde(rename = "cpe-id")]
    cpe: Option<String>,
    #[serde(default)]
    install_target: bool,
    #[serde(default)]
    install_images: bool,
}

/// The packages of whose files some are in the root file system, as Buildroot's
/// packages-file-list.txt has them: of a skeleton that a script cleared away nothing may be left.
pub fn installed(file_list: &str, rootfs: &Path) -> BTreeSet<String> {
    let files = file_list.lines().filter_map(|line| line.split_once(','));
    let left = files.filter(|(_, file)| rootfs.join(file).symlink_metadata().is_ok());
    left.map(|(package, _)| package.to_owned()).collect()
}

/// Those that are on the device: installed, or in the image folder. Where it is not known which
/// are installed, all that could be.
///
/// # Errors
/// When it is not that form.
pub fn packages(text: &str, installed: Option<&BTreeSet<String>>) -> Result<Vec<Package>> {
    let all: BTreeMap<String, Info> =
        serde_json::from_str(text).context("not what Buildroot's `make show-info` prints")?;
    let on_device = |name: &String, info: &Info| {
        let installed = installed.is_none_or(|all| all.contains(name));
        let target = info.kind == "target" && !info.r#virtual;
        target && ((info.install_target && installed) || info.install_images)
    };
    let packages = all.into_iter().filter(|(name, info)| on_device(name, info));
    Ok(packages
        .map(|(name, info)| Package {
            name,
            version: info.version,
            license: spdx(&info.licenses),
            cpe: info.cpe,
            recipe: None,
        })
        .collect())
}

/// Buildroot writes `GPL-2.0+, LGPL-2.1 (library)` and `MIT or Apache-2.0`.
fn spdx(text: &str) -> String {
    let words = text
        .replace(" or ", " OR ")
        .replace(" and ", " AND ")
        .replace(',', " AND ");
    let mut plain = String::new();
    let mut depth = 0;
    for letter in words.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 => plain.push(letter),
            _ => {}
        }
    }
    match text {
        "unknown" => String::new(),
        _ => licence::canonical(&words)
            .or_else(|| licence::canonical(&plain))
            .unwrap_or_else(|| text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_the_device_is_taken_and_the_rest_is_not() {
        let text = r#"{
            "busybox": {"type": "target", "virtual": false, "version": "1.38.0", "licenses":
                "GPL-2.0, bzip2-1.0.6", "cpe-id": "cpe:2.3:a:busybox:busybox:1.38.0:*:*:*:*:*:*:*",
                "install_target": true, "install_staging": false, "install_images": false},
            "linux-headers": {"type": "target", "virtual": false, "version": "6.12", "licenses":
                "GPL-2.0", "install_target": false, "install_images": false},
            "toolchain": {"type": "target", "virtual": true, "install_target": true},
            "host-dtc": {"type": "host", "virtual": false, "install_target": true}
        }"#;
        let found = packages(text, None).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].license, "GPL-2.0-only AND bzip2-1.0.6");
        assert!(found[0].cpe.is_some());
        let rootfs = tempfile::tempdir().unwrap();
        let installed = || installed("busybox,./sh\nlinux-headers,./gone\n", rootfs.path());
        assert_eq!(packages(text, Some(&installed())).unwrap(), []);
        std::os::unix::fs::symlink("nowhere", rootfs.path().join("sh")).unwrap();
        assert_eq!(packages(text, Some(&installed())).unwrap(), found);
    }

    #[test]
    fn buildroots_notation_becomes_spdxs_or_stays_as_it_is() {
        assert_eq!(spdx("GPL-2.0+"), "GPL-2.0-or-later");
        assert_eq!(spdx("MIT or Apache-2.0"), "MIT OR Apache-2.0");
        assert_eq!(spdx("GPL-2.0+ (programs), MIT"), "GPL-2.0-or-later AND MIT");
        assert_eq!(spdx("Freeware"), "Freeware");
        assert_eq!(spdx("unknown"), "");
    }
}
