use std::{borrow::Cow, fmt, path::PathBuf, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

const MEMORY: &str = "memory:";
const FILE: &str = "file:";

/// The URL of a storage.
///
/// ```
/// use seaworthy_storage::StorageUrl;
///
/// for text in ["memory:", "file:/var/lib/media", "s3://media", "s3+https://s3.internal/media"] {
///     assert!(text.parse::<StorageUrl>().is_ok());
/// }
/// assert!("https://media".parse::<StorageUrl>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StorageUrl {
    /// The memory of this process, for tests and development.
    #[default]
    Memory,
    /// Files below this directory.
    File(PathBuf),
    /// A bucket of Amazon S3.
    Amazon {
        /// The name of the bucket.
        bucket: String,
    },
    /// A bucket of a server that is compatible with S3.
    Compatible {
        /// Scheme, host and port of the server.
        endpoint: Url,
        /// The name of the bucket.
        bucket: String,
    },
}

/// The text is not the URL of a storage. The error omits the text, which may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the storage URL is not valid: use s3://bucket, s3+https://host/bucket, file:/directory or memory:"
)]
pub struct InvalidStorageUrl;

impl FromStr for StorageUrl {
    type Err = InvalidStorageUrl;

    fn from_str(text: &str) -> Result<Self, InvalidStorageUrl> {
        if text == MEMORY {
            return Ok(Self::Memory);
        }
        if let Some(path) = text.strip_prefix(FILE) {
            return directory(path).map(Self::File);
        }
        let (scheme, rest) = text.split_once("://").ok_or(InvalidStorageUrl)?;
        match scheme {
            "s3" => bucket(rest).map(|bucket| Self::Amazon { bucket }),
            "s3+http" | "s3+https" => {
                let url = text.strip_prefix("s3+").unwrap_or(text);
                compatible(Url::parse(url).map_err(|_| InvalidStorageUrl)?)
            }
            _ => Err(InvalidStorageUrl),
        }
    }
}

/// Accepts `file:/path`, `file:///path` and `file:path`. `file://host/path` names another machine.
fn directory(path: &str) -> Result<PathBuf, InvalidStorageUrl> {
    let path = match path.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some(_) => return Err(InvalidStorageUrl),
        None => path,
    };
    if path.is_empty() || path.contains(['?', '#', '\0']) {
        return Err(InvalidStorageUrl);
    }
    Ok(path.into())
}

/// Checks the name of a bucket by the rules of S3.
fn bucket(name: &str) -> Result<String, InvalidStorageUrl> {
    let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    let is_name = (3..=63).contains(&bytes.len())
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && !name.contains("..")
        && bytes
            .iter()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'));
    if is_name {
        Ok(name.to_owned())
    } else {
        Err(InvalidStorageUrl)
    }
}

fn compatible(mut endpoint: Url) -> Result<StorageUrl, InvalidStorageUrl> {
    let is_plain = endpoint.has_host()
        && endpoint.username().is_empty()
        && endpoint.password().is_none()
        && endpoint.query().is_none()
        && endpoint.fragment().is_none();
    let name = endpoint.path().strip_prefix('/').ok_or(InvalidStorageUrl)?;
    let bucket = bucket(name.strip_suffix('/').unwrap_or(name))?;
    endpoint.set_path("/");
    if is_plain {
        Ok(StorageUrl::Compatible { endpoint, bucket })
    } else {
        Err(InvalidStorageUrl)
    }
}

impl fmt::Display for StorageUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => formatter.write_str(MEMORY),
            Self::File(path) => write!(formatter, "{FILE}{}", path.display()),
            Self::Amazon { bucket } => write!(formatter, "s3://{bucket}"),
            Self::Compatible { endpoint, bucket } => write!(formatter, "s3+{endpoint}{bucket}"),
        }
    }
}

impl Serialize for StorageUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StorageUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for StorageUrl {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "StorageUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(memory:$|file:|s3://|s3\\+https?://)",
            "x-link": true,
            "description": "Where objects are stored: s3://bucket, s3+https://host/bucket, file:/directory or memory:.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_urls_round_trip_conf_1() {
        for text in [
            "memory:",
            "file:/var/lib/media",
            "file:media",
            "s3://media",
            "s3://media.example.org",
            "s3+http://127.0.0.1:7070/media",
            "s3+https://s3.internal/media",
        ] {
            assert_eq!(text.parse::<StorageUrl>().unwrap().to_string(), text);
        }
        assert_eq!(
            "file:///var/lib/media".parse(),
            Ok(StorageUrl::File("/var/lib/media".into()))
        );
    }

    #[test]
    fn invalid_storage_urls_are_rejected_conf_1() {
        for text in [
            "",
            "media",
            "memory",
            "memory:media",
            "file:",
            "file://host/media",
            "s3://",
            "s3://media/prefix",
            "s3://Media",
            "s3://../media",
            "s3+https://s3.internal",
            "s3+https://s3.internal/a/b",
            "s3+https://key:secret@s3.internal/media",
            "s3+https://s3.internal/media?region=x",
            "https://s3.internal/media",
        ] {
            assert_eq!(text.parse::<StorageUrl>(), Err(InvalidStorageUrl), "{text}");
        }
    }
}
