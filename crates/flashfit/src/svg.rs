//! Pictures as SVG: one stylesheet, and the shapes that they are made of. They follow the reader's
//! light or dark scheme.

use std::fmt::Write as _;

const STYLE: &str = "<style>
text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #1f1d1a }
.dim { fill: #6b645b } .end { text-anchor: end } .title { font-weight: 600 }
.paper { fill: #faf8f5 } .room { fill: #e6e0d6 } .before { fill: #aaa195 } .now { fill: #b23f0e }
@media (prefers-color-scheme: dark) {
text { fill: #efe9e0 } .dim { fill: #a39b90 }
.paper { fill: #1b1916 } .room { fill: #38342e } .before { fill: #6f675d } .now { fill: #f08a55 }
}
</style>
";

/// A picture that is drawn from the top to the bottom; places and sizes are in pixels.
pub struct Svg(String);

impl Svg {
    /// A sheet of paper; `label` says to those who cannot see it what is on it.
    #[must_use]
    pub fn new(width: u64, height: u64, label: &str) -> Self {
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" aria-label=\"{}\">\n{STYLE}\
             <rect class=\"paper\" width=\"{width}\" height=\"{height}\" rx=\"10\"/>\n",
            escaped(label)
        ))
    }

    /// A line of text that begins at `x`, or ends there with the class `end`; `y` is its baseline.
    pub fn text(&mut self, class: &str, x: u64, y: u64, text: &str) {
        let class = match class {
            "" => String::new(),
            class => format!(" class=\"{class}\""),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            self.0,
            "<text{class} x=\"{x}\" y=\"{y}\">{}</text>",
            escaped(text)
        );
    }

    /// A bar with its upper left corner at that place.
    pub fn bar(&mut self, class: &str, (x, y): (u64, u64), width: u64, height: u64) {
        let _ = writeln!(
            self.0,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"3\"/>"
        );
    }

    /// The whole file.
    #[must_use]
    pub fn finish(self) -> String {
        self.0 + "</svg>\n"
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_markup_is_text() {
        let mut svg = Svg::new(1, 1, "\"x\"");
        svg.text("end", 0, 0, "a & <b>");
        let text = svg.finish();
        assert!(text.contains("aria-label=\"&quot;x&quot;\""), "{text}");
        assert!(text.contains(">a &amp; &lt;b></text>"), "{text}");
    }
}
