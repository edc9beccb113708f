use seaworthy_core::Secret;

/// The schemes of references. Any other text is the secret itself.
const SCHEMES: [&str; 4] = ["env", "file", "vault", "aws"];

/// A reference without its value: the scheme and the locator.
pub(crate) type ReferenceKey = (&'static str, String);

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

    /// Returns what identifies an external secret. `None` for a literal.
    pub(crate) fn key(&self) -> Option<ReferenceKey> {
        match self {
            Self::External { scheme, locator } => Some((*scheme, locator.clone())),
            Self::Literal(_) => None,
        }
    }

    pub(crate) fn literal(text: &str) -> Self {
        Self::Literal(Secret::new(text.to_owned()))
    }
}
