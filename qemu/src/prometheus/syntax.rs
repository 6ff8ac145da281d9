//! The parts of a line.

use std::collections::BTreeMap;

/// `[a-zA-Z_:][a-zA-Z0-9_:]*`
pub(super) fn metric_name(name: &str) -> Result<String, String> {
    let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':');
    let rest = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
    if first && rest {
        Ok(name.to_owned())
    } else {
        Err(format!("`{name}` is not a metric name"))
    }
}

/// Reads `a="x",b="y"}` and gives the labels and what stands behind.
pub(super) fn labels(mut rest: &str) -> Result<(BTreeMap<String, String>, &str), String> {
    let mut labels = BTreeMap::new();
    loop {
        if let Some(behind) = rest.strip_prefix('}') {
            return Ok((labels, behind));
        }
        let (name, behind) = rest.split_once("=\"").ok_or("a label without a value")?;
        if name.contains(':') || name.starts_with("__") || metric_name(name).is_err() {
            return Err(format!("`{name}` is not a label name"));
        }
        let end = closing_quote(behind).ok_or("a label's value has no closing quotation mark")?;
        let value = unescape(&behind[..end], "\\n\"")?;
        if labels.insert(name.to_owned(), value).is_some() {
            return Err(format!("label `{name}` occurs twice"));
        }
        rest = &behind[end + 1..];
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind,
            None if rest.starts_with('}') => {}
            None => return Err("expected , or } after a label".to_owned()),
        }
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// Resolves the escapes; `allowed` are the characters that may follow a backslash.
pub(super) fn unescape(text: &str, allowed: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => plain.push('\n'),
            Some(c) if allowed.contains(c) => plain.push(c),
            other => return Err(format!("\\{} is not an escape", other.unwrap_or(' '))),
        }
    }
    Ok(plain)
}

/// A value as Go's `ParseFloat` takes it, without hexadecimal and underscores.
pub(super) fn number(text: &str) -> Result<f64, String> {
    match text {
        "NaN" => Ok(f64::NAN),
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.') => text
            .parse()
            .map_err(|_| format!("`{text}` is not a number")),
        _ => Err(format!("`{text}` is not a number")),
    }
}
