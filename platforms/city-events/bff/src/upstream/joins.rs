use chrono::{DateTime, Utc};
use city_events_contract::join::v1::{
    BanUserRequest, CancelJoinRequest, GetParticipationRequest, JoinRequest, JoinStatus,
    KickParticipantRequest, ListOwnJoinsRequest, ListOwnJoinsResponse, ListParticipantsRequest,
    ListWaitlistRequest, Participation, UnbanUserRequest,
};
use tonic::Status;

use super::{JOIN_TIMEOUT, OPTIONAL_TIMEOUT, TIMEOUT, Upstreams, authenticated};
use crate::{caller::Caller, timestamp};

/// The result of joining or leaving an event.
pub(crate) struct JoinOutcome {
    pub(crate) status: JoinStatus,
    pub(crate) updated_at: DateTime<Utc>,
}

/// A list of users of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParticipantList {
    Participants,
    Waitlist,
}

impl Upstreams {
    /// Joins an event, or its waitlist if it is full.
    pub(crate) async fn join(
        &self,
        caller: &Caller,
        event_id: String,
        idempotency_key: String,
    ) -> Result<JoinOutcome, Status> {
        let request = JoinRequest {
            event_id,
            idempotency_key,
        };
        let response = self
            .join
            .clone()
            .join(authenticated(caller, request, JOIN_TIMEOUT))
            .await?;
        let response = response.into_inner();
        Ok(JoinOutcome {
            status: response.status(),
            updated_at: timestamp::from_proto(response.updated_at.as_ref())
                .unwrap_or_else(Utc::now),
        })
    }

    /// Leaves an event or its waitlist.
    pub(crate) async fn cancel_join(
        &self,
        caller: &Caller,
        event_id: String,
        idempotency_key: String,
    ) -> Result<JoinOutcome, Status> {
        let request = CancelJoinRequest {
            event_id,
            idempotency_key,
        };
        let request = authenticated(caller, request, JOIN_TIMEOUT);
        let response = self.join.clone().cancel_join(request).await?.into_inner();
        Ok(JoinOutcome {
            status: response.status(),
            updated_at: timestamp::from_proto(response.updated_at.as_ref())
                .unwrap_or_else(Utc::now),
        })
    }

    /// Returns the caller's participation in an event.
    pub(crate) async fn participation(
        &self,
        caller: &Caller,
        event_id: &str,
    ) -> Result<Participation, Status> {
        let request = GetParticipationRequest {
            event_id: event_id.to_owned(),
        };
        let request = authenticated(caller, request, OPTIONAL_TIMEOUT);
        let response = self.join.clone().get_participation(request).await?;
        let participation = response.into_inner().participation;
        participation.ok_or_else(|| Status::internal("the response has no participation"))
    }

    /// Returns the caller's joins.
    pub(crate) async fn own_joins(
        &self,
        caller: &Caller,
        request: ListOwnJoinsRequest,
    ) -> Result<ListOwnJoinsResponse, Status> {
        let request = authenticated(caller, request, TIMEOUT);
        let response = self.join.clone().list_own_joins(request).await?;
        Ok(response.into_inner())
    }

    /// Returns a page of participants in the order of their joins, and the cursor of the next page.
    pub(crate) async fn participants(
        &self,
        caller: &Caller,
        event_id: String,
        list: ParticipantList,
        cursor: String,
    ) -> Result<(Vec<Participation>, String), Status> {
        let limit = 0;
        let mut join = self.join.clone();
        match list {
            ParticipantList::Participants => {
                let request = ListParticipantsRequest {
                    event_id,
                    limit,
                    cursor,
                };
                let listed = join
                    .list_participants(authenticated(caller, request, TIMEOUT))
                    .await?;
                let listed = listed.into_inner();
                Ok((listed.items, listed.next_cursor))
            }
            ParticipantList::Waitlist => {
                let request = ListWaitlistRequest {
                    event_id,
                    limit,
                    cursor,
                };
                let listed = join
                    .list_waitlist(authenticated(caller, request, TIMEOUT))
                    .await?;
                let listed = listed.into_inner();
                Ok((listed.items, listed.next_cursor))
            }
        }
    }

    /// Removes a user from an event.
    pub(crate) async fn kick(
        &self,
        caller: &Caller,
        event_id: String,
        user_id: String,
        reason: String,
    ) -> Result<(), Status> {
        let request = KickParticipantRequest {
            event_id,
            user_id,
            reason,
        };
        let request = authenticated(caller, request, TIMEOUT);
        self.join.clone().kick_participant(request).await?;
        Ok(())
    }

    /// Bans a user from an event.
    pub(crate) async fn ban_from_event(
        &self,
        caller: &Caller,
        event_id: String,
        user_id: String,
        reason: String,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<(), Status> {
        let request = BanUserRequest {
            event_id,
            user_id,
            reason,
            expires_at: expires_at.map(timestamp::to_proto),
        };
        let request = authenticated(caller, request, TIMEOUT);
        self.join.clone().ban_user(request).await?;
        Ok(())
    }

    /// Lifts the ban of a user.
    pub(crate) async fn unban_from_event(
        &self,
        caller: &Caller,
        event_id: String,
        user_id: String,
    ) -> Result<(), Status> {
        let request = UnbanUserRequest { event_id, user_id };
        let request = authenticated(caller, request, TIMEOUT);
        self.join.clone().unban_user(request).await?;
        Ok(())
    }
}
