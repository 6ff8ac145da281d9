//! .xz and .lzma as liblzma writes them.

mod common;

use bitcost::{Codec, Error, Method, Packer, unpack};
use common::{content, damage, round_trip, survives};
use liblzma::stream::{Action, Check, Filters, LzmaOptions, Status, Stream};
use proptest::prelude::*;

fn run(mut encoder: Stream, content: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(content.len() * 2 + 1024);
    let status = encoder
        .process_vec(content, &mut packed, Action::Finish)
        .unwrap();
    assert_eq!(status, Status::StreamEnd);
    packed
}

/// How to make a stream.
#[derive(Clone, Debug)]
struct Settings {
    preset: u32,
    dictionary: u32,
    lc: u32,
    lp: u32,
    pb: u32,
    /// A filter's place in [`FILTERS`].
    filter: usize,
    check: usize,
}

type Add = fn(&mut Filters) -> &mut Filters;

const FILTERS: [Add; 10] = [
    |chain| chain,
    |chain| chain.delta_properties(&[3]).unwrap(),
    |chain| chain.x86(),
    |chain| chain.powerpc(),
    |chain| chain.ia64(),
    |chain| chain.arm_properties(&[0, 0, 1, 0]).unwrap(),
    |chain| chain.arm_thumb(),
    |chain| chain.sparc(),
    |chain| chain.arm64(),
    |chain| chain.delta_properties(&[0]).unwrap().riscv(),
];
const CHECKS: [Check; 4] = [Check::None, Check::Crc32, Check::Crc64, Check::Sha256];

fn settings() -> impl Strategy<Value = Settings> {
    (
        prop_oneof![0u32..10, (0u32..10).prop_map(|preset| preset | 1 << 31)],
        prop_oneof![Just(4096u32), Just(65536), Just(1 << 20)],
        (0u32..5, 0u32..5, 0u32..5).prop_filter("lc + lp is at most 4", |(lc, lp, _)| lc + lp < 5),
        0..FILTERS.len(),
        0..CHECKS.len(),
    )
        .prop_map(
            |(preset, dictionary, (lc, lp, pb), filter, check)| Settings {
                preset,
                dictionary,
                lc,
                lp,
                pb,
                filter,
                check,
            },
        )
}

impl Settings {
    fn options(&self) -> LzmaOptions {
        let mut options = LzmaOptions::new_preset(self.preset).unwrap();
        options
            .dict_size(self.dictionary)
            .literal_context_bits(self.lc)
            .literal_position_bits(self.lp)
            .position_bits(self.pb);
        options
    }

    fn xz(&self, content: &[u8]) -> Vec<u8> {
        let mut chain = Filters::new();
        FILTERS[self.filter](&mut chain).lzma2(&self.options());
        let check = CHECKS[self.check];
        run(Stream::new_stream_encoder(&chain, check).unwrap(), content)
    }

    fn lzma(&self, content: &[u8]) -> Vec<u8> {
        run(Stream::new_lzma_encoder(&self.options()).unwrap(), content)
    }
}

/// A stream of which the middle does not pack, so that LZMA2 stores it.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        (state >> 24) as u8
    })
    .take(length)
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn xz_comes_back(settings in settings(), content in content()) {
        let packed = settings.xz(&content);
        let unpacked = round_trip(Codec::Xz, &packed, &content);
        prop_assert_eq!(unpacked.method, Method::Divided);
    }

    #[test]
    fn lzma_comes_back(settings in settings(), content in content()) {
        let packed = settings.lzma(&content);
        round_trip(Codec::Lzma, &packed, &content);
    }

    #[test]
    fn damage_is_an_error_or_other_content(
        settings in settings(), content in content(), damage in damage(), cut in 0usize..9,
    ) {
        survives(Codec::Xz, &settings.xz(&content), &damage, cut);
        survives(Codec::Lzma, &settings.lzma(&content), &damage, cut);
    }

    #[test]
    fn packs_as_the_stream_was_packed(settings in settings(), content in content()) {
        let packed = settings.xz(&content);
        let packer = Packer::like(Codec::Xz, &packed, &content).unwrap();
        prop_assert_eq!(packer.size(&content).unwrap(), packed.len() as u64);
        // A stored first chunk hides the properties.
        prop_assert!(packer.is_exact() || content.len() < 300);
        let packed = settings.lzma(&content);
        let packer = Packer::like(Codec::Lzma, &packed, &content).unwrap();
        prop_assert!(packer.is_exact());
    }
}

