//! Files from Debian's archive, also from suites that the machine does not use.
//!
//! The archive's address is the one in apt's own configuration. Indexes of other suites are
//! kept in an apt root of our own, one per suite, so that a suite that is expired or broken
//! on a mirror does not disturb the others; no root rights are needed.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{Log, output, tool};
use crate::deb_control::{Listed, binaries, tarballs};
use crate::files::sorted;
use crate::key::sha256_file;
use crate::lock::Lock;

const HELPER: &str = "/usr/lib/apt/apt-helper";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Which index of a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// Binary packages; amd64's, which list the architecture-independent ones as well.
    Packages,
    /// Source packages.
    Sources,
}

/// Debian's archive as this machine reaches it.
pub struct Archive {
    /// Addresses of the archive's root, each with a `/` at the end, the best first.
    mirrors: Vec<String>,
    /// The machine's own suite; on another distribution, the one that its apt was given.
    suite: String,
    /// Where the private apt roots are.
    root: PathBuf,
}

impl Archive {
    /// Asks apt for the archive's address.
    pub fn find(root: &Path) -> Result<Self> {
        // --no-release-info: an entry counts before its lists were ever fetched.
        let printed = output(tool("apt-get").args([
            "indextargets",
            "--no-release-info",
            "--format",
            "$(CREATED_BY)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)",
        ]))
        .context("cannot ask apt for the archive's address")?;
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let suites = suites(&release);
        let (suite, mirrors) = mirrors(&printed, &suites).with_context(|| {
            format!(
                "apt's sources name no Debian archive with the component main and one of the \
                 suites {}, which has the sources: see docs/hosts.md",
                suites.join(", ")
            )
        })?;
        Ok(Self {
            mirrors,
            suite,
            root: root.to_owned(),
        })
    }

    /// The addresses of the archive's root, the best first.
    pub fn mirrors(&self) -> &[String] {
        &self.mirrors
    }

    /// A suite that the archive has: `bookworm`.
    pub fn suite(&self) -> &str {
        &self.suite
    }

    /// Fetches a file of the archive by its path and hash.
    pub fn fetch(&self, path: &str, sha256: &str, to: &Path, log: &Log) -> Result<()> {
        let mut reason = None;
        for mirror in &self.mirrors {
            let fetched = log.run(
                tool(HELPER)
                    // The helper would give up root's rights, and with them the folder.
                    .args(["-o", "APT::Sandbox::User=root", "download-file"])
                    .arg(format!("{mirror}{path}"))
                    .arg(to)
                    .arg(format!("SHA256:{sha256}")),
            );
            // An apt that has been told to accept weak or no hashes is not enough.
            match fetched.and_then(|()| sha256_file(to)) {
                Ok(found) if found == sha256 => return Ok(()),
                Ok(found) => {
                    reason = Some(anyhow::anyhow!(
                        "{path}: SHA-256 {found}, expected {sha256}"
                    ))
                }
                Err(error) => reason = Some(error),
            }
        }
        Err(reason.unwrap_or_else(|| anyhow::anyhow!("no mirror")))
            .with_context(|| format!("cannot fetch {path} from Debian's archive"))
    }

    /// What a suite lists of a package, the highest version first.
    pub fn list(&self, suite: &str, index: Index, package: &str, log: &Log) -> Result<Vec<Listed>> {
        let root = PrivateRoot::create(&self.root, &self.mirrors, &[suite], index)?;
        let _lock = Lock::wait(&root.folder.join("lock"), log)?;
        log.run(root.apt("apt-get").arg("update"))
            .with_context(|| format!("cannot fetch the index of Debian's suite {suite}"))?;
        let mut found = match index {
            Index::Packages => binaries(&root.cache(&["show", package], log), package),
            Index::Sources => tarballs(
                &root.cache(&["showsrc", "--only-source", package], log),
                package,
            ),
        };
        found.sort_by(|a, b| compare(&b.version, &a.version));
        Ok(found)
    }

    /// Unpacks packages (`NAME=VERSION`) of amd64 from the first suite, which may need others of
    /// the rest, with all that they depend on, into a folder. None of their scripts run.
    pub fn unpack(
        &self,
        suites: &[&str],
        packages: &[String],
        work: &Path,
        to: &Path,
        log: &Log,
    ) -> Result<()> {
        let root = PrivateRoot::create(&self.root, &self.mirrors, suites, Index::Packages)?;
        let archives = work.join("archives");
        fs::create_dir_all(archives.join("partial"))?;
        {
            let _lock = Lock::wait(&root.folder.join("lock"), log)?;
            log.run(root.apt("apt-get").arg("update"))?;
            let mut install = root.apt("apt-get");
            install.arg("-o");
            install.arg(format!("Dir::Cache::archives={}", archives.display()));
            install.args(["--yes", "--no-install-recommends", "--download-only"]);
            // Also where others go before it, as a release does before its backports.
            install.args(["--target-release", suites[0]]);
            log.run(install.arg("install").args(packages))?;
        }
        for file in sorted(&archives)? {
            if file.extension().is_some_and(|end| end == "deb") {
                log.run(tool("dpkg-deb").arg("--extract").arg(file).arg(to))?;
            }
        }
        Ok(())
    }
}

