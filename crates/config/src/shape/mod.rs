//! The JSON Schema of the settings types, compiled for the checks of a tree.
//!
//! It supports the keywords that schemars writes. Any other keyword is an error of the schema, so
//! that no bound is ignored.

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

/// The accepted values of a key.
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
    /// A struct with known names.
    Section {
        properties: BTreeMap<String, Shape>,
        required: BTreeSet<String>,
        /// Whether other names are errors, as with `deny_unknown_fields`.
        closed: bool,
    },
    /// A map with names that the user chooses.
    Map {
        names: Option<Pattern>,
        values: Box<Shape>,
    },
    List(ListShape),
    /// An enum with data or without a tag.
    Choice(Vec<Shape>),
    Scalar(Box<ScalarShape>),
    Anything,
}

#[derive(Debug, Clone)]
pub(crate) struct ListShape {
    /// The shapes of the items of a tuple.
    pub(crate) first: Vec<Shape>,
    /// The shape of further items, if the list accepts any.
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
    /// Returns the shape of a member.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        match &self.form {
            Form::Section { properties, .. } => properties.get(name),
            Form::Map { values, .. } => Some(values),
            Form::Choice(variants) => variants.iter().find_map(|variant| variant.member(name)),
            Form::List(_) | Form::Scalar(_) | Form::Anything => None,
        }
    }

    /// Returns the known names of members.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        match &self.form {
            Form::Section { properties, .. } => properties.keys().map(String::as_str).collect(),
            Form::Choice(variants) => variants.iter().flat_map(Self::names).collect(),
            _ => BTreeSet::new(),
        }
    }

    /// Whether it has members.
    pub(crate) fn is_mapping(&self) -> bool {
        match &self.form {
            Form::Section { .. } | Form::Map { .. } => true,
            Form::Choice(variants) => variants.iter().any(Self::is_mapping),
            _ => false,
        }
    }
}
