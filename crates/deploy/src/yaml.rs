//! A YAML document whose keys keep the order of insertion.

use std::fmt::Write as _;

/// Maximum width of a value on one line, in columns.
const COLUMNS: usize = 100;

/// A YAML value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yaml {
    Map(Vec<(String, Yaml)>),
    List(Vec<Yaml>),
    Text(String),
    /// A text of several lines.
    Block(String),
    Number(i64),
    /// A number with a fraction or an exponent, as JSON writes it.
    Decimal(String),
    Bool(bool),
    Null,
}

/// Returns a map in the order of its entries.
pub(crate) fn map<const N: usize>(entries: [(&str, Yaml); N]) -> Yaml {
    Yaml::Map(entries.map(|(key, value)| (key.to_owned(), value)).into())
}

/// Returns a list.
pub(crate) fn list(items: impl IntoIterator<Item = Yaml>) -> Yaml {
    Yaml::List(items.into_iter().collect())
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Yaml {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u16> for Yaml {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Yaml {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl Yaml {
    /// Adds an entry to a map. Does nothing to other values.
    pub(crate) fn push(&mut self, key: &str, value: impl Into<Self>) {
        if let Self::Map(entries) = self {
            entries.push((key.to_owned(), value.into()));
        }
    }

    /// Returns one document with a comment above it.
    pub(crate) fn document(&self, comment: &str) -> String {
        let mut text = String::new();
        for line in comment.lines() {
            let _ = writeln!(text, "# {line}");
        }
        self.write(&mut text, 0);
        text
    }

    /// Writes a value in block style at an indentation. The cursor is at the start of a line.
    fn write(&self, text: &mut String, depth: usize) {
        match self {
            Self::Map(entries) => {
                for (key, value) in entries {
                    indent(text, depth);
                    value.write_after(text, &format!("{}:", scalar(key)), depth);
                }
            }
            Self::List(items) => {
                for item in items {
                    indent(text, depth);
                    item.write_item(text, depth);
                }
            }
            other => {
                indent(text, depth);
                text.push_str(&other.flow());
                text.push('\n');
            }
        }
    }

    /// Writes a value after its key.
    fn write_after(&self, text: &mut String, key: &str, depth: usize) {
        text.push_str(key);
        if let Self::Block(block) = self {
            text.push_str(" |\n");
            for line in block.lines() {
                if !line.is_empty() {
                    indent(text, depth + 1);
                }
                text.push_str(line);
                text.push('\n');
            }
            return;
        }
        let flow = self.flow();
        let is_long = depth * 2 + key.len() + 1 + flow.len() > COLUMNS;
        let is_empty = matches!(flow.as_str(), "{}" | "[]");
        if self.is_collection() && !is_empty && (is_long || self.has_block()) {
            text.push('\n');
            self.write(text, depth + 1);
        } else {
            text.push(' ');
            text.push_str(&flow);
            text.push('\n');
        }
    }

    /// Writes an item of a list after its dash.
    fn write_item(&self, text: &mut String, depth: usize) {
        let flow = self.flow();
        let is_short = depth * 2 + 2 + flow.len() <= COLUMNS && !self.has_block();
        match self {
            Self::Map(entries) if !is_short => {
                let mut first = true;
                for (key, value) in entries {
                    if first {
                        text.push_str("- ");
                    } else {
                        indent(text, depth + 1);
                    }
                    first = false;
                    value.write_after(text, &format!("{}:", scalar(key)), depth + 1);
                }
            }
            _ => {
                text.push_str("- ");
                text.push_str(&flow);
                text.push('\n');
            }
        }
    }

    fn is_collection(&self) -> bool {
        matches!(self, Self::Map(_) | Self::List(_))
    }

    fn has_block(&self) -> bool {
        match self {
            Self::Map(entries) => entries.iter().any(|(_, value)| value.has_block()),
            Self::List(items) => items.iter().any(Self::has_block),
            other => matches!(other, Self::Block(_)),
        }
    }

    /// Returns the value on one line.
    fn flow(&self) -> String {
        match self {
            Self::Map(entries) => {
                let entries = entries.iter();
                let entries =
                    entries.map(|(key, value)| format!("{}: {}", scalar(key), value.flow()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
            Self::List(items) => {
                let items = items.iter().map(Self::flow);
                format!("[{}]", items.collect::<Vec<_>>().join(", "))
            }
            Self::Text(text) => scalar(text),
            Self::Block(text) => quoted(text),
            Self::Number(number) => number.to_string(),
            Self::Decimal(number) => number.clone(),
            Self::Bool(value) => value.to_string(),
            Self::Null => "null".to_owned(),
        }
    }

    /// Returns the value as JSON on one line.
    pub(crate) fn json(&self) -> String {
        match self {
            Self::Map(entries) => {
                let entries = entries.iter();
                let entries =
                    entries.map(|(key, value)| format!("{}: {}", quoted(key), value.json()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
            Self::List(items) => {
                let items = items.iter().map(Self::json);
                format!("[{}]", items.collect::<Vec<_>>().join(", "))
            }
            Self::Text(text) | Self::Block(text) => quoted(text),
            Self::Number(_) | Self::Decimal(_) | Self::Bool(_) | Self::Null => self.flow(),
        }
    }
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

/// Returns a text without quotes if every YAML parser reads it as the same text.
fn scalar(text: &str) -> String {
    // A colon inside a word does not end a key.
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./@:".contains(letter);
    let begins = text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '/');
    let word = text.to_ascii_lowercase();
    let is_other = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    if begins
        && !text.ends_with(':')
        && text.chars().all(is_plain)
        && !is_other.contains(&word.as_str())
    {
        text.to_owned()
    } else if text.contains('"') && !text.contains(['\'', '\\']) && !text.contains(char::is_control)
    {
        // An expression with labels is readable without escapes.
        format!("'{text}'")
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_and_folded_by_width_ship_3() {
        let long: Vec<Yaml> = (0..30)
            .map(|number| format!("name-{number}").into())
            .collect();
        let document = map([
            (
                "short",
                map([("a", "1".into()), ("b", "x: y".into()), ("c", true.into())]),
            ),
            (
                "spec",
                map([
                    ("no", list([map([("x", 1_i64.into())])])),
                    ("long", list(long)),
                    ("file", Yaml::Block("one\n\ntwo\n".to_owned())),
                ]),
            ),
        ]);
        let text = document.document("A comment.");
        assert!(
            text.starts_with("# A comment.\nshort: {a: \"1\", b: \"x: y\", c: true}\nspec:\n"),
            "{text}"
        );
        assert!(text.contains("  \"no\": [{x: 1}]\n"), "{text}");
        assert!(
            text.contains("  long:\n    - name-0\n    - name-1\n"),
            "{text}"
        );
        assert!(text.ends_with("  file: |\n    one\n\n    two\n"), "{text}");
    }
}
