use seaworthy::{
    auth::{
        BearerAuthentication, BearerConfig,
        token::{Algorithm, Issuer, IssuerConfig, KeySet, TokenVerifier, VerificationKey},
    },
    config::Settings,
    prelude::*,
};

/// The door beside a service, which says who its caller is and where they call from: until a deployment says where it is.
pub const OWN_MACHINE: [&str; 2] = ["127.0.0.1/32", "::1/128"];

/// How access tokens are told from forged ones: `jwt` of every service's settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessConfig {
    /// The secret that the auth service signs with, 32 bytes at least.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub secret: Option<Secret<String>>,
    /// Another secret whose tokens are believed too, while the secret is changed: first the next one, then the last one.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub also_believed: Option<Secret<String>>,
    /// The `iss` that tokens must have. Without one it is not looked at.
    pub issuer: Option<String>,
}

/// Believes access tokens of City Events: HS256, the user in `uid` (or `sub`), a role in `role`; `iat` and `ver` may be missing, and the user need not be known.
///
/// # Errors
/// [`StartError`] without a secret, or with one that is too short.
pub fn bearer<C: Settings>(
    service: &Assembly<C>,
    config: &AccessConfig,
) -> Result<BearerAuthentication, StartError> {
    let issuer = IssuerConfig {
        issuer: config.issuer.clone(),
        algorithms: vec![Algorithm::Hs256],
        token_key: config.secret.clone(),
        subject_claims: vec!["uid".to_owned(), "sub".to_owned()],
        ..IssuerConfig::default()
    };
    bearer_of(
        service,
        issuer,
        config.also_believed.as_ref(),
        "access tokens cannot be checked (jwt.secret, jwt.also_believed)",
    )
}

/// Believes the tokens of one issuer, also those by another secret.
///
/// # Errors
/// [`StartError`] that says `cannot`, for an issuer that nothing can be checked with.
pub fn bearer_of<C: Settings>(
    service: &Assembly<C>,
    mut issuer: IssuerConfig,
    also: Option<&Secret<String>>,
    cannot: &str,
) -> Result<BearerAuthentication, StartError> {
    let issuer = match (also, issuer.token_key.take()) {
        (Some(also), Some(secret)) => {
            let key = |secret: &Secret<String>| {
                let bytes = Secret::new(secret.expose().clone().into_bytes());
                VerificationKey::secret(Algorithm::Hs256, &bytes)
                    .map_err(|error| StartError::because(cannot, error))
            };
            Issuer::with_keys(issuer, KeySet::new([key(&secret)?, key(also)?]))
        }
        (_, secret) => {
            issuer.token_key = secret;
            Issuer::new(issuer)
        }
    };
    let verifier = issuer
        .and_then(|issuer| TokenVerifier::new([issuer]))
        .map_err(|error| StartError::because(cannot, error))?;
    Ok(BearerAuthentication::new(
        verifier,
        BearerConfig::default(),
        service.metrics(),
    ))
}
