use seaworthy::{
    auth::token::{Algorithm, Issuer, IssuerConfig, NewToken, TokenSigner, TokenSignerConfig},
    prelude::*,
};

/// The role of services, in the claim `role` of their tokens.
pub const SERVICE_ROLE: &str = "service";
/// The claim `iss` of the tokens of services. Access tokens of users have another one.
pub(crate) const SERVICE_ISSUER: &str = "tutoring-services";
const AUDIENCE: &str = "tutoring-internal";
/// The header `typ`, so that no access token of a user is accepted as one of a service.
const TYPE: &str = "service+jwt";
/// The lifetime of a token, longer than a call.
const LIFETIME: Timeout = Timeout::from_secs(60);
/// The ID of the signing key.
const KEY_ID: &str = "services";

/// The tokens of calls between services: the section `service_tokens` of the settings.
///
/// The gateway does not have the secret, so it rejects these tokens.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceTokenConfig {
    /// The secret that signs the tokens of services, at least 32 bytes. Required. All services have
    /// the same.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub secret: Option<Secret<String>>,
    /// Further secrets whose tokens are accepted while the secret is rotated.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub additional_verification_keys: Vec<Secret<String>>,
}

/// Signs the tokens of calls from one service to another. After a rotation of the secret, new
/// tokens have its new value (CONF-5).
///
/// ```
/// use seaworthy::prelude::Secret;
/// use tutoring_contract::{ServiceTokenConfig, ServiceTokens};
///
/// let config = ServiceTokenConfig {
///     secret: Some(Secret::new("a secret with at least 32 bytes.".to_owned())),
///     ..ServiceTokenConfig::default()
/// };
/// let tokens = ServiceTokens::new("payment", &config)?;
/// assert!(tokens.sign().is_ok());
/// # Ok::<(), seaworthy::prelude::StartError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ServiceTokens {
    signer: TokenSigner,
    service: &'static str,
}

impl ServiceTokens {
    /// Creates the signer of a service.
    ///
    /// # Errors
    /// [`StartError`] if the secret is missing or too short.
    pub fn new(service: &'static str, config: &ServiceTokenConfig) -> Result<Self, StartError> {
        let secret = config.secret.as_ref().ok_or_else(missing)?;
        let signer = TokenSignerConfig {
            issuer: SERVICE_ISSUER.to_owned(),
            lifetime: LIFETIME,
            kind: TYPE.to_owned(),
        };
        let signer = TokenSigner::with_secret(signer, KEY_ID, Algorithm::Hs256, secret);
        let signer = signer.map_err(|error| {
            StartError::with_cause(
                "tokens of services cannot be signed: check service_tokens.secret",
                error,
            )
        })?;
        Ok(Self { signer, service })
    }

    /// Signs the token of one call.
    ///
    /// # Errors
    /// [`Code::Internal`] if the clock is before 1970.
    pub fn sign(&self) -> Result<Secret<String>, Error> {
        let token = NewToken::for_subject(self.service)
            .audience(AUDIENCE)
            .claim("role", SERVICE_ROLE);
        self.signer.sign(token).map_err(Error::internal)
    }
}

impl ServiceTokenConfig {
    /// Returns the settings of a service that other services call.
    ///
    /// # Errors
    /// [`StartError`] if the secret is missing.
    pub fn required(&self) -> Result<Self, StartError> {
        self.secret.as_ref().ok_or_else(missing)?;
        Ok(self.clone())
    }

    /// Returns the issuer whose tokens a service accepts.
    pub(crate) fn issuer(&self) -> Result<Issuer, StartError> {
        let secret = self.secret.as_ref().ok_or_else(missing)?;
        let config = IssuerConfig {
            issuer: Some(SERVICE_ISSUER.to_owned()),
            audiences: vec![AUDIENCE.to_owned()],
            algorithms: vec![Algorithm::Hs256],
            types: vec![TYPE.to_owned()],
            token_key: Some(secret.clone()),
            ..IssuerConfig::default()
        };
        let issuer = Issuer::with_additional_keys(config, &self.additional_verification_keys);
        issuer.map_err(|error| {
            StartError::with_cause(
                "tokens of services cannot be verified: check service_tokens.secret and service_tokens.additional_verification_keys",
                error,
            )
        })
    }
}

fn missing() -> StartError {
    StartError::new("service_tokens.secret must be set, with at least 32 bytes")
}
