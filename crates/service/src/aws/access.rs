use std::{fs, path::PathBuf};

use http::Uri;
use seaworthy_config::{Environment, SecretError};
use seaworthy_core::{Secret, host::is_loopback};

use super::signature::Credentials;
use crate::vault::variable;

/// The addresses of the AWS agents that issue credentials to containers, over plain HTTP.
const AGENTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

/// The address of Secrets Manager, its region and the credentials.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) region: String,
    pub(super) address: Uri,
    pub(super) certificates: Option<PathBuf>,
    pub(super) credentials: CredentialSource,
}

#[derive(Debug, Clone)]
pub(super) enum CredentialSource {
    Fixed(Credentials),
    /// An agent that issues credentials for a short time, as EKS Pod Identity and ECS do.
    Agent {
        address: Uri,
        token: Option<AgentToken>,
    },
}

/// The token that authenticates the service to the agent.
#[derive(Debug, Clone)]
pub(super) enum AgentToken {
    Literal(Secret<String>),
    File(PathBuf),
}

impl Access {
    pub(super) fn from(environment: &Environment) -> Result<Self, SecretError> {
        let read = |name| variable(environment, name);
        let region = match read("AWS_REGION")? {
            Some(region) => Some(region),
            None => read("AWS_DEFAULT_REGION")?,
        };
        let region = region.ok_or_else(|| SecretError::new("AWS_REGION is not set"))?;
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !region.bytes().all(is_plain) {
            return Err(SecretError::new("AWS_REGION is not the name of a region"));
        }
        let address = match read("AWS_ENDPOINT_URL_SECRETS_MANAGER")? {
            Some(address) => Some(address),
            None => read("AWS_ENDPOINT_URL")?,
        };
        let address =
            address.unwrap_or_else(|| format!("https://secretsmanager.{region}.amazonaws.com"));
        Ok(Self {
            address: protected(&address, "AWS_ENDPOINT_URL", &[])?,
            certificates: read("AWS_CA_BUNDLE")?.map(PathBuf::from),
            credentials: CredentialSource::from(environment)?,
            region,
        })
    }
}

impl CredentialSource {
    fn from(environment: &Environment) -> Result<Self, SecretError> {
        let read = |name| variable(environment, name);
        if let Some(access_key_id) = read("AWS_ACCESS_KEY_ID")? {
            let secret = read("AWS_SECRET_ACCESS_KEY")?
                .ok_or_else(|| SecretError::new("AWS_SECRET_ACCESS_KEY is not set"))?;
            return Ok(Self::Fixed(Credentials {
                access_key_id,
                secret_access_key: Secret::new(secret),
                session_token: read("AWS_SESSION_TOKEN")?.map(Secret::new),
            }));
        }
        let Some(address) = read("AWS_CONTAINER_CREDENTIALS_FULL_URI")? else {
            return Err(SecretError::new(
                "neither AWS_ACCESS_KEY_ID nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set",
            ));
        };
        let token = match read("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")? {
            Some(file) => Some(AgentToken::File(file.into())),
            None => read("AWS_CONTAINER_AUTHORIZATION_TOKEN")?
                .map(|token| AgentToken::Literal(Secret::new(token))),
        };
        let name = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
        Ok(Self::Agent {
            address: protected(&address, name, &AGENTS)?,
            token,
        })
    }
}

impl AgentToken {
    /// Returns the current token. Kubernetes renews the file.
    pub(super) fn read(&self) -> Result<Secret<String>, SecretError> {
        match self {
            Self::Literal(token) => Ok(token.clone()),
            Self::File(path) => match fs::read_to_string(path) {
                Ok(text) => Ok(Secret::new(text.trim().to_owned())),
                Err(error) => Err(SecretError::new(format!(
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read: {error}"
                ))),
            },
        }
    }
}

/// Parses an address with HTTPS. Plain HTTP is for this machine and these hosts only.
fn protected(text: &str, variable: &str, plain: &[&str]) -> Result<Uri, SecretError> {
    let address: Uri = text
        .parse()
        .map_err(|_| SecretError::new(format!("{variable} is not a URL")))?;
    match (address.scheme_str(), address.host()) {
        (Some("https"), Some(_)) => Ok(address),
        (Some("http"), Some(host)) if is_loopback(host) || plain.contains(&host) => Ok(address),
        _ => Err(SecretError::new(format!(
            "{variable} must begin with https://. Only addresses of this machine may use http://"
        ))),
    }
}
