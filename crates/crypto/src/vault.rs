use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use seaworthy_client::{HttpClient, HttpResponse, RequestBuilder};
use seaworthy_core::Secret;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    CryptoError, KeyId,
    wrap::{DataKey, WrapFuture, WrapKeys, WrappedKey},
};

/// The default mount of the engine.
const DEFAULT_MOUNT: &str = "transit";

/// The actions that do not need a stored value.
const ENCRYPT: &str = "encrypt";
const ROTATE: &str = "rotate";

/// Vault distinguishes the causes of status 400 by text only. These are the texts of the engine.
const NO_KEY: &str = "key not found";
/// The text for a version below `min_decryption_version` of the key.
const TOO_OLD: &str = "disallowed by policy (too old)";

/// The engine and the key.
#[derive(Debug, Clone)]
pub struct VaultTransitConfig {
    /// The mount of the transit engine.
    pub mount: String,
    /// The name of the key.
    pub key: KeyId,
    /// The namespace of the engine. The default is that of the token.
    pub namespace: Option<String>,
}

impl VaultTransitConfig {
    /// Creates the settings for a key of the engine at `transit`.
    #[must_use]
    pub fn new(key: KeyId) -> Self {
        Self {
            mount: DEFAULT_MOUNT.to_owned(),
            key,
            namespace: None,
        }
    }
}

/// The transit engine of Vault or OpenBao. Key-encryption keys never leave it. It needs one call
/// for each new data key and one for the first read with each data key. Values are not sent.
///
/// The token needs `update` on `encrypt/KEY`, `decrypt/KEY` and `rewrap/KEY` below the mount. A
/// token that rotates needs `update` on `keys/KEY/rotate`. Do not grant `create` on `encrypt/KEY`,
/// or a mistyped name creates a new key. The service does not renew the token. Renew it separately,
/// for example with the Vault Agent.
///
/// The `base_url` of the client is the address of Vault. Its `tls.ca` is the file of a private
/// authority. Its timeouts and policies apply to every call. Wrapping has no effect on Vault, so it
/// is retried.
///
/// ```
/// use seaworthy_client::HttpClient;
/// use seaworthy_core::Secret;
/// use seaworthy_crypto::{KeyId, VaultTransit, VaultTransitConfig};
///
/// fn transit(
///     client: HttpClient,
///     token: Secret<String>,
/// ) -> Result<VaultTransit, Box<dyn std::error::Error>> {
///     let config = VaultTransitConfig {
///         namespace: Some("orders".to_owned()),
///         ..VaultTransitConfig::new(KeyId::new("order-keys")?)
///     };
///     Ok(VaultTransit::new(client, token, config)?)
/// }
/// ```
pub struct VaultTransit {
    client: HttpClient,
    token: Secret<String>,
    config: VaultTransitConfig,
    namespace: Option<HeaderValue>,
}

#[derive(Deserialize)]
struct VaultResponse {
    data: Data,
}

/// An error response of Vault.
#[derive(Deserialize)]
struct Rejection {
    errors: Vec<String>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    ciphertext: Option<String>,
    #[serde(default)]
    plaintext: Option<Secret<String>>,
}

impl VaultTransit {
    /// Creates a holder that calls Vault through this client with this token.
    ///
    /// # Errors
    /// The mount is not a path of plain names, or the namespace is not a valid header value.
    pub fn new(
        client: HttpClient,
        token: Secret<String>,
        config: VaultTransitConfig,
    ) -> Result<Self, CryptoError> {
        if !config.mount.split('/').all(|part| KeyId::new(part).is_ok()) {
            return Err(CryptoError::Key(
                "the mount of the engine is not a path of plain names",
            ));
        }
        let namespace = config.namespace.as_deref().map(HeaderValue::from_str);
        let namespace = namespace
            .transpose()
            .map_err(|_| CryptoError::Key("the namespace is not a valid header value"))?;
        Ok(Self {
            client,
            token,
            config,
            namespace,
        })
    }

    fn post(&self, path: &str) -> RequestBuilder {
        let path = format!("/v1/{}/{path}", self.config.mount);
        let request = self
            .client
            .post(path.as_str())
            .header("x-vault-token", self.token.expose().as_str())
            .header("x-vault-request", "true");
        match &self.namespace {
            Some(namespace) => request.header("x-vault-namespace", namespace.clone()),
            None => request,
        }
    }

    async fn call(&self, action: &str, key: &KeyId, body: &Value) -> Result<Data, CryptoError> {
        let request = self.post(&format!("{action}/{key}")).idempotent();
        let answer = accepted(request.json(body).send().await?, action, key).await?;
        Ok(answer.json::<VaultResponse>().await?.data)
    }

