use seaworthy::{
    auth::{
        BearerAuthentication, BearerConfig,
        token::{Algorithm, Issuer, IssuerConfig, TokenVerifier},
    },
    config::Settings,
    prelude::*,
};

/// The addresses of a gateway on the same machine, which may set the caller and the client address.
/// A deployment sets the addresses of its gateway instead.
pub const LOOPBACK_NETWORKS: [&str; 2] = ["127.0.0.1/32", "::1/128"];

/// How access tokens are verified: the section `jwt` of every service's settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessConfig {
    /// The secret that the auth service signs with, at least 32 bytes.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub secret: Option<Secret<String>>,
    /// Further secrets whose tokens are accepted while the secret is rotated: first the next
    /// secret, then the previous one.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub additional_verification_keys: Vec<Secret<String>>,
    /// The `iss` that tokens must have. Without it, `iss` is not checked.
    pub issuer: Option<String>,
}

/// Returns the rules for access tokens of City Events: HS256 with the user in `uid` or `sub` and a
/// role in `role`. `iat` and `ver` may be missing, and `aud` and `iat` are not checked.
#[must_use]
pub fn access_token_rules(config: &AccessConfig) -> IssuerConfig {
    IssuerConfig {
        algorithms: vec![Algorithm::Hs256],
        token_key: config.secret.clone(),
        subject_claims: vec!["uid".to_owned(), "sub".to_owned()],
        ignore_audience: true,
        ignore_issued_at: true,
        ..IssuerConfig::default()
    }
}

/// Verifies access tokens of City Events. It does not check whether the user exists. A token is
/// accepted until `expiry_leeway` after its `exp`.
///
/// # Errors
/// [`StartError`] if a secret is missing or too short.
pub fn bearer<C: Settings>(
    service: &Assembly<C>,
    config: &AccessConfig,
    expiry_leeway: Delay,
) -> Result<BearerAuthentication, StartError> {
    let issuer = IssuerConfig {
        issuer: config.issuer.clone(),
        expiry_leeway: Some(expiry_leeway),
        ..access_token_rules(config)
    };
    bearer_from_issuer(
        service,
        issuer,
        &config.additional_verification_keys,
        "access tokens cannot be verified: check jwt.secret and jwt.additional_verification_keys",
    )
}

/// Verifies the tokens of one issuer by its secret and by additional secrets.
///
/// # Errors
/// [`StartError`] with the message `cannot` if a secret is missing or too short.
pub fn bearer_from_issuer<C: Settings>(
    service: &Assembly<C>,
    issuer: IssuerConfig,
    additional: &[Secret<String>],
    cannot: &str,
) -> Result<BearerAuthentication, StartError> {
    let verifier = Issuer::with_additional_keys(issuer, additional)
        .and_then(|issuer| TokenVerifier::new([issuer]))
        .map_err(|error| StartError::with_cause(cannot, error))?;
    Ok(BearerAuthentication::new(
        verifier,
        BearerConfig::default(),
        service.metrics(),
    ))
}
