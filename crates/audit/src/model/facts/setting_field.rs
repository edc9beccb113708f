//! Fields of structs of settings, and the fields that code reads.

use std::collections::BTreeSet;

use crate::model::Fact;
use crate::source::Location;

/// A field of a struct whose name says that it holds settings.
#[derive(Debug, Clone)]
pub struct SettingField {
    /// The name of the struct.
    pub owner: String,
    /// The name of the field.
    pub name: String,
    /// Where the file gives the field a value.
    pub places: Vec<Location>,
}

impl Fact for SettingField {
    const KIND: &'static str = "fields of settings";
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
