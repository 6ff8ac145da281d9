//! Debian's control files: stanzas of fields, as in the indexes of an archive.
//!
//! Format: deb-control(5), and Debian Policy chapter 5.

/// One stanza.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stanza {
    fields: Vec<(String, Vec<String>)>,
}

impl Stanza {
    /// The stanzas of an index.
    pub fn parse_all(text: &str) -> Vec<Self> {
        let mut all = Vec::new();
        let mut stanza = Self::default();
        for line in text.lines() {
            if line.trim().is_empty() {
                if !stanza.fields.is_empty() {
                    all.push(std::mem::take(&mut stanza));
                }
            } else if line.starts_with([' ', '\t']) {
                if let Some((_, lines)) = stanza.fields.last_mut() {
                    lines.push(line.trim().to_owned());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                stanza
                    .fields
                    .push((name.to_owned(), vec![value.trim().to_owned()]));
            }
        }
        if !stanza.fields.is_empty() {
            all.push(stanza);
        }
        all
    }

    /// The first line of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.lines(name)?.first().map(String::as_str)
    }

    /// A field's lines: what stands after the colon, then the continuation lines.
    pub fn lines(&self, name: &str) -> Option<&[String]> {
        // Field names do not depend on case (Policy 5.1).
        self.fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, lines)| lines.as_slice())
    }
}

/// A file that an index lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Debian's version of the package.
    pub version: String,
    /// Path below the archive's root.
    pub path: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// The binary packages `package` of a Packages index.
pub fn binaries(text: &str, package: &str) -> Vec<Listed> {
    Stanza::parse_all(text)
        .iter()
        .filter(|stanza| stanza.get("Package") == Some(package))
        .filter_map(|stanza| {
            Some(Listed {
                version: stanza.get("Version")?.to_owned(),
                path: stanza.get("Filename")?.to_owned(),
                sha256: stanza.get("SHA256")?.to_owned(),
            })
        })
        .collect()
}

/// The upstream tarballs of the source packages `package` of a Sources index.
pub fn tarballs(text: &str, package: &str) -> Vec<Listed> {
    Stanza::parse_all(text)
        .iter()
        // apt-cache showsrc says Package, an index taken raw the same; a .dsc says Source.
        .filter(|stanza| stanza.get("Package").or_else(|| stanza.get("Source")) == Some(package))
        .filter_map(|stanza| {
            let folder = stanza.get("Directory")?;
            let (sha256, name) = stanza
                .lines("Checksums-Sha256")?
                .iter()
                .find_map(|line| orig(line))?;
            Some(Listed {
                version: stanza.get("Version")?.to_owned(),
                path: format!("{folder}/{name}"),
                sha256: sha256.to_owned(),
            })
        })
        .collect()
}

/// `<sha256> <size> <name>` of an upstream tarball; its signature is not one.
fn orig(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    let (sha256, _size, name) = (words.next()?, words.next()?, words.next()?);
    let (_, suffix) = name.split_once(".orig.tar.")?;
    ["gz", "bz2", "xz"]
        .contains(&suffix)
        .then_some((sha256, name))
}

/// The upstream part of a Debian version: without epoch and revision, and without what
/// repacking for Debian adds (deb-version(7)).
pub fn upstream(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let version = version.rsplit_once('-').map_or(version, |(head, _)| head);
    let end = version.find(['+', '~']).unwrap_or(version.len());
    &version[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SOURCES: &str = "\
Package: u-boot
Version: 2025.01-3+deb13u1
Checksums-Sha256:
 1111 3000 u-boot_2025.01-3+deb13u1.dsc
 cdef 32890299 u-boot_2025.01.orig.tar.bz2
 8a25 687 u-boot_2025.01.orig.tar.bz2.asc
Directory: pool/main/u/u-boot

Package: u-boot-menu
Version: 4
Checksums-Sha256:
 2222 1 u-boot-menu_4.orig.tar.xz
Directory: pool/main/u/u-boot-menu
";

    #[test]
    fn the_tarball_of_a_source_package_is_found_by_path_and_hash() {
        let found = tarballs(SOURCES, "u-boot");
        assert_eq!(
            found,
            [Listed {
                version: "2025.01-3+deb13u1".into(),
                path: "pool/main/u/u-boot/u-boot_2025.01.orig.tar.bz2".into(),
                sha256: "cdef".into(),
            }]
        );
    }

    #[test]
    fn a_binary_package_is_found_in_every_version() {
        let text = "Package: rust-src\nVersion: 2\nFilename: pool/b\nSHA256: bb\n\n\
                    Package: rust-src\nVersion: 1\nFilename: pool/a\nSHA256: aa\n\n\
                    Package: rustc\nVersion: 3\nFilename: pool/c\nSHA256: cc\n";
        let versions = binaries(text, "rust-src")
            .into_iter()
            .map(|listed| listed.version)
            .collect::<Vec<_>>();
        assert_eq!(versions, ["2", "1"]);
    }

    #[test]
    fn upstream_versions() {
        for (debian, expected) in [
            ("1:1.37.0-10.1", "1.37.0"),
            ("6.12.107-1", "6.12.107"),
            ("6.12.95-1~bpo12+1", "6.12.95"),
            ("1.95.0+dfsg1-2~bpo13+1", "1.95.0"),
            ("2025.01", "2025.01"),
        ] {
            assert_eq!(upstream(debian), expected);
        }
    }

    proptest! {
        #[test]
        fn a_damaged_list_is_survived(at in 0..SOURCES.len(), cut in 0..9_usize, piece in "[\\PC\n]{0,6}") {
            let rest = SOURCES.get(at + cut..).unwrap_or_default();
            let text = format!("{}{piece}{rest}", &SOURCES[..at]);
            let _ = tarballs(&text, "u-boot");
            let _ = binaries(&text, "u-boot");
            let _ = upstream(&text);
        }

        #[test]
        fn fields_come_back(
            stanzas in prop::collection::vec(
                prop::collection::btree_map("[A-Z][a-z0-9-]{0,8}", "[!-~]{1,9}", 1..5), 0..4),
        ) {
            let text = stanzas
                .iter()
                .map(|fields| {
                    fields.iter().map(|(n, v)| format!("{n}: {v}\n")).collect::<String>() + "\n"
                })
                .collect::<String>();
            let parsed = Stanza::parse_all(&text);
            prop_assert_eq!(parsed.len(), stanzas.len());
            for (stanza, fields) in parsed.iter().zip(&stanzas) {
                for (name, value) in fields {
                    prop_assert_eq!(stanza.get(name), Some(value.as_str()));
                }
            }
        }
    }
}
