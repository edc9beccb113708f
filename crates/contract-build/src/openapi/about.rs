use super::ErrorForm;

/// What the document says that the contract does not.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// The name of the API.
    pub(crate) title: String,
    /// The version of the API.
    pub(crate) version: String,
    /// Whom to ask: a name and a URL.
    pub(crate) contact: Option<(String, String)>,
    /// The form of errors.
    pub(crate) errors: ErrorForm,
    /// The API is for services of the same owner only.
    pub(crate) internal: bool,
    /// Every operation needs a bearer token.
    pub(crate) bearer_tokens: bool,
    /// Unsafe operations read an `Idempotency-Key`.
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
            bearer_tokens: false,
            idempotency_keys: false,
        }
    }
}