    /// Rotates the key with a single request, because a retry would create a second version.
    async fn rotate_now(&self) -> Result<(), CryptoError> {
        let key = &self.config.key;
        let request = self.post(&format!("keys/{key}/{ROTATE}"));
        let answer = request.json(&json!({})).send().await?;
        accepted(answer, ROTATE, key).await.map(drop)
    }

    async fn wrap_now(&self, key: &DataKey) -> Result<WrappedKey, CryptoError> {
        let plain = Secret::new(STANDARD.encode(key.expose().expose()));
        let body = json!({ "plaintext": plain.expose() });
        let data = self.call(ENCRYPT, &self.config.key, &body).await?;
        self.wrapped(data)
    }

    fn wrapped(&self, data: Data) -> Result<WrappedKey, CryptoError> {
        let text = data
            .ciphertext
            .filter(|text| text.starts_with("vault:v"))
            .ok_or(CryptoError::Rejected("the response contains no ciphertext"))?;
        Ok(WrappedKey {
            key_id: self.config.key.clone(),
            bytes: text.into_bytes().into(),
        })
    }

    async fn unwrap_now(&self, wrapped: &WrappedKey) -> Result<DataKey, CryptoError> {
        let data = self
            .call("decrypt", &wrapped.key_id, &cipher(wrapped)?)
            .await?;
        let text = data
            .plaintext
            .ok_or(CryptoError::Rejected("the response contains no plaintext"))?;
        let bytes = STANDARD.decode(text.expose());
        DataKey::from_bytes(&Secret::new(
            bytes.map_err(|_| CryptoError::DecryptionFailed)?,
        ))
    }

    async fn rewrap_now(&self, wrapped: &WrappedKey) -> Result<Option<WrappedKey>, CryptoError> {
        if wrapped.key_id != self.config.key {
            let key = self.unwrap_now(wrapped).await?;
            return self.wrap_now(&key).await.map(Some);
        }
        let data = self
            .call("rewrap", &wrapped.key_id, &cipher(wrapped)?)
            .await?;
        let anew = self.wrapped(data)?;
        // Vault also rewraps with the same version. Only a newer one is stored.
        Ok((version(&anew) != version(wrapped)).then_some(anew))
    }
}

/// Reads a successful response of Vault.
async fn accepted(
    answer: HttpResponse,
    action: &str,
    key: &KeyId,
) -> Result<HttpResponse, CryptoError> {
    match answer.status().as_u16() {
        200 | 204 => Ok(answer),
        400 => Err(answer.json::<Rejection>().await?.of(action, key)),
        403 => Err(CryptoError::Rejected(
            "the token has no permission for this key",
        )),
        404 => Err(CryptoError::Rejected(
            "the mount of the engine or the name of the key is wrong",
        )),
        _ => {
            answer.success()?;
            Err(CryptoError::Rejected(
                "the response has an unexpected status",
            ))
        }
    }
}

impl Rejection {
    fn of(&self, action: &str, key: &KeyId) -> CryptoError {
        let says = |words| self.errors.iter().any(|error| error.contains(words));
        if says(NO_KEY) {
            CryptoError::UnknownKey(key.to_string())
        } else if says(TOO_OLD) {
            CryptoError::Rejected("the version of the key is below min_decryption_version")
        } else if action == ENCRYPT {
            CryptoError::Rejected("a derived key cannot be used")
        } else if action == ROTATE {
            CryptoError::Rejected("this key cannot be rotated")
        } else {
            CryptoError::DecryptionFailed
        }
    }
}

fn cipher(wrapped: &WrappedKey) -> Result<Value, CryptoError> {
    let text = str::from_utf8(&wrapped.bytes).map_err(|_| CryptoError::Malformed)?;
    Ok(json!({ "ciphertext": text }))
}

/// Returns `v3` of `vault:v3:…`.
fn version(wrapped: &WrappedKey) -> Option<&str> {
    str::from_utf8(&wrapped.bytes).ok()?.split(':').nth(1)
}

impl WrapKeys for VaultTransit {
    fn wrap<'a>(&'a self, key: &'a DataKey) -> WrapFuture<'a, WrappedKey> {
        Box::pin(self.wrap_now(key))
    }

    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, DataKey> {
        Box::pin(self.unwrap_now(wrapped))
    }

    fn rewrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, Option<WrappedKey>> {
        Box::pin(self.rewrap_now(wrapped))
    }

    fn rotate(&self) -> WrapFuture<'_, ()> {
        Box::pin(self.rotate_now())
    }
}

impl fmt::Debug for VaultTransit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VaultTransit")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