#[test]
fn reads_streams_and_blocks_in_a_row() {
    let settings = Settings {
        preset: 6,
        dictionary: 1 << 20,
        lc: 3,
        lp: 0,
        pb: 2,
        filter: 6,
        check: 1,
    };
    let first = settings.xz(b"the first, the first, the first");
    let second = settings.xz(&noise(70_000));
    let packed = [&first[..], &[0; 8], &second].concat();
    let content = [&b"the first, the first, the first"[..], &noise(70_000)].concat();
    let unpacked = round_trip(Codec::Xz, &packed, &content);
    // Each block bears its own length, and what stands between them is shared.
    let bytes = unpacked.cost(0..31) >> 16;
    assert!((40..=first.len() as u64).contains(&bytes), "{bytes}");
}

#[test]
fn ranges_are_removed_behind_the_filter() {
    // Calls of a hundred functions from everywhere, with what stands between them.
    let mut content = Vec::new();
    let mut between = noise(6000).into_iter();
    for call in 0u32..1000 {
        content.extend(between.by_ref().take(3));
        content.push(0xE8);
        let function = 0x40_0000 + call * call % 101 * 0x1357;
        content.extend((function - call * 8).to_le_bytes());
    }
    let settings = Settings {
        preset: 6,
        dictionary: 1 << 20,
        lc: 3,
        lp: 0,
        pb: 2,
        filter: 2,
        check: 1,
    };
    let packed = settings.xz(&content);
    let packer = Packer::like(Codec::Xz, &packed, &content).unwrap();
    assert!(packer.is_exact());
    assert_eq!(packer.size_without(&[]).unwrap(), packed.len() as u64);
    let cut = [&content[..4000], &content[4800..]].concat();
    let removed = packer.size_without(&[4400..4800, 4000..4500]).unwrap();
    assert!(removed < packer.size(&cut).unwrap());
    assert!(removed < packed.len() as u64);
    let none = packer.size_without(std::slice::from_ref(&(0..content.len())));
    assert_eq!(none.unwrap(), packer.size(&[]).unwrap());
}

#[test]
fn a_byte_costs_what_its_symbol_costs() {
    let settings = Settings {
        preset: 6,
        dictionary: 1 << 20,
        lc: 3,
        lp: 0,
        pb: 2,
        filter: 0,
        check: 1,
    };
    let noise = noise(4000);
    let content = [&noise[..], &noise, &[0; 4000]].concat();
    let unpacked = round_trip(Codec::Xz, &settings.xz(&content), &content);
    // Noise costs its size, its repetition the matches, and a run next to nothing.
    assert!(unpacked.cost(0..4000) >> 16 >= 3900);
    assert!(unpacked.cost(4000..8000) >> 16 < 150);
    assert!(unpacked.cost(8000..12000) >> 16 < 60);
}

#[test]
fn errors_name_the_place() {
    let settings = Settings {
        preset: 6,
        dictionary: 1 << 20,
        lc: 3,
        lp: 0,
        pb: 2,
        filter: 0,
        check: 1,
    };
    let packed = settings.xz(&[b'x'; 1000]);
    let error = unpack(Codec::Xz, &packed, 999).unwrap_err();
    assert!(
        matches!(error, Error::TooLarge { limit: 999, .. }),
        "{error}"
    );
    let error = unpack(Codec::Xz, &packed[..40], 1000).unwrap_err();
    assert!(
        matches!(error, Error::Truncated { offset: 40, .. }),
        "{error}"
    );
    let error = unpack(Codec::Xz, b"gzip?", 1000).unwrap_err();
    assert_eq!(error.to_string(), "xz, byte 0: no .xz stream starts here");
    let mut damaged = packed.clone();
    let place = packed.len() - 31;
    damaged[place] ^= 1;
    let error = unpack(Codec::Xz, &damaged, 1000).unwrap_err();
    assert!(error.to_string().starts_with("xz, byte "), "{error}");
    let packed = settings.lzma(&[b'x'; 1000]);
    let error = unpack(Codec::Lzma, &packed, 999).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}
