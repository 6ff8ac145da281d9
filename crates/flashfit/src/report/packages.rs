//! Which package each file of a file system comes from, as the builder says.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::Error;

/// Each file's package, by its path from `/`.
///
/// `source` is Buildroot's `build/packages-file-list.txt` (lines of `package,./path`; the last
/// package that wrote a path has it), or Yocto's `tmp/pkgdata/<machine>` folder (in `runtime/`,
/// a file for each package, with `FILES_INFO:<package>: {"/path": size}`).
///
/// # Errors
///
/// If it cannot be read or is neither.
pub(super) fn read(source: &Path) -> Result<HashMap<String, String>, Error> {
    let error = |source: &Path| {
        let path = source.to_owned();
        |source| Error::Read { path, source }
    };
    if !source.is_dir() {
        let text = fs::read_to_string(source).map_err(error(source))?;
        return list(&text, source);
    }
    let runtime = source.join("runtime");
    let mut packages = HashMap::new();
    for entry in fs::read_dir(&runtime).map_err(error(&runtime))? {
        let path = entry.map_err(error(&runtime))?.path();
        // Beside the packages' files there are `<package>.packaged`, empty.
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_file() && !name.ends_with(".packaged") {
            let text = fs::read_to_string(&path).map_err(error(&path))?;
            package_data(name, &text, &mut packages);
        }
    }
    Ok(packages)
}

fn list(text: &str, source: &Path) -> Result<HashMap<String, String>, Error> {
    let mut packages = HashMap::new();
    for (at, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
    {
        let parsed = line.split_once(',').and_then(|(package, path)| {
            let path = path.strip_prefix("./")?;
            (!package.is_empty()).then_some((package, path))
        });
        let Some((package, path)) = parsed else {
            return Err(Error::Packages {
                path: source.to_owned(),
                line: at + 1,
                text: line.chars().take(60).collect(),
            });
        };
        packages.insert(format!("/{path}"), package.to_owned());
    }
    Ok(packages)
}

/// The sizes of a package's files, by path.
#[derive(Deserialize)]
struct FilesInfo(HashMap<String, serde::de::IgnoredAny>);

fn package_data(name: &str, text: &str, packages: &mut HashMap<String, String>) {
    let files = text
        .lines()
        .find_map(|line| line.strip_prefix("FILES_INFO:"));
    let files = files.and_then(|line| line.split_once(": "));
    let Some(Ok(FilesInfo(files))) = files.map(|(_, json)| serde_json::from_str(json)) else {
        return;
    };
    packages.extend(files.into_keys().map(|path| (path, name.to_owned())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_package_that_wrote_a_file_has_it() {
        let text = "busybox,./bin/busybox\nskeleton,./etc/fstab\nours,./etc/fstab\n";
        let packages = list(text, Path::new("list")).unwrap();
        assert_eq!(packages["/bin/busybox"], "busybox");
        assert_eq!(packages["/etc/fstab"], "ours");
    }

    #[test]
    fn a_line_of_another_form_is_named() {
        let error = list("busybox,./a\nlibc.so.6 => /lib\n", Path::new("list")).unwrap_err();
        assert!(
            error.to_string().starts_with("list:2: `libc.so.6 => /lib`"),
            "{error}"
        );
    }

    #[test]
    fn a_package_of_yocto_lists_its_files() {
        let text = "PN: busybox\nPKG:busybox: busybox\nFILES_INFO:busybox: {\"/bin/busybox.nosuid\": 700328}\n";
        let mut packages = HashMap::new();
        package_data("busybox", text, &mut packages);
        assert_eq!(packages["/bin/busybox.nosuid"], "busybox");
    }
}
