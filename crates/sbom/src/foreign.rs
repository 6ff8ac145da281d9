//! What Buildroot and bitbake know of their packages.

mod buildroot;
mod cyclonedx;
mod yocto;

pub use buildroot::{installed as buildroot_installed, packages as buildroot_packages};
pub use cyclonedx::join;
pub use yocto::packages as yocto_packages;

use crate::component::Component;
use crate::firmware::Firmware;

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
        if let Some(one) = self.find(&package.name) {
            if one.license.is_empty() {
                one.license = package.license;
            }
            one.cpe = one.cpe.take().or(package.cpe);
            return;
        }
        let recipe = package.recipe.filter(|recipe| *recipe != package.name);
        let note = recipe.map(|recipe| format!("of the recipe {recipe}"));
        self.components.push(Component {
            reference: format!("{builder}:{}@{}", package.name, package.version)
                .trim_end_matches('@')
                .to_owned(),
            name: package.name,
            version: package.version,
            license: package.license,
            cpe: package.cpe,
            note: note.unwrap_or_default(),
            ..Component::default()
        });
    }
}
