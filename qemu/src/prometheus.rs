//! A strict reader of Prometheus' text exposition format, version 0.0.4:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.
//!
//! Prometheus itself is lenient in places; this reader refuses what the format's
//! description does not allow, and what `promtool check metrics` complains about in
//! the kinds of metric that a small server has.

mod syntax;

use std::collections::{BTreeMap, HashSet};

use syntax::{labels, metric_name, number, unescape};

/// One line with a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The metric's name.
    pub name: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

/// What `# TYPE` says of a metric.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// A metric with everything that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The name.
    pub name: String,
    /// The text of `# HELP`, with its escapes resolved.
    pub help: String,
    /// Counter or gauge.
    pub kind: Kind,
    /// Its samples, at least one.
    pub samples: Vec<Sample>,
}

/// Everything that one answer told.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposition {
    /// The metrics, in their order.
    pub metrics: Vec<Metric>,
}

/// Where the text leaves the format.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {problem}: {text:?}")]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// The line itself.
    pub text: String,
}

impl Exposition {
    /// Reads a whole answer.
    ///
    /// # Errors
    /// With the first line that leaves the format.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            reader.line(line).map_err(|problem| Malformed {
                line: index + 1,
                problem,
                text: line.to_owned(),
            })?;
        }
        let at_the_end = |problem: String| Malformed {
            line: text.lines().count(),
            problem,
            text: text.lines().last().unwrap_or_default().to_owned(),
        };
        if !text.ends_with('\n') {
            return Err(at_the_end("the last line has no line feed".to_owned()));
        }
        reader.finish_metric().map_err(at_the_end)?;
        Ok(Self {
            metrics: reader.metrics,
        })
    }

    /// The metric of that name.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// The value of the one sample that has that name and those labels, and maybe
    /// others besides.
    #[must_use]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut matching = self.metric(name)?.samples.iter().filter(|sample| {
            labels
                .iter()
                .all(|(label, value)| sample.labels.get(*label).is_some_and(|has| has == value))
        });
        let only = matching.next()?;
        matching.next().is_none().then_some(only.value)
    }
}

