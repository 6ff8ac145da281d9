//! What messages about the map advise, tried by following it.

use std::collections::BTreeMap;
use std::path::Path;

use board::{Board, Error};
use proptest::prelude::*;

/// A board.toml in parts that can be edited: the chip's size, and each partition's lines by name.
#[derive(Debug, Clone)]
struct Map {
    chip: String,
    block: u64,
    partitions: Vec<(String, BTreeMap<&'static str, String>)>,
}

impl Map {
    fn new(chip: u64, block: u64, partitions: &[(&str, u64, u64)]) -> Map {
        let quoted = |kib: &u64| format!("\"{kib} KiB\"");
        let partition = |(name, offset, size): &(&str, u64, u64)| {
            let places = [("offset", quoted(offset)), ("size", quoted(size))];
            ((*name).to_owned(), BTreeMap::from(places))
        };
        Map {
            chip: quoted(&chip),
            block,
            partitions: partitions.iter().map(partition).collect(),
        }
    }

    /// With more keys for the partition of that name.
    fn with(mut self, name: &str, more: &[(&'static str, &str)]) -> Map {
        let keys = self.partitions.iter_mut().find(|(of, _)| of == name);
        let (_, keys) = keys.unwrap();
        keys.extend(more.iter().map(|(key, value)| (*key, (*value).to_owned())));
        self
    }

    fn text(&self) -> String {
        let mut text = format!(
            "[flash]\nsize = {}\nerase-block = \"{} KiB\"\n",
            self.chip, self.block
        );
        for (name, keys) in &self.partitions {
            text += &format!("[[partition]]\nname = \"{name}\"\n");
            for (key, value) in keys {
                text += &format!("{key} = {value}\n");
            }
        }
        text
    }

    fn errors(&self) -> Vec<String> {
        match Board::parse(&self.text(), Path::new("board.toml")) {
            Ok(_) => Vec::new(),
            Err(Error::Invalid { problems, .. }) => problems
                .into_iter()
                .map(|problem| problem.message)
                .collect(),
            Err(error) => panic!("{error}"),
        }
    }

    /// Does what the messages say; panics where one says nothing that can be done.
    fn follow(&mut self, messages: &[String]) {
        for message in messages {
            let (who, _) = message.split_once(": ").unwrap_or_default();
            if let Some((_, advice)) = message.split_once("[[partition]] name = \"") {
                let (name, rest) = advice.split_once('"').unwrap();
                let keys = ["offset", "size"].map(|key| (key, value(rest, key).unwrap()));
                self.partitions
                    .push((name.to_owned(), BTreeMap::from(keys)));
            } else if message.contains(&format!("remove `{who}`;")) {
                self.partitions.retain(|(name, _)| name != who);
            } else if let Some((_, advice)) = message.split_once("write ") {
                if who == "flash" {
                    self.chip = value(advice, "size").unwrap();
                    continue;
                }
                let who = advice.split_once(" for ").map_or(who, |(_, other)| other);
                let keys = self.partitions.iter_mut().find(|(name, _)| name == who);
                let (_, keys) = keys.unwrap_or_else(|| panic!("no {who}: {message}"));
                for key in ["offset", "size"] {
                    keys.extend(value(advice, key).map(|value| (key, value)));
                }
            } else {
                panic!("nothing to do: {message}");
            }
        }
    }

    /// How often the messages have to be followed until there are none.
    fn rounds(mut self) -> usize {
        for round in 0..3 {
            let errors = self.errors();
            if errors.is_empty() {
                return round;
            }
            self.follow(&errors);
        }
        panic!("{}{:#?}", self.text(), self.errors());
    }
}

/// What `text` says of `key`, as board.toml writes it.
fn value(text: &str, key: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("{key} = \""))?;
    Some(format!("\"{}\"", rest.split_once('"')?.0))
}

#[test]
fn a_partition_that_grows_moves_its_neighbours() {
    let map = Map::new(
        1024,
        64,
        &[
            ("boot", 0, 320),
            ("env", 320, 200),
            ("system", 520, 200),
            ("data", 720, 256),
        ],
    );
    assert_eq!(map.rounds(), 1);
}

#[test]
fn a_gap_smaller_than_a_block_is_no_partition() {
    let map = Map::new(512, 64, &[("boot", 0, 200), ("system", 256, 256)]);
    let errors = map.errors();
    assert!(
        !errors.iter().any(|error| error.contains("reserved")),
        "{errors:#?}"
    );
    assert_eq!(map.rounds(), 1);
}

#[test]
fn a_gap_gets_a_name_that_nobody_has() {
    let map = Map::new(512, 64, &[("reserved", 0, 64), ("system", 128, 320)]);
    assert_eq!(map.rounds(), 1);
}

#[test]
fn a_partition_over_others_is_left_out() {
    let inner = [
        ("boot", 0, 64),
        ("kernel", 64, 192),
        ("rootfs", 256, 192),
        ("art", 448, 64),
    ];
    let with =
        |outer: &[(&'static str, u64, u64)]| Map::new(512, 64, &[&inner[..], outer].concat());
    let map = with(&[("all", 0, 512)]);
    assert_eq!(
        map.errors(),
        [
            "all: spans boot, kernel, rootfs, art, but a byte can belong to only one partition: \
             remove `all`; [flash] describes the chip"
        ]
    );
    assert_eq!(map.rounds(), 1);
    let map = with(&[("all", 0, 512), ("firmware", 64, 384)]);
    assert_eq!(map.errors().len(), 2, "{:#?}", map.errors());
    assert_eq!(map.rounds(), 1);
}

/// What is behind the chip's end is no gap.
#[test]
fn a_partition_behind_the_chip_moves_into_it() {
    let map = Map::new(
        512,
        64,
        &[
            ("a", 0, 192),
            ("b", 192, 64),
            ("c", 256, 192),
            ("d", 513, 1),
        ],
    );
    assert_eq!(map.rounds(), 1);
}

/// A size that was mistyped is not taken for another name of its neighbours.
#[test]
fn a_partition_that_is_too_large_is_not_left_out() {
    let map = Map::new(
        512,
        64,
        &[
            ("boot", 0, 64),
            ("a", 128, 64),
            ("b", 192, 64),
            ("big", 64, 448),
        ],
    );
    assert!(
        !map.errors()
            .iter()
            .any(|error| error.contains("remove `big`"))
    );
}

#[test]
fn what_no_map_can_hold_says_by_how_much() {
    let map = Map::new(128, 64, &[("a", 0, 64), ("b", 0, 64), ("c", 64, 64)]);
    let errors = map.errors().join("\n");
    let part = "flash: in whole erase blocks, the partitions need 64 KiB more than the chip's \
                128 KiB";
    assert!(errors.contains(part), "{errors}");
}

/// What a file system needs is taken from a neighbour, and not given back in the next round.
#[test]
fn a_jffs2_that_is_too_small_gets_its_blocks() {
    for (chip, boot) in [(1024, 768), (1280, 768)] {
        let map = Map::new(chip, 64, &[("boot", 0, boot), ("data", boot, 256)]);
        let map = map.with("data", &[("filesystem", "\"jffs2\"")]);
        assert_eq!(map.rounds(), 1);
    }
    let map = Map::new(256, 64, &[("data", 0, 256)]).with("data", &[("filesystem", "\"jffs2\"")]);
    let errors = map.errors().join("\n");
    for part in [
        "a JFFS2 only with 5 or more: make it 320 KiB or more",
        "flash: in whole erase blocks, the partitions need 64 KiB more than the chip's 256 KiB",
    ] {
        assert!(errors.contains(part), "no {part} in:\n{errors}");
    }
}

#[test]
fn slots_stay_alike_and_budgets_fit() {
    let slot = |name| [("slot", name), ("root", "true"), ("image", "\"x\"")];
    let map = Map::new(
        1024,
        64,
        &[
            ("boot", 0, 100),
            ("fw-a", 100, 400),
            ("fw-b", 500, 400),
            ("data", 900, 124),
        ],
    );
    let map = map
        .with("fw-a", &slot("\"a\""))
        .with("fw-b", &slot("\"b\""));
    assert_eq!(map.rounds(), 1);
    let map = Map::new(1024, 64, &[("boot", 0, 300), ("data", 300, 724)]);
    let kept = [("image", "\"x\""), ("budget", "\"300 KiB\"")];
    assert_eq!(map.with("boot", &kept).rounds(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever is wrong with places, following the advice once or twice mends it, as long as
    /// there is room for all.
    #[test]
    fn advice_leads_to_a_valid_map(
        block in prop_oneof![Just(4_u64), Just(64)],
        chip in 8..40_u64,
        odd_chip in any::<bool>(),
        sizes in proptest::collection::vec((0..200_u64, 0..5_u64, -40..40_i64), 1..7),
        all in any::<bool>(),
    ) {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let mut partitions = Vec::new();
        let mut at = 0_u64;
        let mut needed = 0;
        for (&name, (size, gap, shift)) in names.iter().zip(&sizes) {
            let size = (size * block / 64).max(1);
            let offset = at.saturating_add_signed(shift * i64::try_from(block).unwrap() / 64);
            partitions.push((name, offset, size));
            at = offset + size + gap * block / 8;
            needed += size.next_multiple_of(block);
        }
        let chip = chip.max(needed.div_ceil(block)) * block;
        if all && at <= chip {
            partitions.push(("all", 0, chip));
        }
        let chip = chip - u64::from(odd_chip);
        prop_assert!(Map::new(chip, block, &partitions).rounds() <= 2);
    }
}
