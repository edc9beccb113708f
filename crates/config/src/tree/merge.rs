use super::{Node, Value};
use crate::shape::{Form, Shape, variant_name};

/// Merges `upper` over `lower`: mappings are joined by name, all other values are replaced.
///
/// If the layers have different variants of an enum, `upper` replaces `lower`. An empty section
/// (`server:`) changes nothing.
pub(crate) fn merge(shape: Option<&Shape>, lower: Node, upper: Node) -> Node {
    if upper.is_null() && shape.is_some_and(|shape| shape.is_mapping() && !shape.nullable) {
        return lower;
    }
    if let Some(Form::Choice(variants)) = shape.map(|shape| &shape.form) {
        let wanted = variant_name(variants, &upper);
        if wanted.is_some() && wanted != variant_name(variants, &lower) {
            return upper;
        }
    }
    match (lower.value, upper.value) {
        (Value::Mapping(mut entries), Value::Mapping(over)) => {
            for (name, mut entry) in over {
                if let Some(below) = entries.remove(&name) {
                    let shape = shape.and_then(|shape| shape.member(&name));
                    entry.node = merge(shape, below.node, entry.node);
                }
                entries.insert(name, entry);
            }
            Node {
                origin: upper.origin,
                value: Value::Mapping(entries),
            }
        }
        (_, value) => Node {
            origin: upper.origin,
            value,
        },
    }
}
