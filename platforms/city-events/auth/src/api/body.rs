use seaworthy::{
    axum::{
        body::Bytes,
        extract::{FromRequest, Request},
    },
    prelude::*,
};
use serde::de::DeserializeOwned;

/// Extracts a JSON object from the body of a request. It ignores the content type, which clients
/// of the legacy service do not set, and unknown fields.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = super::errors::ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|_| Error::new(Code::TooLarge, "BODY_TOO_LARGE", "the body cannot be read"))?;
        Ok(Self(read(&bytes)?))
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let invalid = || {
        Error::new(
            Code::Invalid,
            "INVALID_JSON",
            "the body must be one JSON object with the documented fields",
        )
    };
    // Serde reads a list as the fields in their order.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(invalid());
    }
    // The message of serde may contain a password.
    serde_json::from_slice(bytes).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Named {
        name: Option<String>,
    }

    #[test]
    fn accepts_only_one_json_object_api_3() {
        let name = |text: &str| read::<Named>(text.as_bytes()).map(|named| named.name);
        assert_eq!(
            name(r#"{"name":"a","other":1}"#).unwrap().as_deref(),
            Some("a")
        );
        assert_eq!(name(" {} ").unwrap(), None);
        for text in [
            "",
            "null",
            "[]",
            r#"["a"]"#,
            "{",
            r#"{"name":1}"#,
            "{} {}",
            "{}x",
            r#""a""#,
        ] {
            assert_eq!(name(text).unwrap_err().reason(), "INVALID_JSON", "{text:?}");
        }
    }
}
