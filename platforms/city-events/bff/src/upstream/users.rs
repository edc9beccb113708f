use city_events_contract::{
    MAX_ACCESS_TOKEN_LIFETIME,
    auth::v1::{GetProfileRequest, GetProfileResponse, ListTokenVersionsRequest, TokenVersion},
};
use tonic::Status;

use super::{OPTIONAL_TIMEOUT, TIMEOUT, Upstreams, anonymous};

/// The maximum number of pages of one read: about a million users.
const MAX_PAGES: usize = 1_000;
/// The organizer's name if the auth service does not return one.
const UNKNOWN_HOST: &str = "Unknown Host";

impl Upstreams {
    /// Returns the public name of a user. It is never a whole e-mail address.
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
        let request = anonymous(request, OPTIONAL_TIMEOUT);
        let response = self.auth.clone().get_profile(request).await?;
        Ok(response.into_inner())
    }

    /// Passes the users whose access tokens were revoked to `take`, page by page: those after
    /// `since_us`, or all within the lifetime of the longest token. Returns the time of the first
    /// page by the clock of the auth service's database. Returns `None` if the auth service is of a
    /// version that does not send it.
    pub(crate) async fn token_versions(
        &self,
        since_us: Option<i64>,
        take: impl Fn(TokenVersion),
    ) -> Result<Option<i64>, Status> {
        let within_seconds = u32::try_from(MAX_ACCESS_TOKEN_LIFETIME.as_secs()).unwrap_or(u32::MAX);
        let since_us = since_us.unwrap_or_default().max(0);
        let (mut cursor, mut as_of) = (String::new(), None);
        for _ in 0..MAX_PAGES {
            let request = ListTokenVersionsRequest {
                within_seconds,
                cursor,
                since_us,
            };
            let request = anonymous(request, TIMEOUT);
            let response = self.auth.clone().list_token_versions(request).await?;
            let page = response.into_inner();
            page.versions.into_iter().for_each(&take);
            let as_of = *as_of.get_or_insert(page.as_of_us);
            if page.next_cursor.is_empty() {
                return Ok((as_of > 0).then_some(as_of));
            }
            cursor = page.next_cursor;
        }
        Err(Status::resource_exhausted(
            "the list of revoked tokens has too many pages",
        ))
    }
}
