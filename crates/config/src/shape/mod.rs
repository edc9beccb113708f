//! The JSON Schema of the settings types, compiled into what the passes over a tree ask for.
//!
//! Only what schemars writes is read. A keyword that would be passed over in silence makes the schema itself an error, because a bound that nobody
//! checks is worse than none.

mod choice;
mod compile;
mod pattern;
mod scalar;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::mark::Marks;

pub(crate) use choice::{Chosen, choose, variant_name};
pub(crate) use compile::compile;
pub(crate) use pattern::Pattern;
pub(crate) use scalar::{Kinds, ScalarShape};

/// What one place of the tree may hold.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) description: Option<String>,
    pub(crate) default: Option<Json>,
    pub(crate) reloadable: bool,
    pub(crate) secret: bool,
    pub(crate) marks: Marks,
    pub(crate) nullable: bool,
    pub(crate) form: Form,
}

#[derive(Debug, Clone)]
pub(crate) enum Form {
    /// A struct: known names only.
    Section {
        properties: BTreeMap<String, Shape>,
        required: BTreeSet<String>,
        /// Whether other names are refused, which they are unless the type forgot `deny_unknown_fields`.
        closed: bool,
    },
    /// A map whose names the user chooses.
    Map {
        names: Option<Pattern>,
        values: Box<Shape>,
    },
    List(ListShape),
    /// An enum with data, or an untagged one.
    Choice(Vec<Shape>),
    Scalar(Box<ScalarShape>),
    Anything,
}

#[derive(Debug, Clone)]
pub(crate) struct ListShape {
    /// The shapes of the first items, for a tuple.
    pub(crate) first: Vec<Shape>,
    /// The shape of every further item; `None` where there are none.
    pub(crate) rest: Option<Box<Shape>>,
    pub(crate) minimum: Option<u64>,
    pub(crate) maximum: Option<u64>,
    pub(crate) unique: bool,
}

impl ListShape {
    pub(crate) fn item(&self, index: usize) -> Option<&Shape> {
        self.first.get(index).or(self.rest.as_deref())
    }
}

impl Shape {
    /// The shape of the value under a name.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        match &self.form {
            Form::Section { properties, .. } => properties.get(name),
            Form::Map { values, .. } => Some(values),
            Form::Choice(variants) => variants.iter().find_map(|variant| variant.member(name)),
            Form::List(_) | Form::Scalar(_) | Form::Anything => None,
        }
    }

    /// The names that a value may have below it, where they are known.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        match &self.form {
            Form::Section { properties, .. } => properties.keys().map(String::as_str).collect(),
            Form::Choice(variants) => variants.iter().flat_map(Self::names).collect(),
            _ => BTreeSet::new(),
        }
    }

    /// Whether names stand below it.
    pub(crate) fn is_mapping(&self) -> bool {
        match &self.form {
            Form::Section { .. } | Form::Map { .. } => true,
            Form::Choice(variants) => variants.iter().any(Self::is_mapping),
            _ => false,
        }
    }
}
