//! Reads and writes versions as text.

use semver::Version;
use serde::{Deserialize, Deserializer, Serializer, de};

pub(super) fn serialize<S: Serializer>(version: &Version, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(version)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Version, D::Error> {
    let text = String::deserialize(from)?;
    let invalid = |error| de::Error::custom(format!("{text:?} is not a version: {error}"));
    Version::parse(&text).map_err(invalid)
}

/// Reads and writes the versions of plugins, by their names.
pub(crate) mod versions {
    use std::collections::BTreeMap;

    use super::{Deserialize, Deserializer, Serializer, Version};

    /// A version that is read from text.
    #[derive(Deserialize)]
    struct Text(#[serde(deserialize_with = "super::deserialize")] Version);

    pub(crate) fn serialize<S: Serializer>(
        versions: &BTreeMap<String, Version>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_map(
            versions
                .iter()
                .map(|(name, version)| (name, version.to_string())),
        )
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<String, Version>, D::Error> {
        let texts = BTreeMap::<String, Text>::deserialize(from)?;
        Ok(texts
            .into_iter()
            .map(|(name, Text(version))| (name, version))
            .collect())
    }
}
