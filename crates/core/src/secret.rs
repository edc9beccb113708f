use std::{any::Any, borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroize;

use crate::SecretRotation;

/// A secret value: zeroized on drop, formatted as `***`, and not serializable (CONF-5, OBS-3).
///
/// ```
/// use seaworthy_core::Secret;
///
/// let password = Secret::new("correct horse".to_owned());
/// assert_eq!(format!("{password:?}"), "***");
/// assert_eq!(password.expose(), "correct horse");
/// ```
///
/// A secret cannot be serialized, also not by a derive on a type that contains it:
///
/// ```compile_fail
/// serde_json::to_string(&seaworthy_core::Secret::new("x".to_owned()));
/// ```
#[derive(Clone)]
pub struct Secret<T: Zeroize> {
    value: T,
    /// Set if the value comes from a reference in settings.
    rotation: Option<SecretRotation>,
}

impl<T: Zeroize> Secret<T> {
    /// Creates a secret.
    pub const fn new(value: T) -> Self {
        Self {
            value,
            rotation: None,
        }
    }

    /// Returns the value. Do not format or store it.
    pub const fn expose(&self) -> &T {
        &self.value
    }
}

impl Secret<String> {
    /// Creates a secret that follows a rotation.
    #[must_use]
    pub fn with_rotation(value: String, rotation: &SecretRotation) -> Self {
        Self {
            value,
            rotation: Some(rotation.clone()),
        }
    }

    /// Returns the newest value of a secret that settings name by reference, such as
    /// `file:/run/secrets/name`, or the value itself. Call it for each use, such as each new
    /// connection, so that a rotated secret takes effect without a restart (CONF-5).
    #[must_use]
    pub fn current(&self) -> Self {
        let newest = self.rotation.as_ref().and_then(SecretRotation::follow);
        newest.unwrap_or_else(|| self.clone())
    }

    /// Returns a number that changes when [`current`](Self::current) returns another value. It is
    /// cheap enough to be read for each request, for example to replace a parsed key.
    #[must_use]
    pub fn version(&self) -> u64 {
        let rotation = self.rotation.as_ref();
        rotation.map_or(0, SecretRotation::follow_version)
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl<'de, T: Zeroize + Deserialize<'de> + 'static> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut secret = Self::new(T::deserialize(deserializer)?);
        let value: &dyn Any = &secret.value;
        secret.rotation = value
            .downcast_ref::<String>()
            .and_then(|value| SecretRotation::of(value));
        Ok(secret)
    }
}

impl<T: Zeroize> JsonSchema for Secret<T> {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "writeOnly": true,
            "x-secret": true,
            "description": "A reference to a secret: env:NAME, file:/path, vault:mount/path#key or aws:NAME.",
        })
    }
}
