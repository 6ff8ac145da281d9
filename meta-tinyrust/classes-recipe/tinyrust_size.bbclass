# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The size profile for any cargo recipe: `inherit tinyrust_size` in the place of
# `inherit cargo`. imagekit says what cargo is given for the profile and this compiler, with
# the machine's target flags and a standard library that the stable compiler rebuilds, and
# do_rust_check fails where rustc was given anything else. The recipe's native and nativesdk variants
# are as plain `inherit cargo` makes them.
#
# TINYRUST_PROFILE         profile of app/profiles.toml: tiny, tiny-diag, release
# TINYRUST_STD_REBUILD     0: OE's own libstd-rs, as any cargo recipe has it
# TINYRUST_IMMEDIATE_ABORT 0: a panic prints where it happened before it aborts
# TINYRUST_TARGET_FLAGS    rustc's flags for the machine (the machine .inc sets them)
# TINYRUST_EXTRA_RUSTFLAGS rustc's flags of this recipe; RUSTFLAGS may hold no others
# TINYRUST_TARGET          rustc's name of the target
# TINYRUST_ALLOCATOR       what build.json says of the allocator
# TINYRUST_PROGRAMS        "NAME=FILE …": the programs that do_rust_check looks for; by default
#                          every program that do_install installed, or every crate of a library

inherit cargo

TINYRUST_PROFILE ?= "tiny"
TINYRUST_STD_REBUILD ?= "1"
TINYRUST_IMMEDIATE_ABORT ?= "1"
TINYRUST_ALLOCATOR ?= "system"
TINYRUST_PROGRAMS ?= ""

# The name without OE's vendor: with std rebuilt, the target is one that rustc knows
# by itself and no JSON of OE's is needed. OE's libstd-rs goes by OE's own name.
TINYRUST_TARGET ?= "${@tinyrust_board(d, 'TARGET') or tinyrust.targets.target(rust_base_triple(d, 'HOST'), d.getVar('TUNE_FEATURES').split())}"
RUST_HOST_SYS:class-target = "${@d.getVar('TINYRUST_TARGET') if tinyrust_on(d, 'STD_REBUILD') else rust_base_triple(d, 'HOST')}"
RUST_TARGET_SYS:class-target = "${RUST_HOST_SYS}"
# What the file is named by is RUST_HOST_SYS, which bitbake.conf leaves out of every signature.
do_rust_gen_targets[vardeps] += "TINYRUST_TARGET TINYRUST_STD_REBUILD"

# A board's facts come with its machine (TINYRUST_RUST_*), and are those of musl; all else gets what holds for its C library.
TINYRUST_TARGET_FLAGS ?= "${@tinyrust_board(d, 'FLAGS') or tinyrust_default_target_flags(d)}"

RUSTLIB_DEP:class-target = "${@'' if tinyrust_on(d, 'STD_REBUILD') else 'libstd-rs'}"
DEPENDS:append:class-target = " flashfit-native"
RUSTLIB:class-target = "${@'' if tinyrust_on(d, 'STD_REBUILD') else '-L ' + d.expand('${STAGING_DIR_HOST}${rustlibdir}')}"
TINYRUST_EXTRA_RUSTFLAGS ?= ""
# A variable of do_compile's shell: all flags that do_rust_check accepts.
RUSTFLAGS:append:class-target = " $tinyrust_rustflags"

CARGO_BUILD_FLAGS = "-v --frozen --target ${RUST_HOST_SYS} --manifest-path=${CARGO_MANIFEST_PATH} ${TINYRUST_CARGO_FLAGS}"
TINYRUST_CARGO_FLAGS = "--release"
TINYRUST_CARGO_FLAGS:class-target = "--profile ${TINYRUST_PROFILE} --config ${TINYRUST_CARGO_CONFIG}/config.toml"
CARGO_TARGET_SUBDIR = "${RUST_HOST_SYS}/release"
CARGO_TARGET_SUBDIR:class-target = "${RUST_HOST_SYS}/${TINYRUST_PROFILE}"

# C of a crate is compiled where bitbake unpacks crates; the file with its symbols is not to name that place.
DEBUG_PREFIX_MAP:append:class-target = " -ffile-prefix-map=${CARGO_HOME}=${TARGET_DBGSRC_DIR}/cargo_home"

# C in crates is optimised for size as well. The level stands before what a crate asks for: CFLAGS come
# last, and aws-lc-sys has a file that compiles at -O0 only.
FULL_OPTIMIZATION:class-target = "${DEBUG_LEVELFLAG}"
CRATE_CC_FLAGS:append:class-target = " ${@'-O2' if d.getVar('TINYRUST_PROFILE') == 'release' else '-Os'}"

