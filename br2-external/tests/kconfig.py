"""br2-external/Config.in read by kconfiglib: it parses without a warning, and what cannot
work on a CPU is hidden with a comment in its place."""

import os
import pathlib
import sys

import kconfiglib

HERE = pathlib.Path(__file__).resolve().parent


def load(**symbols):
    """The tree, with Buildroot's symbols set as given."""
    os.environ["BR2_EXTERNAL_TINYRUST_PATH"] = str(HERE.parent)
    os.environ["CONFIG_"] = ""
    kconf = kconfiglib.Kconfig(str(HERE / "stub.in"), warn_to_stderr=False)
    for name, value in symbols.items():
        kconf.syms[name].set_value(value)
    assert not kconf.warnings, kconf.warnings
    return kconf


def comments(kconf):
    """The texts of all visible comments."""
    return [
        node.prompt[0]
        for node in kconf.node_iter()
        if node.item == kconfiglib.COMMENT and kconfiglib.expr_value(node.prompt[1])
    ]


def visible(kconf, name):
    return kconf.syms[name].visibility > 0


def a_cpu_that_rust_knows_offers_the_server():
    kconf = load(BR2_PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS="y", BR2_arm="y")
    assert visible(kconf, "BR2_PACKAGE_TINYRUST")
    assert visible(kconf, "BR2_TINYRUST_UPX")
    assert kconf.syms["BR2_TINYRUST_PROFILE"].str_value == "tiny"
    assert kconf.syms["BR2_TINYRUST_IMMEDIATE_ABORT"].str_value == "y"
    assert not [text for text in comments(kconf) if "UPX" in text or "CPU" in text]


def a_cpu_that_rust_does_not_know_hides_it_and_says_so():
    kconf = load(BR2_PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS="n")
    assert not visible(kconf, "BR2_PACKAGE_TINYRUST")
    assert any("no std for this CPU" in text for text in comments(kconf)), comments(kconf)


def a_target_without_a_std_to_download_has_to_rebuild_it():
    kconf = load(BR2_mipsel="y", BR2_TOOLCHAIN_USES_MUSL="y")
    assert visible(kconf, "BR2_PACKAGE_TINYRUST")
    assert not visible(kconf, "BR2_TINYRUST_STD_REBUILD")
    assert kconf.syms["BR2_TINYRUST_STD_REBUILD"].str_value == "y"
    assert not visible(load(BR2_mipsel="y"), "BR2_PACKAGE_TINYRUST")


def a_target_that_an_older_buildroot_does_not_know_has_to_rebuild_it():
    riscv64gc = {f"BR2_RISCV_ISA_RV{extension}": "y" for extension in "IMAFDC"}
    kconf = load(BR2_RISCV_64="y", BR2_TOOLCHAIN_USES_MUSL="y", **riscv64gc)
    assert visible(kconf, "BR2_PACKAGE_TINYRUST")
    assert kconf.syms["BR2_TINYRUST_STD_REBUILD"].str_value == "y"
    assert not visible(load(BR2_RISCV_64="y", BR2_TOOLCHAIN_USES_MUSL="y"), "BR2_PACKAGE_TINYRUST")


def upx_is_hidden_on_riscv_and_says_so():
    kconf = load(BR2_PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS="y", BR2_RISCV_64="y")
    assert not visible(kconf, "BR2_TINYRUST_UPX")
    assert "UPX does not support RISC-V" in comments(kconf)


def immediate_abort_needs_the_rebuilt_std_and_says_so():
    kconf = load(
        BR2_PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS="y", BR2_TINYRUST_STD_REBUILD="n"
    )
    assert not visible(kconf, "BR2_TINYRUST_IMMEDIATE_ABORT")
    assert any("illegal instruction needs" in text for text in comments(kconf))


def mimalloc_is_hidden_without_atomic_operations_and_says_so():
    supported = {
        "BR2_PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS": "y",
        "BR2_PACKAGE_TINYRUST": "y",
    }
    name = "BR2_PACKAGE_TINYRUST_ALLOCATOR_MIMALLOC"
    assert visible(load(**supported, BR2_TOOLCHAIN_HAS_ATOMIC="y"), name)
    without = load(**supported)
    assert not visible(without, name)
    assert any(text.startswith("mimalloc needs") for text in comments(without))


def tiny_diag_keeps_the_words_of_a_panic_and_says_so():
    kconf = load(
        BR2_PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS="y",
        BR2_TINYRUST_IMMEDIATE_ABORT="y",
        BR2_TINYRUST_PROFILE_TINY_DIAG="y",
    )
    assert kconf.syms["BR2_TINYRUST_PROFILE"].str_value == "tiny-diag"
    assert kconf.syms["BR2_TINYRUST_IMMEDIATE_ABORT"].str_value == "n"
    assert any("tiny-diag keeps panic messages" in text for text in comments(kconf))


def each_part_of_the_flash_image_is_needed_and_said():
    parts = dict.fromkeys(
        [
            "BR2_PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS",
            "BR2_TARGET_ROOTFS_SQUASHFS4_XZ",
            "BR2_LINUX_KERNEL",
            "BR2_TARGET_UBOOT",
            "BR2_PACKAGE_BUSYBOX",
        ],
        "y",
    )
    assert visible(load(**parts), "BR2_TINYRUST_FLASH")
    for part in list(parts)[1:]:
        without = load(**{**parts, part: "n"})
        assert not visible(without, "BR2_TINYRUST_FLASH"), part
        assert any(text.startswith("flash.bin needs") for text in comments(without)), part


def every_option_has_a_help_text():
    for node in load().node_iter():
        item = node.item
        is_own = isinstance(item, kconfiglib.Symbol) and "TINYRUST" in item.name
        if is_own and node.prompt and item.choice is None:
            assert node.help, item.name


def the_defconfigs_set_only_options_that_are_there():
    known = load().syms
    found = sorted((HERE.parent / "configs").glob("*_defconfig"))
    assert found
    for path in found:
        for line in path.read_text().splitlines():
            name = line.removeprefix("# ").split("=")[0].split(" ")[0]
            if "TINYRUST" in name:
                assert name in known and known[name].nodes, f"{path.name}: {name}"


def main():
    tests = [
        value
        for name, value in globals().items()
        if callable(value) and getattr(value, "__module__", "") == __name__
        and name not in ("load", "comments", "visible", "main")
    ]
    for test in tests:
        test()
        print("  " + test.__name__.replace("_", " "))
    return 0


if __name__ == "__main__":
    sys.exit(main())
