use std::sync::Arc;

use seaworthy::{mask::MakeSensitive as _, prelude::*};

use crate::{accounts::Accounts, contract::auth::v1 as wire};

/// Implements `auth.v1.Profile`.
#[derive(Debug)]
pub(super) struct Profiles(pub(super) Arc<Accounts>);

impl wire::Profile for Profiles {
    async fn get_profile(
        &self,
        _request: wire::GetProfileRequest,
    ) -> Result<wire::GetProfileReply, Error> {
        let profile = self.0.profile().await?.anonymized();
        let shown = |text: Option<Personal<String>>| text.map(Personal::into_inner);
        Ok(wire::GetProfileReply {
            user_id: profile.id.to_string(),
            username: profile.username.into_inner(),
            email: shown(profile.email).unwrap_or_default(),
            phone: shown(profile.phone).unwrap_or_default(),
        })
    }
}