/// The suites by which Debian's archive is known among apt's sources: the machine's own release
/// of its os-release(5), for another archive does not have it. Other distributions can be given
/// Debian's sources beside their own packages.
fn suites(os_release: &str) -> Vec<&str> {
    let field = |name: &str| {
        let mut lines = os_release.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.map(|value| value.trim_matches('"'))
    };
    let own = match field("ID") {
        Some("debian") => field("VERSION_CODENAME"),
        _ => None,
    };
    let named = match own {
        Some(own) => vec![own],
        None => vec!["bookworm", "trixie"],
    };
    named.into_iter().chain(["stable", "oldstable"]).collect()
}

/// The suite and the addresses in the output of `apt-get indextargets`, one
/// `CREATED_BY|RELEASE|COMPONENT|URI` in a line: those that have one of the suites.
fn mirrors(printed: &str, suites: &[&str]) -> Option<(String, Vec<String>)> {
    let mut suite = None;
    let mut found = Vec::new();
    for line in printed.lines() {
        let fields = line.splitn(4, '|').collect::<Vec<_>>();
        if let ["Packages" | "Sources", release, "main", address] = fields[..]
            && suites.contains(&release)
        {
            suite.get_or_insert(release);
            for address in resolve(address) {
                let address = format!("{}/", address.trim_end_matches('/'));
                if !found.contains(&address) {
                    found.push(address);
                }
            }
        }
    }
    Some((suite?.to_owned(), found))
}

/// Cloud images name a file with a list of mirrors (apt-transport-mirror(1)).
fn resolve(address: &str) -> Vec<String> {
    let Some(file) = address.strip_prefix("mirror+file:") else {
        return vec![address.to_owned()];
    };
    let file = format!("/{}", file.trim_matches('/'));
    fs::read_to_string(file)
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| !word.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// An apt root that knows one suite, or a few that belong together.
struct PrivateRoot {
    folder: PathBuf,
}

impl PrivateRoot {
    fn create(root: &Path, mirrors: &[String], suites: &[&str], index: Index) -> Result<Self> {
        let (name, word) = match index {
            Index::Packages => ("packages", "deb"),
            Index::Sources => ("sources", "deb-src"),
        };
        let folder = root.join(format!("{}-{name}", suites.join("-")));
        for inner in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(inner))?;
        }
        fs::write(folder.join("state/status"), "")?;
        let address = mirrors.first().context("no mirror")?;
        // Development suites' Release files expire where a mirror is frozen; what is taken
        // from them is checked by hash, and only for lack of a recorded one.
        let line = |suite: &&str| {
            format!(
                "{word} [arch=amd64 check-valid-until=no signed-by={KEYRING}] {address} {suite} main\n"
            )
        };
        let lines = suites.iter().map(line).collect::<String>();
        fs::write(folder.join("sources.list"), lines)?;
        Ok(Self { folder })
    }

    /// An apt program that works in this root.
    fn apt(&self, program: &str) -> Command {
        let folder = self.folder.display();
        let mut command = tool(program);
        for option in [
            format!("Dir::State={folder}/state"),
            format!("Dir::State::status={folder}/state/status"),
            format!("Dir::Cache={folder}/cache"),
            format!("Dir::Etc::sourcelist={folder}/sources.list"),
            "Dir::Etc::sourceparts=-".to_owned(),
            "Dir::Etc::preferences=-".to_owned(),
            "Dir::Etc::preferencesparts=-".to_owned(),
            "APT::Architecture=amd64".to_owned(),
            "APT::Sandbox::User=root".to_owned(),
            "Acquire::Languages=none".to_owned(),
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".to_owned(),
        ] {
            command.arg("-o").arg(option);
        }
        command
    }

    /// What apt-cache prints; nothing when it knows no such package.
    fn cache(&self, arguments: &[&str], log: &Log) -> String {
        match output(self.apt("apt-cache").args(arguments)) {
            Ok(text) => text,
            Err(error) => {
                log.note(format!("{error:#}"));
                String::new()
            }
        }
    }
}