# std's own crates, which come in the compiler's source, beside those that the recipe fetches.
DEPENDS:append:class-target = " ${@'rust-std-crates-native' if tinyrust_on(d, 'STD_REBUILD') else ''}"
TINYRUST_STD_CRATES = "${STAGING_DATADIR_NATIVE}/rust-std-crates/vendor"
do_configure:append:class-target() {
    # Those of another Rust, of a run before, are links to nothing by now.
    find ${CARGO_VENDORING_DIRECTORY} -maxdepth 1 -type l -delete
    if [ "${@tinyrust_on(d, 'STD_REBUILD')}" = True ]; then
        for crate in ${TINYRUST_STD_CRATES}/*; do
            # The recipe may have the same version of a crate.
            [ -e ${CARGO_VENDORING_DIRECTORY}/$(basename $crate) ] || ln -s $crate ${CARGO_VENDORING_DIRECTORY}/
        done
    fi
}

def tinyrust_board(d, fact):
    return d.getVar('TINYRUST_RUST_' + fact) if d.getVar('TCLIBC') == 'musl' else None

def tinyrust_on(d, what):
    return bb.utils.to_boolean(d.getVar('TINYRUST_' + what))

def tinyrust_default_target_flags(d):
    features = []
    # Thumb takes a quarter off an ARM file.
    if 'thumb' in (d.getVar('TUNE_FEATURES') or '').split():
        features.append('+thumb-mode')
    if d.getVar('TCLIBC') != 'musl' or not tinyrust_on(d, 'STD_REBUILD'):
        return '-Ctarget-feature=' + ','.join(features) if features else ''
    return '-Ctarget-feature=%s -Crelocation-model=static' % ','.join(features + ['+crt-static'])

# nooelint: oelint.task.noanonpython - nothing else can leave a recipe out with a reason
python __anonymous () {
    if bb.data.inherits_class('native', d) or bb.data.inherits_class('nativesdk', d):
        bb.build.deltask('do_rust_check', d)
        return
    if not tinyrust_on(d, 'STD_REBUILD'):
        return
    lacking = tinyrust.targets.lacking(d.getVar('TINYRUST_TARGET'))
    if lacking:
        raise bb.parse.SkipRecipe(lacking)
}

# A static std asks for libunwind, which GCC has under another name.
tinyrust_unwind() {
    install -d ${WORKDIR}/tinyrust-libs
    eh=$(${CC} -print-file-name=libgcc_eh.a)
    case $eh in
    /*) ln -sf "$eh" ${WORKDIR}/tinyrust-libs/libunwind.a ;;
    *) bbfatal "the compiler has no libgcc_eh.a, which a static Rust program is linked with: ${CC}" ;;
    esac
}

# What of the environment and of config files could go around the recorder or move what is built.
do_compile:prepend:class-target() {
    imagekit cargo-config --rustc rustc ${@tinyrust.profile.cargo_config(d)} ${TINYRUST_CARGO_CONFIG}
    tinyrust_rustflags=$(tr '\037' ' ' < ${TINYRUST_CARGO_CONFIG}/rustflags)
    export CARGO_TARGET_DIR="${B}/target"
    export RUSTC_WRAPPER="${STAGING_BINDIR_NATIVE}/imagekit"
    export RUSTC_WORKSPACE_WRAPPER=""
    export TINYRUST_RUSTC_RECORD="${TINYRUST_RECORD}"
    if [ "${@tinyrust_on(d, 'STD_REBUILD')}" = True ]; then
        # -Z flags on a stable compiler: the same one that ships, no nightly.
        export RUSTC_BOOTSTRAP=1
        [ "${TCLIBC}" != musl ] || tinyrust_unwind
    fi
}

# The record is whole where nothing is kept of a run before.
do_compile[cleandirs] += "${B}/target"
TINYRUST_RECORD = "${B}/target/rustc.jsonl"
TINYRUST_RECORDED_FLAGS = "${B}/target/rust-flags.json"
TINYRUST_CRATES = "${B}/target/crates.json"
TINYRUST_CARGO_CONFIG = "${B}/cargo-config"
do_compile[file-checksums] += "${@tinyrust.profile.sources(d)}"
do_compile[vardeps] += "TINYRUST_RELEASE_SHA256"

do_rust_check() {
    imagekit rust-check --record ${TINYRUST_RECORD} --cargo-config ${TINYRUST_CARGO_CONFIG} \
        --json ${TINYRUST_RECORDED_FLAGS} ${@tinyrust.profile.programs(d)} ||
        bbfatal_log "the size profile did not take effect, as imagekit says in this task's log; a flag that this recipe wants is one of TINYRUST_EXTRA_RUSTFLAGS"
    imagekit crates --record ${TINYRUST_RECORD} --target ${RUST_HOST_SYS} --rustc rustc --json ${TINYRUST_CRATES} ||
        bbfatal_log "the crates cannot be listed, as imagekit says in this task's log"
}
addtask rust_check after do_install before do_package do_populate_sysroot

# For the image folder, its build.json and its bill of materials, and not for the device.
SYSROOT_PREPROCESS_FUNCS:append:class-target = " tinyrust_stage_facts"
tinyrust_stage_facts() {
    folder=${SYSROOT_DESTDIR}${datadir}/tinyrust/${PN}
    install -d $folder
    install -m 0644 ${TINYRUST_RECORDED_FLAGS} ${TINYRUST_CRATES} $folder/
    imagekit compilers --rustc rustc --cc-prefix ${TARGET_PREFIX} > $folder/compilers.json
    echo "--profile ${TINYRUST_PROFILE} --allocator ${TINYRUST_ALLOCATOR}" > $folder/arguments
    [ "${INHIBIT_PACKAGE_STRIP}" != 1 ] || return 0
    for file in ${D}${bindir}/*; do
        if [ "$(head -c 4 $file)" = "$(printf '\177ELF')" ]; then
            ${OBJCOPY} --only-keep-debug $file $folder/$(basename $file).debug
        fi
    done
}
