use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use seaworthy::{captcha::Challenge, prelude::*, service::Tasks};
use tracing::Instrument as _;

use crate::{
    accounts::{Accounts, CaptchaKind, Credentials, Registration, TokenPair},
    contract::auth::v1 as wire,
    domain::errors,
    plugins::ServicePlugins,
};

/// The name of the task that issues a captcha.
const ISSUE_CAPTCHA: &str = "issue a captcha";

/// Implements `auth.v1.Auth`. The contract has validated all requests.
#[derive(Debug)]
pub(super) struct Auth {
    pub(super) accounts: Arc<Accounts>,
    pub(super) plugins: ServicePlugins,
    pub(super) tasks: Tasks,
}

impl wire::Auth for Auth {
    async fn get_captcha(
        &self,
        request: wire::GetCaptchaRequest,
    ) -> Result<wire::GetCaptchaReply, Error> {
        let kind = CaptchaKind::parse(&request.captcha_type)?;
        let accounts = Arc::clone(&self.accounts);
        let in_flight = context::with_current(|context| context?.keep_in_flight());
        let issue = async move {
            let _in_flight = in_flight;
            accounts.issue_captcha(kind, &request.target).await
        };
        // A task continues if the client disconnects, so each sent code is counted and recorded.
        let task = self.tasks.spawn(ISSUE_CAPTCHA, issue.in_current_span());
        let issued = task.await.map_err(Error::internal)?;
        let issued = issued.ok_or_else(|| Error::internal("the task panicked"))??;
        let (image_data, audio_data) = match issued.challenge {
            Challenge::Image(image) => (STANDARD.encode(image), String::new()),
            Challenge::Audio(sound) => (String::new(), STANDARD.encode(sound)),
            Challenge::Sent => (String::new(), String::new()),
        };
        Ok(wire::GetCaptchaReply {
            captcha_id: issued.id,
            image_data,
            audio_data,
        })
    }

    async fn verify_captcha(
        &self,
        request: wire::VerifyCaptchaRequest,
    ) -> Result<wire::VerifyCaptchaReply, Error> {
        self.accounts
            .verify_captcha(&request.captcha_id, &request.captcha_code)
            .await?;
        Ok(wire::VerifyCaptchaReply { success: true })
    }

    async fn register(&self, request: wire::RegisterRequest) -> Result<wire::RegisterReply, Error> {
        let created = self.accounts.register(Registration {
            username: request.username,
            password: Secret::new(request.password),
            email: request.email,
            phone: request.phone,
            captcha_id: request.captcha_id,
            captcha_code: request.captcha_code,
        });
        self.plugins.registered(created.await?);
        Ok(wire::RegisterReply {
            message: "the account was created".to_owned(),
        })
    }

    async fn login(&self, request: wire::LoginRequest) -> Result<wire::LoginReply, Error> {
        let session = self.accounts.log_in(Credentials {
            username: request.username,
            password: Secret::new(request.password),
            captcha_id: request.captcha_id,
            captcha_code: request.captcha_code,
            totp_code: Secret::new(request.totp_code),
        });
        let session = session.await?;
        self.plugins.logged_in();
        Ok(wire::LoginReply {
            access_token: session.access.expose().clone(),
            refresh_token: session.refresh.expose().clone(),
            expires_in: expires_in(&session),
        })
    }

    async fn logout(&self, _: wire::LogoutRequest) -> Result<wire::LogoutReply, Error> {
        self.accounts.log_out().await?;
        self.plugins.logged_out();
        Ok(wire::LogoutReply { success: true })
    }

    async fn refresh_token(
        &self,
        request: wire::RefreshTokenRequest,
    ) -> Result<wire::RefreshTokenReply, Error> {
        let token = Secret::new(request.refresh_token);
        let session = self.accounts.refresh(&token).await?;
        Ok(wire::RefreshTokenReply {
            access_token: session.access.expose().clone(),
            refresh_token: session.refresh.expose().clone(),
            expires_in: expires_in(&session),
        })
    }

    async fn lock_status(
        &self,
        request: wire::LockStatusRequest,
    ) -> Result<wire::LockStatusReply, Error> {
        let status = self.accounts.lock_status(&request.username).await?;
        let is_locked = !status.wait.is_zero();
        let unlock_time = is_locked.then(|| errors::unix_seconds_after(status.wait));
        Ok(wire::LockStatusReply {
            locked: is_locked,
            unlock_time: unlock_time.unwrap_or_default(),
            failed_attempts: i32::try_from(status.failures).unwrap_or(i32::MAX),
            max_attempts: i32::try_from(status.max_failures).unwrap_or(i32::MAX),
        })
    }
}

/// Returns the lifetime of an access token in seconds.
pub(super) fn expires_in(session: &TokenPair) -> i64 {
    i64::try_from(session.lifetime.as_secs()).unwrap_or(i64::MAX)
}
