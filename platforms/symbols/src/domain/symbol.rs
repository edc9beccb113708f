/// What a client says of a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) project_id: u64,
    /// Unique among the symbols of the project that were not removed.
    pub(crate) uid: String,
    pub(crate) label: String,
    pub(crate) class_name: String,
    pub(crate) component_target: String,
    /// The client's own number: never compared, never counted up.
    pub(crate) version: u32,
}

/// A symbol that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Symbol {
    /// Given by the store, rising.
    pub(crate) id: u64,
    pub(crate) attributes: Attributes,
    pub(crate) data: Vec<u8>,
}
