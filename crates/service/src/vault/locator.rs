use seaworthy_config::SecretError;

/// The part after `vault:`, checked so that it can be inserted into a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Locator<'a> {
    pub(super) mount: &'a str,
    pub(super) path: &'a str,
    pub(super) key: &'a str,
}

impl<'a> Locator<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, SecretError> {
        let malformed = || {
            SecretError::new("expected vault:mount/path#key, of letters, digits, `_`, `-` and `.`")
        };
        let (place, key) = text.split_once('#').ok_or_else(malformed)?;
        let (mount, path) = place.split_once('/').ok_or_else(malformed)?;
        let is_plain = |segment: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
            segment.bytes().all(known) && segment.bytes().any(|byte| byte != b'.')
        };
        if !place.split('/').all(is_plain) || key.is_empty() {
            return Err(malformed());
        }
        Ok(Self { mount, path, key })
    }
}
