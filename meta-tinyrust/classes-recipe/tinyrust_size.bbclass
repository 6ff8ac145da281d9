# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The size profile for any cargo recipe: `inherit tinyrust_size` in the place of
# `inherit cargo`. It names a cargo profile, passes the machine's target flags,
# rebuilds the standard library with the stable compiler, and fails do_compile
# where the log shows that rustc was given anything else.
#
# TINYRUST_PROFILE       table of app/profiles.toml: tiny, tiny-diag, release
# TINYRUST_STD_REBUILD   0: OE's own libstd-rs, as any cargo recipe has it
# TINYRUST_IMMEDIATE_ABORT 0: a panic prints where it happened before it aborts
# TINYRUST_TARGET_FLAGS  rustc's flags for the machine (the machine .inc sets them)
# TINYRUST_TARGET        rustc's name of the target
# TINYRUST_BIN           the crate name of the program that the proof looks at

inherit cargo

require conf/tinyrust/profiles.inc

TINYRUST_PROFILE ?= "tiny"
TINYRUST_STD_REBUILD ?= "1"
TINYRUST_IMMEDIATE_ABORT ?= "1"
TINYRUST_BIN ?= "${BPN}"

# The name without OE's vendor: with std rebuilt, the target is one that rustc knows
# by itself and no JSON of OE's is needed. OE's libstd-rs goes by OE's own name.
TINYRUST_TARGET ?= "${@d.getVar('TINYRUST_RUST_TARGET') or tinyrust_builtin_triple(d)}"
RUST_HOST_SYS:class-target = "${@d.getVar('TINYRUST_TARGET') if tinyrust_on(d, 'STD_REBUILD') else rust_base_triple(d, 'HOST')}"
RUST_TARGET_SYS:class-target = "${RUST_HOST_SYS}"

# A board's facts come with its machine (TINYRUST_RUST_*); other machines get what holds for their C library.
TINYRUST_TARGET_FLAGS ?= "${@d.getVar('TINYRUST_RUST_FLAGS') or tinyrust_default_target_flags(d)}"

RUSTLIB_DEP = "${@'' if tinyrust_on(d, 'STD_REBUILD') else 'libstd-rs'}"
RUSTLIB:class-target = "${@'' if tinyrust_on(d, 'STD_REBUILD') else '-L ' + d.expand('${STAGING_DIR_HOST}${rustlibdir}')}"
RUSTFLAGS:append:class-target = " ${TINYRUST_TARGET_FLAGS} ${@tinyrust_rustflags(d)}"

CARGO_BUILD_FLAGS = "-v --frozen --target ${RUST_HOST_SYS} --manifest-path=${CARGO_MANIFEST_PATH} ${TINYRUST_CARGO_FLAGS}"
TINYRUST_CARGO_FLAGS = "--release"
TINYRUST_CARGO_FLAGS:class-target = "--profile ${TINYRUST_PROFILE} ${@tinyrust_cargo_flags(d)}"
CARGO_TARGET_SUBDIR = "${RUST_HOST_SYS}/release"
CARGO_TARGET_SUBDIR:class-target = "${RUST_HOST_SYS}/${TINYRUST_PROFILE}"

# A static program has nothing that relro or PIE could protect, and each costs bytes.
SECURITY_CFLAGS:class-target = ""
SECURITY_LDFLAGS:class-target = ""

# C of a crate is compiled where bitbake unpacks crates; the file with its symbols is not to name that place.
DEBUG_PREFIX_MAP:append:class-target = " -ffile-prefix-map=${CARGO_HOME}=${TARGET_DBGSRC_DIR}/cargo_home"

# std's own crates, as std's lock of this very Rust version names them.
TINYRUST_RUST_VERSION ?= "${@(d.getVar('PREFERRED_VERSION_rust-native') or '').rstrip('%').rstrip('.')}"
TINYRUST_STD_CRATES = "${@'conf/tinyrust/std-crates-' + d.getVar('TINYRUST_RUST_VERSION') + '.inc' if bb.utils.to_boolean(d.getVar('TINYRUST_STD_REBUILD')) else ''}"
# nooelint: oelint.file.includenotfound,oelint.file.requireinclude - one file per Rust version; a recipe without is left out below
include ${TINYRUST_STD_CRATES}

def tinyrust_on(d, what):
    return bb.utils.to_boolean(d.getVar('TINYRUST_' + what))

def tinyrust_builtin_triple(d):
    arch, _, rest = rust_base_triple(d, 'HOST').partition('-')
    # arm without the v7 of OE's triple, and so on, is what rustc's own names have.
    return '%s-unknown-%s' % (arch, rest[rest.index('linux'):])

def tinyrust_default_target_flags(d):
    features = []
    # Thumb takes a quarter off an ARM file.
    if 'thumb' in (d.getVar('TUNE_FEATURES') or '').split():
        features.append('+thumb-mode')
    if d.getVar('TCLIBC') != 'musl' or not tinyrust_on(d, 'STD_REBUILD'):
        return '-Ctarget-feature=' + ','.join(features) if features else ''
    return '-Ctarget-feature=%s -Crelocation-model=static' % ','.join(features + ['+crt-static'])

def tinyrust_profile(d):
    """The profile's facts: those of cargo's table and those that no Cargo.toml can hold."""
    import json
    table = json.loads(d.getVar('TINYRUST_PROFILE_TABLE'))
    name = d.getVar('TINYRUST_PROFILE')
    if name not in table:
        bb.fatal('TINYRUST_PROFILE "%s" is not in app/profiles.toml: choose one of %s'
                 % (name, ', '.join(sorted(table))))
    return table[name]

