//! One node: values looked up through aliases and merges.

use std::ops::Range;

use super::{Entry, Value, Yaml};
use crate::model::Resolution;

/// Maximum number of consecutive aliases that are resolved.
const MAX_ALIAS_STEPS: usize = 8;

/// One node of a file.
#[derive(Debug, Clone, Copy)]
pub struct YamlNode<'y> {
    yaml: &'y Yaml,
    id: usize,
}

impl<'y> YamlNode<'y> {
    pub(super) const fn new(yaml: &'y Yaml, id: usize) -> Self {
        Self { yaml, id }
    }

    fn entry(self) -> Option<&'y Entry> {
        self.yaml.entries.get(self.id)
    }

    /// Resolves aliases.
    fn resolved(self) -> Self {
        let mut node = self;
        for _ in 0..MAX_ALIAS_STEPS {
            let Some(Entry {
                value: Value::Alias(name),
                ..
            }) = node.entry()
            else {
                break;
            };
            let Some(id) = self.yaml.anchors.get(name) else {
                break;
            };
            node = Self {
                yaml: self.yaml,
                id: *id,
            };
        }
        node
    }

    /// The bytes of the node.
    #[must_use]
    pub fn span(self) -> Range<usize> {
        self.entry().map_or(0..0, |entry| entry.span.clone())
    }

    /// Whether the node contains a template, or a template may add to it.
    #[must_use]
    pub fn is_templated(self) -> bool {
        let span = self.span();
        self.yaml
            .masked
            .spans
            .iter()
            .any(|template| template.start < span.end && span.start < template.end)
    }

    /// Whether a template may add keys to this mapping, or items to this list, that the file does
    /// not show. Such a template prints text at the level of its keys. Output at another level
    /// belongs to another node, and the file shows the lines between `if` and `end`.
    #[must_use]
    pub fn may_gain(self) -> bool {
        let span = self.span();
        let masked = &self.yaml.masked;
        if masked.splices.is_empty() {
            return false;
        }
        if masked
            .text
            .get(span.start..)
            .is_some_and(|rest| rest.starts_with(['{', '[']))
        {
            return self.is_templated();
        }
        let before = masked.text.get(..span.start).unwrap_or_default();
        let column = span.start - before.rfind('\n').map_or(0, |end| end + 1);
        let mut end = span.start;
        for (number, line) in masked
            .text
            .get(span.start..)
            .unwrap_or_default()
            .split_inclusive('\n')
            .enumerate()
        {
            let words = line.trim_start();
            if number > 0 && !words.is_empty() && line.len() - words.len() < column {
                break;
            }
            end += line.len();
        }
        let first = masked
            .splices
            .partition_point(|splice| splice.at < span.start);
        masked
            .splices
            .iter()
            .skip(first)
            .take_while(|splice| splice.at < end)
            .any(|splice| splice.landing.reaches(column))
    }

    /// Whether a template may omit this node from an outer node that it prints.
    #[must_use]
    pub fn may_be_left_out_of(self, outer: YamlNode<'_>) -> bool {
        let (own, outer) = (self.span().start, outer.span().start);
        self.yaml
            .masked
            .conditional
            .iter()
            .any(|body| body.contains(&own) && !body.contains(&outer))
    }

    /// The file this node is part of.
    #[must_use]
    pub const fn yaml(self) -> &'y Yaml {
        self.yaml
    }

    /// The scalar as text, templates included.
    #[must_use]
    pub fn scalar(self) -> Option<&'y str> {
        match &self.resolved().entry()?.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the scalar. Unknown if it is a template, absent if there is none.
    #[must_use]
    pub fn text(self) -> Resolution<String> {
        if self.is_templated() {
            return Resolution::Unknown("the value is a template".to_owned());
        }
        self.scalar().map_or(Resolution::Absent, |text| {
            Resolution::Known(text.to_owned())
        })
    }

    /// Returns the items of a sequence. Empty for other nodes.
    pub fn items(self) -> impl Iterator<Item = YamlNode<'y>> {
        let ids: &[usize] = match self.resolved().entry() {
            Some(Entry {
                value: Value::Sequence(items),
                ..
            }) => items,
            _ => &[],
        };
        ids.iter().map(move |id| YamlNode {
            yaml: self.yaml,
            id: *id,
        })
    }

    /// The keys and values of a mapping as written, merge keys included as `<<`.
    pub fn pairs(self) -> impl Iterator<Item = (&'y str, YamlNode<'y>)> {
        let ids: &[(usize, usize)] = match self.resolved().entry() {
            Some(Entry {
                value: Value::Mapping(pairs),
                ..
            }) => pairs,
            _ => &[],
        };
        ids.iter().filter_map(move |(key, value)| {
            let key = YamlNode {
                yaml: self.yaml,
                id: *key,
            }
            .scalar()?;
            Some((
                key,
                YamlNode {
                    yaml: self.yaml,
                    id: *value,
                },
            ))
        })
    }

    /// Whether the node is a mapping.
    #[must_use]
    pub fn is_mapping(self) -> bool {
        matches!(
            self.resolved().entry(),
            Some(Entry {
                value: Value::Mapping(_),
                ..
            })
        )
    }

    /// The value of a key, with merge keys resolved.
    #[must_use]
    pub fn get(self, key: &str) -> Option<YamlNode<'y>> {
        self.get_within(key, MAX_ALIAS_STEPS)
    }

    fn get_within(self, key: &str, steps: usize) -> Option<YamlNode<'y>> {
        if let Some((_, value)) = self.pairs().find(|(name, _)| *name == key) {
            return Some(value);
        }
        let steps = steps.checked_sub(1)?;
        let (_, merged) = self.pairs().find(|(name, _)| *name == "<<")?;
        if merged.resolved().is_mapping() {
            return merged.get_within(key, steps);
        }
        merged
            .items()
            .take(MAX_ALIAS_STEPS)
            .find_map(|item| item.get_within(key, steps.min(1)))
    }

    /// The value at a path of keys.
    #[must_use]
    pub fn at(self, path: &[&str]) -> Option<YamlNode<'y>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }
}
