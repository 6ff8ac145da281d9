//! Which of OE-Core's tunes a board of board.toml is.
//!
//! A board names its CPU to Rust and to GCC; OE-Core knows it as a DEFAULTTUNE of one of its
//! includes under conf/machine/include. Where more than one would do, the tune is the one that
//! promises no more of the silicon than the other two say.

use anyhow::{Result, bail};

/// The include and DEFAULTTUNE for rustc's target and GCC's flags.
///
/// # Errors
/// For a CPU that has no entry here.
pub(super) fn tune(target: &str, cflags: &[String]) -> Result<(&'static str, String)> {
    let arch = target.split('-').next().unwrap_or_default();
    let has = |part: &str| cflags.iter().any(|flag| flag.contains(part));
    let hard = target.ends_with("hf");
    let thumb = if has("-mthumb") { "t" } else { "" };
    Ok(match (arch, hard) {
        // vfpv3-d16 is `+fp`: 16 registers and no NEON, which the tune named cortexa7 brings.
        ("armv7", true) if has("neon") || has("+simd") => {
            ("arm/arch-armv7a.inc", format!("armv7a{thumb}hf-neon"))
        }
        ("armv7", true) => ("arm/arch-armv7a.inc", format!("armv7a{thumb}hf-vfpv3d16")),
        ("armv7", false) => ("arm/arch-armv7a.inc", format!("armv7a{thumb}")),
        // rustc's plain arm is ARMv6.
        ("arm", true) => ("arm/arch-armv6.inc", format!("armv6{thumb}hf")),
        ("arm", false) => ("arm/arch-armv6.inc", format!("armv6{thumb}-novfp")),
        ("armv5te", _) => ("arm/arch-armv5-dsp.inc", format!("armv5{thumb}e")),
        ("aarch64", _) => ("arm/arch-armv8a.inc", "armv8a".to_owned()),
        // rustc's MIPS targets for Linux with musl are mips32r2 with soft float.
        ("mips" | "mipsel", _) => {
            let little = if arch == "mipsel" { "el" } else { "" };
            let soft = if has("-mhard-float") { "" } else { "-nf" };
            ("mips/tune-mips32r2.inc", format!("mips32r2{little}{soft}"))
        }
        ("riscv64gc", _) => ("riscv/tune-riscv.inc", "riscv64".to_owned()),
        ("riscv32gc", _) => ("riscv/tune-riscv.inc", "riscv32".to_owned()),
        ("x86_64", _) => ("x86/arch-x86.inc", "x86-64".to_owned()),
        _ => bail!(
            "no OE-Core tune is known for {target}: add it to {}",
            file!()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(target: &str, cflags: &str, wanted: &str) {
        let cflags: Vec<String> = cflags.split_whitespace().map(str::to_owned).collect();
        assert_eq!(tune(target, &cflags).unwrap().1, wanted);
    }

    #[test]
    fn no_neon_where_the_compiler_is_given_none() {
        let target = "armv7-unknown-linux-musleabihf";
        is(target, "-march=armv7-a+fp -mthumb", "armv7athf-vfpv3d16");
        is(target, "-march=armv7-a+simd", "armv7ahf-neon");
    }

    #[test]
    fn old_arm_is_soft_float_unless_its_target_says_otherwise() {
        is(
            "arm-unknown-linux-musleabi",
            "-mfloat-abi=soft",
            "armv6-novfp",
        );
        is("arm-unknown-linux-musleabihf", "", "armv6hf");
        is("armv5te-unknown-linux-musleabi", "", "armv5e");
    }

    #[test]
    fn mips_is_soft_float_as_rustcs_target_is() {
        is("mipsel-unknown-linux-musl", "", "mips32r2el-nf");
    }

    #[test]
    fn of_64_bits() {
        is("aarch64-unknown-linux-musl", "", "armv8a");
        is("riscv64gc-unknown-linux-musl", "", "riscv64");
        is("x86_64-unknown-linux-musl", "", "x86-64");
    }

    #[test]
    fn an_unknown_cpu_says_where_to_add_it() {
        let error = tune("loongarch64-unknown-linux-musl", &[]).unwrap_err();
        assert!(error.to_string().contains("tunes.rs"), "{error}");
    }
}
