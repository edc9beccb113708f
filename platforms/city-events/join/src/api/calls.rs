use city_events_contract::{
    Moment,
    join::v1::{
        BanUserRequest, BanUserResponse, CancelJoinRequest, CancelJoinResponse,
        GetParticipationRequest, GetParticipationResponse, GetSeatsRequest, GetSeatsResponse,
        JoinRequest, JoinResponse, JoinService, KickParticipantRequest, KickParticipantResponse,
        ListOwnJoinsRequest, ListOwnJoinsResponse, ListParticipantsRequest,
        ListParticipantsResponse, ListWaitlistRequest, ListWaitlistResponse, UnbanUserRequest,
        UnbanUserResponse,
    },
};
use seaworthy::prelude::*;
use uuid::Uuid;

use super::{
    Api,
    wire::{called, id, moment, next, timestamp},
};
use crate::domain::{
    Actor, Cursor, IdempotencyKey, Join, JoinError, JoinStatus, Limit, Listed, OwnFilter,
};

const INVALID_EVENT: &str = "invalid event_id";
const INVALID_USER: &str = "invalid user_id";

/// The calls of the contract.
#[derive(Debug, Clone)]
pub(crate) struct Calls {
    api: Api,
}

impl Calls {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }
}

impl Api {
    /// Joins, and counts what came of it.
    pub(super) async fn join(
        &self,
        actor: Actor,
        event: Uuid,
        key: IdempotencyKey,
    ) -> Result<(JoinStatus, Moment), JoinError> {
        let joined = self.store.join(actor, event, key).await;
        self.metrics.count(&joined);
        joined
    }

    async fn people(
        &self,
        event: &str,
        status: JoinStatus,
        limit: u32,
        cursor: &str,
    ) -> Result<Listed<Join>, JoinError> {
        let actor = Actor::of_request()?;
        let event = id(event, INVALID_EVENT)?;
        let cursor = Cursor::of_query(cursor)?;
        let limit = Limit::of_call(limit);
        self.store.people(actor, event, status, limit, cursor).await
    }
}

fn status(status: JoinStatus) -> i32 {
    called(status).into()
}

impl JoinService for Calls {
    async fn join(&self, request: JoinRequest) -> Result<JoinResponse, Error> {
        let actor = Actor::of_request()?;
        let key = IdempotencyKey::new(&request.idempotency_key)?;
        let event = id(&request.event_id, INVALID_EVENT)?;
        let (now, at) = self.api.join(actor, event, key).await?;
        Ok(JoinResponse {
            status: status(now),
            updated_at: Some(timestamp(at)),
        })
    }

    async fn cancel_join(&self, request: CancelJoinRequest) -> Result<CancelJoinResponse, Error> {
        let actor = Actor::of_request()?;
        let key = IdempotencyKey::new(&request.idempotency_key)?;
        let event = id(&request.event_id, INVALID_EVENT)?;
        let (now, at) = self.api.store.cancel(actor, event, key).await?;
        Ok(CancelJoinResponse {
            status: status(now),
            updated_at: Some(timestamp(at)),
        })
    }

    async fn list_own_joins(
        &self,
        request: ListOwnJoinsRequest,
    ) -> Result<ListOwnJoinsResponse, Error> {
        let actor = Actor::of_request()?;
        let filter = OwnFilter::of_query(&request.status, &request.from, &request.to)?;
        let cursor = Cursor::of_query(&request.cursor)?;
        let limit = Limit::of_call(request.limit);
        let listed = self.api.store.own(actor.id, &filter, limit, cursor).await?;
        Ok(ListOwnJoinsResponse {
            next_cursor: next(listed.next.as_ref()),
            items: listed.items.into_iter().map(Into::into).collect(),
        })
    }

    async fn get_participation(
        &self,
        request: GetParticipationRequest,
    ) -> Result<GetParticipationResponse, Error> {
        let actor = Actor::of_request()?;
        let event = id(&request.event_id, INVALID_EVENT)?;
        let join = self.api.store.participation(actor.id, event).await?;
        Ok(GetParticipationResponse {
            participation: Some(join.into()),
        })
    }

    async fn list_participants(
        &self,
        request: ListParticipantsRequest,
    ) -> Result<ListParticipantsResponse, Error> {
        let (event, cursor) = (&request.event_id, &request.cursor);
        let listed = self
            .api
            .people(event, JoinStatus::Active, request.limit, cursor)
            .await?;
        Ok(ListParticipantsResponse {
            next_cursor: next(listed.next.as_ref()),
            items: listed.items.into_iter().map(Into::into).collect(),
        })
    }

    async fn list_waitlist(
        &self,
        request: ListWaitlistRequest,
    ) -> Result<ListWaitlistResponse, Error> {
        let (event, cursor) = (&request.event_id, &request.cursor);
        let listed = self
            .api
            .people(event, JoinStatus::Waitlisted, request.limit, cursor)
            .await?;
        Ok(ListWaitlistResponse {
            next_cursor: next(listed.next.as_ref()),
            items: listed.items.into_iter().map(Into::into).collect(),
        })
    }

    async fn get_seats(&self, request: GetSeatsRequest) -> Result<GetSeatsResponse, Error> {
        let actor = Actor::of_request()?;
        let event = id(&request.event_id, INVALID_EVENT)?;
        Ok(self.api.store.seats(actor, event).await?.into())
    }

    async fn kick_participant(
        &self,
        request: KickParticipantRequest,
    ) -> Result<KickParticipantResponse, Error> {
        let actor = Actor::of_request()?;
        let event = id(&request.event_id, INVALID_EVENT)?;
        let user = id(&request.user_id, INVALID_USER)?;
        let reason = &request.reason;
        self.api.store.kick(actor, event, user, reason).await?;
        Ok(KickParticipantResponse {})
    }

    async fn ban_user(&self, request: BanUserRequest) -> Result<BanUserResponse, Error> {
        let actor = Actor::of_request()?;
        let event = id(&request.event_id, INVALID_EVENT)?;
        let user = id(&request.user_id, INVALID_USER)?;
        let end = request.expires_at.map(moment).transpose()?;
        let reason = &request.reason;
        self.api.store.ban(actor, event, user, reason, end).await?;
        Ok(BanUserResponse {})
    }

    async fn unban_user(&self, request: UnbanUserRequest) -> Result<UnbanUserResponse, Error> {
        let actor = Actor::of_request()?;
        let event = id(&request.event_id, INVALID_EVENT)?;
        let user = id(&request.user_id, INVALID_USER)?;
        self.api.store.unban(actor, event, user).await?;
        Ok(UnbanUserResponse {})
    }
}
