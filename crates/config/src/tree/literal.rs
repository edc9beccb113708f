//! Values from one text: environment variables and arguments.

use super::{Entry, Node, Scalar, Value, flow};
use crate::{
    ConfigError, Origin,
    key::{Key, Segment},
    shape::{Form, Shape},
};

/// Parses a string for a shape: a list is `a,b` or `["a", "b"]`, a mapping is `{a: 1}`, and
/// anything else is one scalar.
fn node(
    shape: Option<&Shape>,
    origin: &Origin,
    text: &str,
    errors: &mut Vec<ConfigError>,
) -> Option<Node> {
    let form = shape.map(|shape| &shape.form);
    let opens = |bracket| text.trim_start().starts_with(bracket);
    let is_list = matches!(form, Some(Form::List(_)));
    let is_mapping = shape.is_some_and(Shape::is_mapping);
    if (is_list && opens('[')) || (is_mapping && opens('{')) {
        return flow(origin, text, errors);
    }
    if is_list {
        return Some(list_of_literals(origin, text));
    }
    Some(Node {
        origin: origin.clone(),
        value: Value::Scalar(Scalar::Literal(text.to_owned())),
    })
}

/// Parses `a,b` as a list. The empty string is the empty list.
pub(crate) fn list_of_literals(origin: &Origin, text: &str) -> Node {
    let items = text.split(',').map(str::trim).map(|item| Node {
        origin: origin.clone(),
        value: Value::Scalar(Scalar::Literal(item.to_owned())),
    });
    let items = if text.trim().is_empty() {
        Vec::new()
    } else {
        items.collect()
    };
    Node {
        origin: origin.clone(),
        value: Value::Sequence(items),
    }
}

/// Inserts the value of a variable or argument at its key.
pub(crate) fn insert(
    tree: &mut Node,
    shape: Option<&Shape>,
    key: &Key,
    origin: &Origin,
    text: &str,
    errors: &mut Vec<ConfigError>,
) {
    let Some(node) = node(shape, origin, text, errors) else {
        return;
    };
    let mut place = tree;
    let mut node = Some(node);
    for (position, segment) in key.segments().iter().enumerate() {
        let Segment::Name(name) = segment else {
            return;
        };
        if !matches!(place.value, Value::Mapping(_)) {
            *place = Node::empty(origin.clone());
        }
        let Value::Mapping(entries) = &mut place.value else {
            return;
        };
        let last = position + 1 == key.segments().len();
        let entry = entries.entry(name.clone()).or_insert_with(|| Entry {
            origin: origin.clone(),
            node: Node::empty(origin.clone()),
        });
        if last && let Some(node) = node.take() {
            entry.node = node;
        }
        place = &mut entry.node;
    }
}
