//! What the readers of maps share: a place in a text, and the words of languages with braces.

/// What is wrong at a byte of the text.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) message: String,
}

/// A fault at a byte.
pub(super) fn fault<T>(at: usize, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault {
        at,
        message: message.into(),
    })
}

/// How deep braces may nest: deeper than any map, and no stack's end.
pub(super) const DEEPEST: usize = 64;

/// A word of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// Of a string what stands between its quotation marks, else the whole word.
    pub(super) text: &'a str,
    pub(super) at: usize,
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a number.
    Word,
    /// In quotation marks.
    Text,
    /// One sign.
    Sign,
    /// The end of the text.
    End,
}

/// A language's own: what belongs to words, and what hides the rest of a line.
#[derive(Clone, Copy)]
pub(super) struct Language {
    /// Whether a character other than letters and digits belongs to words.
    pub(super) word: fn(char) -> bool,
    /// Whether the line that starts here is no part of the text.
    pub(super) hidden: fn(&str) -> bool,
}

/// The words of `text`, with an end behind them.
pub(super) fn tokens<'a>(text: &'a str, language: Language) -> Result<Vec<Token<'a>>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
        } else if (language.hidden)(rest) || rest.starts_with("//") {
            at += line(rest);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let Some(end) = comment.find("*/") else {
                return fault(at, "a comment has no closing `*/`");
            };
            at += end + 4;
        } else if c == '"' {
            let Some(length) = string(rest) else {
                return fault(at, "a string has no closing quotation mark");
            };
            let (kind, text) = (Kind::Text, &rest[1..length - 1]);
            tokens.push(Token { kind, text, at });
            at += length;
        } else {
            let word = |c: char| c.is_ascii_alphanumeric() || (language.word)(c);
            let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
            let (kind, length) = match length {
                0 => (Kind::Sign, c.len_utf8()),
                _ => (Kind::Word, length),
            };
            let text = &rest[..length];
            tokens.push(Token { kind, text, at });
            at += length;
        }
    }
    tokens.push(Token {
        kind: Kind::End,
        text: "the end of the file",
        at,
    });
    Ok(tokens)
}

/// The bytes of the line, and of those that a backslash at its end adds.
fn line(rest: &str) -> usize {
    let mut length = 0;
    for line in rest.split_inclusive('\n') {
        length += line.len();
        if !line.trim_end().ends_with('\\') {
            break;
        }
    }
    length
}

/// The bytes of the string that starts here, with both quotation marks.
fn string(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Words, read one after the other.
pub(super) struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    next: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, language: Language) -> Result<Self, Fault> {
        let tokens = tokens(text, language)?;
        Ok(Reader { tokens, next: 0 })
    }

    /// The word that comes `further` after the next one; behind the end is the end.
    pub(super) fn peek(&self, further: usize) -> Token<'a> {
        let last = self.tokens.len() - 1;
        self.tokens[(self.next + further).min(last)]
    }

    pub(super) fn next(&mut self) -> Token<'a> {
        let token = self.peek(0);
        self.next += 1;
        token
    }

    /// Whether the next word is that sign.
    pub(super) fn is(&self, sign: &str) -> bool {
        let next = self.peek(0);
        next.kind == Kind::Sign && next.text == sign
    }

    /// Takes the sign where it is next.
    pub(super) fn skip(&mut self, sign: &str) -> bool {
        let there = self.is(sign);
        self.next += usize::from(there);
        there
    }

    /// Takes the sign, which must be next.
    pub(super) fn expect(&mut self, sign: &str, after: &str) -> Result<(), Fault> {
        if self.skip(sign) {
            return Ok(());
        }
        let found = self.peek(0);
        fault(
            found.at,
            format!("expected `{sign}` after {after}, found `{}`", found.text),
        )
    }
}

/// The units that the kernel's memparse and genimage have in common.
pub(super) const UNITS: [(&str, u64); 6] = [
    ("k", 1 << 10),
    ("K", 1 << 10),
    ("m", 1 << 20),
    ("M", 1 << 20),
    ("g", 1 << 30),
    ("G", 1 << 30),
];

/// A number as C writes it, with one of `units` behind it.
pub(super) fn number(text: &str, units: &[(&str, u64)]) -> Option<super::Number> {
    let (digits, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))
        .unwrap_or((text, 1));
    let (hexadecimal, value) = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(digits) => (true, from_digits(digits, 16)),
        None if digits.len() > 1 && digits.starts_with('0') => (false, from_digits(digits, 8)),
        None => (false, from_digits(digits, 10)),
    };
    let value = value?.checked_mul(factor)?;
    Some(super::Number { value, hexadecimal })
}

/// `from_str_radix` without the signs that it takes.
fn from_digits(digits: &str, radix: u32) -> Option<u64> {
    let all = digits.chars().all(|c| c.is_digit(radix));
    all.then(|| u64::from_str_radix(digits, radix).ok())
        .flatten()
}
