use std::sync::Arc;

use seaworthy::prelude::*;

use super::auth::expires_in;
use crate::{accounts::Accounts, contract::auth::v1 as wire};

/// Implements `auth.v1.SecondFactor`.
#[derive(Debug)]
pub(super) struct SecondFactors(pub(super) Arc<Accounts>);

impl wire::SecondFactor for SecondFactors {
    async fn enroll_totp(
        &self,
        request: wire::EnrollTotpRequest,
    ) -> Result<wire::EnrollTotpReply, Error> {
        let enrollment = self.0.enroll_totp(Secret::new(request.password)).await?;
        Ok(wire::EnrollTotpReply {
            secret: enrollment.secret.expose().clone(),
            uri: enrollment.uri.expose().clone(),
        })
    }

    async fn confirm_totp(
        &self,
        request: wire::ConfirmTotpRequest,
    ) -> Result<wire::ConfirmTotpReply, Error> {
        let code = Secret::new(request.totp_code);
        let (recovery_codes, session) = self.0.confirm_totp(&code).await?;
        Ok(wire::ConfirmTotpReply {
            recovery_codes,
            access_token: session.access.expose().clone(),
            refresh_token: session.refresh.expose().clone(),
            expires_in: expires_in(&session),
        })
    }

    async fn disable_totp(
        &self,
        request: wire::DisableTotpRequest,
    ) -> Result<wire::DisableTotpReply, Error> {
        let code = Secret::new(request.totp_code);
        let password = Secret::new(request.password);
        self.0.disable_totp(password, &code).await?;
        Ok(wire::DisableTotpReply { success: true })
    }
}
