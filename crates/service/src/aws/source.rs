use std::{borrow::Cow, collections::BTreeMap};

use chrono::Utc;
use http::{Request, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use seaworthy_config::{Environment, SecretError, SecretFuture, SecretSource};
use seaworthy_core::{Secret, error_chain};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    SCHEME,
    access::{Access, CredentialSource},
    signature::{Canonical, Credentials, Scope, authorization},
};
use crate::vault::connector;

/// Maximum size of a response, in bytes. A secret has at most 64 KiB.
const MAX_RESPONSE: usize = 1_048_576;
/// The name of the service in signatures.
const SERVICE: &str = "secretsmanager";
const TARGET: &str = "secretsmanager.GetSecretValue";
const MEDIA_TYPE: &str = "application/x-amz-json-1.1";

/// Reads secrets from AWS Secrets Manager. The loader applies the timeout.
pub(crate) struct AwsSource(Result<Access, SecretError>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretResponse {
    secret_string: Option<Secret<String>>,
}

/// An error response of AWS.
#[derive(Deserialize)]
struct Rejection {
    #[serde(rename = "__type")]
    kind: String,
}

/// The credentials that an agent issues.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Issued {
    access_key_id: String,
    secret_access_key: Secret<String>,
    token: Option<Secret<String>>,
}

impl AwsSource {
    /// Reads the variables of AWS. An invalid variable is an error of the first secret that needs
    /// it.
    pub(crate) fn new(environment: &Environment) -> Self {
        Self(Access::from(environment))
    }

    async fn fetch(&self, locator: &str) -> Result<Secret<String>, SecretError> {
        let access = self.0.as_ref().map_err(Clone::clone)?;
        let (name, key) = match locator.split_once('#') {
            Some((name, key)) => (name, Some(key)),
            None => (locator, None),
        };
        if name.is_empty() || key == Some("") {
            return Err(SecretError::new("expected aws:NAME or aws:NAME#key"));
        }
        let credentials = access.credentials().await?;
        let (is_success, body) = access.get_secret_value(name, &credentials).await?;
        if !is_success {
            return Err(rejection(name, &body));
        }
        // Omit the error of serde, because it could contain a part of the secret.
        let answer: SecretResponse = serde_json::from_slice(&body)
            .map_err(|_| SecretError::new("the response is not that of Secrets Manager"))?;
        let secret = answer.secret_string.ok_or_else(|| {
            SecretError::new(format!("the secret {name} is binary, and must be a string"))
        })?;
        match key {
            Some(key) => member(name, key, &secret),
            None => Ok(secret),
        }
    }
}

impl Access {
    async fn credentials(&self) -> Result<Cow<'_, Credentials>, SecretError> {
        let (address, token) = match &self.credentials {
            CredentialSource::Fixed(credentials) => return Ok(Cow::Borrowed(credentials)),
            CredentialSource::Agent { address, token } => (address, token),
        };
        let mut request = Request::get(address.clone());
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, token.read()?.expose());
        }
        let (is_success, body) = self.send(request, Vec::new(), "the AWS agent").await?;
        let issued: Option<Issued> = serde_json::from_slice(&body).ok().filter(|_| is_success);
        let issued =
            issued.ok_or_else(|| SecretError::new("the AWS agent issued no credentials"))?;
        Ok(Cow::Owned(Credentials {
            access_key_id: issued.access_key_id,
            secret_access_key: issued.secret_access_key,
            session_token: issued.token,
        }))
    }

    async fn get_secret_value(
        &self,
        name: &str,
        credentials: &Credentials,
    ) -> Result<(bool, Vec<u8>), SecretError> {
        let scope = Scope {
            region: &self.region,
            service: SERVICE,
            at: Utc::now(),
        };
        let host = self.address.authority().map(ToString::to_string);
        let body = json!({ "SecretId": name }).to_string().into_bytes();
        let mut headers = BTreeMap::from([
            ("content-type", MEDIA_TYPE.to_owned()),
            ("host", host.unwrap_or_default()),
            ("x-amz-date", scope.date_time()),
            ("x-amz-target", TARGET.to_owned()),
        ]);
        if let Some(token) = &credentials.session_token {
            headers.insert("x-amz-security-token", token.expose().clone());
        }
        let canonical = Canonical {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            body: &body,
        };
        let signed = authorization(&canonical, &scope, credentials);
        let base = self.address.to_string();
        let uri: Uri = format!("{}/", base.trim_end_matches('/'))
            .parse()
            .map_err(|_| SecretError::new("AWS_ENDPOINT_URL is not a URL"))?;
        let mut request = Request::post(uri).header(header::AUTHORIZATION, signed);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.send(request, body, "Secrets Manager").await
    }

    /// Sends a request. Returns whether it succeeded, and the body.
    async fn send(
        &self,
        request: http::request::Builder,
        body: Vec<u8>,
        server: &str,
    ) -> Result<(bool, Vec<u8>), SecretError> {
        let connector = connector("AWS_CA_BUNDLE", self.certificates.as_deref())?;
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let request = request
            .body(Full::new(axum::body::Bytes::from(body)))
            .map_err(|_| SecretError::new(format!("the request to {server} cannot be written")))?;
        let response = client.request(request).await.map_err(|error| {
            SecretError::new(format!(
                "{server} cannot be reached: {}",
                error_chain(&error)
            ))
        })?;
        let is_success = response.status().is_success();
        let body = Limited::new(response.into_body(), MAX_RESPONSE).collect();
        let body = body.await.map_err(|_| {
            SecretError::new(format!(
                "the response of {server} is incomplete or too large"
            ))
        })?;
        Ok((is_success, body.to_bytes().to_vec()))
    }
}

fn rejection(name: &str, body: &[u8]) -> SecretError {
    let kind =
        serde_json::from_slice(body).map_or(String::new(), |rejection: Rejection| rejection.kind);
    // The name of the service may precede the type.
    let kind = kind
        .rsplit_once('#')
        .map_or(kind.as_str(), |(_, kind)| kind);
    SecretError::new(match kind {
        "ResourceNotFoundException" => format!("Secrets Manager has no secret {name}"),
        "AccessDeniedException" => {
            format!("the credentials need secretsmanager:GetSecretValue for {name}")
        }
        "InvalidRequestException" => format!("the secret {name} is marked for deletion"),
        "DecryptionFailure" => format!("the credentials need kms:Decrypt for the key of {name}"),
        "UnrecognizedClientException" | "InvalidSignatureException" | "ExpiredTokenException" => {
            "Secrets Manager does not accept the credentials".to_owned()
        }
        _ => format!("Secrets Manager could not return {name}"),
    })
}

fn member(name: &str, key: &str, secret: &Secret<String>) -> Result<Secret<String>, SecretError> {
    let members: Option<BTreeMap<String, Value>> = serde_json::from_str(secret.expose()).ok();
    let members = members
        .ok_or_else(|| SecretError::new(format!("the secret {name} is not a JSON object")))?;
    match members.get(key) {
        Some(Value::String(text)) => Ok(Secret::new(text.clone())),
        Some(_) => Err(SecretError::new(format!(
            "`{key}` of {name} is not a string"
        ))),
        None => {
            let names: Vec<_> = members.keys().map(String::as_str).collect();
            Err(SecretError::new(format!(
                "{name} has no `{key}`, but {}",
                names.join(", ")
            )))
        }
    }
}

impl SecretSource for AwsSource {
    fn scheme(&self) -> &str {
        SCHEME
    }

    fn read<'a>(&'a self, locator: &'a str) -> SecretFuture<'a> {
        Box::pin(self.fetch(locator))
    }
}
