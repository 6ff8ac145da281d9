SUMMARY = "The host's apt in the place of OE's"
DESCRIPTION = "The root file system is made with apt and dpkg; this brings the settings that OE's apt comes with."
LICENSE = "GPL-2.0-or-later"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/GPL-2.0-or-later;md5=fed54355545ffd980b814dab4a3b312c"

inherit native

INHIBIT_DEFAULT_DEPS = "1"

# oe.package_manager.deb replaces #ROOTFS#, #APTCONF# and the line of the architecture.
do_install() {
    install -d ${D}${sysconfdir}/apt ${D}${localstatedir}/cache/apt/archives/partial ${D}${localstatedir}/log/apt
    touch ${D}${localstatedir}/cache/apt/archives/partial/.keep ${D}${localstatedir}/log/apt/.keep
    cat > ${D}${sysconfdir}/apt/apt.conf.sample <<-'END'
	Dir::State "#APTCONF#/state/";
	Dir::State::Lists "#APTCONF#/lists/";
	Dir::State::status "#ROOTFS#/var/lib/dpkg/status";
	Dir::Cache "${STAGING_DIR_NATIVE}/var/cache/apt/";
	Dir::Cache::pkgcache "";
	Dir::Cache::srcpkgcache "";
	Dir::Etc "#APTCONF#";
	Dir::Etc::Preferences "preferences";
	Dir::Etc::Trusted "/nonexistent";
	Dir::Bin::dpkg "${HOSTTOOLS_DIR}/dpkg";
	Dir::Log "${STAGING_DIR_NATIVE}/var/log/apt";
	APT::Install-Recommends "true";
	APT::Immediate-Configure "false";
	APT::Get::Assume-Yes "true";
	APT::Sandbox::User "root";
	Acquire::AllowInsecureRepositories "true";
	Acquire::Languages "none";
	DPkg::Options { "--root=#ROOTFS#"; "--admindir=#ROOTFS#/var/lib/dpkg"; "--force-all"; "--no-debsig"; };
	DPkg::Path "";
	APT {
	  Architecture "any";
	};
	END
    sed -i 's/^    //; s/^\t//' ${D}${sysconfdir}/apt/apt.conf.sample
}
