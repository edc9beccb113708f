use super::ErrorForm;

/// Properties of the API that the contract does not declare.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// The name of the API.
    pub(crate) title: String,
    /// The version of the API.
    pub(crate) version: String,
    /// The name and the URL of a contact.
    pub(crate) contact: Option<(String, String)>,
    /// The format of errors.
    pub(crate) errors: ErrorForm,
    /// Whether the API is for services of the same owner only.
    pub(crate) internal: bool,
    /// Whether unsafe operations read an `Idempotency-Key`.
    pub(crate) idempotency_keys: bool,
}

impl About {
    pub(crate) fn new(title: String, version: String) -> Self {
        Self {
            title,
            version,
            contact: None,
            errors: ErrorForm::default(),
            internal: false,
            idempotency_keys: false,
        }
    }
}
