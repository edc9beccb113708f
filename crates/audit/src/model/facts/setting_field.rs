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
    /// The names.
    pub names: BTreeSet<String>,
    /// The same fields with what the file shows about their objects. Empty for languages without
    /// declared types.
    pub reads: BTreeSet<FieldRead>,
    /// Fields that contain a struct: their names, and the names of the structs.
    pub sections: BTreeSet<(String, String)>,
}

impl FieldUses {
    /// Returns reads of fields whose objects are not known.
    #[must_use]
    pub const fn of(names: BTreeSet<String>) -> Self {
        Self {
            names,
            reads: BTreeSet::new(),
            sections: BTreeSet::new(),
        }
    }
}

/// A read of a field: `settings.queue.limit`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldRead {
    /// The type of the object. Empty if the file does not show it.
    pub owner: String,
    /// The last part of the object: `queue`.
    pub section: String,
    /// The field.
    pub name: String,
}

impl Fact for FieldUses {
    const KIND: &'static str = "reads of fields";
}
