use std::time::Duration;

use city_events_contract::auth::v1::{GetProfileRequest, ListTokenVersionsRequest, TokenVersion};
use tonic::Status;

use super::{CALL, PARTS, Upstreams, anonymous, of};
use crate::caller::Caller;

/// Who organises, where nobody can tell.
const UNKNOWN_HOST: &str = "Unknown Host";

impl Upstreams {
    /// The name of a user for everybody to see; never a whole address.
    pub(crate) async fn display_name(&self, caller: &Caller, user_id: &str) -> String {
        let request = GetProfileRequest {
            user_id: user_id.to_owned(),
        };
        let request = of(caller, request, PARTS);
        match self.auth.clone().get_profile(request).await {
            Ok(answer) => {
                let name = answer.into_inner().display_name;
                let shown = name.split('@').next().unwrap_or_default().trim();
                match shown {
                    "" => UNKNOWN_HOST.to_owned(),
                    shown => shown.to_owned(),
                }
            }
            Err(_) => UNKNOWN_HOST.to_owned(),
        }
    }

    /// Whose access tokens were taken back within this time.
    pub(crate) async fn token_versions(&self, back: Duration) -> Result<Vec<TokenVersion>, Status> {
        let request = ListTokenVersionsRequest {
            within_seconds: u32::try_from(back.as_secs()).unwrap_or(u32::MAX),
        };
        let request = anonymous(request, CALL);
        let answer = self.auth.clone().list_token_versions(request).await?;
        Ok(answer.into_inner().versions)
    }
}
