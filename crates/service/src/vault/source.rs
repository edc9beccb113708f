use std::collections::BTreeMap;

use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use seaworthy_config::{Environment, SecretError, SecretFuture, SecretSource};
use seaworthy_core::{Secret, error_chain};
use serde::Deserialize;
use serde_json::Value;

use super::{
    SCHEME,
    access::{Access, connector},
    locator::Locator,
};

/// Maximum size of a response, in bytes: the default limit of Vault.
const MAX_RESPONSE_SIZE: usize = 1_048_576;

/// Reads secrets from Vault. The loader applies the timeout.
pub(crate) struct VaultSource(Result<Access, SecretError>);

/// The response of version 2 of the key-value engine.
#[derive(Deserialize)]
struct VaultResponse {
    data: Version,
}

#[derive(Deserialize)]
struct Version {
    /// `null` if the version was deleted. Responses of version 1 do not have this member, unless a
    /// secret has an entry of this name.
    #[serde(deserialize_with = "Option::deserialize")]
    data: Option<BTreeMap<String, Value>>,
}

impl VaultSource {
    /// Reads the access to Vault from these variables. An invalid variable is an error of the first
    /// secret that needs it.
    pub(crate) fn new(environment: &Environment) -> Self {
        Self(Access::from(environment))
    }

    async fn fetch(&self, locator: &str) -> Result<Secret<String>, SecretError> {
        let access = self.0.as_ref().map_err(Clone::clone)?;
        let Locator { mount, path, key } = Locator::parse(locator)?;
        let connector = connector("VAULT_CACERT", access.certificates.as_deref())?;
        let client = Client::builder(TokioExecutor::new()).build::<_, Empty<&[u8]>>(connector);
        let base = access.address.to_string();
        let uri: Uri = format!("{}/v1/{mount}/data/{path}", base.trim_end_matches('/'))
            .parse()
            .map_err(|_| SecretError::new("VAULT_ADDR is not a URL"))?;
        let mut request = Request::get(uri)
            .header("x-vault-token", access.token()?)
            .header("x-vault-request", "true");
        if let Some(namespace) = &access.namespace {
            request = request.header("x-vault-namespace", namespace.clone());
        }
        let request = request
            .body(Empty::new())
            .map_err(|_| SecretError::new("the request to Vault cannot be written"))?;
        let response = client.request(request).await.map_err(|error| {
            SecretError::new(format!("Vault cannot be reached: {}", error_chain(&error)))
        })?;
        let status = response.status();
        match status {
            // Vault responds with 404 for deleted secrets too, with a body that contains the
            // reason.
            StatusCode::OK | StatusCode::NOT_FOUND => {}
            StatusCode::FORBIDDEN => {
                return Err(SecretError::new(format!(
                    "the token has no permission to read {mount}/{path}"
                )));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                return Err(SecretError::new("Vault is sealed or not ready"));
            }
            status => return Err(SecretError::new(format!("Vault responded with {status}"))),
        }
        let body = Limited::new(response.into_body(), MAX_RESPONSE_SIZE)
            .collect()
            .await;
        let body =
            body.map_err(|_| SecretError::new("the response of Vault is incomplete or too large"))?;
        // Omit the error of serde, because it could contain a part of the secret.
        let answer: VaultResponse = serde_json::from_slice(&body.to_bytes()).map_err(|_| {
            SecretError::new(if status == StatusCode::NOT_FOUND {
                format!("Vault has no secret at {mount}/{path}")
            } else {
                "the response of Vault is not that of a key-value engine of version 2".to_owned()
            })
        })?;
        let entries = answer.data.data.ok_or_else(|| {
            SecretError::new(format!("the newest version at {mount}/{path} is deleted"))
        })?;
        match entries.get(key) {
            Some(Value::String(secret)) => Ok(Secret::new(secret.clone())),
            Some(_) => Err(SecretError::new(format!(
                "`{key}` at {mount}/{path} is not a string"
            ))),
            None => {
                let names: Vec<_> = entries.keys().map(String::as_str).collect();
                Err(SecretError::new(format!(
                    "{mount}/{path} has no `{key}`, but {}",
                    names.join(", ")
                )))
            }
        }
    }
}

impl SecretSource for VaultSource {
    fn scheme(&self) -> &str {
        SCHEME
    }

    fn read<'a>(&'a self, locator: &'a str) -> SecretFuture<'a> {
        Box::pin(self.fetch(locator))
    }
}
