//! What Buildroot and bitbake know of their packages.

mod buildroot;
mod cyclonedx;
mod yocto;

pub use buildroot::packages as buildroot_packages;
pub use cyclonedx::join;
pub use yocto::packages as yocto_packages;

use crate::component::{Component, Kind};
use crate::firmware::Firmware;
use crate::upstream;

/// A package on the device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence, in SPDX's notation where the builder's could be read.
    pub license: String,
    /// Its CPE.
    pub cpe: Option<String>,
    /// The recipe that it is made by, where that is another name.
    pub recipe: Option<String>,
}

impl Firmware {
    /// Adds a package, or what is not known yet of one that is there: the same by another name,
    /// or the package of a program whose crates are listed.
    pub fn add_package(&mut self, builder: &str, package: Package) {
        let name = upstream::name(&package.name);
        let name = match &package.recipe {
            // A package that is split off: `musl-dev` is not musl, but `busybox-tinyrust` is.
            Some(recipe) if *recipe == package.name => upstream::name(recipe),
            _ => name,
        };
        let same = |one: &&mut Component| one.name == name && !is_library_crate(one);
        if let Some(one) = self.components.iter_mut().find(same) {
            if one.license.is_empty() {
                one.license = package.license;
            }
            one.cpe = one.cpe.take().or(package.cpe);
            return;
        }
        let note = package.recipe.filter(|recipe| *recipe != package.name);
        self.components.push(Component {
            reference: format!("{builder}:{}@{}", package.name, package.version),
            name: package.name,
            version: package.version,
            license: package.license,
            cpe: package.cpe,
            note: note
                .map(|recipe| format!("of the recipe {recipe}"))
                .unwrap_or_default(),
            ..Component::default()
        });
    }
}

/// A package may have the name of a crate: zlib, say.
fn is_library_crate(one: &Component) -> bool {
    one.kind == Kind::Library
        && one
            .purl
            .as_ref()
            .is_some_and(|purl| purl.starts_with("pkg:cargo/"))
}
