use seaworthy::{
    auth::{
        BearerAuthentication, BearerConfig,
        token::{Algorithm, Issuer, IssuerConfig, TokenVerifier},
    },
    config::Settings,
    prelude::*,
};

/// How access tokens are told from forged ones: `jwt` of every service's settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessConfig {
    /// The secret that the auth service signs with, 32 bytes at least.
    #[serde(skip_serializing)]
    pub secret: Option<Secret<String>>,
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
        "access tokens cannot be checked (jwt.secret)",
    )
}

/// Believes the tokens of one issuer.
///
/// # Errors
/// [`StartError`] that says `cannot`, for an issuer that nothing can be checked with.
pub fn bearer_of<C: Settings>(
    service: &Assembly<C>,
    issuer: IssuerConfig,
    cannot: &str,
) -> Result<BearerAuthentication, StartError> {
    let verifier = Issuer::new(issuer)
        .and_then(|issuer| TokenVerifier::new([issuer]))
        .map_err(|error| StartError::because(cannot, error))?;
    Ok(BearerAuthentication::new(
        verifier,
        BearerConfig::default(),
        service.metrics(),
    ))
}