def tinyrust_immediate_abort(d):
    return (tinyrust_on(d, 'STD_REBUILD') and tinyrust_on(d, 'IMMEDIATE_ABORT')
            and tinyrust_profile(d).get('panic') == 'immediate-abort')

def tinyrust_rustflags(d):
    profile = tinyrust_profile(d)
    flags = list(profile.get('rustflags', []))
    if not tinyrust_on(d, 'STD_REBUILD'):
        # The -Z flags only make sense for a std that is compiled with them.
        flags = [f for f in flags if not f.startswith('-Z')]
    elif not tinyrust_immediate_abort(d):
        flags = [f for f in flags if not f.startswith(('-Zlocation-detail', '-Zfmt-debug'))]
    if tinyrust_on(d, 'STD_REBUILD') and d.getVar('TCLIBC') == 'musl':
        # GCC's C library, not the copy that a prebuilt std would bring.
        flags += ['-Clink-self-contained=no', '-Lnative=' + d.expand('${WORKDIR}/tinyrust-libs')]
    return ' '.join(flags)

def tinyrust_panic(d):
    if tinyrust_immediate_abort(d):
        return 'immediate-abort'
    return tinyrust_profile(d)['cargo'].get('panic', 'unwind')

def tinyrust_cargo_flags(d):
    """The profile on the command line, so that any crate can be built with it."""
    import json
    profile = tinyrust_profile(d)
    name = d.getVar('TINYRUST_PROFILE')
    settings = dict(profile['cargo'])
    # do_package strips, and keeps the symbols in the -dbg package.
    settings['strip'] = False
    if name not in ('dev', 'release'):
        # A crate without profiles of its own: cargo refuses a new name that inherits nothing.
        settings['inherits'] = 'release'
    flags = []
    if tinyrust_immediate_abort(d):
        settings['panic'] = 'immediate-abort'
        flags.append('-Zpanic-immediate-abort')
    for key, value in settings.items():
        flags.append("--config 'profile.%s.%s=%s'" % (name, key, json.dumps(value)))
    if tinyrust_on(d, 'STD_REBUILD'):
        if profile.get('build-std'):
            flags.append('-Zbuild-std=' + ','.join(profile['build-std']))
        if profile.get('build-std-features'):
            flags.append('-Zbuild-std-features=' + ','.join(profile['build-std-features']))
    return ' '.join(flags)

# nooelint: oelint.task.noanonpython - nothing else can leave a recipe out with a reason
python __anonymous () {
    if not tinyrust_on(d, 'STD_REBUILD') or bb.data.inherits_class('native', d):
        return
    include = d.getVar('TINYRUST_STD_CRATES')
    if not bb.utils.which(d.getVar('BBPATH'), include):
        raise bb.parse.SkipRecipe('no %s for this Rust: list the crates of its '
            'library/Cargo.lock there, or build with TINYRUST_STD_REBUILD = "0"' % include)
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

do_compile:prepend:class-target() {
    if [ "${@tinyrust_on(d, 'STD_REBUILD')}" = True ]; then
        # -Z flags on a stable compiler: the same one that ships, no nightly.
        export RUSTC_BOOTSTRAP=1
        [ "${TCLIBC}" != musl ] || tinyrust_unwind
    fi
}

# The proof. What cargo printed is what rustc got: all of it in this run, so nothing is kept of one before.
do_compile[cleandirs] += "${B}/target"
python do_tinyrust_proof() {
    import os
    from tinyrust import rustc_proof
    log = os.path.join(d.getVar('T'), 'log.do_compile')
    profile = tinyrust_profile(d)
    binary = {}
    cargo = profile['cargo']
    for key, option in (('opt-level', 'opt-level'), ('lto', 'lto'), ('codegen-units', 'codegen-units')):
        if key in cargo:
            binary[option] = str(cargo[key])
    every = {'opt-level': binary['opt-level']} if 'opt-level' in binary else {}
    binary['panic'] = tinyrust_panic(d)
    for flag in tinyrust_rustflags(d).split() + (d.getVar('TINYRUST_TARGET_FLAGS') or '').split():
        if flag[:2] in ('-C', '-Z'):
            name, _, value = flag[2:].partition('=')
            if name.startswith('link'):
                continue
            every[name] = (every[name] + ',' + value) if name in every else (value or 'yes')
    with open(log, errors='replace') as f:
        said = rustc_proof.complaints(f.read(), d.getVar('TINYRUST_BIN'), d.getVar('RUST_HOST_SYS'),
                                      binary, every, tinyrust_on(d, 'STD_REBUILD'))
    if said:
        exported = {k: d.getVar(k) or '' for k in d.keys()
                    if bb.utils.to_boolean(d.getVarFlag(k, 'export', False)) and not d.getVarFlag(k, 'unexport', False)}
        for override in rustc_proof.overrides(exported):
            said.append('the environment of the build has %s, which beats the recipe: take it out' % override)
        bb.fatal('the size profile did not take effect (%s):\n  %s' % (log, '\n  '.join(said)))
    bb.note('proof: %s and every crate had %s; %s itself %s' % (d.getVar('TINYRUST_BIN'),
            ' '.join('%s=%s' % i for i in sorted(every.items())), d.getVar('TINYRUST_BIN'),
            ' '.join('%s=%s' % i for i in sorted(binary.items()))))
}
addtask tinyrust_proof after do_compile before do_install