#[derive(Default)]
struct Reader {
    metrics: Vec<Metric>,
    help: Option<(String, String)>,
    seen: HashSet<String>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            self.finish_metric()?;
            let (name, help) = rest.split_once(' ').ok_or("HELP without text")?;
            self.help = Some((metric_name(name)?, unescape(help, "\\n")?));
            Ok(())
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            self.begin_metric(rest)
        } else if line.starts_with('#') || line.is_empty() {
            Ok(())
        } else {
            self.sample(line)
        }
    }

    fn begin_metric(&mut self, rest: &str) -> Result<(), String> {
        let (name, kind) = rest.split_once(' ').ok_or("TYPE without a type")?;
        let kind = match kind {
            "counter" => Kind::Counter,
            "gauge" => Kind::Gauge,
            other => return Err(format!("type `{other}` is neither counter nor gauge")),
        };
        let (described, help) = self.help.take().ok_or("TYPE without HELP before it")?;
        if described != name {
            return Err(format!("HELP is for `{described}`"));
        }
        if !self.seen.insert(name.to_owned()) {
            return Err("the lines of one metric must be adjacent".to_owned());
        }
        if (kind == Kind::Counter) != name.ends_with("_total") {
            return Err("a counter's name must end in _total, and no other name may".to_owned());
        }
        self.metrics.push(Metric {
            name: name.to_owned(),
            help,
            kind,
            samples: Vec::new(),
        });
        Ok(())
    }

    fn sample(&mut self, line: &str) -> Result<(), String> {
        if self.help.is_some() {
            return Err("HELP without TYPE before this sample".to_owned());
        }
        let metric = self.metrics.last_mut().ok_or("a sample without TYPE")?;
        let end = line.find(['{', ' ']).ok_or("a name without a value")?;
        let name = metric_name(&line[..end])?;
        if name != metric.name {
            return Err(format!("is among the samples of `{}`", metric.name));
        }
        let (labels, value) = if let Some(rest) = line[end..].strip_prefix('{') {
            labels(rest)?
        } else {
            (BTreeMap::new(), &line[end..])
        };
        let value = number(value.strip_prefix(' ').ok_or("no space before the value")?)?;
        if metric.kind == Kind::Counter && (value.is_nan() || value < 0.0) {
            return Err("a counter that is not a count".to_owned());
        }
        let sample = Sample {
            name,
            labels,
            value,
        };
        if metric
            .samples
            .iter()
            .any(|other| other.labels == sample.labels)
        {
            return Err("the same labels occur twice".to_owned());
        }
        metric.samples.push(sample);
        Ok(())
    }

    fn finish_metric(&mut self) -> Result<(), String> {
        if self.help.is_some() {
            return Err("HELP without TYPE after it".to_owned());
        }
        match self.metrics.last() {
            Some(metric) if metric.samples.is_empty() => {
                Err(format!("`{}` has no sample", metric.name))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# HELP up_total How \\\\ often\\nit came up.\n\
        # TYPE up_total counter\n\
        up_total{slot=\"a\",why=\"power \\\"cut\\\"\"} 3\n\
        up_total{slot=\"b\"} 1e3\n\
        # HELP load1 Load.\n\
        # TYPE load1 gauge\n\
        load1 0.05\n";

    #[test]
    fn reads_what_the_format_allows() {
        let metrics = Exposition::parse(GOOD).expect("good");
        assert_eq!(
            metrics.metric("up_total").expect("there").help,
            "How \\ often\nit came up."
        );
        assert_eq!(metrics.value("up_total", &[("slot", "b")]), Some(1000.0));
        assert_eq!(
            metrics.value("up_total", &[("why", "power \"cut\"")]),
            Some(3.0)
        );
        assert_eq!(metrics.value("up_total", &[]), None, "two samples match");
        assert_eq!(metrics.value("load1", &[]), Some(0.05));
    }

    #[test]
    fn refuses_what_it_does_not() {
        let cases = [
            ("# HELP load1 x\n# TYPE load1 gauge\nload1 1", "line feed"),
            ("load1 1\n", "without TYPE"),
            ("# TYPE load1 gauge\nload1 1\n", "without HELP"),
            ("# HELP load1 x\nload1 1\n", "without TYPE"),
            (
                "# HELP load1 x\n# TYPE load2 gauge\nload2 1\n",
                "HELP is for",
            ),
            ("# HELP load1 x\n# TYPE load1 gauge\n", "no sample"),
            (
                "# HELP load1 x\n# TYPE load1 gauge\nload1 one\n",
                "not a number",
            ),
            (
                "# HELP load1 x\n# TYPE load1 gauge\nload1  1\n",
                "not a number",
            ),
            (
                "# HELP load1 x\n# TYPE load1 gauge\nload1 1\nload1 2\n",
                "occur twice",
            ),
            (
                "# HELP load1 x\n# TYPE load1 gauge\nload1{a=\"b} 1\n",
                "no closing quotation mark",
            ),
            (
                "# HELP load1 x\n# TYPE load1 gauge\nload1{a=\"\\d\"} 1\n",
                "not an escape",
            ),
            (
                "# HELP load1 x\n# TYPE load1 gauge\nload1{0a=\"d\"} 1\n",
                "not a label name",
            ),
            (
                "# HELP load1 x\n# TYPE load1 gauge\nload1{a=\"d\"}1\n",
                "no space",
            ),
            ("# HELP load1 x\n# TYPE load1 gauge\nother 1\n", "is among"),
            ("# HELP ups x\n# TYPE ups counter\nups 1\n", "_total"),
            (
                "# HELP up_total x\n# TYPE up_total counter\nup_total -1\n",
                "not a count",
            ),
        ];
        for (text, expected) in cases {
            let error = Exposition::parse(text).expect_err(text);
            let message = error.to_string();
            assert!(message.contains(expected), "{text:?}: {message}");
        }
        let twice = format!("{GOOD}# HELP up_total x\n# TYPE up_total counter\nup_total 1\n");
        assert!(Exposition::parse(&twice).is_err());
    }
}
