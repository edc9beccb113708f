//! Values of expressions, as far as one file shows them.

use tree_sitter::Node;

use super::code::{Code, unquote};
use crate::model::Resolution;

/// The maximum number of bindings that a name is followed through. Longer chains are loops or
/// obfuscated code.
const MAX_STEPS: usize = 8;

impl<'t> Code<'t> {
    /// The text of a string expression: a literal, a name bound once to one, or a sum of such.
    #[must_use]
    pub fn string(&self, node: Node<'t>) -> Resolution<String> {
        self.string_within(node, MAX_STEPS)
    }

    fn string_within(&self, node: Node<'t>, steps: usize) -> Resolution<String> {
        let unknown =
            || Resolution::Unknown(format!("`{}` is not a literal", shorten(self.text(node))));
        let Some(steps) = steps.checked_sub(1) else {
            return unknown();
        };
        match node.kind() {
            "string"
            | "interpreted_string_literal"
            | "raw_string_literal"
            | "string_literal"
            | "template_string" => self.literal(node).map_or_else(unknown, Resolution::Known),
            "identifier" | "scoped_identifier" => self
                .binding(self.text(node))
                .map_or_else(unknown, |value| self.string_within(value, steps)),
            "parenthesized_expression" | "expression_list" | "as_expression" | "value_argument" => {
                node.named_child(0)
                    .map_or_else(unknown, |inner| self.string_within(inner, steps))
            }
            "binary_expression" | "binary_operator" => {
                let (Some(left), Some(right)) = (
                    node.child_by_field_name("left"),
                    node.child_by_field_name("right"),
                ) else {
                    return unknown();
                };
                if node
                    .child_by_field_name("operator")
                    .map(|operator| self.text(operator))
                    != Some("+")
                {
                    return unknown();
                }
                match (
                    self.string_within(left, steps),
                    self.string_within(right, steps),
                ) {
                    (Resolution::Known(left), Resolution::Known(right)) => {
                        Resolution::Known(left + &right)
                    }
                    _ => unknown(),
                }
            }
            _ => unknown(),
        }
    }

    fn literal(&self, node: Node<'t>) -> Option<String> {
        let text = self.text(node);
        let mut cursor = node.walk();
        if node.named_children(&mut cursor).any(|child| {
            child.kind().contains("substitution") || child.kind().contains("interpolation")
        }) {
            return None;
        }
        let bare = text.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        let bare = bare
            .strip_prefix("\"\"")
            .and_then(|rest| rest.strip_suffix("\"\""))
            .filter(|rest| rest.len() > 1)
            .unwrap_or(bare);
        Some(unquote(bare).to_owned())
    }

    /// Returns the fields of an object literal, a composite literal, a struct expression or a
    /// dictionary. Returns `None` for other expressions, and for one that spreads another one into
    /// itself.
    #[must_use]
    pub fn fields(&self, node: Node<'t>) -> Option<Vec<(&'t str, Node<'t>)>> {
        let node = self.follow(node);
        let body = match node.kind() {
            "composite_literal" | "struct_expression" => node.child_by_field_name("body")?,
            "object" | "dictionary" | "literal_value" | "field_initializer_list" => node,
            _ => return None,
        };
        let mut fields = Vec::new();
        let mut cursor = body.walk();
        for child in body.named_children(&mut cursor) {
            match child.kind() {
                "pair" | "keyed_element" | "field_initializer" => {
                    let key = child
                        .child_by_field_name("key")
                        .or_else(|| child.child_by_field_name("field"))
                        .or_else(|| child.named_child(0))?;
                    let value = child
                        .child_by_field_name("value")
                        .or_else(|| child.named_child(1))?;
                    let value = if value.kind() == "literal_element" {
                        value.named_child(0)?
                    } else {
                        value
                    };
                    fields.push((unquote(self.text(key)), value));
                }
                "shorthand_property_identifier" | "shorthand_field_initializer" => {
                    fields.push((self.text(child), child))
                }
                "spread_element" | "dictionary_splat" | "base_field_initializer" => return None,
                _ => {}
            }
        }
        Some(fields)
    }

    /// Returns the elements of a list literal, or `None` for other expressions.
    #[must_use]
    pub fn elements(&self, node: Node<'t>) -> Option<Vec<Node<'t>>> {
        let node = self.follow(node);
        let body = match node.kind() {
            "array" | "list" | "array_expression" | "tuple" => node,
            "composite_literal" => node.child_by_field_name("body")?,
            _ => return None,
        };
        let mut cursor = body.walk();
        Some(
            body.named_children(&mut cursor)
                .filter(|child| !child.kind().contains("comment"))
                .map(|child| {
                    if child.kind() == "literal_element" {
                        child.named_child(0).unwrap_or(child)
                    } else {
                        child
                    }
                })
                .collect(),
        )
    }

    /// A boolean literal or a name bound once to one.
    #[must_use]
    pub fn boolean(&self, node: Node<'t>) -> Resolution<bool> {
        let node = self.follow(node);
        match self.text(node) {
            "true" | "True" => Resolution::Known(true),
            "false" | "False" => Resolution::Known(false),
            other => Resolution::Unknown(format!("`{}` is not a literal", shorten(other))),
        }
    }

    /// The value of an expression of whole numbers: literals, names bound once to such, products,
    /// sums and shifts.
    #[must_use]
    pub fn integer(&self, node: Node<'t>) -> Option<u64> {
        self.integer_within(node, MAX_STEPS)
    }

    fn integer_within(&self, node: Node<'t>, steps: usize) -> Option<u64> {
        let steps = steps.checked_sub(1)?;
        let node = self.follow(node);
        if matches!(node.kind(), "binary_expression" | "binary_operator") {
            let left = self.integer_within(node.child_by_field_name("left")?, steps)?;
            let right = self.integer_within(node.child_by_field_name("right")?, steps)?;
            let operator = node
                .child_by_field_name("operator")
                .map(|operator| self.text(operator))?;
            return match operator {
                "*" => left.checked_mul(right),
                "+" => left.checked_add(right),
                "<<" => u32::try_from(right)
                    .ok()
                    .filter(|right| *right < u64::BITS)
                    .and_then(|right| left.checked_mul(1_u64.checked_shl(right)?)),
                _ => None,
            };
        }
        let digits: String = self
            .text(node)
            .chars()
            .filter(|letter| *letter != '_')
            .take_while(char::is_ascii_digit)
            .collect();
        digits.parse().ok()
    }

    /// Follows names bound once, `&x` and brackets to the expression that they refer to.
    #[must_use]
    pub fn follow(&self, node: Node<'t>) -> Node<'t> {
        let mut node = node;
        for _ in 0..MAX_STEPS {
            let next = match node.kind() {
                "identifier" => self.binding(self.text(node)),
                "unary_expression" if self.text(node).starts_with('&') => {
                    node.child_by_field_name("operand")
                }
                "reference_expression" => node.child_by_field_name("value"),
                "parenthesized_expression"
                | "as_expression"
                | "await_expression"
                | "value_argument" => node.named_child(0),
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }
}

/// Maximum length of an expression in a reason, in characters. A longer one is cut.
const MAX_SHOWN: usize = 40;

fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= MAX_SHOWN {
        return line.to_owned();
    }
    line.chars().take(MAX_SHOWN).chain(['…']).collect()
}