/// Debian's order of versions, asked from dpkg, whose order it is.
fn compare(a: &str, b: &str) -> Ordering {
    let holds = |relation| {
        tool("dpkg")
            .args(["--compare-versions", a, relation, b])
            .status()
            .is_ok_and(|status| status.success())
    };
    if holds("lt") {
        Ordering::Less
    } else if holds("gt") {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

/// Which of some packages are not installed.
pub fn missing(packages: &[String]) -> Result<Vec<String>> {
    // dpkg-query fails when it does not know one of them: that is an answer, not an error.
    let result = tool("dpkg-query")
        .args(["--show", "--showformat=${Package} ${db:Status-Status}\\n"])
        .args(packages)
        .output()
        .context(
            "cannot run dpkg-query: this command installs packages only on Debian and its \
             derivatives",
        )?;
    let text = String::from_utf8_lossy(&result.stdout);
    let installed = text
        .lines()
        .filter_map(|line| line.strip_suffix(" installed"))
        .collect::<Vec<_>>();
    Ok(packages
        .iter()
        .filter(|package| !installed.contains(&package.as_str()))
        .cloned()
        .collect())
}

/// Installs packages, as root or with sudo; its output goes to the terminal.
pub fn install(packages: &[String]) -> Result<()> {
    let apt = |arguments: &[&str]| -> Result<bool> {
        let mut command = if rustix::process::geteuid().is_root() {
            tool("env")
        } else {
            let mut sudo = tool("sudo");
            // sudo may have to ask for the password.
            sudo.arg("env").stdin(std::process::Stdio::inherit());
            sudo
        };
        let status = command
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
            .args(["-o", "DPkg::Lock::Timeout=300", "--quiet"])
            .args(arguments)
            .status()
            .context("cannot run apt-get: become root, or install sudo")?;
        Ok(status.success())
    };
    let mut line = vec!["install", "--yes", "--no-install-recommends"];
    line.extend(packages.iter().map(String::as_str));
    // A fresh machine has no lists; an old one has lists that name files which are gone.
    if lists_present() && apt(&line)? {
        return Ok(());
    }
    apt(&["update"])?;
    if !apt(&line)? {
        bail!("apt-get could not install: {}", packages.join(" "));
    }
    Ok(())
}

fn lists_present() -> bool {
    fs::read_dir("/var/lib/apt/lists").is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_the_one_that_has_the_machines_release() {
        let printed = "\
Packages|bookworm|main|http://mirror.example/debian/
Packages|bookworm|main|http://mirror.example/debian/
DEP-11|bookworm|main|http://mirror.example/debian/
Packages|bookworm-updates|main|http://mirror.example/debian/
Packages|bookworm-security|main|http://mirror.example/debian-security/
Packages|cloud-sdk-bookworm|main|https://vendor.example/apt/
Packages|nodistro|main|https://other.example/
Packages|bookworm|main|http://second.example/debian
";
        let debian = "ID=debian\nVERSION_CODENAME=bookworm\n";
        let (suite, found) = mirrors(printed, &suites(debian)).unwrap();
        assert_eq!(suite, "bookworm");
        assert_eq!(
            found,
            [
                "http://mirror.example/debian/",
                "http://second.example/debian/"
            ]
        );
        let newer = "ID=debian\nVERSION_CODENAME=trixie\n";
        assert!(mirrors(printed, &suites(newer)).is_none());
    }

    #[test]
    fn another_distributions_archive_is_not_debians() {
        let ubuntu = "ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n";
        let own = "Packages|noble|main|http://mirror.example/other/\n";
        assert!(mirrors(own, &suites(ubuntu)).is_none());
        let both = format!("{own}Sources|trixie|main|http://mirror.example/debian/\n");
        let (suite, found) = mirrors(&both, &suites(ubuntu)).unwrap();
        assert_eq!(suite, "trixie");
        assert_eq!(found, ["http://mirror.example/debian/"]);
    }

    #[test]
    fn versions_are_ordered_as_dpkg_orders_them() {
        assert_eq!(
            compare("6.12.107-1", "6.12.95-1~bpo12+1"),
            Ordering::Greater
        );
        assert_eq!(compare("1.0~rc1", "1.0"), Ordering::Less);
        assert_eq!(compare("1:1", "1:1"), Ordering::Equal);
    }

    #[test]
    fn a_package_that_nobody_has_is_missing_and_dpkg_is_not() {
        let packages = ["dpkg".to_owned(), "no-such-package-anywhere".to_owned()];
        assert_eq!(missing(&packages).unwrap(), ["no-such-package-anywhere"]);
    }
}
