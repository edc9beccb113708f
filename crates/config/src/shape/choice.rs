//! Which variant of an enum a node means, by the three ways in which serde writes one.

use std::collections::BTreeMap;

use super::{Form, Shape};
use crate::tree::{Node, Scalar, Value};

/// What a node says about the variant it wants.
pub(crate) enum Chosen<'a> {
    Variant(&'a Shape),
    /// The property that decides, and what it may hold.
    TagMissing {
        tag: &'a str,
        names: Vec<&'a str>,
    },
    TagUnknown {
        tag: &'a str,
        names: Vec<&'a str>,
    },
    /// No name decides: each variant has to be tried.
    Untagged,
}

/// The property that tells variants apart, with the variant for each of its values.
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

/// The variants that are written as a mapping with one key, which names them.
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

/// The name that the node writes for its variant, to see whether two layers mean the same one.
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
