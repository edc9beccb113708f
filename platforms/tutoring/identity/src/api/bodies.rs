use seaworthy::{account::SecretToken, axum::body::Bytes, prelude::*};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EmailBody {
    pub(super) email: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EmailCodeBody {
    pub(super) email: Option<String>,
    pub(super) otp: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LoginBody {
    pub(super) email: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PhoneBody {
    pub(super) phone: Option<String>,
    pub(super) otp: Option<String>,
    pub(super) retry_type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PasswordBody {
    pub(super) email: Option<String>,
    pub(super) otp: Option<String>,
    pub(super) current_password: Option<Secret<String>>,
    pub(super) new_password: Option<Secret<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ProfileBody {
    pub(super) username: Option<String>,
    pub(super) phone: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct GoogleBody {
    pub(super) id_token: Option<Secret<String>>,
    pub(super) code: Option<Secret<String>>,
    pub(super) redirect_uri: Option<String>,
    pub(super) code_verifier: Option<Secret<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RefreshBody {
    refresh_token: Option<Secret<String>>,
}

/// Returns the refresh token of a body, which may be empty.
///
/// # Errors
/// `MALFORMED_JSON` and `VALIDATION_ERROR`.
pub(super) fn refresh_token(body: &Bytes) -> Result<Option<SecretToken>, Error> {
    if body.is_empty() {
        return Ok(None);
    }
    let Json(body) = Json::<RefreshBody>::from_bytes(body)?;
    Ok(body
        .refresh_token
        .and_then(|token| SecretToken::parse(token.expose())))
}
