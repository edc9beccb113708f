//! YAML with spans. Nodes live in one arena. An alias is resolved only on access, so an alias bomb
//! costs nothing.

mod node;
mod scalar;

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use tree_sitter::Node;

use self::scalar::{block_text, unescape};
use super::template::{Masked, mask};
use crate::repository::Limits;
use crate::source::Language;
use crate::syntax::{ParseFailure, parse_tree};

pub use node::YamlNode;

#[derive(Debug)]
enum Value {
    Mapping(Vec<(usize, usize)>),
    Sequence(Vec<usize>),
    Scalar(String),
    Alias(String),
    Null,
}

#[derive(Debug)]
struct Entry {
    value: Value,
    span: Range<usize>,
}

/// A parsed file: one or more documents.
#[derive(Debug)]
pub struct Yaml {
    entries: Vec<Entry>,
    anchors: HashMap<String, usize>,
    documents: Vec<usize>,
    masked: Masked,
}

impl Yaml {
    /// Parses a file. Text with mistakes still gives what could be read.
    ///
    /// # Errors
    /// [`ParseFailure::TimedOut`] when the grammar takes longer than the limit.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, ParseFailure> {
        Self::parse_within(text, limits.parse_timeout, limits.max_nesting)
    }

    fn parse_within(
        text: &str,
        timeout: Duration,
        max_nesting: usize,
    ) -> Result<Self, ParseFailure> {
        let masked = mask(text);
        let tree = parse_tree(Language::Yaml, &masked.text, timeout)?;
        let mut yaml = Self {
            entries: Vec::new(),
            anchors: HashMap::new(),
            documents: Vec::new(),
            masked,
        };
        let text = yaml.masked.text.clone();
        let mut cursor = tree.root_node().walk();
        let documents: Vec<_> = tree
            .root_node()
            .named_children(&mut cursor)
            .filter(|node| node.kind() == "document")
            .collect();
        for document in documents {
            let mut inner = document.walk();
            let content = document
                .named_children(&mut inner)
                .find(|node| matches!(node.kind(), "block_node" | "flow_node"));
            if let Some(content) = content {
                let id = yaml.read(&text, content, max_nesting);
                yaml.documents.push(id);
            }
        }
        Ok(yaml)
    }

    /// The documents in order.
    pub fn documents(&self) -> impl Iterator<Item = YamlNode<'_>> {
        self.documents.iter().map(|id| YamlNode::new(self, *id))
    }

    /// Whether templates may add keys or items that the file does not show.
    #[must_use]
    pub const fn may_hold_more(&self) -> bool {
        self.masked.inserts
    }

    fn push(&mut self, value: Value, span: Range<usize>) -> usize {
        self.entries.push(Entry { value, span });
        self.entries.len() - 1
    }

    fn read(&mut self, text: &str, node: Node<'_>, depth: usize) -> usize {
        let span = node.byte_range();
        let Some(depth) = depth.checked_sub(1) else {
            return self.push(Value::Null, span);
        };
        match node.kind() {
            "block_node" | "flow_node" => self.read_wrapped(text, node, depth),
            "block_mapping" | "flow_mapping" => {
                let mut cursor = node.walk();
                let pairs: Vec<_> = node
                    .named_children(&mut cursor)
                    .filter(|child| child.kind().ends_with("pair"))
                    .collect();
                let mut entries = Vec::with_capacity(pairs.len());
                for pair in pairs {
                    let Some(key) = pair.child_by_field_name("key") else {
                        continue;
                    };
                    let key = self.read(text, key, depth);
                    let value = match pair.child_by_field_name("value") {
                        Some(value) => self.read(text, value, depth),
                        None => self.push(Value::Null, pair.byte_range()),
                    };
                    entries.push((key, value));
                }
                self.push(Value::Mapping(entries), span)
            }
            "block_sequence" | "flow_sequence" => {
                let mut cursor = node.walk();
                let children: Vec<_> = node
                    .named_children(&mut cursor)
                    .filter(|child| child.kind() != "comment")
                    .collect();
                let mut items = Vec::with_capacity(children.len());
                for child in children {
                    let inner = if child.kind() == "block_sequence_item" {
                        child.named_child(0)
                    } else {
                        Some(child)
                    };
                    items.push(match inner {
                        Some(inner) => self.read(text, inner, depth),
                        None => self.push(Value::Null, child.byte_range()),
                    });
                }
                self.push(Value::Sequence(items), span)
            }
            "alias" => {
                let name = text
                    .get(span.clone())
                    .unwrap_or_default()
                    .trim_start_matches('*')
                    .to_owned();
                self.push(Value::Alias(name), span)
            }
            "null_scalar" => self.push(Value::Null, span),
            "plain_scalar"
                if node
                    .named_child(0)
                    .is_some_and(|child| child.kind() == "null_scalar") =>
            {
                self.push(Value::Null, span)
            }
            kind => {
                let raw = text.get(span.clone()).unwrap_or_default();
                let value = match kind {
                    "double_quote_scalar" => unescape(raw.trim_matches('"')),
                    "single_quote_scalar" => raw
                        .get(1..raw.len().saturating_sub(1))
                        .unwrap_or_default()
                        .replace("''", "'"),
                    "block_scalar" => block_text(raw),
                    _ => raw.to_owned(),
                };
                self.push(Value::Scalar(value), span)
            }
        }
    }

    fn read_wrapped(&mut self, text: &str, node: Node<'_>, depth: usize) -> usize {
        let mut cursor = node.walk();
        let mut anchor = None;
        let mut content = None;
        for child in node.named_children(&mut cursor) {
            match child.kind() {
                "anchor" => {
                    anchor = text
                        .get(child.byte_range())
                        .map(|name| name.trim_start_matches('&').to_owned())
                }
                "tag" | "comment" => {}
                _ => content = Some(child),
            }
        }
        let id = match content {
            Some(content) => self.read(text, content, depth),
            None => self.push(Value::Null, node.byte_range()),
        };
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, id);
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::Yaml;
    use crate::model::Resolution;
    use crate::repository::Limits;

    #[test]
    fn values_keep_their_positions_through_aliases_and_merges() {
        let text = "base: &b\n  image: nginx\nweb:\n  <<: *b\n  port: 80\n  tag: \"{{ .Values.tag }}\"\n  list: [a, 'b']\n";
        let yaml = Yaml::parse(text, &Limits::default()).unwrap();
        let root = yaml.documents().next().unwrap();
        let web = root.get("web").unwrap();
        assert_eq!(web.get("image").unwrap().scalar(), Some("nginx"));
        assert_eq!(&text[web.get("port").unwrap().span()], "80");
        assert!(web.get("tag").unwrap().text().is_unknown());
        assert_eq!(
            web.get("list")
                .unwrap()
                .items()
                .map(|item| item.text())
                .collect::<Vec<_>>(),
            [
                Resolution::Known("a".to_owned()),
                Resolution::Known("b".to_owned())
            ]
        );
    }

    #[test]
    fn yaml_alias_bomb_and_deep_nesting_take_linear_time() {
        let mut bomb = "a: &a [x]\n".to_owned();
        for (before, after) in "abcdefghi".chars().zip("bcdefghij".chars()) {
            bomb.push_str(&format!(
                "{after}: &{after} [*{before},*{before},*{before},*{before},*{before},*{before}]\n"
            ));
        }
        assert!(Yaml::parse(&bomb, &Limits::default()).is_ok());
        let deep = "[".repeat(20_000);
        assert!(
            Yaml::parse(
                &deep,
                &Limits {
                    parse_timeout: std::time::Duration::from_secs(1),
                    ..Limits::default()
                }
            )
            .is_ok()
        );
    }
}
