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

/// Where Vault mounts the engine unless told otherwise.
const MOUNT: &str = "transit";

/// The actions that have nothing stored to blame.
const ENCRYPT: &str = "encrypt";
const ROTATE: &str = "rotate";

/// Vault says by words alone which of many things 400 means; these are the engine's.
const NO_KEY: &str = "key not found";
/// The version lies below the key's `min_decryption_version`.
const TOO_OLD: &str = "disallowed by policy (too old)";

/// Which key of which engine.
#[derive(Debug, Clone)]
pub struct VaultTransitConfig {
    /// Where the transit engine is mounted.
    pub mount: String,
    /// The name of the key.
    pub key: KeyId,
    /// The namespace of the engine, where Vault has several tenants; else the one of the token.
    pub namespace: Option<String>,
}

impl VaultTransitConfig {
    /// A key of the engine at `transit`.
    #[must_use]
    pub fn new(key: KeyId) -> Self {
        Self {
            mount: MOUNT.to_owned(),
            key,
            namespace: None,
        }
    }
}

/// The transit engine of Vault or OpenBao as the holder of key-encryption keys: they never leave it. One call for each new data key and for each one that is read first;
/// values themselves never travel.
///
/// The token needs `update` on `encrypt/KEY`, `decrypt/KEY` and `rewrap/KEY` below the mount, and that of who rotates on `keys/KEY/rotate`; with `create` on `encrypt/KEY` too, a name that is mistyped makes a new key.
/// It is not renewed here: one that expires has to be renewed beside the service, as Vault's agent does.
///
/// The client's `base_url` is Vault's address, and its `tls.ca` the file of an authority of one's own, without which only those of the system are believed; its timeouts and policies bound every call. Wrapping has no effect at Vault and may be tried again.
pub struct VaultTransit {
    client: HttpClient,
    token: Secret<String>,
    config: VaultTransitConfig,
    namespace: Option<HeaderValue>,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

/// What Vault says where it does not do what it was asked.
#[derive(Deserialize)]
struct Refusal {
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
    /// Asks Vault through this client with this token.
    ///
    /// # Errors
    /// The mount is no path of plain names, or the namespace cannot be sent in a header.
    pub fn new(
        client: HttpClient,
        token: Secret<String>,
        config: VaultTransitConfig,
    ) -> Result<Self, CryptoError> {
        if !config.mount.split('/').all(|part| KeyId::new(part).is_ok()) {
            return Err(CryptoError::Key(
                "the mount of the engine is no path of plain names",
            ));
        }
        let namespace = config.namespace.as_deref().map(HeaderValue::from_str);
        let namespace = namespace
            .transpose()
            .map_err(|_| CryptoError::Key("the namespace cannot be sent in a header"))?;
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

    async fn ask(&self, action: &str, key: &KeyId, body: &Value) -> Result<Data, CryptoError> {
        let request = self.post(&format!("{action}/{key}")).repeatable();
        let answer = accepted(request.json(body).send().await?, action, key).await?;
        Ok(answer.json::<Answer>().await?.data)
    }

    /// Asked once: a second time makes a second version.
    async fn rotate_now(&self) -> Result<(), CryptoError> {
        let key = &self.config.key;
        let request = self.post(&format!("keys/{key}/{ROTATE}"));
        let answer = request.json(&json!({})).send().await?;
        accepted(answer, ROTATE, key).await.map(drop)
    }

    async fn wrap_now(&self, key: &DataKey) -> Result<WrappedKey, CryptoError> {
        let plain = Secret::new(STANDARD.encode(key.expose().expose()));
        let body = json!({ "plaintext": plain.expose() });
        let data = self.ask(ENCRYPT, &self.config.key, &body).await?;
        self.wrapped(data)
    }

    fn wrapped(&self, data: Data) -> Result<WrappedKey, CryptoError> {
        let text = data
            .ciphertext
            .filter(|text| text.starts_with("vault:v"))
            .ok_or(CryptoError::Refused("the answer holds no ciphertext"))?;
        Ok(WrappedKey {
            key_id: self.config.key.clone(),
            bytes: text.into_bytes().into(),
        })
    }

    async fn unwrap_now(&self, wrapped: &WrappedKey) -> Result<DataKey, CryptoError> {
        let data = self
            .ask("decrypt", &wrapped.key_id, &cipher(wrapped)?)
            .await?;
        let text = data
            .plaintext
            .ok_or(CryptoError::Refused("the answer holds no plaintext"))?;
        let bytes = STANDARD.decode(text.expose());
        DataKey::from_bytes(&Secret::new(bytes.map_err(|_| CryptoError::DoesNotOpen)?))
    }

    async fn rewrap_now(&self, wrapped: &WrappedKey) -> Result<Option<WrappedKey>, CryptoError> {
        if wrapped.key_id != self.config.key {
            let key = self.unwrap_now(wrapped).await?;
            return self.wrap_now(&key).await.map(Some);
        }
        let data = self
            .ask("rewrap", &wrapped.key_id, &cipher(wrapped)?)
            .await?;
        let anew = self.wrapped(data)?;
        // Vault encrypts anew also by the same version: only a newer one is worth storing.
        Ok((version(&anew) != version(wrapped)).then_some(anew))
    }
}

/// The answer of a Vault that did what it was asked.
async fn accepted(
    answer: HttpResponse,
    action: &str,
    key: &KeyId,
) -> Result<HttpResponse, CryptoError> {
    match answer.status().as_u16() {
        200 | 204 => Ok(answer),
        400 => Err(answer.json::<Refusal>().await?.of(action, key)),
        403 => Err(CryptoError::Refused("the token may not use this key")),
        404 => Err(CryptoError::Refused(
            "the mount of the engine or the name of the key is wrong",
        )),
        _ => {
            answer.success()?;
            Err(CryptoError::Refused("the answer has an unexpected status"))
        }
    }
}

impl Refusal {
    fn of(&self, action: &str, key: &KeyId) -> CryptoError {
        let says = |words| self.errors.iter().any(|error| error.contains(words));
        if says(NO_KEY) {
            CryptoError::UnknownKey(key.to_string())
        } else if says(TOO_OLD) {
            CryptoError::Refused("the key no longer opens what its older versions wrapped")
        } else if action == ENCRYPT {
            CryptoError::Refused("this key does not encrypt without more being said")
        } else if action == ROTATE {
            CryptoError::Refused("this key is not rotated")
        } else {
            CryptoError::DoesNotOpen
        }
    }
}

fn cipher(wrapped: &WrappedKey) -> Result<Value, CryptoError> {
    let text = str::from_utf8(&wrapped.bytes).map_err(|_| CryptoError::Malformed)?;
    Ok(json!({ "ciphertext": text }))
}

/// The `v3` of `vault:v3:…`.
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
