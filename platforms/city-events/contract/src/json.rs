use serde::de::{DeserializeOwned, Error as _};

/// Parses a JSON object. Rejects an array, which serde reads as the members of a struct in order.
///
/// ```
/// #[derive(Debug, serde::Deserialize)]
/// struct User {
///     name: String,
/// }
///
/// let user: User = city_events_contract::json_object(br#" {"name": "Ada"}"#)?;
/// assert_eq!(user.name, "Ada");
/// assert!(city_events_contract::json_object::<User>(br#"["Ada"]"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// The body is not one JSON object, or `T` does not accept it.
pub fn json_object<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(serde_json::Error::custom(
            "expected a JSON object, got an array",
        ));
    }
    serde_json::from_slice(body)
}
