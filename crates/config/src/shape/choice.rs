//! Selects the variant of an enum, in the three representations of serde.

use std::collections::BTreeMap;

use super::{Form, Shape};
use crate::tree::{Node, Scalar, Value};

/// The variant that a node selects.
pub(crate) enum Chosen<'a> {
    Variant(&'a Shape),
    /// The tag is missing.
    TagMissing {
        tag: &'a str,
        names: Vec<&'a str>,
    },
    TagUnknown {
        tag: &'a str,
        names: Vec<&'a str>,
    },
    /// The enum has no tag, so each variant must be tried.
    Untagged,
}

/// The tag of an enum, and the variant of each of its values.
fn tag(variants: &[Shape]) -> Option<(&str, BTreeMap<&str, &Shape>)> {
    let sections = || {
        variants.iter().filter_map(|variant| match &variant.form {
            Form::Section {
                properties,
                required,
                ..
            } => Some((variant, properties, required)),
            _ => None,
        })
    };
    let (_, first, required) = sections().next()?;
    first
        .keys()
        .filter(|name| required.contains(*name))
        .find_map(|name| {
            let by_value = sections()
                .map(
                    |(variant, properties, _)| match &properties.get(name)?.form {
                        Form::Scalar(scalar) => match scalar.texts().as_slice() {
                            [only] => Some((*only, variant)),
                            _ => None,
                        },
                        _ => None,
                    },
                )
                .collect::<Option<BTreeMap<_, _>>>()?;
            Some((name.as_str(), by_value))
        })
}

/// The variants that are mappings with one key, the name of the variant.
fn outer_names(variants: &[Shape]) -> BTreeMap<&str, &Shape> {
    variants
        .iter()
        .filter_map(|variant| match &variant.form {
            Form::Section {
                properties,
                required,
                ..
            } if properties.len() == 1 => {
                let (name, _) = properties.iter().next()?;
                required.contains(name).then_some((name.as_str(), variant))
            }
            _ => None,
        })
        .collect()
}

pub(crate) fn choose<'a>(variants: &'a [Shape], node: &Node) -> Chosen<'a> {
    let Value::Mapping(entries) = &node.value else {
        return Chosen::Untagged;
    };
    if let Some((tag, by_value)) = tag(variants) {
        let names = || by_value.keys().copied().collect();
        return match entries.get(tag).map(|entry| &entry.node.value) {
            None => Chosen::TagMissing {
                tag,
                names: names(),
            },
            Some(Value::Scalar(scalar)) => match by_value.get(text(scalar)) {
                Some(variant) => Chosen::Variant(variant),
                None => Chosen::TagUnknown {
                    tag,
                    names: names(),
                },
            },
            Some(_) => Chosen::TagUnknown {
                tag,
                names: names(),
            },
        };
    }
    let outer = outer_names(variants);
    match entries.keys().find_map(|name| outer.get(name.as_str())) {
        Some(variant) => Chosen::Variant(variant),
        None => Chosen::Untagged,
    }
}

/// Returns the name of the variant of a node, to compare the variants of two layers.
pub(crate) fn variant_name<'a>(variants: &[Shape], node: &'a Node) -> Option<&'a str> {
    let Value::Mapping(entries) = &node.value else {
        return None;
    };
    if let Some((tag, _)) = tag(variants) {
        return match &entries.get(tag)?.node.value {
            Value::Scalar(scalar) => Some(text(scalar)),
            _ => None,
        };
    }
    let outer = outer_names(variants);
    entries
        .keys()
        .map(String::as_str)
        .find(|name| outer.contains_key(name))
}

fn text(scalar: &Scalar) -> &str {
    match scalar {
        Scalar::Yaml { text, .. } | Scalar::Expanded { text, .. } | Scalar::Literal(text) => text,
        Scalar::Broken(_) => "",
        Scalar::Typed(json) => json.as_str().unwrap_or_default(),
    }
}
