use seaworthy_core::Secret;

/// The schemes of references. Any other text is the secret itself.
const SCHEMES: [&str; 3] = ["env", "file", "vault"];

/// The configured text of a secret.
#[derive(Clone, Debug)]
pub(crate) enum Reference {
    /// `scheme:locator`.
    External {
        scheme: &'static str,
        locator: String,
    },
    /// The secret itself.
    Literal(Secret<String>),
}

impl Reference {
    pub(crate) fn read(text: &str) -> Self {
        SCHEMES
            .iter()
            .find_map(|scheme| {
                let locator = text.strip_prefix(scheme)?.strip_prefix(':')?;
                let locator = locator.trim().to_owned();
                Some(Self::External { scheme, locator })
            })
            .unwrap_or_else(|| Self::literal(text))
    }

    pub(crate) fn literal(text: &str) -> Self {
        Self::Literal(Secret::new(text.to_owned()))
    }
}
