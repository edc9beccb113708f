use chrono::{DateTime, Utc};
use city_events_contract::join::v1::{
    BanUserRequest, CancelJoinRequest, GetParticipationRequest, JoinRequest, JoinStatus,
    KickParticipantRequest, ListOwnJoinsRequest, ListOwnJoinsResponse, ListParticipantsRequest,
    ListWaitlistRequest, Participation, UnbanUserRequest,
};
use tonic::Status;

use super::{CALL, PARTS, TURN, Upstreams, of};
use crate::{caller::Caller, moment};

/// What came of joining or leaving.
pub(crate) struct Joined {
    pub(crate) status: JoinStatus,
    pub(crate) updated: DateTime<Utc>,
}

/// Which people of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum People {
    /// Who has a place.
    Coming,
    /// Who waits for one.
    Waiting,
}

impl Upstreams {
    /// Takes a place.
    pub(crate) async fn join(
        &self,
        caller: &Caller,
        event_id: String,
        idempotency_key: String,
    ) -> Result<Joined, Status> {
        let request = JoinRequest {
            event_id,
            idempotency_key,
        };
        let answer = self.join.clone().join(of(caller, request, TURN)).await?;
        let answer = answer.into_inner();
        Ok(Joined {
            status: answer.status(),
            updated: moment::of(answer.updated_at.as_ref()).unwrap_or_else(Utc::now),
        })
    }

    /// Gives it back.
    pub(crate) async fn cancel_join(
        &self,
        caller: &Caller,
        event_id: String,
        idempotency_key: String,
    ) -> Result<Joined, Status> {
        let request = CancelJoinRequest {
            event_id,
            idempotency_key,
        };
        let request = of(caller, request, TURN);
        let answer = self.join.clone().cancel_join(request).await?.into_inner();
        Ok(Joined {
            status: answer.status(),
            updated: moment::of(answer.updated_at.as_ref()).unwrap_or_else(Utc::now),
        })
    }

    /// The caller's part in an event.
    pub(crate) async fn participation(
        &self,
        caller: &Caller,
        event_id: &str,
    ) -> Result<Participation, Status> {
        let request = GetParticipationRequest {
            event_id: event_id.to_owned(),
        };
        let request = of(caller, request, PARTS);
        let answer = self.join.clone().get_participation(request).await?;
        let participation = answer.into_inner().participation;
        participation.ok_or_else(|| Status::internal("the answer has no participation"))
    }

    /// The caller's joins.
    pub(crate) async fn own_joins(
        &self,
        caller: &Caller,
        request: ListOwnJoinsRequest,
    ) -> Result<ListOwnJoinsResponse, Status> {
        let request = of(caller, request, CALL);
        let answer = self.join.clone().list_own_joins(request).await?;
        Ok(answer.into_inner())
    }

    /// The people of an event, the first first, and where the next page begins.
    pub(crate) async fn people(
        &self,
        caller: &Caller,
        event_id: String,
        list: People,
        cursor: String,
    ) -> Result<(Vec<Participation>, String), Status> {
        let limit = 0;
        let mut join = self.join.clone();
        match list {
            People::Coming => {
                let request = ListParticipantsRequest {
                    event_id,
                    limit,
                    cursor,
                };
                let listed = join.list_participants(of(caller, request, CALL)).await?;
                let listed = listed.into_inner();
                Ok((listed.items, listed.next_cursor))
            }
            People::Waiting => {
                let request = ListWaitlistRequest {
                    event_id,
                    limit,
                    cursor,
                };
                let listed = join.list_waitlist(of(caller, request, CALL)).await?;
                let listed = listed.into_inner();
                Ok((listed.items, listed.next_cursor))
            }
        }
    }

    /// Takes somebody's place away.
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
        let request = of(caller, request, CALL);
        self.join.clone().kick_participant(request).await?;
        Ok(())
    }

    /// Keeps somebody out of an event.
    pub(crate) async fn ban_from_event(
        &self,
        caller: &Caller,
        event_id: String,
        user_id: String,
        reason: String,
        end: Option<DateTime<Utc>>,
    ) -> Result<(), Status> {
        let request = BanUserRequest {
            event_id,
            user_id,
            reason,
            expires_at: end.map(moment::timestamp),
        };
        let request = of(caller, request, CALL);
        self.join.clone().ban_user(request).await?;
        Ok(())
    }

    /// Lets somebody in again.
    pub(crate) async fn unban_from_event(
        &self,
        caller: &Caller,
        event_id: String,
        user_id: String,
    ) -> Result<(), Status> {
        let request = UnbanUserRequest { event_id, user_id };
        let request = of(caller, request, CALL);
        self.join.clone().unban_user(request).await?;
        Ok(())
    }
}
