//! Compiles BearSSL, whose source is in the folder `BEARSSL`, for the program that is made with it.

fn main() {
    #[cfg(feature = "tls-bearssl")]
    bearssl();
}

#[cfg(feature = "tls-bearssl")]
fn bearssl() {
    println!("cargo::rerun-if-env-changed=BEARSSL");
    println!("cargo::rerun-if-changed=src/tls-bearssl.c");
    let folder = std::env::var("BEARSSL").expect("BEARSSL names no folder with BearSSL's source");
    let files = walkdir::WalkDir::new(format!("{folder}/src")).sort_by_file_name();
    let files = files
        .into_iter()
        .map(|entry| entry.expect("BearSSL's source").into_path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "c"));
    cc::Build::new()
        .files(files)
        .file("src/tls-bearssl.c")
        .include(format!("{folder}/inc"))
        .include(format!("{folder}/src"))
        .warnings(false)
        .compile("bearssl");
}
