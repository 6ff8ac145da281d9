//! The status page: one document without any external part, fixed at compile time.

/// The document.
pub const HTML: &str = include_str!("page.html");

/// Its entity tag: the same for the same bytes, on every device and after every restart.
pub const ETAG: &str = match std::str::from_utf8(&TAG) {
    Ok(text) => text,
    Err(_) => panic!("hexadecimal digits are ASCII"),
};

/// What the page may load: nothing but itself and this server's answers.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
    script-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

const TAG: [u8; 18] = tag(fnv1a(HTML.as_bytes()));

/// FNV-1a with 64 bits (RFC 9923), which is short enough to run in a constant.
const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

/// Sixteen hexadecimal digits between quotation marks.
const fn tag(hash: u64) -> [u8; 18] {
    let mut text = [b'"'; 18];
    let mut digit = 0;
    while digit < 16 {
        text[digit + 1] = b"0123456789abcdef"[(hash >> (60 - 4 * digit)) as usize & 15];
        digit += 1;
    }
    text
}

/// Whether a field `If-None-Match` names the page as it is (RFC 9110, section 13.1.2: a weak
/// comparison of each tag in the list, or `*`).
#[must_use]
pub fn is_current(if_none_match: &str) -> bool {
    if_none_match
        .split(',')
        .map(str::trim_ascii)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == ETAG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_has_its_published_values() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(&tag(0x0123_4567_89ab_cdef), b"\"0123456789abcdef\"");
    }

    #[test]
    fn entity_tags_are_compared_weakly_and_in_lists() {
        for field in [ETAG, "*", &format!("W/{ETAG}"), &format!("\"x\" , {ETAG}")] {
            assert!(is_current(field), "{field}");
        }
        for field in ["", "\"\"", ETAG.trim_matches('"'), "\"x\", W/\"y\""] {
            assert!(!is_current(field), "{field}");
        }
    }

    #[test]
    fn the_page_asks_for_nothing_outside() {
        let page = HTML.replace("xmlns='http://www.w3.org/2000/svg'", "");
        for word in ["http:", "https:", "src=", "url(", "@import", "href=\"//"] {
            assert!(!page.contains(word), "{word}");
        }
    }
}
