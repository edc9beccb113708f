//! Fields of structs of settings, and the fields that code reads.

use std::collections::BTreeSet;

use crate::model::Fact;
use crate::source::Location;

/// A field of a struct that contains settings, by the name of the struct.
#[derive(Debug, Clone)]
pub struct SettingField {
    /// The name of the struct.
    pub owner: String,
    /// The name of the field.
    pub name: String,
    /// Whether a person has to verify that no code reads the field.
    pub is_review: bool,
    /// The places where the file sets the field.
    pub places: Vec<Location>,
}

impl Fact for SettingField {
    const KIND: &'static str = "settings fields";
}

/// The names of all fields that a file reads, of any struct.
#[derive(Debug, Clone)]
pub struct FieldUses {
    /// Names.
    pub names: BTreeSet<String>,
}

impl Fact for FieldUses {
    const KIND: &'static str = "reads of fields";
}
