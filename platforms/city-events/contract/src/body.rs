use serde::de::{DeserializeOwned, Error as _};

/// Reads a JSON object. serde also reads a list as an object's members in their order, which no client means and no document says.
///
/// ```
/// #[derive(Debug, serde::Deserialize)]
/// struct Named {
///     name: String,
/// }
///
/// let named: Named = city_events_contract::object(br#" {"name": "Ada"}"#)?;
/// assert_eq!(named.name, "Ada");
/// assert!(city_events_contract::object::<Named>(br#"["Ada"]"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// It is not one object, or not this one.
pub fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(serde_json::Error::custom("a list is no object"));
    }
    serde_json::from_slice(body)
}
