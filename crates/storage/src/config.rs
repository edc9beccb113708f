use schemars::JsonSchema;
use seaworthy_client::BaseUrl;
use seaworthy_core::{ByteSize, Secret};
use serde::{Deserialize, Serialize};

use crate::StorageUrl;

/// The default of `max_object_size`: the maximum size of one PUT request to S3.
const DEFAULT_MAX_OBJECT_SIZE: ByteSize = ByteSize::mebibytes(5 * 1024);
/// The default of `max_memory`, enough for the pictures of a test or a demonstration.
const DEFAULT_MAX_MEMORY: ByteSize = ByteSize::mebibytes(64);
/// The default of `region`. Servers without regions accept it.
const DEFAULT_REGION: &str = "us-east-1";

/// Settings of a storage. Timeouts, retries and limits of requests to S3 are settings of
/// `clients.NAME`.
///
/// ```
/// use seaworthy_core::{ByteSize, Secret};
/// use seaworthy_storage::StorageConfig;
///
/// let config = StorageConfig {
///     url: "s3+https://s3.internal/media".parse().unwrap(),
///     access_key: Some("media".to_owned()),
///     secret_key: Some(Secret::new("secret".to_owned())),
///     max_object_size: ByteSize::mebibytes(20),
///     ..StorageConfig::default()
/// };
/// # drop(config);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StorageConfig {
    /// URL of the object store: s3://bucket, s3+https://host/bucket, file:/directory or memory:.
    /// Production rejects memory: and unencrypted links to other machines.
    pub url: StorageUrl,
    /// The region of the bucket.
    pub region: String,
    /// The identifier of the access key of S3.
    pub access_key: Option<String>,
    /// The secret part of the access key of S3.
    #[serde(skip_serializing)]
    pub secret_key: Option<Secret<String>>,
    /// The session token of temporary credentials of S3.
    #[serde(skip_serializing)]
    pub session_token: Option<Secret<String>>,
    /// Maximum size of an object. At most 78 GiB in S3.
    pub max_object_size: ByteSize,
    /// Maximum size of all objects and unfinished uploads in memory:.
    pub max_memory: ByteSize,
    /// The address that signed URLs contain. For S3 it replaces scheme, host and port of `url`, if
    /// clients reach the server at another address. For file: and memory: it is the address of the
    /// routes that this service serves.
    pub public_url: Option<BaseUrl>,
    /// The key of signed URLs for file: and memory:, with at least 32 bytes. Replicas need the same
    /// key. Without it each process creates a random key.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub signing_key: Option<Secret<String>>,
}

impl StorageConfig {
    /// Returns the settings with Amazon's address as `public_url`, if the bucket is at Amazon and
    /// `public_url` is still `own_routes`. Use it in services whose default is the address of their
    /// own routes, so that a bucket needs no second setting.
    #[must_use]
    pub fn with_public_address(mut self, own_routes: &str) -> Self {
        let own_routes = own_routes.trim_end_matches('/');
        let is_default = self
            .public_url
            .as_ref()
            .is_some_and(|base| base.url().as_str().trim_end_matches('/') == own_routes);
        if is_default && matches!(self.url, StorageUrl::Amazon { .. }) {
            let address = format!("https://s3.{}.amazonaws.com", self.region);
            self.public_url = address.parse().ok();
        }
        self
    }
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self {
            url: StorageUrl::default(),
            region: DEFAULT_REGION.to_owned(),
            access_key: None,
            secret_key: None,
            session_token: None,
            max_object_size: DEFAULT_MAX_OBJECT_SIZE,
            max_memory: DEFAULT_MAX_MEMORY,
            public_url: None,
            signing_key: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "http://127.0.0.1:3005/media";

    fn public_url(url: &str, public_url: &str) -> Option<String> {
        let config = StorageConfig {
            url: url.parse().unwrap(),
            region: "ap-south-1".to_owned(),
            public_url: public_url.parse().ok(),
            ..StorageConfig::default()
        };
        let public = config.with_public_address(OWN).public_url?;
        Some(public.url().as_str().trim_end_matches('/').to_owned())
    }

    #[test]
    fn bucket_at_amazon_replaces_address_of_own_routes_conf_1() {
        let amazon = "https://s3.ap-south-1.amazonaws.com";
        assert_eq!(public_url("s3://media", OWN).as_deref(), Some(amazon));
        assert_eq!(public_url("file:/media", OWN).as_deref(), Some(OWN));
        let chosen = "https://cdn.example.org";
        assert_eq!(public_url("s3://media", chosen).as_deref(), Some(chosen));
        let compatible = "s3+https://s3.internal/media";
        assert_eq!(public_url(compatible, OWN).as_deref(), Some(OWN));
    }
}
