use std::time::Duration;

use city_events_contract::auth::v1::{
    GetProfileRequest, GetProfileResponse, ListTokenVersionsRequest, TokenVersion,
};
use tonic::Status;

use super::{CALL, PARTS, Upstreams, anonymous};

/// A million users in a day: beyond it something else is wrong than their tokens.
const MOST_PAGES: usize = 1_000;
/// Who organises, where nobody can tell.
const UNKNOWN_HOST: &str = "Unknown Host";

impl Upstreams {
    /// The name of a user for everybody to see; never a whole address.
    pub(crate) async fn display_name(&self, user_id: &str) -> String {
        match self.profile(user_id).await {
            Ok(profile) => {
                let name = profile.display_name;
                let shown = name.split('@').next().unwrap_or_default().trim();
                match shown {
                    "" => UNKNOWN_HOST.to_owned(),
                    shown => shown.to_owned(),
                }
            }
            Err(_) => UNKNOWN_HOST.to_owned(),
        }
    }

    async fn profile(&self, user_id: &str) -> Result<GetProfileResponse, Status> {
        let request = GetProfileRequest {
            user_id: user_id.to_owned(),
        };
        let request = anonymous(request, PARTS);
        let answer = self.auth.clone().get_profile(request).await?;
        Ok(answer.into_inner())
    }

    /// Tells `take` whose access tokens were taken back within this time, page by page.
    pub(crate) async fn token_versions(
        &self,
        back: Duration,
        take: impl Fn(TokenVersion),
    ) -> Result<(), Status> {
        let within_seconds = u32::try_from(back.as_secs()).unwrap_or(u32::MAX);
        let mut cursor = String::new();
        for _ in 0..MOST_PAGES {
            let request = ListTokenVersionsRequest {
                within_seconds,
                cursor,
            };
            let request = anonymous(request, CALL);
            let answer = self.auth.clone().list_token_versions(request).await?;
            let page = answer.into_inner();
            page.versions.into_iter().for_each(&take);
            if page.next_cursor.is_empty() {
                return Ok(());
            }
            cursor = page.next_cursor;
        }
        Err(Status::resource_exhausted(
            "the list of those whose tokens were taken back has no end",
        ))
    }
}
