/// Attributes that a client sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) project_id: u64,
    /// The UID, unique among the symbols of a project that are not deleted.
    pub(crate) uid: String,
    pub(crate) label: String,
    pub(crate) class_name: String,
    pub(crate) component_target: String,
    /// A number of the client. The service does not interpret it.
    pub(crate) version: u32,
}

/// A stored symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Symbol {
    /// The ID, ascending and assigned by the store.
    pub(crate) id: u64,
    pub(crate) attributes: Attributes,
    pub(crate) data: Vec<u8>,
}
