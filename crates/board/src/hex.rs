//! Hexadecimal numbers: `offset = 0x50000`, as vendors write their maps.
//!
//! A bare number has no unit, but nobody writes KiB in hexadecimal: `0x50000` counts bytes. serde
//! sees the value of an integer alone and not how it was written, so hexadecimal ones reach it as
//! their text.

use std::borrow::Cow;

use toml::de::{DeTable, DeValue};

/// Turns every hexadecimal integer into its text.
pub(super) fn as_text(table: &mut DeTable<'_>) {
    for (_, value) in table.iter_mut() {
        value_as_text(value.get_mut());
    }
}

fn value_as_text(value: &mut DeValue<'_>) {
    match value {
        DeValue::Integer(number) if number.radix() == 16 => {
            *value = DeValue::String(Cow::Owned(number.to_string()));
        }
        DeValue::Table(table) => as_text(table),
        DeValue::Array(list) => list
            .iter_mut()
            .for_each(|value| value_as_text(value.get_mut())),
        _ => {}
    }
}

/// Whether a place or size of the map is hexadecimal, after [`as_text`].
pub(super) fn is_in(table: &DeTable<'_>) -> bool {
    let partitions = table
        .get("partition")
        .and_then(|list| list.get_ref().as_array());
    let mut values = partitions.into_iter().flatten().flat_map(|partition| {
        ["offset", "size"].map(|key| partition.get_ref().get(key).map(|value| value.get_ref()))
    });
    values.any(|value| {
        value
            .and_then(DeValue::as_str)
            .is_some_and(|text| text.trim_start().starts_with("0x"))
    })
}
